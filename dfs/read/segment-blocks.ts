/**
 * The rows of one segment, or of small appends, as a table has its columns now: by stored names; what was added to the table since is null. Batches that
 * cannot hold a row that satisfies a predicate are not read.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import { checkInterrupt } from '../../runtime/interrupt.ts'
import {
  type ColumnPredicate,
  newVector,
  type SymbolBase,
  SymbolVector,
  T,
  typeName,
  type Vector,
} from '../../runtime/values/index.ts'
import { type SegmentRef, type StoredColumn, storedName, type TableRecord } from '../catalog/types.ts'
import type { DeltaBlock } from '../delta/block.ts'
import { decodeBlocks, deltaColumns } from '../delta/codec.ts'
import { segmentMayMatch } from '../partition/prune.ts'
import type { ReadMemory } from '../segment/batch-memory.ts'
import { SegmentReader, type VerifiedBuffers } from '../segment/index.ts'
import type { FileSource, StoreAddress } from '../store/file-store.ts'

/** What reading takes. `baseOf` gives the one symbol base of a stored SYMBOL column. */
export interface ReadAccess {
  readonly files: FileSource
  /** Where another thread finds the files, if it may read them. */
  readonly address?: StoreAddress | undefined
  readonly baseOf: (storedName: string) => SymbolBase
  /** Checks the checksum of every buffer, or of those that are not known to be whole. */
  readonly verify?: boolean | VerifiedBuffers
  /** Where batches are read to, each over the one before; default: memory of its own for each. */
  readonly memory?: ReadMemory
}

/** Whether any row of the segment can satisfy the predicate. */
export function mayMatch(table: TableRecord, segment: SegmentRef, predicate: ColumnPredicate | undefined): boolean {
  return predicate === undefined || segmentMayMatch(segment.minMax, table.columns, predicate, neverNull(table, segment))
}

/** Columns without nulls, by name: partition columns, and those that were seen to have none. */
function neverNull(
  table: TableRecord,
  { minMax, nulls }: Pick<SegmentRef, 'minMax' | 'nulls'>,
): { has(column: string): boolean } {
  return {
    has: (name) => {
      if (table.partitionColumns.includes(name)) return true
      const column = table.columns.find((c) => c.name === name)
      if (column === undefined || nulls === undefined) return false
      const stored = storedName(column)
      return minMax[stored] !== undefined && (nulls[stored] ?? 0) === 0
    },
  }
}

export function* segmentBlocks(
  access: ReadAccess,
  table: TableRecord,
  segment: SegmentRef,
  columns: readonly StoredColumn[],
  predicate: ColumnPredicate | undefined,
): Generator<Vector[]> {
  const reader = new SegmentReader(access.files, segment.file, access, segment)
  try {
    const positions = columns.map((c) => positionOf(reader, c))
    const present = positions.filter((p) => p >= 0)
    for (let batch = 0; batch < reader.batchCount; batch++) {
      checkInterrupt()
      const rows = reader.batchRows(batch)
      if (rows === 0 || !batchMayMatch(reader, batch, table, predicate)) continue
      const found = reader.readBatch(batch, present)
      let next = 0
      yield positions.map((p, k) => (p >= 0 ? found[next++] : nulls(columns[k], rows, access)))
    }
  } finally {
    reader.close()
  }
}

export function batchMayMatch(
  reader: SegmentReader,
  batch: number,
  table: TableRecord,
  predicate: ColumnPredicate | undefined,
): boolean {
  if (predicate === undefined) return true
  const ranges = reader.batchRanges(batch)
  return ranges === undefined || segmentMayMatch(ranges.minMax, table.columns, predicate, neverNull(table, ranges))
}

/** Place of a column in a segment; -1 if the segment is older than the column. */
export function positionOf(reader: SegmentReader, column: StoredColumn): number {
  const name = storedName(column)
  const k = reader.schema.findIndex((c) => c.name === name)
  if (k >= 0 && (reader.schema[k].type !== column.type || (reader.schema[k].scale ?? 0) !== (column.scale ?? 0)))
    throw new HoldfastError(
      'data',
      `The segment file ${reader.file} has the column ${name} as ${typeName(reader.schema[k].type, reader.schema[k].scale)} instead of ${typeName(column.type, column.scale)}.`,
      { code: 'segmentColumn', where: { file: reader.file, column: column.name } },
    )
  return k
}

/** All rows of some small appends. */
export function deltaRows(
  access: ReadAccess,
  blocks: readonly DeltaBlock[],
  columns: readonly StoredColumn[],
): Vector[] {
  const vectors = decodeBlocks(blocks, deltaColumns(columns), access.baseOf)
  for (const v of vectors) v.frozen = true
  return vectors
}

function nulls(column: StoredColumn, rows: number, access: ReadAccess): Vector {
  const v =
    column.type === T.SYMBOL
      ? new SymbolVector(new Int32Array(rows), access.baseOf(storedName(column)))
      : newVector(column.type, rows, 'null', column.scale)
  v.frozen = true
  return v
}
