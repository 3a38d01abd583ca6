/** Conversions between types, and the functions about nulls. */
import { cast, converted, typeSpec } from '../compile/construct.ts'
import { inputError, operatorError } from '../errors.ts'
import { runChoice } from '../kernels/arithmetic.ts'
import { nullFlags } from '../kernels/null-scan.ts'
import { elementwise, fastBinary } from '../ops/binary.ts'
import { castScalar, castValue, castVector, scalarToVector } from '../ops/cast.ts'
import type { Flat } from '../ops/flat.ts'
import { promote } from '../ops/promotion.ts'
import { mapForm, unaryOp } from '../ops/unary.ts'
import { topicTable } from '../registry.ts'
import { Matrix } from '../values/forms.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { Table } from '../values/table.ts'
import {
  categoryOf,
  isDecimal,
  isIntegral,
  isLiteral,
  isNumeric,
  isTemporal,
  NULL_F32,
  NULL_F64,
  nullRaw,
  type Raw,
  T,
  type TypeId,
  typeInfo,
  typeName,
} from '../values/types.ts'
import {
  AnyVector,
  ArrayVector,
  FixedVector,
  newFixedArray,
  StringVector,
  SymbolVector,
  type Vector,
  WideVector,
} from '../values/vector.ts'
import { type Arg, boolArg, intArg, isGiven, required } from './args.ts'
import { vectorOver } from './shapes.ts'

const { entries, define } = topicTable('Types, conversion, null tests')

const CONVERSIONS: readonly (readonly [string, TypeId, string])[] = [
  ['bool', T.BOOL, 'Zero is false, other numbers are true; the texts "true" and "false" are read.'],
  ['char', T.CHAR, '8-bit integer; a one-character text gives its code.'],
  ['short', T.SHORT, '16-bit integer; wider integers wrap, floating numbers round.'],
  ['int', T.INT, '32-bit integer; floating numbers round half away from zero, texts are cut at the point.'],
  ['long', T.LONG, '64-bit integer; floating numbers round half away from zero, texts are cut at the point.'],
  ['float', T.FLOAT, '32-bit floating number.'],
  ['double', T.DOUBLE, '64-bit floating number.'],
  ['date', T.DATE, 'Day; an integer counts days since 1970.01.01; the time of day is dropped.'],
  ['month', T.MONTH, 'Month of a temporal value or of a text such as "2012.12".'],
  [
    'time',
    T.TIME,
    'Time of day in milliseconds; an integer counts milliseconds after midnight, past which it begins again.',
  ],
  [
    'minute',
    T.MINUTE,
    'Minute of the day as a MINUTE value; an integer counts minutes after midnight, past which it begins again.',
  ],
  [
    'second',
    T.SECOND,
    'Second of the day as a SECOND value; an integer counts seconds after midnight, past which it begins again.',
  ],
  ['datetime', T.DATETIME, 'Date and time in seconds; an integer counts seconds since 1970.01.01.'],
  ['timestamp', T.TIMESTAMP, 'Date and time in milliseconds; an integer counts milliseconds since 1970.01.01.'],
  [
    'nanotime',
    T.NANOTIME,
    'Time of day in nanoseconds; an integer counts nanoseconds after midnight, past which it begins again.',
  ],
  ['nanotimestamp', T.NANOTIMESTAMP, 'Date and time in nanoseconds.'],
  ['datehour', T.DATEHOUR, 'Date and hour; an integer counts hours since 1970.01.01.'],
  ['string', T.STRING, 'The text that print shows; null gives the empty text.'],
  ['blob', T.BLOB, 'Text as BLOB.'],
  ['uuid', T.UUID, 'UUID from its text.'],
  ['ipaddr', T.IPADDR, 'IPv4 or IPv6 address from its text.'],
  ['int128', T.INT128, '128-bit value from 32 hexadecimal digits.'],
  ['duration', T.DURATION, 'DURATION from a text such as "20ms".'],
]

for (const [name, type, what] of CONVERSIONS)
  define(`${name}([X])`, {
    kind: 'element',
    doc: `${what} Without an argument the null of the type. The form of X is kept; what can not be read becomes null.`,
    call: ([x]) => (isGiven(x) ? converted(x, type) : Scalar.nullOf(type)),
  })

