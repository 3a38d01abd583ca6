/** Metacode prints as text that reads as the same code: parentheses stand wherever a level asks for them. */
import { expect, it } from 'vitest'
import type { Expr } from '../../lang/ast.ts'
import { parseExpression, SourceText } from '../../lang/index.ts'
import { dumpExpr } from '../../lang/testing-dump.ts'
import { randomFrom, ScriptGenerator } from '../../lang/testing-grammar.ts'
import { exprText } from './code-text.ts'

const names = {
  isFunction: (name: string) => ['f', 'g', 'sum', 'avg', 'pow', 'iif'].includes(name),
  isVariable: () => false,
}
const parse = (text: string): Expr => parseExpression(new SourceText(text), names)

/** `between a and b` prints as `between pair(a, b)`, as documented. */
const dump = (tree: Expr): string => dumpExpr(tree).replaceAll('(call ?pair ', '(pair ')

it('a printed expression reads as the same expression', () => {
  for (let seed = 1; seed <= 3000; seed++) {
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
