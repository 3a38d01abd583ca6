/**
 * What a backup will do, as plain data: per chunk keep, copy or delete, found by comparing the live chunk with the newest state. Nothing is written here.
 */
import type { ChunkRecord, DatabaseRecord, TableRecord } from '../catalog/types.ts'
import { distinctName, segmentName } from '../set/layout.ts'
import { factsOf, isCurrent, type SetChunk, type SetFile, type TableIndex } from '../set/meta.ts'
import { setFilePath } from '../set/open.ts'

/** What a state says of a file in a chunk's folder. */
export type NamedFile = Pick<SetFile, 'name' | 'bytes' | 'checksum'>

/** A file of a chunk that is copied: `reuse` is in the set already, from an older version of the chunk or an interrupted run. */
export type FileStep =
  | { readonly kind: 'reuse'; readonly file: SetFile }
  | {
      readonly kind: 'copy'
      readonly from: string
      readonly file: SetFile
      /** A state names a file of this name: it is replaced by renaming, never written over. */
      readonly replaces: boolean
    }

export type ChunkStep =
  /** `isFound`: its files are there, with their sizes. */
  | { readonly kind: 'keep'; readonly chunk: SetChunk; readonly isFound: boolean }
  /** Copied by a run that was interrupted. */
  | { readonly kind: 'resume'; readonly chunk: SetChunk }
  | { readonly kind: 'copy'; readonly chunk: SetChunk; readonly files: readonly FileStep[] }
  /** `of`: the table that it is in the backup of; the live one may be another. */
  | { readonly kind: 'delete'; readonly chunk: SetChunk; readonly of: TableIndex }

export interface TablePlan {
  readonly database: DatabaseRecord
  readonly table: TableRecord
  /** Chunks that the call is about. */
  readonly selected: number
  readonly steps: readonly ChunkStep[]
}

export interface BackupPlan {
  readonly url: string
  readonly database: DatabaseRecord
  readonly cid: number
  readonly tables: readonly TablePlan[]
  /** Tables of the set that are no more in the database. */
  readonly dropTables: readonly string[]
}

export interface TablePlanInput {
  readonly database: DatabaseRecord
  readonly table: TableRecord
  /** The chunks the call is about, from the catalog; all of the table unless `partial`. */
  readonly chunks: Iterable<ChunkRecord>
  /** Only named partitions: others of the set stay as they are. */
  readonly partial: boolean
  readonly previous: TableIndex | undefined
  /** A table of that name and another structure, all of which leaves the backup. */
  readonly replaced: TableIndex | undefined
  /** The files that states name for a partition beside those of `previous`; asked only if something of it is copied. */
  readonly otherFiles: (path: string) => readonly NamedFile[]
  /** A state cannot be read: a file of the set may be its, and is not written over. */
  readonly hasUnknownFiles: () => boolean
  readonly finished: (path: string) => SetChunk | undefined
  readonly force: boolean
  readonly snapshot: boolean
  /** The chunk with the small appends that are in no segment yet as segments of their own. */
  readonly materialise: (chunk: ChunkRecord) => ChunkRecord
  /** Size of a file of the set, undefined if it is not there. */
  readonly sizeInSet: (file: string) => number | undefined
}

