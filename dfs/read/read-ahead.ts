/**
 * Reading ahead of a scan: while the session computes with one batch, a thread of its own reads the next ones (ahead-task.ts). The session depends on it for nothing:
 * what the thread has not begun when the scan gets there, what it could not read, and what it was reading when it ended, the session reads itself, with the same
 * checks and the same errors. Results are the same with and without it.
 *
 * At most SLOTS batches are in memory, whatever the size of the table. Memory that the thread might still write to is never used again.
 */
import { availableParallelism } from 'node:os'
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import { HoldfastError } from '../../runtime/errors.ts'
import { checkInterrupt } from '../../runtime/interrupt.ts'
import { allocateShared, type ColumnPredicate } from '../../runtime/values/index.ts'
import type { ChunkRecord, StoredColumn, TableRecord } from '../catalog/types.ts'
import { type BatchBuffer, BatchMemory, type ReadMemory } from '../segment/batch-memory.ts'
import { elementBytes } from '../segment/column-type.ts'
import { SegmentReader, type VerifiedBuffers } from '../segment/index.ts'
import { BATCH_ROWS } from '../segment/layout.ts'
import type { StoreAddress } from '../store/file-store.ts'
import {
  AHEAD_CHANGES,
  type AheadBuffer,
  type AheadUnit,
  slotWord,
  stateOf,
  THREAD_BYTES,
  THREAD_GONE,
  THREAD_WAKE,
  UNIT_DONE,
  UNIT_FAILED,
  UNIT_OPEN,
  UNIT_TAKEN,
  unitWord,
} from './ahead-task.ts'
import type { AheadBoot } from './ahead-thread.ts'
import { commitRuns } from './runs.ts'
import { batchMayMatch, mayMatch, positionOf, type ReadAccess } from './segment-blocks.ts'

/** Batches in memory: the one that is computed with, and those ahead of it. Of wide rows it is fewer, and none where not even these few fit. */
const SLOTS = 12
const MEMORY_BYTES = 64 << 20
const SLOTS_LEAST = 3
/** A third of them is announced at a time: waking a thread costs as much as reading a few hundred kilobytes. */
const GROUPS = 3
/** Less than this is read before a thread has started. */
const AHEAD_BYTES = 32 << 20
const IDLE_MS = 5_000
/** A wait looks at the interrupt word at least this often. */
const WAIT_MS = 20
/** A thread that takes longer for a batch is not waited for: the file system may be stuck, and the session finds out itself. */
const PATIENCE_MS = 10_000
/** Buffers begin at multiples of this, so that any element fits. */
const ALIGNMENT = 64

/** The thread of a session, started when it is wanted and not there. */
export class AheadThread {
  readonly #entry: URL
  readonly #idleMs: number
  #words: Int32Array | undefined
  #port: MessagePort | undefined

  constructor(entry: URL = threadEntry(), idleMs: number = IDLE_MS) {
    this.#entry = entry
    this.#idleMs = idleMs
  }

  get isGone(): boolean {
    return this.#words === undefined || Atomics.load(this.#words, THREAD_GONE) !== 0
  }

