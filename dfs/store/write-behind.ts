/**
 * Writing behind: a thread that makes the content of large files hands it over and goes on, while another one makes the system calls. What one writes and the other sees
 * is the same file; syncing and closing stay with the thread that opened it, so an error of the disk is told where the file is made durable.
 *
 * Nothing depends on it: without a second processor, without /proc, or before the thread is up, files are written directly.
 */
import { closeSync, existsSync, fsyncSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import type { FileWriter } from './file-store.ts'
import { type Region, Regions } from './regions.ts'
import { storeError } from './store-error.ts'
import type { WriteBehindBoot } from './write-behind-thread.ts'
import {
  COMMAND_CHECKSUM,
  COMMAND_RELEASE,
  COMMAND_WRITE,
  issuerHasher,
  newRingMemory,
  putCommand,
  RING_DONE,
  RING_FAILURES,
  RING_ISSUED,
  RING_STATE,
  type RingCommand,
  type RingNews,
  SLOT_BYTES,
  SLOTS,
  STATE_BUSY,
  STATE_GONE,
  STATE_READY,
  slotAt,
  type WriteFailure,
} from './write-ring.ts'

/** Less than this is written before the thread is up. */
const BYTES_MIN = 32 << 20
const IDLE_MS = 5_000
/** A wait looks at least this often whether the thread still lives. */
const WAIT_MS = 50

/** A writer that hashes what passes, on the other thread. */
export interface HashingWriter extends FileWriter {
  /** The checksum of what was written up to now: to be asked for later, when it is likely to be there. Call before `startWriteback`. */
  checksumLater(): () => string
  /** Where to build what is to be written. */
  readonly regions: Regions
  /** Writes the first bytes of a region, which is the writer's from now on. */
  writeRegion(region: Region, bytes: number): void
}

export const isHashing = (writer: FileWriter): writer is HashingWriter => 'checksumLater' in writer

export interface WriteBehindOptions {
  readonly idleMs?: number
  /** Entry file of the thread; tests give others. */
  readonly entry?: URL
}

/** The ring of one thread that makes files. */
export class WriteBehind {
  readonly #idleMs: number
  readonly #entry: URL | undefined
  #words = new Int32Array(new SharedArrayBuffer(0))
  #slots = new Uint8Array(new SharedArrayBuffer(0))
  #regions: Regions | undefined
  #port: MessagePort | undefined
  #openFiles = 0
  #lastFile = 0
  #failures: WriteFailure[] = []
  #failuresTold = 0
  /** By command. */
  readonly #checksums = new Map<number, string>()

  constructor(options: WriteBehindOptions = {}) {
    this.#idleMs = options.idleMs ?? IDLE_MS
    this.#entry = options.entry
  }

  /** So much is about to be written: worth a thread, or not. */
  expect(bytes: number): void {
    if (bytes < BYTES_MIN || availableParallelism() < 2 || !existsSync('/proc/self/fd')) return
    if (this.#openFiles > 0) return
    if (this.#port !== undefined && Atomics.load(this.#words, RING_STATE) !== STATE_GONE) return
    this.#start()
  }

  /** Takes an open, empty file over; undefined: the thread is not up. The descriptor stays the caller's until the writer closes it. */
  open(descriptor: number, file: string): HashingWriter | undefined {
    if (this.#port === undefined) return undefined
    if (
      this.#openFiles === 0 &&
      Atomics.compareExchange(this.#words, RING_STATE, STATE_READY, STATE_BUSY) !== STATE_READY
    )
      return undefined
    this.#openFiles++
    return new BehindWriter(this, this.#regions!, ++this.#lastFile, descriptor, file)
  }

  /** Copies bytes into the arena and answers up to which command they reach. Waits while the ring is full. */
  write(file: number, descriptor: number, bytes: Uint8Array): number {
    let issued = 0
    for (let from = 0; from < bytes.length; from += SLOT_BYTES) {
      const piece = bytes.subarray(from, from + SLOT_BYTES)
      const command = this.#next()
      const at = slotAt(command)
      this.#slots.set(piece, at)
      issued = this.#issue(command, { kind: COMMAND_WRITE, file, descriptor, bytes: piece.length, at })
    }
    return issued
  }

  /** Has what lies in the arena written. */
  writeAt(file: number, descriptor: number, at: number, bytes: number): number {
    return this.#issue(this.#next(), { kind: COMMAND_WRITE, file, descriptor, bytes, at })
  }

  release(file: number, descriptor: number): number {
    return this.#issue(this.#next(), { kind: COMMAND_RELEASE, file, descriptor, bytes: 0, at: 0 })
  }

  /** Waits until a command is carried out. False if the thread ended before. */
  waitFor(command: number): boolean {
    for (;;) {
      const done = Atomics.load(this.#words, RING_DONE)
      if (done >= command) return true
      if (Atomics.load(this.#words, RING_STATE) === STATE_GONE) return false
      Atomics.wait(this.#words, RING_DONE, done, WAIT_MS)
    }
  }

  /** Why a file could not be written; undefined: so far it could. */
  failureOf(file: number): WriteFailure | undefined {
    const count = Atomics.load(this.#words, RING_FAILURES)
    if (count !== this.#failuresTold) {
      this.#failuresTold = count
      this.#receive()
    }
    return this.#failures.find((f) => f.file === file)
  }

  requestChecksum(file: number, descriptor: number): number {
    return this.#issue(this.#next(), { kind: COMMAND_CHECKSUM, file, descriptor, bytes: 0, at: 0 })
  }

  /** The answer to a request that is carried out. */
  takeChecksum(command: number): string {
    if (!this.#checksums.has(command)) this.#receive()
    const checksum = this.#checksums.get(command)!
    this.#checksums.delete(command)
    return checksum
  }

  /** A file is closed; with the last one the thread may end. */
  closed(file: number): void {
    this.failureOf(file)
    this.#failures = this.#failures.filter((f) => f.file !== file)
    if (--this.#openFiles === 0) Atomics.compareExchange(this.#words, RING_STATE, STATE_BUSY, STATE_READY)
  }

  /** The number of the next command, when the ring has room for it. A thread that is gone makes no room; what it leaves undone is found out at the latest by the sync. */
  #next(): number {
    const command = Atomics.load(this.#words, RING_ISSUED)
    if (command >= SLOTS) this.waitFor(command - SLOTS + 1)
    return command
  }

  #issue(number: number, command: RingCommand): number {
    putCommand(this.#words, number, command)
    Atomics.store(this.#words, RING_ISSUED, number + 1)
    Atomics.notify(this.#words, RING_ISSUED)
    return number + 1
  }

  #receive(): void {
    for (let got = receiveMessageOnPort(this.#port!); got !== undefined; got = receiveMessageOnPort(this.#port!)) {
      const news: RingNews = got.message
      if (news.kind === 'failed') this.#failures.push(news)
      else this.#checksums.set(news.command, news.checksum)
    }
  }

  #start(): void {
    const memory = newRingMemory()
    if (memory === undefined) return
    this.#words = new Int32Array(memory.control)
    this.#slots = new Uint8Array(memory.arena.buffer)
    this.#regions = new Regions(memory.arena, issuerHasher(memory), (command) => this.waitFor(command))
    this.#failures = []
    this.#failuresTold = 0
    this.#checksums.clear()
    const { port1, port2 } = new MessageChannel()
    this.#port = port1
    const boot: WriteBehindBoot = { memory, port: port2, idleMs: this.#idleMs }
    const thread = new Worker(this.#entry ?? threadEntry(), {
      workerData: boot,
      transferList: [port2],
      name: 'write behind',
    })
    const words = this.#words
    const gone = (): void => void Atomics.store(words, RING_STATE, STATE_GONE)
    thread.on('error', gone)
    thread.on('exit', gone)
    // Neither holds the thread open that makes the files.
    thread.unref()
    port1.unref()
  }
}

/** In the form this file itself is in: TypeScript while developing, JavaScript in a package, where the entry lies beside. */
const threadEntry = (): URL =>
  new URL(`./write-behind-thread${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)

class BehindWriter implements HashingWriter {
  readonly #behind: WriteBehind
  readonly regions: Regions
  readonly #number: number
  readonly #descriptor: number
  readonly #file: string
  /** The last command of this file. */
  #command = 0
  #isReleased = false
  #isClosed = false
  bytesWritten = 0

  constructor(behind: WriteBehind, regions: Regions, number: number, descriptor: number, file: string) {
    this.#behind = behind
    this.regions = regions
    this.#number = number
    this.#descriptor = descriptor
    this.#file = file
  }

  write(bytes: Uint8Array): void {
    this.#requireSound()
    if (bytes.length === 0) return
    this.#command = this.#behind.write(this.#number, this.#descriptor, bytes)
    this.bytesWritten += bytes.length
  }

  writeRegion(region: Region, bytes: number): void {
    this.#requireSound()
    this.#command = this.#behind.writeAt(this.#number, this.#descriptor, region.at, bytes)
    this.regions.issued(region, this.#command)
    this.bytesWritten += bytes
  }

  checksumLater(): () => string {
    const request = this.#behind.requestChecksum(this.#number, this.#descriptor)
    this.#command = request
    return () => {
      this.#requireDone(request)
      return this.#behind.takeChecksum(request)
    }
  }

  startWriteback(): void {
    this.#release()
  }

  sync(): void {
    this.#release()
    this.#requireDone(this.#command)
    try {
      fsyncSync(this.#descriptor)
    } catch (error) {
      throw storeError('sync', this.#file, error)
    }
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#release()
    // Nobody writes to a descriptor that may soon be another file's.
    this.#behind.waitFor(this.#command)
    this.#behind.closed(this.#number)
    try {
      closeSync(this.#descriptor)
    } catch (error) {
      throw storeError('close', this.#file, error)
    }
  }

  #release(): void {
    if (this.#isReleased) return
    this.#isReleased = true
    this.#command = this.#behind.release(this.#number, this.#descriptor)
  }

  #requireDone(command: number): void {
    if (!this.#behind.waitFor(command))
      throw storeError('write', this.#file, new Error('the thread that writes it ended before its time'))
    this.#requireSound()
  }

  #requireSound(): void {
    const failure = this.#behind.failureOf(this.#number)
    if (failure !== undefined) throw storeError('write', this.#file, Object.assign(new Error(failure.message), failure))
  }
}

/** That of this thread. */
export const ownWriteBehind = new WriteBehind()
