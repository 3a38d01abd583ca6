/** When two tables, or two databases, are of one structure: then segments of one can stand in the other. */
import { type ColumnSchema, type Raw, typeName } from '../../runtime/values/index.ts'
import { type DatabaseRecord, type Scheme, storedName, type TableRecord } from '../catalog/types.ts'
import { partitionNames } from '../partition/names.ts'
import type { BackupQuery } from './meta.ts'

/**
 * What keeps chunks of `backup` from standing in `target`, or undefined. A VALUE scheme may have more values in the target (or fewer: see `missingPartitions`), and a RANGE scheme more
 * ranges behind the last one (or fewer): that is what addValuePartitions and addRangePartitions do.
 */
export function schemeConflict(backup: DatabaseRecord, target: DatabaseRecord): string | undefined {
  if (backup.engine !== target.engine)
    return `the engine is ${backup.engine} in the backup and ${target.engine} in the target`
  if (backup.chunkGranularity !== target.chunkGranularity)
    return `chunkGranularity is ${backup.chunkGranularity} in the backup and ${target.chunkGranularity} in the target`
  if (backup.schemes.length !== target.schemes.length)
    return `the backup has ${backup.schemes.length} level(s) of partitions and the target ${target.schemes.length}`
  for (let level = 0; level < backup.schemes.length; level++) {
    const a = backup.schemes[level]
    const b = target.schemes[level]
    if (!sameScheme(a, b))
      return `partition level ${level} is ${describeScheme(a)} in the backup and ${describeScheme(b)} in the target${firstDifference(a, b)}`
  }
  return undefined
}

function sameScheme(a: Scheme, b: Scheme): boolean {
  if (a.type !== b.type) return false
  switch (a.kind) {
    case 'VALUE':
      return b.kind === 'VALUE'
    case 'RANGE':
      return b.kind === 'RANGE' && (startsWith(a.bounds, b.bounds) || startsWith(b.bounds, a.bounds))
    case 'LIST':
      return (
        b.kind === 'LIST' && a.groups.length === b.groups.length && a.groups.every((g, k) => sameRaws(g, b.groups[k]))
      )
    case 'HASH':
      return b.kind === 'HASH' && a.buckets === b.buckets
    case 'SEQ':
      return b.kind === 'SEQ' && a.blocks === b.blocks
  }
}

/** The schemes of the target with the values and ranges that the backup has and the target lacks; undefined if there are none. In order of the backup. */
export function missingPartitions(backup: DatabaseRecord, target: DatabaseRecord): readonly Scheme[] | undefined {
  const extended = target.schemes.map((scheme, level) => withMissing(scheme, backup.schemes[level]))
  return extended.some((scheme, level) => scheme !== target.schemes[level]) ? extended : undefined
}

function withMissing(scheme: Scheme, wanted: Scheme): Scheme {
  if (scheme.kind === 'RANGE' && wanted.kind === 'RANGE')
    return wanted.bounds.length > scheme.bounds.length ? { ...scheme, bounds: wanted.bounds } : scheme
  if (scheme.kind !== 'VALUE' || wanted.kind !== 'VALUE') return scheme
  const has = new Set(scheme.values.map(keyOfRaw))
  const more = wanted.values.filter((v) => !has.has(keyOfRaw(v)))
  return more.length === 0 ? scheme : { ...scheme, values: [...scheme.values, ...more] }
}

const keyOfRaw = (raw: Raw): string => `${typeof raw}:${String(raw)}`
const sameRaws = (a: readonly Raw[], b: readonly Raw[]): boolean =>
  a.length === b.length && a.every((v, k) => keyOfRaw(v) === keyOfRaw(b[k]))

const startsWith = (longer: readonly Raw[], shorter: readonly Raw[]): boolean =>
  longer.length >= shorter.length && shorter.every((v, k) => keyOfRaw(v) === keyOfRaw(longer[k]))

/** Two schemes of one kind are told apart by the first partition that differs. */
function firstDifference(a: Scheme, b: Scheme): string {
  if (a.type !== b.type) return ''
  if (a.kind === 'RANGE' && b.kind === 'RANGE') {
    const [ours, theirs] = [partitionNames(a), partitionNames(b)]
    const k = ours.findIndex((name, n) => name !== theirs[n])
    return k < 0 || theirs[k] === undefined ? '' : `: ${ours[k]} in the backup, ${theirs[k]} in the target`
  }
  if (a.kind === 'LIST' && b.kind === 'LIST' && a.groups.length === b.groups.length)
    return `: List${a.groups.findIndex((g, k) => !sameRaws(g, b.groups[k]))} has other values`
  return ''
}

function describeScheme(scheme: Scheme): string {
  const type = typeName(scheme.type)
  switch (scheme.kind) {
    case 'VALUE':
      return `VALUE of ${type}`
    case 'RANGE':
      return `RANGE of ${type} with ${scheme.bounds.length - 1} ranges`
    case 'LIST':
      return `LIST of ${type} with ${scheme.groups.length} groups`
    case 'HASH':
      return `HASH of ${type} with ${scheme.buckets} buckets`
    case 'SEQ':
      return `SEQ with ${scheme.blocks} blocks`
  }
}

