/**
 * Row selections: positions of the rows for which a condition holds, as Int32Array. Comparisons of a column with a constant have
 * kernels of their own that never make the BOOL vector; null is the smallest value of every type, as the language compares.
 *
 * Loops write every position and go on only past those that hold: a branch that a processor can't foresee costs as much as ten elements. Four rows are compared
 * before the first position is written, so that loads need not wait for stores.
 */
import type { CompareOperator } from '../../lang/ast.ts'
import { checkInterrupt } from '../interrupt.ts'
import { CHUNK_ROWS, declareWords, kernel, type NumericStorage, storageOf } from '../kernels/codegen.ts'
import {
  type FixedArray,
  type FixedVector,
  isIntegral,
  isNumeric,
  NULL_I8,
  type Scalar,
  type SymbolVector,
  T,
  type Vector,
} from '../values/index.ts'

/** Positions of the true elements of a BOOL vector; null counts as false. */
export function trueRows(v: FixedVector): Int32Array {
  const data = v.data as Int8Array
  const loop = kernel<(a: FixedArray, o: Int32Array, from: number, to: number, m: number) => number>(
    'select:true',
    'a,o,from,to,m',
    // The sign bit of its negation: 1 where it is positive.
    () => selectLoop((k, name) => `const ${name}=-a[${k}]>>>31;`),
  )
  return inChunks(v.length, (out, from, to, m) => loop(data, out, from, to, m))
}

/** Loop over rows from..to-1 that writes to `o` from m on those for which `test` (declaring a constant of the given name) gives 1; answers the new m. */
function selectLoop(test: (k: string, name: string) => string): string {
  const four = [0, 1, 2, 3]
  return `let k=from;for(const last=to-3;k<last;k+=4){${four.map((i) => test(`k+${i}`, `t${i}`)).join('')}${four.map((i) => `o[m]=k+${i};m+=t${i};`).join('')}}for(;k<to;k++){${test('k', 't')}o[m]=k;m+=t}return m`
}

/** True elements without nulls: `-128` is the null of BOOL. */
export const isTrue = (value: number): boolean => value !== 0 && value !== NULL_I8

/**
 * Rows where `column op constant`, or undefined when no kernel applies and the evaluator must compare (other types, null constants).
 */
export function compareRows(column: Vector, op: CompareOperator, constant: Scalar): Int32Array | undefined {
  if (constant.isNull()) return undefined
  if (column.storage === 'symbol') {
    if ((op !== 'eq' && op !== 'ne') || typeof constant.value !== 'string') return undefined
    return symbolRows(column, [constant.value], op === 'ne')
  }
  if (column.storage !== 'fixed') return undefined
  const value = comparable(column, constant)
  if (value === undefined) return undefined
  return column.data instanceof BigInt64Array
    ? compareWords(column.data, column.length, op, BigInt(value))
    : compareNumbers(column.data, column.length, op, Number(value))
}

/** Rows where low <= column <= high; undefined when no kernel applies. */
export function betweenRows(column: Vector, low: Scalar, high: Scalar): Int32Array | undefined {
  if (column.storage !== 'fixed' || column.data instanceof BigInt64Array) return undefined
  if (low.type !== high.type || low.isNull() || high.isNull()) return undefined
  const a = comparable(column, low)
  const b = comparable(column, high)
  if (a === undefined || b === undefined) return undefined
  return run(
    `between:${storageOf(column.data)}`,
    column.data,
    column.length,
    (x) => `(${x}>=c)&(${x}<=d)`,
    Number(a),
    Number(b),
  )
}

/** Rows of a SYMBOL column whose text is (`negated`: is not) one of the strings: one look-up per distinct symbol. */
export function symbolRows(column: SymbolVector, strings: readonly string[], negated: boolean): Int32Array {
  const wanted = new Uint8Array(column.base.symbols.length).fill(negated ? 1 : 0)
  for (const s of strings) {
    const code = column.base.find(s)
    if (code >= 0) wanted[code] = negated ? 0 : 1
  }
  const { data, length } = column
  const out = new Int32Array(length)
  let m = 0
  for (let k = 0; k < length; k++) {
    out[m] = k
    m += wanted[data[k]]
  }
  return out.subarray(0, m)
}

