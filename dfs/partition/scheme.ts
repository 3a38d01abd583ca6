/**
 * Partition schemes from script values: `VALUE, 2017.08.07..2017.08.11`, `RANGE, 0 50 100`, `HASH, [SYMBOL,5]`, with everything that can be wrong about
 * them. Elements of VALUE, RANGE and LIST schemes are 32-bit numbers or strings; only HASH knows wider types.
 */
import { columnType } from '../../runtime/builtins/column-type.ts'
import { inputError } from '../../runtime/errors.ts'
import { rawText } from '../../runtime/print/index.ts'
import { temporalUnit } from '../../runtime/temporal/units.ts'
import {
  type ColumnSchema,
  isIntegral,
  isLiteral,
  isNullRaw,
  isTemporal,
  type Raw,
  T,
  type TypeId,
  typeName,
  type Value,
} from '../../runtime/values/index.ts'
import type { Scheme } from '../catalog/types.ts'
import { valueName } from './names.ts'

const VALUE_TYPES: ReadonlySet<TypeId> = new Set([
  T.CHAR,
  T.SHORT,
  T.INT,
  T.DATE,
  T.MONTH,
  T.TIME,
  T.MINUTE,
  T.SECOND,
  T.DATETIME,
  T.DATEHOUR,
  T.STRING,
  T.SYMBOL,
])
const HASH_TYPES: ReadonlySet<TypeId> = new Set([...VALUE_TYPES, T.LONG, T.UUID, T.IPADDR, T.INT128])

const MAX_HASH_BUCKETS = 1 << 20
/** As of a HASH: names of all partitions of a scheme are made at once. */
const MAX_SEQ_BLOCKS = 1 << 20

/** The scheme that `database(..., kind, scheme)` describes. Throws what is wrong with it. */
export function schemeOf(kind: Scheme['kind'], scheme: Value): Scheme {
  switch (kind) {
    case 'VALUE':
      return valueScheme(scheme)
    case 'RANGE':
      return rangeScheme(scheme)
    case 'LIST':
      return listScheme(scheme)
    case 'HASH':
      return hashScheme(scheme)
    case 'SEQ': {
      const blocks = countOf(scheme, 'The partition scheme of SEQ must be a positive integer.')
      if (blocks > MAX_SEQ_BLOCKS) throw invalid('SEQ', `there can be at most ${MAX_SEQ_BLOCKS} blocks`)
      return { kind, type: T.INT, blocks }
    }
  }
}

/** What is wrong with a scheme that was not made here; undefined: `schemeOf` could have made it. */
export function schemeProblem(scheme: Scheme): string | undefined {
  const { kind, type } = scheme
  if (!(kind === 'HASH' ? HASH_TYPES : VALUE_TYPES).has(type)) return 'it is of a type that cannot choose a partition'
  switch (kind) {
    case 'HASH':
      return isBetween(scheme.buckets, MAX_HASH_BUCKETS) ? undefined : `it has ${scheme.buckets} buckets`
    case 'SEQ':
      return isBetween(scheme.blocks, MAX_SEQ_BLOCKS) ? undefined : `it has ${scheme.blocks} blocks`
    case 'VALUE':
      return elementsProblem(type, scheme.values) ?? repeated(scheme.values)
    case 'RANGE':
      if (scheme.bounds.length < 2) return 'it has fewer than two bounds'
      return (
        elementsProblem(type, scheme.bounds) ??
        (scheme.bounds.every((raw, k) => k === 0 || scheme.bounds[k - 1]! < raw!)
          ? undefined
          : 'its bounds do not ascend')
      )
    case 'LIST':
      if (scheme.groups.length === 0) return 'it has no groups'
      return elementsProblem(type, scheme.groups.flat()) ?? repeated(scheme.groups.flat())
  }
}

const isBetween = (n: number, max: number): boolean => Number.isInteger(n) && n > 0 && n <= max

