/** Export to files and import from them (specification of recovery, section 7); EXPORT and IMPORT call these functions. */
import { randomBytes } from 'node:crypto'
import { basename, dirname } from 'node:path'
import { type Arg, boolArg, isGiven, textArg, textListArg } from '../../runtime/builtins/args.ts'
import { inputError, usageError } from '../../runtime/errors.ts'
import { topicTable } from '../../runtime/registry.ts'
import { type ServiceKey, type Session, serviceKey } from '../../runtime/session.ts'
import {
  CodeValue,
  isIntegral,
  isLiteral,
  SourceTable,
  T,
  type Table,
  tableOf,
  vectorOf,
} from '../../runtime/values/index.ts'
import { requireDatabase } from '../backup/select.ts'
import type { CatalogRecords, DatabaseRecord, TableRecord } from '../catalog/types.ts'
import { exportRows, exportTables } from '../exchange/export.ts'
import { exchangeFolder } from '../exchange/folders.ts'
import { columnsOfFiles, filesOfTable, type ImportCounts, importFiles } from '../exchange/import.ts'
import { type MetaScript, readMeta, runMeta } from '../exchange/meta/read.ts'
import { META_FILE } from '../exchange/meta/write.ts'
import {
  countOption,
  csvFormat,
  type ExportOptions,
  formatOf,
  type ImportOptions,
  refusal,
  refuseForParquet,
  THREADS_MAX,
} from '../exchange/options.ts'
import { databaseUrl } from '../set/names.ts'
import type { FileStore } from '../store/file-store.ts'
import { ChunkTableSource } from '../table-source.ts'
import { backupHostService, isMissing, urlArg } from './backup-host.ts'
import { dfsOf, placeOf, stringVector, tableOfDatabase } from './store-args.ts'

const { entries, define } = topicTable('Export and import')
export const exchangeFunctions = entries

/** The id of the background job that the session runs; absent in other sessions. */
export const jobIdService: ServiceKey<string> = serviceKey<string>('jobId')

// ---------------------------------------------------------------------------------------------------------------------
// Export

const EXPORT_OPTIONS =
  "[format='CSV'], [column_name=false], [meta_only=false], [data_only=false], [delimiter=','], [chunk_rows=100000], [enclosed='\"'], [escaped='\"'], [nullas='']"
const EXPORT_DOC = `format is CSV or PARQUET. meta_only writes only the statements, data_only only the rows. A file holds at most chunk_rows rows (0: no limit). For CSV: column_name begins each file with the names of the columns; delimiter is one character, enclosed " or ' stands around texts that need it, escaped " or \\ before such a quote in a text, nullas (nothing, NULL, null, Null or \\N) for nulls. The folder dir is a path of this machine or nodelocal://1/x, the folder x below the export root (export_dir); it must not hold such files yet. All rows are of one instant; an export that is interrupted leaves whole files only, and no meta.sql.`

const EXPORT_TABLE = `exportTable(dir, dbPath, [tableName], ${EXPORT_OPTIONS})`
define(EXPORT_TABLE, {
  doc: `Writes a table to a folder: meta.sql with the statements that make it, and its rows in files <tableName>/n1.0.csv, n1.1.csv, ... Returns a table with the text succeed. dbPath is the url of the database, with tableName, or dfs://db/table, or a table handle. ${EXPORT_DOC} \`EXPORT INTO CSV "dir" FROM TABLE "dfs://db".tb WITH ...\` does the same.`,
  call: ([dir, dbPath, tableName, ...rest], session) => {
    const options = exportOptions(session, rest, EXPORT_TABLE)
    exportTables(session, folderStore(session, dir, EXPORT_TABLE), oneTable(dbPath, tableName, EXPORT_TABLE), options)
    return succeeded()
  },
})

const EXPORT_DATABASE = `exportDatabase(dir, dbPath, ${EXPORT_OPTIONS})`
define(EXPORT_DATABASE, {
  doc: `Writes a database to a folder: meta.sql with the statements that make it and all its tables, and a folder with the rows of each table. Returns a table with the text succeed. ${EXPORT_DOC} \`EXPORT INTO CSV "dir" FROM DATABASE "dfs://db" WITH ...\` does the same.`,
  call: ([dir, dbPath, ...rest], session) => {
    const options = exportOptions(session, rest, EXPORT_DATABASE)
    const url = urlArg(dbPath, EXPORT_DATABASE, 'dbPath')
    exportTables(
      session,
      folderStore(session, dir, EXPORT_DATABASE),
      (view) => ({ database: requireDatabase(view, url), tables: view.tables(url) }),
      options,
    )
    return succeeded()
  },
})

