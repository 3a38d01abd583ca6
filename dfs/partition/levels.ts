/**
 * The partition number of every row at one level: loops over typed arrays. A number is the position in `partitionNames(scheme)` (of the first of equal
 * names), numbers past the scheme's end are values added by this append, -1 is no partition.
 */
import { HoldfastError, inputError } from '../../runtime/errors.ts'
import { words } from '../../runtime/kernels/codegen.ts'
import { hashBuckets } from '../../runtime/kernels/murmur.ts'
import { castVector } from '../../runtime/ops/cast.ts'
import { rawText } from '../../runtime/print/index.ts'
import {
  allocateUnset,
  type FixedVector,
  isIntegral,
  isLiteral,
  isTemporal,
  NULL_I32,
  type Raw,
  T,
  type TypeId,
  typeName,
  type Vector,
} from '../../runtime/values/index.ts'
import type { Scheme } from '../catalog/types.ts'
import { partitionNames, partitionNumbers, valueName } from './names.ts'
import { checkPartitionValue } from './scheme.ts'
import { sharedValue } from './shared-value.ts'

export interface RouteConfig {
  readonly newValuePartitionPolicy: 'skip' | 'add' | 'fail'
  readonly allowMissingPartitions: boolean
}

export interface LevelNumbers {
  /** By row; one number when it is that of all rows, and not -1. */
  readonly numbers: Int32Array | number
  /** Directory names by number, those of added values included. */
  readonly names: readonly string[]
  /** Values that the scheme did not have, policy `add`. */
  readonly added: readonly Raw[]
}

/** Finds numbers for values that a VALUE scheme does not have. Null is an error here: a row without a partition value has no place. */
class Newcomers {
  readonly added: Raw[] = []
  readonly names: string[]
  /** Null stands for numbers that do not fit 32 bits; real nulls were refused before. */
  nullIsOutside = false
  readonly #numbers = new Map<Raw, number>()
  readonly #byName: Map<string, number>
  readonly #scheme: Scheme
  readonly #policy: RouteConfig['newValuePartitionPolicy']

  constructor(scheme: Scheme, policy: RouteConfig['newValuePartitionPolicy']) {
    this.#scheme = scheme
    this.#policy = policy
    this.names = policy === 'add' ? partitionNames(scheme).slice() : (partitionNames(scheme) as string[])
    this.#byName = policy === 'add' ? new Map(partitionNumbers(scheme)) : new Map()
  }

