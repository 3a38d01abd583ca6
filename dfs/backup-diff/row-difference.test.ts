import { describe, expect, it } from 'vitest'
import { FixedVector, StringVector, T, Table } from '../../runtime/values/index.ts'
import fc from '../../test/properties.ts'
import { type ComparedRows, rowDifference } from './row-difference.ts'

type Row = readonly [number, string]
const columns = [
  { name: 'a', type: T.INT },
  { name: 't', type: T.STRING },
]
const side = (rows: readonly Row[], batchRows: number, claimed = rows.length): ComparedRows => ({
  rows: claimed,
  *batches() {
    for (let from = 0; from < rows.length; from += batchRows) {
      const batch = rows.slice(from, from + batchRows)
      yield new Table(
        ['a', 't'],
        [new FixedVector(T.INT, Int32Array.from(batch.map((r) => r[0]))), new StringVector(batch.map((r) => r[1]))],
      )
    }
  },
})

/** The plain way: cross off one by one. */
function model(first: readonly Row[], second: readonly Row[]) {
  const left = second.map((r) => JSON.stringify(r))
  let onlyInFirst = 0
  for (const row of first) {
    const at = left.indexOf(JSON.stringify(row))
    if (at < 0) onlyInFirst++
    else left.splice(at, 1)
  }
  return { onlyInFirst, onlyInSecond: left.length }
}

describe('the difference of rows', () => {
  it('is that of multisets, however many passes and batches it takes', () => {
    const row = fc.tuple(fc.integer({ min: 0, max: 5 }), fc.constantFrom('', 'x', 'yy'))
    fc.assert(
      fc.property(
        fc.array(row, { maxLength: 60 }),
        fc.array(row, { maxLength: 60 }),
        fc.integer({ min: 1, max: 7 }),
        fc.constantFrom(1, 3, 10, 1 << 20),
        fc.integer({ min: 0, max: 100 }),
        (first, second, batchRows, hashesMax, claimed) => {
          expect(rowDifference(columns, side(first, batchRows, claimed), side(second, 5), hashesMax)).toEqual(
            model(first, second),
          )
        },
      ),
    )
  })
  it('holds no more than its share of many rows', () => {
    const rows = Array.from({ length: 20_000 }, (_, k): Row => [k, ''])
    const others = rows.map(([a, t]): Row => (a % 1000 === 7 ? [-a, t] : [a, t]))
    expect(rowDifference(columns, side(rows, 512), side(others, 700), 1000)).toEqual({
      onlyInFirst: 20,
      onlyInSecond: 20,
    })
  })
})
