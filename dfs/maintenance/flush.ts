/** Small appends become segments. Runs in the maintenance thread: reads only what the task carries, writes only new files. */
import { SymbolBase } from '../../runtime/values/index.ts'
import type { TableRecord } from '../catalog/types.ts'
import type { DeltaBlock } from '../delta/block.ts'
import { decodeBlocks, deltaColumns } from '../delta/codec.ts'
import type { ChunkDelta, FlushedChunk } from '../engine/commands.ts'
import type { FileStore } from '../store/file-store.ts'
import { NewSegments } from '../write/new-segments.ts'

export interface FlushTask {
  readonly kind: 'flush'
  readonly table: TableRecord
  readonly chunks: readonly (ChunkDelta & {
    /** Commits that put segments into the chunk, ascending: rows of small appends before and after one of them do not share a segment. */
    readonly segmentCids: readonly number[]
  })[]
}

/** The files are durable when this returns; if it throws, none of them is left. */
export function flushDeltas(files: FileStore, task: FlushTask): FlushedChunk[] {
  const segments = new NewSegments(files, task.table)
  const wanted = deltaColumns(task.table.columns)
  try {
    const flushed = task.chunks.map(({ path, chunkId, blocks, segmentCids }): FlushedChunk => {
      const add = runsBetween(blocks, segmentCids).map((run) => {
        const bases = new Map<string, SymbolBase>()
        const columns = decodeBlocks(run, wanted, (name) => {
          const base = bases.get(name) ?? new SymbolBase()
          bases.set(name, base)
          return base
        })
        return { ...segments.write(path, columns), cid: run[run.length - 1].cid }
      })
      const last = blocks[blocks.length - 1]
      return { path, chunkId, throughCid: last.cid, timeMs: last.timeMs, add }
    })
    segments.syncFolders()
    return flushed
  } catch (error) {
    segments.remove()
    throw error
  }
}

/** Blocks that stand next to each other in commit order, segments counted. */
function runsBetween(blocks: readonly DeltaBlock[], segmentCids: readonly number[]): DeltaBlock[][] {
  const runs: DeltaBlock[][] = []
  let next = 0
  for (const block of blocks) {
    let isApart = runs.length === 0
    for (; next < segmentCids.length && segmentCids[next] < block.cid; next++) isApart = true
    if (isApart) runs.push([])
    runs[runs.length - 1].push(block)
  }
  return runs
}
