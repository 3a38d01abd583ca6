/**
 * How each temporal type divides time: the one table behind printing, parsing, extraction and arithmetic.
 */
import { T, type TypeId } from '../values/types.ts'

export interface TemporalUnit {
  /** Units a day; 0 for MONTH, which is no multiple of days. */
  readonly perDay: number
  /** Counts from the epoch and so has a date. */
  readonly hasDate: boolean
  /** Carries a time of day. */
  readonly hasTime: boolean
  /** Stored as a 64-bit integer. */
  readonly wide: boolean
  /** The letter of the typed null, as in `00d`. */
  readonly letter: string
}

const unit = (perDay: number, hasDate: boolean, hasTime: boolean, wide: boolean, letter: string): TemporalUnit => ({
  perDay,
  hasDate,
  hasTime,
  wide,
  letter,
})

const UNITS: (TemporalUnit | undefined)[] = []
UNITS[T.DATE] = unit(1, true, false, false, 'd')
UNITS[T.MONTH] = unit(0, true, false, false, 'M')
UNITS[T.TIME] = unit(86_400_000, false, true, false, 't')
UNITS[T.MINUTE] = unit(1440, false, true, false, 'm')
UNITS[T.SECOND] = unit(86_400, false, true, false, 's')
UNITS[T.DATETIME] = unit(86_400, true, true, false, 'D')
UNITS[T.TIMESTAMP] = unit(86_400_000, true, true, true, 'T')
UNITS[T.NANOTIME] = unit(86_400_000_000_000, false, true, true, 'n')
UNITS[T.NANOTIMESTAMP] = unit(86_400_000_000_000, true, true, true, 'N')
UNITS[T.DATEHOUR] = unit(24, true, true, false, 'H')

/** Facts about a temporal type; undefined for any other type. */
export function temporalUnit(type: TypeId): TemporalUnit | undefined {
  return UNITS[type]
}
