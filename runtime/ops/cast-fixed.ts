/**
 * Casts between types that keep one typed-array slot an element: numbers, and temporals as the integers that they are. One kernel per pair of
 * storages (or of temporal types), made from templates.
 */
import { checkInterrupt } from '../interrupt.ts'
import { runArithmetic } from '../kernels/arithmetic.ts'
import {
  CHUNK_ROWS,
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
} from '../kernels/codegen.ts'
import { laneFunctionOf } from '../kernels/simd/operators.ts'
import { daysOfMonthNumber, monthOfDays } from '../temporal/calendar.ts'
import { temporalUnit } from '../temporal/units.ts'
import { T, type TypeId, typeInfo } from '../values/types.ts'
import { type FixedArray, FixedVector, newFixedArray, unsetFixedArray } from '../values/vector.ts'

type CastKernel = (a: FixedArray, o: FixedArray, from: number, to: number) => void

/**
 * Numbers and temporals through their integers: rounding for floating sources, wrapping for wide integers, BOOL by truth. A number that is beyond
 * midnight as a time of day comes out on the other side, as a sum does: `minute(1450)` is 00:10m.
 */
export function castFixedNumbers(v: FixedVector, type: TypeId): FixedVector {
  const unit = temporalUnit(type)
  if (unit === undefined || unit.hasDate) return castIntegers(v, type)
  const counts = castIntegers(v, unit.wide ? T.LONG : T.INT)
  const out = newFixedArray(unit.wide ? 'i64' : 'i32', v.length)
  const perDay = { data: unit.wide ? BigInt64Array.of(BigInt(unit.perDay)) : Int32Array.of(unit.perDay), single: true }
  runArithmetic('mod', { data: counts.data, single: false }, perDay, out, v.length)
  return new FixedVector(type, out)
}

function castIntegers(v: FixedVector, type: TypeId): FixedVector {
  const target = typeInfo(type).storage as NumericStorage
  const source = storageOf(v.data)
  const truth = type === T.BOOL && v.type !== T.BOOL
  if (source === target && !truth) return new FixedVector(type, v.view().slice() as FixedArray)
  const out = unsetFixedArray(target, v.length)
  const run = kernel<CastKernel>(`cast:${source}:${target}:${truth}`, 'a,o,from,to', () =>
    numberCast(source, target, truth),
  )
  const range = (from: number, to: number): void => run(v.data, out, from, to)
  if (target !== 'i32' || !laneFunctionOf('round', v.data, out, v.length, range)) inBlocks(v.length, range)
  return new FixedVector(type, out)
}

function numberCast(source: NumericStorage, target: NumericStorage, truth: boolean): string {
  const floating = source === 'f32' || source === 'f64'
  const write = (): string => {
    if (truth) return source === 'i64' ? 'o[i]=((aw[2*i]|aw[2*i+1])!==0)|0;' : 'o[i]=(x!==0)|0;'
    // A DOUBLE that is too large for a FLOAT is null; an infinity stays one.
    if (target === 'f32' && source === 'f64') return `const r=Math.fround(x);o[i]=r-r===0||x-x!==0?r:${NULL_TEXT.f32};`
    if (target === 'f64' || target === 'f32') return `o[i]=x;`
    // Whole numbers narrow by their low bits, which is what a typed array does with an out-of-range integer.
    if (!floating) {
      if (source === 'i64') return 'o[i]=aw[2*i];'
      return target === 'i64' ? 'ow[2*i]=x;ow[2*i+1]=x>>31;' : 'o[i]=x;'
    }
    const limit = { i8: 127.5, i16: 32767.5, i32: 2147483647.5, i64: 9223372036854775000 }[target]
    const rounded = 'x<0?-Math.round(-x):Math.round(x)'
    return `if(x>=${limit}||x<=-${limit}){${writeNull(target, 'o', 'i')}}else ${writeNumber(target, 'o', 'i', rounded)}`
  }
  return `${declareWords(source, 'a')}${declareWords(target, 'o')}
for(let i=from;i<to;i++){const x=${readNumber(source, 'a', 'i')};
if(${nullTest(source, 'a', 'i', 'x')}){${writeNull(target, 'o', 'i')}}else{${write()}}}`
}

