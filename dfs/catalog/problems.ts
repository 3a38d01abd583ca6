/**
 * What can be wrong with records of the catalog that each look well by themselves: schemes, the columns of a table against its database, paths of chunks, ranges of
 * values. Every reader relies on it. A running store keeps it so; `check` looks whether it is so, and what comes from outside is refused if it is not.
 */
import { isIntegral, type Raw, type TypeId, typeInfo, typeName } from '../../runtime/values/index.ts'
import { parsePath, partitionNumbers } from '../partition/names.ts'
import { partitionColumnTypeError } from '../partition/scheme.ts'
import { isStorable } from '../segment/column-type.ts'
import { type DatabaseRecord, type Scheme, type SegmentRef, storedName, type TableRecord } from './types.ts'

/** Columns of a table: of types that segments can hold, each with names of its own. */
export function* columnProblems({ columns }: Pick<TableRecord, 'columns'>): Iterable<string> {
  if (columns.length === 0) yield 'It has no columns.'
  if (new Set(columns.map((c) => c.name)).size < columns.length) yield 'Two columns have the same name.'
  if (new Set(columns.map(storedName)).size < columns.length) yield 'Two columns have the same name in the files.'
  for (const { name, type } of columns)
    if (!isStorable(type)) yield `The column ${name} is of type ${typeName(type)}, which cannot be stored.`
}

export function* tableProblems(database: DatabaseRecord, table: TableRecord): Iterable<string> {
  yield* columnProblems(table)
  const byName = new Map(table.columns.map((c) => [c.name, c]))
  const { partitionColumns, sortColumns, primaryKey = [] } = table
  if (partitionColumns.length > 0 && partitionColumns.length !== database.schemes.length)
    yield `It has ${partitionColumns.length} partition columns for ${database.schemes.length} levels.`
  for (const name of [...partitionColumns, ...sortColumns, ...primaryKey])
    if (!byName.has(name)) yield `The column ${name} by which it is partitioned, sorted or keyed is missing.`
  for (const [level, name] of partitionColumns.entries()) {
    const column = byName.get(name)
    const scheme = database.schemes[level]
    if (column === undefined || scheme === undefined) continue
    const problem = partitionColumnTypeError(scheme, column)
    if (problem !== undefined) yield problem
  }
}

/** Why a chunk of the table cannot have this path. `anyValue`: of VALUE levels only that there is a name, because values may have been dropped from the scheme. */
export function pathProblem(
  database: DatabaseRecord,
  table: TableRecord,
  path: string,
  anyValue = false,
): string | undefined {
  if (table.partitionColumns.length === 0)
    return path === `/${table.name}` ? undefined : `A dimension table has one chunk, /${table.name}.`
  let names: string[]
  try {
    names = parsePath(database, path)
  } catch (error) {
    return (error as Error).message
  }
  const level = names.findIndex((name, k) => {
    const scheme = database.schemes[k]
    return !(anyValue && scheme.kind === 'VALUE') && !isPartitionOf(scheme, name)
  })
  return level < 0
    ? undefined
    : `${names[level]} is no partition of level ${level + 1} (${database.schemes[level].kind}) of the database.`
}

/** Without a list of all names where they are numbered: there may be a million. */
function isPartitionOf(scheme: Scheme, name: string): boolean {
  if (scheme.kind === 'VALUE' || scheme.kind === 'RANGE') return partitionNumbers(scheme).has(name)
  const found = /^(Key|List|Part)(0|[1-9][0-9]{0,8})$/.exec(name)
  if (found === null) return false
  const number = Number(found[2])
  switch (scheme.kind) {
    case 'HASH':
      return found[1] === 'Key' && number < scheme.buckets
    case 'LIST':
      return found[1] === 'List' && number < scheme.groups.length
    case 'SEQ':
      return found[1] === 'Part' && number < scheme.blocks
  }
}

/** Whether a value is one of the type, nulls included, in the form that `Raw` describes. */
export function isRawOf(type: TypeId, raw: Raw): boolean {
  switch (typeInfo(type).storage) {
    case 'i8':
    case 'i16':
    case 'i32':
      return typeof raw === 'number' && (Number.isInteger(raw) || !isIntegral(type))
    case 'f32':
    case 'f64':
      return typeof raw === 'number'
    case 'i64':
    case 'x2i64':
      return typeof raw === 'bigint'
    case 'x2f64':
      return Array.isArray(raw)
    case 'symbol':
    case 'string':
      return typeof raw === 'string'
    case 'any':
      return false
  }
}

/** What is wrong with what is said of the values of a segment, by the table's columns. Columns that the table has no more are nobody's. */
export function rangeProblem(
  types: ReadonlyMap<string, TypeId>,
  { rows, bytes, minMax, nulls }: Pick<SegmentRef, 'rows' | 'bytes' | 'minMax' | 'nulls'>,
): string | undefined {
  // A value takes a byte at least.
  if (rows > bytes) return `${rows} rows in ${bytes} bytes`
  for (const name of Object.keys(minMax)) {
    const type = types.get(name)
    if (type === undefined) continue
    if (type >= 64 || !isRawOf(type, minMax[name][0]) || !isRawOf(type, minMax[name][1]))
      return `the range of ${name} is not of its type`
  }
  for (const name in nulls) if (nulls[name] > rows) return `${nulls[name]} nulls of ${name} in ${rows} rows`
  return undefined
}

/** Types by the names that columns have in segments. */
export const storedTypes = ({ columns }: Pick<TableRecord, 'columns'>): ReadonlyMap<string, TypeId> =>
  new Map(columns.map((c) => [storedName(c), c.type]))
