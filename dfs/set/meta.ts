/**
 * The binary metadata files of a state: `<table>.meta` (schema, scheme and chunk index of a table) and `domain` (a database).
 *
 * Bytes, little endian:
 *   0   8  magic "HFBKMETA"
 *   8   2  major version   10  2  minor version
 *   12  4  kind: 1 table, 2 database
 *   16  8  length of the body
 *   24  n  body: MessagePack (lists by position, see `encodeChunk`; records as maps)
 *   24+n 8 XXH64 of everything before
 * The manifest holds size and XXH64 of the whole file, so a file of another state cannot take its place.
 */
import type { ColumnSchema } from '../../runtime/values/index.ts'
import { columnProblems, pathProblem, rangeProblem, storedTypes, tableProblems } from '../catalog/problems.ts'
import type { DatabaseRecord, SegmentRef, TableRecord } from '../catalog/types.ts'
import { checksumOf } from '../store/checksum.ts'
import type { FileStore } from '../store/file-store.ts'
import { lazyPackr } from '../store/message-pack.ts'
import { readMetadata } from './bounded.ts'
import {
  asArray,
  asChecksum,
  asCount,
  asCounter,
  asObject,
  asText,
  asTimeMs,
  damagedMetadata,
  inside,
  type Place,
} from './checked.ts'
import { FORMAT_MAJOR, FORMAT_MINOR, type MetadataDigest, refuseOtherVersion } from './manifest.ts'
import { checkName, checkPartitionPath } from './names.ts'
import { checkColumns, checkDatabaseRecord, checkRaw, checkTableRecord } from './records.ts'

/** A file of a chunk: `name` in the chunk's folder of the set. The files of a chunk stand in commit order. */
export interface SetFile extends SegmentFacts {
  readonly name: string
}

/** What a set keeps of a segment, wherever it lies. */
export type SegmentFacts = Omit<SegmentRef, 'file'>

export const factsOf = ({
  cid,
  rows,
  bytes,
  checksum,
  minMax,
  nulls,
  sorted,
  uniqueKeys,
}: SegmentFacts): SegmentFacts => ({
  rows,
  bytes,
  checksum,
  minMax,
  ...(cid === undefined ? {} : { cid }),
  ...(nulls === undefined ? {} : { nulls }),
  ...(sorted === true ? { sorted } : {}),
  ...(uniqueKeys === true ? { uniqueKeys } : {}),
})

/** A chunk as it is in the set. (chunkId, cid, rows, updateTimeMs) is its identity, see `sameContent`. */
export interface SetChunk {
  readonly chunkId: string
  readonly cid: number
  readonly rows: number
  readonly updateTimeMs: number
  readonly path: string
  readonly files: readonly SetFile[]
}

export const bytesOfChunk = (chunk: SetChunk): number => chunk.files.reduce((sum, f) => sum + f.bytes, 0)

/** The query whose rows a set holds instead of the table's segments. */
export interface BackupQuery {
  /** As the call had it, for people. */
  readonly text: string
  /** Columns of its result, in the order of the files. */
  readonly columns: readonly ColumnSchema[]
}

/** Everything needed to make the table anew: the content of `<table>.meta`. */
export interface TableIndex {
  readonly database: DatabaseRecord
  readonly table: TableRecord
  /** Absent: the files are the table's segments. */
  readonly query?: BackupQuery
  readonly cid: number
  readonly takenMs: number
  readonly chunks: readonly SetChunk[]
}

/**
 * Whether a live chunk and one in a set hold the same rows. chunkId and cid would do within one store; a table that was restored into another store goes on counting
 * there, so rows and time of the change are compared too.
 */
export function sameContent(a: Omit<SetChunk, 'files' | 'path'>, b: Omit<SetChunk, 'files' | 'path'>): boolean {
  return a.chunkId === b.chunkId && a.cid === b.cid && a.rows === b.rows && a.updateTimeMs === b.updateTimeMs
}

/**
 * Whether a chunk of a set holds the rows of the live one. While small appends to it are in memory only, nobody knows how many of their rows are hidden by others, which
 * segments leave out: then the rows of the live chunk say nothing, and the commit decides.
 */
export function isCurrent(
  chunk: SetChunk,
  live: Omit<SetChunk, 'files' | 'path'> & { readonly delta?: unknown },
): boolean {
  return sameContent(chunk, live.delta === undefined ? live : { ...live, rows: chunk.rows })
}

const MAGIC = Buffer.from('HFBKMETA')
const HEADER_BYTES = 24
const DIGEST_BYTES = 8
const KIND = { table: 1, database: 2 } as const

// Maps, not msgpackr's own records: any MessagePack reader can read the body, and reading makes no code from names of an untrusted file.
const packr = lazyPackr({ useRecords: false, useBigIntExtension: true, variableMapSize: true })

export const pack = (value: unknown): Buffer => packr().pack(value)
export const unpack = (bytes: Uint8Array): unknown => packr().unpack(bytes as Buffer)

