import { describe, expect, it } from 'vitest'
import fc from '../../test/properties.ts'
import {
  addBusinessDays,
  addMonths,
  civilDay,
  civilFromDays,
  civilMonth,
  civilYear,
  daysFromCivil,
} from '../temporal/calendar.ts'
import type { Value } from '../values/scalar.ts'
import { NULL_I32, packDuration, T } from '../values/types.ts'
import { libraryBuiltins } from './library-index.ts'
import { int, ints, library, scalar, text, vector } from './library-testing.ts'

const { show, call } = library(libraryBuiltins)
const date = (y: number, m: number, d: number): Value => scalar(T.DATE, daysFromCivil(y, m, d))
const seconds = (y: number, m: number, d: number, h = 0, mi = 0, s = 0): number =>
  daysFromCivil(y, m, d) * 86400 + h * 3600 + mi * 60 + s
const timestamp = (s: number, ms = 0): Value => scalar(T.TIMESTAMP, BigInt(s) * 1000n + BigInt(ms))
const nano = (s: number, ns = 0): Value => scalar(T.NANOTIMESTAMP, BigInt(s) * 1_000_000_000n + BigInt(ns))
const duration = (n: number, unit: string): Value => scalar(T.DURATION, packDuration(n, unit))
const stamp = nano(seconds(2012, 12, 3, 1, 22, 1), 123456789)

describe('the calendar', () => {
  it('agrees with Date on every day', () => {
    fc.assert(
      fc.property(fc.integer({ min: -800_000, max: 3_000_000 }), (days) => {
        const d = new Date(days * 86_400_000)
        const civil = civilFromDays(days)
        expect([civilYear(civil), civilMonth(civil), civilDay(civil)]).toEqual([
          d.getUTCFullYear(),
          d.getUTCMonth() + 1,
          d.getUTCDate(),
        ])
        expect(daysFromCivil(civilYear(civil), civilMonth(civil), civilDay(civil))).toBe(days)
      }),
    )
  })
  it('moves by business days as by single steps', () => {
    const step = (d: number, by: number): number => {
      let day = d + by
      while ([5, 6].includes((((day + 3) % 7) + 7) % 7)) day += by
      return day
    }
    fc.assert(
      fc.property(fc.integer({ min: -1000, max: 1000 }), fc.integer({ min: -30, max: 30 }), (d, n) => {
        let expected = d
        for (let k = 0; k < Math.abs(n); k++) expected = step(expected, Math.sign(n))
        expect(addBusinessDays(d, n)).toBe(expected)
      }),
    )
  })
  it('clamps the day when months are added', () =>
    expect(addMonths(daysFromCivil(2020, 1, 31), 1)).toBe(daysFromCivil(2020, 2, 29)))
})

