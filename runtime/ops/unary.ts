/** `-x`, `!x` and bitNot on every form. */
import { inputError, operatorError } from '../errors.ts'
import { formName } from '../values/form-name.ts'
import { Dict, Pair } from '../values/forms.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { Table } from '../values/table.ts'
import { categoryOf, isDecimal, isLiteral, isNullRaw, isNumeric, type Raw, T } from '../values/types.ts'
import { ArrayVector, FixedVector, newVector, type Vector, vectorOf } from '../values/vector.ts'
import { castVector, relabel } from './cast.ts'
import { type Flat, flatBinary } from './flat.ts'
import type { UnaryOpName } from './names.ts'

/** Applies a unary operator element by element; the form stays. */
export function unaryOp(op: UnaryOpName, a: Value): Value {
  if (a instanceof Scalar) {
    if (op === 'neg') {
      if (a.type === T.INT) return a.value === -2147483648 ? a : Scalar.int(0 - (a.value as number))
      if (a.type === T.DOUBLE) return a.isNull() ? a : Scalar.double(0 - (a.value as number))
    } else if (op === 'not' && a.type === T.BOOL) return a.value === -128 ? a : Scalar.bool(a.value === 0)
  }
  return mapForm(a, (x) => onFlat(op, x), op)
}

/** Applies an element-wise function to the flat pieces of any form and puts the form together again. `name` is for messages. */
export function mapForm(a: Value, f: (x: Flat) => Value, name?: string): Value {
  switch (a.kind) {
    case 'scalar':
      return f(a)
    case 'vector':
      if (a.storage === 'any') return a.likewise(a.values.map((x) => mapForm(x, f, name)))
      if (a.storage === 'array')
        return new ArrayVector(
          a.offsets.slice(0, a.length + 1).map((o) => o - a.offsets[0]),
          f(a.flat.slice(a.offsets[0], a.offsets[a.length])) as Vector,
        )
      return f(a)
    case 'pair': {
      const r = f(vectorOf(a.type, [a.first, a.second], a.scale)) as Vector
      return new Pair(r.type, r.raw(0), r.raw(1), 'scale' in r ? r.scale : 0)
    }
    case 'matrix':
      return relabel(a, f(a.data) as Vector)
    case 'table':
      return new Table(
        a.names.slice(),
        a.columns.map((c) => mapForm(c, f, name) as Vector),
      )
    case 'dict': {
      const entries = new Map([...a.entries].map(([k, v]) => [k, mapForm(v, f, name)]))
      const types = new Set([...entries.values()].map((v) => (v.kind === 'scalar' ? v.type : T.ANY)))
      return new Dict(a.keyType, types.size === 1 ? [...types][0] : T.ANY, entries, a.ordered, a.scale)
    }
    default:
      throw operatorError(`The function ${name === undefined ? '' : `${name} `}does not support a ${formName(a)}.`, {
        code: 'operandTypes',
      })
  }
}

function onFlat(op: UnaryOpName, x: Flat): Value {
  if (op === 'not') return negation(x)
  if (x.type === T.VOID) return x
  if (isLiteral(x.type)) throw operatorError(`Arguments for ${op} method can not be string.`, { code: 'stringOperand' })
  if (op === 'bitNot') {
    if (categoryOf(x.type) !== 'integral') throw inputError('The function bitNot accepts only integers.')
    return flatBinary('bitXor', x, Scalar.int(-1))
  }
  if (isDecimal(x.type)) return negateExact(x)
  if (x.type === T.BOOL || x.type === T.COMPLEX) return flatBinary('sub', Scalar.int(0), x)
  if (!isNumeric(x.type)) throw operatorError('The function neg accepts only numbers.', { code: 'operandTypes' })
  const zero = new Scalar(x.type, x.type === T.LONG ? 0n : 0)
  return flatBinary('sub', zero, x)
}

function negateExact(x: Flat): Value {
  const minus = (raw: Raw): Raw => (isNullRaw(x.type, raw) ? raw : typeof raw === 'bigint' ? -raw : 0 - (raw as number))
  if (x.kind === 'scalar') return new Scalar(x.type, minus(x.value), x.scale)
  const out = newVector(x.type, x.length, 'zero', 'scale' in x ? x.scale : 0)
  for (let k = 0; k < x.length; k++) {
    if (out.storage === 'fixed') out.data[k] = minus(x.raw(k)) as never
    else if (out.storage === 'wide') out.set(k, minus(x.raw(k)))
  }
  return out
}

function negation(x: Flat): Value {
  if (x.kind === 'scalar') {
    if (x.isNull()) return Scalar.nullOf(T.BOOL)
    if (isLiteral(x.type)) throw operatorError('Arguments for not method can not be string.', { code: 'stringOperand' })
    return Scalar.bool(Number(x.value) === 0)
  }
  if (isLiteral(x.type)) throw operatorError('Arguments for not method can not be string.', { code: 'stringOperand' })
  const truth = castVector(x, T.BOOL) as FixedVector
  const { data } = truth
  const out = new Int8Array(x.length)
  for (let k = 0; k < out.length; k++) out[k] = data[k] === -128 ? -128 : data[k] === 0 ? 1 : 0
  return new FixedVector(T.BOOL, out)
}
