import { describe, expect, it } from 'vitest'
import fc from '../../test/properties.ts'
import { T } from '../values/types.ts'
import { binsOf } from './bins.ts'
import { mondayWeekday } from './calendar.ts'
import { type DayEdges, fiscalYears, frequencyOf, semiMonths, weeksOfMonth } from './edges.ts'
import { addTradingDays, holidayCalendar, tradingDayCalendar, weekdayIndex, weekdayOfIndex } from './market.ts'

const day = fc.integer({ min: -200_000, max: 200_000 })
const NAMES = 'B W WOM LWOM M MS BM BMS SM SMS Q QS BQ BQS SA SAS A AS BA BAS RE REQ'.split(' ')

const edgesOf = (name: string): DayEdges => {
  const f = frequencyOf(name)
  if (f.kind !== 'calendar') throw new Error(`${name} is no calendar frequency`)
  return f.edges
}

const holds = (edges: DayEdges, d: number): void => {
  const k = edges.floor(d)
  expect(edges.day(k)).toBeLessThanOrEqual(d)
  expect(edges.day(k + 1)).toBeGreaterThan(d)
  expect(edges.floor(edges.day(k))).toBe(k)
}

describe('calendar frequencies', () => {
  it.each(NAMES)('%s: the edge of a day is the last one not after it', (name) => {
    fc.assert(fc.property(day, (d) => holds(edgesOf(name), d)))
  })
  it('keep that for every parameter', () => {
    const number = (max: number) => fc.integer({ min: 0, max })
    fc.assert(fc.property(day, number(3), number(6), (d, week, weekday) => holds(weeksOfMonth(week, weekday), d)))
    fc.assert(fc.property(day, number(25), (d, n) => holds(semiMonths(n + 2, 'end'), d)))
    fc.assert(
      fc.property(day, number(6), number(11), fc.boolean(), (d, weekday, month, nearest) => {
        const edges = fiscalYears(weekday, month + 1, nearest)
        holds(edges, d)
        const k = edges.floor(d)
        expect(mondayWeekday(edges.day(k)) === weekday).toBe(true)
        expect([52 * 7, 53 * 7]).toContain(edges.day(k + 1) - edges.day(k))
      }),
    )
  })
})

describe('bins', () => {
  const rule = fc
    .tuple(fc.integer({ min: 1, max: 4 }), fc.constantFrom(...NAMES, 'D'))
    .map(([n, name]) => `${n}${name}`)
  const side = fc.constantFrom<'left' | 'right'>('left', 'right')
  it('hold every day between their labels, by the end that is closed', () => {
    fc.assert(
      fc.property(day, fc.nat(3000), fc.nat(3000), rule, side, (first, more, some, text, closed) => {
        const bins = (label: 'left' | 'right') =>
          binsOf(T.DATE, BigInt(first), BigInt(first + more), frequencyOf(text), {
            closed,
            label,
            origin: { kind: 'start_day' },
          })
        const d = BigInt(first + Math.min(some, more))
        const k = bins('left').bin(d)
        expect(k).toBeGreaterThanOrEqual(0)
        expect(k).toBeLessThan(bins('left').count)
        const [low, high] = [bins('left').label(k), bins('right').label(k)]
        expect(closed === 'left' ? low <= d && d < high : low < d && d <= high).toBe(true)
      }),
      { numRuns: 300 },
    )
  })
})

describe('trading calendars', () => {
  it('number the days from Monday to Friday', () => {
    fc.assert(
      fc.property(day, (d) => {
        const back = weekdayOfIndex(weekdayIndex(d))
        expect(mondayWeekday(back)).toBeLessThan(5)
        expect(d - back).toBe(Math.max(0, mondayWeekday(d) - 4))
      }),
    )
  })
  it('leave holidays out, and come back by as many trading days as they went', () => {
    const holidays = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 60 })
    fc.assert(
      fc.property(holidays, fc.integer({ min: 0, max: 400 }), fc.integer({ min: 1, max: 40 }), (closed, d, n) => {
        const calendar = holidayCalendar('TEST', closed)
        const isOpen = (x: number): boolean => mondayWeekday(x) < 5 && !closed.includes(x)
        const walk = (from: number, by: 1 | -1): number => {
          let at = from
          for (let open = 0; open < n; ) {
            at += by
            if (isOpen(at)) open++
          }
          return at
        }
        expect(addTradingDays(calendar, d, n)).toBe(walk(d, 1))
        expect(addTradingDays(calendar, d, -n)).toBe(walk(d, -1))
      }),
    )
  })
  it('that list their days know no others', () => {
    const calendar = tradingDayCalendar('LIST', [30, 10, 20, 20])
    expect([10, 20, 30].map((d) => calendar.index(d))).toEqual([0, 1, 2])
    expect(addTradingDays(calendar, 15, 1)).toBe(20)
    expect(addTradingDays(calendar, 15, -1)).toBe(10)
    expect(() => addTradingDays(calendar, 30, 1)).toThrow('does not exist in trading calendar [LIST]')
  })
})
