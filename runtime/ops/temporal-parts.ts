/** Temporal values between types: every type is days, seconds of the day and nanoseconds of the second, of which some are missing. */
import { inputError } from '../errors.ts'
import { daysOfMonthNumber, monthOfDays } from '../temporal/calendar.ts'
import { temporalUnit } from '../temporal/units.ts'
import { NULL_I32, nullRaw, type Raw, T, type TypeId, typeInfo } from '../values/types.ts'

const NANOS_PER_DAY = 86_400_000_000_000n

/**
 * The raw value of a temporal type from its parts. A missing date or time that the type needs gives null, except that a type with a date
 * takes midnight for a missing time.
 */
export function temporalFromParts(
  type: TypeId,
  days: number | undefined,
  secondOfDay: number | undefined,
  nanos: number,
): Raw {
  const unit = temporalUnit(type)
  if (unit === undefined) return null
  if (unit.hasDate ? days === undefined : secondOfDay === undefined) return nullRaw(type)
  const second = secondOfDay ?? 0
  switch (type) {
    case T.DATE:
      return days!
    case T.MONTH:
      return monthOfDays(days!)
    case T.DATEHOUR:
      return inRange(days! * 24 + Math.floor(second / 3600))
    case T.DATETIME:
      return inRange(days! * 86_400 + second)
    case T.TIMESTAMP:
      return BigInt(days! * 86_400_000 + second * 1000 + Math.floor(nanos / 1e6))
    case T.NANOTIMESTAMP:
      return BigInt.asIntN(64, BigInt(days!) * NANOS_PER_DAY + BigInt(second) * 1_000_000_000n + BigInt(nanos))
    case T.MINUTE:
      return Math.floor(second / 60)
    case T.SECOND:
      return second
    case T.TIME:
      return second * 1000 + Math.floor(nanos / 1e6)
    default:
      return BigInt(second) * 1_000_000_000n + BigInt(nanos)
  }
}

const inRange = (n: number): number => (n > 2147483647 || n <= NULL_I32 ? NULL_I32 : n)

/** Throws unless a value of one temporal type can become another (language specification, section 2.6). */
export function checkTemporalCast(from: TypeId, to: TypeId): void {
  const source = temporalUnit(from)!
  const target = temporalUnit(to)!
  if ((target.hasDate && !source.hasDate) || (!target.hasDate && !source.hasTime))
    throw inputError(
      `The function ${typeInfo(to).name.toLowerCase()} does not support ${typeInfo(from).name.toLowerCase()} data`,
    )
}

/** One raw temporal value as another type. The cast must be allowed. */
export function castTemporalRaw(raw: Raw, from: TypeId, to: TypeId): Raw {
  if (from === to) return raw
  if (raw === nullRaw(from)) return nullRaw(to)
  switch (from) {
    case T.MONTH:
      return temporalFromParts(to, daysOfMonthNumber(raw as number), 0, 0)
    case T.NANOTIME:
    case T.NANOTIMESTAMP: {
      const [seconds, nanos] = floorDivide(raw as bigint, 1_000_000_000n)
      return fromSeconds(to, seconds, nanos)
    }
    case T.TIMESTAMP: {
      const [seconds, ms] = floorDivide(raw as bigint, 1000n)
      return fromSeconds(to, seconds, ms * 1e6)
    }
    case T.TIME:
      return fromSeconds(to, Math.floor((raw as number) / 1000), ((raw as number) % 1000) * 1e6)
    default: {
      const perDay = temporalUnit(from)!.perDay
      return fromSeconds(to, (raw as number) * (86_400 / perDay), 0)
    }
  }
}

function fromSeconds(to: TypeId, seconds: number, nanos: number): Raw {
  const days = Math.floor(seconds / 86_400)
  return temporalFromParts(to, days, seconds - days * 86_400, nanos)
}

function floorDivide(value: bigint, by: bigint): [number, number] {
  let quotient = value / by
  let rest = value % by
  if (rest < 0n) {
    quotient--
    rest += by
  }
  return [Number(quotient), Number(rest)]
}
