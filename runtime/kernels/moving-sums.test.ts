/** Sums of windows against additions written out one by one, over vectors that are longer than what a loop takes at a time. */
import { describe, expect, it } from 'vitest'
import { random } from '../../test/random.ts'
import { NULL_F64, NULL_I32, T } from '../values/types.ts'
import { FixedVector } from '../values/vector.ts'
import { movingLongSums, movingSums } from './moving-sums.ts'
import { countWindows, timeWindows, type Windows } from './window.ts'

const ROWS = 100_000
/** Far apart in size, so that sums lose digits. */
const numbers = (nulls: readonly number[]): Float64Array => {
  const next = random(7)
  const out = Float64Array.from({ length: ROWS }, () => (next() - 0.5) * 10 ** Math.floor(next() * 20))
  for (const k of nulls) out[k] = NULL_F64
  return out
}

/** What the windows hold, kept with the sum of all that was lost (Neumaier's branches). */
function oneByOne(x: Float64Array, w: Windows, mean: boolean): Float64Array {
  const out = new Float64Array(x.length)
  let [sum, lost, count, from] = [0, 0, 0, 0]
  const change = (y: number): void => {
    const next = sum + y
    lost += Math.abs(sum) >= Math.abs(y) ? sum - next + y : y - next + sum
    sum = next
  }
  for (let k = 0; k < x.length; k++) {
    if (x[k] !== NULL_F64) {
      count++
      change(x[k])
    }
    for (; from < w.starts[k]; from++) {
      if (x[from] === NULL_F64) continue
      change(-x[from])
      if (--count === 0) sum = lost = 0
    }
    const result = (sum + lost) / (mean ? count : 1)
    out[k] = k >= w.lead && count >= w.minValid && Number.isFinite(result) ? result : NULL_F64
  }
  return out
}

const NULLS: Readonly<Record<string, readonly number[]>> = {
  'without nulls': [],
  'with nulls at the ends of pieces': [0, 32767, 32768, 65535, 65536 + 19, 99_999],
  'with a window of nulls': Array.from({ length: 60 }, (_, k) => 40_000 + k),
}

describe('sums of moving windows', () => {
  for (const [what, nulls] of Object.entries(NULLS))
    for (const [size, least] of [
      [2, undefined],
      [20, undefined],
      [20, 3],
      [20, 30],
      [50_000, undefined],
      [200_000, 1],
    ] as const)
      it(`are those of additions one by one, bit by bit, ${what}, of ${size} elements, minPeriods ${least}`, () => {
        const x = numbers(nulls)
        const v = new FixedVector(T.DOUBLE, x)
        for (const mean of [false, true]) {
          const found = movingSums('f', v, countWindows(ROWS, size, least), mean).data
          expect(
            Buffer.from(found.buffer).equals(Buffer.from(oneByOne(x, countWindows(ROWS, size, least), mean).buffer)),
          ).toBe(true)
        }
      })

  it('over time have windows of their own length at each row', () => {
    const x = numbers(NULLS['with a window of nulls'])
    const times = Float64Array.from({ length: ROWS }, (_, k) => Math.floor(k / 3) * 2 + (k % 7000 < 5 ? 1 : 0)).sort()
    const w = timeWindows(
      times,
      times.map((t) => t - 37),
    )
    const found = movingSums('f', new FixedVector(T.DOUBLE, x), w, true).data
    expect(Buffer.from(found.buffer).equals(Buffer.from(oneByOne(x, w, true).buffer))).toBe(true)
  })

  it('hold infinities for as long as the arithmetic of doubles does', () => {
    const x = numbers([])
    x[50_000] = Number.POSITIVE_INFINITY
    const found = movingSums('f', new FixedVector(T.DOUBLE, x), countWindows(ROWS, 20), false).data
    expect(found[49_999]).not.toBe(NULL_F64)
    expect(found[50_000]).toBe(NULL_F64)
  })

  it('of whole numbers are exact, with nulls and without', () => {
    const next = random(11)
    const data = Int32Array.from({ length: ROWS }, () => Math.floor((next() - 0.5) * 4294967294))
    for (const nulls of Object.values(NULLS)) {
      const x = data.slice()
      for (const k of nulls) x[k] = NULL_I32
      for (const [size, least] of [
        [20, undefined],
        [20, 5],
        [3, 4],
      ] as const) {
        const found = movingLongSums(new FixedVector(T.INT, x), countWindows(ROWS, size, least))
        for (let k = 0; k < ROWS; k += k % 32768 < 100 ? 1 : 97) {
          const window = [...x.subarray(Math.max(0, k - size + 1), k + 1)].filter((y) => y !== NULL_I32)
          const isDue = (least !== undefined || k >= size - 1) && window.length >= (least ?? 1)
          const expected = isDue ? window.reduce((sum, y) => sum + BigInt(y), 0n) : -(2n ** 63n)
          if (found.data[k] !== expected) expect(`${k}: ${found.data[k]}`).toBe(`${k}: ${expected}`)
        }
      }
    }
  })
})
