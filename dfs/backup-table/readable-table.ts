/** A table of a state in the shape in which tables of a store are read: records, and chunks whose segments are files of the set. */
import type { ChunkRecord, DatabaseRecord, TableRecord } from '../catalog/types.ts'
import { schemeOrder } from '../partition/prune.ts'
import { factsOf, type SetFile, type TableIndex } from '../set/meta.ts'
import { setFilePath } from '../set/open.ts'

export interface ReadableTable {
  readonly database: DatabaseRecord
  readonly table: TableRecord
  /** In the order of the database's schemes. */
  readonly chunks: readonly ChunkRecord[]
  /** All files, by path in the set. */
  readonly files: ReadonlyMap<string, SetFile>
}

export function readableTable(index: TableIndex): ReadableTable {
  const { database } = index
  const files = new Map<string, SetFile>()
  const chunks = index.chunks.map(({ chunkId, cid, rows, updateTimeMs, path, files: ofChunk }): ChunkRecord => {
    const segments = ofChunk.map((file) => {
      const place = setFilePath(database.url, index.table.name, { path }, file)
      files.set(place, file)
      return { file: place, ...factsOf(file) }
    })
    return { chunkId, cid, rows, updateTimeMs, path, segments }
  })
  const order = schemeOrder(database)
  return { database, table: readableRecord(index), chunks: chunks.sort((a, b) => order(a.path, b.path)), files }
}

/**
 * Rows of a query have the columns of the query, stand in the order in which it gave them, and hide nothing. Its columns may have the names of partition columns and
 * other values, so that only the ranges in the files tell which of them a condition rules out.
 */
function readableRecord({ table, query }: TableIndex): TableRecord {
  if (query === undefined) return table
  const { primaryKey: _, sortKeyMapping: __, ...rest } = table
  return { ...rest, columns: query.columns, partitionColumns: [], sortColumns: [], keepDuplicates: 'ALL' }
}