const DAY_MS = 86_400_000

/** Source templates: `ms` from `x`, the raw number; NANO types also set `rest`, the nanoseconds below a millisecond. */
const TO_MS: Readonly<Record<number, string>> = {
  [T.DATE]: `const ms=x*${DAY_MS},rest=0;`,
  [T.MONTH]: `const ms=daysOfMonthNumber(x)*${DAY_MS},rest=0;`,
  [T.TIME]: 'const ms=x,rest=0;',
  [T.MINUTE]: 'const ms=x*60000,rest=0;',
  [T.SECOND]: 'const ms=x*1000,rest=0;',
  [T.DATETIME]: 'const ms=x*1000,rest=0;',
  [T.DATEHOUR]: 'const ms=x*3600000,rest=0;',
  [T.TIMESTAMP]: 'const ms=x,rest=0;',
  // 64-bit nanoseconds do not fit a double: divide the high word first, then its remainder with the low word.
  [T.NANOTIME]: NANO_SPLIT(),
  [T.NANOTIMESTAMP]: NANO_SPLIT(),
}

function NANO_SPLIT(): string {
  return `const h=aw[2*i+1],qh=Math.floor(h/1e6),t=(h-qh*1e6)*4294967296+(aw[2*i]>>>0),q=Math.floor(t/1e6),ms=qh*4294967296+q,rest=t-q*1e6;`
}

const DAY = `Math.floor(ms/${DAY_MS})`
const OF_DAY = `(ms-${DAY}*${DAY_MS})`
const limited = (n: string): string => `{const r=${n};o[i]=r>2147483647||r<-2147483647?${NULL_TEXT.i32}:r;}`

const FROM_MS: Readonly<Record<number, string>> = {
  [T.DATE]: `o[i]=${DAY};`,
  [T.MONTH]: `o[i]=monthOfDays(${DAY});`,
  [T.TIME]: `o[i]=${OF_DAY};`,
  [T.MINUTE]: `o[i]=Math.floor(${OF_DAY}/60000);`,
  [T.SECOND]: `o[i]=Math.floor(${OF_DAY}/1000);`,
  [T.DATETIME]: limited('Math.floor(ms/1000)'),
  [T.DATEHOUR]: limited('Math.floor(ms/3600000)'),
  [T.TIMESTAMP]: writeNumber('i64', 'o', 'i', 'ms'),
  [T.NANOTIME]: writeNumber('i64', 'o', 'i', `${OF_DAY}*1e6+rest`),
  [T.NANOTIMESTAMP]: 'o[i]=BigInt.asIntN(64,BigInt(ms)*1000000n+BigInt(rest));',
}

type TemporalKernel = (
  a: FixedArray,
  o: FixedArray,
  from: number,
  to: number,
  daysOfMonthNumber: (months: number) => number,
  monthOfDays: (days: number) => number,
) => void

/** Temporal to temporal, by calendar. The cast must be allowed. */
export function castFixedTemporal(v: FixedVector, type: TypeId): FixedVector {
  const source = storageOf(v.data)
  const target = typeInfo(type).storage as NumericStorage
  const out = newFixedArray(target, v.length)
  const run = kernel<TemporalKernel>(
    `temporal:${v.type}:${type}`,
    'a,o,from,to,daysOfMonthNumber,monthOfDays',
    () => `${declareWords(source, 'a')}${declareWords(target, 'o')}
for(let i=from;i<to;i++){const x=${readNumber(source, 'a', 'i')};
if(${nullTest(source, 'a', 'i', 'x')}){${writeNull(target, 'o', 'i')}}else{${TO_MS[v.type]}${FROM_MS[type]}}}`,
  )
  for (let at = 0; at < v.length; at += CHUNK_ROWS) {
    checkInterrupt()
    run(v.data, out, at, Math.min(v.length, at + CHUNK_ROWS), daysOfMonthNumber, monthOfDays)
  }
  return new FixedVector(type, out)
}
