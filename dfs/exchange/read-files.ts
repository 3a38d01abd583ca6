/**
 * The files of an import as batches of typed rows: read by the session's thread itself, or by reader threads, while the session appends what they have read. With one
 * reader thread the files come in their order; with several each takes the next file that nobody has taken, and their batches come as they are ready.
 */
import type { ColumnSchema } from '../../runtime/values/index.ts'
import type { FileReader, FileStore } from '../store/file-store.ts'
import type { FileBatch } from './batch.ts'
import { readCsv } from './csv/read.ts'
import type { ImportOptions } from './options.ts'
import { readParquet } from './parquet/read.ts'
import { ReaderThread } from './reader-threads.ts'

/** What reading needs to know; plain data. */
export interface FilePlan {
  readonly columns: readonly ColumnSchema[]
  readonly options: Pick<ImportOptions, 'format' | 'header' | 'csv'>
  readonly batchRows: number
}

export type FileEvent =
  | { readonly kind: 'batch'; readonly file: string; readonly batch: FileBatch }
  /** All of the file has been read. */
  | { readonly kind: 'end'; readonly file: string }

/** Less than this is read before a thread has started. */
const THREADS_FROM_BYTES = 16 << 20

export const readFile = (
  reader: FileReader,
  file: string,
  { columns, options, batchRows }: FilePlan,
): Iterable<FileBatch> =>
  options.format === 'parquet'
    ? readParquet(reader, file, columns, batchRows)
    : readCsv(reader, file, columns, options.csv, options.header, batchRows)

/** Closing the iterator ends the threads. */
export function readFiles(
  store: FileStore,
  files: readonly string[],
  bytes: number,
  threads: number,
  plan: FilePlan,
): Iterable<FileEvent> {
  if (store.address?.kind !== 'local' || bytes < THREADS_FROM_BYTES) return readHere(store, files, plan)
  return readByThreads(store.address.root, files, Math.min(threads, files.length), plan)
}

function* readHere(store: FileStore, files: readonly string[], plan: FilePlan): Generator<FileEvent> {
  for (const file of files) {
    const reader = store.openRead(file)
    try {
      for (const batch of readFile(reader, file, plan)) yield { kind: 'batch', file, batch }
    } finally {
      reader.close()
    }
    yield { kind: 'end', file }
  }
}

/** Whatever their size. */
export function* readByThreads(
  root: string,
  files: readonly string[],
  count: number,
  plan: FilePlan,
): Generator<FileEvent> {
  const waiting = [...files]
  const changes = new Int32Array(new SharedArrayBuffer(4))
  const threads = Array.from({ length: count }, () => new ReaderThread(root, plan, changes))
  try {
    let busy = 0
    for (const thread of threads) {
      const file = waiting.shift()
      if (file === undefined) continue
      thread.read(file)
      busy++
    }
    while (busy > 0) {
      const seen = Atomics.load(changes, 0)
      let event: FileEvent | undefined
      for (const thread of threads) {
        event = thread.received()
        if (event === undefined) continue
        if (event.kind === 'end') {
          const next = waiting.shift()
          if (next === undefined) busy--
          else thread.read(next)
        }
        yield event
      }
      if (event === undefined) for (const thread of threads) thread.await(seen)
    }
  } finally {
    for (const thread of threads) thread.end()
  }
}
