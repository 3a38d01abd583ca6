/** Rows out of a set: of a file of a query, or of a chunk as its table shows it. Every byte is checked before it is used. */
import { HoldfastError } from '../../runtime/errors.ts'
import { concatVectors } from '../../runtime/ops/cast.ts'
import { type ColumnSchema, newVector, SymbolBase, Table, type Vector } from '../../runtime/values/index.ts'
import { chunkBatches } from '../read/chunk.ts'
import { positionOf } from '../read/segment-blocks.ts'
import { SegmentReader } from '../segment/index.ts'
import { factsOf, type SetChunk, type SetFile, type TableIndex } from './meta.ts'
import { type BackupSet, setFilePath } from './open.ts'
import { explain, Pipeline } from './pipeline.ts'

/** All rows of a file that holds rows of a query. */
export function fileRows(set: BackupSet, index: TableIndex, chunk: SetChunk, file: SetFile): Table {
  const path = requireSound(set, index, chunk, file)
  const reader = new SegmentReader(set.store, path, { verify: true }, file)
  try {
    const { columns } = index.query!
    for (const column of columns) positionOf(reader, column)
    return stacked(columns, [...reader.batches(columns.map((c) => c.name))])
  } finally {
    reader.close()
  }
}

/** All rows of a partition, as its table shows them or as the query gave them. */
export function chunkRows(set: BackupSet, index: TableIndex, chunk: SetChunk): Table {
  if (index.query !== undefined)
    return stacked(
      index.query.columns,
      chunk.files.map((file) => fileRows(set, index, chunk, file)),
    )
  const { table } = index
  const segments = chunk.files.map((file) => ({ file: requireSound(set, index, chunk, file), ...factsOf(file) }))
  const bases = new Map<string, SymbolBase>()
  const baseOf = (column: string): SymbolBase => {
    const base = bases.get(column) ?? new SymbolBase()
    bases.set(column, base)
    return base
  }
  const access = { files: set.store, baseOf, verify: true }
  const names = table.columns.map((c) => c.name)
  return stacked(table.columns, [...chunkBatches(access, table, { segments }, names)])
}

/** Where the file lies; throws if it is not what the index says. */
function requireSound(set: BackupSet, index: TableIndex, chunk: SetChunk, file: SetFile): string {
  const { url } = index.database
  const path = setFilePath(url, index.table.name, chunk, file)
  const check = new Pipeline().check(set.store, path, file, () => {})
  if (check.kind === 'ok') return path
  set.assertCurrent()
  throw new HoldfastError(
    'data',
    `The file ${path} of chunk ${chunk.chunkId} (${url}${chunk.path}, table ${index.table.name}) is damaged in the backup: ${explain(check)}.`,
    {
      code: 'chunkChecksum',
      where: { db: url, table: index.table.name, partition: chunk.path, chunk: chunk.chunkId, file: path },
      hint: 'checkBackup lists all damage; back up again with force=true while the table is there',
    },
  )
}

/** Tables of these columns as one. */
function stacked(columns: readonly ColumnSchema[], tables: readonly Table[]): Table {
  const names = columns.map((c) => c.name)
  const vectors = columns.map(({ type, scale = 0 }, k): Vector => {
    if (tables.length === 0) return newVector(type, 0, 'zero', scale)
    return concatVectors(
      tables.map((t) => t.columns[k]),
      type,
      scale,
    )
  })
  return new Table(names, vectors)
}
