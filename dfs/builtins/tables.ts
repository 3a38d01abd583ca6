/** Tables of a database: creating, loading, renaming, dropping (specification of the store, sections 3, 4 and 6). */
import { randomUUID } from 'node:crypto'
import { type Arg, boolArg, textArg, textListArg } from '../../runtime/builtins/args.ts'
import { inputError, usageError } from '../../runtime/errors.ts'
import { topicTable } from '../../runtime/registry.ts'
import type { Session } from '../../runtime/session.ts'
import {
  type ColumnSchema,
  categoryOf,
  elementType,
  isArrayType,
  isDecimal,
  Scalar,
  SourceTable,
  T,
  Table,
  typeName,
  type Value,
} from '../../runtime/values/index.ts'
import type { Operation } from '../access/index.ts'
import type { DatabaseRecord, TableRecord } from '../catalog/types.ts'
import { partitionColumnTypeError } from '../partition/scheme.ts'
import { arrowType } from '../segment/column-type.ts'
import { isMissing, urlArg } from './backup-host.ts'
import { urlOrText } from './databases.ts'
import { comingFeature, databaseArg, dfsOf, placeOf, tableOfDatabase } from './store-args.ts'

const { entries, define } = topicTable('Tables of databases')
export const tableFunctions = entries

interface TableOptions {
  readonly db: DatabaseRecord
  readonly columns: readonly ColumnSchema[]
  readonly name: string
  readonly partitionColumns: readonly string[]
  readonly compressMethods: Arg
  readonly sortColumns: Arg
  readonly keepDuplicates: Arg
  readonly softDelete: Arg
  readonly indexes: Arg
  readonly encryptMode: Arg
  readonly tableComment: Arg
  readonly primaryKey: Arg
}

const PARTITIONED =
  "createPartitionedTable(dbHandle, table, tableName, [partitionColumns], [compressMethods], [sortColumns], [keepDuplicates=ALL], [sortKeyMappingFunction], [softDelete=false], [indexes], [latestKeyCache=false], [compressHashSortKey=true], [encryptMode='plaintext'], [tableComment], [primaryKey])"

define(PARTITIONED, {
  doc: 'Creates a partitioned table with the columns of `table` (its rows are not written) and returns its handle. partitionColumns names one column for each level of the database. TSDB databases need sortColumns. keepDuplicates other than ALL and the engine PKEY are refused in this release; compressMethods and sortKeyMappingFunction change no result.',
  call: (args, session) => {
    const [handle, table, tableName, partitionColumns, compressMethods, sortColumns, keepDuplicates, , softDelete] =
      args
    const [, , , , , , , , , indexes, , , encryptMode, tableComment, primaryKey] = args
    const db = manageable(session, handle, PARTITIONED)
    const columns = columnsOf(table, PARTITIONED)
    return create(session, PARTITIONED, {
      db,
      columns,
      name: nameOf(tableName, PARTITIONED),
      partitionColumns: partitionColumnsOf(db, columns, partitionColumns),
      ...{ compressMethods, sortColumns, keepDuplicates, softDelete, indexes, encryptMode, tableComment, primaryKey },
    })
  },
})

const DIMENSION =
  "createTable(dbHandle, table, tableName, [compressMethods], [sortColumns], [keepDuplicates=ALL], [softDelete=false], [indexes], [encryptMode='plaintext'], [tableComment], [primaryKey])"

define(DIMENSION, {
  doc: 'Creates a dimension table (one that is not partitioned) with the columns of `table` and returns its handle.',
  aliases: ['createDimensionTable'],
  call: (args, session) => {
    const [handle, table, tableName, compressMethods, sortColumns, keepDuplicates, softDelete, indexes] = args
    const [, , , , , , , , encryptMode, tableComment, primaryKey] = args
    return create(session, DIMENSION, {
      db: manageable(session, handle, DIMENSION),
      columns: columnsOf(table, DIMENSION),
      name: nameOf(tableName, DIMENSION),
      partitionColumns: [],
      ...{ compressMethods, sortColumns, keepDuplicates, softDelete, indexes, encryptMode, tableComment, primaryKey },
    })
  },
})

function manageable(session: Session, handle: Arg, signature: string): DatabaseRecord {
  if (handle?.kind === 'resource' && handle.resourceType === 'scheme')
    throw comingFeature('A partitioned table in memory', 'use a database with a dfs:// url')
  const db = databaseArg(session, handle, signature)
  dfsOf(session).requireAccess('createTable', db)
  return db
}

function create(session: Session, signature: string, options: TableOptions): SourceTable {
  const { db, columns, name, partitionColumns } = options
  refuseUnsupported(options, signature)
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
    sortColumns: sortColumnsOf(db, columns, options.sortColumns, signature),
    keepDuplicates: 'ALL',
    compressMethods: compressMethodsOf(columns, options.compressMethods, signature),
    comment: isMissing(options.tableComment) ? '' : textArg(options.tableComment, signature, 'tableComment'),
    owner: session.user,
    createdMs: session.now(),
    schemaVersion: 1,
  }
  dfs.request({ kind: 'createTable', table })
  return new SourceTable(dfs.source(db.url, name))
}

