/**
 * Which partitions and segments can hold rows that satisfy a condition. Everything here may keep too much and must never drop a matching row. Rows of a
 * partition column are never null (routing sees to that), but other columns may be, and null compares as the smallest value: `x < 5` is true for it.
 */
import { inputError } from '../../runtime/errors.ts'
import { hashBucketOf } from '../../runtime/kernels/murmur.ts'
import { castTemporalRaw } from '../../runtime/ops/temporal-parts.ts'
import { rawText } from '../../runtime/print/index.ts'
import { temporalUnit } from '../../runtime/temporal/units.ts'
import {
  type ColumnPredicate,
  categoryOf,
  isIntegral,
  isLiteral,
  isNullRaw,
  isNumeric,
  isTemporal,
  type Raw,
  T,
  type TypeId,
} from '../../runtime/values/index.ts'
import {
  type DatabaseRecord,
  type Scheme,
  type SegmentRef,
  type StoredColumn,
  storedName,
  type TableRecord,
} from '../catalog/types.ts'
import { partitionNumber } from './conditions.ts'
import { finder } from './levels.ts'
import { partitionNames, partitionNumbers } from './names.ts'

type Leaf = Extract<ColumnPredicate, { readonly column: string }>
type Test = (names: readonly string[]) => boolean

/** The test of chunk paths for a predicate; undefined if it tells nothing about partitions. */
export function pruner(
  db: DatabaseRecord,
  table: TableRecord,
  predicate: ColumnPredicate | undefined,
): ((path: string) => boolean) | undefined {
  if (predicate === undefined || table.partitionColumns.length === 0) return undefined
  const test = testOf(db, table, predicate)
  return test === undefined ? undefined : (path) => test(path.slice(1).split('/'))
}

function testOf(db: DatabaseRecord, table: TableRecord, p: ColumnPredicate): Test | undefined {
  switch (p.kind) {
    case 'noMatch':
      return () => false
    case 'and': {
      const tests = p.parts.flatMap((part) => testOf(db, table, part) ?? [])
      return tests.length === 0 ? undefined : (names) => tests.every((t) => t(names))
    }
    case 'or': {
      const tests = p.parts.map((part) => testOf(db, table, part))
      if (tests.some((t) => t === undefined)) return undefined
      return (names) => tests.some((t) => t!(names))
    }
    default:
      return leafTest(db, table, p)
  }
}

function leafTest(db: DatabaseRecord, table: TableRecord, p: Leaf): Test | undefined {
  const column = table.columns.find((c) => c.name === p.column)
  if (column === undefined) return undefined
  const tests: Test[] = []
  table.partitionColumns.forEach((name, level) => {
    if (name !== p.column) return
    const allowed = allowedPartitions(db.schemes[level], column.type, p)
    if (allowed === undefined) return
    const denied = deniedNames(db.schemes[level], allowed)
    tests.push((names) => !denied.has(names[level]))
  })
  return tests.length === 0 ? undefined : (names) => tests.every((t) => t(names))
}

/** Names that stand for no allowed partition. Names that the scheme does not know are not among them: their chunks are kept. */
function deniedNames(scheme: Scheme, allowed: Uint8Array): Set<string> {
  const names = partitionNames(scheme)
  const denied = new Set(names)
  for (let k = 0; k < names.length; k++) if (allowed[k] === 1) denied.delete(names[k])
  return denied
}

/** 1 for each partition of a level that can hold matching rows; undefined = all can. */
function allowedPartitions(scheme: Scheme, column: TypeId, p: Leaf): Uint8Array | undefined {
  const allowed = new Uint8Array(partitionNames(scheme).length)
  switch (p.kind) {
    case 'partition':
      for (let k = 0; k < p.keys.length; k++) allowed[keyNumber(scheme, p.keys.get(k), p.column)] = 1
      return allowed
    case 'in':
    case 'compare': {
      if (p.kind === 'compare' && p.op !== 'eq') break
      for (const raw of p.kind === 'in' ? p.values : [p.value]) {
        const number = numberOfValue(scheme, column, p.type, raw)
        if (number === undefined) return undefined
        if (number >= 0) allowed[number] = 1
      }
      return allowed
    }
  }
  if (scheme.kind === 'HASH' || scheme.kind === 'SEQ') return undefined
  const bounds = boundsOf(scheme, column, p)
  if (bounds === undefined) return undefined
  markOverlaps(scheme, bounds, allowed)
  return allowed
}

