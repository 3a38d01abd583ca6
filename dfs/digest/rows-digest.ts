/**
 * A digest of rows that does not depend on their order, nor on how they lie in files: what a restore must have brought back, and what two copies of a partition
 * must share.
 *
 *   of a column   the sum of the hashes of its values (value-hash.ts), each lane modulo 2^32
 *   of the rows   the same sum of the hashes of whole rows, which shows that values changed places between rows
 *
 * Printed as 16 hex digits, the high lane first. Computed when a backup is proven and not while it is copied: it takes 10 to 20 ns a value on one thread, so for 2 GB of
 * 64-bit values 3 s and more beside a copy that takes 1.8 s. Memory: twice 8 bytes for each row of a batch.
 */
import type { ColumnSchema, Vector } from '../../runtime/values/index.ts'
import { typeName } from '../../runtime/values/index.ts'
import { finishRows, foldInto, hashColumn } from './value-hash.ts'

export interface ColumnDigest {
  readonly name: string
  /** Equal bits of different types are different values. */
  readonly type: string
  readonly digest: string
}

export interface RowsDigest {
  readonly rows: number
  readonly columns: readonly ColumnDigest[]
  /** Of whole rows: the columns in this order. */
  readonly whole: string
}

export class RowsDigester {
  readonly #columns: readonly ColumnSchema[]
  readonly #low: Int32Array
  readonly #high: Int32Array
  #rows = 0
  #wholeLow = 0
  #wholeHigh = 0
  #values = new Int32Array(0)
  #rowHashes = new Int32Array(0)

  constructor(columns: readonly ColumnSchema[]) {
    this.#columns = columns
    this.#low = new Int32Array(columns.length)
    this.#high = new Int32Array(columns.length)
  }

  /** Adds rows, their columns in the order of the digest's. Answers the hashes of the rows, two lanes each, until the next call. */
  add(vectors: readonly Vector[], rows: number): Int32Array {
    if (this.#values.length < 2 * rows) {
      this.#values = new Int32Array(2 * rows)
      this.#rowHashes = new Int32Array(2 * rows)
    }
    const values = this.#values
    const rowHashes = this.#rowHashes
    rowHashes.fill(0, 0, 2 * rows)
    for (let c = 0; c < vectors.length; c++) {
      hashColumn(vectors[c], rows, values)
      this.#addColumn(c, values, rows)
      foldInto(rowHashes, values, rows)
    }
    finishRows(rowHashes, rows)
    let low = this.#wholeLow
    let high = this.#wholeHigh
    for (let k = 0; k < 2 * rows; k += 2) {
      low = (low + rowHashes[k]) | 0
      high = (high + rowHashes[k + 1]) | 0
    }
    this.#wholeLow = low
    this.#wholeHigh = high
    this.#rows += rows
    return rowHashes
  }

  #addColumn(column: number, values: Int32Array, rows: number): void {
    let low = this.#low[column]
    let high = this.#high[column]
    for (let k = 0; k < 2 * rows; k += 2) {
      low = (low + values[k]) | 0
      high = (high + values[k + 1]) | 0
    }
    this.#low[column] = low
    this.#high[column] = high
  }

  result(): RowsDigest {
    return {
      rows: this.#rows,
      columns: this.#columns.map(({ name, type, scale }, k) => ({
        name,
        type: typeName(type, scale),
        digest: printed(this.#low[k], this.#high[k]),
      })),
      whole: printed(this.#wholeLow, this.#wholeHigh),
    }
  }
}

const printed = (low: number, high: number): string => hex32(high) + hex32(low)
const hex32 = (x: number): string => (x >>> 0).toString(16).padStart(8, '0')

/** What differs between two digests of rows that should be the same, in words; undefined if nothing does. */
export function digestConflict(expected: RowsDigest, found: RowsDigest): string | undefined {
  if (expected.rows !== found.rows) return `it has ${found.rows} rows instead of ${expected.rows}`
  const names = (d: RowsDigest): string => d.columns.map((c) => `${c.name} ${c.type}`).join(', ')
  if (names(expected) !== names(found)) return `its columns are ${names(found)} instead of ${names(expected)}`
  const changed = expected.columns.filter((c, k) => c.digest !== found.columns[k].digest).map((c) => c.name)
  if (changed.length > 0) return `the values of ${changed.join(', ')} are others`
  return expected.whole === found.whole ? undefined : 'values have changed places between rows'
}
