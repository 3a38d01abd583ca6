/**
 * The records behind getBackupStatus: one per table and call, kept by the engine, so that they survive restarts. Written when a table's work is planned, at most once a
 * second while it goes on, and when it ends; of a call that finds nothing to do, when it ends.
 */
import { randomUUID } from 'node:crypto'
import { HoldfastError } from '../../runtime/errors.ts'
import { type BackupRun, type EngineClient, sendTo } from '../engine/commands.ts'

const WRITE_EVERY_MS = 1000

/** What a table's work is about. */
export interface RunFacts extends Pick<BackupRun, 'user' | 'type' | 'db' | 'table' | 'totalPartitions'> {
  /** Partitions that need no work: they were there before it began. */
  readonly done: number
  /** Of the others. */
  readonly bytesTotal: number
  /** There is nothing to do: the record is written when the call has ended. */
  readonly isBrief?: boolean
  /** A call that does several tables one after the other, and which of them this is. */
  readonly of?: { readonly call: string; readonly order: number }
}

export class RunRecord {
  readonly #client: EngineClient
  readonly #now: () => number
  #run: BackupRun & { readonly bytesDone: number; readonly bytesTotal: number }
  /** Of partitions that are complete. */
  #bytesComplete = 0
  #writtenMs: number

  constructor(client: EngineClient, now: () => number, { done, of, isBrief = false, ...facts }: RunFacts) {
    this.#client = client
    this.#now = now
    this.#writtenMs = now()
    this.#run = {
      ...facts,
      ...of,
      id: randomUUID(),
      startMs: now(),
      endMs: undefined,
      completedPartitions: done,
      unchanged: done,
      bytesDone: 0,
      state: 'running',
      error: '',
    }
    if (!isBrief) this.#put()
  }

  get id(): string {
    return this.#run.id
  }

  /** The work is held, or goes on. */
  setPaused(isPaused: boolean): void {
    if (this.#run.state === 'running') this.#put(pausedAt(this.#run, isPaused, this.#now()))
  }

  /** A partition more is complete; it took so many bytes. */
  addPartition(bytes: number): void {
    const { completedPartitions, bytesDone } = this.#run
    this.#bytesComplete += bytes
    this.#run = {
      ...this.#run,
      completedPartitions: completedPartitions + 1,
      bytesDone: Math.max(bytesDone, this.#bytesComplete),
    }
    this.#putSometimes()
  }

  /** So many bytes more were read, of whichever partition. Answers those that are too many to be of this table. */
  addBytes(bytes: number): number {
    const { bytesDone, bytesTotal } = this.#run
    const own = Math.min(bytes, Math.max(0, bytesTotal - bytesDone))
    if (own > 0) {
      this.#run = { ...this.#run, bytesDone: bytesDone + own }
      this.#putSometimes()
    }
    return bytes - own
  }

  #putSometimes(): void {
    if (this.#run.state === 'running' && this.#now() - this.#writtenMs >= WRITE_EVERY_MS) this.#put()
  }

  complete(): void {
    this.completing()()
  }

  /** The same, for who has something to do while it is written; what it gives back waits until it is. */
  completing(): () => void {
    this.#end('completed', '')
    return this.#send()
  }

  /** Does nothing if the table was completed before the call failed. */
  fail(error: unknown): void {
    if (this.#run.state !== 'running') return
    const isCancelled = error instanceof HoldfastError && error.kind === 'cancelled'
    this.#end(isCancelled ? 'cancelled' : 'failed', error instanceof Error ? error.message : String(error))
    this.#put()
  }

  #end(state: 'completed' | 'failed' | 'cancelled', error: string): void {
    this.#run = { ...pausedAt(this.#run, false, this.#now()), state, error, endMs: this.#now() }
  }

  #put(run = this.#run): void {
    this.#run = run
    this.#send()()
  }

  #send(): () => unknown {
    this.#writtenMs = this.#now()
    return sendTo(this.#client, { kind: 'putRun', run: this.#run }, this.#run.user)
  }
}

