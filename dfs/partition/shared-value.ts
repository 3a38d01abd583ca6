/**
 * A bulk load mostly brings rows of one day or one range. Smallest and largest value then tell the partition of all rows of a level, which takes a quarter of the
 * time of looking each row up.
 */
import type { NumericStorage } from '../../runtime/kernels/codegen.ts'
import { storageOf } from '../../runtime/kernels/codegen.ts'
import { castTemporalRaw } from '../../runtime/ops/temporal-parts.ts'
import {
  type FixedVector,
  isIntegral,
  isNullRaw,
  type Raw,
  T,
  type TypeId,
  type Vector,
} from '../../runtime/values/index.ts'
import type { Scheme } from '../catalog/types.ts'
import { scanRange, toLong } from '../segment/gather.ts'

/** Below this, looking rows up is as fast. */
const ROWS_MIN = 4096
/** Looked at between two decisions whether to go on. */
const PIECE_ROWS = 1 << 16

/** Points in time: among these a later one never becomes an earlier one when it is converted. Times of day are another matter. */
const CALENDAR: ReadonlySet<TypeId> = new Set([T.MONTH, T.DATE, T.DATEHOUR, T.DATETIME, T.TIMESTAMP, T.NANOTIMESTAMP])

/**
 * A value of the column, in the scheme's type, when its lowest and highest value are enough to know that the partition of this one is that of all rows: both are equal, or
 * lie in one range. `numberOf` gives the range of a value. Undefined when there are nulls, or rows must be looked up one by one.
 */
export function sharedValue(scheme: Scheme, column: Vector, numberOf: (raw: Raw) => number): Raw | undefined {
  if (column.storage !== 'fixed' || column.length < ROWS_MIN) return undefined
  const convert = converter(column.type, scheme)
  if (convert === undefined) return undefined
  const isOne = (low: Raw, high: Raw): boolean =>
    low === high || (scheme.kind === 'RANGE' && numberOf(low) >= 0 && numberOf(low) === numberOf(high))
  const first = column.raw(0)
  const last = column.raw(column.length - 1)
  if (isNullRaw(column.type, first) || isNullRaw(column.type, last)) return undefined
  if (!isOne(convert(first), convert(last))) return undefined
  const range = new Float64Array(4)
  const storage = storageOf(column.data) as NumericStorage
  for (let from = 0; from < column.length; from += PIECE_ROWS) {
    const count = Math.min(PIECE_ROWS, column.length - from)
    if (scanRange(column.data.subarray(from, from + count), count, storage, range, from > 0) > 0) return undefined
    if (!isOne(convert(rawOf(range, 0, storage)), convert(rawOf(range, 1, storage)))) return undefined
  }
  return convert(first)
}

/** The lowest (0) or highest (1) of a scan. */
const rawOf = (range: Float64Array, which: 0 | 1, storage: NumericStorage): Raw =>
  storage === 'i64' ? toLong(range[2 * which], range[2 * which + 1]) : range[which]

/** From a column's values to those that the scheme holds; undefined where order would not be kept, or a value might not fit. */
function converter(
  from: FixedVector['type'],
  { type: to }: Scheme & { type?: TypeId },
): ((raw: Raw) => Raw) | undefined {
  if (to === undefined) return undefined
  if (isIntegral(to)) return isIntegral(from) && from !== T.LONG ? (raw) => raw : undefined
  if (from === to) return (raw) => raw
  return CALENDAR.has(from) && CALENDAR.has(to) ? (raw) => castTemporalRaw(raw, from, to) : undefined
}
