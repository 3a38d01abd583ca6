import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import fc from '../../../test/properties.ts'
import { memoryOf, OWN_MEMORY_FROM, ownMemoryFrom } from '../../values/own-memory.ts'
import { type FixedArray, isNullElement, unsetFixedArray } from '../../values/vector.ts'
import { type Operand, runArithmetic, runChoice, runCompare, runExtreme, runLogic } from '../arithmetic.ts'
import { countAndSum, extremeIndex, moments, sumLongs } from '../moments.ts'
import { assembleAtOnce, LANES_FROM, type LaneTree, runTree } from './elementwise.ts'
import { BLOCK } from './lanes.ts'

assembleAtOnce()

const NULL = -Number.MAX_VALUE
const NULL_LONG = -(2n ** 63n)
/** Numbers at which something happens: null, what is not finite, what overflows, zeros of both signs, halves. */
const DOUBLES = [NULL, Number.MAX_VALUE, Infinity, -Infinity, NaN, 0, -0, 1e308, -1e308, 5e-324, 0.5, -0.5, 2.5, 1e9]
const LONGS = [NULL_LONG, 2n ** 63n - 1n, NULL_LONG + 1n, 0n, 1n, -1n, 2n ** 62n]
const FLAGS = [-128, 0, 1]

const double = fc.oneof(
  { weight: 6, arbitrary: fc.double({ noNaN: true, min: -1e6, max: 1e6 }) },
  fc.constantFrom(...DOUBLES),
)
const long = fc.oneof({ weight: 6, arbitrary: fc.bigInt(-(2n ** 40n), 2n ** 40n) }, fc.constantFrom(...LONGS))

/** More than lanes need, of ordinary numbers, with a few chosen ones at chosen places. */
const spots = <X>(element: fc.Arbitrary<X>): fc.Arbitrary<{ extra: number; seed: number; at: [number, X][] }> =>
  fc.record({
    extra: fc.integer({ min: 0, max: 40 }),
    seed: fc.integer({ min: 1, max: 1000 }),
    at: fc.array(fc.tuple(fc.integer({ min: 0, max: LANES_FROM - 1 }), element), { maxLength: 12 }),
  })

/** Columns of each test lie where most do, or are memories of their own. */
const PLACES = ['copied', 'where they lie'] as const

function forPlace(place: (typeof PLACES)[number]): void {
  beforeAll(() => ownMemoryFrom(place === 'copied' ? Number.POSITIVE_INFINITY : LANES_FROM))
  afterAll(() => ownMemoryFrom(OWN_MEMORY_FROM))
}

const newColumn = (storage: 'f64' | 'i64' | 'i8', length: number): FixedArray => unsetFixedArray(storage, length)

function columnOf<A extends FixedArray>(data: A): A {
  const storage = data instanceof Float64Array ? 'f64' : data instanceof BigInt64Array ? 'i64' : 'i8'
  const column = newColumn(storage, data.length)
  column.set(data as never)
  return column as A
}

const reversed = <A extends FixedArray>(data: A): A => columnOf(data.slice().reverse() as A)

const ordinary = (k: number, seed: number): number => (((k + 1) * 7919 * seed) % 20011) / 16 - 600

function doublesOf({ extra, seed, at }: { extra: number; seed: number; at: [number, number][] }): Float64Array {
  const out = columnOf(Float64Array.from({ length: LANES_FROM + extra }, (_, k) => ordinary(k, seed)))
  for (const [k, x] of at) out[k] = x
  return out
}

function longsOf({ extra, seed, at }: { extra: number; seed: number; at: [number, bigint][] }): BigInt64Array {
  const out = columnOf(
    BigInt64Array.from({ length: LANES_FROM + extra }, (_, k) => BigInt(Math.floor(ordinary(k, seed) * 1e9))),
  )
  for (const [k, x] of at) out[k] = x
  return out
}

function flagsOf({ extra, seed, at }: { extra: number; seed: number; at: [number, number][] }): Int8Array {
  const out = columnOf(Int8Array.from({ length: LANES_FROM + extra }, (_, k) => ((k * seed) >> 3) & 1))
  for (const [k, x] of at) out[k] = x
  return out
}

/** The same elements worked through in pieces that are too small for lanes. */
function inSmallPieces(n: number, o: FixedArray, run: (from: number, to: number, part: FixedArray) => void): void {
  for (let from = 0; from < n; from += 30000) {
    const to = Math.min(n, from + 30000)
    run(from, to, o.subarray(from, to) as FixedArray)
  }
}

