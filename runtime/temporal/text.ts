/** The canonical text of temporal values, exact to the nanosecond and without Date objects. */
import { T, type TypeId } from '../values/types.ts'
import { civilDay, civilFromDays, civilMonth, civilYear } from './calendar.ts'

const pad = (n: number, width: number): string => String(n).padStart(width, '0')
const pad2 = (n: number): string => (n < 10 ? `0${n}` : String(n))

const yearText = (year: number): string => (year < 0 ? `-${pad(-year, 4)}` : pad(year, 4))

/** `2012.06.13` of a day number. */
export function dateText(days: number): string {
  const civil = civilFromDays(days)
  const year = civilYear(civil)
  return `${yearText(year)}.${pad2(civilMonth(civil))}.${pad2(civilDay(civil))}`
}

/** `13:30:10` of a second of the day. */
export function secondText(seconds: number): string {
  return `${pad2(Math.floor(seconds / 3600))}:${pad2(Math.floor(seconds / 60) % 60)}:${pad2(seconds % 60)}`
}

function monthText(months: number): string {
  const year = Math.floor(months / 12)
  return `${yearText(year)}.${pad2(months - year * 12 + 1)}M`
}

/** Floor division of a 64-bit count into whole parts and rest. */
function divide(value: bigint, by: bigint): [number, number] {
  let quotient = value / by
  let rest = value % by
  if (rest < 0n) {
    quotient--
    rest += by
  }
  return [Number(quotient), Number(rest)]
}

/** Text of a raw temporal that is not null. */
export function temporalText(type: TypeId, raw: number | bigint): string {
  switch (type) {
    case T.DATE:
      return dateText(raw as number)
    case T.MONTH:
      return monthText(raw as number)
    case T.MINUTE:
      return `${pad2(Math.floor((raw as number) / 60))}:${pad2((raw as number) % 60)}m`
    case T.SECOND:
      return secondText(raw as number)
    case T.TIME: {
      const ms = raw as number
      return `${secondText(Math.floor(ms / 1000))}.${pad(ms % 1000, 3)}`
    }
    case T.NANOTIME: {
      const [seconds, nanos] = divide(raw as bigint, 1_000_000_000n)
      return `${secondText(seconds)}.${pad(nanos, 9)}`
    }
    case T.DATETIME: {
      const days = Math.floor((raw as number) / 86400)
      return `${dateText(days)}T${secondText((raw as number) - days * 86400)}`
    }
    case T.DATEHOUR: {
      const days = Math.floor((raw as number) / 24)
      return `${dateText(days)}T${pad2((raw as number) - days * 24)}`
    }
    case T.TIMESTAMP: {
      const [days, ms] = divide(raw as bigint, 86_400_000n)
      return `${dateText(days)}T${secondText(Math.floor(ms / 1000))}.${pad(ms % 1000, 3)}`
    }
    case T.NANOTIMESTAMP: {
      const [seconds, nanos] = divide(raw as bigint, 1_000_000_000n)
      const days = Math.floor(seconds / 86400)
      return `${dateText(days)}T${secondText(seconds - days * 86400)}.${pad(nanos, 9)}`
    }
    default:
      return String(raw)
  }
}
