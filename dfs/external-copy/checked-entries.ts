/**
 * The records of a copied catalog before a store is made of them. Their checksum tells that they are what somebody wrote, not that a store did: each record is
 * checked field by field, and then against the others, so that nothing gets into a store that its readers could not bear.
 */

import { SymbolBase } from '../../runtime/values/index.ts'
import { isAccessRecord, isCatalog, isGroup, isUser, isView } from '../access/settings-file.ts'
import type { NamedObject } from '../catalog/named-objects.ts'
import { pathProblem, rangeProblem, storedTypes, tableProblems } from '../catalog/problems.ts'
import type { ChunkRecord, DatabaseRecord, SegmentRef, TableRecord } from '../catalog/types.ts'
import type { DeltaBlock } from '../delta/block.ts'
import { decodeBlocks, parseDeltaLayout } from '../delta/codec.ts'
import {
  asArray,
  asBoolean,
  asChecksum,
  asCount,
  asCounter,
  asObject,
  asText,
  asTimeMs,
  damagedMetadata,
  inside,
  type Place,
} from '../set/checked.ts'
import { checkPartitionPath, isSafeName } from '../set/names.ts'
import { checkDatabaseRecord, checkRaw, checkTableRecord } from '../set/records.ts'
import type { CatalogEntry } from './format.ts'

interface Known {
  readonly databases: Map<string, DatabaseRecord>
  readonly tables: Map<string, TableRecord>
  readonly tablesById: Map<string, TableRecord>
  readonly files: Set<string>
}

/** Throws a data error that names the file unless the records are those of a store, none of them later than commit `cid`. */
export function checkEntries(entries: readonly CatalogEntry[], cid: number, file: string): void {
  const known: Known = { databases: new Map(), tables: new Map(), tablesById: new Map(), files: new Set() }
  const seen = new Set<string>()
  for (const [key] of entries) {
    if (!key.every((n) => typeof n === 'string' || (typeof n === 'number' && Number.isFinite(n))))
      throw damagedMetadata(file, 'a record has a key of another form')
    const text = JSON.stringify(key)
    if (seen.has(text)) throw damagedMetadata(file, `the record ${text.slice(0, 200)} occurs twice`)
    seen.add(text)
  }
  // Databases, then tables, then what lies in them: a record is checked against those that it belongs to.
  const passes: readonly ReadonlySet<unknown>[] = [new Set(['db']), new Set(['table'])]
  for (const pass of passes)
    for (const entry of entries) if (pass.has(entry[0][0])) checkEntry(entry, known, cid, placeOf(entry, file))
  for (const entry of entries)
    if (passes.every((pass) => !pass.has(entry[0][0]))) checkEntry(entry, known, cid, placeOf(entry, file))
}

const placeOf = ([key]: CatalogEntry, file: string): Place => ({
  file,
  field: `the record ${JSON.stringify(key).slice(0, 200)}`,
})

function checkEntry([key, value]: CatalogEntry, known: Known, cid: number, place: Place): void {
  const refuse = (why: string): never => {
    throw damagedMetadata(place.file, `${place.field}: ${why}`)
  }
  const [kind, ...names] = key
  const wanted = KEY_LENGTHS.get(kind as string)
  if (wanted === undefined) refuse('this release knows no such record')
  if (names.length !== wanted) refuse('its key has another form')
  switch (kind) {
    case 'meta':
      checkMark(String(names[0]), value, place)
      return
    case 'db': {
      const database = checkDatabaseRecord(value, place)
      if (database.url !== names[0]) refuse(`it describes ${database.url}`)
      known.databases.set(database.url, database)
      return
    }
    case 'table': {
      const table = checkTableRecord(value, place)
      const { unfilledColumns } = asObject(value, place)
      if (unfilledColumns !== undefined) asCount(unfilledColumns, inside(place, 'unfilledColumns'))
      if (table.db !== names[0] || table.name !== names[1]) refuse(`it describes ${table.db}/${table.name}`)
      const database = known.databases.get(table.db) ?? refuse('its database is missing')
      for (const problem of tableProblems(database, table)) refuse(problem)
      if (known.tablesById.has(table.id)) refuse('it has the identity of another table')
      known.tables.set(tableKey(table.db, table.name), table)
      known.tablesById.set(table.id, table)
      return
    }
    case 'chunk': {
      const table = known.tables.get(tableKey(names[0], names[1])) ?? refuse('its table is missing')
      const chunk = checkChunk(value, place)
      if (chunk.path !== names[2]) refuse(`it describes ${chunk.path}`)
      const problem = pathProblem(known.databases.get(table.db)!, table, chunk.path, true)
      if (problem !== undefined) refuse(problem)
      if (chunk.cid > cid || (chunk.deltaCid ?? 0) > cid) refuse(`it is later than commit ${cid}`)
      const types = storedTypes(table)
      for (const segment of chunk.segments) {
        const range = rangeProblem(types, segment)
        if (range !== undefined) refuse(`the segment ${segment.file}: ${range}`)
        if (known.files.has(segment.file)) refuse(`the segment ${segment.file} is named twice`)
        known.files.add(segment.file)
      }
      return
    }
    case 'delta': {
      const table = known.tablesById.get(String(names[0])) ?? refuse('its table is missing')
      checkDelta(value, table, known.databases.get(table.db)!, String(names[1]), cid, place)
      return
    }
    case 'changed':
      asCounter(value, place)
      return
    case 'user':
      if (!isUser(value) || value.name !== names[0]) refuse('it is no user')
      return
    case 'group':
      if (!isGroup(value) || value.name !== names[0]) refuse('it is no group')
      return
    case 'grant':
      if (!isAccessRecord(value) || value.name !== names[0]) refuse('it is no list of privileges')
      return
    case 'setting':
      checkSetting(value, place)
      return
    case 'object': {
      const [family, name] = names
      const isNamed = family === 'view' ? isView(value) : family === 'catalog' && isCatalog(value)
      if (!isNamed || (value as NamedObject).name !== name) refuse('it is no function view, and no catalog')
      return
    }
    case 'run':
      checkRun(value, place)
      return
    case 'garbage':
      for (const name of asArray(value, place)) checkSegmentFile(name, place)
      return
    case 'remains':
      checkRemains(value, place)
      return
  }
}

