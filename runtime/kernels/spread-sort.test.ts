/** Sorts of doubles against the library's, over distributions of all shapes. */
import { describe, expect, it } from 'vitest'
import { random } from '../../test/random.ts'
import { NULL_F64, T } from '../values/types.ts'
import { FixedVector } from '../values/vector.ts'
import { sortVector } from './sort.ts'
import { spreadSort } from './spread-sort.ts'

const ROWS = 70_000
const next = random(5)
const numbers = (make: (k: number) => number): Float64Array => Float64Array.from({ length: ROWS }, (_, k) => make(k))

/** What the spread takes on itself, and what it leaves. */
const TAKEN: Readonly<Record<string, Float64Array>> = {
  uniform: numbers(() => next()),
  'uniform around 0': numbers(() => next() - 0.5),
  'sums of three': numbers(() => next() + next() + next()),
  'prices of two digits': numbers(() => Math.round(next() * 10_000) / 100),
  'far apart': numbers(() => (next() - 0.5) * 1e300),
  'one after another': numbers((k) => k),
  'the other way round': numbers((k) => -k - 1),
  'pairs that differ in the last bit': numbers((k) => 1 + (k % 2) * Number.EPSILON + Math.floor(k / 2)),
  'with nulls': numbers((k) => (k % 7 === 3 ? NULL_F64 : next())),
  'clusters inside the parts': numbers((k) => (k % 1000) + (next() < 0.5 ? 1e-9 * next() : 0.3)),
}
const LEFT: Readonly<Record<string, Float64Array>> = {
  'two values': numbers((k) => (k * 7) % 2),
  'one far away': numbers((k) => (k === 9 ? 1e9 : next())),
  'powers of ten': numbers(() => 10 ** (next() * 200 - 100)),
  'an infinity': numbers((k) => (k === 9 ? Number.POSITIVE_INFINITY : next())),
  'zeros of both signs': numbers((k) => (k % 100 === 0 ? (k % 200 === 0 ? 0 : -0) : next())),
  'no numbers': numbers((k) => (k === 9 ? Number.NaN : next())),
  denormal: numbers((k) => (k % 3) * Number.MIN_VALUE),
}

const sameBits = (a: Float64Array, b: Float64Array): boolean =>
  Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(Buffer.from(b.buffer, b.byteOffset, b.byteLength))

describe('doubles', () => {
  for (const [what, data] of Object.entries(TAKEN))
    it(`${what} are spread, up and down, and the source stays as it was`, () => {
      const before = data.slice()
      const out = new Float64Array(ROWS)
      expect(spreadSort(data, out)).toBe(true)
      expect(sameBits(out, data.slice().sort())).toBe(true)
      const down = (sortVector(new FixedVector(T.DOUBLE, data), false) as FixedVector).data as Float64Array
      expect(sameBits(down, data.slice().sort().reverse())).toBe(true)
      expect(sameBits(data, before)).toBe(true)
    })

  for (const [what, data] of Object.entries(LEFT))
    it(`with ${what} are left to others, and still sorted`, () => {
      expect(spreadSort(data, new Float64Array(ROWS))).toBe(false)
      const sorted = (sortVector(new FixedVector(T.DOUBLE, data)) as FixedVector).data as Float64Array
      const key = (x: number): number => (Number.isNaN(x) ? NULL_F64 : x)
      for (let k = 1; k < ROWS; k++) if (key(sorted[k - 1]) > key(sorted[k])) expect.fail(`at ${k}`)
    })

  it('that are few are left to others', () => {
    expect(spreadSort(Float64Array.of(2, 1), new Float64Array(2))).toBe(false)
  })
})