define('symbol(X)', {
  kind: 'element',
  doc: 'Encodes a STRING vector as SYMBOL; a scalar stays a STRING.',
  call: ([x]) => castValue(required(x, 'symbol(X)', 'X'), T.SYMBOL),
})

for (const [name, type] of [
  ['decimal32', T.DECIMAL32],
  ['decimal64', T.DECIMAL64],
  ['decimal128', T.DECIMAL128],
] as const)
  define(`${name}(X, scale)`, {
    kind: 'element',
    doc: 'Decimal with `scale` digits after the point. Texts are rounded to the scale, numbers are cut; overflow is an error.',
    call: ([x, scale]) =>
      converted(required(x, `${name}(X, scale)`, 'X'), type, intArg(scale, `${name}(X, scale)`, 'scale')),
  })

define('cast(X, Y)', {
  kind: 'element',
  doc: 'X as the type Y (a type, its name, or a pair rows:cols, which reshapes column by column). The same as X$Y.',
  call: ([x, y]) => cast(required(x, 'cast(X, Y)', 'X'), required(y, 'cast(X, Y)', 'Y')),
})

for (const [name, type] of [
  ['point', T.POINT],
  ['complex', T.COMPLEX],
] as const)
  define(`${name}([X], [Y])`, {
    kind: 'element',
    doc: `A ${name.toUpperCase()} of two numbers, or a vector of them from two vectors. Without arguments the null of the type.`,
    call: ([x, y]) =>
      isGiven(x) || isGiven(y)
        ? paired(name, type, required(x, `${name}(X, Y)`, 'X'), required(y, `${name}(X, Y)`, 'Y'))
        : Scalar.nullOf(type),
  })

function paired(name: string, type: TypeId, x: Value, y: Value): Value {
  const a = castValue(x, T.DOUBLE)
  const b = castValue(y, T.DOUBLE)
  if (a.kind === 'scalar' && b.kind === 'scalar') return new Scalar(type, [a.value as number, b.value as number])
  const length = a.kind === 'vector' ? a.length : b.kind === 'vector' ? b.length : 0
  if ((a.kind === 'vector' && a.length !== length) || (b.kind === 'vector' && b.length !== length))
    throw operatorError('Incompatible vector size', { code: 'vectorSize' })
  const pick = (v: Value, k: number): number => {
    if (v.kind === 'scalar') return v.value as number
    if (v.kind === 'vector') return v.raw(k) as number
    throw inputError(`Usage: ${name}(X, Y). X and Y must be scalars or vectors.`)
  }
  const data = new Float64Array(2 * length)
  for (let k = 0; k < length; k++) {
    data[2 * k] = pick(a, k)
    data[2 * k + 1] = pick(b, k)
  }
  return new WideVector(type, data, length)
}

function half(name: string, high: boolean, floating: boolean): void {
  define(`${name}(X)`, {
    kind: 'element',
    doc: `The ${high ? 'upper' : 'lower'} 8 bytes of a 16-byte value as ${floating ? 'DOUBLE' : 'LONG'}.`,
    call: ([x]) => {
      const one = (type: TypeId, raw: Raw): Raw => {
        if (floating && Array.isArray(raw)) return raw[high ? 1 : 0] as number
        if (!floating && typeof raw === 'bigint' && categoryOf(type) === 'binary')
          return BigInt.asIntN(64, high ? raw >> 64n : raw)
        throw operatorError(`The function ${name} does not support ${typeName(type)} data.`)
      }
      return mapForm(required(x, `${name}(X)`, 'X'), (f) => {
        const type = floating ? T.DOUBLE : T.LONG
        if (f.kind === 'scalar') return new Scalar(type, one(f.type, f.value))
        const out = new FixedVector(type, floating ? new Float64Array(f.length) : new BigInt64Array(f.length))
        for (let k = 0; k < f.length; k++) out.data[k] = one(f.type, f.raw(k)) as never
        return out
      })
    },
  })
}
half('highLong', true, false)
half('lowLong', false, false)
half('highDouble', true, true)
half('lowDouble', false, true)