const tableKey = (db: unknown, name: unknown): string => JSON.stringify([db, name])

/** Names behind the kind of a record. */
const KEY_LENGTHS: ReadonlyMap<string, number> = new Map([
  ['meta', 1],
  ['db', 1],
  ['table', 2],
  ['chunk', 3],
  ['delta', 2],
  ['changed', 2],
  ['user', 1],
  ['group', 1],
  ['grant', 1],
  ['setting', 1],
  ['object', 2],
  ['run', 1],
  ['garbage', 2],
  ['remains', 1],
])

function checkMark(name: string, value: unknown, place: Place): void {
  const counters = (fields: readonly string[]): void => {
    const o = asObject(value, place)
    for (const field of fields) asCounter(o[field], inside(place, field))
  }
  switch (name) {
    case 'format':
    case 'cid':
    case 'physical':
    case 'lsn':
    case 'access':
      asCounter(value, place)
      return
    case 'checkpoint':
      counters(['lsn', 'lastTransaction'])
      return
    case 'store': {
      const o = asObject(value, place)
      asText(o.id, inside(place, 'id'), 64)
      asCounter(o.timeline, inside(place, 'timeline'))
      return
    }
    case 'copy':
      counters(['cid', 'lsn', 'pinnedFiles', 'pinnedBytes'])
      return
    case 'archive':
      counters(['timeline', 'sinceLsn', 'sinceCid', 'lastSequence', 'totalBytes'])
      return
    default:
      throw damagedMetadata(place.file, `${place.field}: this release knows no such record`)
  }
}

/** The path of a segment in a data directory. */
function checkSegmentFile(value: unknown, place: Place): string {
  const file = asText(value, place, 4096)
  if (!file.startsWith('chunks/') || !file.split('/').every(isSafeName))
    throw damagedMetadata(place.file, `${place.field} names a segment that is not allowed`)
  return file
}

function checkSegment(value: unknown, place: Place): SegmentRef {
  const o = asObject(value, place)
  const ranges = asObject(o.minMax, inside(place, 'minMax'))
  for (const [name, range] of Object.entries(ranges)) {
    const at = inside(inside(place, 'minMax'), name)
    const bounds = asArray(range, at, 2)
    if (bounds.length !== 2) throw damagedMetadata(place.file, `${at.field} is no range`)
    for (const bound of bounds) checkRaw(bound, at)
  }
  const nulls = o.nulls === undefined ? undefined : asObject(o.nulls, inside(place, 'nulls'))
  for (const [name, n] of Object.entries(nulls ?? {})) asCount(n, inside(inside(place, 'nulls'), name))
  if (o.cid !== undefined) asCounter(o.cid, inside(place, 'cid'))
  for (const field of ['sorted', 'uniqueKeys']) if (o[field] !== undefined) asBoolean(o[field], inside(place, field))
  return {
    ...(o as unknown as SegmentRef),
    file: checkSegmentFile(o.file, inside(place, 'file')),
    rows: asCount(o.rows, inside(place, 'rows')),
    bytes: asCount(o.bytes, inside(place, 'bytes')),
    checksum: asChecksum(o.checksum, inside(place, 'checksum')),
  }
}

