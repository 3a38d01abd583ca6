import { describe, expect, it } from 'vitest'
import { Dict, Matrix, Pair, SetValue } from '../values/forms.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { Table } from '../values/table.ts'
import { T } from '../values/types.ts'
import { ArrayVector, FixedVector, newVector, type SymbolVector } from '../values/vector.ts'
import { libraryBuiltins } from './library-index.ts'
import { bools, doubles, int, ints, library, longs, strings, symbols, text, tuple } from './library-testing.ts'

const { show, call } = library(libraryBuiltins)
const double = (x: number): Scalar => Scalar.double(x)
const matrix = (rows: number, ...x: number[]): Matrix => new Matrix(ints(...x), rows, x.length / rows)
const table = (): Table => new Table(['a', 'b'], [ints(1, 2, 3), strings('x', 'y', 'z')])

const cases: [string, (Value | undefined)[], string][] = [
  ['append!', [ints(1, 2), double(4.3)], '[1,2,4]'],
  ['append!', [ints(1, 2), Scalar.FALSE], '[1,2,0]'],
  ['append!', [strings('a'), int(4)], '["a","4"]'],
  ['append!', [ints(1), longs(2, 3)], '[1,2,3]'],
  ['append!', [ints(1), Scalar.VOID], '[1,]'],
  ['append!', [symbols('a', 'b'), strings('c', 'a')], '["a","b","c","a"]'],
  ['append!', [tuple(int(1), text('a')), tuple(int(2), int(3))], '(1,"a",(2,3))'],
  ['append!', [new SetValue(T.INT, new Set([1])), ints(2, 1)], 'set(1,2)'],
  ['append!', [matrix(2, 1, 2), ints(3, 4, 5, 6)], '#0 #1 #2\n-- -- --\n1  3  5\n2  4  6'],
  ['push!', [new ArrayVector(new Int32Array(1), ints()), tuple(ints(1, 2), ints(3))], '[[1,2],[3]]'],
  ['appendTuple!', [tuple(int(1)), tuple(int(2), int(3))], '(1,2,3)'],
  ['appendTuple!', [tuple(int(1)), tuple(int(2), int(3)), Scalar.TRUE], '(1,(2,3))'],
  ['join!', [ints(1), ints(2)], '[1,2]'],
  ['removeHead!', [ints(1, 2, 3), int(2)], '[3]'],
  ['removeHead!', [strings('a', 'b'), int(5)], '[]'],
  ['removeTail!', [ints(1, 2, 3), int(2)], '[1]'],
  ['remove!', [ints(1, 2, 3, 4), ints(0, 2)], '[2,4]'],
  ['clear!', [ints(1, 2)], '[]'],
  ['clear!', [table()], 'a b\n- -'],
  ['drop', [ints(1, 2, 3, 4), int(2)], '[3,4]'],
  ['drop', [ints(1, 2, 3, 4), int(-3)], '[1]'],
  ['drop', [matrix(1, 1, 2, 3), int(1)], '#0 #1\n-- --\n2  3'],
  ['erase!', [new SetValue(T.INT, new Set([1, 2, 3])), ints(1, 3)], 'set(2)'],
  ['cut', [ints(1, 2, 3, 4, 5), int(2)], '([1,2],[3,4],[5])'],
  ['cut', [ints(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), ints(2, 7)], '([3,4,5,6,7],[8,9,10])'],
  ['flatten', [matrix(2, 1, 2, 3, 4)], '[1,2,3,4]'],
  ['flatten', [tuple(int(1), doubles(2.5), ints(3))], '[1,2.5,3]'],
  ['flatten', [tuple(tuple(int(1), int(2)), int(3))], '([1,2],3)'],
  ['reverse', [ints(1, 2, 3)], '[3,2,1]'],
  ['reverse', [table()], 'a b\n- -\n3 z\n2 y\n1 x'],
  ['head', [ints(5, 6)], '5'],
  ['head', [ints(5, 6, 7), int(2)], '[5,6]'],
  ['tail', [ints(5, 6, 7), int(2)], '[6,7]'],
  ['tail', [table()], 'a->3\nb->z'],
  ['subarray', [ints(1, 2, 3, 4), new Pair(T.INT, 1, 3)], '[2,3]'],
  ['subarray', [ints(1, 2), new Pair(T.INT, 1, 4)], '[2,,]'],
  ['arrayVector', [ints(2, 3), ints(1, 2, 3)], '[[1,2],[3]]'],
  ['fixedLengthArrayVector', [ints(1, 2), tuple(ints(3, 4)), matrix(2, 5, 6)], '[[1,3,5],[2,4,6]]'],
  ['eqObj', [ints(2), longs(2)], 'false'],
  ['eqObj', [tuple(ints(2), text('a')), tuple(ints(2), text('a'))], 'true'],
  ['eqObj', [double(1.0001), double(1.0002), int(3)], 'true'],
  ['prev', [ints(1, 2, 3)], '[,1,2]'],
  ['next', [strings('a', 'b')], '["b",]'],
  ['prev', [table()], 'a b\n- -\n    \n1 x\n2 y'.replace('    ', '  ')],
  ['move', [ints(1, 2, 3, 4), int(2)], '[,,1,2]'],
  ['move', [ints(1, 2, 3, 4), int(-9)], '[,,,]'],
  ['prev', [matrix(2, 1, 2, 3, 4)], '#0 #1\n-- --\n      \n1  3'.replace('      ', '   ')],
  ['deltas', [ints(7, 4, null, 5)], '[,-3,,]'],
  ['deltas', [longs(7, 4, 9), int(2)], '[,,2]'],
  ['deltas', [doubles(1, 3, 7), int(-1)], '[-2,-4,]'],
  ['deltas', [new FixedVector(T.DATE, Int32Array.of(5, 9))], '[,4]'],
  ['ratios', [ints(2, 3, 0, 4)], '[,1.5,0,]'],
  ['percentChange', [ints(1, 2, 3)], '[,1,0.5]'],
  ['lfill', [doubles(null, 1, null, 3, null)], '[,1,2,3,]'],
  ['replace', [ints(1, 2, 1), int(1), int(9)], '[9,2,9]'],
  ['replace!', [strings('a', 'b'), text('a'), text('c')], '["c","b"]'],
  ['mask', [ints(1, 2, 3), bools(1, 0, 1)], '[,2,]'],
  ['any', [bools(0, 1)], 'true'],
  ['any', [ints(0, null)], 'false'],
  ['all', [ints(1, null, 2)], 'true'],
  ['all', [matrix(2, 1, 0, 1, 1)], '[false,true]'],
  ['groups', [ints(2, 1, 2)], '2->[0,2]\n1->[1]'],
  ['groups', [ints(2, 1, 2), text('vector')], '[[1],[0,2]]'],
  ['groups', [ints(2, 1, 2), text('table')], 'key index\n--- -----\n1   [1]\n2   [0,2]'],
  ['segment', [ints(1, 1, 2, 2, 1)], '[0,0,2,2,4]'],
  ['segment', [ints(1, 1, 2, 2, 1), Scalar.FALSE], '[0,0,1,1,2]'],
  ['dropna', [ints(1, null, 2)], '[1,2]'],
  ['isSorted', [ints(1, 2, 2)], 'true'],
  ['isSorted', [ints(1, 2), Scalar.FALSE], 'false'],
  ['isMonotonicDecreasing', [ints(3, 3, 1)], 'true'],
  ['isPeak', [ints(1, 3, 2)], '[false,true,false]'],
  ['valueChanged', [ints(1, 1, 2)], '[false,false,true]'],
]