// ---------------------------------------------------------------------------------------------------------------------
// Nulls

/** 1 where an element is null, in the form of the argument. */
export function isNullFlags(x: Flat): Scalar | FixedVector {
  if (x.kind === 'scalar') return Scalar.bool(x.isNull())
  if (x.storage === 'fixed') return new FixedVector(T.BOOL, nullFlags(x.data, x.length))
  const out = new Int8Array(x.length)
  if (x.storage === 'symbol') for (let k = 0; k < out.length; k++) out[k] = x.data[k] === 0 ? 1 : 0
  else for (let k = 0; k < out.length; k++) out[k] = x.isNullAt(k) ? 1 : 0
  return new FixedVector(T.BOOL, out)
}

function isNull(x: Value): Value {
  if (x.kind === 'function' || x.kind === 'code' || x.kind === 'resource') return Scalar.FALSE
  if (x.kind === 'vector' && x.storage === 'any' && x.values.every((v) => v.kind === 'scalar'))
    return new FixedVector(
      T.BOOL,
      Int8Array.from(x.values, (v) => ((v as Scalar).isNull() ? 1 : 0)),
    )
  return mapForm(x, isNullFlags)
}

define('isNull(X)', {
  kind: 'element',
  doc: 'Whether each element is null; the form of X is kept.',
  call: ([x]) => isNull(required(x, 'isNull(X)', 'X')),
})
define('isValid(X)', {
  kind: 'element',
  doc: 'Whether each element is not null; the form of X is kept.',
  call: ([x]) => unaryOp('not', isNull(required(x, 'isValid(X)', 'X'))),
})

export function anyNull(x: Value): boolean {
  switch (x.kind) {
    case 'scalar':
      return x.isNull()
    case 'vector':
      if (x.storage === 'any') return x.values.some(anyNull)
      if (x.storage === 'array') return anyNull(x.flat)
      return ((isNullFlags(x) as FixedVector).data as Int8Array).includes(1)
    case 'matrix':
      return anyNull(x.data)
    case 'table':
      return x.columns.some(anyNull)
    case 'dict':
      return [...x.entries.values()].some(anyNull)
    case 'set':
      return x.members.has(nullRaw(x.type) as never)
    case 'pair':
      return x.first === nullRaw(x.type) || x.second === nullRaw(x.type)
    default:
      return false
  }
}

define('hasNull(X)', {
  kind: 'aggregate',
  doc: 'Whether any element is null. One BOOL; a table or matrix is asked as a whole.',
  call: ([x]) => Scalar.bool(anyNull(required(x, 'hasNull(X)', 'X'))),
})
define('isVoid(X)', {
  doc: 'Whether X is the untyped NULL, or an argument that was not passed.',
  call: ([x]) => Scalar.bool(x === undefined || (x.kind === 'scalar' && x.type === T.VOID)),
})
define('isNothing(X)', {
  doc: 'Whether X is a parameter that the caller did not pass.',
  call: ([x]) => Scalar.bool(!isGiven(x)),
})
define('asis(obj)', {
  doc: 'Its argument.',
  call: ([x]) => required(x, 'asis(obj)', 'obj'),
})

/** Element from `x` where the flag is 0, from `y` where it is 1; a null flag (-128) gives null. */
function choose(flags: Int8Array, x: Flat, y: Flat): Vector {
  const length = flags.length
  const type = resultType(x, y)
  const scale = 'scale' in x && isDecimal(x.type) ? x.scale : 'scale' in y && isDecimal(y.type) ? y.scale : undefined
  const side = (v: Flat): Vector => {
    if (v.kind !== 'scalar') return castVector(v, type, isDecimal(type) ? scale : undefined)
    return scalarToVector(castScalar(v, type, isDecimal(type) ? scale : undefined), 1, type)
  }
  const a = side(x)
  const b = side(y)
  const singleA = x.kind === 'scalar'
  const singleB = y.kind === 'scalar'
  if ((!singleA && a.length !== length) || (!singleB && b.length !== length))
    throw operatorError('Incompatible vector size', { code: 'vectorSize' })
  if (a.storage === 'fixed' && b.storage === 'fixed') return chooseFixed(flags, a, b, singleA, singleB)
  if (a.storage === 'string' && b.storage === 'string') {
    const p = a.strings
    const q = b.strings
    const out: string[] = new Array(length)
    for (let k = 0; k < length; k++)
      out[k] = flags[k] === 0 ? p[singleA ? 0 : k] : flags[k] === 1 ? q[singleB ? 0 : k] : ''
    return new StringVector(out)
  }
  const out: Value[] = new Array(length)
  for (let k = 0; k < length; k++)
    out[k] = flags[k] === 0 ? a.get(singleA ? 0 : k) : flags[k] === 1 ? b.get(singleB ? 0 : k) : Scalar.VOID
  return castVector(new AnyVector(out), type === T.ANY ? T.ANY : type, scale)
}

