/**
 * Files to be copied or checked, in batches that several threads work on at once: the session and its helpers (file-helpers.ts). A thread takes the next task of a
 * batch by adding to a word in shared memory, so nobody hands out work and nobody waits for it.
 *
 * Shared words of a batch, of 64 bits: per task what lies in the set of a coded file, bytes and checksum; then, of 32 bits, the next task to be taken, and per task its
 * state and who took it. States go one way only: open -> taken -> (copied ->) done | refused. A copied file is complete but not synced; whoever copied it syncs it, which makes it done.
 */
import type { ErrorMessage } from '../../runtime/error-message.ts'
import type { StoreAddress } from '../store/file-store.ts'
import type { Coding, ExpectedFile } from './pipeline.ts'

export interface FileTask {
  /** In the source store. */
  readonly file: string
  /** In the target store; undefined: the file is only checked. */
  readonly target: string | undefined
  /** Of the original. */
  readonly expected: ExpectedFile
  /** Absent: it is copied, or checked, as it is. */
  readonly coding?: Coding
}

export const TASK_OPEN = 0
export const TASK_TAKEN = 1
export const TASK_COPIED = 2
export const TASK_DONE = 3
/** It cannot be done, and whoever took it says why. */
export const TASK_REFUSED = 4

/** What a thread needs to work on a batch. */
export interface BatchMessage {
  readonly id: number
  readonly tasks: readonly FileTask[]
  readonly words: SharedArrayBuffer
}

/** A batch as one thread sees it. `worker` in its methods is the thread's number: 0 for the session. */
export class TaskBatch {
  readonly id: number
  readonly tasks: readonly FileTask[]
  readonly #shared: SharedArrayBuffer
  readonly #stored: BigUint64Array
  readonly #words: Int32Array

  constructor(message: BatchMessage) {
    this.id = message.id
    this.tasks = message.tasks
    this.#shared = message.words
    this.#stored = new BigUint64Array(message.words, 0, 2 * message.tasks.length)
    this.#words = new Int32Array(message.words, this.#stored.byteLength)
  }

  static of(id: number, tasks: readonly FileTask[]): TaskBatch {
    return new TaskBatch({ id, tasks, words: new SharedArrayBuffer(16 * tasks.length + 4 * (1 + 2 * tasks.length)) })
  }

  message(): BatchMessage {
    return { id: this.id, tasks: this.tasks, words: this.#shared }
  }

  /** The next task, now this worker's; undefined if all are taken. */
  take(worker: number): number | undefined {
    if (Atomics.load(this.#words, 0) >= this.tasks.length) return undefined
    const task = Atomics.add(this.#words, 0, 1)
    if (task >= this.tasks.length) return undefined
    this.takeOver(task, worker)
    return task
  }

  /** Gives the task to another worker, because the one that took it is gone. */
  takeOver(task: number, worker: number): void {
    Atomics.store(this.#words, 2 + 2 * task, worker)
    Atomics.store(this.#words, 1 + 2 * task, TASK_TAKEN)
  }

  state(task: number): number {
    return Atomics.load(this.#words, 1 + 2 * task)
  }

  setState(task: number, state: number): void {
    Atomics.store(this.#words, 1 + 2 * task, state)
  }

  /** What lies in the set of a file that was compressed or expanded. Before the state: whoever sees that one sees this too. */
  setStored(task: number, stored: ExpectedFile | undefined): void {
    if (stored === undefined) return
    this.#stored[2 * task] = BigInt(stored.bytes)
    this.#stored[2 * task + 1] = BigInt(`0x${stored.checksum}`)
  }

  stored(task: number): ExpectedFile {
    const checksum = this.#stored[2 * task + 1].toString(16).padStart(16, '0')
    return { bytes: Number(this.#stored[2 * task]), checksum }
  }

  /** Who took the task. */
  workerOf(task: number): number {
    return Atomics.load(this.#words, 2 + 2 * task)
  }
}

/** Words that all threads of one piece of work share. The first is the interrupt word of the helpers (runtime/interrupt.ts). */
export const WORK_INTERRUPT = 0
/** Changes with every task that is done or refused and with every helper that ends; the session sleeps on it. */
export const WORK_CHANGES = 1
export const WORK_REFUSALS = 2
/** Bytes that helpers have read, as a BigInt64 word. */
export const WORK_BYTES_64 = 2
export const WORK_CONTROL_BYTES = 24

/** Words between the session and one helper: what it sleeps on, whether it is writing to a file just now, whether it has ended. */
export const HELPER_WAKE = 0
export const HELPER_WRITING = 1
export const HELPER_GONE = 2
export const HELPER_CONTROL_BYTES = 12

/** Session -> helper. Each piece of work has a number. */
export type HelperCommand =
  | {
      readonly kind: 'begin'
      readonly work: number
      readonly control: SharedArrayBuffer
      readonly source: StoreAddress
      readonly target: StoreAddress | undefined
      /** The brake of the work (dfs/pace/shared-pace.ts). */
      readonly pace: SharedArrayBuffer | undefined
    }
  | { readonly kind: 'batch'; readonly work: number; readonly batch: BatchMessage }
  /** Sync what was copied of this batch and those before. */
  | { readonly kind: 'sync'; readonly work: number; readonly upTo: number }
  | { readonly kind: 'end'; readonly work: number }

/** Why a task was refused: the source is damaged, or something failed. */
export type TaskRefusal =
  | { readonly kind: 'missing' }
  | { readonly kind: 'sizeMismatch'; readonly expected: number; readonly found: number }
  | { readonly kind: 'checksumMismatch'; readonly expected: string; readonly found: string }
  | { readonly kind: 'unreadable'; readonly error: ErrorMessage }
  | { readonly kind: 'failed'; readonly error: ErrorMessage }

/** Helper -> session; posted before the task's state changes. */
export interface RefusalMessage {
  readonly work: number
  readonly batch: number
  readonly task: number
  readonly refusal: TaskRefusal
}
