/**
 * Lives of a log: random appends, syncs, checkpoints, changes of the rotation, ended by a death in a random call, with or without the power. After each the log must
 * hold every record that was synced (or, if only the process died, every record that was written), in order, nothing else, and open without help.
 */
import { describe, expect, it } from 'vitest'
import { HoldfastError } from '../../runtime/errors.ts'
import { FaultyFileStore, StoreDied } from '../store/faulty-store.ts'
import type { FileStore, LogFile } from '../store/file-store.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { type CommitLog, type CommitLogOptions, openCommitLog } from './commit-log.ts'
import { idOf, newRecord, OPTIONS, seeded } from './fixture.ts'
import type { NewRecord } from './record.ts'

const LIVES = 250
const DEATHS_A_LIFE = 8

interface Written {
  readonly lsn: number
  readonly id: number
}

class Life {
  readonly disk = new MemoryFileStore()
  readonly #random: () => number
  #boot = 0
  #from = 0
  #nextId = 1
  /** What the log holds from `#from` on, oldest first. */
  #written: Written[] = []
  /** So many of them were synced. */
  #synced = 0
  /** So many of them must be there at the next start. */
  #promised = 0
  /** Since the log was last opened. */
  #isPowerLost = false
  /** Ids of a batch that was being written when the process died: they may be there. */
  #unfinished: number[] = []
  switches = 0

  constructor(seed: number) {
    this.#random = seeded(seed)
  }

  run(around: (store: FileStore) => FileStore = (store) => store): void {
    for (let death = 0; death < DEATHS_A_LIFE; death++) {
      const dieAtCall = 1 + Math.floor(this.#random() * 80)
      try {
        this.#live(around(new FaultyFileStore(this.disk, { dieAtCall, random: this.#random })))
      } catch (error) {
        if (!(error instanceof StoreDied)) throw error
      }
      if (this.#random() < 0.6) {
        this.disk.losePower(this.#random)
        this.#boot++
        this.#isPowerLost = true
        this.#promised = this.#synced
      } else if (!this.#isPowerLost) this.#promised = this.#written.length
    }
    this.#openAndCheck(this.disk)
  }

  #live(store: FileStore): void {
    const log = this.#openAndCheck(store)
    for (;;) {
      const choice = this.#random()
      if (choice < 0.6) this.#append(log)
      else if (choice < 0.85) this.#sync(log)
      else this.#checkpoint(log)
      this.switches = Math.max(this.switches, log.files().at(-1)!.sequence)
    }
  }

  #openAndCheck(store: FileStore): CommitLog {
    const options: CommitLogOptions = {
      ...OPTIONS,
      rotation: this.#random() < 0.8 ? 'group' : 'dual',
      groupFiles: 2 + Math.floor(this.#random() * 2),
      bootId: `boot-${this.#boot}`,
      from: this.#from,
    }
    // What a read of the whole log finds must already be right if the process dies while opening.
    const { log, scan } = openCommitLog(store, options)
    const found: Written[] = []
    log.scan(this.#from, (record) => found.push({ lsn: record.lsn, id: idOf(record) }))
    const expected = [...this.#written.map((w) => w.id), ...this.#unfinished]
    const ids = found.map((w) => w.id)
    expect(ids).toEqual(expected.slice(0, ids.length))
    expect(ids.length).toBeGreaterThanOrEqual(this.#promised)
    expect(scan.end).toBe(log.end)
    this.#written = found
    this.#synced = found.length
    this.#promised = found.length
    this.#isPowerLost = false
    this.#unfinished = []
    return log
  }

  #append(log: CommitLog): void {
    const batch: NewRecord[] = []
    for (let k = Math.floor(this.#random() * 4); k >= 0; k--) batch.push(this.#record())
    this.#write(log, batch)
  }

  #record(): NewRecord {
    return newRecord(this.#nextId++, 'INSERT', Math.floor(this.#random() * 700))
  }

  #write(log: CommitLog, batch: NewRecord[]): void {
    this.#unfinished = batch.map((r) => r.transaction)
    try {
      log.append(batch)
    } catch (error) {
      if (!(error instanceof HoldfastError && error.code === 'walFull')) throw error
      this.#checkpoint(log)
      log.append(batch)
    }
    this.#written.push(...batch.map((r) => ({ lsn: r.lsn!, id: r.transaction })))
    this.#unfinished = []
    // The log syncs on its own now and then.
    this.#synced = Math.max(this.#synced, this.#written.filter((w) => w.lsn < log.durable).length)
  }

  #sync(log: CommitLog): void {
    log.sync()
    this.#synced = this.#written.length
  }

  #checkpoint(log: CommitLog): void {
    const unfinished = this.#unfinished
    this.#unfinished = []
    const redo = log.beginCheckpoint()
    this.#synced = this.#written.length
    if (this.#random() < 0.5) this.#write(log, [{ ...this.#record(), kind: 'CHECKPOINT' }])
    if (this.#random() < 0.1) log.beginCheckpoint()
    this.#sync(log)
    const before = this.#written.length
    this.#written = this.#written.filter((w) => w.lsn >= redo)
    this.#synced -= before - this.#written.length
    this.#from = redo
    log.endCheckpoint(redo)
    this.#unfinished = unfinished
  }
}

describe('the death of the process or of the power in any call', () => {
  it('loses nothing that was synced, and shows nothing that was not written', () => {
    let switches = 0
    for (let seed = 1; seed <= LIVES; seed++) {
      const life = new Life(seed)
      try {
        life.run()
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error })
      }
      switches = Math.max(switches, life.switches)
    }
    expect(switches).toBeGreaterThan(20)
  })

  it('would be noticed if a sync did nothing', () => {
    let failures = 0
    for (let seed = 1; seed <= 20; seed++)
      try {
        new Life(seed).run(withoutSyncs)
      } catch {
        failures++
      }
    expect(failures).toBeGreaterThan(5)
  })
})

/** A disk that says that it has synced. */
function withoutSyncs(store: FileStore): FileStore {
  const lying = Object.create(store) as FileStore
  lying.openLog = (path) => {
    const log = store.openLog(path)
    const handle: LogFile = Object.assign(Object.create(log), { sync: () => {} })
    return handle
  }
  for (const name of ['list', 'stat', 'remove', 'rename', 'makeDirectory', 'syncDirectory', 'openRead'] as const)
    Object.assign(lying, { [name]: (store[name] as (...args: unknown[]) => unknown).bind(store) })
  return lying
}
