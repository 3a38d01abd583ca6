/** The record of a node backup behind getNodeBackupStatus: kept by the engine, so that it survives restarts; written at most once a second while the run goes on. */
import { HoldfastError } from '../../runtime/errors.ts'
import type { BackupRun, EngineClient } from '../engine/commands.ts'
import { pausedAt } from '../set/runs.ts'

const WRITE_EVERY_MS = 1000

export class NodeRun {
  readonly #client: EngineClient
  readonly #now: () => number
  #run: BackupRun
  #writtenMs = 0

  /** Nothing is written before it is known what there is to do, or that it failed. */
  constructor(client: EngineClient, now: () => number, facts: Pick<BackupRun, 'id' | 'user' | 'db'>) {
    this.#client = client
    this.#now = now
    this.#run = {
      ...facts,
      type: 'BACKUP_NODE',
      table: '',
      startMs: now(),
      endMs: undefined,
      totalPartitions: 0,
      completedPartitions: 0,
      state: 'running',
      error: '',
    }
  }

  /** What there is to do is known now: the record is written for the first time. */
  planned(bytesTotal: number): void {
    this.#run = { ...this.#run, bytesTotal, bytesDone: 0 }
    this.#put()
  }

  addBytes(bytes: number): void {
    const { bytesDone = 0, bytesTotal = 0 } = this.#run
    this.#run = { ...this.#run, bytesDone: Math.min(bytesTotal, bytesDone + bytes) }
    if (this.#now() - this.#writtenMs >= WRITE_EVERY_MS) this.#put()
  }

  get id(): string {
    return this.#run.id
  }

  setPaused(isPaused: boolean): void {
    this.#run = pausedAt(this.#run, isPaused, this.#now())
    this.#put()
  }

  complete(): void {
    this.#end('completed', '')
  }

  fail(error: unknown): void {
    const isCancelled = error instanceof HoldfastError && error.kind === 'cancelled'
    this.#end(isCancelled ? 'cancelled' : 'failed', error instanceof Error ? error.message : String(error))
  }

  #end(state: 'completed' | 'failed' | 'cancelled', error: string): void {
    this.#run = { ...pausedAt(this.#run, false, this.#now()), state, error, endMs: this.#now() }
    this.#put()
  }

  #put(): void {
    this.#writtenMs = this.#now()
    this.#client.request({ kind: 'putRun', run: this.#run }, this.#run.user)
  }
}
