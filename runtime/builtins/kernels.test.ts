/** The examples of the language and function specifications for conversions, arithmetic, statistics, windows, sorting and row functions. */
import { describe, expect, it } from 'vitest'
import { castScalar, castVector } from '../ops/cast.ts'
import { displayValue } from '../print/index.ts'
import { Pair, SetValue } from '../values/forms.ts'
import { BuiltinFunction } from '../values/function.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { tableOf } from '../values/table.ts'
import { NULL_I32, packDuration, T } from '../values/types.ts'
import { coreBuiltins } from './core-index.ts'
import {
  bools,
  doubles,
  int,
  ints,
  library,
  longs,
  scalar,
  strings,
  symbols,
  text,
  tuple,
  vector,
} from './library-testing.ts'

const lib = library(coreBuiltins)
const VOID = Scalar.VOID
const real = (x: number): Scalar => Scalar.double(x)
const temporal = (type: number, t: string): Scalar => castScalar(text(t), type)
const temporals = (type: number, ...t: string[]): Value => castVector(strings(...t), type)
const duration = (n: number, unit: string): Scalar => scalar(T.DURATION, packDuration(n, unit))
const pair = (a: number | null, b: number | null): Pair => new Pair(T.INT, a ?? NULL_I32, b ?? NULL_I32)
const matrix = (...columns: Value[]): Value => lib.call('matrix', ...columns)
const fn = (name: string): Value => new BuiltinFunction(lib.session.registry.get(name)!.builtin)
const none = undefined

type Case = readonly [string, readonly (Value | undefined)[], string]

function table(title: string, cases: readonly Case[]): void {
  describe(title, () => {
    cases.forEach(([name, args, expected], k) => {
      const shown = args.map((a) => (a === undefined ? '' : displayValue(a))).join(', ')
      it(`${k + 1}. ${name}(${shown}) is ${expected}`, () => {
        expect(lib.show(name, ...args).replace(/[ ]+$/gm, '')).toBe(expected)
      })
    })
  })
}

table('conversion functions', [
  ['int', [text('10.9')], '10'],
  ['int', [real(10.9)], '11'],
  ['int', [real(8.9)], '9'],
  ['int', [doubles(2.5, -2.5, null)], '[3,-3,]'],
  ['int', [Scalar.long(2147483648n)], '00i'],
  ['int', [real(1e12)], '00i'],
  ['int', [], '00i'],
  ['short', [int(65578)], '42'],
  ['short', [int(32789)], '-32747'],
  ['short', [int(32768)], '00h'],
  ['short', [text('120.9c')], '120'],
  ['long', [text('abc')], '00l'],
  ['long', [doubles(1e15, -1.5)], '[1000000000000000,-2]'],
  ['char', [int(97)], "'a'"],
  ['bool', [text('true')], 'true'],
  ['bool', [ints(0, 5, null)], '[false,true,]'],
  ['double', [text('x')], '00F'],
  ['double', [longs(5, -5)], '[5,-5]'],
  ['string', [ints(1, null)], '["1",]'],
  ['string', [], ''],
  ['decimal64', [real(0.5599), int(4)], '0.5598'],
  ['decimal32', [int(1000000000), int(0)], '1000000000'],
  ['date', [text('2020.01.02')], '2020.01.02'],
  ['date', [int(1)], '1970.01.02'],
  ['date', [temporal(T.TIMESTAMP, '2012.06.13T13:30:10.008')], '2012.06.13'],
  ['second', [int(61)], '00:01:01'],
  ['month', [text('2012.12')], '2012.12M'],
  ['datetime', [temporal(T.DATE, '2012.06.13')], '2012.06.13T00:00:00'],
  ['datetime', [temporal(T.MONTH, '2012.06M')], '2012.06.01T00:00:00'],
  ['datehour', [temporal(T.DATETIME, '2012.06.13 13:30:10')], '2012.06.13T13'],
  ['nanotime', [temporals(T.NANOTIMESTAMP, '2012.06.13T13:30:10.008007006')], '[13:30:10.008007006]'],
  [
    'nanotimestamp',
    [temporals(T.DATE, '2012.06.13', '1969.12.31')],
    '[2012.06.13T00:00:00.000000000,1969.12.31T00:00:00.000000000]',
  ],
  ['date', [temporals(T.NANOTIMESTAMP, '1969.12.31T23:59:59.999999999')], '[1969.12.31]'],
  ['timestamp', [text('2020-01-02 03:04')], '2020.01.02T03:04:00.000'],
  ['symbol', [strings('a', 'b', 'a')], '["a","b","a"]'],
  ['uuid', [text('5d212a78-cc48-e3b1-4235-b4d91473ee87')], '5d212a78-cc48-e3b1-4235-b4d91473ee87'],
  ['ipaddr', [text('192.168.1.13')], '192.168.1.13'],
  ['duration', [text('20ms')], '20ms'],
])