  number(raw: Raw): number {
    if (this.#scheme.kind !== 'VALUE') return -1
    if (raw === NULL_I32 && this.nullIsOutside) return -1
    if (raw === '' || raw === NULL_I32) throw nullValue()
    if (this.#policy === 'skip') return -1
    const { type } = this.#scheme
    if (this.#policy === 'fail') throw noPartition(rawText(type, raw))
    const known = this.#numbers.get(raw)
    if (known !== undefined) return known
    checkFits(type, raw)
    checkPartitionValue(type, raw)
    const name = valueName(type, raw)
    let number = this.#byName.get(name)
    if (number === undefined) {
      number = this.names.length
      this.names.push(name)
      this.#byName.set(name, number)
    }
    this.added.push(raw)
    this.#numbers.set(raw, number)
    return number
  }

  /** A LONG that no 32-bit scheme can hold: dropped or refused, as the policy says. */
  outside(raw: Raw, isNull: boolean): void {
    if (isNull) throw nullValue()
    if (this.#policy === 'fail') throw noPartition(String(raw))
    if (this.#policy === 'add') throw doesNotFit(this.#scheme.type, raw)
  }
}

const nullValue = (): HoldfastError =>
  inputError('The column used for value-partitioning cannot contain NULL values.', { refId: 'S01001' })

const noPartition = (text: string): HoldfastError =>
  inputError(
    `The value [${text}] of the partition column belongs to no VALUE partition, and newValuePartitionPolicy is fail.`,
    { refId: 'S01016' },
  )

function checkFits(type: TypeId, raw: Raw): void {
  const limit = type === T.CHAR ? 127 : type === T.SHORT ? 32767 : undefined
  if (limit !== undefined && Math.abs(raw as number) > limit) throw doesNotFit(type, raw)
}

const doesNotFit = (type: TypeId, raw: Raw): HoldfastError =>
  inputError(`The value [${String(raw)}] of the partition column does not fit ${typeName(type)}, the scheme's type.`, {
    code: 'partitionValue',
  })

/** A number a row, all still to be set. */
const newNumbers = (rows: number): Int32Array => new Int32Array(allocateUnset(rows * 4))

/** Numbers of all rows of a partition column. */
export function levelNumbers(scheme: Scheme, column: Vector, config: RouteConfig): LevelNumbers {
  if (scheme.kind === 'HASH') {
    const source = isTemporal(scheme.type) ? castVector(column, scheme.type) : column
    return { numbers: hashBuckets(source, scheme.buckets), names: partitionNames(scheme), added: [] }
  }
  if (scheme.kind === 'SEQ') throw new HoldfastError('bug', 'a SEQ scheme does not route rows')
  const newcomers = new Newcomers(scheme, config.newValuePartitionPolicy)
  const numbers = isLiteral(scheme.type)
    ? textNumbers(scheme, column, newcomers)
    : (sharedNumber(scheme, column, newcomers) ?? wholeNumbers(scheme, column, newcomers))
  return { numbers, names: newcomers.names, added: newcomers.added }
}

/** The number of all rows, if they share one. */
function sharedNumber(scheme: Scheme, column: Vector, newcomers: Newcomers): number | undefined {
  const find = finder(scheme)
  const shared = sharedValue(scheme, column, find)
  if (shared === undefined) return undefined
  const known = find(shared)
  const number = known < 0 ? newcomers.number(shared) : known
  return number < 0 ? undefined : number
}

// ---------------------------------------------------------------------------------------------------------------------
// Texts: each distinct one is looked up once.

function textNumbers(scheme: Scheme, column: Vector, newcomers: Newcomers): Int32Array {
  const find = finder(scheme)
  const out = newNumbers(column.length)
  if (column.storage === 'symbol') {
    const { data } = column
    const { symbols } = column.base
    const ofCode = new Int32Array(symbols.length).fill(-2)
    for (let k = 0; k < out.length; k++) {
      const code = data[k]
      if (ofCode[code] === -2) ofCode[code] = numberOfText(symbols[code], find, newcomers)
      out[k] = ofCode[code]
    }
    return out
  }
  if (column.storage !== 'string') throw new HoldfastError('bug', 'a partition column of texts is expected')
  const { strings } = column
  const known = new Map<string, number>()
  let last = ''
  let lastNumber = -2
  for (let k = 0; k < out.length; k++) {
    const text = strings[k]
    if (lastNumber === -2 || text !== last) {
      last = text
      let number = known.get(text)
      if (number === undefined) {
        number = numberOfText(text, find, newcomers)
        known.set(text, number)
      }
      lastNumber = number
    }
    out[k] = lastNumber
  }
  return out
}

function numberOfText(text: string, find: (raw: Raw) => number, newcomers: Newcomers): number {
  const number = text === '' ? -1 : find(text)
  return number < 0 ? newcomers.number(text) : number
}

/** Partition number of a raw value in the scheme's type (numbers for integral ones), -1 if it has none. Not for HASH. */
export function finder(scheme: Scheme): (raw: Raw) => number {
  switch (scheme.kind) {
    case 'VALUE': {
      const numbers = valueNumbers(scheme)
      return (raw) => numbers.get(raw) ?? -1
    }
    case 'LIST': {
      const numbers = new Map<Raw, number>()
      scheme.groups.forEach((group, k) => {
        for (const raw of group) numbers.set(raw, k)
      })
      return (raw) => numbers.get(raw) ?? -1
    }
    case 'RANGE':
      return (raw) => rangeNumber(scheme.bounds, raw)
    default:
      throw new HoldfastError('bug', `${scheme.kind} partitions hold no values`)
  }
}

const numbersOfValues = new WeakMap<Scheme, ReadonlyMap<Raw, number>>()

function valueNumbers(scheme: Scheme & { kind: 'VALUE' }): ReadonlyMap<Raw, number> {
  let numbers = numbersOfValues.get(scheme)
  if (numbers === undefined) {
    const names = partitionNames(scheme)
    const byName = partitionNumbers(scheme)
    numbers = new Map(scheme.values.map((raw, k) => [raw, byName.get(names[k])!]))
    numbersOfValues.set(scheme, numbers)
  }
  return numbers
}

/** Number of the half-open range that holds the value. */
export function rangeNumber(bounds: readonly Raw[], raw: Raw): number {
  let low = 0
  let high = bounds.length
  while (low < high) {
    const mid = (low + high) >> 1
    if (bounds[mid]! <= raw!) low = mid + 1
    else high = mid
  }
  return low === bounds.length ? -1 : low - 1
}

// ---------------------------------------------------------------------------------------------------------------------
// Integers and temporals: 32-bit values, looked up in a table over the scheme's span where that is small enough.

const TABLE_SPAN = 1 << 22

function wholeNumbers(scheme: Scheme, column: Vector, newcomers: Newcomers): Int32Array {
  const source = int32Of(scheme, column, newcomers)
  // A converted copy is ours: numbers may replace the values in it.
  const out = source === (column as FixedVector).data ? newNumbers(column.length) : source
  const table = spanTable(scheme)
  if (table === undefined) {
    const find = finder(scheme)
    let last = NULL_I32
    let lastNumber = -2
    for (let k = 0; k < column.length; k++) {
      const x = source[k]
      if (lastNumber === -2 || x !== last) {
        last = x
        lastNumber = x === NULL_I32 ? -1 : find(x)
        if (lastNumber < 0) lastNumber = newcomers.number(x)
      }
      out[k] = lastNumber
    }
    return out.length === column.length ? out : out.subarray(0, column.length)
  }
  const { first, numbers } = table
  const span = numbers.length
  for (let k = 0; k < column.length; k++) {
    const x = source[k]
    const at = x - first
    let number = at >= 0 && at < span ? numbers[at] : -1
    if (number < 0) number = newcomers.number(x)
    out[k] = number
  }
  return out.length === column.length ? out : out.subarray(0, column.length)
}

interface SpanTable {
  readonly first: number
  readonly numbers: Int32Array
}

const spanTables = new WeakMap<Scheme, SpanTable | 'wide'>()

/** Kept for as long as the scheme is: a feed asks with every row. */
function spanTable(scheme: Scheme): SpanTable | undefined {
  let table = spanTables.get(scheme)
  if (table === undefined) {
    table = makeSpanTable(scheme) ?? 'wide'
    spanTables.set(scheme, table)
  }
  return table === 'wide' ? undefined : table
}

function makeSpanTable(scheme: Scheme): SpanTable | undefined {
  const raws = (
    scheme.kind === 'VALUE'
      ? scheme.values
      : scheme.kind === 'RANGE'
        ? scheme.bounds
        : (scheme as ListScheme).groups.flat()
  ) as readonly number[]
  if (raws.length === 0) return { first: 0, numbers: new Int32Array(0) }
  let first = raws[0]
  let last = raws[0]
  for (const x of raws) {
    if (x < first) first = x
    if (x > last) last = x
  }
  if (last - first >= TABLE_SPAN) return undefined
  const numbers = new Int32Array(last - first + 1).fill(-1)
  if (scheme.kind === 'RANGE')
    for (let k = 0; k + 1 < raws.length; k++) numbers.fill(k, raws[k] - first, raws[k + 1] - first)
  else {
    const find = finder(scheme)
    for (const x of raws) numbers[x - first] = find(x)
  }
  return { first, numbers }
}

type ListScheme = Scheme & { kind: 'LIST' }

/** The column as 32-bit values of the scheme's type: the column's own array, or a new one. */
function int32Of(scheme: Scheme, column: Vector, newcomers: Newcomers): Int32Array {
  if (column.type === T.LONG) return narrowed(scheme, column as FixedVector, newcomers)
  const target = isIntegral(column.type) ? T.INT : scheme.type
  return (castVector(column, target) as FixedVector).data as Int32Array
}

/**
 * LONG values as 32-bit ones. Those that do not fit belong to no partition and become null; so a null of a VALUE column is refused here, where it can still
 * be told from them.
 */
function narrowed(scheme: Scheme, column: FixedVector, newcomers: Newcomers): Int32Array {
  const w = words(column.data as BigInt64Array)
  const out = newNumbers(column.length)
  for (let k = 0; k < out.length; k++) {
    const low = w[2 * k]
    const high = w[2 * k + 1]
    if (high === low >> 31 && low !== NULL_I32) out[k] = low
    else {
      if (scheme.kind === 'VALUE') newcomers.outside(column.raw(k), high === NULL_I32 && low === 0)
      out[k] = NULL_I32
    }
  }
  newcomers.nullIsOutside = true
  return out
}
