/**
 * What a new table says about the order of its rows, about rows with equal keys, and about how it is stored (specification of the store, sections 3 and 4). What
 * only tunes the storage of DolphinDB is checked and kept for `schema`; it changes no result.
 */
import { type Arg, boolArg, textArg, textListArg } from '../../runtime/builtins/args.ts'
import { inputError, usageError } from '../../runtime/errors.ts'
import { displayValue } from '../../runtime/print/index.ts'
import {
  type Category,
  type ColumnSchema,
  categoryOf,
  isArrayType,
  T,
  typeName,
  type Value,
} from '../../runtime/values/index.ts'
import type { DatabaseRecord, TableRecord } from '../catalog/types.ts'
import { isMissing } from './backup-host.ts'
import { comingFeature } from './store-args.ts'

/** A column by the name that a script gives; SQL does not care about case. */
export function columnNamed(columns: readonly ColumnSchema[], name: string, what: string): ColumnSchema {
  const column =
    columns.find((c) => c.name === name) ?? columns.find((c) => c.name.toLowerCase() === name.toLowerCase())
  if (column !== undefined) return column
  if (/^\w+\s*\(.*\)$/.test(name)) throw comingFeature(`A function of a column as ${what} (${name})`)
  throw inputError(`The ${what} [${name}] is no column of the table.`, { code: 'columnMissing' })
}

export interface StorageArgs {
  readonly compressMethods: Arg
  readonly sortColumns: Arg
  readonly primaryKey: Arg
  readonly keepDuplicates: Arg
  readonly sortKeyMappingFunction?: Arg
  readonly softDelete: Arg
  readonly indexes: Arg
  readonly latestKeyCache?: Arg
  readonly compressHashSortKey?: Arg
  readonly encryptMode: Arg
}

export type StorageOptions = Pick<
  TableRecord,
  | 'compressMethods'
  | 'sortColumns'
  | 'primaryKey'
  | 'keepDuplicates'
  | 'sortKeyMapping'
  | 'softDelete'
  | 'indexes'
  | 'latestKeyCache'
  | 'compressHashSortKey'
>

/** The table that the options are of. */
interface NewTable {
  readonly db: DatabaseRecord
  readonly columns: readonly ColumnSchema[]
  readonly partitionColumns: readonly string[]
  readonly signature: string
}

/** Checks all the options; throws the documented errors. */
export function storageOptions(table: NewTable, args: StorageArgs): StorageOptions {
  const { db, columns, signature } = table
  if (!isMissing(args.encryptMode) && textArg(args.encryptMode, signature, 'encryptMode') !== 'plaintext')
    throw comingFeature('Encryption of tables (encryptMode)', "use encryptMode='plaintext'")
  const keepDuplicates = keepDuplicatesOf(table, args.keepDuplicates)
  const common = {
    keepDuplicates,
    compressMethods: compressMethodsOf(columns, args.compressMethods, signature),
    ...indexesOf(table, args.indexes),
    ...softDeleteOf(table, args.softDelete, keepDuplicates),
  }
  if (db.engine === 'PKEY') {
    onlyTsdb(table, args)
    return { ...common, sortColumns: [], primaryKey: primaryKeyOf(table, args) }
  }
  if (!isMissing(args.primaryKey)) throw usageError(signature, 'primaryKey is for databases of the engine PKEY.')
  const sortColumns = sortColumnsOf(table, args.sortColumns)
  if (db.engine !== 'TSDB') onlyTsdb(table, args)
  return { ...common, sortColumns, ...tsdbHints(table, args, sortColumns) }
}

function keepDuplicatesOf({ db, signature }: NewTable, v: Arg): TableRecord['keepDuplicates'] {
  const keep = isMissing(v) ? 'ALL' : textArg(v, signature, 'keepDuplicates').toUpperCase()
  if (keep !== 'ALL' && keep !== 'LAST' && keep !== 'FIRST')
    throw usageError(signature, 'keepDuplicates must be ALL, LAST or FIRST.')
  if (keep !== 'ALL' && db.engine !== 'TSDB')
    throw usageError(signature, 'keepDuplicates is for databases of the engine TSDB.')
  return keep
}

function softDeleteOf(
  { db, signature }: NewTable,
  v: Arg,
  keepDuplicates: TableRecord['keepDuplicates'],
): Pick<TableRecord, 'softDelete'> {
  if (!boolArg(v, signature, 'softDelete', false)) return {}
  if (db.engine !== 'TSDB' || keepDuplicates !== 'LAST')
    throw inputError(
      'The softDelete parameter is available only when engineType is specified as "TSDB" and keepDuplicates as "LAST".',
      { code: 'softDelete' },
    )
  return { softDelete: true }
}

/** Arguments of TSDB tables that others must leave out. */
function onlyTsdb({ signature }: NewTable, args: StorageArgs): void {
  if (!isMissing(args.sortKeyMappingFunction))
    throw usageError(signature, 'sortKeyMappingFunction is for databases of the engine TSDB.')
  if (boolArg(args.latestKeyCache, signature, 'latestKeyCache', false))
    throw usageError(signature, 'latestKeyCache is for databases of the engine TSDB.')
}

