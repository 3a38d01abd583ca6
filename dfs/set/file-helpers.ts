/**
 * The helper threads of a session, which copy, check and sync files beside it. They start when there is enough to do and end by themselves when idle, and with the
 * session's thread, whose children they are. A session never depends on them: what a helper that ended had taken, the session does itself.
 */
import { availableParallelism } from 'node:os'
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import type { HelperBoot } from './file-helper-thread.ts'
import {
  HELPER_CONTROL_BYTES,
  HELPER_GONE,
  HELPER_WAKE,
  HELPER_WRITING,
  type HelperCommand,
  type RefusalMessage,
} from './file-task.ts'

/** With the session itself; more threads than this do not make a disk faster. */
const THREADS_MAX = 4
const IDLE_MS = 5_000

export interface HelperOptions {
  readonly count?: number
  readonly idleMs?: number
  /** Entry file of the thread; tests give others. */
  readonly entry?: URL
}

export class FileHelper {
  /** 1, 2, ... */
  readonly worker: number
  readonly #words = new Int32Array(new SharedArrayBuffer(HELPER_CONTROL_BYTES))
  readonly #port: MessagePort

  constructor(worker: number, entry: URL, idleMs: number) {
    this.worker = worker
    const { port1, port2 } = new MessageChannel()
    this.#port = port1
    const boot: HelperBoot = { port: port2, words: this.#words.buffer as SharedArrayBuffer, worker, idleMs }
    const thread = new Worker(entry, { workerData: boot, transferList: [port2], name: 'file helper' })
    const gone = (): void => {
      Atomics.store(this.#words, HELPER_GONE, 1)
    }
    // A thread that cannot start: the session is told when its event loop turns, and does not wait until then because such a thread takes no task.
    thread.on('error', gone)
    thread.on('exit', gone)
    // Neither holds the session's thread open.
    thread.unref()
    port1.unref()
  }

  get isGone(): boolean {
    return Atomics.load(this.#words, HELPER_GONE) !== 0
  }

  get isWriting(): boolean {
    return Atomics.load(this.#words, HELPER_WRITING) !== 0
  }

  post(command: HelperCommand): void {
    this.#port.postMessage(command)
    Atomics.add(this.#words, HELPER_WAKE, 1)
    Atomics.notify(this.#words, HELPER_WAKE)
  }

  /** What the helper has told since the last call. */
  *received(): Generator<RefusalMessage> {
    for (let got = receiveMessageOnPort(this.#port); got !== undefined; got = receiveMessageOnPort(this.#port))
      yield got.message
  }
}

export class FileHelpers {
  readonly #count: number
  readonly #idleMs: number
  readonly #entry: URL
  readonly #helpers: FileHelper[] = []

  constructor(options: HelperOptions = {}) {
    this.#count = options.count ?? Math.min(availableParallelism(), THREADS_MAX) - 1
    this.#idleMs = options.idleMs ?? IDLE_MS
    this.#entry = options.entry ?? threadEntry()
  }

  /** The helpers, started unless they live. */
  start(): readonly FileHelper[] {
    for (let k = 0; k < this.#count; k++)
      if (this.#helpers[k] === undefined || this.#helpers[k].isGone)
        this.#helpers[k] = new FileHelper(k + 1, this.#entry, this.#idleMs)
    return this.#helpers
  }
}

/** In the form this file itself is in: TypeScript while developing, JavaScript in a package, where the entry lies beside. */
const threadEntry = (): URL =>
  new URL(`./file-helper-thread${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)

/** Those of this thread's session. */
export const sessionHelpers = new FileHelpers()
