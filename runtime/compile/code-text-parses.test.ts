/** Metacode prints as text that reads as the same code: parentheses stand wherever a level asks for them. */
import { expect, it } from 'vitest'
import type { Expr } from '../../lang/ast.ts'
import { parseExpression, SourceText } from '../../lang/index.ts'
import { dumpExpr } from '../../lang/testing-dump.ts'
import { randomFrom, ScriptGenerator } from '../../lang/testing-grammar.ts'
import { exprText } from './code-text.ts'

const names = {
  isFunction: (name: string) => 'f g sum avg pow iif add mul take join lt mod and or'.split(' ').includes(name),
  isVariable: () => false,
}
const parse = (text: string): Expr => parseExpression(new SourceText(text), names).expr
/** `between a and b` prints as `between pair(a, b)`, as documented. */
const dump = (tree: Expr): string => dumpExpr(tree).replaceAll('(call ?pair ', '(pair ')

it('a printed expression reads as the same expression', () => {
  for (let seed = 1; seed <= 2000; seed++) {
    const text = new ScriptGenerator(randomFrom(seed), { printable: true }).expression(5)
    const tree = parse(text)
    const printed = exprText(tree)
    let again: string
    try {
      again = dump(parse(printed))
    } catch (error) {
      throw new Error(`seed ${seed}: ${(error as Error).message}\n  ${text}\n  ${printed}`)
    }
    if (again !== dump(tree)) throw new Error(`seed ${seed}\n  ${text}\n  ${printed}\n  ${dump(tree)}\n  ${again}`)
  }
  expect(exprText(parse('(a+b)*c'))).toBe('(a + b) * c')
})

it('whatever the grammar writes prints as text that is read, and prints the same again', () => {
  let printedCount = 0
  for (let seed = 1; seed <= 2000; seed++) {
    const generator = new ScriptGenerator(randomFrom(seed))
    const text = seed % 3 === 0 ? `(${generator.query(3)})` : generator.expression(3)
    // A minute before midnight is no time of day; "distinct (" begins a call.
    if (/-10:30m|distinct </.test(text)) continue
    let printed = ''
    let again: string
    try {
      printed = exprText(parse(text))
      again = exprText(parse(printed))
    } catch (error) {
      // `distinct (` of the grammar is not read either.
      if (printed === '' && text.includes('distinct (')) continue
      throw new Error(`seed ${seed}: ${(error as Error).message}\n  ${text}\n  ${printed}`)
    }
    if (again !== printed) throw new Error(`seed ${seed}\n  ${text}\n  ${printed}\n  ${again}`)
    printedCount++
  }
  expect(printedCount).toBeGreaterThan(1500)
})

it.each([
  ['f(x, def(a, b=2){ return a + b })', 'f(x, def (a, b=2){ return a + b })'],
  ['{p, q->p + q}(1, 2)', '{def (p, q)->p + q}(1, 2)'],
  ['(x->x * 2)(3)', '{def (x)->x * 2}(3)'],
  ['a + (b -:E c)', 'a + (b -:E c)'],
  ['f((select a from t), 1)', 'f((select a from t), 1)'],
  ['-(1 2 3)', '-[1,2,3]'],
  ['(update t set a=a+1 from ej(t, u, `id) where b=2)', '(update t set a = a + 1 from ej(t, u, "id") where b == 2)'],
  ['(update t set a=cumsum(a) context by s)', '(update t set a = cumsum(a) context by s)'],
  ['(delete from t where a=1)', '(delete from t where a == 1)'],
])('%s prints as %s', (text, printed) => {
  expect(exprText(parse(text))).toBe(printed)
  expect(exprText(parse(printed))).toBe(printed)
})
