import { describe, expect, it } from 'vitest'
import { SymbolBase, SymbolVector, T, Table, vectorOf } from '../../runtime/values/index.ts'
import { SegmentReader } from '../segment/index.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { RowFiles } from './row-files.ts'

const columns = [
  { name: 'n', type: T.INT },
  { name: 's', type: T.SYMBOL },
]

/** A batch whose symbols have a base of their own, as those of an expression have. */
function batch(from: number, rows: number): Table {
  const numbers = Array.from({ length: rows }, (_, k) => from + k)
  const base = new SymbolBase()
  const codes = Int32Array.from(numbers, (k) => base.encode(`s${k}`))
  return new Table(['n', 's'], [vectorOf(T.INT, numbers), new SymbolVector(codes, base)])
}

function written(cellsMax: number, batches: readonly Table[]) {
  const store = new MemoryFileStore()
  const files = new RowFiles(store, columns, () => {}, cellsMax)
  const made = files.write('data/x', batches)
  files.sync()
  const rows = made.map(({ name, ...file }) => {
    const reader = new SegmentReader(store, `data/x/${name}`, { verify: true }, file)
    const found = [...reader.batches(['n', 's'])].flatMap((t) =>
      Array.from({ length: t.rows }, (_, k) => t.columns.map((c) => c.raw(k)).join()),
    )
    reader.close()
    return found
  })
  return { made, rows }
}

describe('the files of a partition', () => {
  it('hold as many rows as fit into memory, in order', () => {
    const { made, rows } = written(20, [batch(0, 4), batch(4, 4), batch(8, 4), batch(12, 30), batch(42, 1)])
    expect(made.map((f) => f.rows)).toEqual([8, 4, 30, 1])
    expect(rows.flat()).toEqual(Array.from({ length: 43 }, (_, k) => `${k},s${k}`))
    expect(new Set(made.map((f) => f.name)).size).toBe(4)
  })
  it('are none without rows', () => {
    expect(written(20, []).made).toEqual([])
    expect(written(20, [batch(0, 0)]).made).toEqual([])
  })
})
