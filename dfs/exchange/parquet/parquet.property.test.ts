import { describe, expect, it } from 'vitest'
import { concatVectors } from '../../../runtime/ops/cast.ts'
import { T } from '../../../runtime/values/index.ts'
import fc from '../../../test/properties.ts'
import { MemoryFileStore } from '../../store/memory-store.ts'
import { column, contents } from '../testing-columns.ts'
import { readParquet } from './read.ts'
import { ParquetEncoder } from './write.ts'

/** Dates of Parquet have 32 bits: so many months have no first day there. */
const isMonthBeyond = (value: unknown): boolean => Math.abs(Number(value) - 1970 * 12) > 70_000_000

describe('Parquet', () => {
  it('gives back every value of every type, and nulls', () => {
    fc.assert(
      fc.property(
        fc.array(column, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 5 }),
        (chosen, rows, batchRows) => {
          const columns = chosen.map(({ schema }, k) => ({ ...schema, name: `c"${k}` }))
          const vectors = chosen.map(({ vector }) => vector(rows))
          const months = vectors.filter((v) => v.type === T.MONTH || v.type === 64 + T.MONTH)
          fc.pre(
            !months.some((v) =>
              contents(v)
                .flat()
                .some((m) => m !== null && isMonthBeyond(m)),
            ),
          )
          const store = new MemoryFileStore()
          const file = store.openWrite('a.parquet')
          const encoder = new ParquetEncoder(columns, 'test')
          encoder.begin(file)
          const middle = rows >> 1
          encoder.rows(vectors, 0, middle)
          encoder.rows(vectors, middle, rows)
          encoder.end()
          file.close()
          const batches = [...readParquet(store.openRead('a.parquet'), 'a.parquet', columns, batchRows)]
          expect(batches.flatMap((b) => b.rejected)).toEqual([])
          const back = columns.map(({ type, scale = 0 }, k) =>
            concatVectors(
              batches.map((b) => b.columns[k]),
              type,
              scale,
            ),
          )
          expect(back.map(contents)).toEqual(vectors.map(contents))
        },
      ),
      { numRuns: 300 },
    )
  })
})
