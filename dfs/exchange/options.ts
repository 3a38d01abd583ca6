/** Options of exports and imports, checked before anything is written. */
import { inputError } from '../../runtime/errors.ts'
import type { CsvFormat } from './csv/format.ts'
import type { Header } from './csv/read.ts'

export type FileFormat = 'csv' | 'parquet'

export interface ExportOptions {
  readonly format: FileFormat
  /** CSV files begin with the names of the columns. */
  readonly header: boolean
  readonly what: 'all' | 'meta' | 'data'
  /** Rows of a file at most; 0: any number. */
  readonly chunkRows: number
  /** Name and version of the product, for files that note who wrote them. */
  readonly product: string
  readonly csv: CsvFormat
}

export interface ImportOptions {
  readonly format: FileFormat
  readonly header: Header
  /** Files that are read at once. */
  readonly threads: number
  /** Rows of an append; undefined: as many as fit well in memory. */
  readonly batchRows: number | undefined
  /** A batch that the table refuses is divided until the rows at fault are found. */
  readonly shrinks: boolean
  /** All rows in one transaction. */
  readonly isAtomic: boolean
  readonly csv: CsvFormat
}

export interface CsvWords {
  readonly delimiter: string
  readonly enclosed: string
  readonly escaped: string
  readonly nullText: string
  /** `nullas` or `nullif`, for messages. */
  readonly nullName: string
}

const NULL_TEXTS = ['', 'NULL', 'null', 'Null', '\\N']
export const THREADS_MAX = 16

export function formatOf(word: string): FileFormat {
  const format = word.toLowerCase()
  if (format === 'csv' || format === 'parquet') return format
  throw refusal('format', `must be CSV or PARQUET, not '${word}'`)
}

export function csvFormat(words: CsvWords): CsvFormat {
  const { delimiter, enclosed, escaped, nullText, nullName } = words
  const code = delimiter.charCodeAt(0)
  if (delimiter.length !== 1 || code > 126 || code === 10 || code === 13 || code === 0)
    throw refusal('delimiter', `must be one character (of ASCII, no end of a line), not '${delimiter}'`)
  if (delimiter === '"') throw refusal('delimiter', 'can not be the double quote')
  if (enclosed !== '"' && enclosed !== "'") throw refusal('enclosed', `must be " or ', not '${enclosed}'`)
  if (escaped !== '"' && escaped !== '\\') throw refusal('escaped', `must be " or \\, not '${escaped}'`)
  if (enclosed === delimiter) throw refusal('enclosed', 'can not be the delimiter')
  if (escaped === delimiter) throw refusal('escaped', 'can not be the delimiter')
  if (!NULL_TEXTS.includes(nullText))
    throw refusal(nullName, `must be nothing, NULL, null, Null or \\N, not '${nullText}'`)
  if (nullText.includes(delimiter)) throw refusal(nullName, 'can not hold the delimiter')
  return { delimiter: code, quote: enclosed.charCodeAt(0), escape: escaped.charCodeAt(0), nullText }
}

/** Options of CSV that were given although the files are Parquet. */
export function refuseForParquet(given: readonly string[]): void {
  if (given.length > 0) throw refusal(given[0], 'is for CSV; Parquet files have no such thing')
}

/** A whole number from a number or its text. */
export function countOption(name: string, value: number | string, min: number, max: number): number {
  const n = typeof value === 'number' ? value : /^\d+$/.test(value) ? Number(value) : Number.NaN
  if (Number.isInteger(n) && n >= min && n <= max) return n
  throw refusal(name, `must be a whole number from ${min} to ${max}, not '${value}'`)
}

export const refusal = (option: string, reason: string): Error =>
  inputError(`The option ${option} ${reason}.`, { code: 'exchangeOption' })