it('a conversion that the types rule out names both', () => {
  expect(() => lib.call('datetime', temporal(T.SECOND, '10:00:00'))).toThrow(
    'The function datetime does not support second data',
  )
  expect(() => lib.call('decimal32', text('1000000000'), int(0))).toThrow('Decimal math overflow')
  expect(() => lib.call('char', text('990'))).toThrow('Failed to convert the string to CHAR')
})

table('null functions', [
  ['isNull', [ints(1, null)], '[false,true]'],
  ['isValid', [strings('a', '')], '[true,false]'],
  ['hasNull', [ints(1, null)], 'true'],
  ['isVoid', [VOID], 'true'],
  ['isVoid', [scalar(T.INT, NULL_I32)], 'false'],
  ['nullFill', [ints(1, null, 3), int(0)], '[1,0,3]'],
  ['nullFill', [symbols('a', ''), text('z')], '["a","z"]'],
  ['ffill', [ints(null, 1, null, null, 3)], '[,1,1,1,3]'],
  ['ffill', [ints(null, 1, null, null, 3), int(1)], '[,1,1,,3]'],
  ['bfill', [ints(null, 1, null, 3, null)], '[1,1,3,3,]'],
  ['iif', [bools(1, -128, 0), int(1), int(0)], '[1,,0]'],
  ['iif', [bools(1, 0), text('a'), text('b')], '["a","b"]'],
  ['iif', [bools(1, 0), ints(1, 2), doubles(0.5, 0.5)], '[1,0.5]'],
  ['ifNull', [ints(1, null), ints(5, 6)], '[5,]'],
  ['ifValid', [ints(1, null), ints(5, 6)], '[1,6]'],
  ['nullIf', [ints(1, 2), ints(1, 3)], '[,2]'],
  ['nullCompare', [fn('gt'), ints(1, null), int(0)], '[true,]'],
  ['parseInteger', [text('ff'), int(T.INT), int(16)], '255'],
  ['parseInteger', [text('12abc'), int(T.LONG)], '12'],
])

table('making vectors', [
  ['til', [int(5)], '[0,1,2,3,4]'],
  ['til', [int(0)], '[]'],
  ['seq', [int(11), int(8)], '[11,10,9,8]'],
  ['take', [ints(1, 2, 3), int(-4)], '[3,1,2,3]'],
  ['take', [ints(1, 2, 3), ints(2, 0, 2)], '[1,1,3,3]'],
  ['take', [symbols('a', 'b', 'c'), int(8)], '["a","b","c","a","b","c","a","b"]'],
  ['take', [strings('a', 'b'), int(-3)], '["b","a","b"]'],
  ['take', [int(7), int(3)], '[7,7,7]'],
  ['take', [ints(1, 2), int(0)], '[]'],
  ['stretch', [ints(1, null, 2, 3), int(11)], '[1,1,1,,,,2,2,2,3,3]'],
  ['array', [int(T.INT), int(2)], '[0,0]'],
  ['array', [int(T.DOUBLE), int(2), none, real(1.5)], '[1.5,1.5]'],
  ['array', [int(64 + T.INT), int(0)], '[]'],
  ['enlist', [int(3)], '[3]'],
  ['eye', [int(2)], '#0 #1\n-- --\n1  0\n0  1'],
  ['diag', [ints(1, 2)], '#0 #1\n-- --\n1  0\n0  2'],
  ['diag', [matrix(ints(1, 2), ints(3, 4))], '[1,4]'],
  ['matrix', [ints(1, 2), doubles(0.5, 1)], '#0 #1\n-- ---\n1  0.5\n2  1'],
  ['matrix', [int(T.INT), int(1), int(2), none, int(7)], '#0 #1\n-- --\n7  7'],
  ['repmat', [matrix(ints(1, 2)), int(1), int(2)], '#0 #1\n-- --\n1  1\n2  2'],
  ['reshape', [ints(1, 2, 3, 4), pair(2, 2)], '#0 #1\n-- --\n1  3\n2  4'],
])

