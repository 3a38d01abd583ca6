/** `in`, `between`, `like`. */
import { inputError, operatorError } from '../errors.ts'
import { formName } from '../values/form-name.ts'
import { type Key, keyOf } from '../values/forms.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import type { Table } from '../values/table.ts'
import { categoryOf, isDecimal, isFloating, isLiteral, isTemporal, T, type TypeId } from '../values/types.ts'
import { type AnyVector, FixedVector, type Vector, vectorOf } from '../values/vector.ts'
import { castScalar, castVector, scalarToVector } from './cast.ts'
import { castFlat, type Flat, flatBinary, nullsLike } from './flat.ts'
import { isIdentifier } from './text.ts'
import { mapForm } from './unary.ts'

/**
 * Membership of each element of X in a scalar, vector, set, dictionary's keys, one-column table or keyed table. The untyped NULL holds nothing; a null of
 * a type is a value like any other.
 */
export function inOp(x: Value, y: Value): Value {
  if (x.kind === 'set') return inOp(vectorOf(x.type, [...x.members]), y)
  switch (y.kind) {
    case 'scalar':
      if (y.type === T.VOID) return mapForm(x, (f) => falseLike(f))
      if (y.type === T.CHAR)
        return mapForm(x, (f) => flatBinary('eq', isLiteral(f.type) ? f : convertLeft(f, y.type), y))
      return mapForm(x, (f) => flatBinary('eq', convertLeft(f, y.type), y))
    case 'vector':
      if (y.storage === 'any') return inTuple(x, y)
      if (y.storage === 'array') throw inputError('The second argument of in must not be an array vector.')
      if (isDecimal(y.type)) return mapForm(x, (f) => inDecimals(f, y))
      if (y.type === T.CHAR) return inCharacters(x, y)
      return inMembers(x, y.type, () => memberSet(y))
    case 'pair':
      return inOp(x, vectorOf(y.type, [y.first, y.second], y.scale))
    case 'set':
      return inMembers(x, y.type, () => y.members)
    case 'dict':
      return inMembers(x, y.keyType, () => new Set(y.entries.keys()))
    case 'table':
      return inTable(x, y)
    default:
      throw operatorError(`The function in does not support a ${formName(y)}.`)
  }
}

function falseLike(x: Flat): Flat {
  return x.kind === 'scalar' ? Scalar.FALSE : new FixedVector(T.BOOL, new Int8Array(x.length))
}

function memberSet(y: Vector): Set<Key> {
  const out = new Set<Key>()
  for (let k = 0; k < y.length; k++) out.add(y.raw(k) as Key)
  return out
}

/** X in the type of Y, so that equal values have equal keys. */
function convertLeft(x: Flat, type: TypeId): Flat {
  const target = type === T.SYMBOL ? T.STRING : type
  if (x.type === T.VOID) return nullsLike(target, x, x)
  if (x.type === target) return x
  if (x.type === T.SYMBOL && target === T.STRING) return x
  const a = categoryOf(x.type)
  const b = categoryOf(target)
  const numeric = (c: string): boolean => c === 'logical' || c === 'integral' || c === 'floating' || c === 'decimal'
  // A decimal and any other number need no common type to be compared.
  if (b === 'decimal' && numeric(a)) return x
  if ((numeric(a) && numeric(b)) || (a === b && (a === 'literal' || isTemporal(x.type)))) return castFlat(x, target)
  // One character in single quotes is a CHAR: beside text it is text.
  if (x.type === T.CHAR && b === 'literal') return castFlat(x, target)
  // Text that meets an identifier or an address is read as one; identifiers among texts are looked for by their text.
  if ((isIdentifier(target) && a === 'literal') || (isIdentifier(x.type) && b === 'literal')) return castFlat(x, target)
  throw operatorError('The function in needs both arguments in the same data category.', { code: 'operandTypes' })
}

/** Characters are numbers to numbers and text to text. */
function inCharacters(x: Value, y: Vector): Value {
  return mapForm(x, (f) => {
    const members = isLiteral(f.type) ? castVector(y, T.STRING) : y
    return inMembers(f, members.type, () => memberSet(members)) as Flat
  })
}

