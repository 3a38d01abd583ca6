/** A recovery of a whole store: what it says, what keeps it from its target, and that a directory it fails for is as it was. */
import { describe, expect, it } from 'vitest'
import type { HoldfastError } from '../../runtime/errors.ts'
import { piecesOf } from '../archive/testing.ts'
import { keys } from '../catalog/records.ts'
import type { TableRecord } from '../catalog/types.ts'
import { RESTORE_MARKER } from '../node-backup/marker.ts'
import { nextCid } from '../node-backup/next-cid.ts'
import { parseKey } from '../set/key.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { formatLsn } from '../wal/lsn.ts'
import { packPayload } from '../wal/payload.ts'
import {
  appendPiece,
  appendRollback,
  asOfAnotherStore,
  backUp,
  contentOf,
  contextOf,
  GROUP,
  newArchivedWorld,
  plannedLines,
  type Recovery,
  recovered,
  type Snapshot,
  settle,
  shown,
  snapshotOf,
  timeTarget,
} from './testing.ts'

const KEY = parseKey(Buffer.from(`holdfast-key-1\n${'5e'.repeat(32)}\n`), 'key')
const GROW = `def grow(n, f) { loadTable("dfs://d", "t").append!(table(take(0 1 2, n) as k, long(f..(f + n - 1)) as x)) };`

interface Story {
  readonly world: ReturnType<typeof newArchivedWorld>
  readonly set: MemoryFileStore
  readonly archive: MemoryFileStore
  readonly snapshots: readonly Snapshot[]
}

/** Each step's log is a piece of its own. */
async function story(
  request: Parameters<typeof backUp>[2] = {},
  settings: Readonly<Record<string, string | number>> = {},
): Promise<Story> {
  const archive = new MemoryFileStore()
  const set = new MemoryFileStore()
  const world = newArchivedWorld(archive, { settings })
  const { session, engine, clock } = world
  session.run(`db = database("dfs://d", VALUE, 0..2)
    db.createPartitionedTable(table(1:0, \`k\`x, [INT, LONG]), "t", "k")
    ${GROW} grow(1500, 0); grow(3, 5000)`)
  world.disk.writeFileAtomic('sysmgmt/nightly.job', 'nightly')
  backUp(world, set, request)
  const snapshots = [snapshotOf(world)]
  for (const script of [
    'grow(1200, 10000)',
    'grow(3, 20000)',
    'update loadTable("dfs://d", "t") set x = x + 1 where k = 1',
    'grow(1300, 30000)',
  ]) {
    session.run(`${GROW} ${script}`)
    snapshots.push(snapshotOf(world))
    await engine.checkpoint()
    clock.nowMs += 600_000
    await engine.archive()
  }
  await settle(world)
  return { world, set, archive, snapshots }
}

function failureOf(recovery: Recovery): HoldfastError {
  try {
    recovered(recovery)
  } catch (error) {
    return error as HoldfastError
  }
  throw new Error('the recovery did not fail')
}

const flip = (store: MemoryFileStore, path: string, offset: number): void => {
  const bytes = Uint8Array.from(store.readFile(path))
  bytes[offset]! ^= 1
  store.writeFileAtomic(path, bytes)
}

