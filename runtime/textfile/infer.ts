/** Column names and types of a text file, from its first rows. */
import { inputError } from '../errors.ts'
import { parses, parseTemporal } from '../ops/parse-text.ts'
import { isNullRaw, T, type TypeId } from '../values/types.ts'
import { textOf } from './builders.ts'
import { openRows, type Row } from './splitter.ts'

const SAMPLE_ROWS = 5000
const SYMBOL_LENGTH_MAX = 40
const SYMBOL_DISTINCT_MAX = 1000

export interface TextColumn {
  readonly name: string
  readonly type: TypeId
}

export interface TextLayout {
  readonly columns: readonly TextColumn[]
  readonly hasHeader: boolean
}

/** Reads a sample of the file. `containHeader` forces the header either way. */
export function inferLayout(
  file: string,
  delimiter: string,
  skipRows: number,
  containHeader: boolean | undefined,
): TextLayout {
  const rows = openRows(file, delimiter)
  try {
    rows.skipLines(skipRows)
    if (!rows.next()) throw inputError(`The file [${file}] is empty.`, { code: 'emptyFile' })
    const first = fieldsOf(rows.row)
    const hasHeader = containHeader ?? !first.some((f) => /^[0-9]/.test(f))
    const sample: string[][] = hasHeader ? [] : [first]
    while (sample.length < SAMPLE_ROWS && rows.next()) sample.push(fieldsOf(rows.row))
    const width = hasHeader ? first.length : sample.reduce((max, r) => Math.max(max, r.length), first.length)
    const names = columnNames(hasHeader ? first : [], width)
    const columns = names.map((name, c) => ({ name, type: inferType(sample.map((r) => r[c] ?? '')) }))
    return { columns, hasHeader }
  } finally {
    rows.close()
  }
}

const fieldsOf = (row: Row): string[] =>
  Array.from({ length: row.count }, (_, k) => textOf(row.bytes, row.starts[k], row.ends[k]))

/** Legal names: other characters become `_`, a name that does not start with a letter gets a `c`, repeated names a number. */
export function columnNames(header: readonly string[], width: number): string[] {
  const used = new Set<string>()
  return Array.from({ length: width }, (_, k) => {
    const text = (header[k] ?? '').trim()
    let name = text === '' ? `col${k}` : text.replace(/[^\p{L}\p{N}_]/gu, '_')
    if (!/^\p{L}/u.test(name)) name = `c${name}`
    let unique = name
    for (let n = 1; used.has(unique); n++) unique = `${name}_${n}`
    used.add(unique)
    return unique
  })
}

const INTEGER = /^[-+]?\d{1,19}$/
const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i
const FRACTION = /\.(\d+)$/

/** The narrowest type that reads all texts that are not empty. */
export function inferType(texts: readonly string[]): TypeId {
  const filled = texts.filter((t) => t !== '')
  if (filled.length === 0) return T.SYMBOL
  if (filled.every((t) => INTEGER.test(t))) {
    if (filled.every((t) => (t.length === 8 && isDate(t)) || (t.length === 6 && isShortDate(t)))) return T.DATE
    return filled.every((t) => Math.abs(Number(t)) <= 2147483647) ? T.INT : T.LONG
  }
  if (filled.every((t) => NUMBER.test(t))) return T.DOUBLE
  return temporalType(filled) ?? textType(filled)
}

const isDate = (t: string): boolean => !isNullRaw(T.DATE, parseTemporal(t, T.DATE)) && /^(1[6-9]|2[0-2])/.test(t)
const isShortDate = (t: string): boolean => isDate(`${Number(t.slice(0, 2)) < 40 ? '20' : '19'}${t}`)

function temporalType(filled: readonly string[]): TypeId | undefined {
  const type = temporalCandidate(filled)
  return type !== undefined && filled.every((t) => parses(t, type)) ? type : undefined
}

function temporalCandidate(filled: readonly string[]): TypeId | undefined {
  const longestFraction = filled.reduce(
    (max, t) => Math.max(max, t.includes(':') ? (FRACTION.exec(t)?.[1].length ?? 0) : 0),
    0,
  )
  if (filled.every((t) => /^\d{4}[-/.]\d{1,2}M$/.test(t))) return T.MONTH
  if (filled.every((t) => /^\d{4}[-/.]\d{1,2}[-/.]\d{1,2}$/.test(t))) return T.DATE
  if (filled.every((t) => /^\d{4}[-/.]?\d{1,2}[-/.]?\d{1,2}[T D]+\d{1,2}:\d{1,2}/.test(t)))
    return longestFraction === 0 ? T.DATETIME : longestFraction <= 3 ? T.TIMESTAMP : T.NANOTIMESTAMP
  if (filled.every((t) => /^\d{1,2}:\d{1,2}m?$/.test(t))) return T.MINUTE
  if (filled.every((t) => /^\d{1,2}:\d{1,2}:\d{1,2}(\.\d+)?$/.test(t)))
    return longestFraction === 0 ? T.SECOND : longestFraction <= 3 ? T.TIME : T.NANOTIME
  return undefined
}

/** Short text with repetitions is SYMBOL. */
function textType(filled: readonly string[]): TypeId {
  const distinct = new Set(filled)
  for (const t of distinct) if (t.length > SYMBOL_LENGTH_MAX) return T.STRING
  const few = distinct.size <= SYMBOL_DISTINCT_MAX && (filled.length <= 100 || distinct.size * 2 <= filled.length)
  return few ? T.SYMBOL : T.STRING
}