table('arithmetic', [
  ['add', [ints(1, 2, null), int(10)], '[11,12,]'],
  ['div', [int(-7), int(5)], '-2'],
  ['div', [int(7), int(-5)], '-2'],
  ['div', [int(1), int(0)], '00i'],
  ['div', [longs(-7, 7, 9000000000000000), longs(5, -5, 7)], '[-2,-2,1285714285714285]'],
  ['mod', [int(-1), int(5)], '4'],
  ['mod', [int(2), int(-5)], '-3'],
  ['mod', [int(-10), int(-3)], '-1'],
  ['mod', [longs(-10, -10), longs(3, -3)], '[2,-1]'],
  ['ratio', [int(7), int(2)], '3.5'],
  ['div', [real(0), int(0)], '00F'],
  ['add', [int(2147483647), int(1)], '00i'],
  ['add', [int(2147483647), int(3)], '-2147483646'],
  ['add', [int(1), VOID], '00i'],
  ['add', [text('A'), ints(1, 2)], '["A1","A2"]'],
  ['add', [temporal(T.DATE, '2018.02.17'), int(100)], '2018.05.28'],
  ['sub', [temporal(T.MONTH, '2016.02M'), int(13)], '2015.01M'],
  ['add', [temporal(T.MINUTE, '23:59m'), int(10)], '00:09m'],
  ['sub', [temporal(T.SECOND, '00:00:01'), int(2)], '23:59:59'],
  ['add', [temporals(T.NANOTIME, '23:59:59.999999999'), int(2)], '[00:00:00.000000001]'],
  ['sub', [temporals(T.DATE, '2020.01.05'), temporals(T.DATE, '2020.01.01')], '[4]'],
  ['add', [temporal(T.DATE, '2020.01.31'), duration(1, 'M')], '2020.02.29'],
  ['mod', [temporal(T.TIME, '00:00:01.234'), int(1000)], '234'],
  ['add', [new Pair(T.INT, 1, 2), new Pair(T.INT, 3, 4)], '4 : 6'],
  ['add', [tuple(int(2), ints(3, 5), int(10)), int(2)], '(4,[5,7],12)'],
  ['add', [matrix(ints(1, 2), ints(3, 4)), ints(10, 20)], '#0 #1\n-- --\n11 13\n22 24'],
  ['dot', [doubles(1.5, 2.5), ints(2, 3)], '10.5'],
  ['dot', [matrix(ints(1, 2), ints(3, 4)), matrix(ints(1, 2), ints(3, 4))], '#0 #1\n-- --\n7  15\n10 22'],
  ['neg', [ints(1, null)], '[-1,]'],
  ['abs', [longs(-3, 4)], '[3,4]'],
  ['sqrt', [ints(4, -1)], '[2,]'],
  ['log', [int(8), int(2)], '3'],
  ['log', [ints(0, 1)], '[,0]'],
  ['exp', [doubles(0, 1000)], '[1,]'],
  ['pow', [int(2), int(10)], '1024'],
  ['round', [real(2.5)], '3'],
  ['round', [real(-2.5)], '-3'],
  ['round', [real(2.675), int(2)], '2.68'],
  ['floor', [real(-2.5)], '-3'],
  ['ceil', [doubles(2.1, null)], '[3,]'],
  ['signum', [real(-2.5)], '-1'],
  ['clip', [ints(1, 5, 10, null), int(2), int(6)], '[2,5,6,]'],
  ['max', [ints(1, 5, null), int(2)], '[2,5,2]'],
  ['min', [ints(1, null, 3), int(2)], '[1,,2]'],
  ['maxIgnoreNull', [ints(1, null), ints(null, 2)], '[1,2]'],
  ['minIgnoreNull', [ints(1, null), ints(3, 2)], '[1,2]'],
  ['lshift', [ints(1, 2), int(3)], '[8,16]'],
  ['rshift', [int(-8), int(1)], '-4'],
  ['bitAnd', [int(5), int(3)], '1'],
  ['bitNot', [int(5)], '-6'],
])