describe('the report of a recovery', () => {
  it('has the lines that operators know, on the terminal and in the log file', async () => {
    const { set, archive, snapshots } = await story()
    const { timeMs } = snapshots[2]!
    const { said, disk, store } = recovered({ sources: { set, archive }, target: timeTarget(timeMs) })
    const text = said.join('\n')
    expect(text).toMatch(
      /^Starting Point-in-Time Recovery\nTarget time: 2020-09-13T[0-9:.]+Z\nBase backup: bk-20200913-122640 of 2020-09-13T[0-9:.]+Z\nBase backup LSN: 0\/[0-9A-F]{8}\nPhase 1: Restoring base backup\.\.\. done \(3 chunks\)\nPhase 2: Replaying WAL segments\.\.\.\n(Replaying segment [0-9A-F]{24}\.\.\. done\n)+Replaying segment [0-9A-F]{24}\.\.\. done \(target reached\)\nPhase 3: Recovery complete\nRecovered to: 2020-09-13T[0-9:.]+Z \(LSN: 0\/[0-9A-F]{8}\)\nTransactions recovered: 2\nTransactions rolled back: 0 \(in progress at the recovery point\)\nThe store goes on as timeline 2; .*$/,
    )
    const log = Buffer.from(disk.readFile('holdfast.log')).toString('utf8')
    expect(log.split('\n').slice(0, -1)).toEqual(said.map((line) => `2023-11-14T22:13:20.000Z [INFO] ${line}`))
    expect(store.recoveredTo.timeMs).toBeLessThanOrEqual(timeMs)
  })

  it('counts what was in progress at the target as rolled back', async () => {
    const { world, set, archive, snapshots } = await story()
    const { session, engine, clock } = world
    const view = world.catalog.get(keys.table('dfs://d', 't')) as { readonly id: string }
    const begun = engine.request(
      { kind: 'begin', db: 'dfs://d', table: 't', tableId: view.id, paths: ['/0'] },
      'admin',
      'someone',
    )
    const at = clock.nowMs++
    session.run(`${GROW} grow(1, 70000)`)
    engine.request({ kind: 'rollback', tid: begun.tid! }, 'admin', 'someone')
    clock.nowMs += 600_000
    await settle(world)
    const open = recovered({ sources: { set, archive }, target: timeTarget(at) })
    expect(open.store.rolledBack).toBe(1)
    expect(shown(open)).toBe(snapshots.at(-1)!.content)
    expect(recovered({ sources: { set, archive }, target: 'latest' }).store.rolledBack).toBe(0)
  })
})

describe('the plan of a recovery', () => {
  it('says what will be had, and leaves the directory as it was', async () => {
    const { set, archive, snapshots } = await story()
    const recovery = { sources: { set, archive }, target: timeTarget(snapshots[2]!.timeMs) }
    const data = new MemoryFileStore()
    const said = plannedLines({ ...recovery, data })
    expect([...data.files().keys()]).toEqual([])
    const { said: done, disk } = recovered(recovery)
    expect(said.slice(1, 4)).toEqual(done.slice(1, 4))
    const replayed = done.flatMap((line) => /^Replaying segment ([0-9A-F]{24})/.exec(line)?.[1] ?? [])
    expect(said[4]).toBe(`WAL segments to be replayed: ${replayed.length} (${replayed[0]} to ${replayed.at(-1)})`)
    // Rows that stand in the log only become segments at the end.
    const [, files, bytes, ofBackups] =
      /^Data segments to be copied: (\d+), ([\d,]+) bytes; (\d+) of them from backups/.exec(said[5]!)!
    const copied = [...disk.files().keys()].filter((f) => f.endsWith('.arrow'))
    expect(Number(files)).toBeLessThanOrEqual(copied.length)
    expect(Number(ofBackups)).toBeGreaterThan(0)
    expect(Number(bytes!.replaceAll(',', ''))).toBeGreaterThan(1000)
    const reached = done.find((line) => line.startsWith('Recovered to: '))!
    expect(said.slice(6)).toEqual([
      reached.replace('Recovered', 'Would recover'),
      'Transactions that would be recovered: 2, rolled back: 0',
    ])
  })

  it('fails where the recovery would', async () => {
    const { set, archive, snapshots } = await story()
    const late = { sources: { set, archive }, target: timeTarget(snapshots.at(-1)!.timeMs) }
    const data = new MemoryFileStore()
    expect(() => plannedLines({ ...late, data, target: '2031-01-01T00:00:00Z' })).toThrow(/after the end of the log/)
    archive.remove([...archive.files().keys()].findLast((f) => f.endsWith('.arrow'))!)
    expect(() => plannedLines({ ...late, data })).toThrow(/is not in the backup or in the archive/)
    expect([...data.files().keys()]).toEqual([])
    data.writeFileAtomic('catalog.mdb', 'somebody')
    expect(() => plannedLines({ ...late, data })).toThrow(/is not empty/)
  })
})