function keyNumber(scheme: Scheme, key: Parameters<typeof partitionNumber>[1], column: string): number {
  const byValue = scheme.kind === 'VALUE'
  const isIndex = key.kind === 'scalar' && isIntegral(key.type) && !key.isNull()
  const number = byValue ? partitionNumber(scheme, key) : isIndex ? Number(key.value) : undefined
  if (number !== undefined && number >= 0 && number < partitionNames(scheme).length) return number
  const text = key.kind === 'scalar' ? rawText(key.type, key.value, key.scale) : key.kind
  throw inputError(`partition(): [${text}] is no partition of the column [${column}].`, { code: 'partitionKey' })
}

/** Partition of the rows whose column equals the value: -1 if there is none, undefined if it can't be told. */
function numberOfValue(scheme: Scheme, column: TypeId, type: TypeId, raw: Raw): number | undefined {
  if (raw === null || isNullRaw(type, raw)) return undefined
  if (scheme.kind === 'SEQ') return undefined
  if (scheme.kind === 'HASH' && !isTemporal(scheme.type)) return bucketOfValue(scheme.buckets, column, type, raw)
  const found = inScheme(scheme.type, column, type, raw)
  if (found === undefined) return undefined
  if (scheme.kind === 'HASH') return hashBucketOf(scheme.type, found.value, scheme.buckets)
  return finder(scheme)(typeof found.value === 'bigint' ? Number(found.value) : found.value)
}

function bucketOfValue(buckets: number, column: TypeId, type: TypeId, raw: Raw): number | undefined {
  if (isLiteral(column)) return isLiteral(type) ? hashBucketOf(T.STRING, raw, buckets) : undefined
  if (isIntegral(column) && (isIntegral(type) || type === T.BOOL)) {
    const value = BigInt(raw as number | bigint)
    return Number(BigInt.asUintN(column === T.LONG ? 64 : 32, value) % BigInt(buckets))
  }
  return column === type ? hashBucketOf(type, raw, buckets) : undefined
}

interface SchemeValue {
  readonly value: Raw
  /** The value is the first instant that the scheme's value covers. */
  readonly exact: boolean
}

/** A constant that a column is compared with, in the type of the scheme; undefined if the two do not compare by value. */
function inScheme(scheme: TypeId, column: TypeId, type: TypeId, raw: Raw): SchemeValue | undefined {
  if (raw === null || isNullRaw(type, raw)) return undefined
  if (isLiteral(scheme)) return isLiteral(type) ? { value: raw, exact: true } : undefined
  if (isIntegral(scheme)) return isNumeric(type) ? { value: raw, exact: true } : undefined
  if (!comparesInTime(column, type)) return undefined
  const value = castTemporalRaw(raw, type, scheme)
  if (isNullRaw(scheme, value)) return undefined
  return { value, exact: castTemporalRaw(value, scheme, type) === raw }
}

function comparesInTime(a: TypeId, b: TypeId): boolean {
  if (a === b) return true
  const x = temporalUnit(a)
  const y = temporalUnit(b)
  return x !== undefined && y !== undefined && a !== T.MONTH && b !== T.MONTH && x.hasDate === y.hasDate
}

/** An interval of scheme values; open ends leave the end out. */
interface Bounds {
  readonly low?: Raw
  readonly lowOpen?: boolean
  readonly high?: Raw
  readonly highOpen?: boolean
}

function boundsOf(scheme: Scheme, column: TypeId, p: Leaf): Bounds | undefined {
  if (p.kind === 'between') {
    const low = inScheme(scheme.type, column, p.type, p.low)
    const high = inScheme(scheme.type, column, p.type, p.high)
    return low && high && { low: low.value, high: high.value }
  }
  if (p.kind !== 'compare') return undefined
  const found = inScheme(scheme.type, column, p.type, p.value)
  if (found === undefined) return undefined
  switch (p.op) {
    case 'lt':
      return { high: found.value, highOpen: found.exact }
    case 'le':
      return { high: found.value }
    case 'gt':
      // Instants after the first one of a day are still of that day.
      return { low: found.value, lowOpen: found.exact && (column === scheme.type || !isTemporal(scheme.type)) }
    default:
      return { low: found.value }
  }
}

const below = (x: Raw, b: Bounds): boolean => b.high === undefined || (b.highOpen ? x! < b.high! : x! <= b.high!)
const above = (x: Raw, b: Bounds): boolean => b.low === undefined || (b.lowOpen ? x! > b.low! : x! >= b.low!)