describe('vector functions', () => {
  it.each(cases.map(([name, args, expected]) => [name, expected, args] as const))(
    '%s gives %s',
    (name, expected, args) => expect(show(name, ...args)).toBe(expected),
  )

  it('pop! returns the last element and shortens the vector', () => {
    const v = ints(1, 2, 3)
    expect(call('pop!', v)).toEqual(int(3))
    expect(v.length).toBe(2)
    expect(() => call('pop!', ints())).toThrow('The vector is empty.')
  })

  it('append! grows in place in amortised constant time', () => {
    const v = newVector(T.INT, 0) as FixedVector
    const capacities = new Set<number>()
    for (let k = 0; k < 10_000; k++) {
      expect(call('append!', v, int(k))).toBe(v)
      capacities.add(v.data.length)
    }
    expect(v.length).toBe(10_000)
    expect(v.raw(9_999)).toBe(9_999)
    expect(capacities.size).toBeLessThan(20)
    const s = newVector(T.SYMBOL, 0) as SymbolVector
    for (let k = 0; k < 1000; k++) call('append!', s, text(`s${k % 7}`))
    expect(s.base.symbols).toHaveLength(8)
    const w = newVector(T.UUID, 0)
    for (let k = 0; k < 100; k++) call('append!', w, new Scalar(T.UUID, BigInt(k)))
    expect(w.raw(99)).toBe(99n)
  })

  it('append! refuses data of another category', () => {
    expect(() => call('append!', ints(1), text('a'))).toThrow('Incompatible type. Expected: INT, Actual: STRING')
    expect(() => call('append!', matrix(2, 1, 2), ints(1))).toThrow('must be divisible by the number of rows')
  })

  it('flatten refuses elements that do not join', () =>
    expect(() => call('flatten', tuple(int(1), text('a')))).toThrow("Couldn't flatten the vector"))

  it('erase! removes keys of a dictionary', () => {
    const d = new Dict(
      T.STRING,
      T.INT,
      new Map([
        ['a', int(1)],
        ['b', int(2)],
      ]),
    )
    expect(show('erase!', d, text('a'))).toBe('b->2')
  })
})