export function planTable(input: TablePlanInput): TablePlan {
  const { database, table, previous, replaced, force } = input
  const unseen = new Map((previous?.chunks ?? []).map((c) => [c.path, c]))
  const steps: ChunkStep[] = []
  let selected = 0
  const isThere = (chunk: Pick<SetChunk, 'path'>, file: NamedFile): boolean =>
    input.sizeInSet(setFilePath(database.url, table.name, chunk, file)) === file.bytes
  for (const live of input.chunks) {
    selected++
    const before = unseen.get(live.path)
    unseen.delete(live.path)
    if (!force && before !== undefined && isCurrent(before, live) && before.files.every((f) => isThere(before, f))) {
      steps.push({ kind: 'keep', chunk: before, isFound: true })
      continue
    }
    const finished = input.finished(live.path)
    if (
      !force &&
      finished !== undefined &&
      isCurrent(finished, live) &&
      finished.files.every((f) => isThere(finished, f))
    ) {
      steps.push({ kind: 'resume', chunk: finished })
      continue
    }
    // What was finished is named even if it is copied anew: the record of it outlives a loss of power in which half of the copy is lost.
    const named: readonly NamedFile[] = [
      ...(before?.files ?? []),
      ...(finished?.files ?? []),
      ...input.otherFiles(live.path),
    ]
    const hasUnknownFiles = input.hasUnknownFiles()
    const source = input.materialise(live)
    const files = planFiles(source, named, {
      candidates: force ? [] : named,
      isThere: (file) => isThere(live, file),
      mayBeNamed: (name) =>
        hasUnknownFiles && input.sizeInSet(setFilePath(database.url, table.name, live, { name })) !== undefined,
    })
    const { chunkId, cid, updateTimeMs, path } = live
    // Rows that others hide are counted while they are in memory, and left out of the files; where nothing is written they stay in memory.
    const rows = source.delta === undefined ? files.reduce((n, f) => n + f.file.rows, 0) : live.rows
    steps.push({
      kind: 'copy',
      chunk: { chunkId, cid, rows, updateTimeMs, path, files: files.map((f) => f.file) },
      files,
    })
  }
  const isDropped = input.snapshot && !input.partial
  for (const chunk of unseen.values())
    steps.push(isDropped ? { kind: 'delete', chunk, of: previous! } : { kind: 'keep', chunk, isFound: false })
  if (replaced !== undefined) for (const chunk of replaced.chunks) steps.push({ kind: 'delete', chunk, of: replaced })
  return { database, table, selected, steps }
}

interface ChunkFolder {
  /** Those whose content may be used again. */
  readonly candidates: readonly NamedFile[]
  readonly isThere: (file: NamedFile) => boolean
  /** Whether a file of this name, which none of the known ones has, may belong to a state that cannot be read. */
  readonly mayBeNamed: (name: string) => boolean
}

/** `named` are files that a state or a finished record names in this chunk's folder. */
function planFiles(
  live: ChunkRecord,
  named: readonly NamedFile[],
  { candidates, isThere, mayBeNamed }: ChunkFolder,
): FileStep[] {
  const taken = new Set<string>()
  const same = (a: Pick<SetFile, 'checksum' | 'bytes'>, b: Pick<SetFile, 'checksum' | 'bytes'>): boolean =>
    a.checksum === b.checksum && a.bytes === b.bytes
  const reused = live.segments.map((segment) => {
    const found = candidates.find((c) => same(c, segment) && !taken.has(c.name) && isThere(c))
    if (found !== undefined) taken.add(found.name)
    return found
  })
  return live.segments.map((segment, k): FileStep => {
    const facts = factsOf(segment)
    const found = reused[k]
    if (found !== undefined) return { kind: 'reuse', file: { name: found.name, ...facts } }
    let name = segmentName(segment.file)
    const isFree = (): boolean => {
      if (taken.has(name)) return false
      const known = named.filter((n) => n.name === name)
      return known.length > 0 ? known.every((n) => same(n, segment)) : !mayBeNamed(name)
    }
    for (let n = 0; !isFree(); n++)
      name = distinctName(segmentName(segment.file), n === 0 ? segment.checksum : `${segment.checksum}-${n}`)
    taken.add(name)
    return {
      kind: 'copy',
      from: segment.file,
      file: { name, ...facts },
      replaces: named.some((n) => n.name === name),
    }
  })
}

/** Counts for messages, runs and progress. */
export interface PlanTotals {
  readonly keep: number
  readonly resume: number
  readonly copy: number
  readonly delete: number
  /** Bytes that will be copied. */
  readonly bytes: number
}

export function totalsOf(plan: TablePlan): PlanTotals {
  const totals = { keep: 0, resume: 0, copy: 0, delete: 0, bytes: 0 }
  for (const step of plan.steps) {
    totals[step.kind]++
    if (step.kind === 'copy') for (const f of step.files) if (f.kind === 'copy') totals.bytes += f.file.bytes
  }
  return totals
}
