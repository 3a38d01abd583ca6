/**
 * The records behind getBackupStatus: one per table and call, kept by the engine, so that they survive restarts. Written when a table's work begins, at most once a second
 * while it goes on, and when it ends.
 */
import { randomUUID } from 'node:crypto'
import type { BackupRun, EngineClient } from '../engine/commands.ts'

const WRITE_EVERY_MS = 1000

export class RunRecord {
  readonly #client: EngineClient
  readonly #now: () => number
  #run: BackupRun
  #writtenMs: number

  /** `done` partitions were there before the work began. */
  constructor(
    client: EngineClient,
    now: () => number,
    facts: Pick<BackupRun, 'user' | 'type' | 'db' | 'table' | 'totalPartitions'> & { readonly done: number },
  ) {
    this.#client = client
    this.#now = now
    this.#writtenMs = now()
    const { done, ...rest } = facts
    this.#run = {
      ...rest,
      id: randomUUID(),
      startMs: now(),
      endMs: undefined,
      completedPartitions: done,
      state: 'running',
      error: '',
    }
    this.#put()
  }

  addPartition(): void {
    this.#run = { ...this.#run, completedPartitions: this.#run.completedPartitions + 1 }
    if (this.#now() - this.#writtenMs >= WRITE_EVERY_MS) this.#put()
  }

  complete(): void {
    this.#end('completed', '')
  }

  /** Does nothing if the table was completed before the call failed. */
  fail(error: unknown): void {
    if (this.#run.state === 'running') this.#end('failed', error instanceof Error ? error.message : String(error))
  }

  #end(state: 'completed' | 'failed', error: string): void {
    this.#run = { ...this.#run, state, error, endMs: this.#now() }
    this.#put()
  }

  #put(): void {
    this.#writtenMs = this.#now()
    this.#client.request({ kind: 'putRun', run: this.#run }, this.#run.user)
  }
}
