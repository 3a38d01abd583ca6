/** Groups by codes and sums per group against what is written out row by row, over more rows than a loop takes at a time. */
import { describe, expect, it } from 'vitest'
import { random } from '../../test/random.ts'
import { NULL_F64, NULL_I32, NULL_I64, T } from '../values/types.ts'
import { FixedVector, type Vector } from '../values/vector.ts'
import { denseCodes, seenCodes } from './codes.ts'
import { extremeValue } from './extreme-value.ts'
import { Groups } from './group-numbers.ts'
import { groupedAggregate, groupedSumAndCount } from './grouped.ts'

const ROWS = 150_000
const next = random(3)
const integers = (below: number): Int32Array => Int32Array.from({ length: ROWS }, () => Math.floor(next() * below))
const ints = (data: Int32Array): FixedVector => new FixedVector(T.INT, data)
const coded = (key: FixedVector): Groups => {
  const codes = denseCodes(key)!
  return Groups.ofCodes(codes, seenCodes(codes))
}

/** The same groups, their numbers written for each row. */
const written = (g: Groups): Groups => new Groups(g.ids.slice(), g.count, g.firstRows)

describe('groups by codes', () => {
  const key = integers(700).map((x) => x * 3)
  const groups = coded(ints(key))
  const values = [...new Set(key)].sort((a, b) => a - b)

  it('are the values that occur, ascending, with their first rows and sizes', () => {
    expect(groups.count).toBe(values.length)
    expect([...groups.firstRows]).toEqual(values.map((x) => key.indexOf(x)))
    expect([...groups.sizes]).toEqual(values.map((x) => key.filter((y) => y === x).length))
  })

  it('tell the group of each row, and their rows in order', () => {
    expect(groups.ids.every((g, k) => values[g] === key[k])).toBe(true)
    const { order, offsets } = groups
    expect(offsets[groups.count]).toBe(ROWS)
    for (let k = 1; k < ROWS; k++)
      if (
        groups.ids[order[k]] < groups.ids[order[k - 1]] ||
        (groups.ids[order[k]] === groups.ids[order[k - 1]] && order[k] < order[k - 1])
      )
        expect.fail(`row ${k}`)
    expect(groups.contiguous).toBe(false)
  })

  it('are not made of negative or of large numbers', () => {
    expect(denseCodes(ints(Int32Array.of(1, NULL_I32)))).toBeUndefined()
    expect(denseCodes(ints(Int32Array.of(1, 1 << 17)))).toBeUndefined()
    expect(denseCodes(ints(Int32Array.of(0, (1 << 16) - 1)))?.limit).toBe(1 << 16)
    expect(denseCodes(ints(Int32Array.of(0, 1 << 16)))).toBeUndefined()
  })

  it('that stand one after another know it', () => {
    const inOrder = Groups.inOrder(Int32Array.of(2, 3, 1))
    expect([...inOrder.ids]).toEqual([0, 0, 1, 1, 1, 2])
    expect([...inOrder.firstRows]).toEqual([0, 2, 5])
    expect(inOrder.contiguous).toBe(true)
    expect(Groups.inOrder(new Int32Array(0)).rows).toBe(0)
  })
})

