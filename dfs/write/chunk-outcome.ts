/** What becomes of a chunk whose pieces were written anew in part, as the commit needs it. */
import type { ChunkRecord, SegmentRef } from '../catalog/types.ts'
import type { RewrittenChunk } from '../engine/commands.ts'
import { lastDeltaCid, type Piece } from './chunk-pieces.ts'

/** A piece, in commit order. */
export interface PieceOutcome {
  readonly piece: Piece
  /** It has changed; otherwise it may stay as it is. */
  readonly isWritten: boolean
  /** What stands in its place; undefined: no row is left. */
  readonly segment: SegmentRef | undefined
}

/**
 * undefined if no piece has changed. `copy` writes a piece anew as it is, for two reasons: small appends are replaced up to a commit, so all of them or none; and
 * segments with one commit id stand in the order in which they came, so that what follows a changed one has to come again.
 */
export function outcomeOfChunk(
  chunk: ChunkRecord,
  outcomes: readonly PieceOutcome[],
  copy: (piece: Piece) => SegmentRef | undefined,
): RewrittenChunk | undefined {
  if (!outcomes.some((o) => o.isWritten)) return undefined
  const takesDelta = outcomes.some((o) => o.isWritten && o.piece.segment === undefined)
  const changedCids = new Set<number | undefined>()
  const replaced: Piece[] = []
  const add: SegmentRef[] = []
  for (const { piece, isWritten, segment } of outcomes) {
    const mustCopy = piece.segment === undefined ? takesDelta : changedCids.has(piece.cid)
    if (!isWritten && !mustCopy) continue
    const written = isWritten ? segment : copy(piece)
    replaced.push(piece)
    changedCids.add(piece.cid)
    if (written !== undefined) add.push(written)
  }
  return replacement(chunk, replaced, add)
}

export function replacement(chunk: ChunkRecord, pieces: readonly Piece[], add: readonly SegmentRef[]): RewrittenChunk {
  const takesDelta = pieces.some((p) => p.segment === undefined)
  return {
    path: chunk.path,
    drop: pieces.flatMap((p) => (p.segment === undefined ? [] : [p.segment.file])),
    add,
    throughCid: takesDelta ? lastDeltaCid(chunk) : 0,
    flushedCid: chunk.deltaCid ?? 0,
  }
}
