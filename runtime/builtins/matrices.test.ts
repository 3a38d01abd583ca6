import { describe, expect, it } from 'vitest'
import { displayValue } from '../print/index.ts'
import { Dict, Matrix } from '../values/forms.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { Table } from '../values/table.ts'
import { T } from '../values/types.ts'
import { libraryBuiltins } from './library-index.ts'
import { bools, doubles, int, ints, library, strings, text, tuple } from './library-testing.ts'

const { show, call } = library(libraryBuiltins)
const m = (): Matrix => new Matrix(ints(1, 2, 3, 4, 5, 6), 2, 3)
const labelled = (): Matrix => new Matrix(ints(1, 2, 3, 4), 2, 2, strings('r1', 'r2'), strings('a', 'b'))
const t = (): Table => new Table(['x', 'y'], [ints(1, 2), strings('p', 'q')])

const cases: [string, (Value | undefined)[], string][] = [
  ['rows', [m()], '2'],
  ['cols', [t()], '2'],
  ['shape', [m()], '2 : 3'],
  ['shape', [ints(1, 2)], '2 : 1'],
  ['row', [m(), int(1)], '[2,4,6]'],
  ['row', [m(), int(9)], '[,,]'],
  ['row', [t(), int(1)], 'x->2\ny->q'],
  ['col', [m(), int(1)], '[3,4]'],
  ['col', [t(), int(1)], '["p","q"]'],
  ['cell', [m(), int(1), int(2)], '6'],
  ['cell', [m(), int(5), int(2)], '00i'],
  ['cells', [m(), ints(0, 1), ints(2, 0)], '[5,2]'],
  ['slice', [m(), ints(0, 2)], '#0 #1\n-- --\n1  5\n2  6'],
  ['slice', [t(), int(0)], 'x->1\ny->p'],
  ['transpose', [m()], '#0 #1\n-- --\n1  2\n3  4\n5  6'],
  ['transpose', [t()], 'x->[1,2]\ny->["p","q"]'],
  ['flip', [tuple(ints(1, 2), ints(3, 4))], '([1,3],[2,4])'],
  [
    'transpose',
    [
      new Dict(
        T.STRING,
        T.ANY,
        new Map<string, Value>([
          ['a', ints(1, 2)],
          ['b', int(7)],
        ]),
      ),
    ],
    'a b\n- -\n1 7\n2 7',
  ],
  ['columnNames', [labelled()], '["a","b"]'],
  ['columnNames', [m()], '[]'],
  ['rowNames', [labelled()], '["r1","r2"]'],
  ['colNames', [t()], '["x","y"]'],
  ['rename!', [m(), strings('a', 'b', 'c')], 'a b c\n- - -\n1 3 5\n2 4 6'],
  ['loc', [labelled(), bools(0, 1)], '   a b\n   - -\nr2|2 4'],
  ['loc', [labelled(), text('r1'), strings('b')], '   b\n   -\nr1|3'],
  ['concatMatrix', [tuple(m(), m())], '#0 #1 #2 #3 #4 #5\n-- -- -- -- -- --\n1  3  5  1  3  5\n2  4  6  2  4  6'],
  ['concatMatrix', [tuple(m(), m()), Scalar.FALSE], '#0 #1 #2\n-- -- --\n1  3  5\n2  4  6\n1  3  5\n2  4  6'],
  ['join', [ints(1, 2), int(3)], '[1,2,3]'],
  ['join', [ints(1, 2), doubles(0.5)], '[1,2,0.5]'],
  ['join', [tuple(int(1)), ints(2, 3)], '(1,[2,3])'],
  ['join', [m(), ints(7, 8)], '#0 #1 #2 #3\n-- -- -- --\n1  3  5  7\n2  4  6  8'],
  ['fill!', [ints(1, 2, 3), ints(0, 2), int(9)], '[9,2,9]'],
  ['fill!', [m(), tuple(int(0), int(1)), int(9)], '#0 #1 #2\n-- -- --\n1  9  5\n2  4  6'],
  ['fill!', [t(), text('z'), int(5)], 'x y z\n- - -\n1 p 5\n2 q 5'],
  ['det', [new Matrix(ints(1, 2, 3, 4), 2, 2)], '-2'],
  ['inverse', [new Matrix(ints(1, 2, 3, 4), 2, 2)], '#0 #1\n-- ----\n-2 1.5\n1  -0.5'],
  ['solve', [new Matrix(ints(1, 0, 2, 1, 2, 5, 1, 5, -1), 3, 3), ints(6, -4, 27)], '[5,3,-2]'],
]

describe('matrix functions', () => {
  it.each(cases.map(([name, args, expected]) => [name, expected, args] as const))(
    '%s gives %s',
    (name, expected, args) => expect(displayValue(call(name, ...args)).replaceAll(/ +$/gm, '')).toBe(expected),
  )
  it('refuse what makes no sense', () => {
    expect(() => call('inverse', new Matrix(ints(1, 2, 2, 4), 2, 2))).toThrow('singular')
    expect(() => call('loc', labelled(), text('zz'))).toThrow('The label [zz] does not exist.')
    expect(show('rows', int(1))).toBe('1')
  })
})
