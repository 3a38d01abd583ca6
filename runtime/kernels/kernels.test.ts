/** Laws of the kernels against definitions written out per element. */

import { describe, expect, it } from 'vitest'
import fc from '../../test/properties.ts'
import { iif } from '../builtins/nulls.ts'
import { binaryOp, fastBinary } from '../ops/binary.ts'
import { castVector } from '../ops/cast.ts'
import type { BinaryOpName } from '../ops/names.ts'
import { compareText } from '../ops/text.ts'
import type { Scalar } from '../values/scalar.ts'
import { NULL_F64, NULL_I32, NULL_I64, type Raw, T, type TypeId } from '../values/types.ts'
import { FixedVector, StringVector, SymbolVector, type Vector, vectorOf } from '../values/vector.ts'
import { aggregate, groupedAggregate } from './aggregate.ts'
import { Groups } from './group-numbers.ts'
import { groupIds } from './hash.ts'
import { medianOf, selectKth } from './quantile.ts'
import { sortIndices, sortVector } from './sort.ts'
import { countWindows, MOVING, movingExtreme, timeWindows } from './window.ts'

const RUNS = { numRuns: 60 }

const int = fc.oneof(
  fc.integer({ min: -9, max: 9 }),
  fc.integer({ min: -2147483647, max: 2147483647 }),
  fc.constant(NULL_I32),
)
const long = fc.oneof(
  fc.bigInt({ min: -9n, max: 9n }),
  fc.bigInt({ min: -(2n ** 63n) + 1n, max: 2n ** 63n - 1n }),
  fc.constant(NULL_I64),
)
const real = fc.oneof(
  fc.integer({ min: -9, max: 9 }).map((n) => n / 2),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e12, max: 1e12 }).map((x) => x + 0),
  fc.constant(NULL_F64),
)
const column = fc.oneof(
  fc.array(int, { maxLength: 40 }).map((x) => vectorOf(T.INT, x)),
  fc.array(long, { maxLength: 40 }).map((x) => vectorOf(T.LONG, x)),
  fc.array(real, { maxLength: 40 }).map((x) => vectorOf(T.DOUBLE, x)),
  fc.array(fc.integer({ min: -128, max: 127 }), { maxLength: 40 }).map((x) => vectorOf(T.CHAR, x)),
  fc.array(fc.string({ maxLength: 2, unit: 'binary' }), { maxLength: 40 }).map((x) => new StringVector(x)),
  fc.array(fc.constantFrom('', 'a', 'b', 'cc'), { maxLength: 40 }).map((x) => SymbolVector.encode(x)),
)

function order(x: Raw, y: Raw): number {
  if (typeof x === 'string') return compareText(x, y as string)
  return (x as number) < (y as number) ? -1 : (x as number) > (y as number) ? 1 : 0
}
const raws = (v: Vector): Raw[] => Array.from({ length: v.length }, (_, k) => v.raw(k))
const same = (x: Raw, y: Raw): boolean => x === y || (typeof x === 'number' && x === 0 && y === 0)

