/** Values that syntax makes: vectors and tuples in brackets, pairs, ranges, dictionary literals, casts. */
import { inputError, operatorError } from '../errors.ts'
import { unifyScalars } from '../ops/assemble.ts'
import { castScalar, castValue } from '../ops/cast.ts'
import { widest } from '../ops/promotion.ts'
import {
  AnyVector,
  ARRAY_BASE,
  categoryOf,
  Dict,
  FixedVector,
  formName,
  isDecimal,
  isFloating,
  isI64,
  isIntegral,
  isLiteral,
  isTemporal,
  isTypeId,
  type Key,
  keyOf,
  Matrix,
  newFixedArray,
  newVector,
  nullRaw,
  Pair,
  type Raw,
  Scalar,
  T,
  type TypeId,
  typeByName,
  typeInfo,
  type Value,
  type Vector,
} from '../values/index.ts'
import { freeze } from './ownership.ts'

/** Elements of `[...]`; undefined is a blank: null. */
export function vector(items: readonly (Value | undefined)[]): Value {
  const values = items.map((v) => v ?? Scalar.VOID)
  if (values.every((v) => v instanceof Scalar)) {
    if (values.length === 0) return emptyVector()
    const unified = unifyScalars(values)
    if (unified !== undefined) return unified
    if (values.every((v) => v.type === T.VOID))
      throw inputError('Not allowed to create void vector', { refId: 'S05005' })
  }
  return tuple(values)
}

function emptyVector(): AnyVector {
  const v = new AnyVector([])
  v.untyped = true
  return v
}

/** The receiver of `append!`: an empty `[]` becomes a vector of the type of the data. */
export function adopted(target: Value, data: Value | undefined): Value {
  if (!(target instanceof AnyVector) || !target.untyped || target.length > 0 || data === undefined) return target
  const source = data.kind === 'vector' || data.kind === 'scalar' ? data : undefined
  if (source === undefined || source.type === T.VOID || source.type === T.ANY) return target
  const fresh = newVector(source.type, 0, 'zero', 'scale' in source ? source.scale : 0)
  fresh.owned = target.owned
  return fresh
}

/** `(a, b)`: its elements are shared from now on. */
export function tuple(items: readonly (Value | undefined)[]): AnyVector {
  return new AnyVector(items.map((v) => (v === undefined ? Scalar.VOID : freeze(v))))
}

// ---------------------------------------------------------------------------------------------------------------------
// Pairs and ranges

const pairError = (): Error =>
  operatorError('To form a pair, both operands must have the same data category.', { refId: 'S06009' })

/** `a:b`; an end that is left open is the null of the other end's type. */
export function pair(lower: Value | undefined, upper: Value | undefined): Value {
  const a = lower ?? Scalar.VOID
  const b = upper ?? Scalar.VOID
  if (!(a instanceof Scalar) || !(b instanceof Scalar)) throw pairError()
  const type = pairType(a.type, b.type)
  if (type === T.VOID) return new Pair(T.VOID, null, null)
  const scale = isDecimal(type) ? Math.max(a.scale, b.scale) : 0
  const end = (s: Scalar): Raw =>
    s.type === T.VOID ? nullRaw(type) : castScalar(s, type, isDecimal(type) ? scale : undefined).value
  return new Pair(type, end(a), end(b), scale)
}

function pairType(a: TypeId, b: TypeId): TypeId {
  if (a === b || b === T.VOID) return a
  if (a === T.VOID) return b
  if (isIntegral(a) && isIntegral(b)) return widest(a, b)
  if (isFloating(a) && isFloating(b)) return widest(a, b)
  if (isDecimal(a) && isDecimal(b)) return Math.max(a, b)
  if (isLiteral(a) && isLiteral(b)) return T.STRING
  throw pairError()
}

/** Ends of `a..b` with their common type; undefined when both are null (an empty sequence). */
export function seqEnds(
  from: Value,
  to: Value,
): { readonly type: TypeId; readonly a: bigint; readonly b: bigint } | undefined {
  if (!(from instanceof Scalar) || !(to instanceof Scalar))
    throw operatorError('The ends of a sequence must be scalars.')
  if (from.isNull() && to.isNull()) return undefined
  if (from.isNull() || to.isNull()) throw operatorError('An end of a sequence must not be null.')
  const type = seqType(from.type, to.type)
  return { type, a: BigInt(from.value as number | bigint), b: BigInt(to.value as number | bigint) }
}

function seqType(a: TypeId, b: TypeId): TypeId {
  if (isIntegral(a) && isIntegral(b)) return widest(a, b)
  if (a === b && isTemporal(a)) return a
  throw operatorError('The ends of a sequence must be integers, or temporal values of one type.')
}

/** `a..b`, both ends included, descending if a > b. */
export function seq(from: Value, to: Value): Value {
  const ends = seqEnds(from, to)
  if (ends === undefined) return newVector((from as Scalar).type === T.VOID ? T.INT : (from as Scalar).type, 0)
  const { type, a, b } = ends
  const count = Number(a <= b ? b - a : a - b) + 1
  const data = newFixedArray(typeInfo(type).storage, count)
  if (isI64(type)) {
    const step = a <= b ? 1n : -1n
    const out = data as BigInt64Array
    for (let k = 0, value = a; k < count; k++, value += step) out[k] = value
  } else {
    const start = Number(a)
    const step = a <= b ? 1 : -1
    const out = data as Int32Array
    for (let k = 0; k < count; k++) out[k] = start + k * step
  }
  return new FixedVector(type, data)
}