describe('the latest moment', () => {
  it('is told to be that of the backup where no archive goes further', async () => {
    const { set, archive, snapshots } = await story()
    const { notes } = recovered({ sources: { set, archive }, target: 'latest' })
    expect(notes).toEqual([])
    const own = recovered({ sources: { set }, target: 'latest' })
    expect(own.notes).toEqual([
      'No archive was named: the latest moment is the end of the log in the backup bk-20200913-122640 itself.',
    ])
    expect(shown(own)).toBe(snapshots[0]!.content)
    // A folder that is no archive, such as the one above it.
    const wrong = new MemoryFileStore()
    expect(recovered({ sources: { set, archive: wrong }, target: 'latest' }).notes[0]).toMatch(
      /^The archive .* has no log of this store since the backup: the latest/,
    )
    const command = { fetch: () => false }
    expect(recovered({ sources: { set, command }, target: 'latest' }).notes[0]).toMatch(/^The restore command found no/)
    // Whoever names the moment knows how far it goes.
    expect(recovered({ sources: { set }, target: `lsn:${formatLsn(snapshots[0]!.lsn)}` }).notes).toEqual([])
  })
})

describe('a recovered store', () => {
  it.each([
    ['plain', {}],
    ['compressed', { compress: true }],
    ['encrypted', { key: KEY }],
    ['compressed and encrypted', { compress: true, key: KEY }],
    ['without its log', { includeWal: false }],
  ])('is the same from a set that is %s', async (_, request) => {
    const { set, archive, snapshots } = await story(request)
    const key = 'key' in request ? request.key : undefined
    for (const { timeMs, lsn, content } of snapshots)
      for (const target of [timeTarget(timeMs), `lsn:${formatLsn(lsn)}`])
        expect(shown(recovered({ sources: { set, archive, key }, target }))).toBe(content)
    const { disk } = recovered({ sources: { set, archive, key }, target: 'latest' })
    expect(Buffer.from(disk.readFile('sysmgmt/nightly.job')).toString()).toBe('nightly')
  })

  it('finds damage beside the data before it copies any, and can do without what is damaged', async () => {
    const { set, archive, snapshots } = await story()
    const jobs = [...set.files().keys()].find((file) => file.endsWith('scheduled-jobs.json'))!
    set.writeFileAtomic(jobs, Buffer.from(set.readFile(jobs)).fill(0x20, 9, 12))
    const recovery = { sources: { set, archive }, target: 'latest' }
    const copied = new MemoryFileStore()
    const opened: string[] = []
    const openWrite = copied.openWrite.bind(copied)
    copied.openWrite = (path) => {
      opened.push(path)
      return openWrite(path)
    }
    const failure = failureOf({ ...recovery, data: copied })
    expect(failure.hint).toContain('restore everything else with --without jobs')
    expect(opened.filter((path) => path.startsWith('chunks/'))).toEqual([])
    const whole = recovered({ ...recovery, without: ['jobs'] })
    expect(shown(whole)).toBe(snapshots.at(-1)!.content)
    expect(whole.disk.stat('sysmgmt/nightly.job')).toBeUndefined()
  })

  it('is archived and recovered again, with a backup of its own', async () => {
    let { set, archive, snapshots } = await story()
    let timeline = 1
    let cid = 0
    for (const k of [1, 2]) {
      const point = snapshots[k]!
      const { catalog, disk, store } = recovered({
        sources: { set, archive },
        target: timeTarget(point.timeMs),
        nowMs: point.timeMs + 3_600_000,
      })
      expect(store.timeline).toBe(++timeline)
      const started = catalog.get(keys.cid) as number
      expect(started).toBeGreaterThan(cid)
      cid = started
      const world = newArchivedWorld(archive, {
        catalog,
        disk,
        nowMs: point.timeMs + 3_600_000,
        settings: k === 1 ? {} : GROUP,
      })
      expect(contentOf(world.session)).toBe(point.content)
      world.session.run(`${GROW} grow(1100, ${k}00000)`)
      backUp(world, set)
      const next = [snapshotOf(world)]
      for (const script of ['grow(3, 7)', 'grow(1400, 9)', 'delete from loadTable("dfs://d", "t") where x < 1000']) {
        world.session.run(`${GROW} ${script}`)
        next.push(snapshotOf(world))
        await world.engine.checkpoint()
      }
      await settle(world)
      for (const { timeMs, content } of next)
        expect(shown(recovered({ sources: { set, archive }, target: timeTarget(timeMs) }))).toBe(content)
      // The old line of the store can be reached as before.
      for (const { timeMs, content } of snapshots.slice(0, k))
        expect(shown(recovered({ sources: { set, archive }, target: timeTarget(timeMs) }))).toBe(content)
      snapshots = next
    }
  })

  it('never counts its commits from where another recovery of the same backup did', () => {
    expect(nextCid(1000, 1_700_000_000_001)).toBeGreaterThan(nextCid(5000, 1_700_000_000_000))
    expect(nextCid(2 ** 49, 1)).toBe(2 ** 49 + 2 ** 32)
    // Counters beyond 2^50 are taken for damage.
    expect(nextCid(1000, Date.UTC(2100, 0, 1))).toBeLessThan(2 ** 50)
  })

  it('does not have a transaction that was taken back after its commit, by the next piece of log', async () => {
    const { world, set, archive } = await story()
    const { session, engine, clock } = world
    const before = snapshotOf(world)
    session.run(`${GROW} grow(1250, 800000)`)
    const after = snapshotOf(world)
    clock.nowMs += 600_000
    await engine.archive()
    appendRollback(archive, clock.nowMs++)
    for (const target of [timeTarget(after.timeMs), `lsn:${formatLsn(after.lsn)}`, 'latest'])
      expect(shown(recovered({ sources: { set, archive }, target }))).toBe(before.content)
  })
})