function tsdbHints(
  { db, signature }: NewTable,
  args: StorageArgs,
  sortColumns: readonly string[],
): Pick<TableRecord, 'sortKeyMapping' | 'latestKeyCache' | 'compressHashSortKey'> {
  if (db.engine !== 'TSDB') return {}
  const functions = functionsOf(args.sortKeyMappingFunction, signature)
  const sortKeyLength = Math.max(1, sortColumns.length - 1)
  if (functions.length > 0 && functions.length !== sortKeyLength)
    throw usageError(
      signature,
      `sortKeyMappingFunction must hold one function for each of the ${sortKeyLength} column(s) of the sort key.`,
    )
  return {
    ...(functions.length > 0 ? { sortKeyMapping: functions } : {}),
    ...(boolArg(args.latestKeyCache, signature, 'latestKeyCache', false) ? { latestKeyCache: true } : {}),
    ...(boolArg(args.compressHashSortKey, signature, 'compressHashSortKey', true)
      ? {}
      : { compressHashSortKey: false }),
  }
}

function functionsOf(v: Arg, signature: string): string[] {
  if (isMissing(v)) return []
  const list: readonly Value[] = v.kind === 'vector' && v.storage === 'any' ? v.values : [v as Value]
  return list.map((f) => {
    if (f.kind !== 'function') throw usageError(signature, 'sortKeyMappingFunction must hold functions.')
    if (f.params.length === 0)
      throw usageError(signature, 'The functions of sortKeyMappingFunction must take one argument.')
    return displayValue(f)
  })
}

// ---------------------------------------------------------------------------------------------------------------------
// Keys

const SORT_KEY_REFUSED: readonly number[] = [T.TIME, T.TIMESTAMP, T.NANOTIME, T.NANOTIMESTAMP]
const SORTABLE: readonly Category[] = ['integral', 'temporal', 'literal', 'decimal']
const KEYS: readonly Category[] = [...SORTABLE, 'logical', 'binary']

function sortColumnsOf({ db, columns, signature }: NewTable, v: Arg): readonly string[] {
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
    if (isArrayType(c.type) || c.type === T.BLOB || !SORTABLE.includes(category))
      refuse(c, 'is of a type that cannot be sorted by')
    if (k < chosen.length - 1) {
      if (SORT_KEY_REFUSED.includes(c.type)) refuse(c, 'cannot be part of the sort key')
    } else if (chosen.length > 1 && category !== 'temporal' && category !== 'integral')
      refuse(c, 'is the last one, which must be temporal or integral')
  })
  return chosen.map((c) => c.name)
}

/** Positionally the primary key stands where other tables have their sort columns. */
function primaryKeyOf({ columns, partitionColumns, signature }: NewTable, args: StorageArgs): readonly string[] {
  if (!isMissing(args.primaryKey) && !isMissing(args.sortColumns))
    throw usageError(signature, 'A table of the engine PKEY has a primaryKey and no sortColumns.')
  const given = isMissing(args.primaryKey) ? args.sortColumns : args.primaryKey
  if (isMissing(given)) throw usageError(signature, 'primaryKey is required for databases of the engine PKEY.')
  const names = textListArg(given, signature, 'primaryKey')
  if (names.length === 0) throw usageError(signature, 'primaryKey is required for databases of the engine PKEY.')
  const chosen = names.map((name) => columnNamed(columns, name, 'column of the primary key'))
  if (new Set(chosen).size < chosen.length) throw usageError(signature, 'primaryKey must not name a column twice.')
  for (const { name, type, scale } of chosen) {
    const isKey = KEYS.includes(categoryOf(type)) && type !== T.COMPLEX && type !== T.POINT && type !== T.BLOB
    if (isArrayType(type) || !isKey)
      throw inputError(`The column [${name}] of type ${typeName(type, scale)} cannot be part of a primary key.`, {
        code: 'primaryKey',
      })
  }
  const key = chosen.map((c) => c.name)
  const outside = partitionColumns.find((name) => !key.includes(name))
  if (outside !== undefined)
    throw inputError(`The primary key must contain all partition columns; [${outside}] is missing.`, {
      code: 'primaryKey',
    })
  return key
}

// ---------------------------------------------------------------------------------------------------------------------
// Dictionaries of columns

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

function indexesOf({ db, columns, signature }: NewTable, v: Arg): Pick<TableRecord, 'indexes'> {
  if (isMissing(v)) return {}
  if (v.kind !== 'dict') throw usageError(signature, 'indexes must be a dictionary of columns and kinds of index.')
  const indexes: Record<string, string> = {}
  for (const [key, value] of v.entries) {
    const column = columnNamed(columns, String(key), 'column of indexes')
    for (const kind of textListArg(value, signature, 'indexes')) {
      if (kind.toLowerCase() !== 'bloomfilter') throw comingFeature(`An index of the kind ${kind} (indexes)`)
      if (db.engine !== 'PKEY')
        throw usageError(signature, 'The index bloomfilter is for databases of the engine PKEY.')
      indexes[column.name] = 'bloomfilter'
    }
  }
  return Object.keys(indexes).length === 0 ? {} : { indexes }
}