function elementsProblem(type: TypeId, raws: readonly Raw[]): string | undefined {
  const wanted = isLiteral(type) ? 'string' : 'number'
  for (const raw of raws) {
    if (typeof raw !== wanted || isNullRaw(type, raw)) return 'it has a value that is not of its type'
    if (typeof raw === 'number' && !(Number.isInteger(raw) && Math.abs(raw) < 2 ** 31))
      return 'it has a value that is not of its type'
    const name = valueName(type, raw)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
    if (/[\u0000-\u0020\u007f/\\]/.test(name) || Buffer.byteLength(name) > 200)
      return 'it has a value that can be no name of a folder'
  }
  return undefined
}

const repeated = (raws: readonly Raw[]): string | undefined =>
  new Set(raws).size < raws.length ? 'a value occurs twice' : undefined

interface Elements {
  readonly type: TypeId
  readonly raws: readonly Raw[]
}

function valueScheme(scheme: Value): Scheme & { kind: 'VALUE' } {
  const { type, raws } = elementsOf('VALUE', scheme)
  checkDistinct('VALUE', type, raws)
  for (const raw of raws) checkPartitionValue(type, raw)
  return { kind: 'VALUE', type, values: raws }
}

function rangeScheme(scheme: Value): Scheme {
  const { type, raws } = elementsOf('RANGE', scheme)
  if (raws.length < 2) throw invalid('RANGE', 'it must have at least two bounds')
  for (let k = 1; k < raws.length; k++)
    if (!(raws[k - 1]! < raws[k]!))
      throw invalid(
        'RANGE',
        `the bounds must be ascending, but [${rawText(type, raws[k])}] follows [${rawText(type, raws[k - 1])}]`,
      )
  for (const raw of raws) checkPartitionValue(type, raw)
  return { kind: 'RANGE', type, bounds: raws }
}

function listScheme(scheme: Value): Scheme {
  if (scheme.kind !== 'vector') throw invalid('LIST', 'it must be a tuple of vectors or scalars')
  const groups = Array.from({ length: scheme.length }, (_, k) => elementsOf('LIST', scheme.get(k)))
  if (groups.length === 0) throw invalid('LIST', 'it must have at least one group')
  const type = groups.reduce((t, g) => commonType('LIST', t, g.type), groups[0].type)
  checkDistinct(
    'LIST',
    type,
    groups.flatMap((g) => g.raws),
  )
  return { kind: 'LIST', type, groups: groups.map((g) => g.raws) }
}

function hashScheme(scheme: Value): Scheme {
  if (scheme.kind !== 'vector' || scheme.length !== 2)
    throw invalid('HASH', 'it must be a data type and the number of buckets, such as [SYMBOL, 10]')
  const { type } = columnType(scheme.get(0))
  if (!HASH_TYPES.has(type)) throw typeRefused(type)
  const buckets = countOf(scheme.get(1), 'The number of buckets of a HASH partition must be a positive integer.')
  if (buckets > MAX_HASH_BUCKETS) throw invalid('HASH', `there can be at most ${MAX_HASH_BUCKETS} buckets`)
  return { kind: 'HASH', type, buckets }
}

function countOf(v: Value, message: string): number {
  if (v.kind === 'scalar' && isIntegral(v.type) && !v.isNull() && Number(v.value) > 0) return Number(v.value)
  throw inputError(message, { code: 'partitionScheme' })
}

/** Type and raw elements of a scalar, a vector, or a tuple of scalars, none of them null. */
function elementsOf(kind: Scheme['kind'], v: Value): Elements {
  if (v.kind !== 'scalar' && v.kind !== 'vector') throw invalid(kind, 'it must be a vector')
  const elements: Elements =
    v.kind === 'scalar'
      ? { type: v.type, raws: [v.value] }
      : v.storage === 'any'
        ? tupleElements(kind, v.values)
        : { type: v.type, raws: Array.from({ length: v.length }, (_, k) => v.raw(k)) }
  if (elements.raws.length === 0) throw invalid(kind, 'it must not be empty')
  if (!VALUE_TYPES.has(elements.type)) throw typeRefused(elements.type)
  if (elements.raws.some((raw) => isNullRaw(elements.type, raw))) throw invalid(kind, 'it must not contain NULL')
  return elements
}

