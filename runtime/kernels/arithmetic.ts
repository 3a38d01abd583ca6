/**
 * Element-wise arithmetic, comparison, logic and bit kernels over typed arrays, one per (operator, storages, shape). An operand is a
 * vector or one element (`single`); single nulls never reach a kernel. Vectors are worked through in blocks that stay in the cache:
 * a block without nulls takes the plain loop, any other block (or one that overflowed) the loop with tests. Doubles are watched while they are computed (watched.ts); large columns of 64-bit
 * integers, and doubles that are compared, go through vector registers (simd/operators.ts) as long as their elements are ordinary numbers.
 */
import type { FixedArray } from '../values/vector.ts'
import {
  declareWords,
  inBlocks,
  kernel,
  NULL_TEXT,
  type NumericStorage,
  nullTest,
  readNumber,
  storageOf,
  writeNull,
  writeNumber,
} from './codegen.ts'
import { mayHaveNull } from './null-scan.ts'
import { laneArithmetic, laneChoice, laneCompare, laneExtreme, laneLogic } from './simd/operators.ts'
import { isWatched, WATCHED_STEP, watchedLoop } from './watched.ts'

/** One side of an operation: an array and whether its first element stands for all. */
export interface Operand {
  readonly data: FixedArray
  readonly single: boolean
}

type BinaryKernel = (a: FixedArray, b: FixedArray, o: FixedArray, from: number, to: number) => boolean

/** What is computed in: 32-bit integers, doubles, or 64-bit integers. */
type Domain = 'int' | 'real' | 'long'

function domainOf(storage: NumericStorage): Domain {
  return storage === 'i64' ? 'long' : storage === 'f64' || storage === 'f32' ? 'real' : 'int'
}

const INT_TEXT: Readonly<Record<string, string>> = {
  add: 'r=(x+y)|0;',
  sub: 'r=(x-y)|0;',
  mul: 'r=Math.imul(x,y);',
  div: 'if(y===0)NIL else{r=Math.floor(x/y)}',
  mod: 'if(y===0)NIL else{r=x%y;if(r!==0&&(r<0)!==(y<0))r+=y}',
  bitAnd: 'r=x&y;',
  bitOr: 'r=x|y;',
  bitXor: 'r=x^y;',
  // A number can't be shifted by less than nothing.
  lshift: 'if(y<0)NIL else{r=y>31?0:x<<y}',
  rshift: 'if(y<0)NIL else{r=y>31?x>>31:x>>y}',
}

const REAL_TEXT: Readonly<Record<string, string>> = {
  add: 'r=x+y;',
  sub: 'r=x-y;',
  mul: 'r=x*y;',
  div: 'if(y===0)NIL else{r=x/y}',
  ratio: 'if(y===0)NIL else{r=x/y}',
  mod: 'if(y===0)NIL else{r=x%y;if(r!==0&&(r<0)!==(y<0))r+=y}',
  pow: 'r=Math.pow(x,y);',
  log: 'if(!(x>0)||!(y>0)||y===1)NIL else{r=Math.log(x)/Math.log(y)}',
}

const LONG_TEXT: Readonly<Record<string, string>> = {
  add: 'o[i]=BigInt.asIntN(64,X+Y);',
  sub: 'o[i]=BigInt.asIntN(64,X-Y);',
  mul: 'o[i]=BigInt.asIntN(64,X*Y);',
  bitAnd: 'o[i]=BigInt.asIntN(64,X&Y);',
  bitOr: 'o[i]=BigInt.asIntN(64,X|Y);',
  bitXor: 'o[i]=BigInt.asIntN(64,X^Y);',
  lshift: 'const y=YN;if(y<0)NIL else{o[i]=y>63?0n:BigInt.asIntN(64,X<<BigInt(y))}',
  rshift: 'const y=YN;if(y<0)NIL else{o[i]=X>>BigInt(y>63?63:y)}',
}

