/** What names mean, as far as the session decides it while a script is parsed. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createInterpreter } from '../index.ts'
import { failure, printed } from './script-testing.ts'

/** What the script printed before it failed, and how it failed. */
function failing(script: string): { printed: string[]; message: string } {
  const printed: string[] = []
  const session = createInterpreter({ print: (text) => void printed.push(text) })
  try {
    session.run(script)
  } catch (error) {
    return { printed, message: (error as Error).message }
  }
  throw new Error(`no error from: ${script}`)
}

describe('a builtin', () => {
  it('is not redefined, which is noticed before anything runs', () => {
    const { printed, message } = failing('print(1)\ndef sum(x){ return x }')
    expect(printed).toEqual([])
    expect(message).toBe(
      'Syntax Error: [line #2] Not allowed to overwrite existing built-in functions/procedures. RefId: S06005',
    )
  })

  it('may be a name of a module', () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-names-'))
    try {
      mkdirSync(join(folder, 'modules'))
      writeFileSync(join(folder, 'modules', 'm.dos'), 'module m\ndef sum(x){ return 42 }\n')
      const session = createInterpreter({ folder })
      expect(session.display(session.run('use m\ngo\nm::sum(1 2)'))).toBe('42')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('is that of the file as it is after clearCachedModules', () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-names-'))
    const write = (value: number): void =>
      writeFileSync(join(folder, 'modules', 'm.dos'), `module m\ndef f(){ return ${value} }\n`)
    try {
      mkdirSync(join(folder, 'modules'))
      write(1)
      const session = createInterpreter({ folder })
      session.run('use m')
      write(2)
      session.run('use m')
      expect(session.display(session.run('m::f()'))).toBe('1')
      session.run('clearCachedModules()')
      expect(session.display(session.run('f()'))).toBe('1')
      session.run('use m')
      expect(session.display(session.run('f()'))).toBe('2')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('has its error where the name stands', () => {
    expect(failure('x = 1\n  def abs(x){ return x }').position).toMatchObject({ line: 2, column: 7 })
  })
})

describe('name = value among the arguments of a call in SQL', () => {
  const t = 't = table(`A`B`A as sym, 1 2 3 as x)\n'
  it.each([
    ['is a comparison with a column', 'exec iif(sym=`A, 1, 0) from t', '[1,0,1]'],
    ['is a comparison in a condition', 'exec x from t where not(x=1)', '[2,3]'],
    ['is a comparison with a script function', 'def f(a){ return a }\nexec x from t where f(x=1)', '[1]'],
    [
      'is a comparison with a script function of an earlier unit',
      'def f(a){ return a }\ngo\nexec x from t where f(x=1)',
      '[1]',
    ],
    ['is a keyword for a parameter', 'exec rank(x, ascending=false) from t', '[2,1,0]'],
    [
      'is a keyword for a parameter of a script function',
      'def f(a, b){ return a*b }\nexec f(x, b=2) from t',
      '[2,4,6]',
    ],
    ['tells the case of letters', 'def f(a, X=1){ return a }\nexec f(x=1) from t', '[true,false,false]'],
  ])('%s: %s', (_name, script, expected) => {
    expect(printed(t + script)).toBe(expected)
  })
})

describe('the first argument of a higher-order function', () => {
  it.each([
    ['is the function despite a session variable', 'abs=5\neach(abs, -1 -2)', '[1,2]'],
    ['is the function despite a session variable that holds a function', 'abs=x->x*10\neach(abs, -1 -2)', '[1,2]'],
    ['is the function despite a local variable', 'def f(){ abs=5; return each(abs, -1 -2) }\nf()', '[1,2]'],
    ['is the function in a partial application', 'abs=5\ng=each{abs}\ng(-1 -2)', '[1,2]'],
    ['is the function when it stands before the point', 'sum=5\nsum.moving(1 2 3, 2)', '[,3,5]'],
    ['is a parameter, which a function was meant for', 'def f(abs){ return each(abs, -1 -2) }\nf(x->x*2)', '[-2,-4]'],
    ['is a variable where no function has its name', 'twice=x->x*2\neach(twice, 1 2)', '[2,4]'],
  ])('%s', (_name, script, expected) => {
    expect(printed(script)).toBe(expected)
  })
})

describe('an unknown name', () => {
  it('is an error of its line before anything runs', () => {
    const { printed, message } = failing('print(1)\ny = typo + 1')
    expect(printed).toEqual([])
    expect(message).toBe('Syntax Error: [line #2] Cannot recognize the token typo')
  })

  it('points at itself', () => {
    expect(failure('x = 1\ny = x + typo').position).toMatchObject({ line: 2, column: 9 })
  })

  it('lets the units before it run', () => {
    expect(failing('print(1)\ngo\ny = typo + 1').printed).toEqual(['1'])
  })

  it.each([
    ['a variable of a later statement', 'print(y)\ny = 1'],
    ['a function of a later statement', 'print(f(1))\ndef f(x){ return x }'],
    ['a name inside a block', 'if(true){ print(1)\nprint(typo) }'],
    ['a name inside a try block', 'try{ print(1)\ntypo } catch(ex){ print(2) }'],
    ['a called name', 'print(1)\ntypo(1)'],
    ['a name in a bracket', 'print(1)\n[1, typo]'],
  ])('is %s', (_name, script) => {
    const { printed, message } = failing(script)
    expect(printed).toEqual([])
    expect(message).toMatch(/^Syntax Error: \[line #\d\] Cannot recognize the token \w+$/)
  })

  it.each([
    ['assigned in a branch', 'if(true){ x = 1 }\nprint(x)', '1'],
    ['of an error', 'try{ throw "a" } catch(ex){ print(ex[1]) }', 'a'],
    ['of a loop', 'for(k in 1..2){ }\nprint(k)', '2'],
    ['assigned later in the loop', 'for(k in 1..2){ if(k>1) print(y)\ny = k }', '1'],
    ['shared by a statement', 'share table(1 2 as a) as st\nprint(st.a)', '[1,2]'],
    ['shared by a function', 'share(table(1 2 as a), `st)\nprint(st.a)', '[1,2]'],
    [
      'in the body of a function that runs later',
      'def f(){ return st.a }\nshare table(1 2 as a) as st\nprint(f())',
      '[1,2]',
    ],
    ['made by a script', 'runScript("y=5")\nprint(y)', '5'],
    ['in metacode', 'c = <a+1>\nprint(c)', '< a + 1 >'],
    ['of a column', 't = table(1 2 as a)\nprint(exec a from t)', '[1,2]'],
    ['made by create table', 'create table ct(a INT)\nprint(ct.rows())', '0'],
  ])('is no name %s', (_name, script, expected) => {
    expect(printed(script)).toBe(expected)
  })
})