describe('arithmetic', () => {
  const wrap = (n: bigint, bits: number): bigint => BigInt.asIntN(bits, n)
  const floorDiv = (x: bigint, y: bigint): bigint => {
    const q = x / y
    return x % y !== 0n && x % y < 0n !== y < 0n ? q - 1n : q
  }
  const exact: Record<string, (x: bigint, y: bigint) => bigint | undefined> = {
    add: (x, y) => x + y,
    sub: (x, y) => x - y,
    mul: (x, y) => x * y,
    div: (x, y) => (y === 0n ? undefined : floorDiv(x, y)),
    mod: (x, y) => (y === 0n ? undefined : x - floorDiv(x, y) * y),
  }
  for (const [op, f] of Object.entries(exact))
    for (const [name, arb, type, bits, nothing] of [
      ['INT', int, T.INT, 32, NULL_I32],
      ['LONG', long, T.LONG, 64, NULL_I64],
    ] as const)
      it(`${op} of ${name} wraps and keeps nulls, for vectors and scalars alike`, () => {
        fc.assert(
          fc.property(
            fc.array(fc.tuple(arb as fc.Arbitrary<Raw>, arb as fc.Arbitrary<Raw>), { minLength: 1, maxLength: 20 }),
            (pairs) => {
              const a = vectorOf(
                type,
                pairs.map((p) => p[0]),
              )
              const b = vectorOf(
                type,
                pairs.map((p) => p[1]),
              )
              const vv = binaryOp(op as BinaryOpName, a, b) as Vector
              const vs = binaryOp(op as BinaryOpName, a, b.get(0)) as Vector
              const sv = binaryOp(op as BinaryOpName, a.get(0), b) as Vector
              pairs.forEach(([x, y], k) => {
                const expected = (p: Raw, q: Raw): Raw => {
                  if (p === nothing || q === nothing) return nothing
                  const r = f(BigInt(p as number), BigInt(q as number))
                  if (r === undefined) return nothing
                  return type === T.INT ? Number(wrap(r, bits)) : wrap(r, bits)
                }
                expect(vv.raw(k)).toEqual(expected(x, y))
                expect(vs.raw(k)).toEqual(expected(x, pairs[0][1]))
                expect(sv.raw(k)).toEqual(expected(pairs[0][0], y))
                expect((fastBinary[op as BinaryOpName](a.get(k), b.get(k)) as Scalar).value).toEqual(expected(x, y))
              })
            },
          ),
          RUNS,
        )
      })

  it('of DOUBLE is null where an operand is, at any block of the column', () => {
    const n = 70000
    const a = new Float64Array(n).map((_, k) => k)
    const b = new Float64Array(n).fill(2)
    for (const k of [0, 32767, 32768, n - 1]) a[k] = NULL_F64
    b[40000] = NULL_F64
    for (const op of ['add', 'sub', 'mul', 'div'] as const) {
      const r = raws(binaryOp(op, new FixedVector(T.DOUBLE, a), new FixedVector(T.DOUBLE, b)) as Vector)
      for (let k = 0; k < n; k++) {
        const nothing = a[k] === NULL_F64 || b[k] === NULL_F64
        const plain = op === 'add' ? k + 2 : op === 'sub' ? k - 2 : op === 'mul' ? k * 2 : k / 2
        if (r[k] !== (nothing ? NULL_F64 : plain)) throw new Error(`${op} at ${k}: ${r[k]}`)
      }
    }
    const overflow = binaryOp('mul', vectorOf(T.DOUBLE, [1e200, 1]), vectorOf(T.DOUBLE, [1e200, 1])) as Vector
    expect(raws(overflow)).toEqual([NULL_F64, 1])
  })
})

describe('comparison', () => {
  const ops = {
    lt: (o: number) => o < 0,
    le: (o: number) => o <= 0,
    gt: (o: number) => o > 0,
    ge: (o: number) => o >= 0,
    eq: (o: number) => o === 0,
    ne: (o: number) => o !== 0,
  }
  it('orders every type with null first, whatever mix of vector and scalar', () => {
    fc.assert(
      fc.property(column, fc.constantFrom(...Object.keys(ops)), (v, op) => {
        if (v.length === 0) return
        const other = v.gather(Int32Array.from({ length: v.length }, (_, k) => v.length - 1 - k))
        const vv = binaryOp(op as BinaryOpName, v, other) as Vector
        const vs = binaryOp(op as BinaryOpName, v, other.get(0)) as Vector
        for (let k = 0; k < v.length; k++) {
          const test = ops[op as keyof typeof ops]
          expect(vv.raw(k)).toBe(test(order(v.raw(k), other.raw(k))) ? 1 : 0)
          expect(vs.raw(k)).toBe(test(order(v.raw(k), other.raw(0))) ? 1 : 0)
          const s = fastBinary[op as BinaryOpName](v.get(k), other.get(k)) as Scalar
          expect(s.value).toBe(vv.raw(k))
        }
      }),
      RUNS,
    )
  })
  it('of different numeric types goes by value', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 1 }),
        fc.integer({ min: -100, max: 100 }),
        (x, y) => {
          const types: TypeId[] = [T.CHAR, T.SHORT, T.INT, T.LONG, T.FLOAT, T.DOUBLE]
          const source = vectorOf(T.INT, x)
          for (const a of types)
            for (const b of types) {
              const r = binaryOp('lt', castVector(source, a), castVector(vectorOf(T.INT, [y]), b).get(0)) as Vector
              expect(raws(r)).toEqual(x.map((n) => (n < y ? 1 : 0)))
            }
        },
      ),
      { numRuns: 10 },
    )
  })
})