const EXPORT_QUERY = `exportQuery(dir, sqlObj, ${EXPORT_OPTIONS})`
define(EXPORT_QUERY, {
  doc: `Writes the rows of a query, given as metacode (<select * from ...>), to a folder, in files n1.0.csv, n1.1.csv, ... Nothing is written if it has none, and no meta.sql. Returns a table with the text succeed. A query that looks at single rows of one stored table is run partition by partition, so that its result may be larger than memory; any other is put together in memory first. ${EXPORT_DOC} \`EXPORT INTO CSV "dir" FROM SELECT ...\` does the same.`,
  call: ([dir, sqlObj, ...rest], session) => {
    const options = exportOptions(session, rest, EXPORT_QUERY)
    if (options.what === 'meta') throw refusal('meta_only', 'is for tables and databases; a query has rows only')
    if (!(sqlObj instanceof CodeValue))
      throw usageError(EXPORT_QUERY, 'sqlObj must be the metacode of a select, such as <select * from loadTable(...)>.')
    exportRows(session, folderStore(session, dir, EXPORT_QUERY), sqlObj, options)
    return succeeded()
  },
})

const succeeded = (): Table => tableOf({ result: stringVector(['succeed']) })

function exportOptions(session: Session, args: readonly Arg[], signature: string): ExportOptions {
  const [format, columnName, metaOnly, dataOnly, delimiter, chunkRows, enclosed, escaped, nullas] = args
  const fileFormat = formatOf(textArg(format, signature, 'format', 'CSV'))
  const [isMeta, isData] = [flag(metaOnly, signature, 'meta_only'), flag(dataOnly, signature, 'data_only')]
  if (isMeta && isData) throw refusal('meta_only', 'can not be given together with data_only')
  if (fileFormat === 'parquet')
    refuseForParquet(given({ column_name: columnName, delimiter, enclosed, escaped, nullas }))
  return {
    format: fileFormat,
    header: flag(columnName, signature, 'column_name'),
    what: isMeta ? 'meta' : isData ? 'data' : 'all',
    chunkRows: countOption('chunk_rows', numberOrText(chunkRows, signature, 'chunk_rows', 100_000), 0, 2 ** 31 - 1),
    product: dfsOf(session).config.product,
    csv: csvArgs({ delimiter, enclosed, escaped, nullText: nullas, nullName: 'nullas' }, signature),
  }
}

/** `dfs://db` and a name, `dfs://db/table`, or a handle. */
function oneTable(dbPath: Arg, tableName: Arg, signature: string) {
  return (view: CatalogRecords): { readonly database: DatabaseRecord; readonly tables: readonly TableRecord[] } => {
    const { database, table } = tableAt(view, dbPath, tableName, signature)
    return { database, tables: [table] }
  }
}

function tableAt(
  view: CatalogRecords,
  dbPath: Arg,
  tableName: Arg,
  signature: string,
): { readonly database: DatabaseRecord; readonly table: TableRecord } {
  if (dbPath instanceof SourceTable && dbPath.source instanceof ChunkTableSource) {
    const database = requireDatabase(view, dbPath.source.db)
    return { database, table: tableOfDatabase(view, database, dbPath.source.tableName) }
  }
  if (dbPath?.kind === 'table')
    throw inputError('A table in memory is no table of a database.', {
      code: 'tableMissing',
      hint: 'its rows are exported by a query: EXPORT INTO CSV "dir" FROM SELECT * FROM it',
    })
  if (!isMissing(tableName)) {
    const database = requireDatabase(view, urlArg(dbPath, signature, 'dbPath'))
    return { database, table: tableOfDatabase(view, database, textArg(tableName, signature, 'tableName')) }
  }
  const path = databaseUrl(textArg(dbPath, signature, 'dbPath'))
  const place = placeOf(view, path)
  if (place === undefined || place.names.length !== 1)
    throw inputError(`[${path}] is no table: it takes dfs://database/table, or "dfs://database".table.`, {
      code: 'tableMissing',
    })
  return { database: place.db, table: tableOfDatabase(view, place.db, place.names[0]) }
}

// ---------------------------------------------------------------------------------------------------------------------
// Import

const IMPORT_OPTIONS =
  "[format='CSV'], [column_name], [delimiter=','], [enclosed='\"'], [escaped='\"'], [nullif=''], [thread_concurrency=1], [batch_rows], [auto_shrink=false], [atomic=false]"
const IMPORT_DOC = `Each batch of rows is appended in a transaction of its own; an import that ends early leaves whole batches, and repeating it appends rows again, unless the table keeps one row of a key (PKEY, or TSDB with keepDuplicates). With atomic=true all rows of a table are one transaction. Rows that can't be read are not imported and go, with the reason, to <file>.reject beside the file. batch_rows is the number of rows of a batch; without it, as many as fit well in memory. auto_shrink divides a batch that the table refuses until the rows at fault are found, and rejects those; without it the import ends there. thread_concurrency files are read at once (1 to ${THREADS_MAX}). The other options are those of the export; column_name says whether CSV files begin with the names of the columns (found out if left out).
Returns a table of one row: job_id, status, fraction_completed, rows (that the table shows now and did not before), abandon_rows (appended rows that are hidden by, or hide, others with their key), reject_rows.`

