import { describe, expect, it } from 'vitest'
import { daysFromCivil } from '../temporal/calendar.ts'
import { Dict, Matrix, Pair, SetValue } from '../values/forms.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { Table } from '../values/table.ts'
import { NULL_F64, NULL_I32, packDuration, type Raw, T, type TypeId } from '../values/types.ts'
import { AnyVector, ArrayVector, StringVector, vectorOf } from '../values/vector.ts'
import { displayValue } from './index.ts'

const scalar = (type: TypeId, raw: Raw, scale = 0): Scalar => new Scalar(type, raw, scale)
const ints = (...x: number[]): ReturnType<typeof vectorOf> => vectorOf(T.INT, x)
const strings = (...x: string[]): StringVector => new StringVector(x)

const day = daysFromCivil(2012, 6, 13)
const second = 13 * 3600 + 30 * 60 + 10

describe('scalars print', () => {
  const cases: [Value, string][] = [
    [Scalar.VOID, 'NULL'],
    [Scalar.TRUE, 'true'],
    [Scalar.nullOf(T.BOOL), '00b'],
    [scalar(T.CHAR, 97), "'a'"],
    [scalar(T.CHAR, 10), '10'],
    [Scalar.int(-7), '-7'],
    [Scalar.nullOf(T.SHORT), '00h'],
    [Scalar.nullOf(T.LONG), '00l'],
    [Scalar.double(4.8), '4.8'],
    [Scalar.double(14), '14'],
    [Scalar.double(8 / 11), '0.727273'],
    [Scalar.double(-0.0012648), '-0.001265'],
    [Scalar.double(-1e-9), '-1E-9'],
    [Scalar.double(26785580), '2.678558E7'],
    [Scalar.double(1012000), '1.012E6'],
    [Scalar.double(2.7579978e-16), '2.757998E-16'],
    [Scalar.double(0), '0'],
    [Scalar.double(Number.NEGATIVE_INFINITY), '-inf'],
    [Scalar.nullOf(T.DOUBLE), '00F'],
    [scalar(T.FLOAT, Math.fround(2.1)), '2.1'],
    [scalar(T.DECIMAL32, 14200, 2), '142.00'],
    [scalar(T.DECIMAL64, -5n, 3), '-0.005'],
    [scalar(T.DATE, day), '2012.06.13'],
    [scalar(T.MONTH, 2012 * 12 + 5), '2012.06M'],
    [scalar(T.TIME, second * 1000 + 8), '13:30:10.008'],
    [scalar(T.MINUTE, 810), '13:30m'],
    [scalar(T.SECOND, second), '13:30:10'],
    [scalar(T.NANOTIME, BigInt(second) * 1_000_000_000n + 8007006n), '13:30:10.008007006'],
    [scalar(T.DATETIME, day * 86400 + second), '2012.06.13T13:30:10'],
    [scalar(T.TIMESTAMP, BigInt(day * 86400 + second) * 1000n + 8n), '2012.06.13T13:30:10.008'],
    [
      scalar(T.NANOTIMESTAMP, BigInt(day * 86400 + second) * 1_000_000_000n + 8007006n),
      '2012.06.13T13:30:10.008007006',
    ],
    [scalar(T.DATEHOUR, day * 24 + 13), '2012.06.13T13'],
    [scalar(T.NANOTIMESTAMP, 2n ** 63n - 1n), '2262.04.11T23:47:16.854775807'],
    [scalar(T.DATETIME, -(2 ** 31) + 1), '1901.12.13T20:45:53'],
    [Scalar.nullOf(T.DATE), '00d'],
    [Scalar.nullOf(T.TIMESTAMP), '00T'],
    [Scalar.string('a b'), 'a b'],
    [Scalar.string(''), ''],
    [scalar(T.UUID, 0n), '00000000-0000-0000-0000-000000000000'],
    [scalar(T.IPADDR, 0xc0a8010dn), '192.168.1.13'],
    [scalar(T.IPADDR, 0x20010db8000000000000000000000001n), '2001:db8::1'],
    [scalar(T.INT128, 0xe1671797c52e15f763380b45e841ec32n), 'e1671797c52e15f763380b45e841ec32'],
    [scalar(T.DURATION, packDuration(20, 'H')), '20H'],
    [scalar(T.DURATION, packDuration(3, 'XNYS')), '3XNYS'],
    [scalar(T.DURATION, packDuration(-3, 'd')), '-3d'],
    [scalar(T.COMPLEX, [2, 5]), '2+5i'],
    [scalar(T.POINT, [117.60972, 24.118418]), '(117.60972, 24.118418)'],
  ]
  it.each(cases.map(([value, text]) => [text, value] as const))('as %s', (text, value) =>
    expect(displayValue(value)).toBe(text),
  )

  it('with 15 digits and boolean digits when asked', () => {
    expect(displayValue(Scalar.double(0.1 + 0.2), { decimals: 15 })).toBe('0.3')
    expect(displayValue(Scalar.double(59614488.46), { decimals: 15 })).toBe('59614488.46')
    expect(displayValue(Scalar.double(2.936093190579921e62), { decimals: 15 })).toBe('2.936093190579921E62')
    expect(displayValue(scalar(T.FLOAT, Math.fround(2.1)), { decimals: 15 })).toBe('2.1')
    expect(displayValue(vectorOf(T.BOOL, [1, 0]), { boolDigits: true })).toBe('[1,0]')
  })
})

