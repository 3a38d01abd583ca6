/** Plain values in variables change nothing but the time: programs give what they give with every written-out way switched off. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createInterpreter, formatRuntimeError, toHoldfastError } from '../index.ts'
import { compiling } from './emitter.ts'

/** What a program prints, and the error that it ends with, place and frames included. */
function outcome(script: string, writesOut: boolean): string {
  const lines: string[] = []
  compiling.writesOut = writesOut
  try {
    const session = createInterpreter({ print: (text) => void lines.push(text), now: () => Date.UTC(2024, 0, 2) })
    session.run(script)
  } catch (thrown) {
    // Of two errors in one expression either may come first, so only the place and the frames are compared.
    lines.push(formatRuntimeError(toHoldfastError(thrown)).split('\n').slice(1).join('\n'))
  } finally {
    compiling.writesOut = true
  }
  return lines.join('\n')
}

// ---------------------------------------------------------------------------------------------------------------------
// Programs over a few variables whose types change while loops run

const NAMES = ['a', 'b', 'c', 'd', 'v'] as const
const NUMBERS = [
  '0',
  '1',
  '-1',
  '3',
  '7',
  '2147483647',
  '1l',
  '-7l',
  '9223372036854775807l',
  '0.5',
  '-0.0',
  '2.5',
  '1e300',
]
const OTHERS = [
  '00i',
  '00l',
  '00f',
  'true',
  'false',
  '`x',
  '"ab"',
  '1 2 3',
  '1.5 NULL 2',
  '2h',
  '2024.01.02',
  'NULL',
  '4c',
]
const name = fc.constantFrom(...NAMES.slice(0, 4))
const constant = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...NUMBERS) },
  { weight: 1, arbitrary: fc.constantFrom(...OTHERS) },
)

const { expr } = fc.letrec<{ expr: string }>((tie) => ({
  expr: fc.oneof(
    { maxDepth: 3 },
    { weight: 4, arbitrary: name },
    { weight: 2, arbitrary: constant },
    {
      weight: 5,
      arbitrary: fc
        .tuple(
          tie('expr'),
          fc.constantFrom('+', '-', '*', '/', '\\', '%', '<', '<=', '>', '==', '!=', '&&', '||'),
          tie('expr'),
        )
        .map(([l, op, r]) => `(${l} ${op} ${r})`),
    },
    { weight: 2, arbitrary: tie('expr').map((e) => `v[${e}]`) },
    { weight: 1, arbitrary: tie('expr').map((e) => `(-${e})`) },
    { weight: 1, arbitrary: tie('expr').map((e) => `(!${e})`) },
    { weight: 1, arbitrary: tie('expr').map((e) => `string(${e})`) },
    { weight: 1, arbitrary: tie('expr').map((e) => `size(${e})`) },
    { weight: 1, arbitrary: tie('expr').map((e) => `isNull(${e})`) },
    { weight: 1, arbitrary: fc.tuple(tie('expr'), tie('expr')).map(([x, y]) => `half(${x}, ${y})`) },
    {
      weight: 1,
      arbitrary: fc.tuple(tie('expr'), tie('expr'), tie('expr')).map(([c, x, y]) => `(${c} ? ${x} : ${y})`),
    },
    { weight: 1, arbitrary: fc.tuple(name, tie('expr')).map(([n, e]) => `each(q->q + ${n}, ${e})`) },
  ),
}))

/** What doubles in every turn must not fill the memory. */
const SMALL = NAMES.map((n) => `${n} = small(${n})`)

