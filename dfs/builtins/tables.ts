/** Tables of a database: creating, loading, renaming, dropping (specification of the store, sections 3, 4 and 6). */
import { randomUUID } from 'node:crypto'
import { type Arg, boolArg, textArg, textListArg } from '../../runtime/builtins/args.ts'
import { inputError, usageError } from '../../runtime/errors.ts'
import { topicTable } from '../../runtime/registry.ts'
import type { Session } from '../../runtime/session.ts'
import {
  type ColumnSchema,
  elementType,
  isDecimal,
  Scalar,
  SourceTable,
  T,
  Table,
  typeName,
} from '../../runtime/values/index.ts'
import type { Operation } from '../access/index.ts'
import type { DatabaseRecord, Scheme, TableRecord } from '../catalog/types.ts'
import { MemoryTableSource } from '../memory-table/source.ts'
import { TablesSource } from '../memory-table/tables.ts'
import { partitionColumnTypeError } from '../partition/scheme.ts'
import { arrowType } from '../segment/column-type.ts'
import { ChunkTableSource } from '../table-source.ts'
import { setColumnComments, setTableComment } from '../write/alter.ts'
import { isMissing, urlArg } from './backup-host.ts'
import { urlOrText } from './databases.ts'
import { comingFeature, databaseArg, dfsOf, placeOf, tableOfDatabase } from './store-args.ts'
import { columnNamed, type StorageArgs, storageOptions } from './table-options.ts'

const { entries, define } = topicTable('Tables of databases')
export const tableFunctions = entries

interface TableOptions {
  readonly db: DatabaseRecord
  readonly columns: readonly ColumnSchema[]
  readonly name: string
  readonly partitionColumns: readonly string[]
  readonly tableComment: Arg
  readonly storage: StorageArgs
}

const PARTITIONED =
  "createPartitionedTable(dbHandle, table, tableName, [partitionColumns], [compressMethods], [sortColumns], [keepDuplicates=ALL], [sortKeyMappingFunction], [softDelete=false], [indexes], [latestKeyCache=false], [compressHashSortKey=true], [encryptMode='plaintext'], [tableComment], [primaryKey])"

define(PARTITIONED, {
  doc: 'Creates a partitioned table with the columns of `table` (its rows are not written) and returns its handle. partitionColumns names one column for each level of the database. TSDB databases need sortColumns; of rows that are equal on all of them in a partition keepDuplicates=LAST or FIRST shows one. PKEY databases need primaryKey (or the same list in the place of sortColumns), which contains the partition columns: a new row replaces the one with its key. compressMethods, sortKeyMappingFunction, softDelete, indexes (bloomfilter), latestKeyCache and compressHashSortKey are kept for `schema` and change no result. On a database without a directory (`database("", VALUE, 1..9)`) the table lies in memory and belongs to the session; of a tuple of tables each is a partition, and those that are shared show what is written to them later.',
  call: (args, session) => {
    const [handle, table, tableName, partitionColumns, compressMethods, sortColumns, keepDuplicates] = args
    const [, , , , , , , sortKeyMappingFunction, softDelete, indexes, latestKeyCache, compressHashSortKey] = args
    const [, , , , , , , , , , , , encryptMode, tableComment, primaryKey] = args
    const schemes = schemesInMemory(handle)
    if (schemes !== undefined) return inMemory(session, schemes, table, tableName, partitionColumns)
    const db = manageable(session, handle, PARTITIONED)
    const columns = columnsOf(table, PARTITIONED)
    return create(session, PARTITIONED, {
      db,
      columns,
      name: nameOf(tableName, PARTITIONED),
      partitionColumns: partitionColumnsOf(db, columns, partitionColumns),
      tableComment,
      storage: {
        ...{ compressMethods, sortColumns, keepDuplicates, sortKeyMappingFunction, softDelete, indexes },
        ...{ latestKeyCache, compressHashSortKey, encryptMode, primaryKey },
      },
    })
  },
})

/** The partition schemes of the handle of a database without a directory. */
export function schemesInMemory(handle: Arg): readonly Scheme[] | undefined {
  if (handle?.kind !== 'resource' || handle.resourceType !== 'scheme') return undefined
  return (handle.payload as { readonly schemes: readonly Scheme[] }).schemes
}

function inMemory(session: Session, schemes: readonly Scheme[], table: Arg, tableName: Arg, key: Arg): SourceTable {
  const name = isMissing(tableName) ? '' : textArg(tableName, PARTITIONED, 'tableName')
  const partitionedBy = (columns: readonly ColumnSchema[]): readonly string[] =>
    schemes[0]?.kind === 'SEQ' ? [] : partitionColumnsOf({ url: 'the database', schemes }, columns, key)
  if (table?.kind === 'vector' && table.storage === 'any') {
    const tables = table.values.flatMap((t) => (t instanceof Table ? [t] : []))
    const types = tables.map((t) =>
      t
        .schema()
        .map((c) => `${c.name} ${typeName(c.type, c.scale)}`)
        .join(),
    )
    if (tables.length === 0 || tables.length < table.values.length || types.some((t) => t !== types[0]))
      throw usageError(PARTITIONED, 'table must be a table, or a tuple of tables in memory with the same columns.')
    return new SourceTable(new TablesSource(name, tables, partitionedBy(tables[0].schema())))
  }
  const columns = columnsOf(table, PARTITIONED)
  const keyColumns = table instanceof Table ? (table.keyColumns ?? []).map((k) => columns[k].name) : []
  return new SourceTable(
    new MemoryTableSource({
      schemes,
      tableName: name,
      columns,
      partitionColumns: partitionedBy(columns),
      keyColumns,
      config: dfsOf(session).config,
    }),
  )
}

