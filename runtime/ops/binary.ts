/**
 * Binary operators on values of every form (language specification, sections 3.3 and 3.10). `binaryOp` is complete; `fastBinary` holds one function an
 * operator with a short path for scalar INT, LONG and DOUBLE, for code that calls the same operator again and again.
 */
import { inputError, operatorError } from '../errors.ts'
import { kernel } from '../kernels/codegen.ts'
import { formName } from '../values/form-name.ts'
import { Dict, type Key, type Matrix, Pair } from '../values/forms.ts'
import { filledList } from '../values/heap.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { Table } from '../values/table.ts'
import { elementType, isLiteral, T } from '../values/types.ts'
import { AnyVector, ArrayVector, type Vector, vectorOf } from '../values/vector.ts'
import { alignMatrices } from './align.ts'
import { castValue, concatVectors, relabel } from './cast.ts'
import { dotProduct } from './dot.ts'
import { type Flat, flatBinary } from './flat.ts'
import { joinValues } from './join.ts'
import { BIT_OPS, type BinaryOpName, COMPARE_OPS, type ElementOp, isCompareOp, LOGIC_OPS } from './names.ts'
import { setBinary } from './sets.ts'

export { betweenOp as between, ilikeOp, inOp, likeOp } from './membership.ts'
export type { BinaryOpName, UnaryOpName } from './names.ts'
export { unaryOp } from './unary.ts'

/** Applies an operator to any two values. */
export function binaryOp(op: BinaryOpName, a: Value, b: Value): Value {
  if (op === 'join') return joinValues(a, b)
  if (op === 'dot') return dotProduct(a, b)
  return elementwise(op, a, b)
}

const isFlat = (v: Value): v is Flat =>
  v.kind === 'scalar' || (v.kind === 'vector' && v.storage !== 'any' && v.storage !== 'array')

/** The element-wise operators, with broadcasting. */
export function elementwise(op: ElementOp, a: Value, b: Value): Value {
  if (isFlat(a) && isFlat(b)) return flatBinary(op, a, b)
  if (a.kind === 'set' || b.kind === 'set') return setBinary(op, a, b)
  if (a.kind === 'table' || b.kind === 'table') return onTables(op, a, b)
  if (a.kind === 'dict' || b.kind === 'dict') return onDicts(op, a, b)
  if (isTuple(a) || isTuple(b)) return onTuples(op, a, b)
  if (a.kind === 'matrix' || b.kind === 'matrix') return onMatrices(op, a, b)
  if (isArray(a) || isArray(b)) return onArrays(op, a, b)
  if (a.kind === 'pair' || b.kind === 'pair') return onPairs(op, a, b)
  if (isCompareOp(op) && (op === 'eq' || op === 'ne')) return Scalar.bool((a === b) === (op === 'eq'))
  // Functions and metacode beside text are what they print.
  if (op === 'add' && isPrintable(a) && isFlat(b) && isLiteral(b.type))
    return flatBinary(op, castValue(a, T.STRING) as Flat, b)
  if (op === 'add' && isPrintable(b) && isFlat(a) && isLiteral(a.type))
    return flatBinary(op, a, castValue(b, T.STRING) as Flat)
  throw operatorError(`The function ${op} does not support a ${formName(a)} and a ${formName(b)}.`, {
    code: 'operandTypes',
  })
}

const isPrintable = (v: Value): boolean => v.kind === 'function' || v.kind === 'code' || v.kind === 'resource'
const isTuple = (v: Value): v is AnyVector => v.kind === 'vector' && v.storage === 'any'
const isArray = (v: Value): v is ArrayVector => v.kind === 'vector' && v.storage === 'array'

function sizeError(): Error {
  return operatorError('Incompatible vector size', { code: 'vectorSize' })
}

