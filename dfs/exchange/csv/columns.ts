/**
 * Columns of the fields of many rows. A column reads a block of rows at a time, each type in a loop of its own; a field that is no value of the type leaves a null and a mark
 * in `bad`: the number of the column, from 1, unless an earlier column has marked the row.
 */
import {
  ArrayVector,
  type ColumnSchema,
  elementType,
  isArrayType,
  NULL_F32,
  NULL_F64,
  NULL_I8,
  NULL_I16,
  NULL_I32,
  nullRaw,
  type Raw,
  T,
  type TypeId,
  type Vector,
  vectorOf,
} from '../../../runtime/values/index.ts'
import { arrayElements } from './arrays.ts'
import { type ColumnBuilder, NullTest } from './column-builder.ts'
import type { CsvFormat } from './format.ts'
import { FloatingBuilder, IntegerBuilder, LongBuilder } from './number-columns.ts'
import { fieldText, type RowBlock } from './scanner.ts'
import { SymbolBuilder, TextBuilder } from './text-columns.ts'
import { DateBuilder, InstantBuilder } from './time-columns.ts'
import { parseValue } from './values.ts'

export function columnBuilder({ type, scale = 0 }: ColumnSchema, format: CsvFormat): ColumnBuilder {
  const nulls = new NullTest(format)
  if (isArrayType(type)) return new ArrayBuilder(elementType(type), scale, format, nulls)
  switch (type) {
    case T.CHAR:
    case T.COMPRESSED:
      return new IntegerBuilder(type, 127, NULL_I8, nulls, format)
    case T.SHORT:
      return new IntegerBuilder(type, 32767, NULL_I16, nulls, format)
    case T.INT:
      return new IntegerBuilder(type, 2147483647, NULL_I32, nulls, format)
    case T.LONG:
      return new LongBuilder(nulls, format)
    case T.DOUBLE:
      return new FloatingBuilder(type, NULL_F64, nulls, format)
    case T.FLOAT:
      return new FloatingBuilder(type, NULL_F32, nulls, format)
    case T.DATE:
      return new DateBuilder(nulls, format)
    case T.DATETIME:
    case T.TIMESTAMP:
    case T.NANOTIMESTAMP:
      return new InstantBuilder(type, nulls, format)
    case T.SYMBOL:
      return new SymbolBuilder(nulls, format)
    case T.STRING:
    case T.BLOB:
      return new TextBuilder(type, nulls, format)
    default:
      return new GenericBuilder(type, scale, nulls, format)
  }
}

/** Any other type, through its text. */
class GenericBuilder implements ColumnBuilder {
  readonly #type: TypeId
  readonly #scale: number
  readonly #nulls: NullTest
  readonly #format: CsvFormat
  #raws: Raw[] = []

  constructor(type: TypeId, scale: number, nulls: NullTest, format: CsvFormat) {
    this.#type = type
    this.#scale = scale
    this.#nulls = nulls
    this.#format = format
  }

  add(block: RowBlock, c: number, bad: Int32Array): void {
    const { bytes, rows, width, starts, ends, kinds } = block
    const nothing = nullRaw(this.#type)
    for (let r = 0, cell = c; r < rows; r++, cell += width) {
      const start = starts[cell]
      const end = ends[cell]
      let raw: Raw | undefined = nothing
      if (start !== end && !this.#nulls.is(bytes, start, end)) {
        raw = parseValue(fieldText(bytes, start, end, kinds[cell], this.#format), this.#type, this.#scale)
        if (raw === undefined && bad[r] === 0) bad[r] = c + 1
      }
      this.#raws.push(raw ?? nothing)
    }
  }

  finish(): Vector {
    const out = vectorOf(this.#type, this.#raws, this.#scale)
    this.#raws = []
    return out
  }
}

/** Rows of an array column. */
class ArrayBuilder implements ColumnBuilder {
  readonly #element: TypeId
  readonly #scale: number
  readonly #nulls: NullTest
  readonly #format: CsvFormat
  #ends: number[] = [0]
  #raws: Raw[] = []

  constructor(element: TypeId, scale: number, format: CsvFormat, nulls: NullTest) {
    this.#element = element
    this.#scale = scale
    this.#nulls = nulls
    this.#format = format
  }

  add(block: RowBlock, c: number, bad: Int32Array): void {
    const { bytes, rows, width, starts, ends, kinds } = block
    for (let r = 0, cell = c; r < rows; r++, cell += width) {
      const start = starts[cell]
      const end = ends[cell]
      if (start !== end && !this.#nulls.is(bytes, start, end)) {
        const text = fieldText(bytes, start, end, kinds[cell], this.#format)
        const raws = arrayElements(text, this.#element, this.#scale)
        if (raws !== undefined) for (const raw of raws) this.#raws.push(raw)
        else if (bad[r] === 0) bad[r] = c + 1
      }
      this.#ends.push(this.#raws.length)
    }
  }

  finish(): Vector {
    const out = new ArrayVector(Int32Array.from(this.#ends), vectorOf(this.#element, this.#raws, this.#scale))
    this.#ends = [0]
    this.#raws = []
    return out
  }
}
