/** Each call to the disk fails once, in turn: nothing that was acknowledged is lost, nothing that was refused appears, and the log works on or says that it does not. */
import { describe, expect, it } from 'vitest'
import { HoldfastError } from '../../runtime/errors.ts'
import { FaultyFileStore, StoreDied, type StoreFaults } from '../store/faulty-store.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { type CommitLog, type CommitLogOptions, openCommitLog } from './commit-log.ts'
import { GROUP, newRecord, OPTIONS, opened, seeded } from './fixture.ts'

const STEPS = 24

/** What a run of the script below knows. */
class Script {
  readonly disk = new MemoryFileStore()
  readonly store: FaultyFileStore
  readonly options: CommitLogOptions
  /** Ids in the log with their LSNs, and how many of them were acknowledged as durable. */
  readonly written: { readonly id: number; readonly lsn: number }[] = []
  acknowledged = 0
  from = 0
  readonly errors: HoldfastError[] = []
  isBroken = false

  constructor(options: CommitLogOptions, faults: StoreFaults) {
    this.store = new FaultyFileStore(this.disk, faults)
    this.options = options
  }

  run(): void {
    let log: CommitLog | undefined
    for (let attempts = 0; log === undefined && attempts < 3; attempts++)
      this.#attempt(() => {
        log = openCommitLog(this.store, this.options).log
      })
    for (let step = 1; step <= STEPS; step++) this.#step(log!, step)
    log!.close()
  }

  #step(log: CommitLog, step: number): void {
    this.#attempt(() => {
      const record = newRecord(step, 'INSERT', 600)
      log.append([record])
      this.written.push({ id: step, lsn: record.lsn! })
    })
    if (step % 2 === 0) this.#attempt(() => this.#acknowledge(() => log.sync()))
    if (step % 6 === 0)
      this.#attempt(() => {
        let redo = 0
        this.#acknowledge(() => {
          redo = log.beginCheckpoint()
        })
        this.from = redo
        log.endCheckpoint(redo)
      })
  }

  #acknowledge(body: () => void): void {
    body()
    this.acknowledged = this.written.length
  }

  #attempt(body: () => void): void {
    try {
      body()
      // Once broken, no call may seem to work.
      expect(this.isBroken).toBe(false)
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error
      this.errors.push(error)
      if (error.code === 'walBroken') this.isBroken = true
      else expect(this.isBroken).toBe(false)
    }
  }

  /** Starts again on a disk without faults. */
  check(bootId: string, promised: number): void {
    const { ids, log } = opened(this.disk, { ...this.options, bootId, from: this.from })
    const isNeeded = (w: { readonly lsn: number }) => w.lsn >= this.from
    const expected = this.written.filter(isNeeded).map((w) => w.id)
    if (this.isBroken) expect(ids.slice(0, expected.length)).toEqual(expected.slice(0, ids.length))
    else expect(ids).toEqual(expected.slice(0, ids.length))
    expect(ids.length).toBeGreaterThanOrEqual(this.written.slice(0, promised).filter(isNeeded).length)
    log.append([newRecord(99)])
  }
}

const codes = ['EIO', 'ENOSPC']