const IMPORT_TABLE = `importTable([dir], [dbPath], [tableName], [columns], [metaFile], ${IMPORT_OPTIONS})`
define(IMPORT_TABLE, {
  doc: `Reads the files of a folder (or of its folder <tableName>) into a table. The table exists, and is given by dbPath and tableName, as dfs://db/table or as a handle; columns then names the columns of the files (default: all), others become null. Or it is made by the statements in metaFile; without dir only that is done. ${IMPORT_DOC} \`IMPORT INTO "dfs://db".tb CSV DATA ("dir") WITH ...\` and \`IMPORT TABLE CREATE USING "dir/meta.sql" CSV DATA ("dir")\` do the same.`,
  call: ([dir, dbPath, tableName, columns, metaFile, ...rest], session) => {
    const options = importOptions(rest, IMPORT_TABLE)
    const names = isMissing(columns) ? undefined : textListArg(columns, IMPORT_TABLE, 'columns')
    if (!isMissing(metaFile)) {
      if (!isMissing(dbPath) || names !== undefined)
        throw usageError(
          IMPORT_TABLE,
          'metaFile says itself which table is made: leave dbPath, tableName and columns out.',
        )
      return importMade(session, metaFile, dir, options)
    }
    if (isMissing(dir)) throw usageError(IMPORT_TABLE, 'dir or metaFile is required.')
    const { table } = tableAt(dfsOf(session).view(), dbPath, tableName, IMPORT_TABLE)
    const store = folderStore(session, dir, IMPORT_TABLE)
    return resultTable(session, [importInto(session, store, table, names, options)])
  },
})

function importMade(session: Session, metaFile: Arg, dir: Arg, options: ImportOptions): Table {
  const path = textArg(metaFile, IMPORT_TABLE, 'metaFile')
  const script = metaScript(session, path)
  if (script.tables.length !== 1)
    throw inputError(`${path} makes ${script.tables.length} tables; a table is imported from the statements of one.`, {
      code: 'metaTables',
      hint: 'IMPORT DATABASE imports all of them',
    })
  const store = isMissing(dir) ? undefined : folderStore(session, dir, IMPORT_TABLE)
  const [{ db, name }] = script.tables
  // What is missing is found out before the table is made.
  if (store !== undefined) filesOfTable(store, name, options)
  requireNew(dfsOf(session).view(), script)
  runMeta(script, session)
  if (store === undefined) return resultTable(session, [])
  const { record } = dfsOf(session).source(db, name)
  return resultTable(session, [importInto(session, store, record, undefined, options)])
}

const IMPORT_DATABASE = `importDatabase(dir, ${IMPORT_OPTIONS})`
define(IMPORT_DATABASE, {
  doc: `Makes the database and the tables that meta.sql of a folder says, and reads the files of each table. ${IMPORT_DOC} \`IMPORT DATABASE CSV DATA ("dir") WITH ...\` does the same.`,
  call: ([dir, ...rest], session) => {
    const options = importOptions(rest, IMPORT_DATABASE)
    const store = folderStore(session, dir, IMPORT_DATABASE)
    const script = metaScript(session, `${textArg(dir, IMPORT_DATABASE, 'dir').replace(/\/+$/, '')}/${META_FILE}`)
    // A table without a folder has no rows to import.
    const filled = script.tables.filter(({ name }) => store.stat(name)?.kind === 'directory')
    for (const { name } of filled) filesOfTable(store, name, options)
    requireNew(dfsOf(session).view(), script)
    runMeta(script, session)
    const counts = filled.map(({ db, name }) =>
      importInto(session, store, dfsOf(session).source(db, name).record, undefined, options),
    )
    return resultTable(session, counts)
  },
})

function requireNew(view: CatalogRecords, { tables, file }: MetaScript): void {
  for (const { db, name } of tables)
    if (view.table(db, name) !== undefined)
      throw inputError(`The table [${name}] that ${file} makes exists in ${db} already. Nothing was imported.`, {
        code: 'tableExists',
        where: { db, table: name },
        hint: 'import the rows into it with IMPORT INTO, or drop it first',
      })
}

function importInto(
  session: Session,
  store: FileStore,
  { db, name }: TableRecord,
  names: readonly string[] | undefined,
  options: ImportOptions,
): ImportCounts {
  const dfs = dfsOf(session)
  const source = dfs.source(db, name)
  const database = requireDatabase(dfs.view(), db)
  dfs.requireAccess('write', database, source.record)
  const columns = columnsOfFiles(source.record, names)
  return importFiles(session, source, store, filesOfTable(store, name, options), columns, options)
}

