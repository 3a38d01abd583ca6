/**
 * Entry of a helper thread: copies, checks and syncs files of its session's batches. It sleeps in `Atomics.wait`, never in an event loop, and ends by itself when it
 * has had nothing to do for a while. It loads nothing but the stores and the pipeline.
 */
import { type MessagePort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { encodeError } from '../../runtime/error-message.ts'
import { toHoldfastError } from '../../runtime/errors.ts'
import { bindInterrupt, checkInterrupt, INTERRUPT_NONE } from '../../runtime/interrupt.ts'
import { SharedPace } from '../pace/shared-pace.ts'
import {
  HELPER_GONE,
  HELPER_WAKE,
  HELPER_WRITING,
  type HelperCommand,
  type RefusalMessage,
  TASK_REFUSED,
  TaskBatch,
  type TaskRefusal,
  WORK_BYTES_64,
  WORK_CHANGES,
  WORK_INTERRUPT,
  WORK_REFUSALS,
} from './file-task.ts'
import { openStore } from './open-store.ts'
import { type FileCheck, Pipeline } from './pipeline.ts'
import { TaskRunner } from './task-runner.ts'

export interface HelperBoot {
  readonly port: MessagePort
  readonly words: SharedArrayBuffer
  /** 1, 2, ...; the session itself is 0. */
  readonly worker: number
  readonly idleMs: number
}

const { port, words, worker, idleMs } = workerData as HelperBoot
const own = new Int32Array(words)
const pipeline = new Pipeline()
let work: HelperWork | undefined

/** One piece of work of the session: a backup, a restore, a check. */
class HelperWork {
  readonly number: number
  readonly #runner: TaskRunner
  readonly #control: Int32Array
  readonly #bytes: BigInt64Array
  readonly #pace: SharedPace | undefined

  constructor(command: HelperCommand & { readonly kind: 'begin' }) {
    this.number = command.work
    const target = command.target === undefined ? undefined : openStore(command.target)
    this.#runner = new TaskRunner(openStore(command.source), target, pipeline)
    this.#control = new Int32Array(command.control)
    this.#bytes = new BigInt64Array(command.control)
    this.#pace = command.pace === undefined ? undefined : new SharedPace(command.pace)
    bindInterrupt(command.control)
  }

  run(batch: TaskBatch): void {
    const onBytes = (bytes: number): void => {
      Atomics.add(this.#bytes, WORK_BYTES_64, BigInt(bytes))
      this.#pace?.pass(bytes, checkInterrupt)
    }
    for (;;) {
      // Announced before the look at the interrupt word: the session sets that one first and then waits until nobody writes.
      Atomics.store(own, HELPER_WRITING, 1)
      try {
        if (this.#isStopped) return
        const task = batch.take(worker)
        if (task === undefined) return
        this.#attempt(batch, task, () => this.#runner.run(batch, task, onBytes))
      } finally {
        Atomics.store(own, HELPER_WRITING, 0)
        this.#tellChange()
      }
    }
  }

  sync(upTo: number): void {
    for (let next = this.#runner.nextUnsynced(upTo); next !== undefined; next = this.#runner.nextUnsynced(upTo)) {
      if (this.#isStopped) return
      this.#attempt(next.batch, next.task, () => {
        this.#runner.syncNext()
        return undefined
      })
      this.#tellChange()
    }
  }

  end(): void {
    this.#runner.abandon()
    this.tellEnd()
  }

  /** Wakes the session, which may wait for this thread. */
  tellEnd(): void {
    this.#tellChange()
  }

  get #isStopped(): boolean {
    return Atomics.load(this.#control, WORK_INTERRUPT) !== INTERRUPT_NONE
  }

  /** What fails here is the session's to judge. */
  #attempt(batch: TaskBatch, task: number, body: () => FileCheck | undefined): void {
    let refusal: TaskRefusal
    try {
      const check = body()
      if (check === undefined || check.kind === 'ok') return
      refusal = check.kind === 'unreadable' ? { kind: 'unreadable', error: encodeError(check.error) } : check
    } catch (thrown) {
      refusal = { kind: 'failed', error: encodeError(toHoldfastError(thrown)) }
    }
    port.postMessage({ work: this.number, batch: batch.id, task, refusal } satisfies RefusalMessage)
    batch.setState(task, TASK_REFUSED)
    Atomics.add(this.#control, WORK_REFUSALS, 1)
  }

  #tellChange(): void {
    Atomics.add(this.#control, WORK_CHANGES, 1)
    Atomics.notify(this.#control, WORK_CHANGES)
  }
}

function obey(command: HelperCommand): void {
  if (command.kind === 'begin') {
    work?.end()
    work = new HelperWork(command)
    return
  }
  if (work?.number !== command.work) return
  switch (command.kind) {
    case 'batch':
      work.run(new TaskBatch(command.batch))
      return
    case 'sync':
      work.sync(command.upTo)
      return
    case 'end':
      work.end()
      work = undefined
  }
}

// However this thread ends, the session must not wait for it. (One that is terminated is terminated by the session's own end.)
process.on('exit', () => {
  Atomics.store(own, HELPER_WRITING, 0)
  Atomics.store(own, HELPER_GONE, 1)
  work?.tellEnd()
})

function serve(): void {
  for (;;) {
    // The word before the port, so that no wake-up is lost.
    const seen = Atomics.load(own, HELPER_WAKE)
    for (let got = receiveMessageOnPort(port); got !== undefined; got = receiveMessageOnPort(port)) obey(got.message)
    if (Atomics.wait(own, HELPER_WAKE, seen, idleMs) === 'timed-out' && work === undefined) break
  }
  port.close()
}

// From the event loop: Node 24 aborts the whole process when a thread is terminated while it still evaluates a module that has awaited.
setImmediate(serve)
