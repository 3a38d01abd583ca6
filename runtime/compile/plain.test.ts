/** Plain values in variables change nothing but the time: programs give what they give with every written-out way switched off. */

import { describe, expect, it } from 'vitest'
import fc from '../../test/properties.ts'
import { bindInterrupt, createInterpreter, formatRuntimeError, toHoldfastError } from '../index.ts'
import { compiling } from './emitter.ts'
import { failureText, printed } from './script-testing.ts'

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
const text = fc.constantFrom('s', 't')
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

/** What doubles in every turn must not fill the memory, and loops in loops come to an end. */
const SMALL = [...NAMES.map((n) => `${n} = small(${n})`), 'turnsLeft -= 1', 'if(turnsLeft < 0) break']

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
    { weight: 2, arbitrary: fc.tuple(text, expr).map(([n, e]) => [`${n} += string(${e})`]) },
    { weight: 1, arbitrary: fc.tuple(text, expr).map(([n, e]) => [`${n} = ${n} + ${e}`]) },
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

const SHOW = [...NAMES, 'w', 's', 't'].map((n) => `print(typestr(${n})); print(${n})`).join('\n')
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
	turnsLeft = 40
	s = ""
	t = "t"
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
turnsLeft = 40
s = ""
t = "t"
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

  const cases: readonly (readonly [string, string, string])[] = [
    [
      'an INT that becomes a DOUBLE, then a LONG, then a text',
      `def f(n){
	x = 1
	for(i in 0:n){
		if(i == 2) x = x * 1.5
		if(i == 4) x = 7l
		if(i == 6) x = "t"
		x = x + x
		print(typestr(x))
	}
	return x
}
print(f(8))`,
      'INT\nINT\nDOUBLE\nDOUBLE\nLONG\nLONG\nSTRING\nSTRING\ntttt',
    ],
    [
      'an overflow to the null of INT, and what is computed from it',
      `def f(){
	x = 2147483646
	out = ""
	for(i in 0:4){
		x += 1
		out += string(isNull(x)) + " "
	}
	return out
}
print(f())
x = 2147483646
for(i in 0:3) x += 1
print(isNull(x))`,
      'false true true true \ntrue',
    ],
    [
      'a null element that a sum meets',
      `def f(v){
	total = 0
	for(i in 0:size(v)) total += v[i]
	return total
}
def g(v){
	total = 0.0
	for(x in v) total += x
	return total
}
print(f(1 2 3), isNull(f(1 NULL 3)), g(1.5 2.5), isNull(g(1.5 NULL)), g(1 2 3), f(1.5 2.5))`,
      '6\ntrue\n4\ntrue\n6\n4',
    ],
    [
      'LONG that wraps, meets INT and has a null',
      `def f(n){
	x = 9223372036854775806l
	y = 5l
	for(i in 0:n){
		y = (y * 7 + i) % 1000000007
		x += 1
	}
	return (y, isNull(x), x == y)
}
print(f(3))`,
      // 5 -> 35 -> 246 -> 1724; what follows the largest number is the null of LONG, which stays null.
      '(1724,true,false)',
    ],
    [
      'an argument of another type than that of the first call',
      `def twice(x){ return x + x }
print(twice(2), twice(2.5), twice(3l), twice("a"), twice(1 2), isNull(twice(00i)), twice(true))`,
      '4\n5\n6\naa\n[2,4]\ntrue\n2',
    ],
    [
      'closures keep the number that a loop variable had',
      `def f(){
	fs = (x->x, x->x)
	total = 0
	for(i in 0:3){
		total += i * 10
		g = {y->y + i + total}
		print(g(1000))
	}
	return total
}
print(f())`,
      '1000\n1011\n1032\n30',
    ],
    [
      'a mutable parameter that a loop counts up',
      `def bump(mutable x, n){ for(i in 0:n) x += i }
a = 1
bump(a, 4)
print(a)
def g(){
	b = 0.5
	bump(b, 3)
	c = b * 2
	bump(c, 2)
	return c
}
print(g())`,
      '7\n8',
    ],
    [
      'a text that is read while it grows',
      `def f(n){
	s = ""
	longest = 0
	for(i in 0:n){
		s += string(i) + ","
		if(i % 1000 == 0) longest = strlen(s)
		if(i == 7) print(s)
	}
	g = {x->strlen(s) + x}
	t = s
	s = s + "end"
	return (strlen(s), strlen(t), g(1), longest, s == t)
}
print(f(3000))`,
      '0,1,2,3,4,5,6,7,\n(13893,13890,13891,8895,false)',
    ],
    [
      'a text that something else than a text is added to',
      `def f(x){
	s = "a"
	for(i in 0:2) s += "b"
	s += x
	return s
}
print(f("c"), f(1), f(\`q), f(1 2))
def g(){
	s = "a"
	s += "b"
	s = 5
	s += 1
	return s
}
print(g())`,
      'abbc\nabb1\nabbq\n["abb1","abb2"]\n6',
    ],
    [
      'comparisons of large vectors that are tried at once: what is not evaluated stays so, and errors are those of the operators',
      `n = 1200000
a = (0..(n - 1)) * 0.5
b = 300000.0 - a
a[3] = NULL
def f(a, b){
	c = a > 10 and b < 299000.25 and a <= 500000
	d = a > b or not(a >= 5)
	h = iif(a > b, a, b)
	g = iif(a * 2 > b or a == 1, -1.5, b)
	return (sum(c), sum(d), sum(h), sum(g), h[3], g[2])
}
for(k in 0:3) print(f(a, b))
print(sum(a > 10 and a < 20))
def shout(){ print("evaluated"); return 5 }
print(1 > 2 and shout() > 3)
try{ x = a > 1 and b[0:5] < 3 } catch(ex){ print(ex) }
c = 5
print(c > 3 and c < 7)
c = a
print(sum(c > 3 and c < 7))`,
      `(998001,900009,4.049999E11,4.999845E10,299998.5,-1.5)
(998001,900009,4.049999E11,4.999845E10,299998.5,-1.5)
(998001,900009,4.049999E11,4.999845E10,299998.5,-1.5)
19
false
"SYSTEM_Operator" : "Incompatible vector size"
true
7`,
    ],
    [
      'append! to a vector that is shared, of another type, and walked over',
      `def f(){
	v = array(INT, 0)
	for(i in 0:5){
		if(i == 3) w = v
		v.append!(i)
	}
	for(x in v) if(x < 3) v.append!(x * 10)
	d = [1.5]
	d.append!(2)
	d.append!(2.5)
	for(i in 0:3) d.append!(i * 0.5)
	return (v, w, d)
}
print(f())`,
      '([0,1,2,3,4,0,10,20],[0,1,2],[1.5,2,2.5,0,0.5,1])',
    ],
    [
      'elements written in place, of one owner and of two, with numbers of both types',
      `def f(){
	v = 1 2 3
	w = v
	for(i in 0:3) v[i] = i * 2
	d = 1.5 2.5
	for(i in 0:2) d[i] = d[i] * 2
	d[0] = 7
	b = take(true, 2)
	b[1] = 1 > 2
	l = 1l 2l
	l[0] = l[1] + 40
	return (v, w, d, b, l)
}
print(f())`,
      '([0,2,4],[1,2,3],[7,5],[true,false],[42,2])',
    ],
    [
      'loops that count down, not at all, and over LONGs and dates',
      `def f(a, b){
	out = ""
	for(i in a:b) out += string(i) + " "
	for(i in a..b) out += string(i) + " "
	return out
}
print(f(0, 3), f(3, 0), f(2, 2), f(1l, 3l), f(2024.01.01, 2024.01.03))`,
      '0 1 2 0 1 2 3 \n2 1 0 3 2 1 0 \n2 \n1 2 1 2 3 \n2024.01.01 2024.01.02 2024.01.01 2024.01.02 2024.01.03 ',
    ],
    [
      'nothing is evaluated behind a true side of ||',
      'def f(x, v){ if(isNull(x) || v[x] > 1) return 1; return 2 }\nprint(f(00i, 1 2), f(0, 1 2), f(1, 1 2), f(NULL, `a))',
      '1\n2\n1\n1',
    ],
    [
      'assigning the loop variable does not move the loop',
      'def f(){ n = 0; for(i in 0:4){ i = i * 100; n += i }; return n }\nprint(f())\nfor(i in 0:3) i = i * 2\nprint(i)',
      '600\n4',
    ],
  ]
  it.each(cases)('%s', (_name, script, output) => {
    expect(printed(script)).toBe(output)
    expect(outcome(script, false)).toBe(output)
  })

  it('a local without a value is looked for by name', () => {
    expect(failureText('def f(c){\n\tif(c) x = 1\n\ty = x + 1\n\treturn y\n}\nprint(f(true))\nf(false)')).toContain(
      'Cannot recognize the token x',
    )
  })

  it('an error in the middle of a loop tells its statement, and leaves what was computed', () => {
    const session = createInterpreter({ print: () => {} })
    const script = 'total = 0\nfor(i in 0:10){\n\ttotal += i\n\tif(i == 4) total = total + `x + (1 2 3)[`y]\n}'
    expect(() => session.run(script)).toThrow()
    expect(session.display(session.variable('total')!)).toBe('10')
    expect(session.display(session.variable('i')!)).toBe('4')
    const inFunction = `def f(n){
	s = 0
	for(i in 0:n){
		s += i
		s = s + ((i == 3) ? throwing(s) : 0)
	}
	return s
}
def throwing(x){ throw "at " + string(x) }
f(9)`
    expect(failureText(`def throwing(x){ throw "no" }\n${inFunction}`)).toMatch(/at 6[\s\S]*throwing[\s\S]*f, line 6/)
  })

  it.each([
    ['of the session', 'n = 0\nwhile(true){\n\tn += 1\n\tif(n == 1000) print(n)\n}'],
    ['in a function', 'def f(){\n\tn = 0\n\twhile(true){\n\t\tn += 1\n\t\tif(n == 1000) print(n)\n\t}\n}\nf()'],
    ['in recursion', 'def f(n){\n\tif(n == 1000) print(n)\n\treturn f(n % 5000 + 1) * 1\n}\nf(0)'],
  ])('an interrupt stops a loop %s', (_where, script) => {
    const memory = new SharedArrayBuffer(4)
    bindInterrupt(memory)
    try {
      const session = createInterpreter({ print: () => Atomics.store(new Int32Array(memory), 0, 1) })
      expect(() => session.run(script)).toThrow(/cancelled/)
    } finally {
      bindInterrupt(new SharedArrayBuffer(4))
    }
  })
})