it('operators refuse what has no meaning', () => {
  expect(() => lib.call('div', int(1), text('a'))).toThrow('Arguments for div method can not be string.')
  expect(() => lib.call('add', ints(1, 2), ints(1, 2, 3))).toThrow('Incompatible vector size')
  expect(() => lib.call('dot', matrix(ints(1)), int(2))).toThrow(
    'Use * rather than ** for scalar and matrix multiplication.',
  )
  expect(() => lib.call('lt', temporal(T.DATE, '2020.01.01'), temporal(T.TIME, '10:00:00.000'))).toThrow(
    'same data type',
  )
})

const set = (...x: number[]): Value => new SetValue(T.INT, new Set(x))

table('comparison, logic and membership', [
  ['eq', [VOID, VOID], 'true'],
  ['gt', [int(1), VOID], 'true'],
  ['eq', [lib.call('int'), VOID], 'true'],
  ['lt', [ints(null, 1), real(0.5)], '[true,false]'],
  ['lt', [longs(1, 3), ints(null, 4)], '[false,true]'],
  ['eq', [int(2), real(2)], 'true'],
  ['eq', [symbols('a', 'b'), text('a')], '[true,false]'],
  ['lt', [symbols('a', 'c'), strings('b', 'b')], '[true,false]'],
  ['eq', [temporal(T.DATE, '2023.01.04'), temporal(T.TIMESTAMP, '2023.01.04T00:00:00.000')], 'true'],
  ['gt', [new Pair(T.INT, 2, 3), new Pair(T.INT, 1, 6)], 'true : false'],
  ['and', [Scalar.TRUE, VOID], '00b'],
  ['or', [VOID, Scalar.TRUE], 'true'],
  ['or', [VOID, Scalar.FALSE], 'false'],
  ['xor', [bools(1, 0), bools(1, 1)], '[false,true]'],
  ['not', [VOID], '00b'],
  ['not', [ints(0, 3, null)], '[true,false,]'],
  ['between', [ints(1, 5, 9), pair(2, 6)], '[false,true,false]'],
  ['between', [int(5), pair(2, null)], 'false'],
  ['between', [int(5), pair(null, 6)], 'true'],
  ['in', [int(1), doubles(1.1, 1.2)], 'false'],
  ['in', [scalar(T.CHAR, 97), int(97)], 'true'],
  ['in', [ints(1, 9), ints(1, 2, 3)], '[true,false]'],
  ['in', [symbols('a', 'b'), strings('b')], '[false,true]'],
  ['in', [int(1), VOID], 'false'],
  ['in', [ints(5, 6), set(6)], '[false,true]'],
  ['like', [strings('abc', 'xabc'), text('a%')], '[true,false]'],
  ['like', [text('a.c'), text('a.c')], 'true'],
  ['ilike', [text('ABC'), text('%b%')], 'true'],
  ['le', [set(1, 2), set(1, 2, 3)], 'true'],
  ['sub', [set(1, 2, 3), set(2)], 'set(1,3)'],
  ['bitXor', [set(1, 2), set(2, 3)], 'set(1,3)'],
  ['eqFloat', [real(1), real(1.0000000001)], 'true'],
])

