/** Pair, matrix, set, dictionary, code and resource: the forms that are neither scalar, vector, table nor function. */
import type { Scalar, Value } from './scalar.ts'
import type { Raw, TypeId } from './types.ts'
import type { Vector } from './vector.ts'

/** `a:b`. Both ends have one type; a missing end is the type's null (both missing: VOID). */
export class Pair {
  readonly kind = 'pair'
  readonly type: TypeId
  first: Raw
  second: Raw
  frozen = false
  owned = false
  readonly scale: number

  constructor(type: TypeId, first: Raw, second: Raw, scale = 0) {
    this.type = type
    this.first = first
    this.second = second
    this.scale = scale
  }
}

/** Column-major: element (r, c) is data[c * rows + r]. Labels are vectors as long as the dimension, or absent. */
export class Matrix {
  readonly kind = 'matrix'
  data: Vector
  rows: number
  cols: number
  rowLabels: Vector | undefined
  colLabels: Vector | undefined
  /** Labels act as an index: operators align on them (`setIndexedMatrix!`, `indexedSeries`). */
  indexed: 'no' | 'matrix' | 'series' = 'no'
  frozen = false
  owned = false

  constructor(data: Vector, rows: number, cols: number, rowLabels?: Vector, colLabels?: Vector) {
    this.data = data
    this.rows = rows
    this.cols = cols
    this.rowLabels = rowLabels
    this.colLabels = colLabels
  }

  get type(): TypeId {
    return this.data.type
  }
}

/** Key of a set or dictionary in a form that JavaScript's Map compares by value. 64-bit keys are bigint, floating ones number. */
export type Key = number | bigint | string

/** Distinct members of one type, in insertion order. */
export class SetValue {
  readonly kind = 'set'
  readonly type: TypeId
  readonly members: Set<Key>
  frozen = false
  owned = false

  constructor(type: TypeId, members: Set<Key>) {
    this.type = type
    this.members = members
  }
}

/**
 * Keys of one type to values. `valueType` is ANY when values differ in type or are not scalars.
 * Iteration is insertion order for ordered and unordered dictionaries alike.
 */
export class Dict {
  readonly kind = 'dict'
  readonly keyType: TypeId
  readonly valueType: TypeId
  readonly ordered: boolean
  readonly entries: Map<Key, Value>
  /** Digits of decimal values. */
  readonly scale: number
  frozen = false
  owned = false

  constructor(keyType: TypeId, valueType: TypeId, entries: Map<Key, Value> = new Map(), ordered = false, scale = 0) {
    this.keyType = keyType
    this.valueType = valueType
    this.entries = entries
    this.ordered = ordered
    this.scale = scale
  }
}

/** Metacode: an unevaluated piece of syntax, with the values of the local variables that it named when it was made. */
export class CodeValue {
  readonly kind = 'code'
  /** The AST node, owned by lang; runtime/compile knows its shape. */
  readonly node: unknown
  /** Values captured from the function that wrote the literal. */
  readonly captured: ReadonlyMap<string, Value>

  constructor(node: unknown, captured: ReadonlyMap<string, Value> = new Map()) {
    this.node = node
    this.captured = captured
  }
}

/**
 * A handle to something outside the value world: a database, a file, a data source, an instance of a class.
 * `resourceType` names it (`database`, `file`, ...), `text` is what print shows, `payload` belongs to the room that made it.
 */
export class Resource {
  readonly kind = 'resource'
  readonly type: TypeId
  readonly resourceType: string
  readonly text: string
  readonly payload: unknown

  constructor(type: TypeId, resourceType: string, text: string, payload: unknown) {
    this.type = type
    this.resourceType = resourceType
    this.text = text
    this.payload = payload
  }
}

/** The scalar's key form. */
export function keyOf(s: Scalar): Key {
  const v = s.value
  if (v === null || typeof v === 'object') return String(v)
  return v
}
