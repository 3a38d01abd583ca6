/**
 * Entry of the thread that reads ahead of a session's scans (ahead-task.ts). It sleeps in `Atomics.wait`, never in an event loop, ends by itself when it has had
 * nothing to do for a while, and with the session's thread, whose child it is. It loads the store and the checksum, and writes to no file.
 */
import { type MessagePort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { checksumOf } from '../store/checksum.ts'
import type { FileReader } from '../store/file-store.ts'
import { LocalFileStore } from '../store/local-store.ts'
import {
  AHEAD_CHANGES,
  type AheadUnit,
  slotWord,
  THREAD_GONE,
  THREAD_WAKE,
  UNIT_DONE,
  UNIT_FAILED,
  UNIT_OPEN,
  UNIT_TAKEN,
  unitWord,
} from './ahead-task.ts'

export interface AheadBoot {
  readonly port: MessagePort
  readonly words: SharedArrayBuffer
  readonly idleMs: number
}

const { port, words, idleMs } = workerData as AheadBoot
const own = new Int32Array(words)
/** A file stays open for the next unit so long. */
const OPEN_MS = 50

let open: { readonly key: string; readonly reader: FileReader } | undefined

function close(): void {
  const last = open
  open = undefined
  last?.reader.close()
}

function readerOf({ store, file }: AheadUnit): FileReader {
  const key = `${store.root}\0${file}`
  if (open?.key !== key) {
    close()
    open = { key, reader: new LocalFileStore(store.root, store).openRead(file) }
  }
  return open.reader
}

function work(unit: AheadUnit): void {
  const shared = new Int32Array(unit.words)
  const word = slotWord(unit.slot)
  const taken = unitWord(unit.unit, UNIT_TAKEN)
  const before = unitWord(unit.unit, UNIT_OPEN)
  // The session may have taken it, and the slot may be another unit's by now.
  if (Atomics.compareExchange(shared, word, before, taken) !== before) return
  let state = UNIT_FAILED
  try {
    if (readWhole(unit)) state = UNIT_DONE
  } catch {
    // What is wrong with the file, the session finds and tells when it reads it itself.
  } finally {
    Atomics.store(shared, word, unitWord(unit.unit, state))
    Atomics.add(shared, AHEAD_CHANGES, 1)
    Atomics.notify(shared, AHEAD_CHANGES)
  }
}

/** Whether all buffers are there and are what was written. */
function readWhole(unit: AheadUnit): boolean {
  const reader = readerOf(unit)
  for (const { offset, bytes, checksum, at } of unit.buffers) {
    const view = new Uint8Array(unit.memory, at, bytes)
    if (reader.read(view, offset) < bytes) return false
    if (checksum !== undefined && checksumOf(view) !== checksum) return false
  }
  return true
}

// However this thread ends, the session must not wait for it.
process.on('exit', () => {
  Atomics.store(own, THREAD_GONE, 1)
})

function serve(): void {
  for (;;) {
    // The word before the port, so that no wake-up is lost.
    const seen = Atomics.load(own, THREAD_WAKE)
    for (let got = receiveMessageOnPort(port); got !== undefined; got = receiveMessageOnPort(port))
      for (const unit of got.message as readonly AheadUnit[]) work(unit)
    if (Atomics.wait(own, THREAD_WAKE, seen, OPEN_MS) !== 'timed-out') continue
    close()
    if (Atomics.wait(own, THREAD_WAKE, seen, idleMs) === 'timed-out') break
  }
  port.close()
}

// From the event loop: Node 24 aborts the whole process when a thread is terminated while it still evaluates a module that has awaited.
setImmediate(serve)