  start(): void {
    if (!this.isGone) return
    const words = new Int32Array(new SharedArrayBuffer(THREAD_BYTES))
    const { port1, port2 } = new MessageChannel()
    const boot: AheadBoot = { port: port2, words: words.buffer as SharedArrayBuffer, idleMs: this.#idleMs }
    const thread = new Worker(this.#entry, { workerData: boot, transferList: [port2], name: 'read ahead' })
    const gone = (): void => {
      Atomics.store(words, THREAD_GONE, 1)
    }
    // One that cannot start takes no unit, so that nobody waits until the session's event loop turns.
    thread.on('error', gone)
    thread.on('exit', gone)
    thread.unref()
    port1.unref()
    this.#words = words
    this.#port = port1
  }

  post(units: readonly AheadUnit[]): void {
    this.#port!.postMessage(units)
    Atomics.add(this.#words!, THREAD_WAKE, 1)
    Atomics.notify(this.#words!, THREAD_WAKE)
  }
}

/** In the form this file itself is in: TypeScript while developing, JavaScript in a package, where the entry lies beside. */
const threadEntry = (): URL =>
  new URL(`./ahead-thread${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)

/** That of this thread's session. */
const sessionThread = new AheadThread()

export interface AheadScan {
  readonly access: ReadAccess
  readonly table: TableRecord
  readonly chunks: readonly ChunkRecord[]
  readonly columns: readonly StoredColumn[]
  readonly predicate: ColumnPredicate | undefined
}

export interface AheadOptions {
  readonly thread?: AheadThread
  readonly leastBytes?: number
  readonly slots?: number
}

/** undefined where it does not pay, or where another thread cannot open the files. */
export function readAhead(scan: AheadScan, options: AheadOptions = {}): ReadAhead | undefined {
  const { address } = scan.access
  if (address?.kind !== 'local' || availableParallelism() < 2) return undefined
  const bytes = scan.chunks.reduce((n, c) => n + c.segments.reduce((m, s) => m + s.bytes, 0), 0)
  if (bytes < (options.leastBytes ?? AHEAD_BYTES)) return undefined
  const rowBytes = scan.columns.reduce((n, c) => n + elementBytes(c.type), 0)
  const slots = Math.min(options.slots ?? SLOTS, Math.floor(MEMORY_BYTES / (rowBytes * BATCH_ROWS)))
  if (rowBytes === 0 || slots < SLOTS_LEAST) return undefined
  return new ReadAhead(options.thread ?? sessionThread, address, plannedBatches(scan), scan.access.verify, slots)
}

interface PlannedBatch {
  readonly file: string
  readonly batch: number
  readonly buffers: readonly (readonly [offset: number, bytes: number, checksum: string])[]
}

/** What the scan will read, in its order. */
function* plannedBatches({ access, table, chunks, columns, predicate }: AheadScan): Generator<PlannedBatch> {
  for (const chunk of chunks)
    for (const run of commitRuns(chunk)) {
      if (run.kind !== 'segment' || !mayMatch(table, run.segment, predicate)) continue
      const reader = new SegmentReader(access.files, run.segment.file, access, run.segment)
      try {
        const positions = columns.map((c) => positionOf(reader, c)).filter((p) => p >= 0)
        for (let batch = 0; batch < reader.batchCount; batch++)
          if (reader.batchRows(batch) > 0 && batchMayMatch(reader, batch, table, predicate))
            yield { file: reader.file, batch, buffers: reader.batchBuffers(batch, positions) }
      } finally {
        reader.close()
      }
    }
}

interface PostedUnit {
  readonly unit: number
  readonly file: string
  readonly batch: number
  readonly buffers: readonly AheadBuffer[]
  readonly memory: SharedArrayBuffer
}

export class ReadAhead implements ReadMemory {
  readonly #thread: AheadThread
  readonly #store: StoreAddress & { readonly kind: 'local' }
  readonly #verify: boolean | VerifiedBuffers | undefined
  readonly #slots: number
  readonly #words: Int32Array
  readonly #memory: SharedArrayBuffer[] = []
  /** For batches that nobody planned. */
  readonly #plain = new BatchMemory()
  #plan: Iterator<PlannedBatch> | undefined
  /** Announced and not asked for yet, in order. */
  #posted: PostedUnit[] = []
  #postedCount = 0
  /** Units before this one are over. */
  #current = 0
  #unit: PostedUnit | undefined
  #isFilled = false

  constructor(
    thread: AheadThread,
    store: StoreAddress & { readonly kind: 'local' },
    plan: Iterator<PlannedBatch>,
    verify: boolean | VerifiedBuffers | undefined,
    slots: number,
  ) {
    this.#slots = slots
    this.#words = new Int32Array(new SharedArrayBuffer(4 * (1 + slots)))
    this.#thread = thread
    this.#store = store
    this.#plan = plan
    this.#verify = verify
    thread.start()
    this.#postMore()
  }

  startBatch(file: string, batch: number): void {
    this.#plain.startBatch()
    this.#unit = undefined
    const next = this.#posted[0]
    if (next === undefined) return
    if (next.file !== file || next.batch !== batch) {
      // Not what was planned: nothing of it can be trusted to come.
      this.end()
      return
    }
    this.#posted.shift()
    this.#current = next.unit
    const outcome = this.#settle(next)
    if (outcome === 'lost') return
    this.#isFilled = outcome === 'filled'
    this.#unit = next
    this.#postMore()
  }

  take(offset: number, bytes: number): BatchBuffer {
    const found = this.#unit?.buffers.find((b) => b.offset === offset && b.bytes === bytes)
    if (found === undefined) return this.#plain.take(offset, bytes)
    return { bytes: new Uint8Array(this.#unit!.memory, found.at, bytes), isFilled: this.#isFilled }
  }

  /** Announces nothing more, and takes back what nobody has begun. */
  end(): void {
    this.#plan?.return?.()
    this.#plan = undefined
    for (const { unit } of this.#posted) this.#takeFor(unit)
    this.#posted = []
  }

  /** Takes the unit if nobody has. */
  #takeFor(unit: number): boolean {
    const open = unitWord(unit, UNIT_OPEN)
    return (
      Atomics.compareExchange(this.#words, slotWord(unit % this.#slots), open, unitWord(unit, UNIT_FAILED)) === open
    )
  }

  /** `filled`: the thread has read it; `empty`: the session reads it, to the same memory; `lost`: it does so to other memory, because the thread may not be done. */
  #settle({ unit }: PostedUnit): 'filled' | 'empty' | 'lost' {
    if (this.#takeFor(unit)) return 'empty'
    const deadline = performance.now() + PATIENCE_MS
    for (;;) {
      const seen = Atomics.load(this.#words, AHEAD_CHANGES)
      const isGone = this.#thread.isGone
      const state = stateOf(Atomics.load(this.#words, slotWord(unit % this.#slots)))
      if (state !== UNIT_TAKEN) return state === UNIT_DONE ? 'filled' : 'empty'
      checkInterrupt()
      if (isGone || performance.now() > deadline) {
        this.end()
        return 'lost'
      }
      Atomics.wait(this.#words, AHEAD_CHANGES, seen, WAIT_MS)
    }
  }

  #postMore(): void {
    const room = this.#current + this.#slots - this.#postedCount
    if (this.#plan === undefined || room < this.#slots / GROUPS || this.#thread.isGone) return
    const units: AheadUnit[] = []
    while (units.length < room) {
      const planned = this.#nextPlanned()
      if (planned === undefined) {
        this.#plan = undefined
        break
      }
      units.push(this.#announce(planned))
    }
    if (units.length > 0) this.#thread.post(units)
  }

  /** A segment that cannot be opened ends the plan: the scan will open it as well, and say why. */
  #nextPlanned(): PlannedBatch | undefined {
    try {
      const next = this.#plan!.next()
      return next.done === true ? undefined : next.value
    } catch (error) {
      if (error instanceof HoldfastError && (error.kind === 'data' || error.kind === 'io')) return undefined
      throw error
    }
  }

  #announce({ file, batch, buffers }: PlannedBatch): AheadUnit {
    const unit = this.#postedCount++
    const slot = unit % this.#slots
    let size = 0
    const placed = buffers.map(([offset, bytes, checksum]) => {
      const at = size
      size += Math.ceil(bytes / ALIGNMENT) * ALIGNMENT
      return { offset, bytes, checksum: this.#isKnown(file, offset) ? undefined : checksum, at }
    })
    if (this.#memory[slot] === undefined || this.#memory[slot].byteLength < size)
      this.#memory[slot] = allocateShared(size)
    const memory = this.#memory[slot]
    Atomics.store(this.#words, slotWord(slot), unitWord(unit, UNIT_OPEN))
    this.#posted.push({ unit, file, batch, buffers: placed, memory })
    const words = this.#words.buffer as SharedArrayBuffer
    return { unit, slot, words, memory, store: this.#store, file, buffers: placed }
  }

  #isKnown(file: string, offset: number): boolean {
    const verify = this.#verify
    return verify === undefined || verify === false || (verify !== true && verify.has(file, offset))
  }
}
