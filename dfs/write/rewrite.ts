/**
 * update and delete. Of each chunk that can hold matching rows only those segments are written anew that do hold one, one at a time: memory is that of the
 * largest segment, not of the table. A new segment takes the commit id of the one that it replaces, and with it its place among the rows of the chunk.
 *
 * Where which rows count depends on the other segments of the chunk (rows that replace earlier ones of the same key), or rows are seen in sorted order, the
 * chunk is rewritten as a whole.
 */
import { inputError } from '../../runtime/errors.ts'
import { checkInterrupt } from '../../runtime/interrupt.ts'
import type { RowEdit, RowRewrite, Vector } from '../../runtime/values/index.ts'
import type { ChunkRecord, SegmentRef, StoredColumn, TableRecord } from '../catalog/types.ts'
import type { RewrittenChunk } from '../engine/commands.ts'
import { pruner } from '../partition/prune.ts'
import { hidesRows, rowOrder } from '../read/order.ts'
import type { DfsSession } from '../session.ts'
import { outcomeOfChunk, type PieceOutcome, replacement } from './chunk-outcome.ts'
import { type Piece, PieceReader, piecesOf, tableOf } from './chunk-pieces.ts'
import { changed, editsByPiece, rowsWithout, union } from './edits.ts'
import { columnOfHandle, currentPredicate } from './handle-columns.ts'
import { MovedRows } from './moved-rows.ts'
import { requireTexts } from './text-limits.ts'
import { type LockedTable, type Rewritten, runRewrite } from './transaction.ts'

/** Returns the number of rows changed. `handle` is the table as the statement sees its columns. */
export function rewriteRows(dfs: DfsSession, handle: TableRecord, tableName: string, change: RowRewrite): number {
  return runRewrite(dfs, {
    db: handle.db,
    tableName,
    operation: change.op === 'UPDATE' ? 'update' : 'delete',
    followsNewChunks: true,
    nothing: 0,
    lock: (database, table, view) => {
      const keep = pruner(database, table, currentPredicate(handle, table, change.predicate))
      const paths = Array.from(view.chunks(table.db, table.name), (c) => c.path)
      if (paths.length > 0 && change.everything) return undefined
      return keep === undefined ? paths : paths.filter(keep)
    },
    write: (locked) => new Rewrite(dfs, handle, locked, change).run(),
  })
}

interface RewrittenPart {
  readonly chunk: RewrittenChunk | undefined
  readonly touched: number
}

const NOTHING: RewrittenPart = { chunk: undefined, touched: 0 }

class Rewrite {
  readonly #locked: LockedTable
  readonly #change: RowRewrite
  readonly #reader: PieceReader
  /** Columns that the statement reads. */
  readonly #reads: readonly StoredColumn[]
  /** Positions of the columns that it writes, by the handle's name for them. */
  readonly #written: ReadonlyMap<string, number>
  readonly #predicate: RowRewrite['predicate']
  readonly #moved: MovedRows | undefined

