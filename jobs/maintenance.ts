/** The engine's end of a maintenance thread. The thread starts with the first task and stays. */
import { Worker } from 'node:worker_threads'
import type { MaintenanceResult, MaintenanceTask } from '../dfs/maintenance/task.ts'
import { HoldfastError } from '../runtime/errors.ts'
import { INTERRUPT_CANCEL } from '../runtime/interrupt.ts'
import { decodeError, type EngineAnswer } from './messages.ts'
import { threadFile } from './thread-file.ts'

export interface MaintenanceQuestion {
  readonly id: number
  readonly task: MaintenanceTask
}

export interface MaintenanceThreadData {
  readonly dataDir: string
  /** See runtime/interrupt.ts. */
  readonly interrupt: SharedArrayBuffer
}

export type MaintenanceAnswer =
  | { readonly id: number; readonly ok: true; readonly result: MaintenanceResult }
  | { readonly id: number; readonly ok: false; readonly error: (EngineAnswer & { readonly ok: false })['error'] }

const END_MS_MAX = 5000
const END_LOOK_MS = 20

interface Waiting {
  readonly resolve: (result: MaintenanceResult) => void
  readonly reject: (error: unknown) => void
}

export class MaintenanceThread {
  readonly #dataDir: string
  readonly #waiting = new Map<number, Waiting>()
  readonly #interrupt = new SharedArrayBuffer(4)
  #worker: Worker | undefined
  #lastId = 0

  constructor(dataDir: string) {
    this.#dataDir = dataDir
  }

  run(task: MaintenanceTask): Promise<MaintenanceResult> {
    const id = ++this.#lastId
    this.#worker ??= this.#start()
    const worker = this.#worker
    // A task that runs keeps the process alive; an idle thread does not.
    worker.ref()
    return new Promise<MaintenanceResult>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      worker.postMessage({ id, task } satisfies MaintenanceQuestion)
    }).finally(() => {
      if (this.#waiting.size === 0) worker.unref()
    })
  }

  /** What runs ends soon, with an error, and leaves nothing behind. */
  interrupt(): void {
    Atomics.store(new Int32Array(this.#interrupt), 0, INTERRUPT_CANCEL)
  }

  /** What still runs is told to end first, since a command that it has started would go on without it. */
  async close(): Promise<void> {
    if (this.#waiting.size > 0) {
      this.interrupt()
      for (let waitedMs = 0; this.#waiting.size > 0 && waitedMs < END_MS_MAX; waitedMs += END_LOOK_MS)
        await new Promise((resolve) => setTimeout(resolve, END_LOOK_MS))
    }
    await this.#worker?.terminate()
    this.#worker = undefined
  }

  #start(): Worker {
    const worker = new Worker(new URL(threadFile('maintenance-thread')), {
      workerData: { dataDir: this.#dataDir, interrupt: this.#interrupt } satisfies MaintenanceThreadData,
    })
    worker.on('message', (answer: MaintenanceAnswer) => {
      const waiting = this.#waiting.get(answer.id)
      this.#waiting.delete(answer.id)
      if (answer.ok) waiting?.resolve(answer.result)
      else waiting?.reject(decodeError(answer.error))
    })
    // Tasks change nothing by themselves: what was cut off is done again, by a new thread.
    const ended = (reason: unknown): void => {
      if (this.#worker !== worker) return
      this.#worker = undefined
      const waiting = [...this.#waiting.values()]
      this.#waiting.clear()
      for (const { reject } of waiting)
        reject(new HoldfastError('bug', `The maintenance thread has ended: ${String(reason)}`))
    }
    worker.on('error', ended)
    worker.on('exit', (code) => ended(`exit code ${code}`))
    return worker
  }
}