const { block } = fc.letrec<{ block: string[]; statement: string[] }>((tie) => ({
  // Most errors are caught, so that the rest of the program still runs.
  block: fc
    .array(fc.tuple(tie('statement'), fc.integer({ min: 0, max: 4 })), { minLength: 1, maxLength: 4 })
    .map((parts) =>
      parts.flatMap(([lines, caught]) => (caught > 0 ? ['try {', ...lines, '} catch(ex) { print(`caught) }'] : lines)),
    ),
  statement: fc.oneof(
    { maxDepth: 3 },
    { weight: 5, arbitrary: fc.tuple(name, expr).map(([n, e]) => [`${n} = ${e}`]) },
    {
      weight: 4,
      arbitrary: fc.tuple(name, fc.constantFrom('+=', '-=', '*=', '/='), expr).map(([n, op, e]) => [`${n} ${op} ${e}`]),
    },
    { weight: 2, arbitrary: fc.tuple(expr, expr).map(([i, e]) => [`v[${i}] = ${e}`]) },
    {
      weight: 2,
      arbitrary: fc.tuple(fc.constantFrom('v', 'v', 'w', 'a'), expr).map(([n, e]) => [`${n}.append!(${e})`]),
    },
    { weight: 1, arbitrary: fc.tuple(name, expr).map(([n, e]) => [`grow(${n}, ${e})`]) },
    { weight: 1, arbitrary: fc.tuple(name, name).map(([x, y]) => [`${x}, ${y} = ${y}, ${x}`]) },
    { weight: 1, arbitrary: expr.map((e) => [`print(${e})`]) },
    {
      weight: 3,
      arbitrary: fc
        .tuple(
          name,
          fc.constantFrom('0:5', '5:0', '1..4', '4..1', '0l:3l', '1 2.5 NULL', 'v', '2:2', '0:half(3, 1)', '2..0'),
          tie('block'),
        )
        .map(([n, over, body]) => [`for(${n} in ${over}){`, ...SMALL, ...body, '}']),
    },
    {
      weight: 1,
      arbitrary: tie('block').map((body) => [
        'turns = 0',
        'do {',
        'turns += 1',
        ...SMALL,
        ...body,
        '} while(turns < 3)',
      ]),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(expr, tie('block'), fc.option(tie('block')))
        .map(([c, then, other]) => [`if(${c}){`, ...then, ...(other === null ? ['}'] : ['} else {', ...other, '}'])]),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(tie('block'), tie('block'))
        .map(([x, y]) => ['try {', ...x, '} catch(ex) {', 'print(`caught)', ...y, '}']),
    },
    { weight: 1, arbitrary: expr.map((e) => [`if(${e}) break`]) },
  ),
}))

const SHOW = [...NAMES, 'w'].map((n) => `print(typestr(${n})); print(${n})`).join('\n')
const HELPERS = `def small(x){
	if(form(x) == SCALAR && strlen(string(x)) > 60) return 7
	if(form(x) == VECTOR && size(x) > 20) return x[0:3]
	return x
}
def half(x, y){
	if(x > y) return x - y
	return y \\ 2
}
def grow(mutable x, y){
	x += y
	return x
}`

const inFunction = (body: readonly string[]): string => `${HELPERS}
def program(x, y){
	a = x
	b = y
	w = array(DOUBLE, 0)
	c = 0
	d = 0.0
	v = 1 2 3
	for(round in 0:2){
${SMALL.join('\n')}
${body.join('\n')}
	}
	${SHOW}
	return c
}
print(program(1, 2))
print(program(2.5, 3l))
print(program("t", 00i))`

const atTop = (body: readonly string[]): string => `${HELPERS}
a = 1
b = 2.5
c = 0
d = 10l
w = array(INT, 0)
v = 1.5 2.5 3.5
for(round in 0:2){
${SMALL.join('\n')}
${body.join('\n')}
}
${SHOW}`

describe('plain values', () => {
  it.each([
    ['in functions', inFunction],
    ['of the session', atTop],
  ] as const)('%s give what Values give', (_where, program) => {
    fc.assert(
      fc.property(block, (body) => {
        const script = program(body)
        expect(outcome(script, true), script).toBe(outcome(script, false))
      }),
      { numRuns: Number(process.env.HOLDFAST_TEST_PROGRAMS ?? 60) },
    )
  })
})
