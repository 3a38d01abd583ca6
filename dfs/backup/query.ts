/** The query of a backup: metacode of a select on one stored table, run on its partitions one by one. */
import { statementOf } from '../../runtime/compile/code.ts'
import type { Host } from '../../runtime/compile/host.ts'
import { inputError } from '../../runtime/errors.ts'
import { displayValue } from '../../runtime/print/index.ts'
import type { Session } from '../../runtime/session.ts'
import { type PartitionQuery, queryByPartition } from '../../runtime/sql/index.ts'
import { type CodeValue, type Table, typeName } from '../../runtime/values/index.ts'
import type { CatalogView, ChunkRecord } from '../catalog/types.ts'
import { ChunkPartition, type ChunkSnapshot } from '../read/snapshot.ts'
import { isStorable } from '../segment/index.ts'
import type { BackupQuery } from '../set/meta.ts'
import { ChunkTableSource } from '../table-source.ts'

export class TableQuery {
  readonly url: string
  readonly table: string
  readonly description: BackupQuery
  readonly #query: PartitionQuery
  readonly #source: ChunkTableSource

  constructor(session: Session, code: CodeValue) {
    const found = statementOf(session as Host, code)
    if (found === undefined)
      throw inputError('sqlObj must be the metacode of a select, such as <select * from loadTable(...)>.', {
        code: 'backupQuery',
      })
    const query = queryByPartition(found.statement, found.scope, 'backup')
    if (!(query.source instanceof ChunkTableSource))
      throw inputError('sqlObj must select from a table of a database.', { code: 'backupQuery' })
    for (const { name, type } of query.columns)
      if (!isStorable(type))
        throw inputError(`The column [${name}] of type ${typeName(type)} can't be backed up.`, { code: 'notStorable' })
    this.#query = query
    this.#source = query.source
    this.url = query.source.db
    this.table = query.source.tableName
    this.description = { text: displayValue(code), columns: query.columns }
  }

  /** The partitions that can have rows of the result, as of a view that keeps their files. */
  at(view: CatalogView): QueriedChunks {
    const snapshot = this.#source.snapshotAt(view)
    return new QueriedChunks(this.#query, snapshot)
  }
}

export interface QueriedChunk {
  readonly chunk: ChunkRecord
  /** The rows of the query in it, in batches. */
  rows(): Iterable<Table>
}

export class QueriedChunks {
  readonly chunks: readonly QueriedChunk[]
  /** The where clause left none out. */
  readonly isWholeTable: boolean

  constructor(query: PartitionQuery, snapshot: ChunkSnapshot) {
    this.chunks = query.partitions(snapshot).map((partition) => {
      if (!(partition instanceof ChunkPartition)) throw new TypeError('a partition of another source')
      return { chunk: partition.chunk, rows: () => query.batches(snapshot, partition) }
    })
    this.isWholeTable = this.chunks.length === snapshot.partitions().length
  }
}