const DIMENSION =
  "createTable(dbHandle, table, tableName, [compressMethods], [sortColumns], [keepDuplicates=ALL], [softDelete=false], [indexes], [encryptMode='plaintext'], [tableComment], [primaryKey])"

define(DIMENSION, {
  doc: 'Creates a dimension table (one that is not partitioned) with the columns of `table` and returns its handle. sortColumns, keepDuplicates, primaryKey and the others are as in createPartitionedTable.',
  aliases: ['createDimensionTable'],
  call: (args, session) => {
    const [handle, table, tableName, compressMethods, sortColumns, keepDuplicates, softDelete, indexes] = args
    const [, , , , , , , , encryptMode, tableComment, primaryKey] = args
    return create(session, DIMENSION, {
      db: manageable(session, handle, DIMENSION),
      columns: columnsOf(table, DIMENSION),
      name: nameOf(tableName, DIMENSION),
      partitionColumns: [],
      tableComment,
      storage: { compressMethods, sortColumns, keepDuplicates, softDelete, indexes, encryptMode, primaryKey },
    })
  },
})

function manageable(session: Session, handle: Arg, signature: string): DatabaseRecord {
  if (handle?.kind === 'resource' && handle.resourceType === 'scheme')
    throw comingFeature('A dimension table in memory', 'use table(), or a database with a dfs:// url')
  const db = databaseArg(session, handle, signature)
  dfsOf(session).requireAccess('createTable', db)
  return db
}

function create(session: Session, signature: string, options: TableOptions): SourceTable {
  const { db, columns, name, partitionColumns } = options
  const storage = storageOptions({ db, columns, partitionColumns, signature }, options.storage)
  const dfs = dfsOf(session)
  if (dfs.view().table(db.url, name) !== undefined)
    throw inputError(`The table [${name}] already exists.`, { code: 'tableExists', where: { db: db.url, table: name } })
  const table: TableRecord = {
    db: db.url,
    name,
    id: randomUUID(),
    physicalIndex: '',
    columns,
    partitionColumns,
    ...storage,
    comment: isMissing(options.tableComment) ? '' : textArg(options.tableComment, signature, 'tableComment'),
    owner: session.user,
    createdMs: session.now(),
    schemaVersion: 1,
  }
  dfs.request({ kind: 'createTable', table })
  return new SourceTable(dfs.source(db.url, name))
}

const nameOf = (v: Arg, signature: string): string => checkTableName(textArg(v, signature, 'tableName'))

/** Throws `tableName` for a name that no table may get. */
export function checkTableName(name: string): string {
  if (!/^\p{L}[\p{L}\p{N}_]*$/u.test(name) || Buffer.byteLength(name) > 200)
    throw inputError(
      `[${name}] is not a valid name of a table: it must begin with a letter, and hold letters, digits and underscores only.`,
      { code: 'tableName' },
    )
  return name
}

function columnsOf(v: Arg, signature: string): readonly ColumnSchema[] {
  if (v?.kind === 'vector' && v.storage === 'any') throw comingFeature('A partitioned table made of a tuple of tables')
  if (!(v instanceof Table) && !(v instanceof SourceTable)) throw usageError(signature, 'table must be a table.')
  const schema = v instanceof Table ? v.schema() : v.source.schema()
  const seen = new Set<string>()
  return schema.map(({ name, type, scale, comment }) => {
    const element = elementType(type)
    if (element === T.ANY || element === T.VOID)
      throw inputError(`The column [${name}] of type ${typeName(type)} can't be stored.`, { code: 'columnType' })
    arrowType(type, scale)
    if (name === '' || Buffer.byteLength(name) > 255)
      throw inputError(`The name of a column must have 1 to 255 bytes: [${name.slice(0, 60)}].`, { code: 'columnName' })
    if (seen.has(name.toLowerCase())) throw inputError(`Duplicated column name [${name}].`, { code: 'columnName' })
    seen.add(name.toLowerCase())
    return { name, type, ...(isDecimal(element) ? { scale } : {}), ...(comment ? { comment } : {}) }
  })
}