describe('sorting', () => {
  const check = (v: Vector, up: boolean): void => {
    const positions = sortIndices([v], [up])
    expect([...positions].sort((a, b) => a - b)).toEqual(Array.from({ length: v.length }, (_, k) => k))
    for (let k = 1; k < v.length; k++) {
      const o = order(v.raw(positions[k - 1]), v.raw(positions[k])) * (up ? 1 : -1)
      if (o > 0 || (o === 0 && positions[k - 1] > positions[k])) throw new Error(`not sorted at ${k}`)
    }
    expect(raws(sortVector(v, up)).every((x, k) => same(x, v.raw(positions[k])))).toBe(true)
  }
  it('is stable and puts nulls first ascending', () => {
    fc.assert(fc.property(column, fc.boolean(), check), RUNS)
  })
  it('of many rows takes the radix way to the same order', () => {
    const random = (n: number, f: (k: number) => number): number[] => Array.from({ length: n }, (_, k) => f(k))
    const hash = (k: number): number => Math.imul(k, -1640531527) ^ (k << 7)
    for (const up of [true, false]) {
      check(
        vectorOf(
          T.INT,
          random(5000, (k) => hash(k) | 0),
        ),
        up,
      )
      check(
        vectorOf(
          T.DOUBLE,
          random(5000, (k) => (k % 50 === 0 ? NULL_F64 : hash(k) / 1000)),
        ),
        up,
      )
      check(
        vectorOf(
          T.LONG,
          random(5000, hash).map((n) => BigInt(n) * 1000000007n),
        ),
        up,
      )
      check(SymbolVector.encode(random(5000, (k) => hash(k) & 63).map((n) => `s${n}`)), up)
      check(
        vectorOf(
          T.SHORT,
          random(5000, (k) => hash(k) % 300),
        ),
        up,
      )
    }
  })
  it('by several columns breaks ties by the next, and moves nulls where asked', () => {
    const a = vectorOf(T.INT, [1, 1, NULL_I32, 0])
    const b = vectorOf(T.DOUBLE, [1, 2, 3, 4])
    expect([...sortIndices([a, b], [true, false])]).toEqual([2, 3, 1, 0])
    expect([...sortIndices([a, b], [true, true], [false])]).toEqual([3, 0, 1, 2])
  })
})

describe('grouping', () => {
  it('numbers groups in order of first appearance', () => {
    fc.assert(
      fc.property(fc.array(column, { minLength: 1, maxLength: 3 }), (columns) => {
        const length = Math.min(...columns.map((c) => c.length))
        const cut = columns.map((c) => c.slice(0, length))
        const { ids, count, firstRows } = groupIds(cut)
        const seen = new Map<string, number>()
        for (let k = 0; k < length; k++) {
          const key = JSON.stringify(cut.map((c) => String(c.raw(k))))
          if (!seen.has(key)) {
            expect(firstRows[seen.size]).toBe(k)
            seen.set(key, seen.size)
          }
          expect(ids[k]).toBe(seen.get(key))
        }
        expect(count).toBe(seen.size)
      }),
      RUNS,
    )
  })
  it('survives many distinct values', () => {
    const n = 30000
    const v = vectorOf(
      T.LONG,
      Array.from({ length: n }, (_, k) => BigInt(Math.imul(k % 10000, 7919)) * 4294967311n),
    )
    const { ids, count } = groupIds([
      v,
      vectorOf(
        T.INT,
        Array.from({ length: n }, (_, k) => k % 3),
      ),
    ])
    expect(count).toBe(30000)
    expect(ids[12345]).toBe(12345)
  })
  it('gives each group what the aggregate gives its rows', () => {
    const names = [
      'sum',
      'avg',
      'count',
      'size',
      'min',
      'max',
      'first',
      'last',
      'std',
      'var',
      'stdp',
      'varp',
      'sum2',
      'med',
      'nunique',
      'mode',
      'imax',
      'firstNot',
    ]
    const numbers = fc.oneof(
      fc
        .array(fc.oneof(fc.integer({ min: -99, max: 99 }), fc.constant(NULL_I32)), { maxLength: 30 })
        .map((x) => vectorOf(T.INT, x)),
      fc
        .array(fc.oneof(fc.bigInt({ min: -99n, max: 99n }), fc.constant(NULL_I64)), { maxLength: 30 })
        .map((x) => vectorOf(T.LONG, x)),
      fc
        .array(fc.oneof(fc.integer({ min: -99, max: 99 }), fc.constant(NULL_F64)), { maxLength: 30 })
        .map((x) => vectorOf(T.DOUBLE, x)),
    )
    fc.assert(
      fc.property(numbers, fc.constantFrom(...names), (v, name) => {
        const groupCount = 4
        const ids = Int32Array.from({ length: v.length }, (_, k) => (k * 7) % 3)
        const grouped = groupedAggregate(name, v, new Groups(ids, groupCount, new Int32Array(groupCount)))!
        for (let g = 0; g < groupCount; g++) {
          const rows = Int32Array.from([...ids.keys()].filter((k) => ids[k] === g))
          const expected = aggregate(name, v.gather(rows)) as Scalar
          const x = grouped.raw(g)
          if (typeof x === 'number' && typeof expected.value === 'number' && !expected.isNull())
            expect(x).toBeCloseTo(expected.value, 6)
          else expect(x).toEqual(expected.value)
        }
      }),
      { numRuns: 200 },
    )
  })
})

