import { describe, expect, it } from 'vitest'
import { createInterpreter, decodeValue, encodeValue, type Value } from '../index.ts'

/** A value made in one session, as another session receives it: through the structured clone that a message to a thread makes. */
function received(script: string): { value: Value; call: (...args: Value[]) => string } {
  const here = createInterpreter()
  const there = createInterpreter()
  const sent = structuredClone(encodeValue(here.run(script), { session: here }))
  const value = decodeValue(sent, { session: there })
  return {
    value,
    call: (...args) => (value.kind === 'function' ? there.display(there.call(value, args)) : there.display(value)),
  }
}

const number = (n: number): Value => createInterpreter().run(`${n}`)

describe('functions on their way to another thread', () => {
  it.each([
    ['a function with the functions that it calls', 'def g(x){ return x*2 } def f(x){ return g(x)+1 } f', 5, '11'],
    ['a recursive function', 'def fact(n){ if(n<2) return 1; return n*fact(n-1) } fact', 5, '120'],
    ['a closure with what it captured', 'k=10; x->x+k', 5, '15'],
    ['a partial application', 'def f(a,b){ return a-b } f{100}', 1, '99'],
    ['a builtin', 'neg', 3, '-3'],
    ['a function in a partial application', 'def f(g,x){ return g(x) } sq=x->x*x; f{sq}', 4, '16'],
    ['a suffixed operator', 'abs:E', -4, '4'],
  ])('%s works there', (_name, script, argument, expected) => {
    expect(received(script).call(number(argument))).toBe(expected)
  })

  it('metacode with its captured values evaluates there', () => {
    const there = createInterpreter()
    const here = createInterpreter()
    const code = here.run('def f(x){ return <x+1> } f(41)')
    const arrived = decodeValue(structuredClone(encodeValue(code, { session: here })), { session: there })
    there.setVariable('c', arrived)
    expect(there.display(there.run('c.eval()'))).toBe('42')
  })

  it('errors name the line of the original script', () => {
    const here = createInterpreter()
    const there = createInterpreter()
    const fn = here.run('\n\ndef f(x){\n  return x + 1 2 3\n}\nf', 'job.dos')
    const arrived = decodeValue(structuredClone(encodeValue(fn, { session: here })), { session: there })
    there.setVariable('fn', arrived)
    expect(() => there.run('fn(1 2)')).toThrow(
      expect.objectContaining({ position: expect.objectContaining({ file: 'job.dos', line: 4, column: 3 }) }),
    )
  })
})
