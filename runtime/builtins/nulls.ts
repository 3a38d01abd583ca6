import { inputError, operatorError } from '../errors.ts'
import { runChoice } from '../kernels/arithmetic.ts'
import { nullFlags } from '../kernels/null-scan.ts'
import { elementsLike, elementwise, fastBinary, inRowsOf } from '../ops/binary.ts'
import { arrayFromRows, castScalar, castVector, scalarToVector } from '../ops/cast.ts'
import type { Flat } from '../ops/flat.ts'
import { promote } from '../ops/promotion.ts'
import { mapForm, unaryOp } from '../ops/unary.ts'
import { topicTable } from '../registry.ts'
import { formName } from '../values/form-name.ts'
import { Matrix } from '../values/forms.ts'
import { filledList, textList } from '../values/heap.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { Table } from '../values/table.ts'
import {
  categoryOf,
  isDecimal,
  isIntegral,
  isLiteral,
  isNumeric,
  isTemporal,
  nullRaw,
  T,
  type TypeId,
  typeInfo,
  typeName,
} from '../values/types.ts'
import { AnyVector, type ArrayVector, FixedVector, newFixedArray, StringVector, type Vector } from '../values/vector.ts'
import { isGiven, required } from './args.ts'

const { entries, define } = topicTable('Types, conversion, null tests')

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
  return mapForm(x, isNullFlags, 'isNull')
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
    const out = textList(length)
    for (let k = 0; k < length; k++)
      out[k] = flags[k] === 0 ? p[singleA ? 0 : k] : flags[k] === 1 ? q[singleB ? 0 : k] : ''
    return new StringVector(out)
  }
  const out: Value[] = filledList(length, Scalar.VOID)
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
  if (condition.storage === 'array' && elementsOfBoth(whenTrue, whenFalse) !== undefined) {
    const beside = (v: Value): Value => elementsLike(condition, v, 'iif')
    return inRowsOf(condition, iif(beside(condition), beside(whenTrue), beside(whenFalse)) as Vector)
  }
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
    const rows = Array.from({ length: condition.length }, (_, k) =>
      iif(condition.get(k), at(whenTrue, k), at(whenFalse, k)),
    )
    const type = condition.storage === 'any' ? undefined : elementsOfBoth(whenTrue, whenFalse)
    return type === undefined ? new AnyVector(rows) : arrayFromRows(rows, type.type, type.scale)
  }
  const truth = (castVector(condition, T.BOOL) as FixedVector).view() as Int8Array
  return choose(truth, whenFalse as Flat, whenTrue as Flat)
}

/** The type that two results have in an array vector; none for tuples, texts and other forms. */
function elementsOfBoth(x: Value, y: Value): { readonly type: TypeId; readonly scale: number } | undefined {
  const [a, b] = [x, y].map((v) => (v.kind === 'vector' && v.storage === 'array' ? v.flat : v))
  const isFlat = (v: Value): v is Flat => v.kind === 'scalar' || isFlatVector(v)
  if (!isFlat(a) || !isFlat(b)) return undefined
  const type = resultType(a, b)
  if (type === T.VOID || isLiteral(type)) return undefined
  const decimal = [a, b].find((v) => isDecimal(v.type))
  return { type, scale: decimal !== undefined && 'scale' in decimal ? decimal.scale : 0 }
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
  return mapForm(x, (f) => nullFill(f, y), 'nullFill')
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
  throw inputError(`A ${formName(target)} can't be changed in place by this function.`)
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

export const nullBuiltins = entries
