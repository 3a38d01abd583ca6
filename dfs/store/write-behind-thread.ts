/**
 * Entry of the thread that writes and hashes what another one has put into the ring. It opens each file anew by its descriptor, so that the descriptor itself stays the issuer's: to
 * sync, and to close. Closing its own is what makes ext4 begin to move the file to the disk (see LocalWriter in local-store.ts).
 *
 * After a write that failed nothing more is written to that file; the issuer hears of it and gives the file up.
 */
import { closeSync, openSync, writeSync } from 'node:fs'
import { type MessagePort, workerData } from 'node:worker_threads'
import { RunningHash } from './checksum.ts'
import {
  COMMAND_CHECKSUM,
  COMMAND_RELEASE,
  COMMAND_WRITE,
  commandAt,
  RING_DONE,
  RING_FAILURES,
  RING_ISSUED,
  RING_STATE,
  type RingCommand,
  type RingMemory,
  type RingNews,
  SLOT_BYTES,
  STATE_GONE,
  STATE_READY,
  STATE_STARTING,
  writerHasher,
} from './write-ring.ts'

export interface WriteBehindBoot {
  readonly memory: RingMemory
  readonly port: MessagePort
  readonly idleMs: number
}

const { memory, port, idleMs } = workerData as WriteBehindBoot
const words = new Int32Array(memory.control)
const hasher = writerHasher(memory)
interface OpenFile {
  readonly descriptor: number
  readonly hash: RunningHash
}

/** Files by number. */
const open = new Map<number, OpenFile>()
const failed = new Set<number>()

const tell = (news: RingNews): void => port.postMessage(news)

function carryOut(number: number, command: RingCommand): void {
  const { kind, file } = command
  try {
    switch (kind) {
      case COMMAND_WRITE:
        write(command)
        return
      case COMMAND_CHECKSUM: {
        const hash = open.get(file)?.hash ?? new RunningHash(hasher)
        tell({ kind: 'checksum', command: number + 1, checksum: hash.hex() })
        return
      }
      case COMMAND_RELEASE:
        release(file)
    }
  } catch (thrown) {
    if (failed.has(file)) return
    failed.add(file)
    const { code, message } = thrown as NodeJS.ErrnoException
    tell({ kind: 'failed', file, code, message })
    Atomics.add(words, RING_FAILURES, 1)
  }
}

/** Hashed and written in pieces that stay in the processor's cache in between. */
function write({ file, descriptor, at, bytes }: RingCommand): void {
  if (failed.has(file)) return
  let own = open.get(file)
  if (own === undefined) {
    own = { descriptor: openSync(`/proc/self/fd/${descriptor}`, 'r+'), hash: new RunningHash(hasher) }
    open.set(file, own)
  }
  const { buffer } = memory.arena
  for (let from = 0; from < bytes; from += SLOT_BYTES) {
    const length = Math.min(SLOT_BYTES, bytes - from)
    own.hash.updateAt(at + from, length)
    const piece = new Uint8Array(buffer, at + from, length)
    for (let done = 0; done < length; ) done += writeSync(own.descriptor, piece, done)
  }
}

function release(file: number): void {
  const own = open.get(file)
  open.delete(file)
  failed.delete(file)
  if (own !== undefined) closeSync(own.descriptor)
}

process.on('exit', () => {
  Atomics.store(words, RING_STATE, STATE_GONE)
  Atomics.notify(words, RING_DONE)
})

function serve(): void {
  Atomics.compareExchange(words, RING_STATE, STATE_STARTING, STATE_READY)
  for (;;) {
    const done = Atomics.load(words, RING_DONE)
    if (Atomics.load(words, RING_ISSUED) !== done) {
      carryOut(done, commandAt(words, done))
      Atomics.store(words, RING_DONE, done + 1)
      Atomics.notify(words, RING_DONE)
    } else if (
      Atomics.wait(words, RING_ISSUED, done, idleMs) === 'timed-out' &&
      Atomics.compareExchange(words, RING_STATE, STATE_READY, STATE_GONE) === STATE_READY
    )
      break
  }
  port.close()
}

// From the event loop: Node 24 aborts the whole process when a thread is terminated while it still evaluates a module that has awaited.
setImmediate(serve)
