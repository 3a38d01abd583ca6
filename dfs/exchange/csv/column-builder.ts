/** What reads a column of a text file, and what all of them share. */
import {
  type FixedArray,
  FixedVector,
  newFixedArray,
  type Raw,
  type Storage,
  type TypeId,
  typeInfo,
  type Vector,
} from '../../../runtime/values/index.ts'
import type { CsvFormat } from './format.ts'
import { fieldText, type RowBlock } from './scanner.ts'
import { parseValue } from './values.ts'

export const TWO_32 = 4294967296

export interface ColumnBuilder {
  /** Adds column c of the rows. */
  add(block: RowBlock, c: number, bad: Int32Array): void
  /** The column so far; the builder starts over. */
  finish(): Vector
}

/** Which fields are null. */
export class NullTest {
  readonly #text: Uint8Array

  constructor({ nullText }: CsvFormat) {
    this.#text = Buffer.from(nullText)
  }

  is(bytes: Uint8Array, start: number, end: number): boolean {
    const text = this.#text
    if (end - start !== text.length) return false
    for (let k = 0; k < text.length; k++) if (bytes[start + k] !== text[k]) return false
    return true
  }
}

/** Typed array with room for more, which grows by doubling. */
export abstract class FixedBuilder implements ColumnBuilder {
  protected readonly type: TypeId
  protected readonly nulls: NullTest
  protected readonly format: CsvFormat
  readonly #storage: Storage
  protected data: FixedArray
  protected length = 0

  constructor(type: TypeId, nulls: NullTest, format: CsvFormat) {
    this.type = type
    this.nulls = nulls
    this.format = format
    this.#storage = typeInfo(type).storage
    this.data = newFixedArray(this.#storage, 0)
  }

  abstract add(block: RowBlock, c: number, bad: Int32Array): void

  protected reserve(rows: number): void {
    if (this.length + rows <= this.data.length) return
    const larger = newFixedArray(this.#storage, Math.max(this.data.length * 2, this.length + rows))
    larger.set(this.data as never)
    this.data = larger
  }

  finish(): Vector {
    const out = new FixedVector(this.type, this.data, this.length)
    this.data = newFixedArray(this.#storage, 0)
    this.length = 0
    return out
  }

  /** A field that is not in the plain form: its value, if it has one. */
  protected slowly(block: RowBlock, cell: number): Raw | undefined {
    return parseValue(
      fieldText(block.bytes, block.starts[cell], block.ends[cell], block.kinds[cell], this.format),
      this.type,
      0,
    )
  }
}