function onTables(op: ElementOp, a: Value, b: Value): Value {
  const t = (a.kind === 'table' ? a : b) as Table
  const pick = (v: Value, k: number): Value => {
    if (v.kind !== 'table') return v
    if (v.columns.length !== t.columns.length) throw operatorError('Tables must have the same number of columns.')
    return v.columns[k]
  }
  // Columns that are no numbers stay as they are when a number meets the whole table.
  const columns = t.columns.map((column, k) => {
    const result = elementwise(op, pick(a, k), pick(b, k))
    if (result.kind !== 'vector')
      throw inputError(`The function ${op} does not give a column for ${t.names[k]} (${column.length} rows).`)
    return result
  })
  return new Table(t.names.slice(), columns)
}

function onDicts(op: ElementOp, a: Value, b: Value): Value {
  if (a.kind === 'dict' && b.kind === 'dict') {
    const entries = new Map<Key, Value>()
    for (const [key, x] of a.entries) {
      const y = b.entries.get(key)
      entries.set(key, y === undefined ? x : elementwise(op, x, y))
    }
    for (const [key, y] of b.entries) if (!entries.has(key)) entries.set(key, y)
    return dictLike(a, entries)
  }
  const d = (a.kind === 'dict' ? a : b) as Dict
  const other = a.kind === 'dict' ? b : a
  const entries = new Map<Key, Value>()
  let k = 0
  const aligned = d.ordered && other.kind === 'vector' && other.length === d.entries.size
  for (const [key, x] of d.entries) {
    const y = aligned ? other.get(k++) : other
    entries.set(key, a.kind === 'dict' ? elementwise(op, x, y) : elementwise(op, y, x))
  }
  return dictLike(d, entries)
}

function dictLike(d: Dict, entries: Map<Key, Value>): Dict {
  let type: number | undefined
  for (const v of entries.values()) {
    const t = v.kind === 'scalar' ? v.type : T.ANY
    type = type === undefined || type === t ? t : T.ANY
  }
  return new Dict(d.keyType, type ?? d.valueType, entries, d.ordered, d.scale)
}

function onTuples(op: ElementOp, a: Value, b: Value): Value {
  const length = isTuple(a) ? a.length : (b as AnyVector).length
  for (const v of [a, b]) if (v.kind === 'vector' && v.length !== length) throw sizeError()
  const pick = (v: Value, k: number): Value => (v.kind === 'vector' ? v.get(k) : v)
  const out: Value[] = filledList(length, Scalar.VOID)
  for (let k = 0; k < length; k++) out[k] = elementwise(op, pick(a, k), pick(b, k))
  const result = new AnyVector(out)
  result.columnar = [a, b].some((v) => isTuple(v) && v.columnar)
  return result
}

/** An indexed series beside a matrix of several columns and no labels to align on: it counts for each column. */
function isSeriesBeside(s: Matrix, m: Matrix): boolean {
  return s.indexed === 'series' && m.indexed === 'no' && s.cols === 1 && m.cols > 1 && s.rows === m.rows
}

/** A vector repeated for each column of a matrix with that many rows. */
function tile(v: Vector, m: Matrix): Vector {
  if (v.length !== m.rows) throw sizeError()
  if (m.cols === 1) return v
  const positions = new Int32Array(m.rows * m.cols)
  for (let k = 0; k < positions.length; k++) positions[k] = k % m.rows
  return v.gather(positions)
}

function onMatrices(op: ElementOp, a: Value, b: Value): Value {
  if (a.kind === 'matrix' && b.kind === 'matrix') {
    if (isSeriesBeside(a, b)) return withRowLabels(onMatrices(op, a.data, b), a)
    if (isSeriesBeside(b, a)) return withRowLabels(onMatrices(op, a, b.data), b)
    const [left, right] = a.indexed !== 'no' && b.indexed !== 'no' ? alignMatrices(a, b) : [a, b]
    if (left.rows !== right.rows || left.cols !== right.cols)
      throw operatorError('Incompatible matrix shape', { code: 'matrixShape' })
    return relabelFrom(left, right, elementwise(op, left.data, right.data))
  }
  const m = (a.kind === 'matrix' ? a : b) as Matrix
  const pick = (v: Value): Value => {
    if (v.kind === 'matrix') return v.data
    if (v.kind === 'vector') return tile(v, m)
    if (v.kind === 'scalar') return v
    throw operatorError(`The function ${op} does not support a matrix and a ${formName(v)}.`)
  }
  return relabel(m, elementwise(op, pick(a), pick(b)) as Vector)
}

