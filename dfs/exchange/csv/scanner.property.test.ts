import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { T } from '../../../runtime/values/index.ts'
import type { FileReader } from '../../store/file-store.ts'
import { contents } from '../testing-columns.ts'
import type { CsvFormat } from './format.ts'
import { readCsv } from './read.ts'

const COLUMNS = [
  { name: 'a', type: T.INT },
  { name: 'b', type: T.STRING },
  { name: 'c', type: T.SYMBOL },
]
const text = fc
  .array(
    fc.constantFrom('1', '23', 'x', ',', ',', '\n', '\n', '\r\n', '"', '""', "'", '\\', ' ', 'é', '\uFEFF', '1,a,b\n'),
    {
      maxLength: 60,
    },
  )
  .map((parts) => parts.join(''))
const format: fc.Arbitrary<CsvFormat> = fc
  .record({ quote: fc.constantFrom(34, 39), escape: fc.constantFrom(34, 92) })
  .map((f) => ({ ...f, delimiter: 44, nullText: '' }))

/** A file of which every read gives only a few bytes, as pieces of a large one end anywhere. */
function trickling(bytes: Buffer, atOnce: number): FileReader {
  return {
    bytes: bytes.length,
    read: (into, offset) => bytes.copy(into, 0, offset, Math.min(offset + atOnce, bytes.length)),
    close: () => {},
  }
}

const read = (bytes: Buffer, csv: CsvFormat, atOnce: number, batchRows: number) => {
  const batches = [...readCsv(trickling(bytes, atOnce), 'f', COLUMNS, csv, false, batchRows)]
  return {
    columns: COLUMNS.map((_, k) => batches.flatMap((b) => contents(b.columns[k]))),
    lines: batches.flatMap((b) => [...b.lines]),
    rejected: batches.flatMap((b) => b.rejected).sort((x, y) => x.line - y.line),
    bytesDone: batches.at(-1)?.bytesDone,
  }
}

describe('any text', () => {
  it('is read the same wherever the pieces end that it is read in', () => {
    fc.assert(
      fc.property(
        text,
        format,
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 4 }),
        (source, csv, atOnce, batchRows) => {
          const bytes = Buffer.from(source)
          const whole = read(bytes, csv, 1 << 20, 1000)
          const { bytesDone: _, ...pieces } = read(bytes, csv, atOnce, batchRows)
          const { bytesDone: __, ...all } = whole
          expect(pieces).toEqual(all)
        },
      ),
      { numRuns: 250 },
    )
  })

  it('becomes rows and rejected rows, no line of it in two', () => {
    fc.assert(
      fc.property(text, format, (source, csv) => {
        const { lines, rejected } = read(Buffer.from(source), csv, 1 << 20, 1000)
        const starts = [...lines, ...rejected.map((r) => r.line)].sort((x, y) => x - y)
        expect(new Set(starts).size).toBe(starts.length)
        const last = source.split('\n').length
        expect(starts.every((line) => line >= 1 && line <= last)).toBe(true)
      }),
      { numRuns: 150 },
    )
  })
})

describe('a quote that is not closed', () => {
  it('costs its line, in a file of any size', () => {
    const good = '1,a,b\n'.repeat(4000)
    const bytes = Buffer.concat([
      Buffer.from(`1,"open,b\n${good}`),
      Buffer.alloc(17 << 20, `2,${'c'.repeat(2000)},d\n`),
    ])
    let rows = 0
    const lines: number[] = []
    for (const batch of readCsv(
      trickling(bytes, 1 << 20),
      'f',
      COLUMNS,
      { delimiter: 44, quote: 34, escape: 34, nullText: '' },
      false,
      500_000,
    )) {
      rows += batch.rows
      lines.push(...batch.rejected.map((r) => r.line))
    }
    expect(lines[0]).toBe(1)
    expect(rows).toBeGreaterThan(4000 + 8000)
  })
})
