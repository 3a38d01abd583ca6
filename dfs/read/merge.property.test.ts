import { describe, expect, it } from 'vitest'
import { T, type Vector, vectorOf } from '../../runtime/values/index.ts'
import fc from '../../test/properties.ts'
import { type Block, mergeRuns, type SortedRun } from './merge.ts'
import type { Keep } from './order.ts'

type Pair = readonly [key: number, id: number]

function runOf(
  pairs: readonly Pair[],
  blockRows: number,
  knowsBegin: boolean,
): SortedRun & { readonly opened: () => boolean } {
  let opened = false
  return {
    from: knowsBegin ? pairs[0]?.[0] : undefined,
    opened: () => opened,
    *blocks(): Generator<Block> {
      opened = true
      for (let from = 0; from < pairs.length; from += blockRows) {
        const part = pairs.slice(from, from + blockRows)
        const columns = [0, 1].map(
          (c): Vector =>
            vectorOf(
              T.INT,
              part.map((p) => p[c]),
            ),
        )
        for (const v of columns) v.frozen = true
        yield columns
      }
    },
  }
}

/** The same by sorting everything: runs one behind the other, equal keys as they stand. */
function expected(runs: readonly (readonly Pair[])[], keep: Keep): Pair[] {
  const sorted = runs.flat().toSorted((a, b) => a[0] - b[0])
  return sorted.filter((p, k) => keep === 'ALL' || sorted[keep === 'LAST' ? k + 1 : k - 1]?.[0] !== p[0])
}

const rowsOf = (blocks: Iterable<Block>): Pair[] =>
  [...blocks].flatMap(([key, id]) =>
    Array.from({ length: key.length }, (_, k): Pair => [key.raw(k) as number, id.raw(k) as number]),
  )

describe('a merge', () => {
  const few = fc.array(fc.nat(60), { maxLength: 5 })
  const many = fc.array(fc.nat(60), { minLength: 30, maxLength: 60 })
  it.each(['ALL', 'LAST', 'FIRST'] as const)('of large and small runs is in order, and keeps %s', (keep) => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 2, arbitrary: few }, many), { minLength: 1, maxLength: 5 }),
        fc.constantFrom(3, 40, 100),
        fc.boolean(),
        (keys, blockRows, knowsBegin) => {
          let id = 0
          const runs = keys.map((run) => {
            const sorted = (keep === 'ALL' ? run : [...new Set(run)]).toSorted((a, b) => a - b)
            return sorted.map((key): Pair => [key, id++])
          })
          const merged = mergeRuns(
            runs.map((r) => runOf(r, blockRows, knowsBegin)),
            1,
            keep,
          )
          expect(rowsOf(merged)).toEqual(expected(runs, keep))
        },
      ),
      { numRuns: 300 },
    )
  })

  it('opens a run when its turn comes, and leaves it when nobody wants more', () => {
    const runs = [100, 0, 200].map((from) =>
      runOf(
        Array.from({ length: 10 }, (_, k): Pair => [from + k, k]),
        5,
        true,
      ),
    )
    const merged = mergeRuns(runs, 1, 'ALL')
    expect(merged.next().value?.[0].raw(0)).toBe(0)
    expect(runs.map((r) => r.opened())).toEqual([false, true, false])
    merged.next()
    expect(merged.next().value?.[0].raw(0)).toBe(100)
    expect(runs.map((r) => r.opened())).toEqual([true, true, false])
    merged.return(undefined as never)
  })
})