// ---------------------------------------------------------------------------------------------------------------------
// Dictionaries

/** `{k: v}`: keys keep their order; if one key is a string, all are; values unify or are ANY. */
export function dictLiteral(keys: readonly Scalar[], values: readonly Value[]): Dict {
  const keyType =
    keys.length === 0 || keys.some((k) => isLiteral(k.type)) ? T.STRING : keys.map((k) => k.type).reduce(widest)
  if (keyType === T.VOID)
    throw inputError('A key of a dictionary must have a type: NULL alone has none (00i, 00d, "" have).')
  const entries = new Map<Key, Value>()
  const scalars = values.length > 0 && values.every((v) => v instanceof Scalar) ? unifyScalars(values) : undefined
  keys.forEach((key, k) => {
    entries.set(keyOf(castScalar(key, keyType)), scalars?.get(k) ?? freeze(values[k]))
  })
  const scale = scalars !== undefined && 'scale' in scalars ? scalars.scale : 0
  return new Dict(keyType, scalars?.type ?? T.ANY, entries, true, scale)
}

// ---------------------------------------------------------------------------------------------------------------------
// Types and casts

/** A type written in the script: its id. A scale is kept in the text form that casts and column lists understand. */
export function typeConstant(name: string, array: boolean, scale: Value | undefined): Value {
  const type = typeByName(name)
  if (type === undefined) throw inputError(`${name} is not a data type.`)
  if (scale !== undefined) {
    const digits = scale instanceof Scalar && isIntegral(scale.type) && !scale.isNull() ? Number(scale.value) : -1
    if (digits < 0) throw inputError(`The scale of ${type.name} must be a non-negative integer.`)
    return Scalar.string(`${type.name}(${digits})${array ? '[]' : ''}`)
  }
  return Scalar.int(array ? ARRAY_BASE + type.id : type.id)
}

/** The INT scalar of the type that a conversion function (`int`, `symbol`) is named after. */
export function typeIdByName(name: string): Scalar | undefined {
  const type = typeByName(name)
  return type !== undefined && type.name === name.toUpperCase() ? Scalar.int(type.id) : undefined
}

export interface TypeSpec {
  readonly type: TypeId
  readonly scale: number | undefined
}

const DECIMAL_RANGE: Partial<Record<TypeId, number>> = { [T.DECIMAL32]: 9, [T.DECIMAL64]: 18, [T.DECIMAL128]: 38 }

/** A type from its id, its name (`INT`, `INT[]`, `DECIMAL32(3)`) or the conversion function of its name. */
export function typeSpec(target: Value): TypeSpec {
  if (target instanceof Scalar && isIntegral(target.type) && !target.isNull()) {
    const type = Number(target.value)
    if (!isTypeId(type)) throw inputError(`${type} is not the id of a data type.`)
    if (isDecimal(type))
      throw inputError('Must specify scale for Decimal data type, e.g., DECIMAL32(2).', { refId: 'S05008' })
    return { type, scale: undefined }
  }
  const text =
    target instanceof Scalar && isLiteral(target.type)
      ? (target.value as string)
      : target.kind === 'function'
        ? target.name
        : undefined
  const match = text === undefined ? null : /^(\w+)(?:\((\d+)\))?(\[\])?$/.exec(text)
  const info = match === null ? undefined : typeByName(match[1])
  if (match === null || info === undefined) throw inputError(`${text ?? `A ${formName(target)}`} is not a data type.`)
  const scale = match[2] === undefined ? undefined : Number(match[2])
  if (isDecimal(info.id)) {
    if (scale === undefined)
      throw inputError('Must specify scale for Decimal data type, e.g., DECIMAL32(2).', { refId: 'S05008' })
    const limit = DECIMAL_RANGE[info.id] ?? 0
    if (scale > limit)
      throw inputError(`Scale out of bounds (valid range: [0, ${limit}], but get: ${scale}).`, { refId: 'S05010' })
  }
  return { type: match[3] === undefined ? info.id : ARRAY_BASE + info.id, scale }
}

/** `x $ T` and `x $ rows:cols`. */
export function cast(value: Value, target: Value): Value {
  if (target.kind === 'pair') return reshape(value, target)
  const { type, scale } = typeSpec(target)
  return converted(value, type, scale)
}

/** The value in another type; rows of a columnar tuple stay rows. */
export function converted(value: Value, type: TypeId, scale?: number): Value {
  const result = castValue(value, type, scale)
  if (value instanceof AnyVector && value.columnar && result instanceof AnyVector && result !== value)
    result.columnar = true
  return result
}

/** Column-major; one open end follows from the size. */
function reshape(value: Value, shape: Pair): Value {
  const data: Vector | undefined = value.kind === 'vector' ? value : value.kind === 'matrix' ? value.data : undefined
  if (data === undefined || categoryOf(data.type) === 'mixed')
    throw operatorError('Only a vector or a matrix can be reshaped.')
  const open = (raw: Raw): boolean => raw === nullRaw(shape.type)
  const rows = open(shape.first) ? data.length / Number(shape.second) : Number(shape.first)
  const cols = open(shape.second) ? data.length / Number(shape.first) : Number(shape.second)
  if (!Number.isInteger(rows) || !Number.isInteger(cols) || rows * cols !== data.length)
    throw operatorError(`A matrix of ${rows} rows and ${cols} columns does not hold ${data.length} elements.`)
  return new Matrix(data.slice(0, data.length), rows, cols)
}