describe('temporal functions', () => {
  const cases: [string, (Value | undefined)[], string][] = [
    ['year', [date(2012, 6, 12)], '2012'],
    ['year', [vector(T.MONTH, 2016 * 12 + 1, NULL_I32)], '[2016,]'],
    ['monthOfYear', [timestamp(seconds(2012, 6, 12, 5))], '6'],
    ['dayOfMonth', [stamp], '3'],
    ['dayOfMonth', [nano(-1)], '31'],
    ['hour', [stamp], '1'],
    ['hourOfDay', [scalar(T.MINUTE, 14 * 60 + 5)], '14'],
    ['minuteOfHour', [stamp], '22'],
    ['secondOfMinute', [stamp], '1'],
    ['millisecond', [stamp], '123'],
    ['microsecond', [stamp], '123456'],
    ['nanosecond', [stamp], '123456789'],
    ['millisecond', [scalar(T.TIME, 1008)], '8'],
    ['secondOfMinute', [scalar(T.TIME, 86399999)], '59'],
    ['weekday', [date(2012, 12, 5)], '3'],
    ['weekday', [date(2012, 12, 2)], '0'],
    ['weekday', [date(2012, 12, 5), scalar(T.BOOL, 0)], '2'],
    ['dayOfWeek', [date(2012, 12, 2)], '6'],
    ['dayOfYear', [date(2012, 6, 12)], '164'],
    ['quarterOfYear', [date(2012, 6, 12)], '2'],
    ['weekOfYear', [date(2012, 1, 1)], '52'],
    ['weekOfYear', [date(2012, 1, 7)], '1'],
    ['daysInMonth', [date(2012, 2, 1)], '29'],
    ['isLeapYear', [vector(T.DATE, daysFromCivil(2012, 6, 1), daysFromCivil(2013, 1, 1))], '[true,false]'],
    ['isMonthEnd', [date(2012, 5, 31)], 'true'],
    ['isQuarterStart', [date(2012, 5, 1)], 'false'],
    ['isYearEnd', [date(2012, 12, 31)], 'true'],
    ['isYearStart', [date(2012, 1, 1)], 'true'],
    ['temporalAdd', [date(2020, 2, 29), duration(-1, 'y')], '2019.02.28'],
    ['temporalAdd', [date(2017, 1, 16), int(1), text('w')], '2017.01.23'],
    ['temporalAdd', [date(2016, 12, 31), int(2), text('M')], '2017.02.28'],
    ['temporalAdd', [date(2012, 12, 3), duration(1, 'd')], '2012.12.04'],
    ['datetimeAdd', [date(2020, 1, 1), ints(0, 1, 366), scalar(T.CHAR, 100)], '[2020.01.01,2020.01.02,2021.01.01]'],
    ['datetimeAdd', [scalar(T.MONTH, 2020 * 12), ints(0, 13), text('M')], '[2020.01M,2021.02M]'],
    ['temporalAdd', [scalar(T.SECOND, 86399), int(2), text('s')], '00:00:01'],
    ['temporalAdd', [timestamp(seconds(2012, 6, 30, 5), 8), int(-1), text('M')], '2012.05.30T05:00:00.008'],
    ['temporalAdd', [stamp, int(1), text('us')], '2012.12.03T01:22:01.123457789'],
    ['temporalAdd', [date(2023, 7, 15), int(1), text('B')], '2023.07.17'],
    ['temporalAdd', [timestamp(0), duration(90, 'm')], '1970.01.01T01:30:00.000'],
    ['temporalDiff', [date(2020, 1, 6), date(2020, 1, 3), text('B')], '1'],
    ['temporalDiff', [date(2020, 1, 6), date(2020, 1, 3)], '3'],
    ['concatDateTime', [date(2011, 10, 12), scalar(T.SECOND, 53412)], '2011.10.12T14:50:12'],
    ['concatDateTime', [date(2011, 10, 12), vector(T.TIME, 53412001, NULL_I32)], '[2011.10.12T14:50:12.001,]'],
    ['concatDateTime', [date(2011, 10, 12), scalar(T.NANOTIME, 1n)], '2011.10.12T00:00:00.000000001'],
    ['monthBegin', [date(2012, 6, 12)], '2012.06.01'],
    ['monthEnd', [date(2012, 2, 12)], '2012.02.29'],
    ['weekBegin', [date(2017, 12, 4)], '2017.12.04'],
    ['weekBegin', [date(2017, 12, 3)], '2017.11.27'],
    ['weekEnd', [date(2017, 12, 4)], '2017.12.10'],
    ['weekEnd', [date(2017, 12, 4), int(0)], '2017.12.04'],
    ['quarterBegin', [date(2012, 6, 12)], '2012.04.01'],
    ['quarterBegin', [date(2012, 6, 12), int(2)], '2012.05.01'],
    ['quarterEnd', [date(2012, 6, 12)], '2012.06.30'],
    ['yearBegin', [date(2012, 6, 12)], '2012.01.01'],
    ['yearBegin', [date(2012, 6, 12), int(10)], '2011.10.01'],
    ['yearEnd', [date(2012, 6, 12)], '2012.12.31'],
    ['monthEnd', [date(2018, 2, 3), date(2018, 1, 1), int(2)], '2018.03.31'],
    ['monthEnd', [date(2018, 4, 3), date(2018, 1, 1), int(2)], '2018.05.31'],
    ['businessDay', [date(2012, 6, 16)], '2012.06.15'],
    ['businessMonthEnd', [date(2012, 6, 12)], '2012.06.29'],
    ['businessMonthBegin', [date(2012, 7, 12)], '2012.07.02'],
    [
      'convertTZ',
      [scalar(T.DATETIME, seconds(2016, 4, 25, 8, 25, 45)), text('US/Eastern'), text('Asia/Shanghai')],
      '2016.04.25T20:25:45',
    ],
    [
      'convertTZ',
      [timestamp(seconds(2016, 1, 25, 8, 25, 45), 7), text('Asia/Shanghai'), text('US/Eastern')],
      '2016.01.24T19:25:45.007',
    ],
    ['localtime', [call('gmtime', timestamp(seconds(2018, 1, 22, 10, 20, 26), 1))], '2018.01.22T10:20:26.001'],
  ]
  it.each(cases.map(([name, args, expected]) => [name, expected, args] as const))(
    '%s gives %s',
    (name, expected, args) => expect(show(name, ...args)).toBe(expected),
  )

  it('refuse types without the part that they need', () => {
    expect(() => call('year', scalar(T.SECOND, 1))).toThrow('The function year does not support second data')
    expect(() => call('hour', date(2020, 1, 1))).toThrow('The function hour does not support date data')
    expect(() => call('temporalAdd', date(2020, 1, 1), int(1), text('XLON'))).toThrow('trading calendar')
    expect(() => call('temporalAdd', date(2020, 1, 1), int(1), text('q'))).toThrow('Invalid time unit [q]')
    expect(() => call('year', int(3))).toThrow('Usage: year(X).')
  })
})
