/**
 * How rows are written as text. A file is UTF-8; rows end at LF (CRLF is read, too), fields are separated by the delimiter. A field in quotes may hold anything; inside,
 * the escape character stands before a quote and before itself (with the same character for both a quote is doubled, as usual). Outside of quotes every character stands
 * for itself, and a field that is the null text is null: in quotes the same text is a text.
 *
 *   BOOL true false     CHAR SHORT INT LONG 12     FLOAT DOUBLE 0.1 1e300 inf     DECIMAL 1.20     SYMBOL STRING BLOB as they are (an empty one is null)
 *   DATE 2024-01-31     MONTH 2024-01     TIME 09:30:00.123     MINUTE 09:30     SECOND 09:30:00     NANOTIME 09:30:00.123456789
 *   DATEHOUR 2024-01-31 09     DATETIME 2024-01-31 09:30:00     TIMESTAMP 2024-01-31 09:30:00.123     NANOTIMESTAMP 2024-01-31 09:30:00.123456789
 *   UUID INT128 IPADDR as printed     DURATION 5m     COMPLEX 1.5-2i     POINT (1.5, 2)     T[] [1,NULL,3], texts and pairs in it as JSON strings
 */

export interface CsvFormat {
  /** One byte each. */
  readonly delimiter: number
  readonly quote: number
  readonly escape: number
  readonly nullText: string
}

export const LF = 10
export const CR = 13

/** A row that can't be imported. */
export interface Rejection {
  /** Line of the file on which it begins, from 1; for formats without lines, its row. */
  readonly line: number
  /** Empty if the row as a whole is at fault. */
  readonly column: string
  readonly reason: string
  /** As it stands in the file. */
  readonly record: string
}
