/** Entry of a thread that reads files of an import (reader-threads.ts says how it is spoken to). */
import { workerData } from 'node:worker_threads'
import { encodeError } from '../../runtime/error-message.ts'
import { toHoldfastError } from '../../runtime/errors.ts'
import { bindInterrupt, checkInterrupt } from '../../runtime/interrupt.ts'
import { encodeValue, Table } from '../../runtime/values/index.ts'
import type { FileReader } from '../store/file-store.ts'
import { LocalFileStore } from '../store/local-store.ts'
import { readFile } from './read-files.ts'
import {
  READER_BEATS,
  READER_CREDITS,
  READER_GONE,
  type ReaderBoot,
  type ReaderCommand,
  type ReaderMessage,
} from './reader-threads.ts'

const boot = workerData as ReaderBoot
const words = new Int32Array(boot.words)
const changes = new Int32Array(boot.changes)
const store = new LocalFileStore(boot.root)
bindInterrupt(boot.words)

function tell(message: ReaderMessage): void {
  boot.port.postMessage(message)
  tellChange()
}

function tellChange(): void {
  Atomics.add(changes, 0, 1)
  Atomics.notify(changes, 0)
}

function read(file: string): void {
  const reader = store.openRead(file)
  try {
    for (const batch of readFile(beating(reader), file, boot.plan)) {
      // Not more than the session can take.
      while (Atomics.load(words, READER_CREDITS) === 0) Atomics.wait(words, READER_CREDITS, 0)
      Atomics.sub(words, READER_CREDITS, 1)
      checkInterrupt()
      const { columns, ...rest } = batch
      const table = new Table(
        boot.plan.columns.map((c) => c.name),
        [...columns],
      )
      tell({ kind: 'batch', batch: rest, table: encodeValue(table, { share: false }) })
    }
  } finally {
    reader.close()
  }
  tell({ kind: 'end' })
}

/** Shows that the thread lives, whenever it reads. */
const beating = (reader: FileReader): FileReader => ({
  bytes: reader.bytes,
  read: (into, offset) => {
    Atomics.add(words, READER_BEATS, 1)
    return reader.read(into, offset)
  },
  close: () => reader.close(),
})

process.on('exit', () => {
  Atomics.store(words, READER_GONE, 1)
  tellChange()
})

boot.port.on('message', ({ file }: ReaderCommand) => {
  if (file === undefined) {
    boot.port.close()
    return
  }
  try {
    read(file)
  } catch (thrown) {
    tell({ kind: 'error', error: encodeError(toHoldfastError(thrown)) })
  }
})