/** Throws a data error that names the file: a checksum tells that bytes are what somebody wrote, not that they are MessagePack. */
export function unpackFrom(bytes: Uint8Array, file: string): unknown {
  try {
    return unpack(bytes)
  } catch (cause) {
    throw damagedMetadata(file, `it is not MessagePack (${(cause as Error).message})`)
  }
}

function frame(kind: keyof typeof KIND, value: unknown): Uint8Array {
  const body = pack(value)
  const file = Buffer.alloc(HEADER_BYTES + body.length + DIGEST_BYTES)
  MAGIC.copy(file)
  file.writeUInt16LE(FORMAT_MAJOR, 8)
  file.writeUInt16LE(FORMAT_MINOR, 10)
  file.writeUInt32LE(KIND[kind], 12)
  file.writeBigUInt64LE(BigInt(body.length), 16)
  body.copy(file, HEADER_BYTES)
  const digest = checksumOf(file.subarray(0, HEADER_BYTES + body.length))
  file.writeBigUInt64LE(BigInt(`0x${digest}`), HEADER_BYTES + body.length)
  return file
}

function unframe(bytes: Uint8Array, kind: keyof typeof KIND, file: string): unknown {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.length < HEADER_BYTES + DIGEST_BYTES || !view.subarray(0, 8).equals(MAGIC))
    throw damagedMetadata(file, 'it does not begin as a metadata file of a backup')
  // The version comes first: what follows may look different in another one.
  refuseOtherVersion(`${view.readUInt16LE(8)}.${view.readUInt16LE(10)}`, { file, field: '' })
  const end = view.length - DIGEST_BYTES
  const digest = view.readBigUInt64LE(end).toString(16).padStart(16, '0')
  if (view.readBigUInt64LE(16) !== BigInt(end - HEADER_BYTES)) throw damagedMetadata(file, 'its length is wrong')
  if (checksumOf(view.subarray(0, end)) !== digest)
    throw damagedMetadata(file, 'its content does not match its checksum')
  if (view.readUInt32LE(12) !== KIND[kind]) throw damagedMetadata(file, `it does not describe a ${kind}`)
  return unpackFrom(view.subarray(HEADER_BYTES, end), file)
}

/** Size and checksum of a metadata file, for the manifest. */
export const digestOf = (bytes: Uint8Array): MetadataDigest => ({ bytes: bytes.length, digest: checksumOf(bytes) })

/** Reads a metadata file that the manifest vouches for. */
export function readVouched(store: FileStore, file: string, expected: MetadataDigest): Uint8Array {
  const bytes = readMetadata(store, file, expected.bytes)
  if (checksumOf(bytes) !== expected.digest)
    throw damagedMetadata(file, 'its checksum is not the one that the manifest names')
  return bytes
}

export const encodeDomain = (database: DatabaseRecord): Uint8Array => frame('database', database)

export const decodeDomain = (bytes: Uint8Array, file: string): DatabaseRecord =>
  checkDatabaseRecord(unframe(bytes, 'database', file), { file, field: 'database' })

export function encodeTableIndex(index: TableIndex): Uint8Array {
  const columns = new ColumnNames()
  const chunks = index.chunks.map((chunk) => encodeChunk(chunk, columns))
  return frame('table', {
    database: index.database,
    table: index.table,
    ...(index.query === undefined ? {} : { query: index.query }),
    cid: index.cid,
    takenMs: index.takenMs,
    columns: columns.names,
    chunks,
  })
}

export function decodeTableIndex(bytes: Uint8Array, file: string): TableIndex {
  const place: Place = { file, field: '' }
  const o = asObject(unframe(bytes, 'table', file), place)
  const columns = asArray(o.columns, inside(place, 'columns')).map((c) => asText(c, inside(place, 'columns')))
  const database = checkDatabaseRecord(o.database, inside(place, 'database'))
  const table = checkTableRecord(o.table, inside(place, 'table'))
  if (table.db !== database.url) throw damagedMetadata(file, 'the table is of another database')
  const chunksPlace = inside(place, 'chunks')
  const chunks = asArray(o.chunks, chunksPlace).map((c) => decodeChunk(c, columns, chunksPlace))
  if (new Set(chunks.map((c) => c.path)).size !== chunks.length) throw damagedMetadata(file, 'a partition occurs twice')
  const index: TableIndex = {
    database,
    table,
    ...(o.query == null ? {} : { query: checkQuery(o.query, inside(place, 'query')) }),
    cid: asCounter(o.cid, inside(place, 'cid')),
    takenMs: asTimeMs(o.takenMs, inside(place, 'takenMs')),
    chunks,
  }
  for (const problem of indexProblems(index)) throw damagedMetadata(file, problem)
  return index
}