const part = (x: Operand, from: number, to: number): Operand =>
  x.single ? x : { data: x.data.subarray(from, to) as FixedArray, single: false }

/** Bit by bit, so that zeros of both signs differ. */
const bits = (data: FixedArray): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)

type Loop = (a: Operand, b: Operand, o: FixedArray, n: number) => void

function expectSame(run: Loop, a: Operand, b: Operand, n: number, fresh: () => FixedArray): void {
  const large = fresh()
  const small = fresh()
  run(a, b, large, n)
  inSmallPieces(n, small, (from, to, o) => run(part(a, from, to), part(b, from, to), o, to - from))
  expect(Buffer.compare(bits(large), bits(small))).toBe(0)
}

const vector = (data: FixedArray): Operand => ({ data, single: false })
const single = (data: FixedArray): Operand => ({ data, single: true })
const RUNS = { numRuns: 4 }
const cut = <A extends FixedArray>(data: A, n: number): A => data.subarray(0, n) as A

describe.each(PLACES)('large columns in vector registers, %s', (place) => {
  forPlace(place)

  test.each(['add', 'sub', 'mul', 'ratio', 'div'])(
    '%s of doubles is what the loops give, at nulls and overflows too',
    (op) => {
      fc.assert(
        fc.property(spots(double), spots(double), double, (sa, sb, x) => {
          const n = LANES_FROM + Math.min(sa.extra, sb.extra)
          const [a, b] = [cut(doublesOf(sa), n), cut(doublesOf(sb), n)]
          const run: Loop = (p, q, o, length) => runArithmetic(op, p, q, o, length)
          expectSame(run, vector(a), vector(b), n, () => newColumn('f64', n))
          if (isNullElement(Float64Array.of(x), 0)) return
          expectSame(run, vector(a), single(Float64Array.of(x)), n, () => newColumn('f64', n))
          expectSame(run, single(Int32Array.of(3)), vector(b), n, () => newColumn('f64', n))
        }),
        RUNS,
      )
    },
  )

  test.each(['add', 'sub', 'mul'])('%s of 64-bit integers wraps and keeps nulls', (op) => {
    fc.assert(
      fc.property(spots(long), spots(long), (sa, sb) => {
        const n = LANES_FROM + Math.min(sa.extra, sb.extra)
        const run: Loop = (p, q, o, length) => runArithmetic(op, p, q, o, length)
        const [a, b] = [cut(longsOf(sa), n), cut(longsOf(sb), n)]
        expectSame(run, vector(a), vector(b), n, () => newColumn('i64', n))
        expectSame(run, vector(a), single(Int32Array.of(-7)), n, () => newColumn('i64', n))
      }),
      RUNS,
    )
  })

  test.each(['lt', 'le', 'gt', 'ge', 'eq', 'ne'])('%s takes the null for the smallest number', (op) => {
    fc.assert(
      fc.property(spots(double), spots(long), double, (sa, sk, x) => {
        const n = LANES_FROM + Math.min(sa.extra, sk.extra)
        const run: Loop = (p, q, o, length) => runCompare(op, p, q, o as Int8Array, length)
        const [a, k] = [cut(doublesOf(sa), n), cut(longsOf(sk), n)]
        expectSame(run, vector(a), vector(reversed(a)), n, () => newColumn('i8', n))
        expectSame(run, vector(a), single(Float64Array.of(x)), n, () => newColumn('i8', n))
        expectSame(run, single(Int32Array.of(-2147483648)), vector(a), n, () => newColumn('i8', n))
        expectSame(run, vector(k), vector(reversed(k)), n, () => newColumn('i8', n))
      }),
      RUNS,
    )
  })

  test.each(['and', 'or', 'xor', 'orIgnoreNull'])('%s of truth values with nulls', (op) => {
    fc.assert(
      fc.property(spots(fc.constantFrom(...FLAGS)), spots(fc.constantFrom(...FLAGS)), (sa, sb) => {
        const n = LANES_FROM + Math.min(sa.extra, sb.extra)
        const run: Loop = (p, q, o, length) => runLogic(op, p, q, o as Int8Array, length)
        expectSame(run, vector(cut(flagsOf(sa), n)), vector(cut(flagsOf(sb), n)), n, () => newColumn('i8', n))
        for (const x of FLAGS)
          expectSame(run, vector(cut(flagsOf(sa), n)), single(Int8Array.of(x)), n, () => newColumn('i8', n))
      }),
      RUNS,
    )
  })

  test.each(['max', 'min'] as const)('%s of two columns, element by element', (op) => {
    fc.assert(
      fc.property(spots(double), spots(long), (sa, sk) => {
        const n = LANES_FROM + Math.min(sa.extra, sk.extra)
        const run: Loop = (p, q, o, length) => runExtreme(op, p, q, o, length)
        const [a, k] = [cut(doublesOf(sa), n), cut(longsOf(sk), n)]
        expectSame(run, vector(a), vector(reversed(a)), n, () => newColumn('f64', n))
        expectSame(run, vector(k), vector(reversed(k)), n, () => newColumn('i64', n))
      }),
      RUNS,
    )
  })

  test('a choice by truth values, null where they are', () => {
    fc.assert(
      fc.property(spots(fc.constantFrom(...FLAGS)), spots(double), spots(long), (sf, sa, sk) => {
        const n = LANES_FROM + Math.min(sf.extra, sa.extra, sk.extra)
        const flags = cut(flagsOf(sf), n)
        const check = (a: Operand, b: Operand, fresh: () => FixedArray): void => {
          const [large, small] = [fresh(), fresh()]
          runChoice(flags, a, b, large)
          inSmallPieces(n, small, (from, to, o) =>
            runChoice(flags.subarray(from, to), part(a, from, to), part(b, from, to), o),
          )
          expect(Buffer.compare(bits(large), bits(small))).toBe(0)
        }
        const [a, k] = [cut(doublesOf(sa), n), cut(longsOf(sk), n)]
        check(vector(a), vector(reversed(a)), () => newColumn('f64', n))
        check(vector(a), single(Float64Array.of(NULL)), () => newColumn('f64', n))
        check(vector(k), single(BigInt64Array.of(5n)), () => newColumn('i64', n))
      }),
      RUNS,
    )
  })

  test.each(['exp', 'log'] as const)('%s has the bits of Math.%s', (op) => {
    const careful = op === 'exp' ? Math.exp : (x: number): number => (x > 0 ? Math.log(x) : Number.NaN)
    const near = fc.double({ noNaN: true, min: -3, max: 3 })
    const far = fc.double({ noNaN: true, min: -720, max: 720 })
    const edges = [
      0,
      -0,
      1,
      2,
      0.5,
      Math.SQRT2,
      Math.SQRT1_2,
      Math.LN2,
      Math.LN2 / 2,
      1.5 * Math.LN2,
      2 ** -1022,
      5e-324,
    ]
    const element = fc.oneof(
      near,
      far,
      far.map(Math.exp),
      near.map((x) => 1 + x / 2 ** 20),
      fc.constantFrom(...edges),
    )
    fc.assert(
      fc.property(fc.array(element, { minLength: 1, maxLength: 300 }), (list) => {
        const tree: LaneTree = { op, args: [{ op: 'input', lane: 'f64', index: 0 }] }
        // A group of one element at a time would be careful with each; all at once with all.
        for (const x of list) {
          const group = new Float64Array(16).fill(x)
          const o = new Float64Array(16)
          let left = false
          runTree(tree, [group], [], o, 0, 16, () => {
            left = true
          })
          if (!left) expect([x, ...o]).toEqual([x, ...new Float64Array(16).fill(careful(x))])
        }
      }),
      { numRuns: 60 },
    )
  })

  test('expressions of several operators are computed at once, blocks with nulls left to the careful loop', () => {
    const a: LaneTree = { op: 'input', lane: 'f64', index: 0 }
    const b: LaneTree = { op: 'input', lane: 'f64', index: 1 }
    const two: LaneTree = { op: 'scalar', lane: 'f64', index: 0 }
    const tree: LaneTree = {
      op: 'mul',
      args: [
        {
          op: 'ratio',
          args: [
            { op: 'sub', args: [a, b] },
            { op: 'add', args: [a, b] },
          ],
        },
        { op: 'abs', args: [{ op: 'mul', args: [b, two] }] },
      ],
    }
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 * BLOCK }), fc.array(fc.nat(3 * BLOCK), { maxLength: 3 }), (n, nulls) => {
        const x = columnOf(Float64Array.from({ length: n }, (_, k) => ordinary(k, 3)))
        const y = columnOf(Float64Array.from({ length: n }, (_, k) => ordinary(k, 5) - 0.03125))
        for (const k of nulls) if (k < n) x[k] = NULL
        const out = newColumn('f64', n)
        const left = new Uint8Array(n)
        runTree(tree, [x, y], [2], out, 0, n, (from, to) => void left.fill(1, from, to))
        const wrong: number[] = []
        for (let k = 0; k < n; k++)
          if (left[k] === 0 && out[k] !== ((x[k] - y[k]) / (x[k] + y[k])) * Math.abs(y[k] * 2)) wrong.push(k)
        expect(wrong).toEqual([])
        for (const k of nulls) if (k < n) expect(left[k]).toBe(1)
        // Blocks without a null are not left, but for the last elements.
        if (nulls.every((k) => k >= n)) expect(left.indexOf(1)).toBe(n % 16 === 0 ? -1 : n - (n % 16))
      }),
      { numRuns: 12 },
    )
  })
})

