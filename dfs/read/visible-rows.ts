/**
 * How many rows of a chunk a query shows. The catalog knows how many are stored; where some are hidden by others with their key, keys are read and counted,
 * as far as runs can share one. The answer belongs to (chunkId, cid) for ever and is remembered.
 */
import type { ChunkRecord, TableRecord } from '../catalog/types.ts'
import type { FileSource } from '../store/file-store.ts'
import { mergeRuns } from './merge.ts'
import { hidesRows, type RowOrder, rowOrder } from './order.ts'
import { type CommitRun, commitRuns } from './runs.ts'
import type { ReadAccess } from './segment-blocks.ts'
import { isUniqueRun, keyGroups, keyRanges, sortedRun } from './sorted-runs.ts'

interface Counted {
  readonly cid: number
  readonly stored: number
  readonly updateTimeMs: number
  readonly visible: number
}

const CHUNKS_MAX = 1 << 16
const knownOf = new WeakMap<FileSource, Map<string, Counted>>()

export function visibleRows(access: ReadAccess, table: TableRecord, chunk: ChunkRecord): number {
  const order = rowOrder(table)
  if (order === undefined || !hidesRows(order)) return chunk.rows
  const runs = commitRuns(chunk)
  if (runs.length === 0) return 0
  if (runs.length === 1 && isUniqueRun(order, runs[0])) return chunk.rows
  let known = knownOf.get(access.files)
  if (known === undefined) {
    known = new Map()
    knownOf.set(access.files, known)
  }
  const before = known.get(chunk.chunkId)
  if (before?.cid === chunk.cid && before.stored === chunk.rows && before.updateTimeMs === chunk.updateTimeMs)
    return before.visible
  const visible = countKeys(access, table, order, runs)
  if (known.size >= CHUNKS_MAX) known.clear()
  known.set(chunk.chunkId, { cid: chunk.cid, stored: chunk.rows, updateTimeMs: chunk.updateTimeMs, visible })
  return visible
}

function countKeys(access: ReadAccess, table: TableRecord, order: RowOrder, runs: readonly CommitRun[]): number {
  const groups = keyGroups(runs.map((run) => keyRanges(access, order, run)))
  let rows = 0
  for (const group of groups) {
    const [first] = group
    const run = runs[first]
    if (group.length === 1 && run.kind === 'segment' && isUniqueRun(order, run)) {
      rows += run.segment.rows
      continue
    }
    const sorted = group.map((k) => sortedRun(access, table, order, runs[k], order.keys, undefined))
    for (const block of mergeRuns(sorted, order.keys.length, order.keep)) rows += block[0].length
  }
  return rows
}
