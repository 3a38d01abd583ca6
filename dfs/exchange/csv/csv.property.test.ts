import { describe, expect, it } from 'vitest'
import { concatVectors } from '../../../runtime/ops/cast.ts'
import fc from '../../../test/properties.ts'
import { MemoryFileStore } from '../../store/memory-store.ts'
import { column, contents } from '../testing-columns.ts'
import type { CsvFormat } from './format.ts'
import { readCsv } from './read.ts'
import { CsvWriter } from './write.ts'

const formats: fc.Arbitrary<CsvFormat> = fc
  .record({
    delimiter: fc.constantFrom(...',;|\t 0-x'),
    quote: fc.constantFrom('"', "'"),
    escape: fc.constantFrom('"', '\\'),
    nullText: fc.constantFrom('', 'NULL', 'null', '\\N'),
  })
  .map(({ delimiter, quote, escape: escaper, nullText }) => ({
    delimiter: delimiter.charCodeAt(0),
    quote: quote.charCodeAt(0),
    escape: escaper.charCodeAt(0),
    nullText,
  }))

describe('CSV', () => {
  it('gives back every value of every type, and nulls, in every format', () => {
    fc.assert(
      fc.property(
        fc.array(column, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 0, max: 12 }),
        formats,
        fc.boolean(),
        fc.integer({ min: 1, max: 5 }),
        (chosen, rows, format, hasHeader, batchRows) => {
          const columns = chosen.map(({ schema }, k) => ({ ...schema, name: `c"${k}` }))
          const vectors = chosen.map(({ vector }) => vector(rows))
          const store = new MemoryFileStore()
          const file = store.openWrite('a.csv')
          const writer = new CsvWriter(format, columns.length)
          if (hasHeader)
            writer.header(
              columns.map((c) => c.name),
              file,
            )
          writer.rows(vectors, 0, rows, file)
          file.close()
          const batches = [...readCsv(store.openRead('a.csv'), 'a.csv', columns, format, hasHeader, batchRows)]
          expect(batches.flatMap((b) => b.rejected)).toEqual([])
          expect(batches.every((b) => b.rows <= batchRows)).toBe(true)
          const back = columns.map(({ type, scale = 0 }, k) =>
            concatVectors(
              batches.map((b) => b.columns[k]),
              type,
              scale,
            ),
          )
          if (rows === 0) expect(batches).toEqual([])
          else expect(back.map(contents)).toEqual(vectors.map(contents))
        },
      ),
      { numRuns: 400 },
    )
  })
})