/** Decimals meet as exact integers of one scale. */
function inDecimals(x: Flat, y: Vector): Flat {
  const left = convertLeft(x, y.type)
  const scale = Math.max('scale' in left ? left.scale : 0, 'scale' in y ? y.scale : 0)
  const members = memberSet(castVector(y, T.DECIMAL128, scale))
  const exact = castFlat(left, T.DECIMAL128, scale)
  if (exact.kind === 'scalar') return Scalar.bool(members.has(keyOf(exact)))
  const out = new Int8Array(exact.length)
  for (let k = 0; k < out.length; k++) out[k] = members.has(exact.raw(k) as Key) ? 1 : 0
  return new FixedVector(T.BOOL, out)
}

function inMembers(x: Value, type: TypeId, members: () => ReadonlySet<Key>): Value {
  let set: ReadonlySet<Key> | undefined
  return mapForm(x, (f) => {
    const left = convertLeft(f, type)
    set ??= members()
    if (left.kind === 'scalar') return Scalar.bool(set.has(keyOf(left)))
    const out = new Int8Array(left.length)
    if (left.storage === 'symbol') {
      const table = Int8Array.from(left.base.symbols, (s) => (set!.has(s) ? 1 : 0))
      for (let k = 0; k < out.length; k++) out[k] = table[left.data[k]]
    } else if (left.storage === 'fixed' && !(left.data instanceof BigInt64Array)) {
      if (isFloating(left.type) || !denseTable(left, set, out)) {
        const { data } = left
        for (let k = 0; k < out.length; k++) out[k] = set.has(data[k] as number) ? 1 : 0
      }
    } else for (let k = 0; k < out.length; k++) out[k] = set.has(left.raw(k) as Key) ? 1 : 0
    return new FixedVector(T.BOOL, out)
  })
}

/** Small integers look themselves up in a bitmap instead of a hash table. */
function denseTable(x: FixedVector, set: ReadonlySet<Key>, out: Int8Array): boolean {
  if (set.size === 0) return true
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (const k of set) {
    if (typeof k !== 'number') return false
    if (k < low) low = k
    if (k > high) high = k
  }
  if (!(high - low < 1 << 22)) return false
  const table = new Int8Array(high - low + 1)
  for (const k of set) table[(k as number) - low] = 1
  const { data } = x
  for (let k = 0; k < out.length; k++) {
    const at = (data[k] as number) - low
    out[k] = at >= 0 && at < table.length ? table[at] : 0
  }
  return true
}

function inTuple(x: Value, y: AnyVector): Value {
  return mapForm(x, (f) => {
    const test = (s: Scalar): boolean =>
      y.values.some((v) => {
        if (v.kind !== 'scalar') return false
        if (categoryOf(v.type) !== categoryOf(s.type) && !isCharBesideText(v.type, s.type)) return false
        return (flatBinary('eq', s, v) as Scalar).value === 1
      })
    if (f.kind === 'scalar') return Scalar.bool(test(f))
    return new FixedVector(
      T.BOOL,
      Int8Array.from({ length: f.length }, (_, k) => (test(f.get(k) as Scalar) ? 1 : 0)),
    )
  })
}

const isCharBesideText = (a: TypeId, b: TypeId): boolean =>
  (a === T.CHAR && isLiteral(b)) || (b === T.CHAR && isLiteral(a))

function inTable(x: Value, y: Table): Value {
  if (y.keyColumns !== undefined && y.keyColumns.length > 1) return inKeys(x, y, y.keyColumns)
  if (y.keyColumns !== undefined) return inOp(x, y.columns[y.keyColumns[0]])
  if (y.columns.length !== 1)
    throw operatorError('The second argument of in must be a table with one column or a keyed table.')
  return inOp(x, y.columns[0])
}

