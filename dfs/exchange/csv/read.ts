/** Reads a text file as batches of typed columns. */
import { isUtf8 } from 'node:buffer'
import { inputError } from '../../../runtime/errors.ts'
import { type ColumnSchema, typeName } from '../../../runtime/values/index.ts'
import type { FileReader } from '../../store/file-store.ts'
import type { FileBatch } from '../batch.ts'
import { columnBuilder } from './columns.ts'
import type { CsvFormat, Rejection } from './format.ts'
import { CsvScanner, fieldText, type RowBlock } from './scanner.ts'

const BLOCK_ROWS = 4096
const VALUE_TEXT_MAX = 60

/** Whether the file begins with the names of the columns: said so, or to be found out. */
export type Header = boolean | 'detect'

/**
 * Yields batches of at most `batchRows` rows. A header names all the columns, in any order. To find out whether there is one takes a column whose values are no
 * texts; where there is none, a first line that holds just the names is an error.
 */
export function* readCsv(
  reader: FileReader,
  file: string,
  columns: readonly ColumnSchema[],
  format: CsvFormat,
  header: Header,
  batchRows: number,
): Generator<FileBatch> {
  const scanner = new CsvScanner(reader, format, columns.length, Math.min(BLOCK_ROWS, batchRows))
  const order = header === false ? undefined : headerOrder(scanner.peekFirst(), file, columns, header)
  if (order !== undefined) scanner.skipFirst()
  const fields = order ?? columns.map((_, k) => k)
  const builders = columns.map((column) => columnBuilder(column, format))
  const bad = new Int32Array(BLOCK_ROWS)
  let rows = 0
  let lines = new Int32Array(0)
  let dropped: number[] = []
  let rejected: Rejection[] = []
  const finish = (): FileBatch => {
    const read = rows
    const keep = dropped.length === 0 ? undefined : keptRows(read, dropped)
    const batch: FileBatch = {
      columns: builders.map((b) => (keep === undefined ? b.finish() : b.finish().gather(keep))),
      rows: keep?.length ?? read,
      lines: keep === undefined ? lines.slice(0, read) : keep.map((k) => lines[k]),
      rejected,
      bytesDone: scanner.bytesDone,
    }
    rows = 0
    dropped = []
    rejected = []
    return batch
  }
  for (;;) {
    const block = scanner.next(Math.min(BLOCK_ROWS, batchRows - rows))
    for (const rejection of scanner.takeRejected()) rejected.push(rejection)
    if (block === undefined) break
    if (block.rows === 0) {
      yield finish()
      continue
    }
    bad.fill(0, 0, block.rows)
    for (let c = 0; c < builders.length; c++) builders[c].add(block, fields[c], bad)
    markInvalidUtf8(block, bad)
    if (rows + block.rows > lines.length) {
      const larger = new Int32Array(Math.max(lines.length * 2, rows + block.rows))
      larger.set(lines)
      lines = larger
    }
    lines.set(block.lines.subarray(0, block.rows), rows)
    for (let r = 0; r < block.rows; r++) {
      if (bad[r] === 0) continue
      dropped.push(rows + r)
      rejected.push(rejection(block, r, bad[r], fields, columns, format))
    }
    rows += block.rows
    if (rows >= batchRows || rejected.length >= batchRows) yield finish()
  }
  if (rows > 0 || rejected.length > 0) yield finish()
}

/** The field of each column if the file has a header. */
function headerOrder(
  first: readonly string[] | undefined,
  file: string,
  columns: readonly ColumnSchema[],
  header: true | 'detect',
): number[] | undefined {
  if (first === undefined) return undefined
  const names = first.map((name) => name.trim().toLowerCase())
  const order = columns.map((c) => names.indexOf(c.name.toLowerCase()))
  const isHeader = first.length === columns.length && order.every((k) => k >= 0)
  if (header === true) {
    if (isHeader) return order
    throw inputError(
      `The first line of ${file} does not name the columns ${columns.map((c) => c.name).join(', ')}: it holds ${first.slice(0, 20).join(', ')}.`,
      { code: 'csvHeader', where: { file }, hint: 'leave column_name out if the file has no header' },
    )
  }
  if (!isHeader) return undefined
  const areTexts = columns.every(
    (c) => typeName(c.type) === 'STRING' || typeName(c.type) === 'SYMBOL' || typeName(c.type) === 'BLOB',
  )
  if (!areTexts) return order
  throw inputError(`The first line of ${file} may be a header or a row: it holds the names of the columns.`, {
    code: 'csvHeader',
    where: { file },
    hint: "say WITH column_name if it is a header, column_name = 'false' if it is a row",
  })
}

/** Marks rows whose bytes are no UTF-8; the number stands behind those of all columns. */
function markInvalidUtf8(block: RowBlock, bad: Int32Array): void {
  const { bytes, rows, recordStarts, recordEnds } = block
  if (isUtf8(bytes.subarray(recordStarts[0], recordEnds[rows - 1]))) return
  for (let r = 0; r < rows; r++)
    if (bad[r] === 0 && !isUtf8(bytes.subarray(recordStarts[r], recordEnds[r]))) bad[r] = block.width + 1
}

function rejection(
  block: RowBlock,
  r: number,
  mark: number,
  fields: readonly number[],
  columns: readonly ColumnSchema[],
  format: CsvFormat,
): Rejection {
  const { bytes, width, starts, ends, kinds, recordStarts, recordEnds, lines } = block
  const record = bytes.toString('utf8', recordStarts[r], recordEnds[r])
  if (mark > width) return { line: lines[r], column: '', reason: 'it is not valid UTF-8', record }
  // Marks count fields, in the order of the file.
  const column = columns[fields.indexOf(mark - 1)]
  const cell = r * width + mark - 1
  const text = fieldText(bytes, starts[cell], ends[cell], kinds[cell], format)
  const shown = text.length > VALUE_TEXT_MAX ? `${text.slice(0, VALUE_TEXT_MAX)}...` : text
  const reason = `"${shown}" is no ${typeName(column.type, column.scale)}`
  return { line: lines[r], column: column.name, reason, record }
}

function keptRows(rows: number, dropped: readonly number[]): Int32Array {
  const kept = new Int32Array(rows - dropped.length)
  let d = 0
  let at = 0
  for (let k = 0; k < rows; k++) {
    if (dropped[d] === k) d++
    else kept[at++] = k
  }
  return kept
}