/** Takes the bytes that are read for tables which are done one after the other, and tells the record of the table whose turn it is. */
export function bytesInTurn(runs: readonly RunRecord[]): (bytes: number) => void {
  let turn = 0
  return (bytes) => {
    let left = bytes
    while (turn < runs.length) {
      left = runs[turn].addBytes(left)
      if (left === 0) return
      turn++
    }
  }
}

/** In whole numbers, by bytes within the partitions that need work. 100 only when it is complete: when all is read the state may not be published yet. */
export function percentComplete(run: BackupRun): number {
  const { state, totalPartitions, completedPartitions, unchanged, bytesDone = 0, bytesTotal = 0 } = run
  if (state === 'completed') return 100
  if (totalPartitions === 0) return 0
  const done =
    unchanged === undefined || bytesTotal === 0
      ? completedPartitions
      : unchanged + ((totalPartitions - unchanged) * bytesDone) / bytesTotal
  return Math.min(99, Math.floor((100 * done) / totalPartitions))
}

/** The record of a run that is held, or goes on, from a moment on. */
export function pausedAt<R extends BackupRun>(run: R, isPaused: boolean, nowMs: number): R {
  if (isPaused === (run.pausedSinceMs !== undefined)) return run
  if (isPaused) return { ...run, pausedSinceMs: nowMs }
  const { pausedSinceMs, ...rest } = run
  return { ...rest, pausedMs: (run.pausedMs ?? 0) + nowMs - pausedSinceMs! } as R
}

/**
 * When a run will have ended if it goes on as fast as its call was until now, the time left out in which it was held; undefined if that cannot be told: it has ended, is held,
 * or nothing was read yet. `runs`: all there are.
 */
export function estimatedEndMs(run: BackupRun, runs: readonly BackupRun[], nowMs: number): number | undefined {
  if (run.state !== 'running' || run.pausedSinceMs !== undefined) return undefined
  const ofCall = run.call === undefined ? [run] : runs.filter((r) => r.call === run.call)
  const done = ofCall.reduce((sum, r) => sum + (r.bytesDone ?? 0), 0)
  if (done === 0) return undefined
  // Tables are done one after the other: this one when those before it are.
  const upToThis = ofCall.filter((r) => (r.order ?? 0) <= (run.order ?? 0))
  const left = upToThis.reduce((sum, r) => sum + Math.max(0, (r.bytesTotal ?? 0) - (r.bytesDone ?? 0)), 0)
  const heldMs = Math.max(...ofCall.map((r) => r.pausedMs ?? 0))
  const elapsedMs = Math.max(0, nowMs - Math.min(...ofCall.map((r) => r.startMs)) - heldMs)
  return nowMs + (elapsedMs / done) * left
}

/** Calls that moved less say little of how fast others will be. */
const TELLING_BYTES = 1 << 20
const TELLING_CALLS = 10

/** How fast the newest calls of a kind were together; undefined if none tells. */
export function usualBytesPerSecond(runs: Iterable<BackupRun>, type: BackupRun['type']): number | undefined {
  const calls = new Map<string, BackupRun[]>()
  for (const run of runs)
    if (run.type === type && run.state === 'completed') {
      const call = run.call ?? run.id
      calls.set(call, [...(calls.get(call) ?? []), run])
    }
  const telling = [...calls.values()]
    .map((tables) => {
      const startMs = Math.min(...tables.map((r) => r.startMs))
      const ms = Math.max(...tables.map((r) => r.endMs!)) - startMs - Math.max(...tables.map((r) => r.pausedMs ?? 0))
      return { startMs, ms: Math.max(1, ms), bytes: tables.reduce((sum, r) => sum + (r.bytesTotal ?? 0), 0) }
    })
    .filter((call) => call.bytes >= TELLING_BYTES)
    .sort((a, b) => b.startMs - a.startMs)
    .slice(0, TELLING_CALLS)
  if (telling.length === 0) return undefined
  const total = (of: (call: { bytes: number; ms: number }) => number): number =>
    telling.reduce((sum, call) => sum + of(call), 0)
  return (1000 * total((c) => c.bytes)) / total((c) => c.ms)
}
