/**
 * The symbols that occur in the rows of a segment, numbered anew: a base may know millions of symbols of which a partition uses a few. Code 0 stays the
 * null. Costs the rows, not the size of the base: the table from old to new codes is kept per thread and only its touched entries are cleared.
 */
import type { SymbolBase, SymbolVector } from '../../runtime/values/index.ts'
import type { RowRange, SegmentCodes } from './encode.ts'

let newCodes = new Int32Array(1024)

export class SymbolCodes implements SegmentCodes {
  readonly symbols: string[] = ['']
  /** Old codes in the order of the new ones. */
  readonly #olds: number[] = [0]

  constructor(v: SymbolVector, { rows, from, to }: RowRange) {
    const { symbols } = v.base
    if (newCodes.length < symbols.length) newCodes = new Int32Array(symbols.length * 2)
    if (symbols.length <= to - from) this.#numberInOrderOfBase(v, { rows, from, to })
    else this.#numberAsTheyCome(v, { rows, from, to })
  }

  /** A small base: which of its symbols occur is written down without a test a row. */
  #numberInOrderOfBase({ data, base: { symbols } }: SymbolVector, { rows, from, to }: RowRange): void {
    const codes = newCodes
    if (rows === undefined) for (let k = from; k < to; k++) codes[data[k]] = 1
    else for (let k = from; k < to; k++) codes[data[rows[k]]] = 1
    for (let code = 0; code < symbols.length; code++) {
      if (codes[code] === 0) continue
      codes[code] = 0
      if (code === 0) continue
      this.#olds.push(code)
      this.symbols.push(symbols[code])
    }
  }

  /** A large base of which a few rows use little: its size does not count. */
  #numberAsTheyCome({ data, base: { symbols } }: SymbolVector, { rows, from, to }: RowRange): void {
    const codes = newCodes
    for (let k = from; k < to; k++) {
      const code = data[rows === undefined ? k : rows[k]]
      if (code !== 0 && codes[code] === 0) {
        codes[code] = this.#olds.length
        this.#olds.push(code)
        this.symbols.push(symbols[code])
      }
    }
    this.#clear()
  }

  /** Writes new codes of data[rows[from..]]; returns the number of nulls. */
  encode(out: Int32Array, data: Int32Array, rows: Int32Array | undefined, from: number, count: number): number {
    const codes = newCodes
    const olds = this.#olds
    for (let k = 1; k < olds.length; k++) codes[olds[k]] = k
    let nulls = 0
    if (rows === undefined)
      for (let k = 0; k < count; k++) {
        const code = codes[data[from + k]]
        out[k] = code
        if (code === 0) nulls++
      }
    else
      for (let k = 0; k < count; k++) {
        const code = codes[data[rows[from + k]]]
        out[k] = code
        if (code === 0) nulls++
      }
    this.#clear()
    return nulls
  }

  #clear(): void {
    for (const old of this.#olds) newCodes[old] = 0
  }
}

/** The codes of a base as they are, for segments that are written piece by piece: the base knows all symbols beforehand. */
export class BaseCodes implements SegmentCodes {
  readonly symbols: readonly string[]

  constructor(base: SymbolBase) {
    this.symbols = base.symbols
  }

  encode(out: Int32Array, data: Int32Array, rows: Int32Array | undefined, from: number, count: number): number {
    let nulls = 0
    for (let k = 0; k < count; k++) {
      const code = data[rows === undefined ? from + k : rows[from + k]]
      out[k] = code
      if (code === 0) nulls++
    }
    return nulls
  }
}
