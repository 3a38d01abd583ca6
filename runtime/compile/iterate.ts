/** What `for(v in X)` walks over. `next` gives the following item, undefined at the end. */
import { inputError } from '../errors.ts'
import { columnOf, tableRow } from '../indexing/read.ts'
import type { Session } from '../session.ts'
import { formName, isI64, isIntegral, isTemporal, Scalar, T, type TypeId, type Value } from '../values/index.ts'
import { seqEnds } from './construct.ts'
import { freeze } from './ownership.ts'

export interface Iteration {
  next(): Value | undefined
}

/** Whole numbers from `at` towards `end` (not included), as INT scalars. */
class IntIteration implements Iteration {
  #at: number
  readonly #end: number
  readonly #step: number

  constructor(start: number, end: number, step: number) {
    this.#at = start
    this.#end = end
    this.#step = step
  }

  next(): Value | undefined {
    const at = this.#at
    if (at === this.#end) return undefined
    this.#at = at + this.#step
    return new Scalar(T.INT, at)
  }
}

/** The same for any other type with whole numbers behind it. */
class TypedIteration implements Iteration {
  readonly #type: TypeId
  #at: bigint
  readonly #end: bigint
  readonly #step: bigint

  constructor(type: TypeId, start: bigint, end: bigint, step: bigint) {
    this.#type = type
    this.#at = start
    this.#end = end
    this.#step = step
  }

  next(): Value | undefined {
    if (this.#at === this.#end) return undefined
    const at = this.#at
    this.#at += this.#step
    return new Scalar(this.#type, isI64(this.#type) ? at : Number(at))
  }
}

class ItemIteration implements Iteration {
  readonly #item: (index: number) => Value
  readonly #count: number
  #at = 0

  constructor(count: number, item: (index: number) => Value) {
    this.#count = count
    this.#item = item
  }

  next(): Value | undefined {
    return this.#at < this.#count ? this.#item(this.#at++) : undefined
  }
}

/** Half open; `4:1` gives 3, 2, 1. */
export function iteratePair(session: Session, lower: Value, upper: Value): Iteration {
  if (lower instanceof Scalar && upper instanceof Scalar && !lower.isNull() && !upper.isNull()) {
    if (lower.type === T.INT && upper.type === T.INT) {
      const a = lower.value as number
      const b = upper.value as number
      return a <= b ? new IntIteration(a, b, 1) : new IntIteration(a - 1, b - 1, -1)
    }
    const type = upper.type === T.LONG ? T.LONG : lower.type
    if ((isIntegral(lower.type) && isIntegral(upper.type)) || (lower.type === upper.type && isTemporal(type))) {
      const a = BigInt(lower.value as number | bigint)
      const b = BigInt(upper.value as number | bigint)
      return a <= b ? new TypedIteration(type, a, b, 1n) : new TypedIteration(type, a - 1n, b - 1n, -1n)
    }
  }
  throw inputError(`for can't walk from ${session.display(lower)} to ${session.display(upper)}.`)
}

/** Both ends included, without making the vector. */
export function iterateRange(_session: Session, from: Value, to: Value): Iteration {
  const ends = seqEnds(from, to)
  if (ends === undefined) return new IntIteration(0, 0, 1)
  const { type, a, b } = ends
  const up = a <= b
  if (type === T.INT) return new IntIteration(Number(a), Number(b) + (up ? 1 : -1), up ? 1 : -1)
  return new TypedIteration(type, a, b + (up ? 1n : -1n), up ? 1n : -1n)
}

export function iterate(session: Session, x: Value): Iteration {
  switch (x.kind) {
    case 'pair':
      return iteratePair(session, new Scalar(x.type, x.first), new Scalar(x.type, x.second))
    case 'vector':
      // Whatever the body does to the variable, the loop walks over what it was.
      freeze(x)
      return new ItemIteration(x.length, x.storage === 'any' ? (k) => freeze(x.get(k)) : (k) => x.get(k))
    case 'matrix':
      return new ItemIteration(x.cols, (k) => columnOf(x, k))
    case 'table':
      return new ItemIteration(x.rows, (k) => tableRow(x, k))
    case 'dict': {
      const keys = [...x.entries.keys()]
      return new ItemIteration(keys.length, (k) => new Scalar(x.keyType, keys[k]))
    }
    default:
      throw inputError(`for can't walk over a ${formName(x)}.`, x.kind === 'set' ? { hint: 'walk over keys(s)' } : {})
  }
}
