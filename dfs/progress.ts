/**
 * Where long work shows how far it is. The prompt draws a bar, a job prints lines, tests collect; a session that provides nothing stays silent.
 * A sink is called at most a few times a second (see `ProgressMeter`), so it may be slow.
 */
import { type ServiceKey, type Session, serviceKey } from '../runtime/session.ts'

export type ProgressVerb = 'backup' | 'restore' | 'verify' | 'export' | 'import'

export interface ProgressState {
  readonly verb: ProgressVerb
  /** What is worked on: `dfs://compoDB`, `dfs://compoDB/pt`. */
  readonly subject: string
  readonly bytesDone: number
  readonly bytesTotal: number
  readonly chunksDone: number
  readonly chunksTotal: number
}

export interface ProgressSink {
  /** The work begins, goes on, or ends (`done`): the last call for a subject has all that was reached. */
  report(state: ProgressState, phase: 'begin' | 'advance' | 'done'): void
  /** A remark for the operator, such as that an interrupted run is continued. */
  note(text: string): void
  /** What a piece of work has done. The log of a job keeps it; at a prompt the result of the call says enough. */
  outcome?(text: string): void
}

export const progressService: ServiceKey<ProgressSink> = serviceKey<ProgressSink>('progress')

export const silentProgress: ProgressSink = { report() {}, note() {} }

export const progressOf = (session: Session): ProgressSink =>
  session.hasService(progressService) ? session.service(progressService) : silentProgress

const REPORT_EVERY_MS = 200

/** Counts for one piece of work and tells the sink, not more often than every REPORT_EVERY_MS. */
export class ProgressMeter {
  readonly #sink: ProgressSink
  readonly #now: () => number
  readonly #base: Pick<ProgressState, 'verb' | 'subject' | 'bytesTotal' | 'chunksTotal'>
  #reportedMs: number
  bytesDone = 0
  chunksDone = 0

  constructor(
    sink: ProgressSink,
    base: Pick<ProgressState, 'verb' | 'subject' | 'bytesTotal' | 'chunksTotal'>,
    now: () => number,
  ) {
    this.#sink = sink
    this.#base = base
    this.#now = now
    this.#reportedMs = now()
    sink.report(this.#state(), 'begin')
  }

  addBytes(bytes: number): void {
    this.bytesDone += bytes
    this.#maybeReport()
  }

  addChunk(): void {
    this.chunksDone++
    this.#maybeReport()
  }

  done(): void {
    this.#sink.report(this.#state(), 'done')
  }

  #maybeReport(): void {
    const now = this.#now()
    if (now - this.#reportedMs < REPORT_EVERY_MS) return
    this.#reportedMs = now
    this.#sink.report(this.#state(), 'advance')
  }

  #state(): ProgressState {
    return { ...this.#base, bytesDone: this.bytesDone, chunksDone: this.chunksDone }
  }
}
