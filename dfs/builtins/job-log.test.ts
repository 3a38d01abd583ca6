/** What functions say that are submitted: at a prompt their result says it, of a job it stands in batchJobs/<jobId>.msg. */
import { expect, it } from 'vitest'
import { progressService, silentProgress } from '../progress.ts'
import type { MemoryFileStore } from '../store/memory-store.ts'
import { connect, newWorld } from '../write/testing.ts'

it('the log of a job says what it made, found or dropped', () => {
  const world = newWorld()
  const s = connect(world)
  let lines: string[] = []
  s.session.provide(progressService, { ...silentProgress, outcome: (text) => void lines.push(text) })
  const saidBy = (script: string): string[] => {
    lines = []
    s.run(script)
    return lines.map((l) =>
      l
        .replace(/^memory:/, 'DIR')
        .replace(/bk-[0-9-]+/g, 'ID')
        .replace(/[0-9]{8}T[0-9]{9}Z-[0-9a-f]{6}/g, 'ID'),
    )
  }
  world.engine.request({ kind: 'putSetting', name: 'ts.append.small_rows', value: 0 }, 'admin')
  s.run(`db = database("dfs://db", VALUE, 0..2); t = table(0 1 2 as k, 1 2 3 as x)
    pt = db.createPartitionedTable(t, \`pt, \`k); pt.append!(t)`)

  expect(saidBy('backupNode("/node")')).toEqual([
    expect.stringMatching(/^DIR: backup ID is complete \(3 rows, [0-9]+ bytes\): 3 files copied, 0 unchanged$/),
  ])
  expect(saidBy('backupNode("/node", keep=1)')).toEqual([
    expect.stringMatching(/: 0 files copied, 3 unchanged$/),
    'DIR: 1 older backups dropped',
  ])
  s.run('backupDB("/set", "dfs://db", keep=3); backupDB("/set", "dfs://db")')
  expect(saidBy('drillRestore("/set")').at(-1)).toMatch(
    /^DIR: drill ID of state ID passed: 3 partitions, 3 rows; restored in [0-9.]+ s, compared in [0-9.]+ s$/,
  )
  expect(saidBy('checkBackup("/set", "dfs://db")')).toEqual(['DIR: no damage found in the backup of dfs://db'])

  const set = world.backups.get('/set') as MemoryFileStore
  const file = [...set.files().keys()].find((path) => path.startsWith('data/db/1/'))!
  set.remove(file)
  expect(saidBy('checkBackup("/set", "dfs://db", repair=true)')).toEqual([
    `DIR: dfs://db/pt /1 is damaged: ${file}`,
    'dfs://db/pt /1: mended from the live table',
  ])
  expect(saidBy('pruneBackup("/set", keep=1)')).toEqual(['DIR: 1 states dropped, 1 stay'])
  expect(saidBy('exportTable("/out", "dfs://db", "pt")')).toEqual([
    expect.stringMatching(/^dfs:\/\/db\/pt: 3 rows exported to .*\/pt \(12 bytes\)$/),
  ])
  expect(saidBy('importTable("/out", "dfs://db", "pt")')).toEqual([
    'dfs://db/pt: 3 rows imported from 1 files, 0 abandoned, 0 rejected',
  ])
})