// Below 2^52 a quotient and its remainder are exact in doubles; beyond, BigInt.
const LONG_DIVISION = (op: 'div' | 'mod'): string => `const x=XN,y=YN;
if(y===0)NIL else if(x<4503599627370496&&x>-4503599627370496&&y<4503599627370496&&y>-4503599627370496){
let q=Math.floor(x/y),m=x-q*y;if(m!==0&&(m<0)!==(y<0)){q--;m+=y}else if(y>0?m>=y:m<=y){q++;m-=y}
${writeNumber('i64', 'o', 'i', op === 'div' ? 'q' : 'm')}}
else{const p=X,d=Y;let q=p/d,m=p%d;if(m!==0n&&(m<0n)!==(d<0n)){q--;m+=d}o[i]=${op === 'div' ? 'q' : 'm'}}`

interface Shape {
  readonly op: string
  readonly a: NumericStorage
  readonly b: NumericStorage
  readonly o: NumericStorage
  readonly singleA: boolean
  readonly singleB: boolean
}

function arithmeticText(s: Shape, nullable: boolean): string {
  const domain = domainOf(s.o)
  const ia = s.singleA ? '0' : 'i'
  const ib = s.singleB ? '0' : 'i'
  const nil = `{${writeNull(s.o, 'o', 'i')}continue}`
  const head = `${declareWords(s.a, 'a')}${declareWords(s.b, 'b')}${declareWords(s.o, 'o')}`
  let body: string
  let guard = ''
  if (domain === 'long') {
    const big = (storage: NumericStorage, name: string, index: string): string =>
      storage === 'i64' ? `${name}[${index}]` : `BigInt(${name}[${index}])`
    const text = s.op === 'div' || s.op === 'mod' ? LONG_DIVISION(s.op) : LONG_TEXT[s.op]
    body = text
      .replaceAll('XN', readNumber(s.a, 'a', ia))
      .replaceAll('YN', readNumber(s.b, 'b', ib))
      .replace(/\bX\b/g, big(s.a, 'a', ia))
      .replace(/\bY\b/g, big(s.b, 'b', ib))
      .replace('NIL', nil)
    const tests = [s.singleA ? '' : nullTest(s.a, 'a', ia), s.singleB ? '' : nullTest(s.b, 'b', ib)].filter(
      (t) => t !== '',
    )
    if (nullable && tests.length > 0) guard = `if(${tests.join('||')})${nil}`
    return `${head}for(let i=from;i<to;i++){${guard}${body}}return false`
  }
  const x = readNumber(s.a, 'a', ia)
  const y = readNumber(s.b, 'b', ib)
  const hoisted = `${s.singleA ? `const x=${x};` : ''}${s.singleB ? `const y=${y};` : ''}`
  const loads = `${s.singleA ? '' : `const x=${x};`}${s.singleB ? '' : `const y=${y};`}`
  const [wrapOp, wrapBy] = s.op.split('%')
  body = (domain === 'int' && wrapBy === undefined ? INT_TEXT : REAL_TEXT)[wrapOp].replace('NIL', nil)
  if (wrapBy !== undefined) body += `r-=Math.floor(r/${wrapBy})*${wrapBy};`
  const tests = [s.singleA ? '' : nullTest(s.a, 'a', ia, 'x'), s.singleB ? '' : nullTest(s.b, 'b', ib, 'y')].filter(
    (t) => t !== '',
  )
  if (nullable && tests.length > 0) guard = `if(${tests.join('||')})${nil}`
  // What is finite as a double may be too large for a FLOAT.
  if (s.o === 'f32') body += 'r=Math.fround(r);'
  if (domain === 'int')
    return `${head}${hoisted}for(let i=from;i<to;i++){${loads}${guard}let r=0;${body}o[i]=r}return false`
  // A result that is not finite is null, unless an infinity came in.
  const store = nullable
    ? `o[i]=r-r===0||(r===r&&(x-x!==0||y-y!==0))?r:${NULL_TEXT[s.o]}`
    : 'o[i]=r;if(r-r!==0)bad=true'
  return `${head}${hoisted}let bad=false;for(let i=from;i<to;i++){${loads}${guard}let r=0;${body}${store}}return bad`
}