function tupleElements(kind: Scheme['kind'], values: readonly Value[]): Elements {
  const scalars = values.map((v) => {
    if (v.kind !== 'scalar') throw invalid(kind, 'its elements must be scalars')
    return v
  })
  if (scalars.length === 0) return { type: T.INT, raws: [] }
  const type = scalars.reduce((t, s) => commonType(kind, t, s.type), scalars[0].type)
  return { type, raws: scalars.map((s) => s.value) }
}

// Numbers of one family and texts mix; their raw forms are the same.
function commonType(kind: Scheme['kind'], a: TypeId, b: TypeId): TypeId {
  if (a === b) return a
  if (isLiteral(a) && isLiteral(b)) return a === T.SYMBOL || b === T.SYMBOL ? T.SYMBOL : T.STRING
  if (isIntegral(a) && isIntegral(b) && a !== T.LONG && b !== T.LONG) return Math.max(a, b)
  throw invalid(kind, `its elements must be of one data type, not ${typeName(a)} and ${typeName(b)}`)
}

function checkDistinct(kind: Scheme['kind'], type: TypeId, raws: readonly Raw[]): void {
  const seen = new Set<Raw>()
  for (const raw of raws) {
    if (seen.has(raw)) throw invalid(kind, `the value [${rawText(type, raw)}] occurs twice`)
    seen.add(raw)
  }
}

/** A value that is to become the name of a directory: no control characters or blanks, and short enough for a file system. */
export function checkPartitionValue(type: TypeId, raw: Raw): void {
  if (typeof raw !== 'string') return
  for (let k = 0; k < raw.length; k++) {
    const c = raw.charCodeAt(k)
    if (c <= 32 || c === 127)
      throw inputError(`The partition value [${raw}] contains invisible characters or spaces.`, { refId: 'S01018' })
  }
  if (Buffer.byteLength(valueName(type, raw)) > 200)
    throw inputError(`The partition value [${raw.slice(0, 60)}...] is longer than 200 bytes.`, {
      code: 'partitionValue',
    })
}

const invalid = (kind: Scheme['kind'], what: string): Error =>
  inputError(`The partition scheme of ${kind} is not valid: ${what}.`, { code: 'partitionScheme' })

const typeRefused = (type: TypeId): Error =>
  inputError(`The data type ${typeName(type)} can't be used for a partition column.`, { code: 'partitionType' })

/** How exactly a temporal type names an instant; comparable among types with a date, and among those without. */
const PRECISION: Readonly<Record<TypeId, number>> = {
  [T.MONTH]: 1,
  [T.DATE]: 2,
  [T.DATEHOUR]: 3,
  [T.MINUTE]: 4,
  [T.SECOND]: 5,
  [T.DATETIME]: 5,
  [T.TIME]: 6,
  [T.TIMESTAMP]: 6,
  [T.NANOTIME]: 7,
  [T.NANOTIMESTAMP]: 7,
}

/** Whether every value of the column converts to the scheme's type without being made more exact than it is. */
export function convertsTo(column: TypeId, scheme: TypeId): boolean {
  if (column === scheme) return true
  if (isLiteral(scheme)) return column === T.STRING || column === T.SYMBOL
  if (isIntegral(scheme)) return column === T.CHAR || column === T.SHORT || column === T.INT || column === T.LONG
  const from = temporalUnit(column)
  const to = temporalUnit(scheme)
  if (from === undefined || to === undefined || from.hasDate !== to.hasDate) return false
  return PRECISION[column] >= PRECISION[scheme]
}

/** Why a column can't choose the partition of this scheme; undefined if it can. */
export function partitionColumnTypeError(scheme: Scheme, column: ColumnSchema): string | undefined {
  if (convertsTo(column.type, scheme.type)) return undefined
  if (!HASH_TYPES.has(column.type) && !isTemporal(column.type))
    return `The data type ${typeName(column.type, column.scale)} can't be used for a partition column.`
  return `The partition column [${column.name}] is of type ${typeName(column.type)}, which can't be converted to ${typeName(scheme.type)}, the type of the ${scheme.kind} partition scheme.`
}
