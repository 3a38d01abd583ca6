/** Chunks against their tables, and the files that they name against the disk. */
import type { CatalogReader } from '../catalog/key-value.ts'
import { pathProblem } from '../catalog/problems.ts'
import { keys } from '../catalog/records.ts'
import type { ChunkRecord, SegmentRef } from '../catalog/types.ts'
import type { TableDeltas } from '../delta/merge.ts'
import { isWholeCopy } from '../engine/garbage.ts'
import { verifySegment } from '../segment/index.ts'
import { OWNER_FILE } from '../store/data-directory.ts'
import type { FileStore } from '../store/file-store.ts'
import { VOLUME_FOLDER } from '../store/volume-folder.ts'
import { type KnownTable, tableKey } from './check-tables.ts'
import { type Checking, type CheckTotals, errorFinding, noteFinding, type Place } from './finding.ts'

export interface ChunkCheck {
  readonly catalog: CatalogReader
  readonly files: FileStore
  readonly tables: ReadonlyMap<string, KnownTable>
  /** Small appends that are in no segment yet. */
  readonly deltas: (tableId: string) => TableDeltas
  /** Newest commit: nothing may be of a later one. */
  readonly cid: number
  /** Reads every byte of every segment. */
  readonly isDeep: boolean
  readonly totals: CheckTotals
}

/** Answers every file that the catalog names, with whose it is. */
export function* checkChunks(check: ChunkCheck): Checking<Map<string, string>> {
  const { catalog, tables, deltas, totals } = check
  const owners = new Map<string, string>()
  const identities = new Map<string, string>()
  const strangers = new Set<string>()
  for (const [key, value] of catalog.entries(['chunk'])) {
    const chunk = value as ChunkRecord
    const place = { db: String(key[1]), table: String(key[2]), partition: String(key[3]) }
    const known = tables.get(tableKey(place.db, place.table))
    totals.chunks++
    totals.rows += chunk.rows
    if (known === undefined && !strangers.has(tableKey(place.db, place.table))) {
      strangers.add(tableKey(place.db, place.table))
      yield errorFinding('tableMissing', 'Chunks are stored for a table that is not in the catalog.', place)
    }
    if (known !== undefined) {
      const problem = pathProblem(known.database, known.table, place.partition)
      if (problem !== undefined) yield errorFinding('partitionPath', problem, place)
    }
    for (const problem of chunkProblems(chunk, place.partition, check.cid)) yield errorFinding('chunk', problem, place)
    const rows = chunk.segments.reduce((n, s) => n + s.rows, 0)
    if (rows !== chunk.rows)
      yield errorFinding('rowCount', `The chunk has ${chunk.rows} rows, its segments have ${rows}.`, place)
    const name = `${place.db}/${place.table} ${place.partition}`
    // A table that was restored from another one's backup shares identities with it: it is within a table that they tell chunks apart.
    const identity = JSON.stringify([place.db, place.table, chunk.chunkId])
    const twin = identities.get(identity)
    if (twin !== undefined) yield errorFinding('chunkId', `The chunk has the identity of ${twin}.`, place)
    identities.set(identity, name)
    for (const segment of chunk.segments) {
      const owner = owners.get(segment.file)
      if (owner !== undefined)
        yield errorFinding('segmentShared', `The file is named by ${owner} as well.`, { ...place, file: segment.file })
      owners.set(segment.file, name)
      yield* checkSegment(check, segment, place)
    }
    yield undefined
  }
  for (const { table } of tables.values())
    for (const [path, { blocks }] of deltas(table.id)) {
      const rows = blocks.reduce((n, b) => n + b.rows, 0)
      totals.rows += rows
      totals.deltaRows += rows
      if (catalog.get(keys.chunk(table.db, table.name, path)) === undefined) totals.chunks++
    }
  return owners
}

function* checkSegment({ files, isDeep, totals }: ChunkCheck, segment: SegmentRef, place: Place): Checking {
  const { file } = segment
  totals.segments++
  totals.segmentBytes += segment.bytes
  const found = files.stat(file)
  if (found === undefined) {
    yield errorFinding('segmentMissing', `The segment is missing; it has ${segment.rows} rows.`, { ...place, file })
    return
  }
  if (found.kind !== 'file' || found.bytes !== segment.bytes) {
    const what = found.kind === 'file' ? `has ${found.bytes} bytes instead of ${segment.bytes}` : 'is not a file'
    yield errorFinding('segmentSize', `The segment ${what}; it has ${segment.rows} rows.`, { ...place, file })
    return
  }
  if (!isDeep) return
  const checked = verifySegment(files, file, segment)
  if (checked.kind === 'missing') yield errorFinding('segmentMissing', 'The segment is missing.', { ...place, file })
  if (checked.kind === 'damaged')
    yield errorFinding('segmentDamaged', `The segment is damaged: ${checked.what}.`, {
      ...place,
      file,
      ...(checked.offset === undefined ? {} : { offset: checked.offset }),
    })
  yield undefined
}

function* chunkProblems(chunk: ChunkRecord, path: string, cid: number): Iterable<string> {
  if (chunk.path !== path) yield `The record of the chunk is that of ${chunk.path}.`
  if (chunk.cid > cid) yield `Commit ${chunk.cid} of the chunk is later than the newest commit, ${cid}.`
  if ((chunk.deltaCid ?? 0) > cid)
    yield `Small appends up to commit ${chunk.deltaCid} are in its segments, later than the newest commit, ${cid}.`
  for (let k = 1; k < chunk.segments.length; k++)
    if ((chunk.segments[k - 1].cid ?? 0) > (chunk.segments[k].cid ?? 0)) {
      yield 'Its segments do not stand in the order of their commits.'
      return
    }
}

/** Every file below chunks/. */
export function filesBelow(files: FileStore, folder = 'chunks'): string[] {
  const found: string[] = []
  const walk = (at: string): void => {
    for (const { name, kind } of files.list(at))
      if (kind === 'directory') {
        if (at !== folder || name !== VOLUME_FOLDER) walk(`${at}/${name}`)
      } else if (at !== folder || name !== OWNER_FILE) found.push(`${at}/${name}`)
  }
  walk(folder)
  return found
}

/**
 * Files that nobody names, and files that are named although they wait to be removed. `listed` was taken before the catalog was read, so that what was committed
 * in between does not count.
 */
export function* checkStrays(
  catalog: CatalogReader,
  listed: readonly string[],
  owners: ReadonlyMap<string, string>,
): Checking {
  const waiting = new Set<string>()
  for (const [, names] of catalog.entries(keys.garbages))
    for (const file of names as string[]) {
      waiting.add(file)
      const owner = owners.get(file)
      if (owner !== undefined)
        yield errorFinding('segmentGarbage', `The file is named by ${owner}, and waits to be removed.`, { file })
    }
  for (const file of listed) {
    if (owners.has(file) || waiting.has(file)) continue
    yield noteFinding(
      'fileUnnamed',
      isWholeCopy(file.slice(file.lastIndexOf('/') + 1))
        ? 'Nobody names the file: it was copied by a restore that is running or was cut off; the next restore uses it.'
        : 'Nobody names the file: a write that is going on or was cut off; the next start after a crash removes it.',
      { file },
    )
  }
}
