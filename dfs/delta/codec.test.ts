import { describe, expect, it } from 'vitest'
import { HoldfastError } from '../../runtime/errors.ts'
import { ArrayVector, SymbolBase, T, type Vector, vectorOf } from '../../runtime/values/index.ts'
import type { StoredColumn } from '../catalog/types.ts'
import type { DeltaBlock } from './block.ts'
import { decodeBlocks, deltaColumns, encodeRows, layoutOf, requireBlock } from './codec.ts'

const columns: readonly StoredColumn[] = [
  { name: 'time', type: T.TIMESTAMP },
  { name: 'sym', type: T.SYMBOL },
  { name: 'text', type: T.STRING },
  { name: 'flag', type: T.BOOL },
  { name: 'price', type: T.DOUBLE },
  { name: 'id', type: T.UUID },
  { name: 'exact', type: T.DECIMAL64, scale: 3 },
  { name: 'bids', type: 64 + T.INT },
  { name: 'tags', type: 64 + T.STRING },
]

function rowsOf(from: number, count: number): Vector[] {
  const each = <R>(f: (k: number) => R): R[] => Array.from({ length: count }, (_, k) => f(from + k))
  const arrays = (
    width: (k: number) => number,
    of: (element: readonly [row: number, at: number][]) => Vector,
  ): Vector => {
    const offsets = new Int32Array(count + 1)
    const elements: [number, number][] = []
    for (let k = 0; k < count; k++) {
      for (let j = 0; j < width(from + k); j++) elements.push([from + k, j])
      offsets[k + 1] = elements.length
    }
    return new ArrayVector(offsets, of(elements))
  }
  return [
    vectorOf(
      T.TIMESTAMP,
      each((k) => BigInt(k) * 1000n),
    ),
    vectorOf(
      T.SYMBOL,
      each((k) => (k % 5 === 0 ? '' : `s${k % 7}`)),
    ),
    vectorOf(
      T.STRING,
      each((k) => (k % 3 === 0 ? '' : `größe ${k} 🜁`)),
    ),
    vectorOf(
      T.BOOL,
      each((k) => k % 2),
    ),
    vectorOf(
      T.DOUBLE,
      each((k) => k / 8),
    ),
    vectorOf(
      T.UUID,
      each((k) => (BigInt(k) << 64n) + 5n),
    ),
    vectorOf(
      T.DECIMAL64,
      each((k) => BigInt(k)),
      3,
    ),
    arrays(
      (k) => k % 4,
      (of) =>
        vectorOf(
          T.INT,
          of.map(([row, at]) => row * 10 + at),
        ),
    ),
    arrays(
      (k) => (k + 1) % 3,
      (of) =>
        vectorOf(
          T.STRING,
          of.map((e) => e.join()),
        ),
    ),
  ]
}

const blockOf = (vectors: readonly Vector[], rows: number, of = columns): DeltaBlock => ({
  cid: 1,
  timeMs: 0,
  rows,
  layout: layoutOf(of),
  data: encodeRows(vectors),
})

const shown = (v: Vector): unknown[] =>
  Array.from({ length: v.length }, (_, k) => {
    if (v.storage !== 'array') return v.raw(k)
    const row = v.get(k)
    return Array.from({ length: row.length }, (_, j) => row.raw(j))
  })

const bases = new Map<string, SymbolBase>()
const baseOf = (name: string): SymbolBase => {
  const base = bases.get(name) ?? new SymbolBase()
  bases.set(name, base)
  return base
}

describe('rows of small appends', () => {
  it.each([[0], [1], [2], [17]])('come back as they were, %d at a time, in several blocks', (count) => {
    const blocks = [
      blockOf(rowsOf(0, count), count),
      blockOf(rowsOf(count, 1), 1),
      blockOf(rowsOf(count + 1, count), count),
    ]
    const decoded = decodeBlocks(blocks, deltaColumns(columns), baseOf)
    expect(decoded.map(shown)).toEqual(rowsOf(0, 2 * count + 1).map(shown))
    expect(decoded.map((v) => v.type)).toEqual(columns.map((c) => c.type))
  })

  it('gather the chosen rows only', () => {
    const positions = Int32Array.of(4, 0, 7)
    const block = { ...blockOf([], 0), rows: 3, data: encodeRows(rowsOf(0, 9), positions) }
    expect(decodeBlocks([block], deltaColumns(columns), baseOf).map(shown)).toEqual(
      rowsOf(0, 9).map((v) => shown(v.gather(positions))),
    )
  })

  it('are null in columns that were added later, and lose columns that were dropped', () => {
    const now: StoredColumn[] = [
      { name: 'added', type: T.INT },
      { name: 'label', type: T.SYMBOL, stored: 'sym' },
      { name: 'sym', type: T.SYMBOL, stored: 'sym#2' },
      { name: 'many', type: 64 + T.INT },
    ]
    const [added, label, fresh, many] = decodeBlocks([blockOf(rowsOf(0, 3), 3)], deltaColumns(now), baseOf)
    expect([0, 1, 2].map((k) => added.isNullAt(k))).toEqual([true, true, true])
    expect(shown(label)).toEqual(['', 's1', 's2'])
    expect(shown(fresh)).toEqual(['', '', ''])
    expect(shown(many)).toEqual([[], [], []])
  })

  it('refuse bytes that are not theirs', () => {
    const block = blockOf(rowsOf(0, 3), 3)
    expect(() =>
      decodeBlocks([{ ...block, data: block.data.subarray(0, block.data.length - 1) }], deltaColumns(columns), baseOf),
    ).toThrow(/3 rows/)
  })

  it.each([
    'backup.lock',
    '5',
    '[5]',
    '[["x", 9999, 0]]',
    '[["x", -1, 0]]',
    '[["x", 4.5, 0]]',
    '[["x", "INT", 0]]',
    '[["x", 25, 0]]',
    '[["x", 4, null]]',
    '[[4, 4, 0]]',
    '',
  ])('refuse columns that no store writes: %s', (layout) => {
    const block = { rows: 1, data: new Uint8Array(4) }
    expect(() => requireBlock(layout, block)).toThrow(HoldfastError)
    expect(() => decodeBlocks([{ ...blockOf([], 0), ...block, layout }], deltaColumns(columns), baseOf)).toThrow(
      HoldfastError,
    )
  })

  it('refuse any number of rows but their own, and any other length', () => {
    const { rows, data, layout } = blockOf(rowsOf(0, 3), 3)
    requireBlock(layout, { rows, data })
    for (const other of [0, 1, 2, 4, 1000, 2 ** 40])
      expect(() => requireBlock(layout, { rows: other, data })).toThrow(HoldfastError)
    for (let bytes = 0; bytes < data.length; bytes++)
      expect(() => requireBlock(layout, { rows, data: data.subarray(0, bytes) })).toThrow(HoldfastError)
  })
})