describe('aggregates of groups', () => {
  const groups = coded(ints(integers(50).map((x) => 2 * x)))
  const nullRows = (k: number): boolean => k % 32768 === 0 || k % 977 === 5 || groups.ids[k] === 7
  const doubles = (): Float64Array =>
    Float64Array.from({ length: ROWS }, () => (next() - 0.5) * 10 ** Math.floor(next() * 12))
  const COLUMNS: Readonly<Record<string, () => Vector>> = {
    doubles: () => new FixedVector(T.DOUBLE, doubles()),
    'doubles with nulls': () =>
      new FixedVector(
        T.DOUBLE,
        doubles().map((x, k) => (nullRows(k) ? NULL_F64 : x)),
      ),
    'doubles with infinities': () =>
      new FixedVector(
        T.DOUBLE,
        doubles().map((x, k) => (k === 40_000 ? -Infinity : k === 40_001 ? Number.NaN : x)),
      ),
    floats: () => new FixedVector(T.FLOAT, Float32Array.from(doubles())),
    ints: () => ints(integers(2 ** 31).map((x, k) => (nullRows(k) ? NULL_I32 : k % 2 === 0 ? -x : x))),
    shorts: () => new FixedVector(T.SHORT, Int16Array.from(integers(60_000).map((x) => x - 30_000))),
    chars: () => new FixedVector(T.CHAR, Int8Array.from(integers(256))),
    'small longs': () =>
      new FixedVector(
        T.LONG,
        BigInt64Array.from(integers(1000), (x, k) => (nullRows(k) ? NULL_I64 : BigInt(x - 500))),
      ),
    'large longs': () =>
      new FixedVector(
        T.LONG,
        BigInt64Array.from(integers(2 ** 31), (x, k) => BigInt(x) << BigInt(k % 33)),
      ),
  }

  /** Sum and number of valid elements of each group, added in the order of the rows. */
  function oneByOne(v: Vector): { readonly sums: (number | bigint)[]; readonly counts: number[] } {
    const whole = v.type <= T.LONG
    const sums: (number | bigint)[] = new Array(groups.count).fill(whole ? 0n : 0)
    const counts: number[] = new Array(groups.count).fill(0)
    for (let k = 0; k < ROWS; k++) {
      if (v.isNullAt(k)) continue
      const g = groups.ids[k]
      const x = v.raw(k) as number | bigint
      sums[g] = whole ? BigInt.asIntN(64, (sums[g] as bigint) + BigInt(x)) : (sums[g] as number) + (x as number)
      counts[g]++
    }
    return {
      sums: sums.map((s, g) =>
        whole ? (counts[g] === 0 ? NULL_I64 : s) : counts[g] === 0 || !Number.isFinite(s as number) ? NULL_F64 : s,
      ),
      counts,
    }
  }
  const raws = (v: Vector): unknown[] => Array.from({ length: v.length }, (_, k) => (v as FixedVector).data[k])

  for (const [what, make] of Object.entries(COLUMNS))
    it(`of ${what} are those of additions one by one, by codes and by numbers of rows`, () => {
      const v = make()
      const { sums, counts } = oneByOne(v)
      for (const by of [groups, written(groups)]) {
        expect(raws(groupedAggregate('sum', v, by)!)).toEqual(sums)
        expect(raws(groupedAggregate('count', v, by)!)).toEqual(counts)
        expect(groupedSumAndCount(v, by)!.map(raws)).toEqual([sums, counts])
        expect(raws(groupedAggregate('avg', v, by)!)).toEqual(
          sums
            .map((s, g) => (s === NULL_F64 || counts[g] === 0 ? NULL_F64 : Number(s) / counts[g]))
            .map((x, g) => (what === 'large longs' ? raws(groupedAggregate('avg', v, groups)!)[g] : x)),
        )
      }
    })

  for (const [what, make] of Object.entries(COLUMNS))
    it(`of ${what}: the extremes are those of comparisons one by one`, () => {
      const v = make()
      for (const name of ['min', 'max'] as const) {
        const expected: unknown[] = new Array(groups.count).fill(undefined)
        for (let k = 0; k < ROWS; k++) {
          if (v.isNullAt(k)) continue
          const x = v.raw(k) as number
          const best = expected[groups.ids[k]] as number | undefined
          if (best === undefined || (name === 'max' ? x > best : x < best)) expected[groups.ids[k]] = x
        }
        const none = v.type === T.LONG ? NULL_I64 : v.type === T.INT ? NULL_I32 : NULL_F64
        for (const by of [groups, written(groups)])
          expect(raws(groupedAggregate(name, v, by)!)).toEqual(expected.map((x) => x ?? none))
      }
    })

  for (const [what, make] of Object.entries(COLUMNS))
    it(`of ${what}: the extreme of all is that of the extremes by group`, () => {
      const v = make() as FixedVector
      for (const name of ['min', 'max'] as const)
        expect(raws(extremeValue(name, v))).toEqual(
          raws(extremeValue(name, groupedAggregate(name, v, groups) as FixedVector)),
        )
      const sorted = raws(v)
        .filter((_, k) => !v.isNullAt(k))
        .sort((a, b) => ((a as number) < (b as number) ? -1 : 1))
      expect(raws(extremeValue('min', v))).toEqual([sorted[0]])
      expect(raws(extremeValue('max', v))).toEqual([sorted.at(-1)])
      expect(extremeValue('max', new FixedVector(v.type, v.data, 0)).isNullAt(0)).toBe(true)
    })

  it('are exact for 32-bit numbers whose sums are too large for doubles', () => {
    const rows = 2 ** 22 + 5
    const v = ints(new Int32Array(rows).fill(2147483647))
    const byCode = coded(ints(Int32Array.from({ length: rows }, (_, k) => (k === 3 ? 9 : 4))))
    expect(raws(groupedAggregate('sum', v, byCode)!)).toEqual([2147483647n * BigInt(rows - 1), 2147483647n])
  })
})
