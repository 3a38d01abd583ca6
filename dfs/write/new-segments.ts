/**
 * New segment files of one table: written in the order that its engine asks for, made durable together, or removed together. Every way to write rows goes
 * through here: appends, rewrites, flushes of small appends, compaction.
 */
import { randomUUID } from 'node:crypto'
import type { Vector } from '../../runtime/values/index.ts'
import { type SegmentRef, segmentColumns, type TableRecord } from '../catalog/types.ts'
import { isCommitUnknown } from '../engine/commit-unknown.ts'
import { orderedRows, orderMarks, type RowOrder, rowOrder } from '../read/order.ts'
import { type SegmentStream, SegmentWriter, type UnfinishedSegment } from '../segment/index.ts'
import type { FileStore } from '../store/file-store.ts'
import { foldersUpFrom, parentOf } from '../store/paths.ts'
import { UnsyncedFiles } from '../store/unsynced-files.ts'
import type { WriteBehind } from '../store/write-behind.ts'

/** Folder of a chunk's segments. */
export const chunkFolderOf = (table: TableRecord, path: string): string =>
  `chunks/${table.db.slice('dfs://'.length)}${path}/${table.name}`

export class NewSegments {
  readonly #files: FileStore
  readonly #table: TableRecord
  readonly #writer: SegmentWriter
  readonly #unsynced = new UnsyncedFiles()
  readonly #written: string[] = []
  /** The last one: its end is written when the next one's rows are. */
  #unsealed: UnfinishedSegment | undefined

  /** With `behind` the writing of large files may be left to another thread. */
  constructor(files: FileStore, table: TableRecord, behind?: WriteBehind) {
    this.#files = files
    this.#table = table
    this.#writer = new SegmentWriter(files, segmentColumns(table.columns), this.#unsynced, behind)
  }

  /**
   * Rows of a chunk (all, or those at the positions) as one segment, without those that others of them hide. The vectors are the table's columns, in its order.
   */
  write(path: string, columns: readonly Vector[], positions?: Int32Array): SegmentRef {
    return this.writeLater(path, columns, positions)()
  }

  /** The same for one segment of many: what it became is asked for when all are written. */
  writeLater(path: string, columns: readonly Vector[], positions?: Int32Array): () => SegmentRef {
    const order = rowOrder(this.#table)
    const rows = order === undefined ? positions : orderedRows(order, this.#keysOf(order, columns), positions)
    const range = { rows, from: 0, to: rows?.length ?? columns[0].length }
    const written = this.#writer.writeLater(this.#newFile(path), columns, range)
    const before = this.#unsealed
    this.#unsealed = written
    try {
      before?.seal()
    } catch (error) {
      before?.close()
      throw error
    }
    return () => ({ ...written.ref(), ...orderMarks(order) })
  }

  /**
   * Begins a segment whose rows come in pieces, in the table's order and without hidden ones already. Vectors `like` those of the pieces: see
   * `SegmentWriter.stream`.
   */
  begin(path: string, like: readonly Vector[]): SegmentStream {
    return this.#writer.stream(this.#newFile(path), like)
  }

  #newFile(path: string): string {
    const file = `${chunkFolderOf(this.#table, path)}/${randomUUID()}.arrow`
    this.#written.push(file)
    return file
  }

  /** Makes the files and their names durable. Call before the commit. */
  syncFolders(): void {
    this.#unsealed?.seal()
    this.#unsealed = undefined
    this.#unsynced.syncAll()
    const folders = new Set(this.#written.flatMap((file) => foldersUpFrom(parentOf(file))))
    // Deepest first: a folder's own entry is in the one above it.
    for (const folder of [...folders].sort((a, b) => b.length - a.length)) this.#files.syncDirectory(folder)
  }

  /** The write has failed: removes every file, unless the commit may count after all. Then the next start removes them, or uses them. */
  removeAfter(failure: unknown): void {
    if (isCommitUnknown(failure)) return
    try {
      this.remove()
    } catch {
      // What led here is the failure to be reported. The sweep after an unclean end finds the files.
    }
  }

  /** Nothing was committed: removes every file. */
  remove(): void {
    this.#unsealed?.close()
    this.#unsealed = undefined
    this.#unsynced.abandon()
    for (const file of this.#written) {
      this.#files.remove(file)
      for (let folder = parentOf(file); folder !== '' && folder !== 'chunks'; folder = parentOf(folder))
        this.#files.removeEmptyDirectory(folder)
    }
  }

  #keysOf(order: RowOrder, columns: readonly Vector[]): Vector[] {
    return order.keys.map((key) => columns[this.#table.columns.indexOf(key)])
  }
}