function importOptions(args: readonly Arg[], signature: string): ImportOptions {
  const [format, columnName, delimiter, enclosed, escaped, nullif, threads, batchRows, autoShrink, atomic] = args
  const fileFormat = formatOf(textArg(format, signature, 'format', 'CSV'))
  if (fileFormat === 'parquet')
    refuseForParquet(given({ column_name: columnName, delimiter, enclosed, escaped, nullif }))
  if (flag(autoShrink, signature, 'auto_shrink') && flag(atomic, signature, 'atomic'))
    throw refusal('auto_shrink', 'can not be given together with atomic: one transaction has all rows or none')
  return {
    format: fileFormat,
    header: isMissing(columnName) ? 'detect' : flag(columnName, signature, 'column_name'),
    threads: countOption(
      'thread_concurrency',
      numberOrText(threads, signature, 'thread_concurrency', 1),
      1,
      THREADS_MAX,
    ),
    batchRows: isMissing(batchRows)
      ? undefined
      : countOption('batch_rows', numberOrText(batchRows, signature, 'batch_rows', 1), 1, 10_000_000),
    shrinks: flag(autoShrink, signature, 'auto_shrink'),
    isAtomic: flag(atomic, signature, 'atomic'),
    csv: csvArgs({ delimiter, enclosed, escaped, nullText: nullif, nullName: 'nullif' }, signature),
  }
}

/** Only the file is looked at: the folder that it is in may also hold the data directory. */
function metaScript(session: Session, path: string): MetaScript {
  const file = exchangePath(session, path)
  const store = session.service(backupHostService).openSet(dirname(file))
  const name = basename(file)
  const kind = store.stat(name)?.kind
  if (kind !== 'file')
    throw inputError(kind === undefined ? `There is no file ${path}.` : `${path} is a folder.`, {
      code: 'metaMissing',
      where: { file },
      hint: kind === undefined ? undefined : `the file with the statements is named: ${path}/${META_FILE}`,
    })
  return readMeta(Buffer.from(store.readFile(name)).toString(), path, session)
}

function resultTable(session: Session, counts: readonly ImportCounts[]): Table {
  const jobId = session.hasService(jobIdService)
    ? session.service(jobIdService)
    : `import-${session.now().toString(36)}-${randomBytes(2).toString('hex')}`
  const total = (of: (c: ImportCounts) => number) => vectorOf(T.LONG, [BigInt(counts.reduce((n, c) => n + of(c), 0))])
  return tableOf({
    job_id: stringVector([jobId]),
    status: stringVector(['succeed']),
    fraction_completed: vectorOf(T.DOUBLE, [1]),
    rows: total((c) => c.rows),
    abandon_rows: total((c) => c.abandoned),
    reject_rows: total((c) => c.rejected),
  })
}

// ---------------------------------------------------------------------------------------------------------------------
// Arguments

const folderStore = (session: Session, dir: Arg, signature: string): FileStore =>
  storeAt(session, textArg(dir, signature, 'dir'))

const storeAt = (session: Session, path: string): FileStore =>
  session.service(backupHostService).openSet(exchangePath(session, path))

function exchangePath(session: Session, path: string): string {
  const { home, config } = dfsOf(session)
  return exchangeFolder(path, home, config.exportDir)
}

/** Options in statements are texts. */
function flag(v: Arg, signature: string, name: string): boolean {
  if (v?.kind === 'scalar' && isLiteral(v.type)) {
    const text = String(v.value).toLowerCase()
    if (text === 'true' || text === 'false') return text === 'true'
    throw refusal(name, `must be true or false, not '${v.value}'`)
  }
  return boolArg(v, signature, name, false)
}

function numberOrText(v: Arg, signature: string, name: string, fallback: number): number | string {
  if (!isGiven(v)) return fallback
  if (v.kind === 'scalar' && isIntegral(v.type) && v.type !== T.CHAR && !v.isNull()) return Number(v.value)
  return textArg(v, signature, name)
}

function csvArgs(
  args: {
    readonly delimiter: Arg
    readonly enclosed: Arg
    readonly escaped: Arg
    readonly nullText: Arg
    readonly nullName: string
  },
  signature: string,
) {
  return csvFormat({
    delimiter: textArg(args.delimiter, signature, 'delimiter', ','),
    enclosed: textArg(args.enclosed, signature, 'enclosed', '"'),
    escaped: textArg(args.escaped, signature, 'escaped', '"'),
    // NULL itself may be written without quotes.
    nullText: isMissing(args.nullText) ? '' : textArg(args.nullText, signature, args.nullName),
    nullName: args.nullName,
  })
}

const given = (args: Readonly<Record<string, Arg>>): string[] =>
  Object.entries(args).flatMap(([name, value]) => (isMissing(value) ? [] : [name]))
