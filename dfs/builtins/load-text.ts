/** loadTextEx: a delimited text file of any size into a table of a database (specification of the store, section 5). */
import { type Arg, boolArg, isGiven, textArg } from '../../runtime/builtins/args.ts'
import { newColumn } from '../../runtime/builtins/table-append.ts'
import { textOptions } from '../../runtime/builtins/text-files.ts'
import { HoldfastError, usageError } from '../../runtime/errors.ts'
import { topicTable } from '../../runtime/registry.ts'
import type { Session } from '../../runtime/session.ts'
import { planColumns, readTextBatches, type TextOptions } from '../../runtime/textfile/load.ts'
import { type FunctionValue, Scalar, SourceTable, Table, type Value } from '../../runtime/values/index.ts'
import { appendBatches } from '../write/append-batches.ts'
import { isMissing } from './backup-host.ts'
import { comingFeature, databaseArg, dfsOf } from './store-args.ts'
import { schemesInMemory } from './tables.ts'

const { entries, define } = topicTable('Tables of databases')
export const loadTextFunctions = entries

const LOAD =
  "loadTextEx(dbHandle, tableName, partitionColumns, filename, [delimiter=','], [schema], [skipRows=0], [transform], [sortColumns], [atomic=false], [arrayDelimiter=','], [containHeader], [arrayMarker='\"'])"

/** Values of a batch. A batch in memory is a few times as many bytes. */
const BATCH_VALUES = 8_000_000
const BATCH_ROWS_MAX = 1_000_000

define(LOAD, {
  doc: 'Loads a delimited text file into a table of a database and returns the handle of the table. A table that does not exist is created with the columns of the file (or of schema), partitioned by partitionColumns; a TSDB database needs sortColumns for that. The file is read and appended in batches, so it may be larger than memory: each batch is a transaction, or, with atomic=true, the whole file is one. transform, a function from table to table, is applied to each batch; the table must exist then. On a database without a directory the table lies in memory, and tableName may be empty. The other arguments are those of loadText.',
  call: (args, session) => {
    const [dbHandle, tableName, partitionColumns, filename, delimiter, schema, skipRows, transform, sortColumns] = args
    const [, , , , , , , , , atomic, arrayDelimiter, containHeader, arrayMarker] = args
    if (!isMissing(arrayMarker) && textArg(arrayMarker, LOAD, 'arrayMarker') !== '"')
      throw comingFeature('An arrayMarker other than the double quote')
    const file = textArg(filename, LOAD, 'filename')
    const options = textOptions([delimiter, schema, skipRows, arrayDelimiter, containHeader], LOAD)
    const change = transformArg(transform)
    if (schemesInMemory(dbHandle) !== undefined) {
      const batches = [...transformed(session, readBatches(file, options), change)]
      const made = create(session, [dbHandle, batches[0] ?? emptyTable(file, options), tableName, partitionColumns])
      appendOneByOne(made, batches)
      return made
    }
    const db = databaseArg(session, dbHandle, LOAD)
    const name = isMissing(tableName) ? '' : textArg(tableName, LOAD, 'tableName')
    if (name === '') throw usageError(LOAD, 'tableName is required for a database with a dfs:// url.')
    const dfs = dfsOf(session)
    if (dfs.view().table(db.url, name) === undefined) {
      if (change !== undefined)
        throw usageError(LOAD, `With transform the table must exist; ${db.url} has no table [${name}].`)
      create(session, [dbHandle, emptyTable(file, options), Scalar.string(name), partitionColumns], sortColumns)
    }
    const batches = (): Iterable<Table> => transformed(session, readBatches(file, options), change)
    if (boolArg(atomic, LOAD, 'atomic', false)) appendBatches(dfs, db.url, name, batches)
    else appendOneByOne(new SourceTable(dfs.source(db.url, name)), batches())
    return new SourceTable(dfs.source(db.url, name))
  },
})

function transformArg(v: Arg): FunctionValue | undefined {
  if (!isGiven(v) || isMissing(v)) return undefined
  if (v.kind === 'function') return v
  throw usageError(LOAD, 'transform must be a function of a table.')
}

/** A table with the columns of the file and no rows. */
function emptyTable(file: string, options: TextOptions): Table {
  const { columns } = planColumns(file, options)
  return new Table(
    columns.map((c) => c.name),
    columns.map((c) => newColumn(c.type, 0, c.scale)),
  )
}

function create(session: Session, args: readonly Arg[], sortColumns?: Arg): SourceTable {
  const builtin = session.registry.get('createPartitionedTable')
  if (builtin === undefined) throw new HoldfastError('bug', 'createPartitionedTable is not registered')
  return session.call(builtin, [...args, undefined, sortColumns]) as SourceTable
}

function readBatches(file: string, options: TextOptions): Iterable<Table> {
  const columns = Math.max(1, planColumns(file, options).columns.length)
  return readTextBatches(file, options, Math.min(BATCH_ROWS_MAX, Math.ceil(BATCH_VALUES / columns)))
}

function* transformed(session: Session, batches: Iterable<Table>, change: FunctionValue | undefined): Iterable<Table> {
  for (const batch of batches) {
    if (change === undefined) {
      yield batch
      continue
    }
    const result: Value = session.call(change, [batch])
    if (!(result instanceof Table)) throw usageError(LOAD, 'transform must return a table in memory.')
    yield result
  }
}

/** A batch that fails leaves those before it: the error says how far it got. */
function appendOneByOne({ source }: SourceTable, batches: Iterable<Table>): void {
  let rows = 0
  try {
    for (const batch of batches) rows += source.append!(batch)
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.kind === 'bug' || rows === 0) throw error
    throw new HoldfastError(error.kind, error.message, {
      code: error.code,
      where: error.where,
      hint: `${rows} rows of the file had been loaded and stay in ${source.name}; atomic=true loads all of a file or nothing${error.hint === undefined ? '' : `; ${error.hint}`}`,
      cause: error,
    })
  }
}