table('aggregates', [
  ['sum', [ints(1, 2, null)], '3'],
  ['sum', [ints(null)], '00l'],
  ['sum', [bools(1, 1, 0)], '2'],
  ['sum', [matrix(ints(1, 2), ints(3, 4))], '[3,7]'],
  ['sum', [tableOf({ a: ints(1, 2), b: strings('x', 'y') })], 'a\n-\n3'],
  ['sum', [tuple(ints(1, 2, 3), ints(4, 5, 6))], '[5,7,9]'],
  ['sum', [castVector(ints(100), T.DECIMAL32, 2)], '100.00'],
  ['avg', [ints(1, 2, null, 6)], '3'],
  ['std', [ints(1, 2, 3, 4)], '1.290994'],
  ['var', [int(5)], '00F'],
  ['count', [ints(1, null, 3)], '2'],
  ['size', [matrix(ints(1, 2), ints(3, 4))], '4'],
  ['max', [ints(1, 5, null)], '5'],
  ['max', [strings('b', 'c', 'a')], 'c'],
  ['min', [temporals(T.DATE, '2020.01.02', '2020.01.01')], '2020.01.01'],
  ['first', [ints(null, 2)], '00i'],
  ['firstNot', [ints(null, 2, 3), int(2)], '3'],
  ['lastNot', [ints(1, 2, null)], '2'],
  ['med', [ints(4, 1, 3, 2)], '2.5'],
  ['percentile', [ints(1, 2, 3, 4, 5), int(25)], '2'],
  ['percentile', [ints(1, 2), int(50), text('lower')], '1'],
  ['quantile', [doubles(1, 2, 3, 4), real(0.5)], '2.5'],
  ['mode', [ints(3, 2, 2, 3)], '3'],
  ['prod', [ints(2, null, 5)], '10'],
  ['sum2', [ints(1, 2)], '5'],
  ['wavg', [ints(1, null, 1), ints(1, 1, 1)], '1'],
  ['wsum', [ints(1, 2), ints(3, 4)], '11'],
  ['corr', [ints(1, 2, 3), ints(2, 4, 6)], '1'],
  ['corr', [ints(1, 2, 3), ints(5, 5, 5)], '00F'],
  ['covar', [ints(1, 2, 3), ints(2, 4, 6)], '2'],
  ['beta', [ints(2, 4, 6), ints(1, 2, 3)], '2'],
  ['imax', [ints(1, 3, 3)], '1'],
  ['imaxLast', [ints(1, 3, 3)], '2'],
  ['imin', [ints()], '-1'],
  ['nunique', [ints(1, 1, null)], '2'],
  ['nunique', [ints(1, 1, null), Scalar.TRUE], '1'],
  ['kurtosis', [doubles(1, 1)], '00F'],
  ['mad', [ints(1, 2, 3, 4, 10)], '2.4'],
  ['demean', [ints(1, 2, 3)], '[-1,0,1]'],
  ['zscore', [ints(1, 2, 3)], '[-1,0,1]'],
  ['rank', [ints(1, 2, 2, 3), none, none, none, text('average')], '[0,1.5,1.5,3]'],
  ['rank', [ints(3, null, 1)], '[1,,0]'],
  ['rank', [ints(3, null, 1), none, none, Scalar.FALSE], '[2,0,1]'],
  ['rank', [ints(1, 2, 3, 4, 5), none, int(2)], '[0,0,0,1,1]'],
  ['rank', [ints(10, 20), none, none, none, none, Scalar.TRUE], '[0.5,1]'],
  ['denseRank', [ints(1, 3, 3, 5)], '[0,1,1,2]'],
])