function withRowLabels(result: Value, from: Matrix): Value {
  if (result.kind === 'matrix') result.rowLabels ??= from.rowLabels
  return result
}

function relabelFrom(left: Matrix, right: Matrix, data: Value): Matrix {
  const out = relabel(left, data as Vector)
  out.rowLabels ??= right.rowLabels
  out.colLabels ??= right.colLabels
  return out
}

/** Array vector with scalar, vector (one element a row) or array vector of the same shape. */
function onArrays(op: ElementOp, a: Value, b: Value): Value {
  const shape = (isArray(a) ? a : b) as ArrayVector
  return inRowsOf(shape, elementwise(op, elementsLike(shape, a, op), elementsLike(shape, b, op)) as Vector)
}

/** What stands beside the elements of an array vector: elements of one of the same shape, of a vector one for each row, a scalar. */
export function elementsLike(shape: ArrayVector, v: Value, name: string): Value {
  if (v.kind === 'scalar') return v
  if (v.kind !== 'vector')
    throw operatorError(`The function ${name} does not support an array vector and a ${formName(v)}.`)
  if (v.length !== shape.length) throw sizeError()
  const from = shape.offsets[0]
  if (isArray(v)) {
    for (let k = 0; k <= v.length; k++) if (v.offsets[k] - v.offsets[0] !== shape.offsets[k] - from) throw sizeError()
    return v.flat.slice(v.offsets[0], v.offsets[v.length])
  }
  const rows = new Int32Array(shape.offsets[shape.length] - from)
  for (let k = 0; k < shape.length; k++) rows.fill(k, shape.offsets[k] - from, shape.offsets[k + 1] - from)
  return v.gather(rows)
}

/** Elements in the rows of an array vector; texts make a tuple of rows. */
export function inRowsOf(shape: ArrayVector, elements: Vector): Vector {
  const offsets = shape.offsets.slice(0, shape.length + 1).map((o) => o - shape.offsets[0])
  if (!isLiteral(elements.type)) return new ArrayVector(offsets, elements)
  return new AnyVector(Array.from({ length: shape.length }, (_, k) => elements.slice(offsets[k], offsets[k + 1])))
}

function onPairs(op: ElementOp, a: Value, b: Value): Value {
  const pick = (v: Value): Value => {
    if (v.kind === 'pair') return vectorOf(v.type, [v.first, v.second], v.scale)
    if (v.kind === 'scalar' || (v.kind === 'vector' && v.length === 2)) return v
    throw operatorError(`The function ${op} does not support a pair and a ${formName(v)}.`)
  }
  const r = elementwise(op, pick(a), pick(b)) as Vector
  return new Pair(r.type, r.raw(0), r.raw(1), 'scale' in r ? r.scale : 0)
}

/** The values of an array vector in one vector. */
export function flattenArray(v: ArrayVector): Vector {
  return concatVectors([v.flat.slice(v.offsets[0], v.offsets[v.length])], elementType(v.type))
}

const INT_FAST: Readonly<Record<string, string>> = {
  add: 'return Scalar.int((x+y)|0)',
  sub: 'return Scalar.int((x-y)|0)',
  mul: 'return Scalar.int(Math.imul(x,y))',
  div: 'return y===0?nullInt:Scalar.int(Math.floor(x/y))',
  mod: 'if(y===0)return nullInt;let r=x%y;if(r!==0&&(r<0)!==(y<0))r+=y;return Scalar.int(r+0)',
}
const REAL_FAST: Readonly<Record<string, string>> = {
  add: 'r=x+y',
  sub: 'r=x-y',
  mul: 'r=x*y',
  div: 'r=x/y',
  ratio: 'r=x/y',
}
const LONG_FAST: Readonly<Record<string, string>> = { add: 'x+y', sub: 'x-y', mul: 'x*y' }
const COMPARE_TEXT: Readonly<Record<string, string>> = { lt: '<', le: '<=', gt: '>', ge: '>=', eq: '===', ne: '!==' }

