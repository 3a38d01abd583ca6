import { expect, test } from 'vitest'
import fc from '../../test/properties.ts'
import { type Codes, PIECE, type SeenCodes, seenCodes } from './codes.ts'

function naive({ rows, limit }: Codes): SeenCodes {
  const found = new Map<number, { first: number; size: number }>()
  rows.forEach((code, k) => {
    const known = found.get(code)
    if (known === undefined) found.set(code, { first: k, size: 1 })
    else known.size++
  })
  const codes = Int32Array.from({ length: limit }, (_, c) => c).filter((c) => found.has(c))
  return {
    codes,
    firstRows: codes.map((c) => found.get(c)!.first),
    sizes: codes.map((c) => found.get(c)!.size),
  }
}

/** Few codes in runs or mixed, one of them only far behind; or more codes than are counted piece by piece. */
const samples = fc
  .record({
    length: fc.constantFrom(0, 3, PIECE - 1, PIECE, 2 * PIECE + 5, 3 * PIECE),
    limit: fc.constantFrom(1, 7, 500, 4096, 5000),
    factor: fc.constantFrom(0, 1, 7919),
    run: fc.constantFrom(1, 3, 100),
    late: fc.nat(2 * PIECE),
  })
  .map(({ length, limit, factor, run, late }): Codes => {
    const rows = Int32Array.from({ length }, (_, k) => (Math.floor(k / run) * factor) % Math.max(1, limit - 1))
    if (late < length) rows[length - 1 - late] = limit - 1
    return { rows, limit }
  })

test('codes that occur, with their first rows and how many rows they have', () => {
  fc.assert(
    fc.property(samples, (codes) => void expect(seenCodes(codes)).toEqual(naive(codes))),
    { numRuns: 25 },
  )
})
