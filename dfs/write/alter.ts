/**
 * Changing the columns of a stored table. Segments know columns by stored names, so that adding, dropping and renaming touch no row; a new type is a new
 * stored name, and the rows are written anew under it. A stored name is never used twice: a column with the name of a dropped one starts with nulls.
 */
import { inputError, usageError } from '../../runtime/errors.ts'
import { castVector } from '../../runtime/ops/cast.ts'
import {
  type ColumnChange,
  type ColumnSchema,
  categoryOf,
  elementType,
  isArrayType,
  isDecimal,
  T,
  type TypeId,
  typeName,
  type Vector,
} from '../../runtime/values/index.ts'
import { type DatabaseRecord, type StoredColumn, storedName, type TableRecord } from '../catalog/types.ts'
import type { EngineCommand, RewrittenChunk } from '../engine/commands.ts'
import { arrowType } from '../segment/column-type.ts'
import type { DfsSession } from '../session.ts'
import { outcomeOfChunk, type PieceOutcome } from './chunk-outcome.ts'
import { PieceReader, piecesOf } from './chunk-pieces.ts'
import { columnNamed } from './handle-columns.ts'
import { retryWhenStale, whenUnlocked } from './retry.ts'
import { type LockedTable, type Rewritten, requireTable, runRewrite } from './transaction.ts'

type Altered = Pick<
  EngineCommand & { readonly kind: 'alterTable' },
  'columns' | 'retired' | 'unfilledColumns' | 'compressMethods' | 'comment'
>

export function alterColumns(dfs: DfsSession, db: string, tableName: string, change: ColumnChange): void {
  if (change.kind === 'retype') retypeColumn(dfs, db, tableName, change)
  else
    alter(dfs, db, tableName, change.kind === 'drop' ? 'dropColumns' : 'alterTable', (database, table) => {
      switch (change.kind) {
        case 'add':
          return withAdded(table, change.columns)
        case 'drop':
          return withDropped(database, table, change.columns)
        case 'rename':
          return withRenamed(database, table, change.column, change.to)
      }
    })
}

/** The comments of some columns, by name. */
export function setColumnComments(
  dfs: DfsSession,
  db: string,
  tableName: string,
  comments: ReadonlyMap<string, string>,
): void {
  alter(dfs, db, tableName, 'alterTable', (_, table) => {
    const named = new Map(Array.from(comments, ([name, text]) => [requireColumn(table, name), text]))
    return {
      ...unchanged(table),
      columns: table.columns.map((c) => (named.has(c) ? { ...c, comment: named.get(c) } : c)),
    }
  })
}

export function setTableComment(dfs: DfsSession, db: string, tableName: string, comment: string): void {
  alter(dfs, db, tableName, 'alterTable', (_, table) => ({ ...unchanged(table), comment }))
}

function alter(
  dfs: DfsSession,
  db: string,
  tableName: string,
  operation: 'alterTable' | 'dropColumns',
  edit: (database: DatabaseRecord, table: TableRecord) => Altered,
): void {
  retryWhenStale(() => {
    const { database, table } = requireTable(dfs.view(), db, tableName)
    dfs.requireAccess(operation, database, table)
    const altered = edit(database, table)
    whenUnlocked(dfs, database, () => dfs.request({ ...commandOf(table), ...altered }))
  })
}

const commandOf = (table: TableRecord) =>
  ({
    kind: 'alterTable',
    db: table.db,
    table: table.name,
    tableId: table.id,
    expectedSchemaVersion: table.schemaVersion,
  }) as const

const unchanged = (table: TableRecord): Altered => ({ columns: table.columns, retired: table.retired ?? [] })

// ---------------------------------------------------------------------------------------------------------------------
// Rules

function requireColumn(table: TableRecord, name: string): StoredColumn {
  const column = columnNamed(table.columns, name)
  if (column !== undefined) return column
  throw inputError(`The column [${name}] does not exist.`, {
    code: 'columnMissing',
    where: { db: table.db, table: table.name },
  })
}

/** What only tables of the engine OLAP allow, and never for partition columns. */
function requireFree(database: DatabaseRecord, table: TableRecord, column: StoredColumn, what: string): void {
  const where = { db: table.db, table: table.name, column: column.name }
  if (database.engine !== 'OLAP')
    throw inputError(
      `A column can be ${what} only in tables of the engine OLAP; the engine of ${table.db} is ${database.engine}.`,
      { refId: 'S01064', where },
    )
  if (table.partitionColumns.includes(column.name))
    throw inputError(`The partition column [${column.name}] can't be ${what}.`, { refId: 'S01065', where })
}

function requireNewName(columns: readonly ColumnSchema[], name: string): void {
  if (columns.some((c) => c.name.toLowerCase() === name.toLowerCase()))
    throw inputError(`A column with name ${name} already exists in table.`, { refId: 'S01014' })
  if (name === '' || Buffer.byteLength(name) > 255)
    throw inputError(`The name of a column must have 1 to 255 bytes: [${name.slice(0, 60)}].`, { code: 'columnName' })
}

/** A name for a new column in segments: its own, unless another column has or had that. */
function newStoredName(table: TableRecord, taken: readonly StoredColumn[], name: string): string {
  const used = new Set([...(table.retired ?? []), ...table.columns.map(storedName), ...taken.map(storedName)])
  let stored = name
  for (let n = 2; used.has(stored); n++) stored = `${name}#${n}`
  return stored
}

const column = (schema: ColumnSchema, stored: string): StoredColumn =>
  stored === schema.name ? schema : { ...schema, stored }

