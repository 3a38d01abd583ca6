/** Writes tables as delimited text, some thousand rows at a time. */
import { closeSync, existsSync, openSync, statSync, writeSync } from 'node:fs'
import { inputError } from '../errors.ts'
import { checkInterrupt } from '../interrupt.ts'
import { plainText } from '../print/index.ts'
import { rawText } from '../print/scalars.ts'
import { requireUnprotected } from '../protected-files.ts'
import type { Table } from '../values/table.ts'
import { isLiteral, T } from '../values/types.ts'
import type { Vector } from '../values/vector.ts'

const ROWS_PER_WRITE = 4096

export interface SaveOptions {
  readonly delimiter: string
  readonly append: boolean
  readonly header: boolean
  /** Writes a UTF-8 byte order mark at the start of a new file. */
  readonly bom: boolean
}

/** Writes the tables one after another; all have the columns of the first. */
export function saveTables(file: string, tables: Iterable<Table>, o: SaveOptions): void {
  requireUnprotected(file)
  const fresh = !o.append || !existsSync(file) || statSync(file).size === 0
  let fd: number
  try {
    fd = openSync(file, o.append ? 'a' : 'w')
  } catch (cause) {
    throw inputError(`Failed to open file [${file}]: ${(cause as Error).message}`, { code: 'fileOpen', cause })
  }
  try {
    if (fresh && o.bom) writeSync(fd, '\uFEFF')
    let first = true
    for (const t of tables) {
      if (first && fresh && o.header) writeSync(fd, `${t.names.map((n) => quoted(n, o.delimiter)).join(o.delimiter)}\n`)
      first = false
      writeRows(fd, t, o.delimiter)
    }
  } finally {
    closeSync(fd)
  }
}

function writeRows(fd: number, t: Table, delimiter: string): void {
  const cells = t.columns.map((c) => cellWriter(c, delimiter))
  for (let from = 0; from < t.rows; from += ROWS_PER_WRITE) {
    checkInterrupt()
    const to = Math.min(from + ROWS_PER_WRITE, t.rows)
    let text = ''
    for (let k = from; k < to; k++) {
      for (let c = 0; c < cells.length; c++) text += c === 0 ? cells[c](k) : delimiter + cells[c](k)
      text += '\n'
    }
    writeAll(fd, Buffer.from(text))
  }
}

/** Writes everything, from a position or (null) where the descriptor stands: one call may take less than it was given. */
export function writeAll(fd: number, bytes: Buffer, position: number | null = null): void {
  for (let at = 0; at < bytes.length; )
    at += writeSync(fd, bytes, at, bytes.length - at, position === null ? null : position + at)
}

/** Text of element k; numbers with all their digits, so that they read back as they were. */
function cellWriter(v: Vector, delimiter: string): (k: number) => string {
  switch (v.storage) {
    case 'symbol': {
      const texts = v.base.symbols.map((s) => quoted(s, delimiter))
      return (k) => texts[v.data[k]]
    }
    case 'array':
      return (k) => {
        if (v.offsets[k] === v.offsets[k + 1]) return ''
        const row = v.get(k)
        const one = cellWriter(row, '')
        return `"${Array.from({ length: row.length }, (_, j) => one(j)).join(',')}"`
      }
    case 'any':
      return (k) => quoted(plainText(v.get(k)), delimiter)
  }
  if (v.type === T.DOUBLE) return (k) => (v.isNullAt(k) ? '' : String(v.raw(k)))
  const scale = 'scale' in v ? v.scale : 0
  if (isLiteral(v.type)) return (k) => quoted(v.raw(k) as string, delimiter)
  return (k) => quoted(rawText(v.type, v.raw(k), scale, { decimals: 15 }), delimiter)
}

/** In double quotes if it holds the delimiter, quotes or line ends. */
function quoted(text: string, delimiter: string): string {
  if (
    !text.includes('"') &&
    !text.includes('\n') &&
    !text.includes('\r') &&
    (delimiter === '' || !text.includes(delimiter))
  )
    return text
  return `"${text.replaceAll('"', '""')}"`
}