/** What is right field by field, and wrong as a whole. */
function* indexProblems({ database, table, query, chunks }: TableIndex): Iterable<string> {
  for (const problem of tableProblems(database, table)) yield `the table does not fit its database: ${problem}`
  const types = storedTypes(query === undefined ? table : { columns: query.columns })
  const ids = new Set<string>()
  for (const chunk of chunks) {
    const problem = pathProblem(database, table, chunk.path, true)
    if (problem !== undefined) yield `chunk ${chunk.path}: ${problem}`
    if (ids.has(chunk.chunkId)) yield `chunk ${chunk.path} has the identity of another one`
    ids.add(chunk.chunkId)
    for (const f of chunk.files) {
      const range = rangeProblem(types, f)
      if (range !== undefined) yield `file ${f.name} of chunk ${chunk.path}: ${range}`
    }
  }
}

function checkQuery(value: unknown, place: Place): BackupQuery {
  const o = asObject(value, place)
  const columns = checkColumns(o.columns, inside(place, 'columns'))
  for (const problem of columnProblems({ columns })) throw damagedMetadata(place.file, `${place.field}: ${problem}`)
  return { text: asText(o.text, inside(place, 'text'), 1 << 20), columns }
}

/** Column names of min/max are written once a file and referred to by position. */
export class ColumnNames {
  readonly names: string[] = []
  readonly #positions = new Map<string, number>()

  position(name: string): number {
    const known = this.#positions.get(name)
    if (known !== undefined) return known
    this.#positions.set(name, this.names.length)
    return this.names.push(name) - 1
  }
}

const FLAG_SORTED = 1
const FLAG_UNIQUE_KEYS = 2

/**
 * [chunkId, cid, rows, updateTimeMs, path, [file, ...]], a file being [name, rows, bytes, checksum, [[column, min, max], ...], cid, flags, [[column, nulls], ...]]; nil
 * where a fact is not known, and nothing after the ranges in sets of format 1.0.
 */
export function encodeChunk(chunk: SetChunk, columns: ColumnNames): unknown {
  return [
    chunk.chunkId,
    chunk.cid,
    chunk.rows,
    chunk.updateTimeMs,
    chunk.path,
    chunk.files.map((f) => [
      f.name,
      f.rows,
      f.bytes,
      f.checksum,
      Object.entries(f.minMax).map(([name, [min, max]]) => [columns.position(name), min, max]),
      f.cid ?? null,
      (f.sorted === true ? FLAG_SORTED : 0) + (f.uniqueKeys === true ? FLAG_UNIQUE_KEYS : 0),
      f.nulls === undefined ? null : Object.entries(f.nulls).map(([name, n]) => [columns.position(name), n]),
    ]),
  ]
}

export function decodeChunk(value: unknown, columns: readonly string[], place: Place): SetChunk {
  const [chunkId, cid, rows, updateTimeMs, path, files] = asArray(value, place)
  const chunkPath = checkPartitionPath(asText(path, place), place)
  const at = { file: place.file, field: `chunk ${chunkPath}` }
  const list = asArray(files, at).map((f) => decodeFile(f, columns, at))
  if (new Set(list.map((f) => f.name)).size !== list.length)
    throw damagedMetadata(place.file, `${at.field} names a file twice`)
  const total = asCount(rows, at)
  if (list.reduce((sum, f) => sum + f.rows, 0) !== total)
    throw damagedMetadata(place.file, `the rows of the files of ${at.field} do not add up`)
  return {
    chunkId: asText(chunkId, at, 64),
    cid: asCounter(cid, at),
    rows: total,
    updateTimeMs: asTimeMs(updateTimeMs, at),
    path: chunkPath,
    files: list,
  }
}

function decodeFile(value: unknown, columns: readonly string[], place: Place): SetFile {
  const [name, rows, bytes, checksum, bounds, cid, flags, nulls] = asArray(value, place)
  const columnName = (position: unknown): string => {
    const found = columns[asCount(position, place)]
    if (found === undefined) throw damagedMetadata(place.file, `${place.field} names an unknown column`)
    return found
  }
  const minMax = asArray(bounds, place).map((bound): [string, SetFile['minMax'][string]] => {
    const [column, min, max] = asArray(bound, place)
    return [columnName(column), [checkRaw(min, place), checkRaw(max, place)]]
  })
  const nullCounts = (list: unknown): [string, number][] =>
    asArray(list, place).map((entry) => {
      const [column, count] = asArray(entry, place)
      return [columnName(column), asCount(count, place)]
    })
  const marks = flags == null ? 0 : asCount(flags, place)
  return {
    name: checkName(asText(name, place), place),
    rows: asCount(rows, place),
    bytes: asCount(bytes, place),
    checksum: asChecksum(checksum, place),
    minMax: Object.fromEntries(minMax),
    ...(cid == null ? {} : { cid: asCounter(cid, place) }),
    ...(nulls == null ? {} : { nulls: Object.fromEntries(nullCounts(nulls)) }),
    ...((marks & FLAG_SORTED) === 0 ? {} : { sorted: true }),
    ...((marks & FLAG_UNIQUE_KEYS) === 0 ? {} : { uniqueKeys: true }),
  }
}