describe('a recovery that cannot reach its target', () => {
  const untouched = (store: MemoryFileStore): string[] => [...store.files().keys()]

  it('says what can be reached, and leaves the directory as it was', async () => {
    const { set, archive, snapshots } = await story()
    const pieces = piecesOf(archive)
    const [first, second, third] = pieces.slice(-3)
    const last = timeTarget(snapshots.at(-1)!.timeMs)
    const late = { sources: { set, archive }, target: last }
    const segment = [...archive.files().keys()].filter((f) => f.endsWith('.arrow'))
    const content = new Map([...archive.files().keys()].map((f) => [f, Uint8Array.from(archive.readFile(f))]))
    const restoreAll = (): void => {
      for (const [path, bytes] of content) archive.writeFileAtomic(path, bytes)
    }
    const cases: readonly (readonly [
      what: string,
      change: () => void,
      recovery: Recovery,
      code: string,
      message: RegExp,
      hint: RegExp,
    ])[] = [
      [
        'before',
        () => {},
        { ...late, target: '2019-01-01T00:00:00Z' },
        'recoveryBase',
        /before the oldest backup/,
        /later target/,
      ],
      [
        'before in the log',
        () => {},
        { ...late, target: 'lsn:0/40' },
        'recoveryBase',
        /before the oldest backup/,
        /later target/,
      ],
      [
        'past the end',
        () => {},
        { ...late, target: '2031-01-01T00:00:00Z' },
        'recoveryPastEnd',
        /after the end of the log/,
        /begins at 2020-09-13T/,
      ],
      [
        'past the end in the log',
        () => {},
        { ...late, target: 'lsn:1/0' },
        'recoveryPastEnd',
        /after the end of the log/,
        /"latest"/,
      ],
      [
        'no archive',
        () => {},
        { sources: { set }, target: last },
        'recoveryPastEnd',
        /after the end of the log/,
        /begins at/,
      ],
      [
        'gap',
        () => archive.remove(second!),
        late,
        'recoveryGap',
        new RegExp(`${second} is missing, but ${third} is there`),
        /what can be reached: .* to 20/,
      ],
      [
        'short piece',
        () => archive.writeFileAtomic(second!, archive.readFile(second!).subarray(0, 64)),
        late,
        'recoveryGap',
        /is there up to LSN/,
        /reached/,
      ],
      [
        'damaged piece',
        () => flip(archive, second!, 120),
        late,
        'recoveryDamaged',
        /damaged at offset/,
        /what can be reached: .* to 20/,
      ],
      ['damaged header', () => flip(archive, second!, 30), late, 'recoveryDamaged', /no valid header/, /reached/],
      [
        'renamed piece',
        () => archive.writeFileAtomic(second!, archive.readFile(first!)),
        late,
        'recoveryForeign',
        /was renamed/,
        /archive of the store/,
      ],
      [
        'missing segments',
        () => {
          for (const f of segment) archive.remove(f)
        },
        late,
        'recoverySegment',
        /not in the backup or in the archive/,
        /reached/,
      ],
      [
        'damaged segment',
        () => {
          for (const f of segment) flip(archive, f, 200)
        },
        late,
        'recoverySegment',
        /is damaged: data\//,
        /reached/,
      ],
      [
        'short segment',
        () => {
          for (const f of segment) archive.writeFileAtomic(f, 'x')
        },
        late,
        'recoverySegment',
        /has 1 bytes in the archive instead of/,
        /reached/,
      ],
    ]
    for (const [what, change, recovery, code, message, hint] of cases) {
      change()
      const target = new MemoryFileStore()
      const failure = failureOf({ ...recovery, data: target })
      expect(failure.message, what).toMatch(message)
      expect({ what, code: failure.code }).toEqual({ what, code })
      expect(failure.hint, what).toMatch(hint)
      expect(untouched(target), what).toEqual([])
      restoreAll()
    }
    expect(shown(recovered(late))).toBe(snapshots.at(-1)!.content)
    // A range that a message names can be reached.
    archive.remove(second!)
    const [furthest] = /lsn:\S+(?=;)/.exec(failureOf(late).hint!)!
    expect(recovered({ ...late, target: furthest }).store.recoveredTo.lsn).toBeGreaterThan(snapshots[0]!.lsn)
  })

  it('because of the log of another store says so', async () => {
    const { set, archive, snapshots } = await story()
    for (const piece of piecesOf(archive)) archive.writeFileAtomic(piece, asOfAnotherStore(archive.readFile(piece)))
    const failure = failureOf({ sources: { set, archive }, target: timeTarget(snapshots.at(-1)!.timeMs) })
    expect(failure.message).toMatch(/belongs to another store/)
    expect(failure.code).toBe('recoveryForeign')
  })

  it('because the log holds what no store writes changes nothing', async () => {
    const { world, set, archive } = await story()
    const table = world.catalog.get(keys.table('dfs://d', 't')) as TableRecord
    const { clock, engine } = world
    const content = new Map([...archive.files().keys()].map((f) => [f, archive.readFile(f)]))
    const segment = { file: 'chunks/../../x.arrow', rows: 1, bytes: 10, checksum: '0'.repeat(16), minMax: {} }
    const append = { kind: 'append', db: 'dfs://d', table: 't', tableId: table.id, newValues: [] } as const
    const at = { ...append, expectedSchemaVersion: table.schemaVersion }
    const rows = { rows: 1, data: new Uint8Array(20) }
    const forged: readonly (readonly [command: unknown, message: RegExp])[] = [
      [null, /cannot repeat the transaction 900/],
      [{ kind: 'nonsense' }, /cannot repeat the transaction 900/],
      [{ ...at, chunks: [{ path: '/0', segments: [segment] }] }, /makes no store of the backup|not allowed/],
      [{ ...at, chunks: [{ path: '/../../0', segments: [] }] }, /makes no store of the backup/],
      [
        { ...at, kind: 'insertRows', layout: 'x', chunks: [{ path: '/0', ...rows }] },
        /cannot repeat the transaction 900.*columns that no store writes/,
      ],
      [{ ...at, tableId: 'other', chunks: [] }, /cannot repeat the transaction 900/],
      [{ kind: 'putSetting', name: 'ts.wal.wal_level', value: 0 }, /The log was off/],
    ]
    for (const [command, message] of forged) {
      const cid = engine.status().cid + 5
      const timeMs = clock.nowMs++
      const entry = { command, cid, timeMs, user: 'admin', ids: ['8f0f4a4e-3f0a-4d5e-9d3b-111111111111'], drops: [] }
      appendPiece(archive, () => [
        { kind: 'INSERT', transaction: 900, timeMs, payload: packPayload(entry) },
        { kind: 'TSCOMMIT', transaction: 900, timeMs, payload: packPayload({ cid }) },
      ])
      const data = new MemoryFileStore()
      const failure = failureOf({ sources: { set, archive }, target: 'latest', data })
      expect(failure.message).toMatch(message)
      expect(failure.kind).toBe('data')
      expect(untouched(data)).toEqual([])
      for (const path of [...archive.files().keys()]) if (!content.has(path)) archive.remove(path)
    }
  })

  it('does not care what is damaged behind the target', async () => {
    const { set, archive, snapshots } = await story()
    const { timeMs, content } = snapshots[1]!
    for (const piece of piecesOf(archive).slice(-2)) flip(archive, piece, 200)
    expect(shown(recovered({ sources: { set, archive }, target: timeTarget(timeMs) }))).toBe(content)
  })
})

