/**
 * What differs between a state of a set and the live database, or another state: partition by partition, by their versions first, which costs nothing, and where those
 * differ by their rows. Files that both sides have are not read where rows stand as they were written.
 */
import type { ColumnSchema } from '../../runtime/values/index.ts'
import { typeName } from '../../runtime/values/index.ts'
import { type ChunkRecord, storedName } from '../catalog/types.ts'
import { chunkBatches } from '../read/chunk.ts'
import { hidesRows, rowOrder } from '../read/order.ts'
import { BatchMemory } from '../segment/batch-memory.ts'
import { sameContent } from '../set/meta.ts'
import { type ComparedRows, type RowDifference, rowDifference } from './row-difference.ts'
import type { DiffSide, DiffTable } from './sides.ts'

export type Difference =
  /** Only one side has the partition. */
  | 'onlyInBackup'
  | 'onlyInOther'
  /** Rows were added, changed or deleted. */
  | 'changed'
  /** Another version with the same rows. */
  | 'sameRows'
  /** Of a table: its columns are others. Rows are compared by the columns that both have. */
  | 'columns'

export interface ChunkDifference {
  readonly table: string
  /** Empty for what is said of the table. */
  readonly path: string
  readonly difference: Difference
  /** Rows stored on each side; undefined if that has no such partition. */
  readonly rows: number | undefined
  readonly otherRows: number | undefined
  /** undefined: not counted, or not comparable. */
  readonly counted: RowDifference | undefined
}

export interface DiffRequest {
  /** undefined: all that any side has. */
  readonly tables: readonly string[] | undefined
  readonly countsRows: boolean
}

export function diffSides(backup: DiffSide, other: DiffSide, { tables, countsRows }: DiffRequest): ChunkDifference[] {
  const names = tables ?? [...new Set([...backup.tableNames(), ...other.tableNames()])].sort()
  return names.flatMap((name) => diffTable(name, backup.table(name), other.table(name), countsRows))
}

function diffTable(
  name: string,
  backup: DiffTable | undefined,
  other: DiffTable | undefined,
  countsRows: boolean,
): ChunkDifference[] {
  const found: ChunkDifference[] = []
  if (backup !== undefined && other !== undefined && !backup.isOfQuery && columnsOf(backup) !== columnsOf(other))
    found.push({
      table: name,
      path: '',
      difference: 'columns',
      rows: undefined,
      otherRows: undefined,
      counted: undefined,
    })
  const paths = new Set([...(backup?.chunks.keys() ?? []), ...(other?.chunks.keys() ?? [])])
  for (const path of [...paths].sort()) {
    const difference = diffChunk(backup, other, path, countsRows)
    if (difference !== undefined) found.push({ table: name, path, ...difference })
  }
  return found
}

const columnsOf = ({ table }: DiffTable): string =>
  table.columns.map((c) => `${c.name} ${typeName(c.type, c.scale)}`).join()

function diffChunk(
  backup: DiffTable | undefined,
  other: DiffTable | undefined,
  path: string,
  countsRows: boolean,
): Omit<ChunkDifference, 'table' | 'path'> | undefined {
  const a = backup?.chunks.get(path)
  const b = other?.chunks.get(path)
  const rows = { rows: a?.rows, otherRows: b?.rows }
  if (backup === undefined || a === undefined)
    return {
      difference: 'onlyInOther',
      ...rows,
      counted: counts(countsRows, 0, b!, other!),
    }
  if (other === undefined || b === undefined)
    return { difference: 'onlyInBackup', ...rows, counted: counts(countsRows, 1, a, backup) }
  // What a query left out of a partition is not known, so only the versions can be compared.
  const isComparable = backup.isOfQuery === other.isOfQuery
  // Of small appends that are in memory only nobody knows which rows they hide: then, too, the commit decides, and not the number of rows.
  const countsAlike = isComparable && b.delta === undefined
  if (sameContent(a, countsAlike ? b : { ...b, rows: a.rows })) return undefined
  if (!countsRows || !isComparable) return { difference: 'changed', ...rows, counted: undefined }
  const counted = countRows(backup, a, other, b)
  const isSame = counted.onlyInFirst === 0 && counted.onlyInSecond === 0
  return { difference: isSame ? 'sameRows' : 'changed', ...rows, counted }
}

/** All rows of a partition that only one side has; hidden ones do not count. */
function counts(countsRows: boolean, isFirst: 0 | 1, chunk: ChunkRecord, of: DiffTable): RowDifference | undefined {
  if (!countsRows) return undefined
  let rows = chunk.rows
  if (hidesRows(rowOrder(of.table))) {
    rows = 0
    const [key] = rowOrder(of.table)!.keys
    for (const batch of chunkBatches(of.access, of.table, chunk, [key.name])) rows += batch.rows
  }
  return isFirst === 1 ? { onlyInFirst: rows, onlyInSecond: 0 } : { onlyInFirst: 0, onlyInSecond: rows }
}

function countRows(backup: DiffTable, a: ChunkRecord, other: DiffTable, b: ChunkRecord): RowDifference {
  const columns = backup.table.columns.filter((c) =>
    other.table.columns.some((o) => o.name === c.name && o.type === c.type && (o.scale ?? 0) === (c.scale ?? 0)),
  )
  const isPlain = !hidesRows(rowOrder(backup.table)) && !hidesRows(rowOrder(other.table))
  const isSameTable = storedColumns(backup) === storedColumns(other)
  const [left, otherLeft] = isPlain && isSameTable ? withoutShared(a, b) : [a.segments, b.segments]
  return rowDifference(columns, rowsOf(backup, a, left, columns), rowsOf(other, b, otherLeft, columns))
}

/** Which columns of its files a table shows, and as what: only where that is the same, equal files are equal rows. */
const storedColumns = ({ table }: DiffTable): string =>
  table.columns.map((c) => `${c.name} ${storedName(c)} ${typeName(c.type, c.scale)}`).join()

/** The files of each side without those that pair off with a file of the same content on the other. */
function withoutShared(a: ChunkRecord, b: ChunkRecord): [Segments, Segments] {
  const unpaired = new Map<string, number>()
  for (const segment of b.segments) unpaired.set(contentKey(segment), (unpaired.get(contentKey(segment)) ?? 0) + 1)
  const paired = new Map<string, number>()
  const take = (from: Map<string, number>, key: string): boolean => {
    const count = from.get(key) ?? 0
    if (count > 0) from.set(key, count - 1)
    return count > 0
  }
  const left = a.segments.filter((segment) => {
    const key = contentKey(segment)
    if (!take(unpaired, key)) return true
    paired.set(key, (paired.get(key) ?? 0) + 1)
    return false
  })
  return [left, b.segments.filter((segment) => !take(paired, contentKey(segment)))]
}

type Segments = ChunkRecord['segments']

const contentKey = ({ bytes, checksum }: Segments[number]): string => `${checksum}/${bytes}`

function rowsOf(
  { access, table }: DiffTable,
  chunk: ChunkRecord,
  segments: Segments,
  columns: readonly ColumnSchema[],
): ComparedRows {
  const rowsIn = (of: Segments): number => of.reduce((sum, s) => sum + s.rows, 0)
  const names = columns.map((c) => c.name)
  // A batch is hashed before the next is read; merging holds blocks of several segments at once.
  const transient = rowOrder(table) === undefined ? { ...access, memory: new BatchMemory() } : access
  return {
    // Those that are in no file yet are read too.
    rows: chunk.rows - rowsIn(chunk.segments) + rowsIn(segments),
    batches: () => chunkBatches(transient, table, { ...chunk, segments }, names),
  }
}
