import { describe, expect, it } from 'vitest'
import { AnyVector, Scalar, SymbolVector, T, type TypeId, type Value, vectorOf } from '../../runtime/values/index.ts'
import type { DatabaseRecord, Scheme } from '../catalog/types.ts'
import { partitionName, pathsByCondition } from './conditions.ts'
import { parsePath, partitionNames } from './names.ts'
import { partitionColumnTypeError, schemeOf } from './scheme.ts'

const ints = (...x: number[]) => vectorOf(T.INT, x)
const texts = (...x: string[]) => vectorOf(T.STRING, x)
const tuple = (...x: Value[]) => new AnyVector(x)
const date = (n: number) => new Scalar(T.DATE, n)

describe('partition schemes', () => {
  it.each<[Scheme['kind'], Value, Scheme]>([
    ['VALUE', ints(3, 1), { kind: 'VALUE', type: T.INT, values: [3, 1] }],
    ['VALUE', SymbolVector.encode(['A', 'B']), { kind: 'VALUE', type: T.SYMBOL, values: ['A', 'B'] }],
    ['VALUE', Scalar.int(7), { kind: 'VALUE', type: T.INT, values: [7] }],
    ['RANGE', ints(0, 50, 100), { kind: 'RANGE', type: T.INT, bounds: [0, 50, 100] }],
    ['LIST', tuple(texts('a', 'b'), Scalar.string('c')), { kind: 'LIST', type: T.STRING, groups: [['a', 'b'], ['c']] }],
    ['HASH', ints(T.SYMBOL, 5), { kind: 'HASH', type: T.SYMBOL, buckets: 5 }],
    ['SEQ', Scalar.int(4), { kind: 'SEQ', type: T.INT, blocks: 4 }],
  ])('reads %s', (kind, value, scheme) => expect(schemeOf(kind, value)).toEqual(scheme))

  it.each<[Scheme['kind'], Value, RegExp]>([
    ['VALUE', vectorOf(T.DOUBLE, [1]), /The data type DOUBLE can't be used for a partition column\./],
    ['HASH', ints(T.FLOAT, 5), /FLOAT/],
    ['VALUE', ints(1, 1), /occurs twice/],
    ['VALUE', ints(), /empty/],
    ['RANGE', ints(0, 50, 50), /ascending/],
    ['RANGE', ints(0), /two bounds/],
    ['LIST', tuple(ints(1, 2), ints(2)), /occurs twice/],
    ['LIST', tuple(ints(1), texts('a')), /one data type/],
    ['HASH', ints(T.INT, 0), /positive/],
    ['VALUE', texts('a b'), /S01018/],
  ])('refuses a wrong %s scheme', (kind, value, message) => expect(() => schemeOf(kind, value)).toThrow(message))

  it.each<[TypeId, TypeId, boolean]>([
    [T.TIMESTAMP, T.DATE, true],
    [T.DATE, T.MONTH, true],
    [T.MONTH, T.DATE, false],
    [T.DATE, T.TIMESTAMP, false],
    [T.STRING, T.SYMBOL, true],
    [T.SYMBOL, T.STRING, true],
    [T.LONG, T.INT, true],
    [T.DOUBLE, T.INT, false],
    [T.TIMESTAMP, T.MINUTE, false],
  ])('column type %i for a scheme of type %i: %s', (column, type, fits) => {
    const error = partitionColumnTypeError({ kind: 'HASH', type, buckets: 2 }, { name: 'c', type: column })
    expect(error === undefined).toBe(fits)
  })
})

describe('partition names', () => {
  it.each<[TypeId, number | string, string]>([
    [T.INT, -7, '-7'],
    [T.CHAR, 65, '65'],
    [T.DATE, 17385, '20170807'],
    [T.MONTH, 24000, '200001M'],
    [T.DATEHOUR, 17385 * 24 + 9, '2017080709'],
    [T.DATETIME, 17385 * 86_400 + 34_200, '20170807T093000'],
    [T.MINUTE, 570, '0930m'],
    [T.SECOND, 34_200, '093000'],
    [T.TIME, 34_200_123, '093000123'],
    [T.SYMBOL, '000616.SZ', '000616SZ'],
    [T.STRING, 'a/b', 'a%2Fb'],
    [T.STRING, '..', '%2E%2E'],
  ])('a value of type %i, %s, is %s', (type, value, name) => {
    expect(partitionNames({ kind: 'VALUE', type, values: [value] })).toEqual([name])
  })

  const schemes: Scheme[] = [
    { kind: 'VALUE', type: T.DATE, values: [17385, 17386] },
    { kind: 'HASH', type: T.SYMBOL, buckets: 5 },
    { kind: 'RANGE', type: T.INT, bounds: [0, 50, 100] },
  ]
  const db = { url: 'dfs://d', schemes } as unknown as DatabaseRecord

  it('takes a path apart when all levels are there', () => {
    expect(parsePath(db, '/20170807/Key0/0_50')).toEqual(['20170807', 'Key0', '0_50'])
    expect(() => parsePath(db, '/20170807')).toThrow(/must name each of the 3 level/)
  })

  it.each<[number, Value, string | undefined]>([
    [0, date(17386), '20170808'],
    [0, new Scalar(T.TIMESTAMP, 17386n * 86_400_000n + 5n), '20170808'],
    [0, date(1), undefined],
    [1, Scalar.int(3), 'Key3'],
    [1, Scalar.int(5), undefined],
    [1, Scalar.string('AAPL'), 'Key4'],
    [2, Scalar.int(99), '50_100'],
    [2, Scalar.long(100), undefined],
  ])('level %i: the condition selects a partition', (level, value, name) => {
    expect(partitionName(db, level, value)).toBe(name)
  })

  it('a condition of another type is S01058', () => {
    expect(() => partitionName(db, 0, Scalar.int(5))).toThrow(/S01058/)
    expect(() => partitionName(db, 2, date(5))).toThrow(/S01058/)
  })

  it('a tuple selects by level, an empty entry selects all', () => {
    const selects = pathsByCondition(db, tuple(Scalar.VOID, ints(0, 1), Scalar.int(60)))
    expect(selects('/20170807/Key1/50_100')).toBe(true)
    expect(selects('/20170807/Key2/50_100')).toBe(false)
    expect(selects('/20170807/Key0/0_50')).toBe(false)
    expect(pathsByCondition(db, date(17385))('/20170807/Key2/0_50')).toBe(true)
  })
})