function markOverlaps(scheme: Scheme, b: Bounds, allowed: Uint8Array): void {
  if (scheme.kind === 'VALUE') {
    for (let k = 0; k < allowed.length; k++)
      allowed[k] = below(scheme.values[k], b) && above(scheme.values[k], b) ? 1 : 0
  } else if (scheme.kind === 'LIST')
    for (let k = 0; k < allowed.length; k++)
      allowed[k] = scheme.groups[k].some((x) => below(x, b) && above(x, b)) ? 1 : 0
  else if (scheme.kind === 'RANGE')
    for (let k = 0; k < allowed.length; k++)
      allowed[k] = below(scheme.bounds[k], b) && (b.low === undefined || scheme.bounds[k + 1]! > b.low!) ? 1 : 0
}

/** Order of chunk paths: by the scheme's order of partitions, outermost level first; names that a scheme does not know come last, by text. */
export function schemeOrder(db: DatabaseRecord): (a: string, b: string) => number {
  const ranks = db.schemes.map(partitionNumbers)
  return (a, b) => {
    const x = a.split('/')
    const y = b.split('/')
    for (let k = 1; k < x.length || k < y.length; k++) {
      const nameA = x[k] ?? ''
      const nameB = y[k] ?? ''
      if (nameA === nameB) continue
      const rank = ranks[k - 1]
      const rankA = rank?.get(nameA) ?? Number.MAX_SAFE_INTEGER
      const rankB = rank?.get(nameB) ?? Number.MAX_SAFE_INTEGER
      if (rankA !== rankB) return rankA - rankB
      return nameA < nameB ? -1 : 1
    }
    return 0
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Segments

/**
 * Whether a segment (or a batch of one) with these ranges, which go by stored names, can hold rows that satisfy the predicate. `neverNull` knows the columns,
 * by their names, that hold no nulls: only for them does a smallest value rule out `x < 5`.
 */
export function segmentMayMatch(
  minMax: SegmentRef['minMax'],
  columns: readonly StoredColumn[],
  predicate: ColumnPredicate,
  neverNull: { has(column: string): boolean } = new Set<string>(),
): boolean {
  switch (predicate.kind) {
    case 'noMatch':
      return false
    case 'and':
      return predicate.parts.every((p) => segmentMayMatch(minMax, columns, p, neverNull))
    case 'or':
      return predicate.parts.some((p) => segmentMayMatch(minMax, columns, p, neverNull))
    case 'partition':
      return true
  }
  const column = columns.find((c) => c.name === predicate.column)
  if (column === undefined) return true
  const range = minMax[storedName(column)]
  if (range === undefined) return true
  const low = comparable(column.type, predicate.type, column.type, range[0])
  const high = comparable(column.type, predicate.type, column.type, range[1])
  if (low === undefined || high === undefined) return true
  const of = (raw: Raw) => comparable(column.type, predicate.type, predicate.type, raw)
  if (predicate.kind === 'in')
    return predicate.values.some((raw) => {
      const x = of(raw)
      return x === undefined || (low <= x && x <= high)
    })
  if (predicate.kind === 'between') {
    const from = of(predicate.low)
    const to = of(predicate.high)
    return from === undefined || to === undefined || (low <= to && from <= high)
  }
  const x = of(predicate.value)
  if (x === undefined) return true
  switch (predicate.op) {
    case 'lt':
      return low < x || !neverNull.has(column.name)
    case 'le':
      return low <= x || !neverNull.has(column.name)
    case 'gt':
      return high > x
    case 'ge':
      return high >= x
    case 'eq':
      return low <= x && x <= high
  }
}

/** A raw value of `type` in a form in which values of the two types a and b compare; undefined if they do not, or for null. */
function comparable(a: TypeId, b: TypeId, type: TypeId, raw: Raw): number | bigint | string | undefined {
  if (raw === null || typeof raw === 'object' || isNullRaw(type, raw)) return undefined
  // Ranges are by UTF-16 units, which is the order of texts as long as no surrogate or later unit takes part.
  if (isLiteral(a) && isLiteral(b)) return /[\ud800-\uffff]/.test(raw as string) ? undefined : raw
  // Numbers and bigints compare exactly with each other.
  if (isNumeric(a) && isNumeric(b)) return a === b || a !== T.FLOAT ? raw : undefined
  if (a === b && categoryOf(a) === 'temporal') return raw
  if (!isTemporal(a) || !isTemporal(b) || !comparesInTime(a, b)) return undefined
  return nanoseconds(type, raw as number | bigint)
}

function nanoseconds(type: TypeId, raw: number | bigint): bigint {
  return BigInt(raw) * (86_400_000_000_000n / BigInt(temporalUnit(type)!.perDay))
}
