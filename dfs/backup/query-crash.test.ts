/**
 * A backup of a query that dies, loses power, or fails, in every single call that changes the set. After each the set holds what it held before, or what the run was to put
 * there, and the next run completes. The numbers of calls are printed.
 */
import { describe, expect, it } from 'vitest'
import type { Table } from '../../runtime/values/index.ts'
import { backupHostService } from '../builtins/backup-host.ts'
import { BackupSet, filesOf } from '../set/open.ts'
import { FaultyFileStore, type StoreFaults } from '../store/faulty-store.ts'
import type { FileStore } from '../store/file-store.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { connect, newWorld } from '../write/testing.ts'
import { seededRandom } from './history.ts'

const world = newWorld()
const s = connect(world)
s.run(`t = table(take(1 2 3, 300) as k, 1..300 as v, symbol(take(\`a\`b, 300)) as sym)
  pt = database("dfs://q", VALUE, 1 2 3).createPartitionedTable(t, \`pt, \`k)
  pt.append!(t)`)

/** Every run is a process of its own, so that the locks of dead ones are stale at once. */
let pids = 1
const host = s.session.service(backupHostService)
s.session.provide(backupHostService, {
  ...host,
  context: () => {
    const pid = pids++
    const lockWorld = {
      host: 'here',
      pid,
      processStartMs: pid * 100_000,
      now: () => 0,
      processExists: (p: number) => p === pid,
    }
    return { ...host.context(), lockWorld }
  },
})

const FIRST = 'backup("/d", <select * from loadTable("dfs://q", "pt") where v <= 200>)'
const SECOND = 'backup("/d", <select * from loadTable("dfs://q", "pt") where k < 3>, true)'

function run(set: FileStore, script: string): unknown {
  world.backups.set('/d', set)
  try {
    return s.session.run(script)
  } catch (error) {
    return error
  }
}

/** All rows of a set that has no damage: sums by partition tell the two backups apart. */
function contentOf(set: MemoryFileStore): string {
  world.backups.set('/d', set)
  expect((s.session.run('checkBackup("/d", "dfs://q")') as Table).rows).toBe(0)
  return s.show(`each(p -> exec sum(v) from loadBackup("/d", "dfs://q", "/" + p, "pt"), \`1\`2\`3)`)
}

function strays(set: MemoryFileStore): string[] {
  const opened = new BackupSet(set)
  const named = new Set(filesOf(opened.index('dfs://q', 'pt')))
  return [...set.files().keys()].filter((f) => f.startsWith('data/') && !named.has(f))
}

const start = (): MemoryFileStore => {
  const set = new MemoryFileStore()
  run(set, FIRST)
  return set
}

const before = contentOf(start())
const outcome = (() => {
  const set = start()
  const counted = new FaultyFileStore(set)
  run(counted, SECOND)
  return { after: contentOf(set), calls: counted.calls, bytes: counted.bytesWritten }
})()

const kinds: readonly [name: string, faults: (call: number) => StoreFaults, losesPower: boolean][] = [
  ['that dies', (dieAtCall) => ({ dieAtCall }), false],
  ['that dies and loses power', (dieAtCall) => ({ dieAtCall }), true],
  ['that fails', (failCall) => ({ failCall }), false],
]

describe('a backup of a query', () => {
  it.each(kinds)('%s in any call leaves the old state or the new, and the next run completes', (_, faultsOf, power) => {
    expect(outcome.after).not.toBe(before)
    let old = 0
    for (let call = 1; call <= outcome.calls; call++) {
      const random = seededRandom(call)
      const set = start()
      run(new FaultyFileStore(set, { ...faultsOf(call), random }), SECOND)
      if (power) set.losePower(random)
      const found = contentOf(set)
      expect([before, outcome.after]).toContain(found)
      if (found === before) old++
      expect(run(set, SECOND), `after call ${call}`).toMatchObject({ value: 2 })
      expect(contentOf(set)).toBe(outcome.after)
      expect(strays(set)).toEqual([])
    }
    console.log(`${outcome.calls} calls, after ${old} of them the old state`)
    expect(old).toBeGreaterThan(0)
  })

  it('on a full disk leaves the old state', () => {
    for (let bytesMax = 0; bytesMax < outcome.bytes; bytesMax += Math.ceil(outcome.bytes / 20)) {
      const set = start()
      const failure = run(new FaultyFileStore(set, { bytesMax }), SECOND)
      const found = contentOf(set)
      if (failure instanceof Error) expect([before, outcome.after]).toContain(found)
      else expect(found).toBe(outcome.after)
    }
  })
})
