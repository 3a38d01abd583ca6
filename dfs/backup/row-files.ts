/**
 * Rows of a query as files of a set: segments, of as many rows as fit into a fixed amount of memory. Files get names that nothing has, so none is written over.
 */
import { randomUUID } from 'node:crypto'
import { concatVectors } from '../../runtime/ops/cast.ts'
import type { ColumnSchema, Table, Vector } from '../../runtime/values/index.ts'
import { SegmentWriter } from '../segment/index.ts'
import { factsOf, type SetFile } from '../set/meta.ts'
import type { FileStore } from '../store/file-store.ts'
import { UnsyncedFiles } from '../store/unsynced-files.ts'

/** Cells that are collected before a file is written: 64 MB of numbers. */
const CELLS_MAX = 1 << 23

export class RowFiles {
  readonly #columns: readonly ColumnSchema[]
  readonly #unsynced = new UnsyncedFiles()
  readonly #writer: SegmentWriter
  readonly #onBatch: () => void
  readonly #rowsMax: number

  /** `onBatch` is called after each batch. */
  constructor(store: FileStore, columns: readonly ColumnSchema[], onBatch: () => void, cellsMax = CELLS_MAX) {
    this.#columns = columns
    this.#writer = new SegmentWriter(store, columns, this.#unsynced)
    this.#onBatch = onBatch
    this.#rowsMax = Math.max(1, Math.floor(cellsMax / columns.length))
  }

  /** The rows of one partition; none is no file. */
  write(folder: string, batches: Iterable<Table>): SetFile[] {
    const files: SetFile[] = []
    let pending: Table[] = []
    let rows = 0
    const flush = (): void => {
      if (rows > 0) files.push(this.#file(folder, pending, rows))
      pending = []
      rows = 0
    }
    for (const batch of batches) {
      if (rows > 0 && rows + batch.rows > this.#rowsMax) flush()
      pending.push(batch)
      rows += batch.rows
      this.#onBatch()
    }
    flush()
    return files
  }

  /** Everything that was written is durable, but for the names. */
  sync(): void {
    this.#unsynced.syncAll()
  }

  /** Closes what is not synced. */
  end(): void {
    this.#unsynced.abandon()
  }

  #file(folder: string, batches: readonly Table[], rows: number): SetFile {
    const name = `${randomUUID()}.arrow`
    const vectors = this.#columns.map(
      ({ type, scale }, k): Vector =>
        batches.length === 1
          ? batches[0].columns[k]
          : concatVectors(
              batches.map((b) => b.columns[k]),
              type,
              scale,
            ),
    )
    const { file: _, ...facts } = this.#writer.write(`${folder}/${name}`, vectors, {
      rows: undefined,
      from: 0,
      to: rows,
    })
    return { name, ...factsOf(facts) }
  }
}