// ---------------------------------------------------------------------------------------------------------------------
// Changes that touch no row

function withAdded(table: TableRecord, added: readonly ColumnSchema[]): Altered {
  const columns: StoredColumn[] = [...table.columns]
  for (const { name, type, scale } of added) {
    requireNewName(columns, name)
    const element = elementType(type)
    if (element === T.ANY || element === T.VOID)
      throw inputError(`The column [${name}] of type ${typeName(type)} can't be stored.`, { code: 'columnType' })
    arrowType(type, scale)
    const schema = { name, type, ...(isDecimal(element) ? { scale } : {}) }
    columns.push(column(schema, newStoredName(table, columns, name)))
  }
  return { ...unchanged(table), columns, unfilledColumns: (table.unfilledColumns ?? 0) + added.length }
}

function withDropped(database: DatabaseRecord, table: TableRecord, names: readonly string[]): Altered {
  if (names.length !== 1)
    throw usageError('dropColumns!(table, colNames)', 'Of a stored table one column is dropped a call.')
  const gone = requireColumn(table, names[0])
  requireFree(database, table, gone, 'dropped')
  if (table.columns.length === 1)
    throw inputError(`The column [${gone.name}] is the last one of the table.`, { code: 'lastColumn' })
  const at = table.columns.indexOf(gone)
  const unfilled = table.unfilledColumns ?? 0
  const { [gone.name]: _, ...compressMethods } = table.compressMethods
  return {
    columns: table.columns.filter((c) => c !== gone),
    retired: [...(table.retired ?? []), storedName(gone)],
    unfilledColumns: at >= table.columns.length - unfilled ? unfilled - 1 : unfilled,
    compressMethods,
  }
}

function withRenamed(database: DatabaseRecord, table: TableRecord, name: string, to: string): Altered {
  const renamed = requireColumn(table, name)
  requireFree(database, table, renamed, 'renamed')
  requireNewName(
    table.columns.filter((c) => c !== renamed),
    to,
  )
  const { [renamed.name]: method, ...others } = table.compressMethods
  const stored = storedName(renamed)
  const { stored: _, ...schema } = renamed
  return {
    ...unchanged(table),
    columns: table.columns.map((c) => (c === renamed ? column({ ...schema, name: to }, stored) : c)),
    compressMethods: method === undefined ? others : { ...others, [to]: method },
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Another type

function retypeColumn(
  dfs: DfsSession,
  db: string,
  tableName: string,
  change: ColumnChange & { readonly kind: 'retype' },
): void {
  const retyped = (table: TableRecord): TableRecord => {
    const old = requireColumn(table, change.column)
    const schema: ColumnSchema = { name: old.name, type: change.type, ...(old.comment ? { comment: old.comment } : {}) }
    const fresh = column(schema, newStoredName(table, [], old.name))
    return { ...table, columns: table.columns.map((c) => (c === old ? fresh : c)) }
  }
  runRewrite(dfs, {
    db,
    tableName,
    operation: 'alterTable',
    isExclusive: true,
    followsNewChunks: false,
    nothing: undefined,
    written: retyped,
    lock: (database, table) => {
      const old = requireColumn(table, change.column)
      requireFree(database, table, old, 'replaced')
      requireConvertible(old, change.type)
      return undefined
    },
    write: (locked) => writeRetyped(dfs, locked, change, retyped(locked.table)),
  })
}

/** Types between which values keep their meaning. SYMBOL and DECIMAL are not among them, as documented. */
function requireConvertible(old: StoredColumn, to: TypeId): void {
  const [from, target] = [categoryOf(old.type), categoryOf(to)]
  const refused = [old.type, to].find((t) => t === T.SYMBOL || isDecimal(elementType(t)) || isArrayType(t))
  const numbers = ['logical', 'integral', 'floating']
  const fits = from === target || (numbers.includes(from) && numbers.includes(target))
  if (refused === undefined && fits && to !== T.VOID && to !== T.ANY) return
  throw inputError(
    `The column [${old.name}] of type ${typeName(old.type, old.scale)} can't be replaced by one of type ${typeName(to)}.`,
    { code: 'columnType' },
  )
}

function writeRetyped(
  dfs: DfsSession,
  { table, chunks, segments, tid }: LockedTable,
  change: ColumnChange & { readonly kind: 'retype' },
  after: TableRecord,
): Rewritten<undefined> {
  const at = table.columns.findIndex((c, k) => c !== after.columns[k])
  const old = table.columns[at]
  const reader = new PieceReader(dfs, table)
  const write = (path: string, piece: Parameters<PieceReader['read']>[0]) => {
    const columns: Vector[] = reader.read(piece, table.columns)
    columns[at] = castVector(columns[at], change.type)
    return { ...segments.write(path, columns), cid: piece.cid }
  }
  const rewritten = chunks.flatMap((chunk): RewrittenChunk[] => {
    const outcomes = piecesOf(chunk).map((piece): PieceOutcome => {
      // A piece that is older than the column lacks it under either name.
      const isWritten = piece.rows > 0 && reader.has(piece, old)
      return { piece, isWritten, segment: isWritten ? write(chunk.path, piece) : undefined }
    })
    const done = outcomeOfChunk(chunk, outcomes, (piece) => write(chunk.path, piece))
    return done === undefined ? [] : [done]
  })
  const { [old.name]: _, ...compressMethods } = table.compressMethods
  return {
    result: undefined,
    commit: {
      ...commandOf(table),
      columns: after.columns,
      retired: [...(table.retired ?? []), storedName(old)],
      compressMethods,
      tid,
      chunks: rewritten,
    },
  }
}