describe('the new directory', () => {
  it('is refused with anything in it, and what a killed recovery left is removed', async () => {
    const { set, archive, snapshots } = await story()
    const { timeMs, content } = snapshots[2]!
    const recovery = { sources: { set, archive }, target: timeTarget(timeMs) }
    const used = new MemoryFileStore()
    used.writeFileAtomic('notes.txt', 'mine')
    expect(failureOf({ ...recovery, data: used }).message).toMatch(/is not empty/)
    expect([...used.files().keys()]).toEqual(['notes.txt'])
    const restoring = new MemoryFileStore()
    restoring.writeFileAtomic(RESTORE_MARKER, 'bk-20260101-000000\n')
    expect(failureOf({ ...recovery, data: restoring }).message).toMatch(/a restore that was cut off/)
    const left = new MemoryFileStore()
    left.writeFileAtomic(RESTORE_MARKER, 'point-in-time recovery\n')
    left.writeFileAtomic('chunks/d/0/t/half.arrow', 'x')
    left.writeFileAtomic('wal/current_file', 'x')
    const { catalog } = recovered({ ...recovery, data: left })
    expect(shown({ catalog, disk: left })).toBe(content)
    expect(left.stat('chunks/d/0/t/half.arrow')).toBeUndefined()
    expect(left.stat(RESTORE_MARKER)).toBeUndefined()
  })
})

