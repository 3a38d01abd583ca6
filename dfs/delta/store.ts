/**
 * The small appends that are in no segment yet, in the engine's memory: for each table, by partition, in commit order.
 *
 * Blocks that end (written to segments, rewritten, dropped) stay for readers whose snapshot is older than the commit that ended them; `forget` lets go
 * of those that no snapshot can see. Readers keep what they have fetched and ask for the news only.
 */
import type { ChunkDelta, ChunkNews, DeltaEnd, DeltaNews } from '../engine/commands.ts'
import type { DeltaBlock } from './block.ts'
import type { TableDeltas } from './merge.ts'
import { packBlocks } from './packed.ts'

/** Blocks are copied into shared pieces of memory of at least this size, so that readers in other threads see them without a copy. */
const SLAB_BYTES = 1 << 20

/** Fewer blocks go as they are. */
const PACKED_FROM = 8

/** More ends than this are not worth keeping: who knows less is told everything. */
const ENDS_MAX = 10_000

/** What a block costs beside its bytes. */
const BLOCK_OVERHEAD = 200

interface LiveBlock extends Omit<DeltaBlock, 'endedAt'> {
  /** LSN of its log record; NO_LSN when it was not logged. */
  readonly lsn: number
  endedAt: number
}

export const NO_LSN = Number.POSITIVE_INFINITY

interface Chunk {
  readonly chunkId: string
  blocks: LiveBlock[]
  liveRows: number
  liveBytes: number
}

interface TableDelta {
  readonly chunks: Map<string, Chunk>
  ends: DeltaEnd[]
  /** Ends up to this commit are forgotten: who last asked before it must be told everything. */
  horizon: number
}

export interface NewRows {
  readonly tableId: string
  readonly path: string
  readonly chunkId: string
  readonly cid: number
  readonly timeMs: number
  readonly lsn: number
  readonly rows: number
  readonly layout: string
  readonly data: Uint8Array
}

export class DeltaStore {
  readonly #tables = new Map<string, TableDelta>()
  readonly #layouts = new Map<string, string>()
  #slab: Uint8Array = new Uint8Array(0)
  #slabUsed = 0
  /** Bytes of blocks in memory, ended ones included. */
  bytes = 0
  /** Bytes of blocks that are in no segment. */
  liveBytes = 0
  liveRows = 0
  /** The last commit that added or ended a block; 0 when there is nothing in memory. */
  lastEvent = 0

  add(rows: NewRows): void {
    const table = this.#table(rows.tableId)
    let chunk = table.chunks.get(rows.path)
    if (chunk === undefined || chunk.chunkId !== rows.chunkId) {
      // A dropped partition may come back under another identity while readers still see the old one.
      if (chunk !== undefined) table.chunks.set(`${rows.path}\u0000${chunk.chunkId}`, chunk)
      chunk = { chunkId: rows.chunkId, blocks: [], liveRows: 0, liveBytes: 0 }
      table.chunks.set(rows.path, chunk)
    }
    chunk.blocks.push({
      cid: rows.cid,
      timeMs: rows.timeMs,
      rows: rows.rows,
      lsn: rows.lsn,
      layout: this.#layout(rows.layout),
      data: this.#shared(rows.data),
      endedAt: Number.POSITIVE_INFINITY,
    })
    chunk.liveRows += rows.rows
    chunk.liveBytes += rows.data.length
    this.liveRows += rows.rows
    this.liveBytes += rows.data.length
    this.bytes += rows.data.length + BLOCK_OVERHEAD
    this.lastEvent = Math.max(this.lastEvent, rows.cid)
  }