/**
 * What keeps chunks of the table `backup` from standing in `target`, or undefined. Segments know columns by their stored names, so these must agree. The target
 * may have more columns at its end: rows of the backup have nulls there, as rows have that were written before a column was added. Of the table that was backed
 * up, columns may have been renamed since.
 */
export function tableConflict(backup: TableRecord, target: TableRecord): string | undefined {
  const columns = backup.id === target.id ? alteredConflict(backup, target) : columnConflict(backup, target)
  if (columns !== undefined) return columns
  for (const field of ['partitionColumns', 'sortColumns'] as const)
    if (backup[field].join() !== target[field].join())
      return `${field} are [${backup[field].join(', ')}] in the backup and [${target[field].join(', ')}] in the target`
  const key = (backup.primaryKey ?? []).join(', ')
  const targetKey = (target.primaryKey ?? []).join(', ')
  if (key !== targetKey) return `the primary key is [${key}] in the backup and [${targetKey}] in the target`
  if (backup.keepDuplicates !== target.keepDuplicates)
    return `keepDuplicates is ${backup.keepDuplicates} in the backup and ${target.keepDuplicates} in the target`
  return undefined
}

/** The same table at another time: a stored name stands for one column and type for ever. */
function alteredConflict(backup: TableRecord, target: TableRecord): string | undefined {
  const gone = backup.columns.find((a) => target.columns.every((b) => storedName(a) !== storedName(b)))
  return gone === undefined
    ? undefined
    : `the column ${describeColumn(gone)} of the backup was dropped or given another type since`
}

function columnConflict(backup: TableRecord, target: TableRecord): string | undefined {
  if (target.columns.length < backup.columns.length)
    return `the backup has ${backup.columns.length} columns and the target ${target.columns.length}`
  for (let k = 0; k < backup.columns.length; k++) {
    const a = backup.columns[k]
    const b = target.columns[k]
    if (!sameColumn(a, b))
      return `column ${k} is ${describeColumn(a)} in the backup and ${describeColumn(b)} in the target`
    if (storedName(a) !== storedName(b))
      return `the column ${a.name} is ${storedName(a)} in the segments of the backup and ${storedName(b)} in those of the target`
  }
  // Segments may still hold the values of columns that were dropped.
  const known = new Set([...backup.columns.map(storedName), ...(backup.retired ?? [])])
  const mixed = target.columns.slice(backup.columns.length).find((b) => known.has(storedName(b)))
  return mixed === undefined ? undefined : `the column ${mixed.name} of the target was another one in the backup`
}

/**
 * What keeps the rows of a query from standing in `target`, or undefined. They are rows, not segments, so that engine and keys may differ; columns are matched by position.
 */
export function rowsConflict(
  { database, table }: { readonly database: DatabaseRecord; readonly table: TableRecord },
  query: BackupQuery,
  targetDatabase: DatabaseRecord,
  target: TableRecord,
): string | undefined {
  const { engine, chunkGranularity } = targetDatabase
  const scheme = schemeConflict({ ...database, engine, chunkGranularity }, targetDatabase)
  if (scheme !== undefined) return scheme
  const { columns } = query
  if (columns.length !== table.columns.length || columns.length > target.columns.length)
    return `the query of the backup has ${columns.length} columns, its table had ${table.columns.length}, and the target has ${target.columns.length}`
  for (let k = 0; k < columns.length; k++) {
    const a = columns[k]
    const b = target.columns[k]
    if (a.type !== b.type || (a.scale ?? 0) !== (b.scale ?? 0))
      return `column ${k} is ${describeColumn(a)} in the query of the backup and ${describeColumn(b)} in the target`
    const named = target.columns.findIndex((c) => c.name === a.name)
    if (named >= 0 && named !== k)
      return `the column ${a.name} is column ${k} in the query of the backup and column ${named} in the target`
  }
  const positions = (of: TableRecord): string =>
    of.partitionColumns.map((name) => of.columns.findIndex((c) => c.name === name)).join()
  if (positions(table) !== positions(target))
    return `partitionColumns are [${table.partitionColumns.join(', ')}] in the backup and [${target.partitionColumns.join(', ')}] in the target`
  return undefined
}

/** What tells the columns of two query results apart, or undefined. */
export function columnsConflict(backup: readonly ColumnSchema[], other: readonly ColumnSchema[]): string | undefined {
  const list = (columns: readonly ColumnSchema[]): string => columns.map(describeColumn).join(', ')
  const isSame = backup.length === other.length && backup.every((c, k) => sameColumn(c, other[k]))
  return isSame ? undefined : `its columns are (${list(backup)}) instead of (${list(other)})`
}

const sameColumn = (a: ColumnSchema, b: ColumnSchema): boolean =>
  a.name === b.name && a.type === b.type && (a.scale ?? 0) === (b.scale ?? 0)
const describeColumn = (c: ColumnSchema): string => `${c.name} ${typeName(c.type, c.scale)}`