describe('vectors, tuples, pairs and sets print', () => {
  const m = new Matrix(ints(1, 3), 1, 2)
  const cases: [Value, string][] = [
    [strings('IBM', 'MS'), '["IBM","MS"]'],
    [vectorOf(T.CHAR, [97, 10]), "['a',10]"],
    [ints(3, NULL_I32, 6), '[3,,6]'],
    [ints(NULL_I32, 3), '[,3]'],
    [strings('', '1'), '[,"1"]'],
    [ints(), '[]'],
    [ints(...Array(31).keys()), `[${[...Array(30).keys()].join(',')}...]`],
    [
      new AnyVector([Scalar.int(1), ints(1, 2), Scalar.string('GS'), new AnyVector([Scalar.int(2), Scalar.int(3)])]),
      '(1,[1,2],"GS",(2,3))',
    ],
    [new AnyVector([Scalar.int(2), Scalar.VOID]), '(2,)'],
    [new AnyVector([]), '()'],
    [new AnyVector([m, new AnyVector([ints(1), Scalar.int(2)])]), '(#0 #1\n-- --\n1  3\n,([1],2))'],
    [new ArrayVector(new Int32Array([0, 3, 5]), ints(1, NULL_I32, 3, 4, 5)), '[[1,00i,3],[4,5]]'],
    [new Pair(T.INT, 2, 3), '2 : 3'],
    [new Pair(T.STRING, 'Hello', 'World'), '"Hello" : "World"'],
    [new SetValue(T.INT, new Set([4, 3, 5])), 'set(4,3,5)'],
    [new SetValue(T.INT, new Set()), 'set()'],
    [new SetValue(T.INT, new Set([NULL_I32])), 'set(00i)'],
  ]
  it.each(cases.map(([value, text]) => [text, value] as const))('as %s', (text, value) =>
    expect(displayValue(value)).toBe(text),
  )
})

describe('dictionaries print', () => {
  it('one line per entry, nested ones indented', () => {
    const inner = new Dict(T.STRING, T.INT, new Map<string, Value>([['v1', Scalar.int(2)]]))
    const d = new Dict(
      T.STRING,
      T.ANY,
      new Map<string, Value>([
        ['a', Scalar.string('x')],
        ['b', strings('x', 'y')],
        ['n', Scalar.nullOf(T.INT)],
        ['d', inner],
        ['t', new Table(['c'], [ints(1)])],
      ]),
    )
    expect(displayValue(d)).toBe('a->x\nb->["x","y"]\nn->\nd->\n    v1->2\n\nt->\nc\n-\n1\n')
  })
})

describe('tables print', () => {
  const t = new Table(
    ['sym', 'price', 'val'],
    [strings('IBM', 'MSFT'), vectorOf(T.DOUBLE, [10.5, NULL_F64]), ints(1, 2)],
  )
  it('columns left-aligned under dashes, nulls blank', () => {
    expect(displayValue(t)).toBe('sym  price val\n---- ----- ---\nIBM  10.5  1\nMSFT       2')
  })
  it('text columns cut at the cap, without a separator', () => {
    const cells = (text: string): StringVector => strings(text)
    const wide = new Table(
      ['method', 'x', 'y', 'z'],
      [cells('true difference of mean is not equal'), ints(1), ints(2), ints(3)],
    )
    expect(displayValue(wide).split('\n')[2]).toBe('true difference of mean is n...1 2 3')
    const exact = new Table(['method', 'x', 'y', 'z'], [cells('a'.repeat(31)), ints(1), ints(2), ints(3)])
    expect(displayValue(exact).split('\n')[2]).toBe(`${'a'.repeat(31)}1 2 3`)
  })
  it('at most twenty rows and a hundred characters a line', () => {
    const long = new Table(['a'], [ints(...Array(25).keys())])
    const lines = displayValue(long).split('\n')
    expect(lines).toHaveLength(23)
    expect(lines[22]).toBe('...')
    const many = new Table(
      Array.from({ length: 20 }, (_, k) => `column${k}`),
      Array.from({ length: 20 }, () => ints(123456)),
    )
    const header = displayValue(many).split('\n')[0]
    expect(header.endsWith('...')).toBe(true)
    expect(header.length).toBeLessThanOrEqual(103)
    expect(displayValue(many, { width: 1000 }).split('\n')[0].endsWith('column19')).toBe(true)
  })
  it('empty ones as header and dashes', () => {
    expect(displayValue(new Table(['a', 'bc'], [ints(), ints()]))).toBe('a bc\n- --')
  })
})

describe('matrices print', () => {
  it('numbered without labels', () => {
    expect(displayValue(new Matrix(ints(1, 2, 4, 5), 2, 2))).toBe('#0 #1\n-- --\n1  4\n2  5')
  })
  it('with row and column labels', () => {
    const m = new Matrix(
      vectorOf(T.DOUBLE, [50.61, 50.635, NULL_F64, 174.995]),
      2,
      2,
      vectorOf(T.MINUTE, [574, 575]),
      strings('C', 'IBM'),
    )
    expect(displayValue(m).replaceAll(/ +$/gm, '')).toBe(
      '       C      IBM\n       ------ -------\n09:34m|50.61\n09:35m|50.635 174.995',
    )
  })
})