function refuseUnsupported(options: TableOptions, signature: string): void {
  if (options.db.engine === 'PKEY') throw comingFeature('The engine PKEY (tables with a primary key)')
  if (!isMissing(options.primaryKey)) throw usageError(signature, 'primaryKey is for databases of the engine PKEY.')
  const keep = isMissing(options.keepDuplicates) ? 'ALL' : textArg(options.keepDuplicates, signature, 'keepDuplicates')
  if (!['ALL', 'LAST', 'FIRST'].includes(keep))
    throw usageError(signature, 'keepDuplicates must be ALL, LAST or FIRST.')
  if (keep !== 'ALL') {
    if (options.db.engine !== 'TSDB') throw usageError(signature, 'keepDuplicates is for databases of the engine TSDB.')
    throw comingFeature(`keepDuplicates=${keep}`, 'use keepDuplicates=ALL')
  }
  if (boolArg(options.softDelete, signature, 'softDelete', false))
    throw inputError(
      'The softDelete parameter is available only when engineType is specified as "TSDB" and keepDuplicates as "LAST".',
      { code: 'softDelete' },
    )
  if (!isMissing(options.indexes)) throw comingFeature('An index on a column (indexes)')
  if (!isMissing(options.encryptMode) && textArg(options.encryptMode, signature, 'encryptMode') !== 'plaintext')
    throw comingFeature('Encryption of tables (encryptMode)')
}

const nameOf = (v: Arg, signature: string): string => checkTableName(textArg(v, signature, 'tableName'))

function checkTableName(name: string): string {
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

/** A column by the name that a script gives; SQL does not care about case. */
function columnNamed(columns: readonly ColumnSchema[], name: string, what: string): ColumnSchema {
  const column =
    columns.find((c) => c.name === name) ?? columns.find((c) => c.name.toLowerCase() === name.toLowerCase())
  if (column !== undefined) return column
  if (/^\w+\s*\(.*\)$/.test(name)) throw comingFeature(`A function of a column as ${what} (${name})`)
  throw inputError(`The ${what} [${name}] is no column of the table.`, { code: 'columnMissing' })
}

function partitionColumnsOf(db: DatabaseRecord, columns: readonly ColumnSchema[], v: Arg): readonly string[] {
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

const SORT_KEY_REFUSED: readonly number[] = [T.TIME, T.TIMESTAMP, T.NANOTIME, T.NANOTIMESTAMP]

function sortColumnsOf(
  db: DatabaseRecord,
  columns: readonly ColumnSchema[],
  v: Arg,
  signature: string,
): readonly string[] {
  const names = isMissing(v) ? [] : textListArg(v, signature, 'sortColumns')
  if (db.engine !== 'TSDB') {
    if (names.length > 0) throw usageError(signature, 'sortColumns is for databases of the engine TSDB.')
    return []
  }
  if (names.length === 0) throw usageError(signature, 'sortColumns is required for databases of the engine TSDB.')
  if (names.length > 4) throw usageError(signature, 'There can be at most 4 sortColumns.')
  const chosen = names.map((name) => columnNamed(columns, name, 'sort column'))
  if (new Set(chosen).size < chosen.length) throw usageError(signature, 'sortColumns must not name a column twice.')
  const refuse = (c: ColumnSchema, why: string): never => {
    throw inputError(`The sort column [${c.name}] of type ${typeName(c.type, c.scale)} ${why}.`, { code: 'sortColumn' })
  }
  chosen.forEach((c, k) => {
    const category = categoryOf(c.type)
    const sortable = ['integral', 'temporal', 'literal', 'decimal'].includes(category)
    if (isArrayType(c.type) || c.type === T.BLOB || !sortable) refuse(c, 'is of a type that cannot be sorted by')
    if (k < chosen.length - 1) {
      if (SORT_KEY_REFUSED.includes(c.type)) refuse(c, 'cannot be part of the sort key')
    } else if (chosen.length > 1 && category !== 'temporal' && category !== 'integral')
      refuse(c, 'is the last one, which must be temporal or integral')
  })
  return chosen.map((c) => c.name)
}

const METHODS = ['lz4', 'delta', 'zstd', 'chimp']

function compressMethodsOf(columns: readonly ColumnSchema[], v: Arg, signature: string): Record<string, string> {
  if (isMissing(v)) return {}
  if (v.kind !== 'dict') throw usageError(signature, 'compressMethods must be a dictionary of columns and methods.')
  const methods: Record<string, string> = {}
  for (const [key, value] of v.entries) {
    const method = textArg(value, signature, 'compressMethods').toLowerCase()
    if (!METHODS.includes(method)) throw usageError(signature, `compressMethods must be among ${METHODS.join(', ')}.`)
    methods[columnNamed(columns, String(key), 'column of compressMethods').name] = method
  }
  return methods
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

const refused = (signature: string, what: string): void =>
  define(signature, {
    doc: `Refused in this release: ${what}.`,
    call: (): Value => {
      throw comingFeature(what)
    },
  })
refused('setColumnComment(table, columnComments)', 'Setting comments on the columns of a stored table')
refused('setTableComment(table, comment)', 'Changing the comment of a stored table')
