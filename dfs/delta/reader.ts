/**
 * A session's knowledge of small appends. What it has fetched it keeps, so that a query after one more append fetches that one; whether there can be any
 * news at all it sees in shared memory, without asking.
 */
import type { ChunkDelta, DeltaNews } from '../engine/commands.ts'
import type { DeltaBlock } from './block.ts'
import { NO_DELTAS, type TableDeltas } from './merge.ts'
import { blocksOf } from './packed.ts'

const TABLES_MAX = 64

interface KnownBlock {
  readonly block: DeltaBlock
  endedAt: number
}

interface KnownChunk {
  readonly path: string
  readonly chunkId: string
  blocks: KnownBlock[]
}

interface KnownTable {
  /** Everything up to this commit is known. */
  asOf: number
  chunks: KnownChunk[]
  /** The answer for all snapshots at or after `asOf`. */
  latest: TableDeltas | undefined
}

export interface DeltaFeed {
  /** The last commit that changed what is known of any table's small appends. */
  lastEvent(): number
  fetch(tableId: string, after: number): { readonly cid: number; readonly news: DeltaNews }
  /** The oldest snapshot that the session holds. */
  oldestHeld(): number
}

export class DeltaReader {
  readonly #feed: DeltaFeed
  readonly #tables = new Map<string, KnownTable>()

  constructor(feed: DeltaFeed) {
    this.#feed = feed
  }

  /** Small appends of the table as of a snapshot that the session holds, or of now. */
  at(tableId: string, cid: number): TableDeltas {
    let known = this.#tables.get(tableId)
    const asOf = known?.asOf ?? 0
    if (this.#feed.lastEvent() > asOf && asOf < cid) {
      known ??= this.#remember(tableId)
      this.#learn(known, this.#feed.fetch(tableId, known.asOf))
    }
    if (known === undefined || known.chunks.length === 0) return NO_DELTAS
    if (cid < known.asOf) return seenAt(known, cid)
    known.latest ??= seenAt(known, cid)
    return known.latest
  }

  #remember(tableId: string): KnownTable {
    for (const oldest of this.#tables.keys()) if (this.#tables.size >= TABLES_MAX) this.#tables.delete(oldest)
    const known: KnownTable = { asOf: 0, chunks: [], latest: undefined }
    this.#tables.set(tableId, known)
    return known
  }

  #learn(known: KnownTable, { cid, news }: { readonly cid: number; readonly news: DeltaNews }): void {
    if (news.complete) known.chunks = []
    for (const { path, chunkId, blocks } of news.chunks) {
      let chunk = known.chunks.find((c) => c.path === path && c.chunkId === chunkId)
      if (chunk === undefined) {
        chunk = { path, chunkId, blocks: [] }
        known.chunks.push(chunk)
      }
      for (const block of blocksOf(blocks))
        chunk.blocks.push({ block, endedAt: block.endedAt ?? Number.POSITIVE_INFINITY })
    }
    for (const end of news.ends)
      for (const chunk of known.chunks)
        if (end.path === undefined || end.path === chunk.path)
          // A block that came after the end was not meant by it.
          for (const b of chunk.blocks)
            if (b.block.cid <= end.throughCid && b.block.cid < end.at) b.endedAt = Math.min(b.endedAt, end.at)
    const oldest = Math.min(this.#feed.oldestHeld(), cid)
    for (const chunk of known.chunks) chunk.blocks = chunk.blocks.filter((b) => b.endedAt > oldest)
    known.chunks = known.chunks.filter((c) => c.blocks.length > 0)
    known.asOf = cid
    known.latest = undefined
  }
}

function seenAt(known: KnownTable, cid: number): TableDeltas {
  const seen = new Map<string, ChunkDelta>()
  for (const { path, chunkId, blocks } of known.chunks) {
    const visible = blocks.filter((b) => b.block.cid <= cid && cid < b.endedAt).map((b) => b.block)
    if (visible.length > 0) seen.set(path, { path, chunkId, blocks: visible })
  }
  return seen
}
