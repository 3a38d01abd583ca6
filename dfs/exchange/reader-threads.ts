/**
 * A thread that reads files of an import. It is one batch ahead of the session at most, so that memory stays small, ends when it is told to, and with the session's thread, whose
 * child it is. It writes nothing.
 *
 * Shared words: READER_INTERRUPT stops it; READER_CREDITS are the batches that it may still send; READER_BEATS rises while it works.
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import { decodeError, type ErrorMessage } from '../../runtime/error-message.ts'
import { HoldfastError } from '../../runtime/errors.ts'
import { checkInterrupt } from '../../runtime/interrupt.ts'
import { decodeValue, type Table, type Transfer } from '../../runtime/values/index.ts'
import type { FileBatch } from './batch.ts'
import type { FileEvent, FilePlan } from './read-files.ts'

/** The word that `bindInterrupt` looks at. */
export const READER_INTERRUPT = 0
export const READER_CREDITS = 1
export const READER_BEATS = 2
export const READER_GONE = 3
export const READER_BYTES = 16

export interface ReaderBoot {
  readonly port: MessagePort
  readonly words: SharedArrayBuffer
  /** Rises, and is notified, with each message of any reader of the import. */
  readonly changes: SharedArrayBuffer
  readonly root: string
  readonly plan: FilePlan
}

/** To the thread: a file to read. Nothing: it ends. */
export interface ReaderCommand {
  readonly file: string | undefined
}

/** From the thread. The columns of a batch cross as a table. */
export type ReaderMessage =
  | { readonly kind: 'batch'; readonly batch: Omit<FileBatch, 'columns'>; readonly table: Transfer }
  | { readonly kind: 'end' }
  | { readonly kind: 'error'; readonly error: ErrorMessage }

/** One that it reads, one that waits. */
const CREDITS = 1
/** How often a wait looks whether the import was cancelled. */
const SLICE_MS = 50
/** A thread that shows no sign of life for so long is given up. */
const SILENCE_MAX_MS = 120_000

export class ReaderThread {
  readonly #words = new Int32Array(new SharedArrayBuffer(READER_BYTES))
  readonly #changes: Int32Array
  readonly #port: MessagePort
  #file = ''
  #beats = -1
  #heardMs = 0

  constructor(root: string, plan: FilePlan, changes: Int32Array) {
    this.#changes = changes
    const { port1, port2 } = new MessageChannel()
    this.#port = port1
    Atomics.store(this.#words, READER_CREDITS, CREDITS)
    const boot: ReaderBoot = {
      port: port2,
      words: this.#words.buffer as SharedArrayBuffer,
      changes: changes.buffer as SharedArrayBuffer,
      root,
      plan,
    }
    const thread = new Worker(threadEntry(), { workerData: boot, transferList: [port2], name: 'import reader' })
    // What happens to it is seen in the shared words: the session's event loop does not turn meanwhile.
    thread.on('error', () => Atomics.store(this.#words, READER_GONE, 1))
    thread.unref()
    port1.unref()
  }

  read(file: string): void {
    this.#file = file
    this.#heardMs = performance.now()
    this.#post({ file })
  }

  /** What the thread has read since the last call, undefined if it is still at it. Throws what went wrong there. */
  received(): FileEvent | undefined {
    const got = receiveMessageOnPort(this.#port) as { readonly message: ReaderMessage } | undefined
    if (got === undefined) return undefined
    const { message } = got
    this.#heardMs = performance.now()
    switch (message.kind) {
      case 'error':
        throw decodeError(message.error)
      case 'end':
        return { kind: 'end', file: this.#file }
      case 'batch': {
        Atomics.add(this.#words, READER_CREDITS, 1)
        Atomics.notify(this.#words, READER_CREDITS)
        const { columns } = decodeValue(message.table) as Table
        return { kind: 'batch', file: this.#file, batch: { ...message.batch, columns } }
      }
    }
  }

  /** Sleeps until a reader of the import has something, or a moment has passed. `seen`: the count of changes before they were looked at. */
  await(seen: number): void {
    checkInterrupt()
    Atomics.wait(this.#changes, 0, seen, SLICE_MS)
    const now = performance.now()
    const beats = Atomics.load(this.#words, READER_BEATS)
    if (beats !== this.#beats) {
      this.#beats = beats
      this.#heardMs = now
    }
    if (Atomics.load(this.#words, READER_GONE) === 0 && now - this.#heardMs < SILENCE_MAX_MS) return
    throw new HoldfastError('io', `The thread that reads ${this.#file} has ended unexpectedly.`, {
      code: 'importReader',
      where: { file: this.#file },
      hint: 'the machine may be short of memory; smaller batches (batch_rows) need less',
    })
  }

  end(): void {
    Atomics.store(this.#words, READER_INTERRUPT, 1)
    Atomics.add(this.#words, READER_CREDITS, 1)
    Atomics.notify(this.#words, READER_CREDITS)
    this.#post({ file: undefined })
    this.#port.close()
  }

  #post(command: ReaderCommand): void {
    this.#port.postMessage(command)
  }
}

/** In the form this file itself is in: TypeScript while developing, JavaScript in a package, where the entry lies beside. */
const threadEntry = (): URL =>
  new URL(`./reader-thread${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)