function chooseFixed(
  flags: Int8Array,
  a: FixedVector,
  b: FixedVector,
  singleA: boolean,
  singleB: boolean,
): FixedVector {
  const out = newFixedArray(typeInfo(a.type).storage, flags.length)
  runChoice(flags, { data: a.data, single: singleA }, { data: b.data, single: singleB }, out)
  return new FixedVector(a.type, out, flags.length, a.scale)
}

/** Common type of two results: equal types, promoted numbers, text; a VOID takes the other's. */
function resultType(x: Flat, y: Flat): TypeId {
  if (x.type === y.type) return x.type === T.SYMBOL ? T.STRING : x.type
  if (x.type === T.VOID) return y.type === T.SYMBOL ? T.STRING : y.type
  if (y.type === T.VOID) return x.type === T.SYMBOL ? T.STRING : x.type
  if (isNumeric(x.type) && isNumeric(y.type)) return promote(x.type, y.type)
  if (isDecimal(x.type) && isNumeric(y.type)) return x.type
  if (isDecimal(y.type) && isNumeric(x.type)) return y.type
  if (isLiteral(x.type) && isLiteral(y.type)) return T.STRING
  throw operatorError(`The two results must have the same type, but are ${typeName(x.type)} and ${typeName(y.type)}.`)
}

/** iif: element-wise choice by a condition of any form. */
export function iif(condition: Value, whenTrue: Value, whenFalse: Value): Value {
  if (condition.kind === 'scalar') {
    const flag = castScalar(condition, T.BOOL).value
    if (flag === 1) return whenTrue
    if (flag === 0) return whenFalse
    return whenTrue.kind === 'scalar' ? Scalar.nullOf(whenTrue.type, whenTrue.scale) : Scalar.VOID
  }
  if (condition.kind === 'matrix') {
    const pick = (v: Value): Value => (v.kind === 'matrix' ? v.data : v)
    const data = iif(condition.data, pick(whenTrue), pick(whenFalse)) as Vector
    return new Matrix(data, condition.rows, condition.cols, condition.rowLabels, condition.colLabels)
  }
  if (condition.kind === 'table') {
    const pick = (v: Value, k: number): Value => (v.kind === 'table' ? v.columns[k] : v)
    const columns = condition.columns.map((c, k) => iif(c, pick(whenTrue, k), pick(whenFalse, k)) as Vector)
    return new Table(condition.names.slice(), columns)
  }
  if (condition.kind !== 'vector')
    throw inputError('Usage: iif(cond, trueResult, falseResult). cond must be a scalar, vector, matrix or table.')
  if (
    condition.storage === 'any' ||
    condition.storage === 'array' ||
    (whenTrue.kind !== 'scalar' && !isFlatVector(whenTrue)) ||
    (whenFalse.kind !== 'scalar' && !isFlatVector(whenFalse))
  ) {
    for (const v of [whenTrue, whenFalse])
      if (v.kind === 'vector' && v.length !== condition.length)
        throw operatorError('Incompatible vector size', { code: 'vectorSize' })
    const at = (v: Value, k: number): Value => (v.kind === 'vector' ? v.get(k) : v)
    return new AnyVector(
      Array.from({ length: condition.length }, (_, k) => iif(condition.get(k), at(whenTrue, k), at(whenFalse, k))),
    )
  }
  const truth = (castVector(condition, T.BOOL) as FixedVector).view() as Int8Array
  return choose(truth, whenFalse as Flat, whenTrue as Flat)
}

