/** Partitions: adding them to a scheme, dropping them with their rows (specification of the store, section 6). */
import { type Arg, boolArg, intArg, isGiven, required, textArg } from '../../runtime/builtins/args.ts'
import { inputError, usageError } from '../../runtime/errors.ts'
import { castTemporalRaw } from '../../runtime/ops/temporal-parts.ts'
import { rawText } from '../../runtime/print/index.ts'
import { topicTable } from '../../runtime/registry.ts'
import type { Session } from '../../runtime/session.ts'
import { isTemporal, type Raw, Scalar, T, typeName, type Value } from '../../runtime/values/index.ts'
import type { CatalogRecords, DatabaseRecord, Scheme, TableRecord } from '../catalog/types.ts'
import { pathList, pathsByCondition } from '../partition/conditions.ts'
import { parsePath, valueName } from '../partition/names.ts'
import { convertsTo, schemeOf } from '../partition/scheme.ts'
import { isMissing } from './backup-host.ts'
import { databaseArg, dfsOf, placeOf, tableOfDatabase } from './store-args.ts'

const { entries, define } = topicTable('Partitions')
export const partitionFunctions = entries

const DROP = 'dropPartition(dbHandle, partitionPaths, [tableName], [forceDelete=false], [deleteSchema=false])'

define(DROP, {
  doc: 'Deletes the rows of partitions, given as paths below the database that name every level ("/20170807/0_50", one or several), or as conditions: values of the first level, or for COMPO a tuple with an entry for each level ([2017.08.07, 0], or (1, 50) where both have one type, because [1, 50] is a vector of values; an empty entry selects all; a number names the bucket of HASH, any value inside names a RANGE). With deleteSchema=true the values of the first level, which must be VALUE, leave the scheme too; that is for databases of one table.',
  call: ([handle, partitionPaths, tableName, , deleteSchema], session) => {
    const db = databaseArg(session, handle, DROP)
    if (isEmpty(partitionPaths))
      throw inputError('Please use truncate instead of dropPartition to delete the entire table.', {
        code: 'dropPartition',
      })
    const paths = required(partitionPaths, DROP, 'partitionPaths')
    const dfs = dfsOf(session)
    const records = dfs.view()
    const tables = tablesOf(records, db, tableName)
    for (const table of tables) dfs.requireAccess('dropPartition', db, table)
    const withValues = boolArg(deleteSchema, DROP, 'deleteSchema', false)
    if (withValues) {
      dfs.requireAccess('dropPartitionValues', db)
      checkDeleteSchema(records, db)
    }
    const selected = selector(db, paths)
    const targets = dfs.looking((view) =>
      tables.map((table) => ({
        table: table.name,
        paths: Array.from(view.chunks(db.url, table.name), (c) => c.path).filter(selected),
      })),
    )
    const values = withValues ? valuesSelected(db, paths) : []
    if (values.length === 0 && targets.every((t) => t.paths.length === 0))
      throw inputError(`None of the specified partitions exists in ${db.url}.`, {
        refId: 'S01056',
        where: { db: db.url },
      })
    for (const t of targets) if (t.paths.length > 0) dfs.request({ kind: 'dropChunks', db: db.url, ...t })
    if (withValues) dropValues(session, db, values)
    return Scalar.VOID
  },
})

function isEmpty(v: Arg): boolean {
  if (!isGiven(v)) return true
  return (v.kind === 'vector' && v.length === 0) || (v.kind === 'scalar' && v.isNull())
}

function tablesOf(view: CatalogRecords, db: DatabaseRecord, tableName: Arg): readonly TableRecord[] {
  if (!isMissing(tableName)) {
    const table = tableOfDatabase(view, db, textArg(tableName, DROP, 'tableName'))
    if (table.partitionColumns.length === 0)
      throw inputError(`The dimension table [${table.name}] has no partitions.`, { code: 'dimensionTable' })
    return [table]
  }
  if (db.chunkGranularity === 'TABLE')
    throw usageError(DROP, 'tableName is required for a database whose chunkGranularity is TABLE.')
  return view.tables(db.url).filter((t) => t.partitionColumns.length > 0)
}