describe.each([
  ['dual file', OPTIONS],
  ['file group', GROUP],
] as const)('a failing call to the disk of a log with %s', (_, options) => {
  const calls = (() => {
    const script = new Script(options, {})
    script.run()
    expect(script.errors).toEqual([])
    return script.store.calls
  })()

  it.each(codes)('loses nothing (%s)', (code) => {
    let broken = 0
    expect(calls).toBeGreaterThan(50)
    for (let failCall = 1; failCall <= calls; failCall++) {
      const script = new Script(options, { failCall, code, random: seeded(failCall) })
      script.run()
      expect(script.errors.length).toBeGreaterThan(0)
      expect(script.errors[0]!.code).toBe(code)
      if (script.isBroken) broken++
      script.check('boot-a', script.written.length)
    }
    expect(broken).toBeGreaterThan(5)
    expect(broken).toBeLessThan(calls / 2)
  })

  it('loses nothing if the power goes too', () => {
    for (let failCall = 1; failCall <= calls; failCall++)
      for (let luck = 0; luck < 5; luck++) {
        const random = seeded(failCall * 100 + luck)
        const script = new Script(options, { failCall, random })
        script.run()
        script.disk.losePower(random)
        script.check('boot-b', script.acknowledged)
      }
  })

  it('leaves no part of the failed write behind', () => {
    const disk = new MemoryFileStore()
    const store = new FaultyFileStore(disk)
    const { log } = openCommitLog(store, options)
    log.append([newRecord(1)])
    store.faults = { failCall: store.calls + 1, code: 'ENOSPC', random: () => 0.9 }
    const batch = [newRecord(2), newRecord(3), newRecord(4)]
    expect(() => log.append(batch)).toThrow(expect.objectContaining({ code: 'ENOSPC' }))
    expect(batch.map((r) => r.lsn)).toEqual([undefined, undefined, undefined])
    log.append([newRecord(5)])
    log.close()
    expect(opened(disk, options).ids).toEqual([1, 5])
  })

  it('leaves no part of it behind that the loss of power could bring back', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const disk = new MemoryFileStore()
      const store = new FaultyFileStore(disk)
      const { log } = openCommitLog(store, options)
      store.faults = { failCall: store.calls + 1, random: () => 0.9 }
      expect(() => log.append([newRecord(2), newRecord(3), newRecord(4)])).toThrow()
      log.append([newRecord(5)])
      disk.losePower(seeded(seed))
      const { ids } = opened(disk, { ...options, bootId: 'boot-b' })
      expect([[], [5]]).toContainEqual(ids)
    }
  })

  it('or the death in it is made good by the next start, before anything is built on it', () => {
    for (let dieAtCall = 1; dieAtCall <= calls; dieAtCall++) {
      const script = new Script(options, { dieAtCall })
      expect(() => script.run()).toThrow(StoreDied)
      const { log } = openCommitLog(script.disk, { ...options, from: script.from })
      log.append([newRecord(99)])
      log.sync()
      script.disk.losePower(() => 0)
      const { ids } = opened(script.disk, { ...options, from: script.from, bootId: 'boot-b' })
      expect(ids.at(-1)).toBe(99)
    }
  })

  it('goes on when the disk has room again', () => {
    const store = new FaultyFileStore(new MemoryFileStore(), { bytesMax: 1000 })
    const { log } = openCommitLog(store, options)
    let refused = 0
    for (let id = 1; id <= 20; id++)
      try {
        log.append([newRecord(id)])
      } catch (error) {
        expect(error).toMatchObject({ kind: 'io', code: 'ENOSPC' })
        refused++
      }
    expect(refused).toBeGreaterThan(3)
    store.faults = {}
    log.append([newRecord(21)])
    log.sync()
    log.close()
    expect(opened(store.inner, options).ids).toHaveLength(21 - refused)
  })

  it('says the same for ever after a failed sync', () => {
    const store = new FaultyFileStore(new MemoryFileStore())
    const { log } = openCommitLog(store, options)
    log.append([newRecord(1)])
    store.faults = { failCall: store.calls + 1 }
    expect(() => log.sync()).toThrow(expect.objectContaining({ code: 'EIO' }))
    const errors = [() => log.append([newRecord(2)]), () => log.sync(), () => log.beginCheckpoint()].map(caught)
    expect(errors[0]).toMatchObject({ kind: 'io', code: 'walBroken' })
    expect(errors[0]!.message).toMatch(/takes no more records .* input\/output error \(EIO\)/)
    expect(new Set(errors).size).toBe(1)
  })

  it('in a read stops the start with the reason', () => {
    const disk = new MemoryFileStore()
    const { log } = openCommitLog(disk, options)
    log.append([newRecord(1)])
    log.close()
    const reads = new FaultyFileStore(disk)
    openCommitLog(reads, options).log.close()
    expect(reads.reads).toBeGreaterThan(1)
    for (let failReads = 1; failReads <= reads.reads; failReads++) {
      expect(() => openCommitLog(new FaultyFileStore(disk, { failReads }), options)).toThrow(
        expect.objectContaining({ kind: 'io', code: 'EIO' }),
      )
      expect(opened(disk, options).ids).toEqual([1])
    }
  })
})

describe('a file of the ring whose header could not be synced', () => {
  it('does not end the log when records still fit into the file before', () => {
    const disk = new MemoryFileStore()
    const store = new FaultyFileStore(disk)
    const { log } = openCommitLog(store, GROUP)
    log.append([newRecord(1, 'INSERT', 3000)])
    const before = store.calls
    store.faults = { failCall: before + 4 }
    expect(() => log.append([newRecord(2, 'INSERT', 3000)])).toThrow(expect.objectContaining({ code: 'EIO' }))
    expect(store.log.slice(before, before + 4)).toEqual([
      'sync wal/kwdb_wal0',
      'openLog wal/kwdb_wal1',
      'write wal/kwdb_wal1',
      'sync wal/kwdb_wal1',
    ])
    log.append([newRecord(3)])
    log.sync()
    log.close()
    const { ids, log: again } = opened(disk, GROUP)
    expect(ids).toEqual([1, 3])
    again.append([newRecord(4, 'INSERT', 3000)])
    expect(again.files().map((f) => f.name)).toEqual(['kwdb_wal0', 'kwdb_wal1'])
  })
})

function caught(body: () => unknown): HoldfastError {
  try {
    body()
  } catch (error) {
    expect(error).toBeInstanceOf(HoldfastError)
    return error as HoldfastError
  }
  throw new Error('nothing was thrown')
}
