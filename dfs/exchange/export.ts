/**
 * Exporting tables, databases and queries. All rows are of one instant, and no writer waits. Nothing is written before everything is known to be right; an export that ends
 * early leaves whole files, and no meta.sql.
 */
import { statementOf } from '../../runtime/compile/code.ts'
import type { Host } from '../../runtime/compile/host.ts'
import { HoldfastError, inputError } from '../../runtime/errors.ts'
import type { Session } from '../../runtime/session.ts'
import { type PartitionQuery, queryByPartition } from '../../runtime/sql/index.ts'
import { type CodeValue, type ColumnSchema, Table, typeName } from '../../runtime/values/index.ts'
import type { CatalogView, ChunkRecord, DatabaseRecord, TableRecord } from '../catalog/types.ts'
import { ProgressMeter, progressOf } from '../progress.ts'
import { isStorable } from '../segment/index.ts'
import { dfsService } from '../session.ts'
import type { FileStore } from '../store/file-store.ts'
import { ChunkTableSource } from '../table-source.ts'
import { ExportFiles } from './export-files.ts'
import { requireNoData, requireNoFile } from './layout.ts'
import { META_FILE, metaSql } from './meta/write.ts'
import type { ExportOptions } from './options.ts'

export interface ExportedTables {
  readonly database: DatabaseRecord
  readonly tables: readonly TableRecord[]
}

/** Tables of one database, with the statements that make them. `choose` finds them in the view that is exported. */
export function exportTables(
  session: Session,
  store: FileStore,
  choose: (view: CatalogView) => ExportedTables,
  options: ExportOptions,
): void {
  const dfs = session.service(dfsService)
  const { view, release } = dfs.pinnedView('export')
  try {
    const { database, tables } = choose(view)
    for (const table of tables) dfs.requireAccess('read', database, table)
    if (options.what !== 'meta') for (const { name } of tables) requireNoData(store, name, options.format)
    if (options.what !== 'data') requireNoFile(store, META_FILE)
    store.makeDirectory('')
    if (options.what !== 'meta') for (const table of tables) exportTable(session, store, view, table, options)
    store.syncDirectory('')
    if (options.what !== 'data') store.writeFileAtomic(META_FILE, metaSql(database, tables))
  } finally {
    release()
  }
}

function exportTable(
  session: Session,
  store: FileStore,
  view: CatalogView,
  table: TableRecord,
  options: ExportOptions,
): void {
  const snapshot = new ChunkTableSource(session.service(dfsService), table).snapshotAt(view)
  const names = table.columns.map((c) => c.name)
  const partitions = snapshot.partitions()
  // A folder without files says that there were no rows.
  store.makeDirectory(table.name)
  const meter = new ProgressMeter(
    progressOf(session),
    {
      verb: 'export',
      subject: `${table.db}/${table.name}`,
      bytesTotal: partitions.reduce((sum, { chunk }) => sum + bytesOf(chunk), 0),
      chunksTotal: partitions.length,
    },
    () => session.now(),
  )
  try {
    const files = new ExportFiles(store, table.name, table.columns, options)
    writeFiles(files, function* () {
      for (const partition of partitions) {
        yield* snapshot.scan(partition, names, undefined, true)
        meter.addBytes(bytesOf(partition.chunk))
        meter.addChunk()
      }
    })
    progressOf(session).outcome?.(
      `${table.db}/${table.name}: ${files.rows} rows exported to ${store.root}/${table.name} (${files.bytes} bytes)`,
    )
  } finally {
    meter.done()
  }
}

const bytesOf = ({ segments }: ChunkRecord): number => segments.reduce((sum, { bytes }) => sum + bytes, 0)

/** The rows of a query, without statements: there is no table that they are of. No row is no file and no folder. */
export function exportRows(session: Session, store: FileStore, code: CodeValue, options: ExportOptions): void {
  const query = partitionQuery(session, code)
  requireNoData(store, '', options.format)
  if (query === undefined) {
    const result = evaluated(session, code)
    exportBatches(store, result.schema(), [result], options)
    return
  }
  const { source } = query
  if (!(source instanceof ChunkTableSource)) throw new HoldfastError('bug', `${source.name} is no table of the store`)
  const { view, release } = session.service(dfsService).pinnedView('export')
  try {
    const snapshot = source.snapshotAt(view)
    const batches = function* (): Generator<Table> {
      for (const partition of query.partitions(snapshot)) yield* query.batches(snapshot, partition)
    }
    exportBatches(store, query.columns, batches(), options)
  } finally {
    release()
  }
}

function exportBatches(
  store: FileStore,
  columns: readonly ColumnSchema[],
  batches: Iterable<Table>,
  options: ExportOptions,
): void {
  for (const { name, type } of columns)
    if (!isStorable(type))
      throw inputError(`The column [${name}] of type ${typeName(type)} can't be exported.`, { code: 'notStorable' })
  writeFiles(new ExportFiles(store, '', columns, options), () => batches)
}

function writeFiles(files: ExportFiles, batches: () => Iterable<Table>): void {
  try {
    for (const batch of batches()) files.add(batch)
    files.finish()
  } catch (error) {
    files.abandon()
    throw error
  }
}

/** The query, if it can be run on each partition alone; undefined if its rows must be put together in memory first. */
function partitionQuery(session: Session, code: CodeValue): PartitionQuery | undefined {
  const found = statementOf(session as Host, code)
  if (found === undefined)
    throw inputError('sqlObj must be the metacode of a select, such as <select * from loadTable(...)>.', {
      code: 'exportQuery',
    })
  try {
    return queryByPartition(found.statement, found.scope, 'export')
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'partitionQuery') return undefined
    throw error
  }
}

function evaluated(session: Session, code: CodeValue): Table {
  const evaluate = session.registry.get('eval')
  if (evaluate === undefined) throw new HoldfastError('bug', 'eval is not registered')
  const result = session.call(evaluate, [code])
  if (result instanceof Table) return result
  throw inputError(`Only queries that give a table can be exported, not ${result.kind}.`, { code: 'exportQuery' })
}