const isFlatVector = (v: Value): boolean => v.kind === 'vector' && v.storage !== 'any' && v.storage !== 'array'

define('iif(cond, trueResult, falseResult)', {
  kind: 'element',
  doc: 'Element by element trueResult where cond is true, falseResult where it is false, null where it is null. All arguments are evaluated.',
  call: ([c, t, f]) => {
    const usage = 'iif(cond, trueResult, falseResult)'
    return iif(required(c, usage, 'cond'), required(t, usage, 'trueResult'), required(f, usage, 'falseResult'))
  },
})

/** X with its nulls replaced by Y. */
export function nullFill(x: Value, y: Value): Value {
  if (x.kind === 'table') {
    return new Table(
      x.names.slice(),
      x.columns.map((c, k) => fillColumn(c, y.kind === 'table' ? y.columns[k] : y, true)),
    )
  }
  if (x.kind === 'vector' && x.storage !== 'any') return fillColumn(x, y)
  if (x.kind === 'matrix') return mapForm(x, (f) => fillColumn(f as Vector, y.kind === 'matrix' ? y.data : y))
  if (x.kind === 'scalar')
    return x.isNull() && x.type !== T.VOID && y.kind === 'scalar' ? castScalar(y, x.type, x.scale) : x.isNull() ? y : x
  if (x.kind === 'vector') return new AnyVector(x.values.map((v, k) => nullFill(v, y.kind === 'vector' ? y.get(k) : y)))
  return mapForm(x, (f) => nullFill(f, y))
}

/** A column of a table takes a filler for all of them: one of text takes it as its text (`asText`), nothing else takes text. */
function fillColumn(x: Vector, y: Value, asText = false): Vector {
  if (y.kind !== 'scalar' && y.kind !== 'vector')
    throw inputError('Usage: nullFill(X, Y). Y must be a scalar or have the shape of X.')
  if (x.storage === 'array') return fillRows(x, y)
  const type = x.type === T.SYMBOL ? T.STRING : x.type
  // An integer is a temporal value by its number, so that nullFill!{, 0} takes a table of measurements and times.
  const fits =
    categoryOf(y.type) === categoryOf(type) ||
    (isNumeric(y.type) && isNumeric(type)) ||
    (isIntegral(y.type) && isTemporal(type)) ||
    (asText && type === T.STRING) ||
    isDecimal(type)
  if (!fits) throw operatorError(`Nulls of ${typeName(type)} can not be filled with ${typeName(y.type)} data.`)
  const scale = isDecimal(type) && 'scale' in x ? x.scale : undefined
  const filler: Flat = y.kind === 'scalar' ? castScalar(y, type, scale) : castVector(y, type, scale)
  const flags = (isNullFlags(x) as FixedVector).data as Int8Array
  const out = choose(flags, x, filler)
  return x.storage === 'symbol' ? castVector(out, T.SYMBOL) : out
}

/** An array vector takes its fillers from an array vector whose rows are as long, from a vector with one for each row, or from a scalar. */
function fillRows(x: ArrayVector, y: Scalar | Vector): Vector {
  if (y.kind === 'scalar') return mapForm(x, (f) => fillColumn(f as Vector, y)) as Vector
  if (y.length !== x.length) throw operatorError('Incompatible vector size', { code: 'vectorSize' })
  // For each element of X, where its filler stands.
  const at = new Int32Array(x.flat.length)
  for (let k = 0; k < x.length; k++) {
    const from = x.offsets[k]
    const to = x.offsets[k + 1]
    if (y.storage !== 'array') at.fill(k, from, to)
    else if (y.offsets[k + 1] - y.offsets[k] !== to - from)
      throw inputError(`Usage: nullFill(X, Y). Row ${k} of Y must have as many elements as row ${k} of X.`)
    else for (let e = from; e < to; e++) at[e] = y.offsets[k] + e - from
  }
  const fillers = (y.storage === 'array' ? y.flat : y).gather(at)
  return mapForm(x, (f) => fillColumn(f as Vector, fillers)) as Vector
}

