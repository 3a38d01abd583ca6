/**
 * Rows as files of at most so many rows. A file is written under another name, synced and renamed: whatever happens, a file with its own name is whole. Syncing waits for the
 * disk, so some files are complete before the first of them is synced, and by then the system has written most of it.
 */
import { randomBytes } from 'node:crypto'
import { checkInterrupt } from '../../runtime/interrupt.ts'
import type { ColumnSchema, Table, Vector } from '../../runtime/values/index.ts'
import type { FileStore, FileWriter } from '../store/file-store.ts'
import { CsvWriter } from './csv/write.ts'
import { dataFileName, takenMeanwhile, UNFINISHED } from './layout.ts'
import type { ExportOptions } from './options.ts'
import { ParquetEncoder } from './parquet/write.ts'

/** Writes the rows of one file. */
export interface FileEncoder {
  begin(file: FileWriter): void
  rows(columns: readonly Vector[], from: number, to: number): void
  end(): void
}

const UNSYNCED_FILES = 16

export class ExportFiles {
  readonly #store: FileStore
  readonly #folder: string
  readonly #options: ExportOptions
  readonly #encoder: FileEncoder
  /** Of files that are not complete: two exports that begin at the same time must not write into one file. */
  readonly #suffix = `.${randomBytes(4).toString('hex')}${UNFINISHED}`
  #file: { readonly path: string; readonly writer: FileWriter; rows: number } | undefined
  #complete: { readonly path: string; readonly writer: FileWriter }[] = []
  #count = 0
  rows = 0
  bytes = 0

  constructor(store: FileStore, folder: string, columns: readonly ColumnSchema[], options: ExportOptions) {
    this.#store = store
    this.#folder = folder
    this.#options = options
    this.#encoder = encoderOf(columns, options)
  }

  add(table: Table): void {
    const { chunkRows } = this.#options
    for (let from = 0; from < table.rows; ) {
      checkInterrupt()
      const file = this.#file ?? this.#open()
      const room = chunkRows === 0 ? table.rows : chunkRows - file.rows
      const to = Math.min(table.rows, from + room)
      this.#encoder.rows(table.columns, from, to)
      file.rows += to - from
      this.rows += to - from
      from = to
      if (file.rows === chunkRows) this.#close()
    }
  }

  /** All is on the disk, under its name. */
  finish(): void {
    if (this.#file !== undefined) this.#close()
    while (this.#complete.length > 0) this.#publish()
    if (this.#count > 0) this.#store.syncDirectory(this.#folder)
  }

  /** After an error: whole files stay, the others go. */
  abandon(): void {
    const left = [...this.#complete, ...(this.#file === undefined ? [] : [this.#file])]
    this.#file = undefined
    this.#complete = []
    for (const { path, writer } of left) {
      writer.close()
      this.#store.remove(path + this.#suffix)
    }
  }

  #open(): { readonly path: string; readonly writer: FileWriter; rows: number } {
    const name = dataFileName(this.#count++, this.#options.format)
    const path = this.#folder === '' ? name : `${this.#folder}/${name}`
    this.#file = { path, writer: this.#store.openWrite(path + this.#suffix), rows: 0 }
    this.#encoder.begin(this.#file.writer)
    return this.#file
  }

  #close(): void {
    const { path, writer } = this.#file!
    this.#encoder.end()
    this.bytes += writer.bytesWritten
    writer.startWriteback()
    this.#complete.push({ path, writer })
    this.#file = undefined
    if (this.#complete.length > UNSYNCED_FILES) this.#publish()
  }

  #publish(): void {
    const { path, writer } = this.#complete[0]
    writer.sync()
    writer.close()
    this.#complete.shift()
    const isTaken = this.#store.stat(path) !== undefined
    if (isTaken) this.#store.remove(path + this.#suffix)
    else this.#store.rename(path + this.#suffix, path)
    if (isTaken) throw takenMeanwhile(this.#store, path)
  }
}

function encoderOf(columns: readonly ColumnSchema[], { format, csv, header, product }: ExportOptions): FileEncoder {
  if (format === 'parquet') return new ParquetEncoder(columns, product)
  return new CsvEncoder(columns, new CsvWriter(csv, columns.length), header)
}

class CsvEncoder implements FileEncoder {
  readonly #columns: readonly ColumnSchema[]
  readonly #writer: CsvWriter
  readonly #hasHeader: boolean
  #file: FileWriter | undefined

  constructor(columns: readonly ColumnSchema[], writer: CsvWriter, hasHeader: boolean) {
    this.#columns = columns
    this.#writer = writer
    this.#hasHeader = hasHeader
  }

  begin(file: FileWriter): void {
    this.#file = file
    if (this.#hasHeader)
      this.#writer.header(
        this.#columns.map((c) => c.name),
        file,
      )
  }

  rows(columns: readonly Vector[], from: number, to: number): void {
    this.#writer.rows(columns, from, to, this.#file!)
  }

  end(): void {}
}
