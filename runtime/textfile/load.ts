/** Reads a text file into tables, whole or in batches. */
import { inputError } from '../errors.ts'
import { Table } from '../values/table.ts'
import type { TypeId } from '../values/types.ts'
import { columnBuilder } from './builders.ts'
import { inferLayout } from './infer.ts'
import { openRows, type RowSource } from './splitter.ts'

/** One column to read. */
export interface ColumnPlan {
  readonly name: string
  readonly type: TypeId
  readonly scale: number
  /** Temporal format, empty for the usual one. */
  readonly format: string
  /** Field of the file, 0-based. */
  readonly field: number
}

export interface TextOptions {
  readonly delimiter: string
  readonly skipRows: number
  /** Undefined: the first line is a header unless one of its fields starts with a digit. */
  readonly containHeader: boolean | undefined
  /** Undefined: inferred from the first rows. */
  readonly columns: readonly ColumnPlan[] | undefined
  readonly arrayDelimiter: string
}

/** The columns and whether the file starts with a header. */
export function planColumns(file: string, o: TextOptions): { columns: readonly ColumnPlan[]; hasHeader: boolean } {
  const layout = inferLayout(file, o.delimiter, o.skipRows, o.containHeader)
  if (o.columns !== undefined) return { columns: o.columns, hasHeader: layout.hasHeader }
  const columns = layout.columns.map((c, field) => ({ name: c.name, type: c.type, scale: 0, format: '', field }))
  return { columns, hasHeader: layout.hasHeader }
}

/**
 * Yields the rows in batches of at most `batchRows`, at least one batch (which may be empty). SYMBOL columns of all batches share their
 * symbols. Closing the iterator closes the file.
 */
export function readTextBatches(file: string, o: TextOptions, batchRows: number): Generator<Table> {
  const { columns, hasHeader } = planColumns(file, o)
  return batchesOf(file, o, columns, batchRows, (source) => {
    source.skipLines(o.skipRows)
    if (hasHeader) source.next()
  })
}

/** A run of whole rows of a file. */
export interface TextChunk {
  /** Byte at which its first row starts. */
  readonly start: number
  readonly rows: number
}

/** Cuts the file into chunks of about `bytes`, each of whole rows; reads it once, keeping nothing of it. A file without rows has no chunks. */
export function textChunks(file: string, o: TextOptions, bytes: number): TextChunk[] {
  const { hasHeader } = planColumns(file, o)
  const source = openRows(file, o.delimiter)
  try {
    source.skipLines(o.skipRows)
    if (hasHeader) source.next()
    const chunks: TextChunk[] = []
    let start = source.position
    let rows = 0
    while (source.next()) {
      rows++
      if (source.position - start < bytes) continue
      chunks.push({ start, rows })
      start = source.position
      rows = 0
    }
    if (rows > 0) chunks.push({ start, rows })
    return chunks
  } finally {
    source.close()
  }
}

/** The rows of a chunk as a table. `columns` are those of the whole file. */
export function readTextChunk(file: string, o: TextOptions, columns: readonly ColumnPlan[], chunk: TextChunk): Table {
  const batches = batchesOf(file, o, columns, chunk.rows, () => undefined, chunk.start)
  try {
    return batches.next().value as Table
  } finally {
    batches.return(undefined)
  }
}

/** `skip` passes over what stands before the rows. */
function* batchesOf(
  file: string,
  o: TextOptions,
  columns: readonly ColumnPlan[],
  batchRows: number,
  skip: (source: RowSource) => void,
  start = 0,
): Generator<Table> {
  if (columns.length === 0) throw inputError('The schema has no columns.', { code: 'textSchema' })
  const builders = columns.map((c) =>
    columnBuilder({ type: c.type, scale: c.scale, format: c.format, arrayDelimiter: o.arrayDelimiter }),
  )
  const fields = Int32Array.from(columns, (c) => c.field)
  const finish = (): Table =>
    new Table(
      columns.map((c) => c.name),
      builders.map((b) => b.finish()),
    )
  const source = openRows(file, o.delimiter, start)
  try {
    skip(source)
    const { row } = source
    let rows = 0
    let batches = 0
    while (source.next()) {
      for (let c = 0; c < builders.length; c++) {
        const f = fields[c]
        if (f < row.count) builders[c].push(row.bytes, row.starts[f], row.ends[f])
        else builders[c].push(row.bytes, 0, 0)
      }
      if (++rows === batchRows) {
        yield finish()
        rows = 0
        batches++
      }
    }
    if (rows > 0 || batches === 0) yield finish()
  } finally {
    source.close()
  }
}

/** The whole file as one table. */
export function readText(file: string, o: TextOptions): Table {
  const [table] = readTextBatches(file, o, Number.POSITIVE_INFINITY)
  return table
}
