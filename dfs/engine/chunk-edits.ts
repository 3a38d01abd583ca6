/**
 * What commits do to the record of a chunk. Pure: the chunk before (undefined: there is none yet) and the edit give the chunk after.
 *
 * Segments stand in commit order. A chunk's `cid` names its rows: it moves with every commit that changes them, and stays when the same rows only move
 * from memory to segments or from many segments to few, so that a backup taken before still counts as current.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import type { ChunkRecord, SegmentRef } from '../catalog/types.ts'
import type { RewrittenChunk } from './commands.ts'

const rowsOf = (segments: readonly SegmentRef[]): number => segments.reduce((n, s) => n + s.rows, 0)

const inCommitOrder = (segments: SegmentRef[]): SegmentRef[] => segments.sort((a, b) => (a.cid ?? 0) - (b.cid ?? 0))

export interface CommitStamp {
  readonly cid: number
  readonly timeMs: number
}

export function withAppended(
  before: ChunkRecord | undefined,
  chunk: { readonly path: string; readonly chunkId: string },
  segments: readonly SegmentRef[],
  { cid, timeMs }: CommitStamp,
): ChunkRecord {
  return {
    ...before,
    ...chunk,
    cid,
    rows: (before?.rows ?? 0) + rowsOf(segments),
    updateTimeMs: timeMs,
    segments: [...(before?.segments ?? []), ...segments.map((s) => ({ ...s, cid }))],
  }
}

/** Throws `chunkChanged` if a file that was read to make the new ones is not the chunk's any more, or small appends that were read have become segments. */
export function withRewritten(
  before: ChunkRecord | undefined,
  chunkId: string,
  edit: RewrittenChunk,
  { cid, timeMs }: CommitStamp,
): ChunkRecord {
  if (edit.throughCid > 0 && (before?.deltaCid ?? 0) !== edit.flushedCid) throw chunkChanged(edit.path)
  const segments = inCommitOrder([...without(before, edit.path, edit.drop), ...edit.add])
  return {
    chunkId,
    path: edit.path,
    cid,
    rows: rowsOf(segments),
    updateTimeMs: timeMs,
    segments,
    deltaCid: Math.max(before?.deltaCid ?? 0, edit.throughCid),
  }
}

/** Rows of small appends have become segments: the same rows. */
export function withFlushed(
  before: ChunkRecord | undefined,
  flushed: {
    readonly path: string
    readonly chunkId: string
    readonly throughCid: number
    readonly timeMs: number
    readonly add: readonly SegmentRef[]
  },
): ChunkRecord {
  const { path, chunkId, throughCid, add } = flushed
  const segments = inCommitOrder([...(before?.segments ?? []), ...add])
  return {
    chunkId,
    path,
    cid: Math.max(before?.cid ?? 0, throughCid),
    rows: rowsOf(segments),
    updateTimeMs: Math.max(before?.updateTimeMs ?? 0, flushed.timeMs),
    segments,
    deltaCid: throughCid,
  }
}

/** The same rows in other files. */
export function withCompacted(before: ChunkRecord, drop: readonly string[], add: readonly SegmentRef[]): ChunkRecord {
  const segments = inCommitOrder([...without(before, before.path, drop), ...add])
  return { ...before, rows: rowsOf(segments), segments }
}

function without(before: ChunkRecord | undefined, path: string, drop: readonly string[]): SegmentRef[] {
  const gone = new Set(drop)
  const rest = (before?.segments ?? []).filter((s) => !gone.has(s.file))
  if (rest.length + gone.size !== (before?.segments.length ?? 0)) throw chunkChanged(path)
  return rest
}

const chunkChanged = (path: string): HoldfastError =>
  new HoldfastError(
    'conflict',
    `The partition ${path} was changed while it was being rewritten; nothing was written.`,
    { code: 'chunkChanged', where: { partition: path }, hint: 'repeat the statement' },
  )