/** The constant in the column's unit, if comparing the raw values compares the values. */
function comparable(column: FixedVector, constant: Scalar): number | bigint | undefined {
  const raw = constant.value
  if (typeof raw !== 'number' && typeof raw !== 'bigint') return undefined
  if (column.type === constant.type) return column.scale === constant.scale ? raw : undefined
  if (!isNumeric(column.type) || !isNumeric(constant.type)) return undefined
  // An integer column against an integer or floating constant; 64-bit columns need an exact integer.
  if (column.data instanceof BigInt64Array)
    return isIntegral(constant.type) || constant.type === T.BOOL ? raw : undefined
  if (column.type === T.FLOAT) return undefined
  if (typeof raw === 'bigint') return raw > -(2n ** 53n) && raw < 2n ** 53n ? Number(raw) : undefined
  return constant.type === T.FLOAT ? undefined : raw
}

// NaN is null, hence smaller than everything: lt and le are written as negations.
const CONDITION: Readonly<Record<CompareOperator, (x: string) => string>> = {
  lt: (x) => `!(${x}>=c)`,
  le: (x) => `!(${x}>c)`,
  gt: (x) => `${x}>c`,
  ge: (x) => `${x}>=c`,
  eq: (x) => `${x}===c`,
  ne: (x) => `${x}!==c`,
}

type Loop = (a: FixedArray, o: Int32Array, from: number, to: number, m: number, c: number, d: number) => number

function run(
  key: string,
  data: FixedArray,
  length: number,
  condition: (x: string) => string,
  c: number,
  d: number,
): Int32Array {
  const loop = kernel<Loop>(`select:${key}`, 'a,o,from,to,m,c,d', () =>
    selectLoop((k, name) => `const ${name}x=a[${k}],${name}=(${condition(`${name}x`)})|0;`),
  )
  return inChunks(length, (out, from, to, m) => loop(data, out, from, to, m, c, d))
}

function compareNumbers(data: FixedArray, length: number, op: CompareOperator, c: number): Int32Array {
  return run(`${op}:${storageOf(data)}`, data, length, CONDITION[op], c, 0)
}

// High words compare signed, low words unsigned.
const WORD_CONDITION: Readonly<Record<CompareOperator, (h: string, l: string) => string>> = {
  lt: (h, l) => `(${h}<c)|((${h}===c)&(${l}<d))`,
  le: (h, l) => `(${h}<c)|((${h}===c)&(${l}<=d))`,
  gt: (h, l) => `(${h}>c)|((${h}===c)&(${l}>d))`,
  ge: (h, l) => `(${h}>c)|((${h}===c)&(${l}>=d))`,
  eq: (h, l) => `(${h}===c)&(${l}===d)`,
  ne: (h, l) => `(${h}!==c)|(${l}!==d)`,
}

function compareWords(data: BigInt64Array, length: number, op: CompareOperator, value: bigint): Int32Array {
  const storage: NumericStorage = 'i64'
  const loop = kernel<Loop>(
    `select:words:${op}`,
    'a,o,from,to,m,c,d',
    () =>
      `${declareWords(storage, 'a')}${selectLoop((k, name) => `const ${name}h=aw[2*(${k})+1],${name}l=aw[2*(${k})]>>>0,${name}=${WORD_CONDITION[op](`${name}h`, `${name}l`)};`)}`,
  )
  const high = Number(value >> 32n)
  const low = Number(value & 0xffffffffn)
  return inChunks(length, (out, from, to, m) => loop(data, out, from, to, m, high, low))
}

function inChunks(length: number, loop: (out: Int32Array, from: number, to: number, m: number) => number): Int32Array {
  const out = new Int32Array(length)
  let m = 0
  for (let from = 0; from < length; from += CHUNK_ROWS) {
    checkInterrupt()
    m = loop(out, from, Math.min(from + CHUNK_ROWS, length), m)
  }
  return out.subarray(0, m)
}