describe('order statistics', () => {
  it('select what a full sort would', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1 }), fc.nat(), (x, seed) => {
        const k = seed % x.length
        expect(selectKth(Float64Array.from(x), k)).toBe([...x].sort((a, b) => a - b)[k])
        const sorted = [...x].sort((a, b) => a - b)
        const m = (sorted.length - 1) / 2
        expect(medianOf(Float64Array.from(x))).toBe((sorted[Math.floor(m)] + sorted[Math.ceil(m)]) / 2)
      }),
      RUNS,
    )
  })
})

describe('moving windows', () => {
  const series = fc.array(
    fc.oneof({ weight: 4, arbitrary: fc.integer({ min: -50, max: 50 }) }, fc.constant(NULL_F64)),
    { maxLength: 25 },
  )
  for (const name of ['sum', 'avg', 'sum2', 'min', 'max', 'std', 'var', 'stdp', 'varp', 'prod', 'med', 'first', 'last'])
    it(`m${name} is the ${name} of each window, for both minPeriods rules`, () => {
      fc.assert(
        fc.property(
          series,
          fc.integer({ min: 1, max: 6 }),
          fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
          (x, size, least) => {
            const v = vectorOf(T.DOUBLE, x)
            const result = MOVING[name].run(v, countWindows(v.length, size, least))
            for (let k = 0; k < v.length; k++) {
              const from = Math.max(0, k - size + 1)
              const valid = x.slice(from, k + 1).filter((n) => n !== NULL_F64).length
              const isDue = least === undefined ? k >= size - 1 && valid >= 1 : valid >= least
              const plain = aggregate(name, v, from, k + 1) as Scalar
              const expected = isDue ? (plain.value as number) : NULL_F64
              const found = result.raw(k) as number
              // Close, or equal relative to the size of what was summed.
              if (expected === NULL_F64) expect(found).toBe(NULL_F64)
              else expect(Math.abs(found - expected)).toBeLessThan(1e-5 * Math.max(1, Math.abs(expected)))
            }
          },
        ),
        RUNS,
      )
    })
  it('over time hold the rows later than t - window', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5), { maxLength: 20 }), fc.integer({ min: 1, max: 8 }), (steps, window) => {
        let now = 0
        const t = Float64Array.from(steps, (s) => (now += s))
        const { starts } = timeWindows(
          t,
          t.map((x) => x - window),
        )
        t.forEach((x, k) => {
          const expected = t.findIndex((y) => y > x - window)
          expect(starts[k]).toBe(expected)
        })
      }),
      RUNS,
    )
  })
  it('find the extremes of 64-bit integers exactly', () => {
    const v = vectorOf(T.LONG, [2n ** 62n, 2n ** 62n + 1n, 2n ** 62n - 1n])
    expect([...movingExtreme(v, countWindows(3, 2), 'max')]).toEqual([-1, 1, 1])
  })
})

