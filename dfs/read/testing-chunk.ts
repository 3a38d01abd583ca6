/** For tests: one chunk of a table that grows commit by commit, and beside it what its rows are, kept the simplest way. */
import {
  type ColumnPredicate,
  type Raw,
  SymbolBase,
  type Table,
  type Vector,
  vectorOf,
} from '../../runtime/values/index.ts'
import type { ChunkRecord, SegmentRef, StoredColumn, TableRecord } from '../catalog/types.ts'
import { mergeSegments } from '../compaction/run.ts'
import type { DeltaBlock } from '../delta/block.ts'
import { encodeRows, layoutOf } from '../delta/codec.ts'
import { withDelta } from '../delta/merge.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { NewSegments } from '../write/new-segments.ts'
import { chunkBatches } from './chunk.ts'
import { gatherOf } from './gather.ts'
import { compareRaws } from './key-order.ts'
import { orderedRows, orderMarks, rowOrder } from './order.ts'
import type { ReadAccess } from './segment-blocks.ts'
import { visibleRows } from './visible-rows.ts'

export type Row = readonly Raw[]

export const PATH = '/p'

export function tableOf(columns: readonly StoredColumn[], options: Partial<TableRecord>): TableRecord {
  return {
    db: 'dfs://db',
    name: 't',
    id: 't',
    physicalIndex: '1',
    columns,
    partitionColumns: [],
    sortColumns: [],
    keepDuplicates: 'ALL',
    compressMethods: {},
    comment: '',
    owner: 'admin',
    createdMs: 0,
    schemaVersion: 1,
    ...options,
  }
}

export class ChunkStory {
  readonly table: TableRecord
  readonly files = new MemoryFileStore()
  readonly #bases = new Map<string, SymbolBase>()
  #segments: SegmentRef[] = []
  #delta: DeltaBlock[] = []
  #cid = 0
  /** The rows of each commit. */
  readonly #commits: (readonly Row[])[] = []

  constructor(table: TableRecord) {
    this.table = table
  }

  readonly access: ReadAccess = {
    files: this.files,
    baseOf: (name) => {
      const base = this.#bases.get(name) ?? new SymbolBase()
      this.#bases.set(name, base)
      return base
    },
  }

  get chunk(): ChunkRecord {
    const rows = this.#segments.reduce((n, s) => n + s.rows, 0)
    const stored = { chunkId: 'c', path: PATH, cid: this.#cid, rows, updateTimeMs: 0, segments: this.#segments }
    return this.#delta.length === 0 ? stored : withDelta(stored, { path: PATH, chunkId: 'c', blocks: this.#delta })
  }

  #commit(rows: readonly Row[]): void {
    this.#cid = this.#commits.push(rows)
  }

  #columns(rows: readonly Row[]): Vector[] {
    return this.table.columns.map((c, k) =>
      vectorOf(
        c.type,
        rows.map((r) => r[k]),
        c.scale,
      ),
    )
  }

  /** An append that writes a segment, in batches of a few rows. */
  bulk(rows: readonly Row[], batchRows: number): void {
    this.#commit(rows)
    this.#segments = [...this.#segments, this.#write(this.#columns(rows), this.#cid, batchRows)]
  }

  #write(columns: readonly Vector[], cid: number, batchRows: number): SegmentRef {
    const order = rowOrder(this.table)
    const keys = order?.keys.map((key) => columns[this.table.columns.indexOf(key)]) ?? []
    const ordered = order === undefined ? columns : columns.map((v) => gatherOf(v, orderedRows(order, keys, undefined)))
    const stream = new NewSegments(this.files, this.table).begin(PATH, ordered)
    for (let from = 0; from < ordered[0].length; from += batchRows)
      stream.add(ordered, { rows: undefined, from, to: Math.min(from + batchRows, ordered[0].length) })
    const segment = { ...stream.finish(), ...orderMarks(order), cid }
    stream.close()
    return segment
  }

  /** An append whose rows stay in memory. */
  small(rows: readonly Row[]): void {
    this.#commit(rows)
    const data = encodeRows(this.#columns(rows))
    this.#delta.push({ cid: this.#cid, timeMs: 0, rows: rows.length, layout: layoutOf(this.table.columns), data })
  }

  /** The oldest small appends become segments, one each. */
  flush(count: number, batchRows: number): void {
    for (const { cid } of this.#delta.splice(0, count)) {
      const segment = this.#write(this.#columns(this.#commits[cid - 1]), cid, batchRows)
      this.#segments = [...this.#segments, segment].sort((a, b) => a.cid! - b.cid!)
    }
  }

  /** Merges neighbours that begin at a segment, as far as no small append stands between; answers whether there were any. */
  compact(begin: number, count: number): boolean {
    const chosen = this.#segments.slice(begin, begin + count)
    const [from, to] = [chosen[0]?.cid ?? 0, chosen.at(-1)?.cid ?? 0]
    if (chosen.length === 0 || this.#delta.some((b) => b.cid > from && b.cid < to)) return false
    const { drop, add } = mergeSegments(this.files, this.table, PATH, chosen)
    for (const file of drop) this.files.remove(file)
    const rest = this.#segments.filter((s) => !drop.includes(s.file))
    this.#segments = [...rest, ...add].sort((a, b) => a.cid! - b.cid!)
    return true
  }

  /** Rows as the chunk shows them. */
  read(predicate?: ColumnPredicate, columns = this.table.columns.map((c) => c.name)): Row[] {
    const out: Row[] = []
    for (const batch of chunkBatches(this.access, this.table, this.chunk, columns, predicate))
      out.push(...rowsOf(batch))
    return out
  }

  count(): number {
    return visibleRows(this.access, this.table, this.chunk)
  }

  /** Rows as they should be shown. */
  expected(): Row[] {
    const order = rowOrder(this.table)
    const rows = this.#commits.flat()
    if (order === undefined) return rows
    const keys = order.keys.map((c) => this.table.columns.indexOf(c))
    const compare = (a: Row, b: Row): number => {
      for (const k of keys) {
        const d = compareRaws(a[k], b[k])
        if (d !== 0) return d
      }
      return 0
    }
    const sorted = rows.toSorted(compare)
    return sorted.filter((row, k) => {
      if (order.keep === 'ALL') return true
      const other = sorted[order.keep === 'LAST' ? k + 1 : k - 1]
      return other === undefined || compare(row, other) !== 0
    })
  }
}

export function rowsOf(batch: Table): Row[] {
  return Array.from({ length: batch.rows }, (_, k) =>
    batch.columns.map((v) => (v.storage === 'array' ? textOfArray(v.get(k)) : v.raw(k))),
  )
}

const textOfArray = (v: Vector): string => Array.from({ length: v.length }, (_, k) => String(v.raw(k))).join()