type BinaryFunction = (a: Value, b: Value) => Value

// One compiled function an operator keeps each call site's feedback to itself. Doubles near the limits and all nulls take the general way.
function fastPath(op: BinaryOpName): BinaryFunction {
  const general: BinaryFunction = (a, b) => binaryOp(op, a, b)
  let body = ''
  if (op in COMPARE_TEXT) {
    const sign = COMPARE_TEXT[op]
    body = `if((t===4||t===1||t===16)&&u===t)return a.value${sign}b.value?TRUE:FALSE;
if(t===5&&u===5)return a.value${sign}b.value?TRUE:FALSE;
if((t===4&&u===16)||(t===16&&u===4)){const x=a.value,y=b.value;if(x>-2147483648&&y>-2147483648)return x${sign}y?TRUE:FALSE}
if(t===18&&u===18&&${op === 'eq' || op === 'ne'})return a.value${sign}b.value?TRUE:FALSE;`
  } else if (op in REAL_FAST || op in INT_FAST) {
    if (op in INT_FAST)
      body += `if(t===4&&u===4){const x=a.value,y=b.value;if(x!==-2147483648&&y!==-2147483648){${INT_FAST[op]}}}`
    if (op in REAL_FAST)
      body += `${op === 'ratio' ? '' : 'else '}if((t===16||t===4)&&(u===16||u===4)){const x=a.value,y=b.value;
if((t===16?x>-1e300:x>-2147483648)&&(u===16?y>-1e300:y>-2147483648)){let r;${REAL_FAST[op]};if(r>-1e300&&r<1e300)return new Scalar(16,r)}}`
    if (op in LONG_FAST)
      body += `else if((t===5&&(u===5||u===4))||(t===4&&u===5)){if(!a.isNull()&&!b.isNull()){const x=t===5?a.value:BigInt(a.value),y=u===5?b.value:BigInt(b.value);return new Scalar(5,BigInt.asIntN(64,${LONG_FAST[op]}))}}`
  } else if (op === 'and' || op === 'or') {
    body = `if(t===1&&u===1){const x=a.value,y=b.value;if(x>=0&&y>=0)return (x${op === 'and' ? '&' : '|'}y)===1?TRUE:FALSE}`
  } else return general
  const make = kernel<(s: typeof Scalar, g: BinaryFunction, t: Scalar, f: Scalar, n: Scalar) => BinaryFunction>(
    `fast:${op}`,
    'Scalar,general,TRUE,FALSE,nullInt',
    () =>
      `return function(a,b){if(a instanceof Scalar&&b instanceof Scalar){const t=a.type,u=b.type;${body}}return general(a,b)}`,
  )
  return make(Scalar, general, Scalar.TRUE, Scalar.FALSE, Scalar.nullOf(T.INT))
}

const ALL_OPS: readonly BinaryOpName[] = [
  'add',
  'sub',
  'mul',
  'div',
  'ratio',
  'mod',
  'pow',
  'max',
  'min',
  ...COMPARE_OPS,
  ...LOGIC_OPS,
  ...BIT_OPS,
  'dot',
  'join',
]

/** Compiled when it is first called: most sessions need few of them. */
function whenCalled(op: BinaryOpName): BinaryFunction {
  let fast: BinaryFunction | undefined
  return (a, b) => {
    fast ??= fastPath(op)
    return fast(a, b)
  }
}

/** One function an operator: bind it once, call it often. Same results as `binaryOp`. */
export const fastBinary = Object.fromEntries(ALL_OPS.map((op) => [op, whenCalled(op)])) as Readonly<
  Record<BinaryOpName, BinaryFunction>
>
