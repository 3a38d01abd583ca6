/** restore, restoreTable, restoreDB and migrate with plan=true. */
import { beforeEach, describe, expect, it } from 'vitest'
import type { BackupRun } from '../engine/commands.ts'
import { progressService } from '../progress.ts'
import { usualBytesPerSecond } from '../set/runs.ts'
import type { MemoryFileStore } from '../store/memory-store.ts'
import { connect, newWorld, type TestSession, type TestWorld } from '../write/testing.ts'

let world: TestWorld
let s: TestSession

beforeEach(() => {
  world = newWorld()
  s = connect(world)
  world.engine.request({ kind: 'putSetting', name: 'ts.append.small_rows', value: 0 }, 'admin')
  s.run(`db = database("dfs://db", VALUE, 0..4); t = table(take(0..2, 30) as k, 1..30 as x)
    pt = db.createPartitionedTable(t, \`pt, \`k); pt.append!(t); dim = db.createDimensionTable(t, \`dim); dim.append!(t)
    backupDB("/set", "dfs://db")`)
})

const ENDED = {
  ...{ user: 'admin', db: 'dfs://db', table: 'pt', error: '', totalPartitions: 1, completedPartitions: 1 },
  state: 'completed',
} as const
const everything = (): string =>
  JSON.stringify([
    s.show('exec count(*) from getBackupStatus()'),
    [...world.disk.files().keys()].sort(),
    s.show('checkStore()'),
  ])