/** o[i] = a[i] op b[i] for i in [0, length). Operators as in INT_TEXT, REAL_TEXT, LONG_TEXT; `add%D` wraps the sum into [0, D). */
export function runArithmetic(op: string, left: Operand, right: Operand, o: FixedArray, length: number): void {
  const wide = o instanceof BigInt64Array
  const a = wide ? widened(left) : left
  const b = wide ? widened(right) : right
  const shape: Shape = {
    op,
    a: storageOf(a.data),
    b: storageOf(b.data),
    o: storageOf(o),
    singleA: a.single,
    singleB: b.single,
  }
  const key = `${op}:${shape.a}:${shape.b}:${shape.o}:${a.single}:${b.single}`
  const params = 'a,b,o,from,to'
  const plain = kernel<BinaryKernel>(`plain:${key}`, params, () => arithmeticText(shape, false))
  const careful = kernel<BinaryKernel>(`careful:${key}`, params, () => arithmeticText(shape, true))
  const range = (from: number, to: number): void => {
    const nulls = (!a.single && mayHaveNull(a.data, from, to)) || (!b.single && mayHaveNull(b.data, from, to))
    if (nulls || plain(a.data, b.data, o, from, to)) careful(a.data, b.data, o, from, to)
  }
  if (laneArithmetic(op, a, b, o, length, range)) return
  if (o instanceof Float64Array && length >= WATCHED_FROM && isWatched(op) && areDoubles(a, b))
    inBlocks(length, watchful(op, a, b, o, range))
  else inBlocks(length, range)
}

/** Shorter columns are done before the last few of them have got a turn of their own. */
const WATCHED_FROM = 4 * WATCHED_STEP

/** Columns of doubles, or one and a number. */
const areDoubles = (a: Operand, b: Operand): boolean => !(a.single && b.single) && isOfDoubles(a) && isOfDoubles(b)

/** A column of doubles, or one number beside it. */
const isOfDoubles = ({ data, single }: Operand): boolean =>
  single ? !(data instanceof BigInt64Array) : data instanceof Float64Array

type Range = (from: number, to: number) => void

/** By the loop that watches, and again by `careful` where it saw something. */
function watchful(op: string, a: Operand, b: Operand, o: Float64Array, careful: Range): Range {
  const loop = watchedLoop(op, a.single, b.single)
  const x = a.data as Float64Array
  const y = b.data as Float64Array
  return (from, to) => {
    const whole = to - ((to - from) % WATCHED_STEP)
    if (!loop(x, y, o, from, whole)) careful(from, whole)
    if (whole < to) careful(whole, to)
  }
}

/** One element that stands for all is made a 64-bit integer once, not at each turn. */
function widened(x: Operand): Operand {
  if (!x.single || x.data instanceof BigInt64Array || !Number.isInteger(x.data[0])) return x
  return { data: BigInt64Array.of(BigInt(x.data[0])), single: true }
}

type FlagKernel = (a: FixedArray, b: FixedArray, o: Int8Array, from: number, to: number) => void

/** Elements a turn. */
const COMPARE_STEP = 4
const COMPARE_TEXT: Readonly<Record<string, string>> = { lt: '<', le: '<=', gt: '>', ge: '>=', eq: '===', ne: '!==' }