function partitionColumnsOf(
  db: Pick<DatabaseRecord, 'schemes' | 'url'>,
  columns: readonly ColumnSchema[],
  v: Arg,
): readonly string[] {
  const names = isMissing(v) ? [] : textListArg(v, PARTITIONED, 'partitionColumns')
  if (names.length !== db.schemes.length)
    throw usageError(
      PARTITIONED,
      `partitionColumns must name one column for each of the ${db.schemes.length} partition level(s) of ${db.url}.`,
    )
  return names.map((name, level) => {
    const column = columnNamed(columns, name, 'partition column')
    const error = partitionColumnTypeError(db.schemes[level], column)
    if (error !== undefined)
      throw inputError(error, { code: 'partitionType', where: { db: db.url, column: column.name } })
    return column.name
  })
}

const LOAD = 'loadTable(database, tableName, [partitions], [memoryMode=false])'

define(LOAD, {
  doc: 'The handle of a table of a database, given by url or handle. No rows are read. partitions and memoryMode are for local databases and refused.',
  call: ([database, tableName, partitions, memoryMode], session) => {
    if (!isMissing(partitions) || boolArg(memoryMode, LOAD, 'memoryMode', false))
      throw comingFeature('Loading partitions into memory (partitions, memoryMode)', 'use a select statement')
    const url = urlArg(database, LOAD, 'database')
    return new SourceTable(dfsOf(session).source(url, textArg(tableName, LOAD, 'tableName')))
  },
})

define('existsTable(dbUrl, tableName)', {
  doc: 'Whether a table exists in a database. A path below the database does as well.',
  call: ([url, tableName], session) => {
    const signature = 'existsTable(dbUrl, tableName)'
    const view = dfsOf(session).view()
    const place = placeOf(view, urlOrText(url, signature, 'dbUrl'))
    const name = textArg(tableName, signature, 'tableName')
    return Scalar.bool(place !== undefined && view.table(place.db.url, name) !== undefined)
  },
})

define('dropTable(dbHandle, tableName)', {
  doc: 'Deletes a table with its rows.',
  call: ([handle, tableName], session) => {
    const signature = 'dropTable(dbHandle, tableName)'
    const { db, table } = managedTable(session, handle, tableName, signature, 'dropTable')
    dfsOf(session).request({ kind: 'dropTable', db: db.url, table: table.name })
    return Scalar.VOID
  },
})

/** Database and table of a call that changes them, if the user may. */
export function managedTable(
  session: Session,
  handle: Arg,
  tableName: Arg,
  signature: string,
  operation: Operation,
): { readonly db: DatabaseRecord; readonly table: TableRecord } {
  const db = databaseArg(session, handle, signature)
  const dfs = dfsOf(session)
  const table = tableOfDatabase(dfs.view(), db, textArg(tableName, signature, 'tableName'))
  dfs.requireAccess(operation, db, table)
  return { db, table }
}

define('truncate(dbUrl, tableName)', {
  doc: 'Deletes all rows of a table; its columns and partitions stay.',
  call: ([url, tableName], session) => {
    const { db, table } = managedTable(session, url, tableName, 'truncate(dbUrl, tableName)', 'delete')
    dfsOf(session).request({ kind: 'dropChunks', db: db.url, table: table.name, paths: undefined })
    return Scalar.VOID
  },
})

const RENAME = 'renameTable(dbHandle, tableName, newTableName)'
define(RENAME, {
  doc: 'Gives a table another name and returns its handle.',
  call: ([handle, tableName, newName], session) => {
    const { db, table } = managedTable(session, handle, tableName, RENAME, 'alterTable')
    const to = checkTableName(textArg(newName, RENAME, 'newTableName'))
    const dfs = dfsOf(session)
    if (to !== table.name) {
      if (dfs.view().table(db.url, to) !== undefined)
        throw inputError(`The table [${to}] already exists.`, { code: 'tableExists', where: { db: db.url, table: to } })
      dfs.request({ kind: 'renameTable', db: db.url, table: table.name, to })
    }
    return new SourceTable(dfs.source(db.url, to))
  },
})

define('setColumnComment(table, columnComments)', {
  doc: 'Sets the comments of columns of a stored table, given as a dictionary of column and comment; schema(table).colDefs shows them.',
  call: ([table, comments], session) => {
    const signature = 'setColumnComment(table, columnComments)'
    const { record } = storedTable(table, signature)
    if (comments?.kind !== 'dict')
      throw usageError(signature, 'columnComments must be a dictionary of columns and comments.')
    const texts = new Map(
      Array.from(comments.entries, ([name, text]) => [String(name), textArg(text, signature, 'columnComments')]),
    )
    setColumnComments(dfsOf(session), record.db, record.name, texts)
    return Scalar.VOID
  },
})

define('setTableComment(table, comment)', {
  doc: 'Sets the comment of a stored table, which schema(table) shows.',
  call: ([table, comment], session) => {
    const signature = 'setTableComment(table, comment)'
    const { record } = storedTable(table, signature)
    setTableComment(dfsOf(session), record.db, record.name, textArg(comment, signature, 'comment'))
    return Scalar.VOID
  },
})

function storedTable(v: Arg, signature: string): ChunkTableSource {
  if (v instanceof SourceTable && v.source instanceof ChunkTableSource) return v.source
  throw usageError(signature, 'table must be a table of a database.')
}
