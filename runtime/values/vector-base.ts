import type { Value } from './scalar.ts'
import type { Raw, TypeId } from './types.ts'
import type { Vector } from './vector.ts'

/** What all storage classes of vector.ts have in common. */
export abstract class VectorBase {
  readonly kind = 'vector'
  readonly type: TypeId
  /** Number of elements in use. */
  length: number
  /** Seen by more than one owner: must not change any more. */
  frozen = false
  /** Bound to a variable: binding it to a second one freezes it (runtime/compile/ownership.ts). */
  owned = false
  /** Name shown for the vector (`rename!`), used as a default column name. */
  label: string | undefined

  constructor(type: TypeId, length: number) {
    this.type = type
    this.length = length
  }

  /** Boxed element; null of the type when out of range. */
  abstract get(index: number): Value
  abstract raw(index: number): Raw
  abstract isNullAt(index: number): boolean
  /** Elements [from, to), copied. 0 <= from <= to <= length. */
  abstract slice(from: number, to: number): Vector
  /** The elements at the positions; outside 0..length-1 gives null. */
  abstract gather(indices: Int32Array): Vector
  /** An unfrozen copy with room for `capacity` elements. */
  abstract copy(capacity?: number): Vector
}