table('bins', [
  ['cutPoints', [ints(2, 3, 1, 4), int(2)], '[1,3,5]'],
  ['cutPoints', [strings('b', 'a', 'd', 'c'), int(2)], '["a","c","d\u0001"]'],
  ['cutPoints', [ints(1, 2, 3), int(2), ints(1, 1, 2)], '[1,3,4]'],
  ['bucket', [ints(9, 23, 54, 36), pair(12, 54), int(2)], '[,0,,1]'],
  ['bucket', [ints(9, 23, 54, 36), pair(12, 54), int(2), Scalar.TRUE], '[0,1,3,2]'],
  ['bucketCount', [ints(9, 23, 54, 36), pair(12, 54), int(2)], '[1,1]'],
  ['digitize', [ints(0, 1, 5), ints(1, 3)], '[0,1,2]'],
  ['digitize', [int(1), ints(1, 3), Scalar.TRUE], '0'],
  ['histogram', [ints(1, 2, 3, 4), int(2)], 'H->[2,2]\nedges->[1,2.5,4]'],
])

table('cumulative functions', [
  ['cumsum', [ints(1, 1, null, 8)], '[1,2,2,10]'],
  ['cumsum', [ints(null, 1)], '[,1]'],
  ['cumprod', [ints(2, 3, 4)], '[2,6,24]'],
  ['cummax', [ints(null, 1, 3, 2)], '[,1,3,3]'],
  ['cummin', [strings('b', 'c', 'a')], '["b","b","a"]'],
  ['cumavg', [ints(1, 2, null, 6)], '[1,1.5,1.5,3]'],
  ['cumcount', [ints(1, null, 3)], '[1,1,2]'],
  ['cumvar', [ints(1, 2, 3)], '[,0.5,1]'],
  ['cumrank', [ints(1, 3, 2, 3, 4)], '[0,1,1,2,4]'],
  ['cummed', [ints(1, 3, 2)], '[1,2,2]'],
  ['cumcorr', [ints(1, 2, 3), ints(2, 4, 6)], '[,1,1]'],
  ['cumwavg', [ints(1, 3), ints(1, 3)], '[1,2.5]'],
  ['cumnunique', [ints(1, 1, 2)], '[1,1,2]'],
  ['cumlastNot', [ints(null, 1, null)], '[,1,1]'],
  ['maxDrawdown', [ints(10, 5, 8)], '0.5'],
])

const days = temporals(T.DATE, '2022.01.01', '2022.01.02', '2022.01.03', '2022.01.06')

table('moving windows', [
  ['msum', [ints(2, 1, 3, 7, 6), int(3)], '[,,6,11,16]'],
  ['msum', [ints(null, null, null, 1, 2), int(3)], '[,,,1,3]'],
  ['msum', [doubles(1, 2, 3), int(2), int(1)], '[1,3,5]'],
  ['mavg', [ints(1, 2, 3, 4, 5), int(3)], '[,,2,3,4]'],
  ['mavg', [ints(1, 2, 3, 4), ints(1, 3)], '[,1.75,2.75,3.75]'],
  ['mmax', [ints(1, 5, 2, 3, 4), int(3)], '[,,5,5,4]'],
  ['mmin', [ints(1, null, 2, 3), int(2)], '[,1,2,2]'],
  ['mcount', [ints(1, null, null), int(2)], '[1,1,0]'],
  ['mfirst', [ints(1, 2, 3), int(2)], '[,1,2]'],
  ['mlast', [ints(1, 2, 3), int(2)], '[,2,3]'],
  ['mstd', [ints(1, 2, 3, 5), int(3)], '[,,1,1.527525]'],
  ['mmed', [ints(1, 5, 2, 8), int(3)], '[,,2,5]'],
  ['mpercentile', [ints(1, 2, 3), int(50), int(2)], '[,1.5,2.5]'],
  ['mcorr', [ints(1, 2, 3, 4), ints(2, 4, 6, 9), int(3)], '[,,1,0.993399]'],
  ['mbeta', [ints(2, 4, 6), ints(1, 2, 3), int(3)], '[,,2]'],
  ['mwavg', [ints(1, 3), ints(1, 3), int(2)], '[,2.5]'],
  ['mrank', [ints(1, 3, 2, 4), Scalar.TRUE, int(3)], '[,,1,2]'],
  ['mimax', [ints(1, 5, 2), int(2)], '[,1,0]'],
  ['mprod', [ints(2, 3, 4), int(2)], '[,6,12]'],
  ['mlastNot', [ints(1, null, null, 4), int(2)], '[,1,,4]'],
  ['moving', [fn('avg'), ints(1, 2, 3), int(2)], '[,1.5,2.5]'],
  ['rolling', [fn('sum'), ints(1, 2, 3, 4), int(2), int(2)], '[3,7]'],
  ['window', [fn('sum'), ints(1, 2, 3), new Pair(T.INT, -1, 1)], '[3,6,5]'],
  ['tmsum', [days, ints(1, 2, 3, 4), int(3)], '[1,3,6,4]'],
  ['tmsum', [days, ints(1, 2, 3, 4), duration(3, 'd')], '[1,3,6,4]'],
  ['tmmax', [days, ints(1, 2, 1, 0), int(2)], '[1,2,2,0]'],
  ['tmcount', [days, ints(1, null, 3, 4), int(3)], '[1,1,2,1]'],
  ['tmove', [days, ints(1, 2, 3, 4), int(1)], '[,1,2,3]'],
])