function checkChunk(value: unknown, place: Place): ChunkRecord {
  const o = asObject(value, place)
  const segments = asArray(o.segments, inside(place, 'segments')).map((s, k) =>
    checkSegment(s, inside(inside(place, 'segments'), k)),
  )
  const rows = asCount(o.rows, inside(place, 'rows'))
  if (segments.reduce((n, s) => n + s.rows, 0) !== rows)
    throw damagedMetadata(place.file, `${place.field}: the rows of its segments do not add up`)
  return {
    chunkId: asText(o.chunkId, inside(place, 'chunkId'), 64),
    cid: asCounter(o.cid, inside(place, 'cid')),
    rows,
    updateTimeMs: asTimeMs(o.updateTimeMs, inside(place, 'updateTimeMs')),
    path: checkPartitionPath(asText(o.path, inside(place, 'path'), 1024), inside(place, 'path')),
    segments,
    ...(o.deltaCid == null ? {} : { deltaCid: asCounter(o.deltaCid, inside(place, 'deltaCid')) }),
  }
}

function checkDelta(
  value: unknown,
  table: TableRecord,
  database: DatabaseRecord,
  path: string,
  cid: number,
  place: Place,
): void {
  const refuse = (why: string): never => {
    throw damagedMetadata(place.file, `${place.field}: ${why}`)
  }
  const o = asObject(value, place)
  if (checkPartitionPath(asText(o.path, inside(place, 'path'), 1024), inside(place, 'path')) !== path)
    refuse(`it describes ${String(o.path).slice(0, 200)}`)
  asText(o.chunkId, inside(place, 'chunkId'), 64)
  const problem = pathProblem(database, table, path, true)
  if (problem !== undefined) refuse(problem)
  const blocks = asArray(o.blocks, inside(place, 'blocks')).map((b, k) =>
    checkBlock(b, inside(inside(place, 'blocks'), k)),
  )
  if (blocks.length === 0) refuse('it has no rows')
  if (blocks.some((b) => b.cid > cid)) refuse(`it is later than commit ${cid}`)
  try {
    for (const block of blocks) decodeBlocks([block], parseDeltaLayout(block.layout), () => new SymbolBase())
  } catch (error) {
    refuse(`its rows cannot be read: ${(error as Error).message}`)
  }
}

function checkBlock(value: unknown, place: Place): DeltaBlock {
  const o = asObject(value, place)
  if (!(o.data instanceof Uint8Array)) throw damagedMetadata(place.file, `${place.field}: it has no rows`)
  const rows = asCount(o.rows, inside(place, 'rows'))
  if (rows > o.data.length) throw damagedMetadata(place.file, `${place.field}: ${rows} rows in ${o.data.length} bytes`)
  if (o.endedAt !== undefined) asCounter(o.endedAt, inside(place, 'endedAt'))
  return {
    cid: asCounter(o.cid, inside(place, 'cid')),
    timeMs: asTimeMs(o.timeMs, inside(place, 'timeMs')),
    rows,
    layout: asText(o.layout, inside(place, 'layout'), 1 << 24),
    data: o.data,
  }
}

function checkSetting(value: unknown, place: Place): void {
  const setting = asObject(value, place).value
  if (typeof setting !== 'number' && typeof setting !== 'boolean' && typeof setting !== 'string')
    throw damagedMetadata(place.file, `${place.field} is no setting`)
}

function checkRun(value: unknown, place: Place): void {
  const o = asObject(value, place)
  for (const field of ['id', 'user', 'type', 'db', 'table', 'state', 'error'])
    asText(o[field], inside(place, field), 1 << 20)
  for (const field of ['totalPartitions', 'completedPartitions']) asCount(o[field], inside(place, field))
  asTimeMs(o.startMs, inside(place, 'startMs'))
  if (o.endMs !== undefined) asTimeMs(o.endMs, inside(place, 'endMs'))
  if (o.unchanged !== undefined) asCount(o.unchanged, inside(place, 'unchanged'))
}

/** A folder in which files will be removed. */
function checkRemains(value: unknown, place: Place): void {
  const o = asObject(value, place)
  const folder = asText(o.folder, inside(place, 'folder'), 4096)
  const [chunks, ...names] = folder.split('/')
  if (chunks !== 'chunks' || !names.every(isSafeName))
    throw damagedMetadata(place.file, `${place.field}.folder is no folder of a database`)
  asTimeMs(o.sinceMs, inside(place, 'sinceMs'))
}