  /** Blocks of a table, or of one path, or up to a commit, count no more from commit `at` on. */
  end(tableId: string, path: string | undefined, throughCid: number, at: number): void {
    const table = this.#tables.get(tableId)
    if (table === undefined) return
    let any = false
    for (const [name, chunk] of table.chunks) {
      if (path !== undefined && name !== path) continue
      for (const block of chunk.blocks) {
        if (block.cid > throughCid || block.endedAt !== Number.POSITIVE_INFINITY) continue
        block.endedAt = at
        chunk.liveRows -= block.rows
        chunk.liveBytes -= block.data.length
        this.liveRows -= block.rows
        this.liveBytes -= block.data.length
        any = true
      }
    }
    if (!any) return
    table.ends.push({ path, throughCid, at })
    this.lastEvent = Math.max(this.lastEvent, at)
  }

  /** From commit `at` on the rows of a dimension table wait under another path; whoever knows the old one is told everything anew. */
  move(tableId: string, from: string, to: string, at: number): void {
    const table = this.#tables.get(tableId)
    const chunk = table?.chunks.get(from)
    if (table === undefined || chunk === undefined) return
    table.chunks.delete(from)
    table.chunks.set(to, chunk)
    table.horizon = at
    this.lastEvent = Math.max(this.lastEvent, at)
  }

  chunkId(tableId: string, path: string): string | undefined {
    const chunk = this.#tables.get(tableId)?.chunks.get(path)
    return chunk !== undefined && chunk.liveRows > 0 ? chunk.chunkId : undefined
  }

  /** What is new for somebody who knows everything up to commit `after`. */
  news(tableId: string, after: number): DeltaNews {
    const table = this.#tables.get(tableId)
    if (table === undefined) return { complete: true, chunks: [], ends: [] }
    const complete = after < table.horizon
    const chunks: ChunkNews[] = []
    for (const [name, { chunkId, blocks }] of table.chunks) {
      const fresh = (complete ? blocks : newerThan(blocks, after)).map(plain)
      if (fresh.length === 0) continue
      const isMany = fresh.length >= PACKED_FROM
      chunks.push({ path: name.split('\u0000')[0], chunkId, blocks: isMany ? packBlocks(fresh) : fresh })
    }
    return { complete, chunks, ends: complete ? table.ends : table.ends.filter((e) => e.at > after) }
  }