describe('a restore with plan=true', () => {
  const actionsOf = (call: string): string[] => {
    const rows = s.show(
      `r = ${call}; string(r.tableName) + string(r.chunkPath).regexReplace("/[^/]*$", "") + " " + r.action + " " + string(r.rows)`,
    )
    return (JSON.parse(rows) as string[]).map((row) => row.replace('dfs://db', '').replace('dfs://new', ''))
  }

  it('tells what a call would do and changes nothing', () => {
    s.run('update pt set x = 0 where k = 1; dropPartition(db, "/2", `pt); pt.append!(table(4 4 as k, 1 2 as x))')
    const before = everything()
    const table = ['pt/0 keep 10', 'pt/1 replace 10', 'pt/2 copy 10', 'pt/4 delete 2']
    expect(actionsOf('restoreTable("/set", "dfs://db", "pt", plan=true)')).toEqual(table)
    expect(actionsOf('restoreDB("/set", "dfs://db", plan=true)')).toEqual(['dim/dim keep 30', ...table])
    expect(actionsOf('restore("/set", "dfs://db", "pt", "%", plan=true)')).toEqual(table.slice(0, 3))
    expect(actionsOf('restore("/set", "dfs://db", "pt", "%", snapshot=true, plan=true)')).toEqual(table)
    expect(actionsOf('restore("/set", "dfs://db", "pt", "%/0", true, plan=true)')).toEqual(['pt/0 replace 10'])
    const all = ['dim/dim copy 30', 'pt/0 copy 10', 'pt/1 copy 10', 'pt/2 copy 10']
    expect(actionsOf('restoreDB("/set", "dfs://db", "dfs://new", plan=true)')).toEqual(all)
    expect(everything()).toBe(before)
    s.run('restoreDB("/set", "dfs://db")')
    expect(actionsOf('restoreDB("/set", "dfs://db", plan=true)').filter((row) => !row.includes('keep'))).toEqual([])
  })

  it('tells it of a migration in all its forms, and why a table would be left', () => {
    const notes: string[] = []
    s.session.provide(progressService, { report: () => {}, note: (text) => void notes.push(text) })
    s.run('database("dfs://empty", VALUE, 0..1); backupDB("/set", "dfs://empty")')
    s.run('dropTable(db, "pt")')
    const before = everything()
    const all = ['pt/0 copy 10', 'pt/1 copy 10', 'pt/2 copy 10']
    for (const call of ['migrate("/set", plan=true)', 'migrate("/set", "dfs://db", plan=true)'])
      expect(actionsOf(call)).toEqual(all)
    const exists = 'dfs://db/dim would not be restored: Table [dim] of the database [dfs://db] exists already.'
    const databaseExists = 'dfs://empty would not be restored: Database [dfs://empty] exists already.'
    expect(notes.sort()).toEqual([exists, exists, databaseExists])
    expect(actionsOf('migrate("/set", "dfs://db", "dim", plan=true)')).toEqual([])
    expect(actionsOf('migrate("/set", "dfs://db", "dim", , "dim2", plan=true)')).toEqual(['dim2/dim2 copy 30'])
    expect(actionsOf('migrate("/set", "dfs://db", , "dfs://new", plan=true)')).toEqual(['dim/dim copy 30', ...all])
    expect(everything()).toBe(before)
    s.run('backup("/q", <select * from dim>)')
    expect(actionsOf('migrate("/q", "dfs://db", "dim", "dfs://new", plan=true)')).toEqual(['dim/dim copy 30'])
  })

  it('expects of each table what its kind takes, where a set has backups of either', () => {
    s.run('backup("/both", <select * from dim>); backup("/both", "dfs://db", tableName="pt")')
    const run: BackupRun = { ...ENDED, id: 'a', type: 'RESTORE_BY_SQL', startMs: 0, endMs: 1000, bytesTotal: 1 << 20 }
    world.engine.request({ kind: 'putRun', run })
    expect(
      s.show(
        'exec distinct(tableName) from migrate("/both", "dfs://db", , "dfs://new", plan=true) where expectedSeconds > 0',
      ),
    ).toBe('["dim"]')
  })

  it('tells bytes and, from calls of the past, seconds', () => {
    const set = world.backups.get('/set') as MemoryFileStore
    const stored = [...set.files().keys()].filter((f) => /^data\/.*\/pt\//.test(f))
    const bytes = stored.reduce((sum, f) => sum + set.readFile(f).length, 0)
    expect(s.show('exec sum(bytes) from restoreTable("/set", "dfs://db", "pt",, "new", plan=true)')).toBe(String(bytes))
    expect(s.show('exec count(expectedSeconds) from restoreTable("/set", "dfs://db", "pt",, "new", plan=true)')).toBe(
      '0',
    )
    const run: BackupRun = {
      ...ENDED,
      ...{ id: 'a', type: 'RESTORE_BY_COPY_FILE', startMs: 1000, endMs: 3000, pausedMs: 1000, bytesTotal: 1 << 20 },
    }
    world.engine.request({ kind: 'putRun', run })
    const expected = `abs(sum(expectedSeconds) - ${bytes} \\ 1048576) < 1e-9`
    expect(s.show(`exec ${expected} from restoreTable("/set", "dfs://db", "pt",, "new", plan=true)`)).toBe('true')
    // Tables of one call overlap in time; what moved little, or failed, tells nothing.
    const more: BackupRun[] = [
      { ...run, id: 'b', call: 'c', pausedMs: 0, bytesTotal: 1 << 21 },
      { ...run, id: 'd', call: 'c', pausedMs: 0, bytesTotal: 1 << 21, startMs: 1000, endMs: 5000 },
      { ...run, id: 'e', bytesTotal: 100 },
      { ...run, id: 'f', state: 'failed' },
    ]
    expect(usualBytesPerSecond([run, ...more], 'RESTORE_BY_COPY_FILE')).toBe(1 << 20)
    expect(usualBytesPerSecond(more, 'RESTORE_BY_SQL')).toBeUndefined()
  })

  it('counts what a restore has put in place as to be copied where it is forced again', () => {
    s.run('update pt set x = 0; restoreTable("/set", "dfs://db", "pt")')
    expect(s.show('exec sum(bytes) from restoreTable("/set", "dfs://db", "pt", plan=true)')).toBe('0')
    expect(s.show('exec min(bytes) > 0 from restore("/set", "dfs://db", "pt", "%", true, plan=true)')).toBe('true')
  })

  it('tells it of the rows of a query', () => {
    s.run(
      'backup("/q", <select * from pt where k > 0>); update pt set x = 0 where k = 1; other = db.createPartitionedTable(t, `other, `k)',
    )
    expect(actionsOf('restore("/q", "dfs://db", "pt", "%", plan=true)')).toEqual(['pt/1 replace 10', 'pt/2 keep 10'])
    const appended = ['other/1 append 10', 'other/2 append 10']
    expect(actionsOf('restore("/q", "dfs://db", "pt", "%", false, other, plan=true)')).toEqual(appended)
    expect(s.show('exec count(*) from other')).toBe('0')
  })

  it('takes the rights of a restore', () => {
    s.run('createUser("u1", "12345678")')
    s.session.user = 'u1'
    for (const call of [
      'restore("/set", "dfs://db", "pt", "%", plan=true)',
      'restoreDB("/set", "dfs://db", plan=true)',
    ])
      expect(s.fails(call)).toMatch(/NoPrivilege/)
  })
})