function selector(db: DatabaseRecord, value: Value): (path: string) => boolean {
  const paths = pathList(value)
  if (paths === undefined) return pathsByCondition(db, value)
  const wanted = new Set(paths.map((p) => `/${parsePath(db, p).join('/')}`))
  return (path) => wanted.has(path)
}

function checkDeleteSchema(view: CatalogRecords, db: DatabaseRecord): void {
  if (db.schemes[0].kind !== 'VALUE')
    throw usageError(DROP, 'deleteSchema=true needs a database whose (first) partition level is VALUE.')
  if (view.tables(db.url).length > 1)
    throw usageError(DROP, 'deleteSchema=true is only for databases with a single table.')
}

/** Values of the first level that paths or conditions name. */
function valuesSelected(db: DatabaseRecord, value: Value): readonly Raw[] {
  const scheme = db.schemes[0]
  if (scheme.kind !== 'VALUE') return []
  const paths = pathList(value)
  const names = paths === undefined ? undefined : new Set(paths.map((p) => parsePath(db, p)[0]))
  const byLevel = value.kind === 'vector' && value.storage === 'any' && db.compo ? value.get(0) : value
  const first = { ...db, schemes: [scheme], compo: false }
  const selected = names === undefined ? pathsByCondition(first, byLevel) : (path: string) => names.has(path.slice(1))
  return scheme.values.filter((raw) => selected(`/${valueName(scheme.type, raw)}`))
}

/** Takes values out of the scheme, those of partitions that still have rows excepted. */
function dropValues(session: Session, db: DatabaseRecord, values: readonly Raw[]): void {
  const dfs = dfsOf(session)
  const used = dfs.looking(
    (view) =>
      new Set(
        view
          .tables(db.url)
          .flatMap((table) => Array.from(view.chunks(db.url, table.name), (chunk) => chunk.path.split('/')[1])),
      ),
  )
  const { type } = db.schemes[0]
  const gone = values.filter((raw) => !used.has(valueName(type, raw)))
  if (gone.length > 0) dfs.request({ kind: 'dropValues', db: db.url, level: 0, paths: gone.map((raw) => String(raw)) })
}

function levelArg(db: DatabaseRecord, v: Arg, signature: string): number {
  const level = intArg(v, signature, 'level', 0)
  if (level < 0 || level >= db.schemes.length)
    throw usageError(signature, `level must be a partition level of ${db.url}: 0 to ${db.schemes.length - 1}.`)
  return level
}

/** New elements in the type of the scheme that they extend. */
function inTypeOf(scheme: Scheme, given: Scheme, raws: readonly Raw[]): Raw[] {
  if (!convertsTo(given.type, scheme.type))
    throw inputError(
      `The data type of the new partitions is ${typeName(given.type)}, but that of the partition scheme is ${typeName(scheme.type)}.`,
      { code: 'partitionType' },
    )
  if (isTemporal(scheme.type)) return raws.map((raw) => castTemporalRaw(raw, given.type, scheme.type))
  const limit = scheme.type === T.CHAR ? 127 : scheme.type === T.SHORT ? 32767 : Number.POSITIVE_INFINITY
  for (const raw of raws)
    if (typeof raw === 'number' && Math.abs(raw) > limit)
      throw inputError(`The value [${raw}] does not fit ${typeName(scheme.type)}, the type of the partition scheme.`, {
        code: 'partitionType',
      })
  return raws.slice()
}

function extend(session: Session, db: DatabaseRecord, level: number, scheme: Scheme): void {
  const schemes = db.schemes.map((s, k) => (k === level ? scheme : s))
  dfsOf(session).request({ kind: 'extendSchemes', db: db.url, schemes })
}

const ADD_VALUES = 'addValuePartitions(dbHandle, newValues, [level=0], [locations])'

