/** A table's chunks as the runtime reads them: pruned by scheme, scanned batch by batch. */
import type { ColumnPredicate, SourcePartition, Table, TableSnapshot } from '../../runtime/values/index.ts'
import type { ChunkRecord, DatabaseRecord, TableRecord } from '../catalog/types.ts'
import { pruner } from '../partition/prune.ts'
import { BatchMemory } from '../segment/batch-memory.ts'
import { chunkBatches, columnOf } from './chunk.ts'
import { rowOrder } from './order.ts'
import { type AheadOptions, type ReadAhead, readAhead } from './read-ahead.ts'
import type { ReadAccess } from './segment-blocks.ts'
import { visibleRows } from './visible-rows.ts'

/** A chunk of a snapshot. Its rows are counted when they are asked for: where rows hide others that takes reading. */
export class ChunkPartition implements SourcePartition {
  readonly path: string
  readonly chunk: ChunkRecord
  readonly #access: ReadAccess
  readonly #table: TableRecord

  constructor(access: ReadAccess, table: TableRecord, chunk: ChunkRecord) {
    this.path = chunk.path
    this.chunk = chunk
    this.#access = access
    this.#table = table
  }

  get rows(): number {
    return visibleRows(this.#access, this.#table, this.chunk)
  }
}

/** What a query reads: the chunks of a table at one commit, or of one state of a backup, until `release`. */
export class ChunkSnapshot implements TableSnapshot {
  readonly #database: DatabaseRecord
  readonly #table: TableRecord
  readonly #chunks: readonly ChunkPartition[]
  readonly #release: () => void
  readonly #access: ReadAccess
  readonly #options: AheadOptions
  #transient: ReadAccess | undefined
  #ahead: ReadAhead | undefined

  constructor(
    access: ReadAccess,
    database: DatabaseRecord,
    table: TableRecord,
    chunks: readonly ChunkRecord[],
    release: () => void,
    options: AheadOptions = {},
  ) {
    this.#options = options
    this.#database = database
    this.#table = table
    this.#access = access
    this.#chunks = chunks.map((chunk) => new ChunkPartition(access, table, chunk))
    this.#release = release
  }

  partitions(predicate?: ColumnPredicate): readonly ChunkPartition[] {
    const keep = pruner(this.#database, this.#table, predicate)
    return keep === undefined ? this.#chunks : this.#chunks.filter((p) => keep(p.path))
  }

  scan(
    partition: SourcePartition,
    columns: readonly string[],
    predicate?: ColumnPredicate,
    isTransient = false,
  ): Iterable<Table> {
    const { chunk } = partition as ChunkPartition
    // Merging holds blocks of several segments at once.
    const access = isTransient && rowOrder(this.#table) === undefined ? this.#transientAccess : this.#access
    return chunkBatches(access, this.#table, chunk, columns, predicate)
  }

  get #transientAccess(): ReadAccess {
    this.#transient ??= { ...this.#access, memory: new BatchMemory() }
    return this.#transient
  }

  expectScans(partitions: readonly SourcePartition[], columns: readonly string[], predicate?: ColumnPredicate): void {
    // Merging takes no batch before it was compared with others.
    if (rowOrder(this.#table) !== undefined) return
    this.#ahead?.end()
    this.#ahead = readAhead(
      {
        access: this.#access,
        table: this.#table,
        chunks: partitions.map((p) => (p as ChunkPartition).chunk),
        columns: columns.map((name) => columnOf(this.#table, name)),
        predicate,
      },
      this.#options,
    )
    if (this.#ahead !== undefined) this.#transient = { ...this.#access, memory: this.#ahead }
  }

  rowCount(): number {
    return this.#chunks.reduce((n, p) => n + p.rows, 0)
  }

  release(): void {
    this.#ahead?.end()
    this.#release()
  }
}
