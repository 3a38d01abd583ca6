/** Several states in one directory, as scripts see them. */
import { beforeEach, describe, expect, it } from 'vitest'
import { createInterpreter, createRegistry, type Interpreter } from '../../runtime/index.ts'
import { contentOf, contextOf, PATHS, shop, type TestEngine, URL } from '../set/fixture.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { backupBuiltins } from './backup.ts'
import { backupCheckBuiltins } from './backup-check.ts'
import { backupHostService } from './backup-host.ts'
import { backupInspectBuiltins } from './backup-inspect.ts'
import { backupStatesBuiltins } from './backup-states.ts'
import { restoreBuiltins } from './restore.ts'

let session: Interpreter
let engine: TestEngine
let day: number
let isAdministrator: boolean
let mayRead: boolean

/** Eight in the evening of the twentieth of November. */
const FIRST_EVENING = new Date(2026, 10, 20, 20).getTime()

beforeEach(() => {
  engine = shop(new MemoryFileStore(), ['pt', 'pt2'], PATHS.slice(0, 2))
  const sets = new Map<string, MemoryFileStore>()
  const tables = [backupBuiltins, restoreBuiltins, backupInspectBuiltins, backupCheckBuiltins, backupStatesBuiltins]
  session = createInterpreter({ registry: createRegistry(...tables) })
  session.user = 'admin'
  day = 0
  isAdministrator = true
  mayRead = true
  session.provide(backupHostService, {
    home: '/home/holdfast',
    context: () => {
      const context = contextOf(engine, FIRST_EVENING + day * 86_400_000)
      const readBackup = (): void => {
        if (!mayRead) throw new Error('not granted to read')
      }
      return { ...context, access: { ...context.access, readBackup } }
    },
    openSet: (folder) => sets.get(folder) ?? sets.set(folder, new MemoryFileStore()).get(folder)!,
    runs: () => engine.runs(),
    isAdministrator: () => isAdministrator,
  })
  session.run(`db="${URL}"; dir="/backup"`)
})

const show = (script: string): string => session.display(session.run(script))
const fails = (script: string): string => {
  try {
    session.run(script)
  } catch (error) {
    return (error as Error).message
  }
  throw new Error(`${script} did not fail`)
}

/** Three evenings, with an append between; answers what the table was on each. */
function threeEvenings(): string[] {
  const contents: string[] = []
  for (const numbers of ['keep=7', '', '']) {
    show(`backup(dir, db, ${numbers === '' ? 'force=false' : numbers})`)
    contents.push(contentOf(engine, 'pt'))
    engine.append('pt', PATHS[0])
    day++
  }
  session.run('s = listBackupStates(dir); oldest = s.state[2]; newest = s.state[0]')
  return contents
}

describe('a backup directory that has lost its manifest', () => {
  it('keeps its states: whoever would change it is refused, until it is mended', () => {
    const contents = threeEvenings()
    const set = session.service(backupHostService).openSet('/backup') as MemoryFileStore
    set.remove('backup_manifest.json')
    const files = [...set.files()]
    for (const call of ['backupDB(dir, db)', 'backup(dir, db, true)', 'listBackupStates(dir)'])
      expect(fails(call)).toMatch(/backup_manifest.json is missing in .*, where 3 states are that it should name/)
    expect(fails('restoreDB(dir, db)')).toMatch(/is missing, though there are states; checkBackup/)
    expect(fails('pruneBackup(dir)')).toMatch(/backup_manifest.json is missing/)
    expect([...set.files()]).toEqual(files)
    expect(show('size(checkBackup(dir, db, repair=true))')).toBe('0')
    expect(show('size(listBackupStates(dir))')).toBe('3')
    session.run('backupDB(dir, db)')
    expect(show('size(listBackupStates(dir))')).toBe('4')
    session.run('restoreDB(dir, db, state=oldest)')
    expect(contentOf(engine, 'pt')).toBe(contents[0])
  })
})