describe('the choice of the backup', () => {
  it('is the newest that is not after the target, or the one that was asked for', async () => {
    const { world, set, archive, snapshots } = await story()
    const second = backUp(world, set)
    world.session.run(`${GROW} grow(2, 4)`)
    const end = snapshotOf(world)
    await settle(world)
    world.session.run(`${GROW} grow(2, 4)`)
    await settle(world)
    const sources = { set, archive }
    const early = recovered({ sources, target: timeTarget(snapshots[1]!.timeMs) })
    expect(early.store.base.id).not.toBe(second.id)
    const late = recovered({ sources, target: timeTarget(end.timeMs) })
    expect(late.store.base.id).toBe(second.id)
    expect(shown(late)).toBe(end.content)
    const named = recovered({ sources: { ...sources, id: early.store.base.id }, target: timeTarget(end.timeMs) })
    expect(named.store.base.id).toBe(early.store.base.id)
    expect(shown(named)).toBe(end.content)
    // A damaged backup is passed over.
    flip(set, `states/${second.id}/manifest.json`, 100)
    expect(shown(recovered({ sources, target: timeTarget(end.timeMs) }))).toBe(end.content)
  })

  it('is an older one if it has a transaction that committed after the target', async () => {
    const { world, set, archive } = await story()
    const orders: string[] = []
    const context = contextOf(world)
    // A commit between the look at the log and the pin: the backup has it, and its LSN is behind the backup's.
    const pinnedView: typeof context.pinnedView = (why) => {
      if (orders.push('pinned') === 1) world.session.run(`${GROW} grow(1300, 500000)`)
      return context.pinnedView(why)
    }
    const before = snapshotOf(world)
    const late = backUp(world, set, {}, { ...context, pinnedView })
    const after = snapshotOf(world)
    world.session.run(`${GROW} grow(1, 1)`)
    await settle(world)
    expect(late.lsn).toBe(before.lsn)
    const sources = { set, archive }
    const target = `lsn:${formatLsn(late.lsn)}`
    const older = recovered({ sources, target })
    expect(older.store.base.id).not.toBe(late.id)
    expect(shown(older)).toBe(before.content)
    expect(failureOf({ sources: { ...sources, id: late.id }, target }).code).toBe('recoveryBase')
    const newer = recovered({ sources, target: `lsn:${formatLsn(after.lsn)}` })
    expect(newer.store.base.id).toBe(late.id)
    expect(shown(newer)).toBe(after.content)
  })
})

