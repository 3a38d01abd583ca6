/**
 * The rows of a chunk as runs, in commit order: its segments, and between and behind them the small appends that are not in segments yet. Bulk appends write
 * segments at once and overtake small ones that wait, so a run of small appends ends at each segment that was committed after it.
 */
import type { ChunkRecord, SegmentRef } from '../catalog/types.ts'
import type { DeltaBlock } from '../delta/block.ts'

export type CommitRun =
  | { readonly kind: 'segment'; readonly segment: SegmentRef }
  | { readonly kind: 'delta'; readonly blocks: readonly DeltaBlock[] }

export function commitRuns(chunk: Pick<ChunkRecord, 'segments' | 'delta'>): CommitRun[] {
  const delta = chunk.delta ?? []
  const runs: CommitRun[] = []
  let next = 0
  for (const segment of chunk.segments) {
    const from = next
    while (next < delta.length && delta[next].cid < (segment.cid ?? 0)) next++
    if (next > from) runs.push({ kind: 'delta', blocks: delta.slice(from, next) })
    runs.push({ kind: 'segment', segment })
  }
  if (next < delta.length) runs.push({ kind: 'delta', blocks: next === 0 ? delta : delta.slice(next) })
  return runs
}

export const rowsOfRun = (run: CommitRun): number =>
  run.kind === 'segment' ? run.segment.rows : run.blocks.reduce((n, b) => n + b.rows, 0)