for (const bang of ['', '!'])
  define(`nullFill${bang}(X, Y)`, {
    kind: bang === '' ? 'element' : 'general',
    mutates: bang === '!',
    doc: `X with every null replaced by Y, a scalar or an object of the same shape${bang === '' ? '' : '; X itself changes'}.`,
    call: ([x, y]) => {
      const source = required(x, 'nullFill(X, Y)', 'X')
      const filled = nullFill(source, required(y, 'nullFill(X, Y)', 'Y'))
      return bang === '' ? filled : overwrite(source, filled)
    },
  })

/** Puts the contents of a result of the same form and type into an object, for functions that change their argument. */
export function overwrite(target: Value, source: Value): Value {
  if (target.kind === 'table' && source.kind === 'table') {
    target.columns = source.columns
    target.names = source.names
    return target
  }
  if (target.kind === 'matrix' && source.kind === 'matrix') {
    target.data = source.data
    return target
  }
  if (target.kind === 'vector' && source.kind === 'vector') {
    if (target.type !== source.type)
      throw inputError(
        `The type of the vector can't change from ${typeName(target.type)} to ${typeName(source.type)} in place.`,
      )
    if (target.storage === 'fixed' && source.storage === 'fixed') {
      target.data = source.data
      target.length = source.length
      return target
    }
    if (target.storage === 'array' && source.storage === 'array') {
      target.offsets = source.offsets
      target.flat = source.flat
      target.length = source.length
      return target
    }
    if (target.storage === 'symbol' && source.storage === 'symbol') {
      for (let k = 0; k < source.length; k++) target.data[k] = target.base.encode(source.raw(k))
      target.length = source.length
      return target
    }
    if (target.storage === 'wide' && source.storage === 'wide') {
      target.data = source.data
      target.length = source.length
      return target
    }
    if (target.storage === 'string' && source.storage === 'string') {
      target.strings.splice(0, target.length, ...[])
      for (const s of source.strings) target.strings.push(s)
      target.length = source.length
      return target
    }
    if (target.storage === 'any' && source.storage === 'any') {
      target.values.length = 0
      for (const v of source.values) target.values.push(v)
      target.length = source.length
      return target
    }
  }
  throw inputError(`A ${target.kind} can't be changed in place by this function.`)
}

define('ifNull(X, Y)', {
  kind: 'element',
  doc: 'Null where X is null, else Y (the reverse of what other systems do).',
  call: ([x, y]) => {
    const source = required(x, 'ifNull(X, Y)', 'X')
    const other = required(y, 'ifNull(X, Y)', 'Y')
    if (source.kind === 'scalar' && other.kind === 'scalar')
      return source.isNull() ? Scalar.nullOf(other.type, other.scale) : other
    return iif(isNull(source), Scalar.VOID, other)
  },
})
define('ifValid(X, Y)', {
  kind: 'element',
  doc: 'X where it is not null, else Y.',
  call: ([x, y]) => {
    const source = required(x, 'ifValid(X, Y)', 'X')
    return iif(isNull(source), required(y, 'ifValid(X, Y)', 'Y'), source)
  },
})
define('nullIf(X, Y)', {
  kind: 'element',
  doc: 'Null where X and Y are equal, else X.',
  call: ([x, y]) => {
    const source = required(x, 'nullIf(X, Y)', 'X')
    const same = elementwise('eq', source, required(y, 'nullIf(X, Y)', 'Y'))
    if (source.kind === 'scalar' && same.kind === 'scalar')
      return same.value === 1 ? Scalar.nullOf(source.type, source.scale) : source
    return iif(same, Scalar.VOID, source)
  },
})
define('nullCompare(func, X, Y)', {
  kind: 'element',
  doc: 'The comparison func of X and Y, null wherever an operand is null: nullCompare(>, a, 0). With between, Y is a pair; a bound that is null makes every result null.',
  call: ([func, x, y], session) => {
    const usage = 'nullCompare(func, X, Y)'
    if (func?.kind !== 'function') throw inputError(`Usage: ${usage}. func must be a comparison function.`)
    const a = required(x, usage, 'X')
    const b = required(y, usage, 'Y')
    const result = session.call(func, [a, b])
    const open = b.kind === 'pair' && [b.first, b.second].some((end) => new Scalar(b.type, end, b.scale).isNull())
    const nulls =
      b.kind !== 'pair' ? fastBinary.or(isNull(a), isNull(b)) : open ? fastBinary.or(isNull(a), Scalar.TRUE) : isNull(a)
    if (nulls.kind === 'scalar') return nulls.value === 1 ? Scalar.nullOf(T.BOOL) : result
    return iif(nulls, Scalar.nullOf(T.BOOL), result)
  },
})