describe('casts', () => {
  it('between integers and floating numbers keep small values and nulls', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.integer({ min: -120, max: 120 }), fc.constant(NULL_I32))), (x) => {
        const types: TypeId[] = [T.CHAR, T.SHORT, T.INT, T.LONG, T.FLOAT, T.DOUBLE, T.DATE, T.TIMESTAMP]
        const source = vectorOf(T.INT, x)
        for (const type of types) expect(raws(castVector(castVector(source, type), T.INT))).toEqual(x)
      }),
      RUNS,
    )
  })
  it('between temporal types go there and back', () => {
    const instants = vectorOf(T.NANOTIMESTAMP, [0n, -1n, 1339594210008007006n, NULL_I64, -86400000000000n])
    for (const type of [T.TIMESTAMP, T.DATETIME, T.DATE, T.DATEHOUR, T.MONTH] as const) {
      const coarse = castVector(instants, type)
      expect(raws(castVector(castVector(coarse, T.NANOTIMESTAMP), type))).toEqual(raws(coarse))
    }
  })
})

describe('choices, gathers and sums by group', () => {
  it('iif takes each element from its side, and null for a null condition', () => {
    const flags = vectorOf(T.BOOL, [1, 0, -128, 1])
    for (const [type, x, y, none] of [
      [T.INT, [1, 2, 3, NULL_I32], [5, 6, 7, 8], NULL_I32],
      [T.LONG, [1n, 2n, 3n, NULL_I64], [5n, 6n, 7n, 8n], NULL_I64],
      [T.DOUBLE, [1, 2, 3, NULL_F64], [5, 6, 7, 8], NULL_F64],
      [T.BOOL, [1, 0, 1, -128], [0, 1, 0, 1], -128],
    ] as const) {
      const whole = iif(flags, vectorOf(type, x), vectorOf(type, y)) as Vector
      expect(raws(whole)).toEqual([x[0], y[1], none, x[3]])
      const single = iif(flags, vectorOf(type, x), vectorOf(type, y).get(0)) as Vector
      expect(raws(single)).toEqual([x[0], y[0], none, x[3]])
    }
  })

  it('a gather gives null for positions outside, in any block', () => {
    const positions = Int32Array.from({ length: 20000 }, (_, k) =>
      k === 5 || k === 19999 ? -1 : k === 9000 ? 3 : k % 3,
    )
    for (const v of [
      vectorOf(T.CHAR, [1, 2, 3]),
      vectorOf(T.SHORT, [1, 2, 3]),
      vectorOf(T.INT, [1, 2, NULL_I32]),
      vectorOf(T.LONG, [1n, NULL_I64, 3n]),
      vectorOf(T.FLOAT, [1, 2, 3]),
      vectorOf(T.DOUBLE, [1, -0, NULL_F64]),
    ])
      expect(raws(v.gather(positions))).toEqual(Array.from(positions, (k) => v.raw(k)))
  })

  it('sums of whole numbers by group are exact, and wrap where they must', () => {
    const ids = Int32Array.of(0, 1, 0, 1, 2)
    const sums = (type: TypeId, values: readonly Raw[]): Raw[] =>
      raws(groupedAggregate('sum', vectorOf(type, values), new Groups(ids, 4, new Int32Array(4)))!)
    expect(sums(T.INT, [2147483647, -5, 2147483647, NULL_I32, NULL_I32])).toEqual([
      4294967294n,
      -5n,
      NULL_I64,
      NULL_I64,
    ])
    expect(sums(T.LONG, [2n ** 52n, -1n, 1n, -2n, 0n])).toEqual([2n ** 52n + 1n, -3n, 0n, NULL_I64])
    expect(sums(T.LONG, [2n ** 62n, -(2n ** 40n), 2n ** 62n + 1n, 3n, NULL_I64])).toEqual([
      BigInt.asIntN(64, 2n ** 63n + 1n),
      3n - 2n ** 40n,
      NULL_I64,
      NULL_I64,
    ])
  })
})
