/** What numeric.ts writes out gives what the operators give. */

import { describe, expect, it } from 'vitest'
import fc from '../../test/properties.ts'
import { createInterpreter } from '../index.ts'
import { binaryOp } from '../ops/binary.ts'
import { NULL_F64, NULL_I32, NULL_I64, Scalar, T, type Value } from '../values/index.ts'
import { printed, runScript } from './script-testing.ts'

const int = fc.constantFrom(0, 1, -1, 2, 7, -13, 100000, 2147483647, -2147483647, NULL_I32)
const real = fc.constantFrom(0, -0, 1, -1, 0.5, 3, 1e300, -1e300, 1e-300, 123456.75, NULL_F64)
const long = fc.constantFrom(0n, 1n, -1n, 7n, -13n, 2n ** 40n, 2n ** 62n, 2n ** 63n - 1n, -(2n ** 63n) + 1n, NULL_I64)
const scalar = fc.oneof(
  { weight: 4, arbitrary: int.map((n) => new Scalar(T.INT, n)) },
  { weight: 4, arbitrary: real.map((n) => new Scalar(T.DOUBLE, n)) },
  { weight: 2, arbitrary: long.map((n) => new Scalar(T.LONG, n)) },
)

type Shape =
  | string
  | { readonly op: 'add' | 'sub' | 'mul' | 'div' | 'mod' | 'ratio'; readonly l: Shape; readonly r: Shape }
const SIGNS = { add: '+', sub: '-', mul: '*', div: '/', mod: '%', ratio: '\\' } as const
const CONSTANTS: Readonly<Record<string, Scalar>> = {
  '3': Scalar.int(3),
  '2.5': Scalar.double(2.5),
  '0': Scalar.int(0),
}
const { shape } = fc.letrec<{ shape: Shape }>((tie) => ({
  shape: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom('a', 'b', 'c', '3', '2.5', '0'),
    fc.record({
      op: fc.constantFrom('add', 'sub', 'mul', 'div', 'mod', 'ratio') as fc.Arbitrary<keyof typeof SIGNS>,
      l: tie('shape') as fc.Arbitrary<Shape>,
      r: tie('shape') as fc.Arbitrary<Shape>,
    }),
  ),
}))
const textOf = (s: Shape): string => (typeof s === 'string' ? s : `(${textOf(s.l)} ${SIGNS[s.op]} ${textOf(s.r)})`)
const evaluate = (s: Shape, values: Readonly<Record<string, Scalar>>): Value =>
  typeof s === 'string' ? (values[s] ?? CONSTANTS[s]) : binaryOp(s.op, evaluate(s.l, values), evaluate(s.r, values))

/** Type and value, with the sign of zero left out: the operators differ in it among themselves. */
const shown = (v: Value): string => (v instanceof Scalar ? `${v.type} ${v.value === 0 ? 0 : String(v.value)}` : v.kind)

describe('written-out arithmetic', () => {
  it('gives what the operators give, for every mix of INT, DOUBLE and LONG with nulls and overflows', () => {
    fc.assert(
      fc.property(shape, fc.array(fc.tuple(scalar, scalar, scalar), { minLength: 1, maxLength: 4 }), (s, rows) => {
        const session = createInterpreter()
        session.run(`def f(a, b, c){ return ${textOf(s)} }
def g(a, b, c){
	r = a
	r = ${textOf(s)}
	r += b * 1
	return r
}
def h(a, b, c){
	if(${textOf(s)} < c) return 1
	return 0
}`)
        // One compiled function meets several types, as a call site does.
        for (const [a, b, c] of rows) {
          const values = { a, b, c }
          const expected = evaluate(s, values)
          const call = (name: string): Value => session.call(session.functionCell(name).get(), [a, b, c])
          expect(shown(call('f'))).toBe(shown(expected))
          expect(shown(call('g'))).toBe(shown(binaryOp('add', expected, binaryOp('mul', b, Scalar.int(1)))))
          expect(shown(call('h'))).toBe(`4 ${(binaryOp('lt', expected, c) as Scalar).value === 1 ? 1 : 0}`)
        }
      }),
      { numRuns: 150 },
    )
  })

  const cases: readonly (readonly [string, string, string])[] = [
    ['a null in between decides the whole', 'x = 2147483647; y = x + 1 + 5; print(isNull(y))', 'true'],
    [
      'division by zero is null, also inside',
      'x = 0; print(isNull(3 / x + 1)); print(isNull(2.5 \\ x * 0))',
      'true\ntrue',
    ],
    ['an infinity is not divided away', 'x = 1e300; y = 1e300; print(isNull(1.0 \\ (x * y)))', 'true'],
    [
      'vectors take the general way from the same place',
      'def f(x){ return x * 2 + 1 }; print(f(3)); print(f(1 2 3))',
      '7\n[3,5,7]',
    ],
    ['operands are read in order', 'def f(mutable v){ v = 10; return 1 }\nx = 1\ny = x + f(x) * 2 + x\nprint(y)', '13'],
    [
      'a call in between is made once',
      'def f(mutable v){ v.append!(1); return 2 }\nv = [0]\nx = 3\nprint(x * f(v) + 1.5 - x)\nprint(size(v))',
      '4.5\n2',
    ],
    [
      'a loop variable that turns out to be long',
      's = 0l; for(i in 0l:4l) s += i * 2; print(s); print(typestr(s))',
      '12\nLONG',
    ],
    ['a variable that changes its type', 'x = 1; for(i in 0:3) x = x * 1.5; print(x)', '3.375'],
    [
      'more operands than are written out at once',
      'a = 1; print(a + a * 2 + a * 3 + a * 4 + a * 5 + (a - 6) * (a + 7) + a % 8)',
      '-24',
    ],
    ['texts are joined', 'x = "a"; x += "b" + "c"; print(x); print("" + "")', 'abc\n'],
  ]
  it.each(cases)('%s', (_name, script, output) => {
    expect(printed(script)).toBe(output)
  })

  it('64-bit numbers wrap, floor and compare exactly', () => {
    const { output } = runScript(`x = 9223372036854775807l
print(x + 2l)
print(-7l / 2l, -7l % 3l, 7l % -3l)
print(isNull(7l % 0l), isNull(7l / 0l))
print(x > 9223372036854775806l, x == 9223372036854775807l, 3l < 4, 4 >= 5l)
print(typestr(1 + 2l), typestr(2l * 1.5))`)
    expect(output).toBe(
      ['-9223372036854775807', '-4', '2', '-2', 'true', 'true', 'true', 'true', 'true', 'false', 'LONG', 'DOUBLE'].join(
        '\n',
      ),
    )
  })
})

describe('elements', () => {
  it('are read and written in place only in vectors of one owner, inside their length, and of the same type', () => {
    const script = `v = 1 2 3
w = v
v[0] = 9
print(v)
print(w)
def f(mutable x, k, y){
	for(turn in 0:2) x[k] = y
	return x[k]
}
u = 1.5 2.5
print(f(u, 1, 7.5))
print(f(u, 0, 3))
print(u)
print(isNull(u[5]))
print(u[-1].isNull())`
    expect(printed(script)).toBe('[9,2,3]\n[1,2,3]\n7.5\n3\n[3,7.5]\ntrue\ntrue')
  })
})