describe.each(PLACES)('sums and extremes of large columns, %s', (place) => {
  forPlace(place)

  test('skip nulls and are those of the loops, up to rounding', () => {
    fc.assert(
      fc.property(spots(double), (s) => {
        const a = doublesOf(s)
        const valid = [...a].filter((x) => x !== NULL && !Number.isNaN(x))
        const naive = valid.reduce((sum, x) => sum + x, 0)
        const { count, sum } = countAndSum(a, 0, a.length)
        expect(count).toBe(valid.length)
        if (!Number.isFinite(naive) || valid.some((x) => Math.abs(x) > 1e300)) return
        expect(Math.abs(sum - naive)).toBeLessThan(1e-9 * valid.reduce((all, x) => all + Math.abs(x), 1))
        const around = valid.reduce((all, x) => all + (x - sum / count) ** 2, 0)
        expect(moments(a, 0, a.length, 2).m2 / around).toBeCloseTo(1, 9)
      }),
      { numRuns: 5 },
    )
  })

  test('of 64-bit integers are exact and wrap', () => {
    fc.assert(
      fc.property(spots(long), (s) => {
        const k = longsOf(s)
        const valid = [...k].filter((x) => x !== NULL_LONG)
        const sum = BigInt.asIntN(
          64,
          valid.reduce((all, x) => all + x, 0n),
        )
        expect(sumLongs(k, 0, k.length)).toEqual({ count: valid.length, sum })
      }),
      { numRuns: 4 },
    )
  })

  test('the position of an extreme is the first or the last of equal ones', () => {
    const element = fc.constantFrom(...DOUBLES, 1e6, -1e6, 2e6, -2e6)
    fc.assert(
      fc.property(spots(element), fc.constantFrom('max', 'min'), fc.boolean(), (s, which, last) => {
        const a = doublesOf(s)
        let best = -1
        for (let k = 0; k < a.length; k++) {
          if (a[k] === NULL || Number.isNaN(a[k])) continue
          const better = best < 0 || (which === 'max' ? a[k] > a[best] : a[k] < a[best])
          if (better || (last && a[k] === a[best])) best = k
        }
        expect(extremeIndex(a, 0, a.length, which, last)).toBe(best)
      }),
      { numRuns: 12 },
    )
  })
})

test('a column that is a memory of its own is one as long as nobody lets go of it', () => {
  ownMemoryFrom(LANES_FROM)
  const column = newColumn('f64', LANES_FROM)
  expect(memoryOf(column.buffer)).toBeDefined()
  expect(memoryOf(new Float64Array(LANES_FROM).buffer)).toBeUndefined()
  ownMemoryFrom(OWN_MEMORY_FROM)
})

test('an operation whose result takes the place of an operand finds it as it was where it has to be careful', () => {
  ownMemoryFrom(LANES_FROM)
  const x = columnOf(Float64Array.from({ length: LANES_FROM }, (_, k) => k + 1))
  x[100] = NULL
  const tree: LaneTree = { op: 'sqrt', args: [{ op: 'input', lane: 'f64', index: 0 }] }
  runTree(tree, [x], [], x, 0, x.length, (from, to) => {
    for (let k = from; k < to; k++) x[k] = x[k] === NULL ? NULL : Math.sqrt(x[k])
  })
  expect([x[99], x[100], x[101], x[LANES_FROM - 1]]).toEqual([10, NULL, Math.sqrt(102), Math.sqrt(LANES_FROM)])
  ownMemoryFrom(OWN_MEMORY_FROM)
})
