/**
 * upsert: each new row updates the first row with its key, or is inserted. The key is that of the call and the partition columns, so that a chunk is searched for
 * the new rows that belong to it alone; only segments that hold one of them are written anew, and inserted rows become a segment of their own.
 *
 * Rows that an append inserts while an upsert runs are not seen by it.
 */
import { rowKey } from '../../runtime/builtins/table-keys.ts'
import { inputError, usageError } from '../../runtime/errors.ts'
import { checkInterrupt } from '../../runtime/interrupt.ts'
import { sortIndices } from '../../runtime/kernels/sort.ts'
import {
  type ColumnEdit,
  type ColumnPredicate,
  isArrayType,
  isLiteral,
  T,
  type Table,
  type UpsertCounts,
  type UpsertOptions,
  type Vector,
} from '../../runtime/values/index.ts'
import type { ChunkRecord, DatabaseRecord, SegmentRef, TableRecord } from '../catalog/types.ts'
import type { RewrittenChunk } from '../engine/commands.ts'
import type { Routing } from '../partition/route.ts'
import { joinPieces } from '../read/gather.ts'
import { hidesRows, rowOrder } from '../read/order.ts'
import type { DfsSession } from '../session.ts'
import { appendRows } from './append.ts'
import { outcomeOfChunk, type PieceOutcome, replacement } from './chunk-outcome.ts'
import { type Piece, PieceReader, piecesOf } from './chunk-pieces.ts'
import { changed } from './edits.ts'
import { columnOfHandle } from './handle-columns.ts'
import { convertRows, type Incoming, routeToPartitions } from './incoming.ts'
import { type LockedTable, type Rewritten, runRewrite } from './transaction.ts'

const SIGNATURE = 'upsert!(obj, newData, [ignoreNull=false], [keyColNames], [sortColumns])'

export function upsertRows(
  dfs: DfsSession,
  handle: TableRecord,
  tableName: string,
  rows: Table,
  options: UpsertOptions,
): UpsertCounts {
  if (handle.primaryKey !== undefined) return upsertByPrimaryKey(dfs, handle, tableName, rows, options)
  if (options.keyColumns.length === 0) throw usageError(SIGNATURE, 'keyColNames must name columns of the table.')
  let incoming: (Incoming & { readonly routing: Routing; readonly schemaVersion: number }) | undefined
  const prepare = (database: DatabaseRecord, table: TableRecord) => {
    if (incoming?.schemaVersion === table.schemaVersion) return incoming
    const converted = convertRows(table, rows)
    const { columns } = converted
    const routing: Routing =
      rows.rows === 0 ? { parts: [], kept: 0, newValues: [] } : routeToPartitions(database, table, columns, dfs.config)
    incoming = { ...converted, routing, schemaVersion: table.schemaVersion }
    return incoming
  }
  return runRewrite(dfs, {
    db: handle.db,
    tableName,
    operation: 'update',
    followsNewChunks: false,
    nothing: { inserted: 0, updated: 0 },
    lock: (database, table) => prepare(database, table).routing.parts.map((p) => p.path),
    write: (locked) => {
      const { columns, routing, fillsColumns } = prepare(locked.database, locked.table)
      return new Upsert(dfs, handle, locked, options).run(columns, routing, fillsColumns)
    },
  })
}

/** The row written last for a key is the one that counts, so that appending is enough. */
function upsertByPrimaryKey(
  dfs: DfsSession,
  handle: TableRecord,
  tableName: string,
  rows: Table,
  { ignoreNull, keyColumns, sortColumns }: UpsertOptions,
): UpsertCounts {
  if (ignoreNull || keyColumns.length + sortColumns.length > 0)
    throw usageError(SIGNATURE, 'A table of the engine PKEY takes none of ignoreNull, keyColNames and sortColumns.')
  return { inserted: appendRows(dfs, handle.db, tableName, rows), updated: 0 }
}

/** New rows of one chunk by key, in the order in which the keys come first. */
interface Keyed {
  /** Numbers of the new rows of each key. */
  readonly groups: readonly (readonly number[])[]
  readonly groupOf: ReadonlyMap<string, number>
}

/** Rows of a piece, or of a whole chunk, that have the key of new rows. */
interface Hits {
  readonly rows: number[]
  readonly groups: number[]
}

class Upsert {
  readonly #locked: LockedTable
  readonly #reader: PieceReader
  readonly #ignoreNull: boolean
  /** Positions of columns in the table. */
  readonly #keys: readonly number[]
  readonly #sortBy: readonly number[]

