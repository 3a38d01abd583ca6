import { describe, expect, it } from 'vitest'
import { type ColumnPredicate, type Raw, SymbolBase, T, type TypeId, vectorOf } from '../../runtime/values/index.ts'
import type { SegmentRef, StoredColumn, TableRecord } from '../catalog/types.ts'
import type { FileReader, FileStore } from '../store/file-store.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { NewSegments } from '../write/new-segments.ts'
import { chunkBatches } from './chunk.ts'
import { areDisjoint, type KeyRanges, keyGroups } from './sorted-runs.ts'
import { PATH, tableOf } from './testing-chunk.ts'

/** A store that counts what is read. */
class CountingStore extends MemoryFileStore {
  bytesRead = 0
  override openRead(path: string): FileReader {
    const reader = super.openRead(path)
    return {
      bytes: reader.bytes,
      read: (into, offset) => {
        const read = reader.read(into, offset)
        this.bytesRead += read
        return read
      },
      close: () => reader.close(),
    }
  }
}

const ROWS = 140_000
const SYMBOLS = 1000
const COLUMNS: StoredColumn[] = [
  { name: 'sym', type: T.SYMBOL },
  { name: 'at', type: T.TIMESTAMP },
  { name: 'x', type: T.DOUBLE },
]

function write(files: FileStore, table: TableRecord, from = 0): SegmentRef {
  const numbers = Array.from({ length: ROWS }, (_, k) => from + k)
  return new NewSegments(files, table).write(PATH, [
    vectorOf(
      T.SYMBOL,
      numbers.map((k) => `s${k % SYMBOLS}`),
    ),
    vectorOf(
      T.TIMESTAMP,
      BigInt64Array.from(numbers, (k) => BigInt(k)),
    ),
    vectorOf(T.DOUBLE, Float64Array.from(numbers)),
  ])
}

const compare = (column: string, op: 'eq' | 'lt', type: TypeId, value: Raw): ColumnPredicate => ({
  kind: 'compare',
  column,
  op,
  type,
  value,
})

function scan(table: TableRecord, predicate: ColumnPredicate | undefined, parts = 1) {
  const files = new CountingStore()
  const segments = Array.from({ length: parts }, (_, k) => ({ ...write(files, table, k * 7), cid: k + 1 }))
  const base = new SymbolBase()
  files.bytesRead = 0
  let rows = 0
  let matching = 0
  for (const batch of chunkBatches({ files, baseOf: () => base }, table, { segments }, ['sym', 'at', 'x'], predicate)) {
    rows += batch.rows
    for (let k = 0; k < batch.rows; k++) {
      if (predicate?.kind !== 'compare') matching++
      else {
        const raw = batch.columns[batch.names.indexOf(predicate.column)].raw(k)!
        if (predicate.op === 'eq' ? raw === predicate.value : raw < predicate.value!) matching++
      }
    }
  }
  return { rows, matching, bytes: files.bytesRead }
}

describe('a condition on the sort key', () => {
  const sorted = tableOf(COLUMNS, { sortColumns: ['sym', 'at'] })

  it('reads the one batch of a segment that can hold the symbol', () => {
    const all = scan(sorted, undefined)
    expect(all.rows).toBe(ROWS)
    const one = scan(sorted, compare('sym', 'eq', T.STRING, 's77'))
    expect(one.matching).toBe(ROWS / SYMBOLS)
    expect(one.rows).toBeLessThanOrEqual(2 * 65_536)
    expect(one.bytes).toBeLessThan(all.bytes / 2)
  })

  it('does so in a merge, with hidden rows too', () => {
    const table = { ...sorted, keepDuplicates: 'LAST' } as const
    const all = scan(table, undefined, 2)
    expect(all.rows).toBe(ROWS + 7)
    const one = scan(table, compare('sym', 'eq', T.STRING, 's77'), 2)
    expect(one.matching).toBe(ROWS / SYMBOLS)
    expect(one.bytes).toBeLessThan(all.bytes / 2)
  })

  it('on another column of a table that hides rows reads all of them', () => {
    const table = { ...sorted, keepDuplicates: 'LAST' } as const
    expect(scan(table, compare('x', 'eq', T.DOUBLE, 5), 2).rows).toBe(ROWS + 7)
  })
})

describe('a condition on a column that grows', () => {
  const plain = tableOf(COLUMNS, {})
  it('passes over batches below and above, where the column has no nulls', () => {
    const below = scan(plain, compare('at', 'lt', T.TIMESTAMP, 1000n))
    expect(below).toMatchObject({ rows: 65_536, matching: 1000 })
    expect(scan(plain, compare('at', 'eq', T.TIMESTAMP, 100_000n))).toMatchObject({ rows: 65_536, matching: 1 })
  })
})

describe('runs', () => {
  const range = (low: Raw, high: Raw, hasNulls = false): KeyRanges[number] => ({ low, high, hasNulls })
  it.each<[string, KeyRanges, KeyRanges, boolean]>([
    ['that meet have keys in common', [range(1, 5)], [range(5, 9)], false],
    ['that do not meet have none', [range(1, 4)], [range(5, 9)], true],
    ['are told apart by any column', [range('a', 'z'), range(1n, 2n)], [range('b', 'c'), range(3n, 4n)], true],
    ['may both have nulls, which are equal', [range(1, 4, true)], [range(5, 9, true)], false],
    ['of which one has nulls are told apart', [range(1, 4, true)], [range(5, 9)], true],
    ['whose ranges are unknown may have anything', [undefined], [range(5, 9)], false],
  ])('%s', (_, a, b, expected) => {
    expect(areDisjoint(a, b)).toBe(expected)
    expect(areDisjoint(b, a)).toBe(expected)
    expect(keyGroups([a, b])).toEqual(expected ? [[0], [1]] : [[0, 1]])
  })

  it('that are joined by a third are one group', () => {
    expect(keyGroups([[range(1, 2)], [range(8, 9)], [range(2, 8)], [range(20, 21)]])).toEqual([[0, 1, 2], [3]])
  })
})
