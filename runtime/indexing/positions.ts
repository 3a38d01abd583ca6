/** Index arguments as positions. A position outside 0..length-1 stands for null when reading and is an error when writing. */
import { inputError, operatorError } from '../errors.ts'
import { appendsTo } from '../ops/cast.ts'
import { allocate, formName, NULL_I32, NULL_I64, Scalar, T, type Value, type Vector } from '../values/index.ts'

/** The index as written selects one element, or a list of them. */
export type Positions = { readonly one: number } | { readonly many: Int32Array }

const OUTSIDE = -1
const POSITIONS_MAX = 2147483647

/** All positions, for an omitted slot. */
export function allPositions(length: number): Int32Array {
  const out = new Int32Array(length)
  for (let k = 0; k < length; k++) out[k] = k
  return out
}

/**
 * Positions that an index means in a dimension of `length`: integer scalar, integer vector, BOOL vector as long as the dimension (filter),
 * pair (half open, reversed pairs walk backwards, open ends are the bounds).
 */
export function positionsOf(index: Value, length: number): Positions {
  switch (index.kind) {
    case 'scalar':
      if (index.type === T.BOOL) return { many: index.value === 1 ? allPositions(length) : new Int32Array(0) }
      return { one: wholePosition(index.value, index.type) }
    case 'vector':
      return { many: index.type === T.BOOL ? maskPositions(index, length) : vectorPositions(index) }
    case 'pair':
      return { many: slicePositions(index, length) }
    default:
      throw operatorError(`A ${formName(index)} can't be used as an index.`)
  }
}

function wholePosition(raw: unknown, type: number): number {
  if (typeof raw === 'bigint') return raw === NULL_I64 || raw > 2147483647n || raw < 0n ? OUTSIDE : Number(raw)
  if (raw === null) return OUTSIDE
  if (typeof raw === 'number' && type !== T.DOUBLE && type !== T.FLOAT) return raw < 0 ? OUTSIDE : raw
  throw operatorError('An index must be an integer.')
}

function vectorPositions(index: Vector): Int32Array {
  if (index.storage === 'fixed' && index.data instanceof Int32Array) return index.view() as Int32Array
  const out = new Int32Array(index.length)
  for (let k = 0; k < index.length; k++) {
    const item = index.get(k)
    if (item.kind !== 'scalar') throw operatorError('An index must be an integer.')
    out[k] = wholePosition(item.value, item.type)
  }
  return out
}

/** Positions of the true elements. */
export function maskPositions(mask: Vector, length: number): Int32Array {
  if (mask.length !== length) throw operatorError('Incompatible vector size', { code: 'vectorSize' })
  if (mask.storage !== 'fixed') throw operatorError('An index must be an integer.')
  const data = mask.data as Int8Array
  let count = 0
  for (let k = 0; k < length; k++) if (data[k] === 1) count++
  const out = new Int32Array(count)
  let at = 0
  for (let k = 0; k < length; k++) if (data[k] === 1) out[at++] = k
  return out
}

export interface Bounds {
  readonly start: number
  readonly end: number
}

/** Ends of a pair in a dimension of `length`; an open end is the bound. */
export function pairBounds(pair: Extract<Value, { kind: 'pair' }>, length: number): Bounds {
  const end = (raw: unknown, fallback: number): number => {
    if (raw === null || raw === NULL_I32 || raw === NULL_I64) return fallback
    if (typeof raw === 'bigint') return Number(raw)
    if (typeof raw === 'number' && Number.isInteger(raw)) return raw
    throw operatorError('The ends of a slice must be integers.')
  }
  return { start: end(pair.first, 0), end: end(pair.second, length) }
}

function slicePositions(pair: Extract<Value, { kind: 'pair' }>, length: number): Int32Array {
  const { start, end } = pairBounds(pair, length)
  const count = Math.abs(end - start)
  if (count > POSITIONS_MAX)
    throw operatorError(`A slice of ${count} elements is longer than any vector can be.`, { code: 'sliceLength' })
  // Positions outside give nulls, so a slice may be much longer than what it is taken from.
  const out = new Int32Array(allocate(count * 4))
  if (start <= end) for (let k = 0; k < count; k++) out[k] = start + k
  else for (let k = 0; k < count; k++) out[k] = start - 1 - k
  return out
}

/** Positions as a list, whatever form the index had. */
export function listOf(positions: Positions): Int32Array {
  return 'one' in positions ? Int32Array.of(positions.one) : positions.many
}

export function tooManySlots(what: string, slots: number): Error {
  return inputError(`A ${what} can't be indexed with ${slots} indices.`)
}

/** A letter in quotes that indexes a table names a column: `t['a']`. */
export const columnName = (v: Value | undefined): Value | undefined =>
  v instanceof Scalar && v.type === T.CHAR && !v.isNull()
    ? Scalar.string(String.fromCharCode((v.value as number) & 0xff))
    : v

export const isTextIndex = (v: Value | undefined): boolean =>
  v !== undefined && (v.kind === 'scalar' || v.kind === 'vector') && appendsTo(v.type, T.SYMBOL) && v.type !== T.VOID