table('indicators', [
  ['ema', [doubles(12.1, 12.2, 12.6, 12.8), int(3)], '[,,12.3,12.55]'],
  ['sma', [ints(1, 2, 3, 4), int(2)], '[,1.5,2.5,3.5]'],
  ['wma', [ints(1, 2, 4), int(2)], '[,1.666667,3.333333]'],
  ['ewmMean', [ints(1, 2, 3), real(0.5)], '[1,1.75,2.615385]'],
  ['iterate', [int(1), real(0.8), int(3)], '[0.8,0.64,0.512]'],
  ['iterate', [ints(1, 1), ints(1, 1), int(5)], '[2,3,5,8,13]'],
  ['bar', [ints(7, 9, -1), int(3)], '[6,9,-3]'],
  ['bar', [ints(7, 9), int(3), text('right')], '[9,9]'],
  ['bar', [temporal(T.SECOND, '10:07:33'), duration(5, 'm')], '10:05:00'],
  ['bar', [temporals(T.TIMESTAMP, '2012.06.13T13:30:10.008'), duration(1, 'H')], '[2012.06.13T13:00:00.000]'],
  ['trueRange', [ints(5, 6), ints(3, 4), ints(4, 5)], '[,2]'],
  ['topRange', [ints(1, 2, 3, 1)], '[0,1,2,0]'],
])

table('sorting and searching', [
  ['sort', [ints(3, 1, null, 2)], '[,1,2,3]'],
  ['sort', [doubles(3, null, 2), Scalar.FALSE], '[3,2,]'],
  ['sort', [symbols('b', 'a')], '["a","b"]'],
  ['isort', [ints(3, 1, 2)], '[1,2,0]'],
  ['isort', [tuple(ints(1, 1, 0), ints(1, 2, 3)), tuple(Scalar.TRUE, Scalar.FALSE)], '[2,1,0]'],
  ['distinct', [ints(3, 1, 3, null, 1)], '[3,1,]'],
  ['isDuplicated', [ints(1, 2, 1)], '[false,false,true]'],
  ['isDuplicated', [ints(1, 2, 1), text('NONE')], '[true,false,true]'],
  ['find', [ints(1, 2, 3), ints(3, 5)], '[2,-1]'],
  ['find', [symbols('a', 'b'), text('b')], '1'],
  ['asof', [ints(1, 3, 5), ints(0, 1, 4, 9)], '[-1,0,1,2]'],
  ['binsrch', [ints(1, 3, 5), ints(3, 4)], '[1,-1]'],
  ['lowerBound', [ints(1, 3, 5), ints(3, 9)], '[1,3]'],
  ['searchK', [ints(5, null, 3, 1), int(2)], '3'],
])