describe('a backup of commits that a loss of power took away', () => {
  it('is no beginning of a recovery, and one whose log only was longer is', async () => {
    const { world, set, archive } = await story()
    const first = backUp(world, set).id
    // At level 2 small appends are left to the system; the power takes them from the log, and the store goes on without them.
    world.session.run(`${GROW} grow(3, 600000)`)
    const lost = backUp(world, set).id
    world.disk.losePower(() => 0)
    const next = newArchivedWorld(archive, {
      catalog: world.catalog,
      disk: world.disk,
      wasUnclean: true,
      nowMs: world.clock.nowMs,
    })
    next.session.run(`${GROW} grow(3, 700000)`)
    const after = snapshotOf(next)
    await settle(next)
    next.session.run(`${GROW} grow(1, 800000)`)
    await settle(next)
    const sources = { set, archive }
    const target = timeTarget(after.timeMs)
    const failure = failureOf({ sources: { ...sources, id: lost }, target })
    expect(failure.message).toMatch(/has transactions that the store lost afterwards/)
    expect(failure.code).toBe('backupDiverged')
    const older = recovered({ sources, target })
    expect(older.store.base.id).toBe(first)
    expect(shown(older)).toBe(after.content)
  })

  it('may hold log of commits after it that were lost, too', async () => {
    const { world, set, archive } = await story()
    const context = contextOf(world)
    let pins = 0
    const pinnedView: typeof context.pinnedView = (why) => {
      const pinned = context.pinnedView(why)
      if (pins++ === 0) world.session.run(`${GROW} grow(3, 600000)`)
      return pinned
    }
    backUp(world, set, {}, { ...context, pinnedView })
    world.disk.losePower(() => 0)
    const next = newArchivedWorld(archive, {
      catalog: world.catalog,
      disk: world.disk,
      wasUnclean: true,
      nowMs: world.clock.nowMs,
    })
    next.session.run(`${GROW} grow(3, 700000)`)
    const after = snapshotOf(next)
    await settle(next)
    next.session.run(`${GROW} grow(1, 800000)`)
    await settle(next)
    const again = recovered({ sources: { set, archive }, target: timeTarget(after.timeMs) })
    expect(shown(again)).toBe(after.content)
  })
})

describe('a clock that was set back', () => {
  it('does not hide the first transaction after the target: it ends the recovery', async () => {
    const { world, set, archive } = await story()
    const { clock, session } = world
    const before = snapshotOf(world)
    session.run(`${GROW} grow(2, 600000)`)
    clock.nowMs -= 3000
    session.run(`${GROW} grow(2, 700000)`)
    const late = snapshotOf(world)
    clock.nowMs += 600_000
    await settle(world)
    expect(late.timeMs).toBeLessThan(before.timeMs)
    expect(shown(recovered({ sources: { set, archive }, target: timeTarget(before.timeMs) }))).toBe(before.content)
    expect(shown(recovered({ sources: { set, archive }, target: `lsn:${formatLsn(late.lsn)}` }))).toBe(late.content)
  })
})

describe('the timeline of a recovered store', () => {
  it('is the first that neither the set nor the archive has', async () => {
    const { set, archive, snapshots } = await story()
    const recovery = { sources: { set, archive }, target: timeTarget(snapshots[1]!.timeMs) }
    const first = recovered(recovery)
    expect(first.store.timeline).toBe(2)
    const world = newArchivedWorld(archive, { catalog: first.catalog, disk: first.disk, nowMs: 1_800_000_000_000 })
    world.session.run(`${GROW} grow(3, 1)`)
    await settle(world)
    expect(piecesOf(archive).some((name) => name.startsWith('00000002'))).toBe(true)
    expect(recovered(recovery).store.timeline).toBe(3)
    const asked: string[] = []
    const data = new MemoryFileStore()
    const command = {
      fetch: (name: string, place: string) => {
        asked.push(name)
        const found = archive.stat(name) !== undefined
        if (found)
          data.writeFileAtomic(place.slice(place.indexOf(data.root) + data.root.length + 1), archive.readFile(name))
        return found
      },
    }
    const byCommand = recovered({ sources: { set, command }, target: recovery.target, data })
    expect(byCommand.store.timeline).toBe(3)
    expect(asked).toContain('000000020000000000000001')
    expect(asked.filter((name) => name.startsWith('data/')).length).toBeGreaterThan(0)
    expect(shown({ catalog: byCommand.catalog, disk: data })).toBe(snapshots[1]!.content)
  })
})