  constructor(dfs: DfsSession, handle: TableRecord, locked: LockedTable, change: RowRewrite) {
    const { table } = locked
    this.#locked = locked
    this.#change = change
    this.#reader = new PieceReader(dfs, table)
    this.#reads = change.reads.map((name) => table.columns[columnOfHandle(handle, table, name)])
    this.#written = new Map(change.writes.map((name) => [name, columnOfHandle(handle, table, name)]))
    this.#predicate = currentPredicate(handle, table, change.predicate)
    const names = [...this.#written.values()].map((k) => table.columns[k].name)
    requireUpdatable(table, names)
    const moves = names.some((name) => table.partitionColumns.includes(name))
    this.#moved = moves ? new MovedRows(dfs, locked) : undefined
  }

  run(): Rewritten<number> {
    const { table, tid, chunks } = this.#locked
    const edits: RewrittenChunk[] = []
    let touched = 0
    for (const chunk of chunks) {
      checkInterrupt()
      const done = this.#rewriteChunk(chunk)
      touched += done.touched
      if (done.chunk !== undefined) edits.push(done.chunk)
    }
    const moved = this.#moved?.write()
    if (edits.length === 0 && moved === undefined) return { commit: undefined, result: touched }
    return {
      commit: {
        kind: 'rewrite',
        tid,
        op: this.#change.op,
        db: table.db,
        table: table.name,
        tableId: table.id,
        expectedSchemaVersion: table.schemaVersion,
        chunks: edits,
        append: moved?.append ?? [],
        newValues: moved?.newValues ?? [],
      },
      result: touched,
    }
  }

  #rewriteChunk(chunk: ChunkRecord): RewrittenPart {
    const { table } = this.#locked
    const { unit, everything } = this.#change
    const pieces = piecesOf(chunk)
    if (pieces.every((p) => p.rows === 0)) return NOTHING
    if (everything) return { chunk: replacement(chunk, pieces, []), touched: this.#reader.count(chunk) }
    if (hidesRows(rowOrder(table)) || (unit === 'partition' && table.sortColumns.length > 0))
      return this.#rewriteWhole(chunk, pieces)
    return unit === 'partition' ? this.#rewriteAtOnce(chunk, pieces) : this.#rewriteByPiece(chunk, pieces)
  }

  /** Each piece alone. */
  #rewriteByPiece(chunk: ChunkRecord, pieces: readonly Piece[]): RewrittenPart {
    let touched = 0
    const outcomes = pieces.map((piece): PieceOutcome => {
      if (!this.#reader.mayMatch(piece, this.#predicate)) return { piece, isWritten: false, segment: undefined }
      const edit = this.#edit(this.#reader.read(piece, this.#reads))
      touched += edit?.touched ?? 0
      return this.#outcome(chunk, piece, edit)
    })
    return { chunk: outcomeOfChunk(chunk, outcomes, (piece) => this.#write(chunk.path, piece, undefined)), touched }
  }

  /** The statement sees all rows of the chunk; pieces without a changed one stay. */
  #rewriteAtOnce(chunk: ChunkRecord, pieces: readonly Piece[]): RewrittenPart {
    const edit = this.#edit(this.#reader.readAll(pieces, this.#reads))
    if (edit === undefined) return NOTHING
    const edits = editsByPiece(
      edit,
      pieces.map((p) => p.rows),
    )
    const outcomes = pieces.map((piece, k) => this.#outcome(chunk, piece, edits[k]))
    const rewritten = outcomeOfChunk(chunk, outcomes, (piece) => this.#write(chunk.path, piece, undefined))
    return { chunk: rewritten, touched: edit.touched }
  }

  #outcome(chunk: ChunkRecord, piece: Piece, edit: RowEdit | undefined): PieceOutcome {
    if (edit === undefined) return { piece, isWritten: false, segment: undefined }
    return { piece, isWritten: true, segment: this.#write(chunk.path, piece, edit) }
  }

  /** All rows that count, in the order in which queries see them, become one segment. */
  #rewriteWhole(chunk: ChunkRecord, pieces: readonly Piece[]): RewrittenPart {
    const { table } = this.#locked
    const rows = this.#reader.readVisible(chunk)
    const edit = this.#edit(this.#reads.map((c) => rows[table.columns.indexOf(c)]))
    if (edit === undefined) return NOTHING
    const segment = this.#writeRows(chunk.path, rows, edit)
    const add = segment === undefined ? [] : [{ ...segment, cid: pieces[pieces.length - 1].cid }]
    return { chunk: replacement(chunk, pieces, add), touched: edit.touched }
  }

  #edit(columns: readonly Vector[]): RowEdit | undefined {
    const { table } = this.#locked
    const edit = this.#change.edit(tableOf(this.#change.reads, columns))
    for (const { column, values } of edit?.changes ?? [])
      requireTexts(table, [table.columns[this.#written.get(column)!]], [values])
    return edit
  }

  #write(path: string, piece: Piece, edit: RowEdit | undefined): SegmentRef | undefined {
    if (edit?.deleted?.length === piece.rows) return undefined
    const segment = this.#writeRows(path, this.#reader.read(piece, this.#locked.table.columns), edit)
    return segment && { ...segment, cid: piece.cid }
  }

  #writeRows(path: string, columns: Vector[], edit: RowEdit | undefined): SegmentRef | undefined {
    const rows = columns[0].length
    for (const [name, k] of this.#written) {
      const own = edit?.changes?.filter((c) => c.column === name) ?? []
      if (own.length > 0) columns[k] = changed(columns[k], own)
    }
    const gone = union(edit?.deleted, edit === undefined ? undefined : this.#moved?.take(path, columns, edit))
    if (gone?.length === rows) return undefined
    return this.#locked.segments.write(path, columns, rowsWithout(rows, gone))
  }
}

function requireUpdatable(table: TableRecord, names: readonly string[]): void {
  const column = names.find((name) => table.partitionColumns.includes(name))
  if (column === undefined || !hidesRows(rowOrder(table))) return
  throw inputError(
    `The partition column [${column}] can't be updated: the table keeps one row for each key (keepDuplicates is not ALL).`,
    { code: 'partitionColumn', where: { db: table.db, table: table.name } },
  )
}