table('row functions', [
  [
    'rowSum',
    [ints(1, 2, 3), tuple(ints(3, 4, 5), ints(4, 5, 6)), tableOf({ a: ints(7, 8, 9), b: ints(8, 9, 10) })],
    '[23,28,33]',
  ],
  ['rowSum', [ints(1, null), ints(2, null)], '[3,]'],
  ['rowAvg', [ints(1, null), ints(2, 4)], '[1.5,4]'],
  ['rowMax', [ints(1, 9), ints(2, 4)], '[2,9]'],
  ['rowCount', [ints(1, null), ints(2, 4)], '[2,1]'],
  ['rowImax', [ints(1, 9), ints(2, 4)], '[1,0]'],
  ['rowAnd', [bools(1, 1), bools(1, 0)], '[true,false]'],
  ['rowRank', [matrix(ints(3, 1), ints(1, 2))], '#0 #1\n-- --\n1  0\n0  1'],
  ['rowCumsum', [matrix(ints(3, 1), ints(1, 2))], '#0 #1\n-- --\n3  4\n1  3'],
  ['rowWavg', [matrix(ints(1), ints(3)), matrix(ints(1), ints(3))], '[2.5]'],
])

describe('random numbers', () => {
  it('stay below an exclusive bound and keep the type', () => {
    const v = lib.call('rand', int(10), int(1000))
    expect(v.kind === 'vector' && v.type).toBe(T.INT)
    if (v.kind !== 'vector') return
    for (let k = 0; k < v.length; k++) expect(v.raw(k)).toBeLessThan(10)
    expect(new Set(Array.from({ length: 1000 }, (_, k) => v.raw(k))).size).toBe(10)
  })
  it('are members of a vector, with SYMBOL for texts', () => {
    expect((lib.call('rand', strings('a', 'b'), int(5)) as Value & { type: number }).type).toBe(T.SYMBOL)
    expect(
      (lib.call('rand', temporals(T.TIMESTAMP, '2020.01.01T00:00:00.000'), int(2)) as Value & { type: number }).type,
    ).toBe(T.TIMESTAMP)
  })
  it('of a normal distribution have its mean, spread and tails', () => {
    const v = lib.call('randNormal', real(100), real(5), int(200000))
    expect((lib.call('avg', v) as Scalar).value).toBeCloseTo(100, 0)
    expect((lib.call('std', v) as Scalar).value).toBeCloseTo(5, 1)
    expect((lib.call('kurtosis', v) as Scalar).value).toBeGreaterThan(2.9)
    expect((lib.call('kurtosis', v) as Scalar).value).toBeLessThan(3.1)
    expect((lib.call('skew', v) as Scalar).value).toBeCloseTo(0, 1)
  })
  it('of the other distributions have their means', () => {
    const mean = (name: string, ...p: number[]): number =>
      (lib.call('avg', lib.call(name, ...p.map(real), int(50000))) as Scalar).value as number
    expect(mean('randUniform', 2, 4)).toBeCloseTo(3, 1)
    expect(mean('randExp', 2)).toBeCloseTo(2, 0)
    expect(mean('randPoisson', 100)).toBeCloseTo(100, 0)
    expect(mean('randBinomial', 100, 0.3)).toBeCloseTo(30, 0)
    expect(mean('randGamma', 3, 2)).toBeCloseTo(6, 0)
    expect(mean('randBeta', 2, 2)).toBeCloseTo(0.5, 1)
    expect(mean('randChiSquare', 4)).toBeCloseTo(4, 0)
    expect(mean('randStudent', 10)).toBeCloseTo(0, 1)
  })
})

it('vector arguments of other types are named in the error', () => {
  expect(() => lib.call('sum', strings('a'))).toThrow('The function sum does not support STRING data.')
  expect(() => lib.call('msum', ints(1, 2), int(0))).toThrow('window must be an integer of at least 2')
  expect(vector(T.LONG, 1n).length).toBe(1)
})