  /** Blocks that are in no segment and whose log record lies below an LSN (or that have none), table by table. */
  live(belowLsn: number, isWanted: (tableId: string, path: string) => boolean = () => true): Map<string, ChunkDelta[]> {
    const found = new Map<string, ChunkDelta[]>()
    for (const [tableId, table] of this.#tables)
      for (const [path, { chunkId, blocks, liveRows }] of table.chunks) {
        if (liveRows === 0 || !isWanted(tableId, path)) continue
        const due = blocks.filter(
          (b) => b.endedAt === Number.POSITIVE_INFINITY && (b.lsn < belowLsn || b.lsn === NO_LSN),
        )
        if (due.length === 0) continue
        const list = found.get(tableId) ?? []
        list.push({ path, chunkId, blocks: due.map(plain) })
        found.set(tableId, list)
      }
    return found
  }

  sizeOf(tableId: string, path: string): { readonly rows: number; readonly bytes: number } {
    const chunk = this.#tables.get(tableId)?.chunks.get(path)
    return { rows: chunk?.liveRows ?? 0, bytes: chunk?.liveBytes ?? 0 }
  }

  /** What is in no segment of one table. */
  table(tableId: string): TableDeltas {
    const chunks = this.live(Number.POSITIVE_INFINITY, (id) => id === tableId).get(tableId) ?? []
    return new Map(chunks.map((c) => [c.path, c]))
  }

  /** What is in no segment, chunk by chunk. */
  summary(): { tableId: string; path: string; rows: number; bytes: number; firstCid: number; lastCid: number }[] {
    return [...this.live(Number.POSITIVE_INFINITY)].flatMap(([tableId, chunks]) =>
      chunks.map(({ path, blocks }) => ({
        tableId,
        path,
        rows: blocks.reduce((n, b) => n + b.rows, 0),
        bytes: blocks.reduce((n, b) => n + b.data.length, 0),
        firstCid: blocks[0].cid,
        lastCid: blocks[blocks.length - 1].cid,
      })),
    )
  }

  /** LSN of the oldest block that is in no segment; NO_LSN if all are. */
  oldestLsn(): number {
    let oldest = NO_LSN
    for (const { chunks } of this.#tables.values())
      for (const { blocks, liveRows } of chunks.values()) {
        if (liveRows === 0) continue
        for (const b of blocks)
          if (b.endedAt === Number.POSITIVE_INFINITY) {
            oldest = Math.min(oldest, b.lsn)
            break
          }
      }
    return oldest
  }

  /**
   * Lets go of ended blocks that nobody sees: no session, the oldest of whose snapshots is given (Infinity: nobody reads), and none of the single commits that
   * backups have pinned. A backup that runs for hours keeps what it began with, not all that came since.
   */
  forget(oldestSnapshot: number, pinned: readonly number[] = []): void {
    const isForgotten = ({ cid, endedAt }: LiveBlock): boolean =>
      endedAt !== Number.POSITIVE_INFINITY &&
      endedAt <= oldestSnapshot &&
      !pinned.some((pin) => cid <= pin && pin < endedAt)
    const oldest = Math.min(oldestSnapshot, ...pinned)
    for (const [tableId, table] of this.#tables) {
      if (table.ends.length === 0) continue
      for (const [path, chunk] of table.chunks) {
        if (!chunk.blocks.some(isForgotten)) continue
        const kept = chunk.blocks.filter((b) => !isForgotten(b))
        for (const b of chunk.blocks) if (isForgotten(b)) this.bytes -= b.data.length + BLOCK_OVERHEAD
        chunk.blocks = kept
        if (kept.length === 0) table.chunks.delete(path)
      }
      const kept = table.ends.length > ENDS_MAX ? [] : table.ends.filter((e) => e.at > oldest)
      for (let k = 0; k < table.ends.length - kept.length; k++)
        table.horizon = Math.max(table.horizon, table.ends[k].at)
      table.ends = kept
      if (table.chunks.size === 0 && kept.length === 0) this.#tables.delete(tableId)
    }
    if (this.#tables.size === 0) {
      this.#slab = new Uint8Array(0)
      this.#slabUsed = 0
      this.#layouts.clear()
    }
  }

  #table(id: string): TableDelta {
    let table = this.#tables.get(id)
    if (table === undefined) {
      // Who asked before the table had any was told so, or has forgotten it since.
      table = { chunks: new Map(), ends: [], horizon: this.lastEvent }
      this.#tables.set(id, table)
    }
    return table
  }

  /** One text for all blocks of a layout. */
  #layout(text: string): string {
    const known = this.#layouts.get(text)
    if (known !== undefined) return known
    this.#layouts.set(text, text)
    return text
  }

  #shared(data: Uint8Array): Uint8Array {
    if (this.#slabUsed + data.length > this.#slab.length) {
      this.#slab = new Uint8Array(new SharedArrayBuffer(Math.max(SLAB_BYTES, data.length)))
      this.#slabUsed = 0
    }
    const place = this.#slab.subarray(this.#slabUsed, this.#slabUsed + data.length)
    place.set(data)
    this.#slabUsed += data.length
    return place
  }
}

/** Blocks stand in commit order. */
function newerThan(blocks: readonly LiveBlock[], cid: number): readonly LiveBlock[] {
  let from = blocks.length
  while (from > 0 && blocks[from - 1].cid > cid) from--
  return from === 0 ? blocks : blocks.slice(from)
}

const plain = ({ cid, timeMs, rows, layout, data, endedAt }: LiveBlock): DeltaBlock =>
  endedAt === Number.POSITIVE_INFINITY
    ? { cid, timeMs, rows, layout, data }
    : { cid, timeMs, rows, layout, data, endedAt }