  constructor(dfs: DfsSession, handle: TableRecord, locked: LockedTable, options: UpsertOptions) {
    const { table, database } = locked
    if (options.sortColumns.length > 0 && database.engine !== 'OLAP')
      throw inputError('The sortColumns of upsert! are for tables of the engine OLAP.', { code: 'sortColumns' })
    this.#locked = locked
    this.#reader = new PieceReader(dfs, table)
    this.#ignoreNull = options.ignoreNull
    const position = (name: string): number => columnOfHandle(handle, table, name)
    const partition = table.partitionColumns.map((name) => table.columns.findIndex((c) => c.name === name))
    this.#keys = [...new Set([...options.keyColumns.map(position), ...partition])]
    this.#sortBy = options.sortColumns.map(position)
    const array = this.#keys.find((k) => isArrayType(table.columns[k].type))
    if (array !== undefined)
      throw usageError(SIGNATURE, `The array vector [${table.columns[array].name}] can't be part of a key.`)
  }

  run(columns: readonly Vector[], routing: Routing, fillsColumns: boolean): Rewritten<UpsertCounts> {
    const { table, tid } = this.#locked
    const chunks: RewrittenChunk[] = []
    const append: { readonly path: string; readonly segments: readonly SegmentRef[] }[] = []
    let inserted = 0
    for (const { path, rows } of routing.parts) {
      checkInterrupt()
      const incoming = rows === undefined ? columns : columns.map((v) => v.gather(rows))
      const chunk = this.#locked.chunks.find((c) => c.path === path)
      const keyed = this.#keyed(incoming)
      const done =
        chunk !== undefined && (this.#sortBy.length > 0 || hidesRows(rowOrder(table)))
          ? this.#upsertWhole(chunk, incoming, keyed)
          : this.#upsertByPiece(path, chunk, incoming, keyed)
      inserted += done.inserted
      if (done.chunk !== undefined) chunks.push(done.chunk)
      if (done.segment !== undefined) append.push({ path, segments: [done.segment] })
    }
    return {
      commit: {
        kind: 'rewrite',
        tid,
        op: 'UPDATE',
        db: table.db,
        table: table.name,
        tableId: table.id,
        expectedSchemaVersion: table.schemaVersion,
        chunks,
        append,
        newValues: routing.newValues.map(({ level, scheme }) => ({ level, values: scheme })),
        fillsColumns,
      },
      result: { inserted, updated: routing.kept - inserted },
    }
  }

  #keyed(incoming: readonly Vector[]): Keyed {
    const keys = this.#keys.map((k) => incoming[k])
    const groupOf = new Map<string, number>()
    const groups: number[][] = []
    for (let row = 0; row < incoming[0].length; row++) {
      const key = rowKey(keys, row)
      const group = groupOf.get(key)
      if (group === undefined) {
        groupOf.set(key, groups.length)
        groups.push([row])
      } else groups[group].push(row)
    }
    return { groups, groupOf }
  }