/** X is a tuple of key columns; the result has one element a row. */
function inKeys(x: Value, y: Table, keyColumns: readonly number[]): Value {
  if (x.kind !== 'vector' || x.storage !== 'any' || x.length !== keyColumns.length)
    throw operatorError('The first argument of in must be a tuple with one element for each key column.')
  const rowKey = (columns: readonly Vector[], k: number): string => JSON.stringify(columns.map((c) => String(c.raw(k))))
  const keys = keyColumns.map((c) => y.columns[c])
  const known = new Set<string>()
  for (let k = 0; k < y.rows; k++) known.add(rowKey(keys, k))
  const scalar = x.values.every((v) => v.kind === 'scalar')
  const rows = x.values.reduce((n, v) => (v.kind === 'vector' ? Math.max(n, v.length) : n), 1)
  const columns = x.values.map((v, c) => {
    const type = keys[c].type === T.SYMBOL ? T.STRING : keys[c].type
    if (v.kind === 'vector') return castVector(v, type)
    if (v.kind !== 'scalar') throw operatorError('The key columns given to in must be scalars or vectors.')
    return scalarToVector(castScalar(v, type), rows)
  })
  const out = Int8Array.from({ length: rows }, (_, k) => (known.has(rowKey(columns, k)) ? 1 : 0))
  return scalar ? Scalar.bool(out[0] === 1) : new FixedVector(T.BOOL, out)
}

/** low <= x <= high, ends included; a missing end is the null, the smallest value. */
export function betweenOp(x: Value, range: Value): Value {
  if (range.kind !== 'pair') throw inputError('Usage: between(X, Y). Y must be a pair.')
  const low = new Scalar(range.type, range.first, range.scale)
  const high = new Scalar(range.type, range.second, range.scale)
  return mapForm(x, (f) => {
    if (isTemporal(f.type) !== isTemporal(range.type) || (isTemporal(f.type) && f.type !== range.type)) {
      if (range.type !== T.VOID && f.type !== T.VOID)
        throw operatorError('between(X, Y). Temporal data comparison should have the same data type.')
    }
    const above = low.isNull() ? undefined : flatBinary('ge', f, low)
    const below = high.isNull() && range.second === null ? undefined : flatBinary('le', f, high)
    if (above === undefined) return below ?? flatBinary('eq', f, f)
    return below === undefined ? above : flatBinary('and', above, below)
  })
}

/** SQL pattern: `%` stands for any run of characters, `?` for exactly one, `_` for itself; without them the whole string must match. */
function pattern(text: string, ignoreCase: boolean): RegExp {
  const body = text
    .split('%')
    .map((part) => part.replace(/[\\^$.*+()[\]{}|/-]/g, '\\$&').replaceAll('?', '[^]'))
    .join('[^]*')
  return new RegExp(`^${body}$`, ignoreCase ? 'iu' : 'u')
}

function like(x: Value, y: Value, ignoreCase: boolean): Value {
  if (y.kind !== 'scalar' || !(isLiteral(y.type) || y.type === T.CHAR))
    throw inputError('Usage: like(X, pattern). pattern must be a string.')
  const matcher = pattern(castScalar(y, T.STRING).value as string, ignoreCase)
  // Null text is like nothing, not even like '%'.
  const test = { test: (s: string): boolean => s !== '' && matcher.test(s) }
  return mapForm(x, (f) => {
    if (f.type === T.CHAR) return like(castFlat(f, T.STRING), y, ignoreCase) as Flat
    if (!isLiteral(f.type)) throw inputError('Usage: like(X, pattern). X must be a string or a vector of strings.')
    if (f.kind === 'scalar') return Scalar.bool(test.test(f.value as string))
    const out = new Int8Array(f.length)
    if (f.storage === 'symbol') {
      const table = Int8Array.from(f.base.symbols, (s) => (test.test(s) ? 1 : 0))
      for (let k = 0; k < out.length; k++) out[k] = table[f.data[k]]
    } else for (let k = 0; k < out.length; k++) out[k] = test.test(f.raw(k) as string) ? 1 : 0
    return new FixedVector(T.BOOL, out)
  })
}

export const likeOp = (x: Value, y: Value): Value => like(x, y, false)
export const ilikeOp = (x: Value, y: Value): Value => like(x, y, true)