define(ADD_VALUES, {
  doc: 'Adds values to a VALUE partition scheme and returns how many are new.',
  call: ([handle, newValues, level], session) => {
    const db = databaseArg(session, handle, ADD_VALUES)
    dfsOf(session).requireAccess('addPartitions', db)
    const at = levelArg(db, level, ADD_VALUES)
    const scheme = db.schemes[at]
    if (scheme.kind !== 'VALUE')
      throw usageError(ADD_VALUES, `Level ${at} of ${db.url} is partitioned by ${scheme.kind}, not by VALUE.`)
    const given = schemeOf('VALUE', required(newValues, ADD_VALUES, 'newValues')) as Scheme & { kind: 'VALUE' }
    const known = new Set(scheme.values)
    const fresh = [...new Set(inTypeOf(scheme, given, given.values))].filter((raw) => !known.has(raw))
    if (fresh.length > 0) extend(session, db, at, { ...scheme, values: [...scheme.values, ...fresh] })
    return Scalar.int(fresh.length)
  },
})

const ADD_RANGES = 'addRangePartitions(dbHandle, newRanges, [level=0], [locations])'

define(ADD_RANGES, {
  doc: 'Adds ranges behind the last one of a RANGE partition scheme and returns how many. newRanges are ascending bounds; the first must be the last bound so far.',
  call: ([handle, newRanges, level], session) => {
    const db = databaseArg(session, handle, ADD_RANGES)
    dfsOf(session).requireAccess('addPartitions', db)
    const at = levelArg(db, level, ADD_RANGES)
    const scheme = db.schemes[at]
    if (scheme.kind !== 'RANGE')
      throw usageError(ADD_RANGES, `Level ${at} of ${db.url} is partitioned by ${scheme.kind}, not by RANGE.`)
    const given = schemeOf('RANGE', required(newRanges, ADD_RANGES, 'newRanges')) as Scheme & { kind: 'RANGE' }
    const bounds = inTypeOf(scheme, given, given.bounds)
    const last = scheme.bounds[scheme.bounds.length - 1]
    if (bounds[0] !== last)
      throw inputError(
        `The first of the new bounds is [${rawText(scheme.type, bounds[0])}]; it must be the last bound of the scheme, [${rawText(scheme.type, last)}]${bounds[0]! < last! ? ': the new ranges overlap existing ones' : ''}.`,
        bounds[0]! < last! ? { refId: 'S01002' } : { code: 'partitionScheme' },
      )
    extend(session, db, at, { ...scheme, bounds: [...scheme.bounds, ...bounds.slice(1)] })
    return Scalar.int(bounds.length - 1)
  },
})

define('existsPartition(path, [tableName])', {
  doc: 'Whether a table has rows in a partition: "dfs://db/20170807/0_50" with the name of the table, or with its physical index at the end.',
  call: ([path, tableName], session) => {
    const signature = 'existsPartition(path, [tableName])'
    const dfs = dfsOf(session)
    const records = dfs.view()
    const place = placeOf(records, textArg(path, signature, 'path'))
    if (place === undefined) return Scalar.FALSE
    const { db, names } = place
    const named = isMissing(tableName) ? undefined : records.table(db.url, textArg(tableName, signature, 'tableName'))
    if (!isMissing(tableName) && named === undefined) return Scalar.FALSE
    const last = names[names.length - 1]
    const candidates = named === undefined ? records.tables(db.url) : [named]
    return Scalar.bool(
      dfs.looking((view) =>
        candidates.some((t) => {
          const isIndexed = names.length > 1 && last === t.physicalIndex
          if (named === undefined && !isIndexed && db.chunkGranularity === 'TABLE') return false
          const has = (parts: readonly string[]) => view.chunk(db.url, t.name, `/${parts.join('/')}`) !== undefined
          return has(names) || (isIndexed && has(names.slice(0, -1)))
        }),
      ),
    )
  },
})
