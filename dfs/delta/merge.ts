/** Chunks as readers see them: what the catalog says, and the small appends that are in no segment yet. */
import type { ChunkRecord } from '../catalog/types.ts'
import type { ChunkDelta } from '../engine/commands.ts'

/** Small appends of a table at one commit, by partition path. */
export type TableDeltas = ReadonlyMap<string, ChunkDelta>

export const NO_DELTAS: TableDeltas = new Map()

/** The chunk with the rows of its delta counted; `stored` is undefined for a chunk that has no segment yet. */
export function withDelta(stored: ChunkRecord | undefined, delta: ChunkDelta): ChunkRecord {
  const { path, chunkId, blocks } = delta
  const last = blocks[blocks.length - 1]
  return {
    chunkId: stored?.chunkId ?? chunkId,
    path,
    cid: Math.max(stored?.cid ?? 0, last.cid),
    rows: (stored?.rows ?? 0) + blocks.reduce((n, b) => n + b.rows, 0),
    updateTimeMs: Math.max(stored?.updateTimeMs ?? 0, last.timeMs),
    segments: stored?.segments ?? [],
    deltaCid: stored?.deltaCid,
    delta: blocks,
  }
}

/** Stored chunks, in their order, then those that exist in memory only. */
export function* mergeDeltas(stored: Iterable<ChunkRecord>, deltas: TableDeltas): Iterable<ChunkRecord> {
  const rest = new Map(deltas)
  for (const chunk of stored) {
    const delta = rest.get(chunk.path)
    rest.delete(chunk.path)
    yield delta === undefined ? chunk : withDelta(chunk, delta)
  }
  for (const delta of rest.values()) yield withDelta(undefined, delta)
}