// ---------------------------------------------------------------------------------------------------------------------
// Imported NaN and infinity, and fill along a vector

function flagNonFinite(x: Value, includeNull: boolean): Value {
  return mapForm(x, (f) => {
    const test = (n: Raw): boolean =>
      typeof n === 'number' && (!Number.isFinite(n) || (includeNull && (n === NULL_F64 || n === NULL_F32)))
    if (f.kind === 'scalar') return Scalar.bool(test(f.value))
    const out = new Int8Array(f.length)
    for (let k = 0; k < f.length; k++) out[k] = test(f.raw(k)) ? 1 : 0
    return new FixedVector(T.BOOL, out)
  })
}
const includeNullArg = (v: Arg, name: string): boolean =>
  boolArg(v, `${name}(X, [includeNull=false])`, 'includeNull', false)

define('isNanInf(X, [includeNull=false])', {
  kind: 'element',
  doc: 'Whether each element is NaN or infinite (or null, with includeNull).',
  call: ([x, n]) => flagNonFinite(required(x, 'isNanInf(X)', 'X'), includeNullArg(n, 'isNanInf')),
})
define('countNanInf(X, [includeNull=false])', {
  kind: 'aggregate',
  doc: 'Number of elements that are NaN or infinite (or null, with includeNull).',
  call: ([x, n]) => {
    let count = 0
    mapForm(flagNonFinite(required(x, 'countNanInf(X)', 'X'), includeNullArg(n, 'countNanInf')), (f) => {
      if (f.kind === 'scalar') count += f.value as number
      else for (let k = 0; k < f.length; k++) count += f.raw(k) as number
      return f
    })
    return Scalar.int(count)
  },
})
define('nanInfFill(X, Y)', {
  kind: 'element',
  doc: 'X with NaN and infinities replaced by the number Y.',
  call: ([x, y]) => {
    const source = required(x, 'nanInfFill(X, Y)', 'X')
    return iif(flagNonFinite(source, false), required(y, 'nanInfFill(X, Y)', 'Y'), source)
  },
})

function carry(v: Vector, limit: number, step: 1 | -1): Vector {
  const positions = new Int32Array(v.length)
  let last = -1
  for (let n = 0; n < v.length; n++) {
    const k = step > 0 ? n : v.length - 1 - n
    if (!v.isNullAt(k)) last = k
    positions[k] = last >= 0 && Math.abs(k - last) <= limit ? last : k
  }
  return v.gather(positions)
}

/** Rows without values become the nearest one that has some; nulls in other rows the nearest value at their place of a row. */
function carryRows(x: ArrayVector, step: 1 | -1): ArrayVector {
  const { offsets, flat } = x
  const valid = (k: number): boolean => !flat.isNullAt(k)
  const positions: number[][] = new Array(x.length)
  const lastAt: number[] = []
  let lastRow: readonly number[] = []
  for (let n = 0; n < x.length; n++) {
    const r = step > 0 ? n : x.length - 1 - n
    const own = Array.from({ length: offsets[r + 1] - offsets[r] }, (_, c) => offsets[r] + c)
    if (!own.some(valid)) {
      positions[r] = lastRow.length === 0 ? own : lastRow.slice()
      continue
    }
    positions[r] = own.map((k, c) => (valid(k) ? k : (lastAt[c] ?? k)))
    positions[r].forEach((k, c) => {
      if (valid(k)) lastAt[c] = k
    })
    lastRow = positions[r]
  }
  const ends = new Int32Array(x.length + 1)
  for (let r = 0; r < x.length; r++) ends[r + 1] = ends[r] + positions[r].length
  return new ArrayVector(ends, flat.gather(Int32Array.from(positions.flat())))
}

