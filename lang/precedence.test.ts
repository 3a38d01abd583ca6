import { describe, expect, it } from 'vitest'
import fc from '../test/properties.ts'
import type { Expr, Statement } from './ast.ts'
import { ScriptParser, SourceText } from './index.ts'

// Random trees are written with no more parentheses than section 3.1 of the language demands; the parser must find the same tree again.

type Tree =
  | { readonly kind: 'leaf'; readonly text: string }
  | { readonly kind: 'binary'; readonly op: string; readonly left: Tree; readonly right: Tree }
  | { readonly kind: 'unary'; readonly op: string; readonly operand: Tree }
  | { readonly kind: 'ternary'; readonly condition: Tree; readonly yes: Tree; readonly no: Tree }
  | { readonly kind: 'call' | 'index'; readonly target: string; readonly args: readonly Tree[] }

// Comparisons are missing: two in a row are a chain, which has a test of its own. So are ':' and '..', whose operands must be scalars.
const LEVEL: Readonly<Record<string, number>> = {
  '||': 1,
  or: 1,
  '&&': 2,
  and: 2,
  '|': 4,
  '^': 5,
  '&': 6,
  '<<': 7,
  '>>': 7,
  '+': 8,
  '-': 8,
  add: 8,
  sub: 8,
  '*': 10,
  '**': 10,
  '/': 10,
  '\\': 10,
  '%': 10,
  $: 10,
  '<-': 10,
  f: 10,
  mod: 10,
}
const NAMES: Readonly<Record<string, string>> = {
  '||': 'or',
  '&&': 'and',
  '|': 'bitOr',
  '^': 'bitXor',
  '&': 'bitAnd',
  '<<': 'lshift',
  '>>': 'rshift',
  '+': 'add',
  '-': 'sub',
  '*': 'mul',
  '**': 'dot',
  '/': 'div',
  '\\': 'ratio',
  '%': 'mod',
  $: 'cast',
  '<-': 'join',
  '!': 'not',
}
const UNARY = 18

/** The text of a tree where the surroundings bind at `level`; right operands need a higher level than left ones. */
function text(t: Tree, level: number): string {
  const put = (own: number, written: string): string => (own < level ? `(${written})` : written)
  switch (t.kind) {
    case 'leaf':
      return t.text
    case 'binary': {
      const own = LEVEL[t.op]
      return put(own, `${text(t.left, own)} ${t.op} ${text(t.right, own + 1)}`)
    }
    case 'unary':
      return put(UNARY, `${t.op}${text(t.operand, UNARY)}`)
    case 'ternary':
      // The branches reach as far as they can: an operand that is a ternary stands in parentheses.
      return put(0.5, `(${text(t.condition, 0)}) ? ${text(t.yes, 0)} : ${text(t.no, 0)}`)
    case 'call':
      return `${t.target}(${t.args.map((a) => text(a, 0)).join(', ')})`
    case 'index':
      return `${t.target}[${t.args.map((a) => text(a, 0)).join(',')}]`
  }
}

/** Fully bracketed form of a tree, to compare by. */
function shape(t: Tree): string {
  switch (t.kind) {
    case 'leaf':
      return t.text
    case 'binary':
      return `(${NAMES[t.op] ?? t.op} ${shape(t.left)} ${shape(t.right)})`
    case 'unary':
      return `(${t.op === '-' ? 'neg' : 'not'} ${shape(t.operand)})`
    case 'ternary':
      return `(? ${shape(t.condition)} ${shape(t.yes)} ${shape(t.no)})`
    default:
      return `(${t.kind} ${t.target} ${t.args.map(shape).join(' ')})`
  }
}

function shapeOf(e: Expr): string {
  switch (e.kind) {
    case 'name':
      return e.name
    case 'literal':
      return String(e.value)
    case 'binary':
      return `(${e.op} ${shapeOf(e.left)} ${shapeOf(e.right)})`
    case 'infix':
      return `(${shapeOf(e.func)} ${shapeOf(e.left)} ${shapeOf(e.right)})`
    case 'unary':
      return `(${e.op} ${shapeOf(e.operand)})`
    case 'ternary':
      return `(? ${shapeOf(e.condition)} ${shapeOf(e.then)} ${shapeOf(e.otherwise)})`
    case 'call':
      return `(call ${shapeOf(e.callee)} ${e.args.map((a) => shapeOf(a.value!)).join(' ')})`
    case 'index':
      return `(index ${shapeOf(e.object)} ${e.slots.map((s) => shapeOf(s!)).join(' ')})`
    default:
      return `unexpected ${e.kind}`
  }
}

const names = {
  isFunction: (name: string) => ['f', 'g', 'add', 'sub', 'mod'].includes(name),
  isVariable: (name: string) => ['x', 'y', 'z'].includes(name),
}

function parse(code: string): string {
  const statements: Statement[] = []
  const parser = new ScriptParser(new SourceText(code), names)
  for (let unit = parser.nextUnit(); unit !== undefined; unit = parser.nextUnit()) statements.push(...unit)
  return statements.map((s) => (s.kind === 'expression' ? shapeOf(s.expr) : s.kind)).join(';')
}

const trees = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('x', 'y', 'z', '1', '2').map((leaf): Tree => ({ kind: 'leaf', text: leaf })),
    fc.record({
      kind: fc.constant('binary' as const),
      op: fc.constantFrom(...Object.keys(LEVEL)),
      left: tie('tree'),
      right: tie('tree'),
    }),
    fc.record({ kind: fc.constant('unary' as const), op: fc.constantFrom('-', '!'), operand: tie('tree') }),
    fc.record({
      kind: fc.constant('ternary' as const),
      condition: tie('tree'),
      yes: tie('tree'),
      no: tie('tree'),
    }),
    fc.record({
      kind: fc.constantFrom('call' as const, 'index' as const),
      target: fc.constantFrom('x', 'y'),
      args: fc.array(tie('tree'), { minLength: 1, maxLength: 3 }),
    }),
  ),
}))

/** Shapes in which the text of a tree says something else by rule: `-1` is a literal, `1 -1` a vector. */
function hasNegatedLiteral(t: Tree): boolean {
  switch (t.kind) {
    case 'leaf':
      return false
    case 'unary':
      return (t.op === '-' && t.operand.kind === 'leaf' && /\d/.test(t.operand.text)) || hasNegatedLiteral(t.operand)
    case 'binary':
      return hasNegatedLiteral(t.left) || hasNegatedLiteral(t.right)
    case 'ternary':
      return hasNegatedLiteral(t.condition) || hasNegatedLiteral(t.yes) || hasNegatedLiteral(t.no)
    default:
      return t.args.some(hasNegatedLiteral)
  }
}

describe('precedence', () => {
  it('finds every tree again from its text with the fewest parentheses', () => {
    fc.assert(
      fc.property(
        trees.tree.filter((t) => !hasNegatedLiteral(t)),
        (tree) => {
          expect(parse(text(tree, 0))).toBe(shape(tree))
        },
      ),
      { numRuns: 2000 },
    )
  })
})
