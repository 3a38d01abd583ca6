import { describe, expect, it } from 'vitest'
import { T } from '../../../runtime/values/index.ts'
import fc from '../../../test/properties.ts'
import type { FileReader } from '../../store/file-store.ts'
import { contents } from '../testing-columns.ts'
import type { CsvFormat, Rejection } from './format.ts'
import { readCsv } from './read.ts'
import { CsvScanner } from './scanner.ts'

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

const CSV = { delimiter: 44, quote: 34, escape: 34, nullText: '' }

describe('a file of which no row fits', () => {
  it('is rejected bit by bit, with all its lines', () => {
    const bytes = Buffer.alloc(6 * 300_000, '1;a;b\n')
    let lines = 0
    for (const { rows, rejected } of readCsv(trickling(bytes, 1 << 20), 'f', COLUMNS, CSV, false, 500_000)) {
      expect(rows).toBe(0)
      expect(rejected.length).toBeLessThan(10_000)
      expect(rejected[0].line).toBe(lines + 1)
      lines += rejected.length
    }
    expect(lines).toBe(300_000)
  })
})

describe('a text of many megabytes', () => {
  it('is read like any other', () => {
    const long = 'x,"y"\n'.repeat(3 << 20)
    const bytes = Buffer.from(`1,"${long.replaceAll('"', '""')}",c\n2,b,c\n`)
    const { columns, rejected } = read(bytes, CSV, 1 << 20, 1000)
    expect(rejected).toEqual([])
    expect(columns[1][0] === long).toBe(true)
    expect(columns[1].slice(1)).toEqual(['b'])
  })
})

describe('a quote that is not closed', () => {
  const scanned = (bytes: Buffer): { readonly rows: number; readonly rejected: readonly Rejection[] } => {
    const scanner = new CsvScanner(trickling(bytes, 1 << 20), CSV, 3, 4096, 2 << 20)
    const rejected: Rejection[] = []
    let rows = 0
    for (let block = scanner.next(); block !== undefined; block = scanner.next()) {
      rows += block.rows
      rejected.push(...scanner.takeRejected())
    }
    return { rows, rejected: [...rejected, ...scanner.takeRejected()] }
  }

  it('costs its line, in a file of any size', () => {
    const good = '1,a,b\n'.repeat(4000)
    const rest = `2,${'c'.repeat(2000)},d\n`.repeat(1500)
    const { rows, rejected } = scanned(Buffer.from(`1,"open,b\n${good}${rest}`))
    expect(rejected.map((r) => [r.line, r.reason])).toEqual([[1, 'it opens a quote that is not closed']])
    expect(rows).toBe(5500)
  })

  it('is told from a line that does not end', () => {
    const { rejected } = scanned(Buffer.from(`1,a,b\n${'c'.repeat(12 << 20)}`))
    expect(rejected[0]).toMatchObject({ line: 2, reason: 'it does not end within 2 MiB' })
  })
})