/** Comparison by value with null as the smallest value: the sentinels already are. Both storages must be equal, or neither 64-bit integer. */
export function runCompare(op: string, a: Operand, b: Operand, o: Int8Array, length: number): void {
  const sa = storageOf(a.data)
  const sb = storageOf(b.data)
  const kernelOf = (step: number): FlagKernel =>
    kernel<FlagKernel>(`compare:${op}:${sa}:${sb}:${a.single}:${b.single}:${step}`, 'a,b,o,from,to', () => {
      // Different storages meet as doubles, and so must their nulls.
      const read = (storage: NumericStorage, name: string, index: string): string =>
        sa === sb || storage === 'f64'
          ? `${name}[${index}]`
          : `(${nullTest(storage, name, index)}?${NULL_TEXT.f64}:${readNumber(storage, name, index)})`
      // A 64-bit element stays in the loop even when single: a hoisted bigint would be compared on the heap.
      const hoistA = a.single && sa !== 'i64'
      const hoistB = b.single && sb !== 'i64'
      // A choice between 1 and 0 would be a jump, which the processor cannot foresee; the truth value as a number is none.
      const turn = (k: number): string => {
        const at = k === 0 ? 'i' : `i+${k}`
        const x = hoistA ? 'x' : read(sa, 'a', a.single ? '0' : at)
        const y = hoistB ? 'y' : read(sb, 'b', b.single ? '0' : at)
        return `o[${at}]=(${x}${COMPARE_TEXT[op]}${y})|0;`
      }
      const hoisted = `${hoistA ? `const x=${read(sa, 'a', '0')};` : ''}${hoistB ? `const y=${read(sb, 'b', '0')};` : ''}`
      const turns = Array.from({ length: step }, (_, k) => turn(k)).join('')
      return `${declareWords(sa, 'a')}${declareWords(sb, 'b')}${hoisted}for(let i=from;i<to;i+=${step}){${turns}}`
    })
  const fast = kernelOf(COMPARE_STEP)
  const range = (from: number, to: number): void => {
    const whole = to - ((to - from) % COMPARE_STEP)
    fast(a.data, b.data, o, from, whole)
    if (whole < to) kernelOf(1)(a.data, b.data, o, whole, to)
  }
  if (!laneCompare(op, a, b, o, length, range)) inBlocks(length, range)
}

const LOGIC_TEXT: Readonly<Record<string, string>> = {
  and: 'p||q?-128:x&y',
  or: 'p||q?-128:x|y',
  xor: 'p||q?-128:x^y',
  orIgnoreNull: 'p?(q?-128:y):q?x:x|y',
}

/** Logic on truth values (BOOL arrays of 0, 1 and null). */
export function runLogic(op: string, a: Operand, b: Operand, o: Int8Array, length: number): void {
  const run = kernel<FlagKernel>(
    `logic:${op}:${a.single}:${b.single}`,
    'a,b,o,from,to',
    () =>
      `for(let i=from;i<to;i++){const x=a[${a.single ? '0' : 'i'}],y=b[${b.single ? '0' : 'i'}],p=x===-128,q=y===-128;o[i]=${LOGIC_TEXT[op]}}`,
  )
  const range = (from: number, to: number): void => run(a.data, b.data, o, from, to)
  if (!laneLogic(op, a, b, o, length, range)) inBlocks(length, range)
}

/** o[i] = the larger (smaller) of two elements of one storage; the null is the smallest value. */
export function runExtreme(op: 'max' | 'min', a: Operand, b: Operand, o: FixedArray, length: number): void {
  const storage = storageOf(o)
  const run = kernel<BinaryKernel>(`${op}:${storage}:${a.single}:${b.single}`, 'a,b,o,from,to', () => {
    const x = `a[${a.single ? '0' : 'i'}]`
    const y = `b[${b.single ? '0' : 'i'}]`
    return `for(let i=from;i<to;i++)o[i]=${x}${op === 'max' ? '>=' : '<='}${y}?${x}:${y};return false`
  })
  const range = (from: number, to: number): void => {
    run(a.data, b.data, o, from, to)
  }
  if (!laneExtreme(op, a, b, o, length, range)) inBlocks(length, range)
}

type ChoiceKernel = (f: Int8Array, a: FixedArray, b: FixedArray, o: FixedArray, from: number, to: number) => void

/** o[i] = a[i] where the flag is 0, b[i] where it is 1, null where it is null. All three have one storage. */
export function runChoice(flags: Int8Array, a: Operand, b: Operand, o: FixedArray): void {
  const storage = storageOf(o)
  const run = kernel<ChoiceKernel>(`choice:${storage}:${a.single}:${b.single}`, 'f,a,b,o,from,to', () => {
    const x = `a[${a.single ? '0' : 'i'}]`
    const y = `b[${b.single ? '0' : 'i'}]`
    return `${declareWords(storage, 'o')}for(let i=from;i<to;i++){const c=f[i];if(c===0)o[i]=${x};else if(c===1)o[i]=${y};else{${writeNull(storage, 'o', 'i')}}}`
  })
  const range = (from: number, to: number): void => run(flags, a.data, b.data, o, from, to)
  if (!laneChoice(flags, a, b, o, range)) inBlocks(flags.length, range)
}
