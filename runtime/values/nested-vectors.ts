/** Vectors whose elements are more than one slot of one type: tuples, and rows of varying length. */
import { copiedList, filledList } from './heap.ts'
import { Scalar, type Value } from './scalar.ts'
import { ARRAY_BASE, type Raw, T } from './types.ts'
import type { Vector } from './vector.ts'
import { VectorBase } from './vector-base.ts'

/** A tuple. Elements are values of any form; a null element is the VOID null. */
export class AnyVector extends VectorBase {
  readonly storage = 'any'
  readonly values: Value[]
  /** A tuple used as a table column whose rows all have one type. */
  columnar = false
  /** Made by `[]`: empty, prints as a vector, and takes the type of what is appended first. */
  untyped = false

  constructor(values: Value[]) {
    super(T.ANY, values.length)
    this.values = values
  }

  get(index: number): Value {
    return index >= 0 && index < this.values.length ? this.values[index] : Scalar.VOID
  }

  raw(index: number): Raw {
    const v = this.get(index)
    return v.kind === 'scalar' ? v.value : null
  }

  isNullAt(index: number): boolean {
    const v = this.get(index)
    return v.kind === 'scalar' && v.isNull()
  }

  slice(from: number, to: number): AnyVector {
    return this.likewise(copiedList(this.values, from, to))
  }

  gather(indices: Int32Array): AnyVector {
    const out: Value[] = filledList(indices.length, Scalar.VOID)
    for (let k = 0; k < out.length; k++) out[k] = this.get(indices[k])
    return this.likewise(out)
  }

  copy(): AnyVector {
    const v = this.likewise(copiedList(this.values))
    v.untyped = this.untyped
    v.label = this.label
    return v
  }

  /** Other rows of a columnar tuple make a columnar tuple. */
  likewise(values: Value[]): AnyVector {
    const v = new AnyVector(values)
    v.columnar = this.columnar
    return v
  }
}

/** Rows of varying length over one flat vector: row k is flat[offsets[k] .. offsets[k+1]). `type` is 64 + element type. */
export class ArrayVector extends VectorBase {
  readonly storage = 'array'
  offsets: Int32Array
  flat: Vector

  constructor(offsets: Int32Array, flat: Vector, length: number = offsets.length - 1) {
    super(ARRAY_BASE + flat.type, length)
    this.offsets = offsets
    this.flat = flat
  }

  /** Of its decimals; 0 for other elements. */
  get scale(): number {
    return 'scale' in this.flat ? this.flat.scale : 0
  }

  /** A row, as a vector. Out of range it is an empty vector. */
  get(index: number): Vector {
    if (index < 0 || index >= this.length) return this.flat.slice(0, 0)
    return this.flat.slice(this.offsets[index], this.offsets[index + 1])
  }

  raw(): Raw {
    return null
  }

  /** A row is null when it is empty or holds one null. */
  isNullAt(index: number): boolean {
    if (index < 0 || index >= this.length) return true
    const from = this.offsets[index]
    const size = this.offsets[index + 1] - from
    return size === 0 || (size === 1 && this.flat.isNullAt(from))
  }

  slice(from: number, to: number): ArrayVector {
    const start = this.offsets[from]
    const offsets = new Int32Array(to - from + 1)
    for (let k = from; k <= to; k++) offsets[k - from] = this.offsets[k] - start
    return new ArrayVector(offsets, this.flat.slice(start, this.offsets[to]))
  }

  gather(indices: Int32Array): ArrayVector {
    const offsets = new Int32Array(indices.length + 1)
    for (let k = 0; k < indices.length; k++) {
      const j = indices[k]
      const size = j >= 0 && j < this.length ? this.offsets[j + 1] - this.offsets[j] : 1
      offsets[k + 1] = offsets[k] + size
    }
    const positions = new Int32Array(offsets[indices.length])
    for (let k = 0; k < indices.length; k++) {
      const j = indices[k]
      const inside = j >= 0 && j < this.length
      for (let p = offsets[k]; p < offsets[k + 1]; p++) positions[p] = inside ? this.offsets[j] + p - offsets[k] : -1
    }
    return new ArrayVector(offsets, this.flat.gather(positions))
  }

  copy(): ArrayVector {
    return new ArrayVector(this.offsets.slice(0, this.length + 1), this.flat.copy())
  }
}
