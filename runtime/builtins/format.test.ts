import { describe, expect, it } from 'vitest'
import { daysFromCivil } from '../temporal/calendar.ts'
import { Dict } from '../values/forms.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { NULL_I32, T } from '../values/types.ts'
import { libraryBuiltins } from './library-index.ts'
import { doubles, int, ints, library, scalar, strings, text, tuple, vector } from './library-testing.ts'

const { show, call } = library(libraryBuiltins)
const double = (x: number): Scalar => Scalar.double(x)
const instant = (y: number, m: number, d: number, seconds: number, ms: number): Scalar =>
  scalar(T.TIMESTAMP, BigInt(daysFromCivil(y, m, d) * 86400 + seconds) * 1000n + BigInt(ms))
const date = scalar(T.DATE, daysFromCivil(2018, 2, 14))

const cases: [string, (Value | undefined)[], string][] = [
  ['decimalFormat', [int(123), text('00000')], '00123'],
  ['decimalFormat', [double(123.45), text('0.0')], '123.5'],
  ['decimalFormat', [double(0.125), text('0.00%')], '12.50%'],
  ['decimalFormat', [double(1234567.89), text('0.##E00')], '1.23E06'],
  ['decimalFormat', [double(9.999), text('0.##E00')], '1E01'],
  ['decimalFormat', [double(0.00012), text('0.0E0')], '1.2E-4'],
  ['decimalFormat', [double(0), text('0.00E00')], '0.00E00'],
  ['decimalFormat', [double(123456789.166), text('#,###.##')], '123,456,789.17'],
  ['decimalFormat', [double(123.456), text('0.00;(0.00)')], '123.46'],
  ['decimalFormat', [double(-123.456), text('0.00;(0.00)')], '(123.46)'],
  ['decimalFormat', [double(-0.001), text('0.00')], '0.00'],
  ['decimalFormat', [double(0.05), text('#.##')], '.05'],
  ['decimalFormat', [double(1.005), text('0.00')], '1.01'],
  ['decimalFormat', [double(999.96), text('#,##0.0')], '1,000.0'],
  ['decimalFormat', [double(1e21), text('0')], `1${'0'.repeat(21)}`],
  ['decimalFormat', [scalar(T.LONG, 9007199254740993n), text('#,###')], '9,007,199,254,740,993'],
  ['decimalFormat', [new Scalar(T.DECIMAL64, -12345n, 2), text('0.0')], '-123.5'],
  ['format', [doubles(1, null, 12.345), text('00.00')], '["01.00",,"12.35"]'],
  ['format', [ints(1234567), text('#,###')], '["1,234,567"]'],
  ['format', [date, text('yyyyMMdd')], '20180214'],
  ['temporalFormat', [instant(2018, 2, 6, 48610, 1), text('y-M-d-H-m-s-SSS')], '2018-2-6-13-30-10-001'],
  ['temporalFormat', [date, text('dd-MMM-yy')], '14-FEB-18'],
  ['temporalFormat', [instant(2018, 2, 6, 48610, 1), text('hh:mm aa')], '01:30 PM'],
  [
    'temporalFormat',
    [scalar(T.NANOTIME, 48610_001002003n), text('HH:mm:ss.nnnnnnnnn nnnnnn')],
    '13:30:10.001002003 001002',
  ],
  ['temporalFormat', [scalar(T.MINUTE, 10), text('HH:mm')], '00:10'],
  ['temporalFormat', [scalar(T.DATEHOUR, 25), text('yyyy.MM.ddTHH')], '1970.01.02T01'],
  ['temporalFormat', [vector(T.MONTH, 2018 * 12 + 1, NULL_I32), text('MMM yyyy')], '["FEB 2018",]'],
  ['temporalParse', [text('14-02-2018'), text('dd-MM-yyyy')], '2018.02.14'],
  ['temporalParse', [text('20180214134501'), text('yyyyMMddHHmmss')], '2018.02.14T13:45:01'],
  ['temporalParse', [text('2018.2.6 1:30:10.001'), text('yyyy.MM.dd HH:mm:ss.SSS')], '2018.02.06T01:30:10.001'],
  ['temporalParse', [text('14-feb-39'), text('dd-MMM-yy')], '2039.02.14'],
  ['temporalParse', [text('14-feb-40'), text('dd-MMM-yy')], '1940.02.14'],
  ['temporalParse', [text('02:30 PM'), text('hh:mm aa')], '14:30m'],
  ['temporalParse', [text('13:30:10.008007006'), text('HH:mm:ss.nnnnnnnnn')], '13:30:10.008007006'],
  ['temporalParse', [text('2018.02'), text('yyyy.MM')], '2018.02M'],
  ['temporalParse', [strings('2018/02/30', '2018-02-03', '2018/02/03'), text('yyyy/MM/dd')], '[,,2018.02.03]'],
  ['stringFormat', [text('%W lends %W %i'), text('A'), text('B'), int(3)], 'A lends B 3'],
  [
    'stringFormat',
    [text('%10.3f|%-6W|%010f|%+f'), double(1.5), text('ab'), double(3.25), double(2)],
    '     1.500|ab    |003.250000|+2.000000',
  ],
  ['stringFormat', [text('%#x %X %o'), int(255), int(255), int(8)], '0xff FF 10'],
  ['stringFormat', [text('%*f'), tuple(int(10), double(1))], '  1.000000'],
  ['stringFormat', [text('100%% %d'), date], '100% 2018.02.14'],
  ['stringFormat', [text('%i-%W'), ints(1, 2), text('x')], '["1-x","2-x"]'],
  ['stringFormat', [text('%(a)W'), new Dict(T.STRING, T.STRING, new Map([['a', text('v')]]))], 'v'],
]

describe('formatting', () => {
  it.each(cases.map(([name, args, expected]) => [name, expected, args] as const))(
    '%s gives %s',
    (name, expected, args) => expect(show(name, ...args)).toBe(expected),
  )
  it('refuses wrong formats and values', () => {
    expect(() => call('temporalParse', text('1'), text('SS'))).toThrow('Invalid temporal format')
    expect(() => call('temporalFormat', scalar(T.SECOND, 1), text('yyyy'))).toThrow('date parts')
    expect(() => call('stringFormat', text('%i'), text('x'))).toThrow('%i does not accept')
    expect(() => call('stringFormat', text('%i'))).toThrow('fewer arguments')
    expect(() => call('decimalFormat', text('x'), text('0'))).toThrow('X must be numeric')
  })
})
