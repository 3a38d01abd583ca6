/**
 * The process dies in every single call of a recovery that changes the new directory, power is lost, and every call fails once. After each: the directory is refused, or whole; after
 * a failure that was reported it is as it was; and the same command again makes the store. The numbers of calls are printed.
 */
import { describe, expect, it } from 'vitest'
import { HoldfastError } from '../../runtime/errors.ts'
import { MemoryCatalogStore } from '../catalog/memory-store.ts'
import type { ChunkRecord } from '../catalog/types.ts'
import { RESTORE_MARKER, refuseUnfinishedRestore } from '../node-backup/marker.ts'
import { FaultyFileStore, StoreDied, type StoreFaults } from '../store/faulty-store.ts'
import type { FileStore } from '../store/file-store.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { seeded } from '../wal/fixture.ts'
import { boot, connect } from '../write/testing.ts'
import { backUp, newArchivedWorld, recovered, settle, shown, snapshotOf, timeTarget } from './testing.ts'

const SEED = 20260115

/** Each call in the long run, some of them otherwise. */
const EACH = process.env['HOLDFAST_LONG'] === '1' ? 1 : 7
const GROW = `def grow(n, f) { loadTable("dfs://d", "t").append!(table(take(0 1 2, n) as k, long(f..(f + n - 1)) as x)) };`

interface Story {
  readonly set: MemoryFileStore
  readonly archive: MemoryFileStore
  readonly target: string
  readonly content: string
}

/** A base with segments, compressed so that its log is unpacked first, and log with segments and small appends behind it. */
async function story(): Promise<Story> {
  const archive = new MemoryFileStore()
  const set = new MemoryFileStore()
  const world = newArchivedWorld(archive)
  world.session.run(`db = database("dfs://d", VALUE, 0..2)
    db.createPartitionedTable(table(1:0, \`k\`x, [INT, LONG]), "t", "k")
    ${GROW} grow(1500, 0)`)
  backUp(world, set, { compress: true, config: Buffer.from('[storage]\n') })
  world.session.run(`${GROW} grow(1200, 7000)`)
  await world.engine.checkpoint()
  world.session.run(`${GROW} grow(3, 9000)`)
  const { timeMs, content } = snapshotOf(world)
  world.session.run(`${GROW} grow(3, 9100)`)
  await settle(world)
  return { set, archive, target: timeTarget(timeMs), content }
}

function attempt({ set, archive, target }: Story, data: FileStore, catalog: MemoryCatalogStore): unknown {
  try {
    return recovered({ sources: { set, archive }, target, data, catalog })
  } catch (error) {
    return error
  }
}

const refusal = (disk: MemoryFileStore): unknown => {
  try {
    refuseUnfinishedRestore(disk)
    return undefined
  } catch (error) {
    return error
  }
}

/** The catalog is a file of the directory, too: what a process that died has left of it is gone when the directory is emptied. */
function again(s: Story, disk: MemoryFileStore, catalog: MemoryCatalogStore, what: string): void {
  const isWhole = refusal(disk) === undefined && disk.stat('wal') !== undefined
  if (!isWhole) {
    catalog = new MemoryCatalogStore()
    expect(attempt(s, disk, catalog), what).not.toBeInstanceOf(Error)
  }
  expect(shown({ catalog, disk }), what).toBe(s.content)
  expect(
    [...disk.files().keys()].filter((f) => !/^(chunks|wal)\/|^holdfast\.(toml|log)$/.test(f)),
    what,
  ).toEqual([])
}

