/** A table's chunks as the runtime reads them: pruned by scheme, scanned batch by batch. */
import type { ColumnPredicate, SourcePartition, Table, TableSnapshot } from '../../runtime/values/index.ts'
import type { ChunkRecord, DatabaseRecord, TableRecord } from '../catalog/types.ts'
import { pruner } from '../partition/prune.ts'
import { BatchMemory } from '../segment/batch-memory.ts'
import { chunkBatches } from './chunk.ts'
import { rowOrder } from './order.ts'
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
  #transient: ReadAccess | undefined

  constructor(
    access: ReadAccess,
    database: DatabaseRecord,
    table: TableRecord,
    chunks: readonly ChunkRecord[],
    release: () => void,
  ) {
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

  rowCount(): number {
    return this.#chunks.reduce((n, p) => n + p.rows, 0)
  }

  release(): void {
    this.#release()
  }
}