describe('several states in a directory', () => {
  it('are listed with what each is of and has alone', () => {
    threeEvenings()
    expect(show('keys(s)')).toBe(
      '["state","takenAt","databases","tables","partitions","rows","bytes","bytesOnlyHere","damage"]',
    )
    expect(show('date(s.takenAt)')).toBe('[2026.11.22,2026.11.21,2026.11.20]')
    expect(['databases', 'tables', 'partitions'].map((c) => show(`s.${c}`))).toEqual(['[1,1,1]', '[2,2,2]', '[4,4,4]'])
    expect(show('s.rows')).toBe('[18000,15000,12000]')
    expect(show('s.bytes')).toBe('[18000,15000,12000]')
    expect(show('s.bytesOnlyHere')).toBe('[3000,0,0]')
    expect(show('s.damage')).toBe('[,,]')
  })

  it('restore one by one, by id, by time and by day', () => {
    const contents = threeEvenings()
    const restoredBy = (state: string): string => {
      session.run(`restoreTable(dir, db, \`pt, , , , ${state})`)
      return contentOf(engine, 'pt')
    }
    expect(restoredBy('oldest')).toBe(contents[0])
    expect(restoredBy('2026.11.21')).toBe(contents[1])
    expect(restoredBy('2026.11.21T19:00:00')).toBe(contents[0])
    expect(restoredBy('2026.11.22T20:00:01.000')).toBe(contents[2])
    expect(restoredBy('"latest"')).toBe(contents[2])
    expect(fails('restoreTable(dir, db, `pt, , , , 2026.11.19)')).toMatch(/has no state of .* or before/)
    expect(fails('restoreTable(dir, db, `pt, , , , "20200101T000000000Z-000000")')).toMatch(/has no state 2020/)
    expect(fails('restoreTable(dir, db, `pt, , , , 7)')).toMatch(/state must be the id of a state/)
  })

  it('are what the functions that look into a backup show', () => {
    threeEvenings()
    expect(show('exec sum(rows) from getBackupList(dir, db, `pt)')).toBe('12000')
    expect(show('exec sum(rows) from getBackupList(dir, db, `pt, , oldest)')).toBe('6000')
    expect(show(`getBackupMeta(dir, db, "${PATHS[0]}", \`pt, , oldest).rows`)).toBe('3000')
    expect(show('size(checkBackup(dir, db, state=oldest))')).toBe('0')
    expect(show('size(restore(dir, db, `pt, "%", state=oldest))')).toBe('1')
    expect(show('restoreDB(dir, db, "dfs://again", , oldest).tableName')).toBe('["pt","pt2"]')
    expect(show('(exec success from migrate(dir, db, `pt, "dfs://third", , , oldest))')).toBe('[true]')
    expect(contentOf(engine, 'pt', 'dfs://third')).not.toBe('')
  })

  it('are dropped by name or by numbers, after a look at what would go', () => {
    threeEvenings()
    expect(show('pruneBackup(dir, keep=1, dryRun=true).action')).toBe('["keep","drop","drop"]')
    expect(show('pruneBackup(dir, states=newest, dryRun=true).bytesFreed')).toBe('[3000,0,0]')
    expect(show('size(listBackupStates(dir))')).toBe('3')
    expect(show('pruneBackup(dir, states=newest).action')).toBe('["drop","keep","keep"]')
    expect(show('exec sum(rows) from getBackupList(dir, db, `pt)')).toBe('9000')
    expect(show('pruneBackup(dir, daily=1).action')).toBe('["keep","drop"]')
    expect(fails('pruneBackup(dir, states=oldest)')).toMatch(/has no state|left without/)
    expect(fails('pruneBackup(dir, 1, states=oldest)')).toMatch(/can not be given beside it/)
    expect(fails('pruneBackup("/nothing", 1)')).toMatch(/There is no backup in/)
    // The numbers that were given for the directory still hold.
    for (let k = 0; k < 8; k++) show('backupDB(dir, db)')
    expect(show('size(listBackupStates(dir))')).toBe('7')
  })

  it('take numbers that make sense', () => {
    expect(fails('backup(dir, db, keep=0)')).toMatch(/must be at least 1/)
    expect(fails('backupDB(dir, db, , 0, -1)')).toMatch(/daily must not be negative/)
    expect(fails('backupTable(dir, db, `pt, , "x")')).toMatch(/keep must be an integer/)
    expect(fails('pruneBackup(dir, 1.5)')).toMatch(/keep must be an integer/)
  })

  it('are kept by day although two databases go into one directory', () => {
    for (let k = 0; k < 4; k++) {
      show('backupTable(dir, db, `pt, daily=2); backupTable(dir, db, `pt2, daily=2)')
      day++
    }
    expect(show('date(listBackupStates(dir).takenAt)')).toBe('[2026.11.23,2026.11.22]')
    expect(show('listBackupStates(dir).tables')).toBe('[2,2]')
  })

  it('are dropped only by somebody who may read all tables in them', () => {
    threeEvenings()
    isAdministrator = false
    mayRead = false
    expect(fails('pruneBackup(dir, 1)')).toMatch(/not granted to read/)
    expect(fails('pruneBackup(dir, 1, dryRun=true)')).toMatch(/not granted to read/)
    expect(fails('backupDB(dir, db, keep=1)')).toMatch(/not granted to read/)
    expect(fails('backup(dir, db, keep=1, plan=true)')).toMatch(/not granted to read/)
    show('backupDB(dir, db)')
    expect(show('size(listBackupStates(dir))')).toBe('4')
    mayRead = true
    show('pruneBackup(dir, 1)')
    expect(show('size(listBackupStates(dir))')).toBe('1')
  })
})