async function eachCall(
  faults: (call: number) => StoreFaults,
  check: (outcome: unknown, disk: MemoryFileStore, what: string) => void,
  powerLoss: boolean,
): Promise<string> {
  const s = await story()
  const counted = new FaultyFileStore(new MemoryFileStore())
  expect(attempt(s, counted, new MemoryCatalogStore())).not.toBeInstanceOf(Error)
  let tried = 0
  for (let call = 1 + (powerLoss ? EACH >> 1 : 0); call <= counted.calls; call += EACH) {
    tried++
    const disk = new MemoryFileStore()
    const catalog = new MemoryCatalogStore()
    const random = seeded(SEED + call)
    const outcome = attempt(s, new FaultyFileStore(disk, { ...faults(call), random }), catalog)
    if (powerLoss) disk.losePower(random)
    const what = `call ${call} of ${counted.calls}: ${counted.log[call - 1]}`
    check(outcome, disk, what)
    again(s, disk, catalog, what)
  }
  return `${tried} of ${counted.calls}`
}

describe('the recovery of a table that dies', () => {
  it('in any call leaves the store without the table or with the whole of it, and no files that nobody names', async () => {
    let died = 0
    for (let call = 1; ; call += EACH) {
      const archive = new MemoryFileStore()
      const set = new MemoryFileStore()
      const world = newArchivedWorld(archive)
      world.session.run(`db = database("dfs://d", VALUE, 0..2)
        db.createPartitionedTable(table(1:0, \`k\`x, [INT, LONG]), "t", "k")
        ${GROW} grow(1500, 0)`)
      backUp(world, set, { compress: true })
      world.session.run(`${GROW} grow(3, 9000)`)
      const { timeMs, content } = snapshotOf(world)
      const rows = world.session.show(ROWS('t'))
      world.session.run(`${GROW} grow(3, 9100)`)
      await settle(world)
      const faulty = new FaultyFileStore(world.disk, { dieAtCall: call, random: seeded(SEED + call) })
      world.backups.set('/set', set)
      world.backups.set('/archive', archive)
      const session = connect(world, { files: faulty })
      const hasDied = session.fails(
        `recoverTable("/set", "dfs://d", "t", "${timeTarget(timeMs)}", , "back", , "/archive")`,
      )
      const next = boot(world.catalog, world.disk, true)
      const after = connect(next)
      const has = after.show('existsTable("dfs://d", "back")') === 'true'
      if (has) expect(after.show(ROWS('back'))).toBe(rows)
      expect(content).not.toBe('')
      const named = new Set<string>()
      for (const [, chunk] of next.catalog.entries(['chunk']))
        for (const { file } of (chunk as ChunkRecord).segments) named.add(file)
      for (const [, files] of next.catalog.entries(['garbage'])) for (const f of files as string[]) named.add(f)
      expect([...world.disk.files().keys()].filter((f) => f.startsWith('chunks/') && !named.has(f))).toEqual([])
      if (hasDied === 'no error') {
        expect(has).toBe(true)
        break
      }
      died++
    }
    console.log(`died in ${died} calls`)
  })
})

const ROWS = (table: string): string =>
  `select count(*) as n, sum(x) as s from loadTable("dfs://d", "${table}") group by k order by k`

describe('a recovery', () => {
  for (const powerLoss of [false, true])
    it(`that dies in any call${powerLoss ? ' and loses power' : ''} leaves a directory that is refused or whole, and can be repeated`, async () => {
      const calls = await eachCall(
        (call) => ({ dieAtCall: call }),
        (outcome, disk, what) => {
          expect(outcome, what).toBeInstanceOf(StoreDied)
          if (disk.stat('wal') !== undefined && disk.stat(RESTORE_MARKER) !== undefined)
            expect(refusal(disk), what).toMatchObject({ code: 'restoreUnfinished' })
        },
        powerLoss,
      )
      console.log(`died in ${calls} calls`)
    })

  it('that fails in any call leaves the directory as it was, and can be repeated', async () => {
    const calls = await eachCall(
      (call) => ({ failCall: call }),
      (outcome, disk, what) => {
        if (!(outcome instanceof Error)) return
        expect(outcome, what).toBeInstanceOf(HoldfastError)
        const left = [...disk.files().keys()].filter((f) => f !== RESTORE_MARKER && !f.endsWith('.tmp'))
        expect(left, what).toEqual([])
      },
      false,
    )
    console.log(`EIO in ${calls} calls`)
  })
})
