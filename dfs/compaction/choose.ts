/**
 * Which segments of a chunk to merge. Only neighbours in commit order: the rows of a merged segment take one place among the others, and what stood between them
 * would change sides. Small appends that are in no segment yet stand between segments as well.
 *
 * Size-tiered: a window grows from newer to older segments as long as the next one is not much larger than all of the window together, so that a row is
 * rewritten about as often as the logarithm of its chunk's size. Tiny segments always belong.
 */
import type { CatalogView, ChunkRecord, DatabaseRecord, SegmentRef, TableRecord } from '../catalog/types.ts'
import { commitRuns } from '../read/runs.ts'

export interface CompactionPolicy {
  /** Fewer neighbours are left alone. */
  readonly minSegments: number
  /** No merge reads more than this. */
  readonly maxBytes: number
}

export const DEFAULT_POLICY: CompactionPolicy = { minSegments: 8, maxBytes: 256 << 20 }

const TINY_BYTES = 256 << 10
const SIZE_RATIO = 1.5

/** Neighbours that are worth merging, in commit order; undefined if there are none. The chunk must be as readers see it, with its small appends. */
export function chooseSegments(
  chunk: Pick<ChunkRecord, 'segments' | 'delta'>,
  policy: CompactionPolicy,
): readonly SegmentRef[] | undefined {
  for (const neighbours of neighbourhoods(chunk))
    for (let end = neighbours.length; end >= policy.minSegments; end--) {
      if (!isBoundary(neighbours, end)) continue
      const begin = windowBegin(neighbours, end, policy.maxBytes)
      const chosen = neighbours.slice(begin, end)
      if (chosen.length >= policy.minSegments && isBalanced(chosen)) return chosen
    }
  return undefined
}

/** Segments with nothing between them; the newest first. */
function neighbourhoods(chunk: Pick<ChunkRecord, 'segments' | 'delta'>): SegmentRef[][] {
  const found: SegmentRef[][] = [[]]
  for (const run of commitRuns(chunk))
    if (run.kind === 'delta') found.push([])
    else found[found.length - 1].push(run.segment)
  return found.reverse()
}

/** Segments of one commit keep their order only while all that follow in it are merged too: the result stands behind those that are left. */
const isBoundary = (segments: readonly SegmentRef[], end: number): boolean =>
  end === segments.length || (segments[end].cid ?? 0) !== (segments[end - 1].cid ?? 0)

function windowBegin(segments: readonly SegmentRef[], end: number, maxBytes: number): number {
  let bytes = 0
  let begin = end
  while (begin > 0) {
    const next = segments[begin - 1].bytes
    if (bytes + next > maxBytes || (begin < end && next > Math.max(TINY_BYTES, bytes * SIZE_RATIO))) break
    bytes += next
    begin--
  }
  return begin
}

/** Nothing large is rewritten for the sake of little. */
function isBalanced(segments: readonly SegmentRef[]): boolean {
  const largest = Math.max(...segments.map((s) => s.bytes))
  const others = segments.reduce((n, s) => n + s.bytes, 0) - largest
  return largest <= Math.max(TINY_BYTES, others * SIZE_RATIO)
}

export interface CompactionCandidate {
  readonly database: DatabaseRecord
  readonly table: TableRecord
  readonly chunk: ChunkRecord
  readonly segments: readonly SegmentRef[]
}

/** Chunks of a table with something worth merging. */
export function* compactionCandidates(
  view: CatalogView,
  database: DatabaseRecord,
  table: TableRecord,
  policy: CompactionPolicy = DEFAULT_POLICY,
): Generator<CompactionCandidate> {
  for (const chunk of view.chunks(database.url, table.name)) {
    const segments = chooseSegments(chunk, policy)
    if (segments !== undefined) yield { database, table, chunk, segments }
  }
}