  #upsertByPiece(
    path: string,
    chunk: ChunkRecord | undefined,
    incoming: readonly Vector[],
    keyed: Keyed,
  ): { readonly chunk?: RewrittenChunk; readonly segment?: SegmentRef; readonly inserted: number } {
    const found = new Uint8Array(keyed.groups.length)
    const { columns } = this.#locked.table
    const keyColumns = this.#keys.map((k) => columns[k])
    const predicate = this.#predicate(incoming)
    const outcomes = (chunk === undefined ? [] : piecesOf(chunk)).map((piece): PieceOutcome => {
      const hits = this.#reader.mayMatch(piece, predicate)
        ? hitsIn(this.#reader.read(piece, keyColumns), keyed, found)
        : NO_HITS
      if (hits.rows.length === 0) return { piece, isWritten: false, segment: undefined }
      const rows = this.#reader.read(piece, columns)
      return {
        piece,
        isWritten: true,
        segment: this.#writePiece(path, piece, this.#updated(rows, incoming, hits, keyed)),
      }
    })
    const rewritten =
      chunk && outcomeOfChunk(chunk, outcomes, (p) => this.#writePiece(path, p, this.#reader.read(p, columns)))
    const fresh = this.#freshRows(incoming, keyed, found)
    const inserted = fresh?.[0].length ?? 0
    if (fresh === undefined) return { chunk: rewritten, inserted }
    return { chunk: rewritten, inserted, segment: this.#locked.segments.write(path, this.#inOrder(fresh)) }
  }

  /** Rows that hide others, or are to be sorted, concern the chunk as a whole. */
  #upsertWhole(
    chunk: ChunkRecord,
    incoming: readonly Vector[],
    keyed: Keyed,
  ): { readonly chunk?: RewrittenChunk; readonly segment?: SegmentRef; readonly inserted: number } {
    const pieces = piecesOf(chunk)
    const rows = this.#reader.readVisible(chunk)
    const found = new Uint8Array(keyed.groups.length)
    const keys = this.#keys.map((k) => rows[k])
    const updated = this.#updated(rows, incoming, hitsIn(keys, keyed, found), keyed)
    const fresh = this.#freshRows(incoming, keyed, found)
    const parts = [updated, fresh ?? []].filter((v) => v.length > 0 && v[0].length > 0)
    const blocks = parts.map((columns) => ({ columns, from: 0, to: columns[0].length }))
    const whole = updated.map((_, k) => joinPieces(blocks, k))
    const segment = this.#locked.segments.write(chunk.path, this.#inOrder(whole))
    const inserted = fresh?.[0].length ?? 0
    if (pieces.length === 0) return { segment, inserted }
    return { chunk: replacement(chunk, pieces, [{ ...segment, cid: pieces[pieces.length - 1].cid }]), inserted }
  }

  #writePiece(path: string, piece: Piece, columns: readonly Vector[]): SegmentRef {
    return { ...this.#locked.segments.write(path, columns), cid: piece.cid }
  }

  #inOrder(columns: readonly Vector[]): readonly Vector[] {
    if (this.#sortBy.length === 0) return columns
    const order = sortIndices(
      this.#sortBy.map((k) => columns[k]),
      this.#sortBy.map(() => true),
    )
    return columns.map((v) => v.gather(order))
  }

  /** Rows with the values of the new rows that have their keys. */
  #updated(rows: readonly Vector[], incoming: readonly Vector[], hits: Hits, { groups }: Keyed): Vector[] {
    if (hits.rows.length === 0) return [...rows]
    return rows.map((v, c) => {
      if (this.#keys.includes(c)) return v
      return changed(v, [this.#edit(incoming[c], hits.rows, (k) => groups[hits.groups[k]])])
    })
  }

  /** The new rows whose keys were not found; of one key the later ones update the first. */
  #freshRows(incoming: readonly Vector[], { groups }: Keyed, found: Uint8Array): Vector[] | undefined {
    const fresh = groups.filter((_, g) => found[g] === 0)
    if (fresh.length === 0) return undefined
    const first = Int32Array.from(fresh, (rows) => rows[0])
    const isPlain = fresh.every((rows) => rows.length === 1)
    return incoming.map((v, c) => {
      const base = v.gather(first)
      if (isPlain || this.#keys.includes(c)) return base
      const places = fresh.map((_, k) => k)
      return changed(base, [this.#edit(v, places, (k) => fresh[k])])
    })
  }

  /** The values of new rows, in their order, for the places that they update. */
  #edit(
    v: Vector,
    places: readonly number[],
    newRows: (k: number) => readonly number[],
  ): Pick<ColumnEdit, 'rows' | 'values'> {
    const rows: number[] = []
    const from: number[] = []
    places.forEach((place, k) => {
      for (const row of newRows(k)) {
        if (this.#ignoreNull && v.isNullAt(row)) continue
        rows.push(place)
        from.push(row)
      }
    })
    return { rows: Int32Array.from(rows), values: v.gather(Int32Array.from(from)) }
  }

  /** Segments outside of the range of the first key column need not be read. */
  #predicate(incoming: readonly Vector[]): ColumnPredicate | undefined {
    const { name, type } = this.#locked.table.columns[this.#keys[0]]
    const v = incoming[this.#keys[0]]
    if (v.length > PREDICATE_VALUES_MAX) return undefined
    const values = Array.from({ length: v.length }, (_, k) => v.raw(k))
    for (let k = 0; k < v.length; k++) if (v.isNullAt(k)) return undefined
    return { kind: 'in', column: name, type: isLiteral(type) ? T.STRING : type, values }
  }
}

/** A longer list costs more to compare than it saves. */
const PREDICATE_VALUES_MAX = 1000

const NO_HITS: Hits = { rows: [], groups: [] }

/** The first row of each key that was not found before. */
function hitsIn(keys: readonly Vector[], { groupOf }: Keyed, found: Uint8Array): Hits {
  const hits: Hits = { rows: [], groups: [] }
  const rows = keys[0].length
  for (let row = 0; row < rows; row++) {
    const group = groupOf.get(rowKey(keys, row))
    if (group === undefined || found[group] === 1) continue
    found[group] = 1
    hits.rows.push(row)
    hits.groups.push(group)
  }
  return hits
}