for (const [name, step, what] of [
  ['ffill', 1, 'the last valid value before it'],
  ['bfill', -1, 'the next valid value after it'],
] as const)
  for (const bang of ['', '!'])
    define(`${name}${bang}(X, [limit])`, {
      kind: bang === '' ? 'vector' : 'general',
      mutates: bang === '!',
      doc: `Replaces each null by ${what}, over at most \`limit\` neighbours. Tables and matrices work column by column; in an array vector a row without values becomes the nearest one that has some, and a null in another row the nearest value at its place.`,
      call: ([x, limit]) => {
        const usage = `${name}(X, [limit])`
        const most = intArg(limit, usage, 'limit', Number.POSITIVE_INFINITY)
        const source = required(x, usage, 'X')
        if (source instanceof ArrayVector) {
          if (isGiven(limit)) throw inputError(`Usage: ${usage}. limit can't be used with array vectors.`)
          const rows = carryRows(source, step)
          return bang === '' ? rows : overwrite(source, rows)
        }
        const filled = vectorOver(name, source, (v) => carry(v, most, step))
        return bang === '' ? filled : overwrite(source, filled)
      },
    })

// ---------------------------------------------------------------------------------------------------------------------
// Integers from text, symbol codes

const INTEGER_LIMIT: Readonly<Record<number, bigint>> = {
  [T.CHAR]: 127n,
  [T.SHORT]: 32767n,
  [T.INT]: 2147483647n,
  [T.LONG]: 2n ** 63n - 1n,
}

define('parseInteger(X, type, [radix=10])', {
  kind: 'element',
  aliases: ['parseInt'],
  doc: 'Integer of the given type from text in a base from 2 to 36; reading stops at the first character that is no digit; in base 16 "0x" may come first. An empty text gives null, no digit at all is an error.',
  call: ([x, type, radix]) => {
    const usage = 'parseInteger(X, type, [radix=10])'
    const to = typeSpec(required(type, usage, 'type')).type
    const limit = INTEGER_LIMIT[to]
    if (limit === undefined) throw inputError(`Usage: ${usage}. type must be CHAR, SHORT, INT or LONG.`)
    const base = intArg(radix, usage, 'radix', 10)
    const read = (text: string): Raw => {
      if (text.trim() === '') return nullRaw(to)
      const m = (base === 16 ? /^\s*([+-]?)(?:0x)?([0-9a-z]*)/i : /^\s*([+-]?)([0-9a-z]*)/i).exec(text)!
      let value = 0n
      let count = 0
      for (const c of m[2]) {
        const digit = Number.parseInt(c, 36)
        if (!(digit < base)) break
        value = value * BigInt(base) + BigInt(digit)
        count++
      }
      if (count === 0) throw inputError(`The text "${text}" holds no integer.`)
      if (value > limit) return nullRaw(to)
      const signed = m[1] === '-' ? -value : value
      return to === T.LONG ? signed : Number(signed)
    }
    return mapForm(required(x, usage, 'X'), (f) => {
      if (!isLiteral(f.type)) throw inputError(`Usage: ${usage}. X must be text.`)
      if (f.kind === 'scalar') return new Scalar(to, read(f.value as string))
      const out = scalarToVector(Scalar.nullOf(to), f.length) as FixedVector
      for (let k = 0; k < f.length; k++) out.data[k] = read(f.raw(k) as string) as never
      return out
    })
  },
})

define('symbolCode(X)', {
  kind: 'element',
  doc: 'The internal codes of a SYMBOL vector; the empty text is 0.',
  call: ([x]) => {
    if (x?.kind !== 'vector' || !(x instanceof SymbolVector))
      throw inputError('Usage: symbolCode(X). X must be a SYMBOL vector.')
    return new FixedVector(T.INT, x.data.slice(0, x.length))
  },
})

export const convertBuiltins = entries
