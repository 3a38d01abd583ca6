// The expression level: one precedence-climbing loop. What stands between two operands is an operator symbol or word, a predicate, a function
// name, a lambda in braces, or any of them with a higher-order suffix.

import type { IToken } from 'chevrotain'
import type { BinaryOperator, CompareOperator, Expr, HofSuffix } from '../ast.ts'
import { AFTER_DIRECTION, PREDICATES } from '../keywords.ts'
import { CLAUSE_WORD, INFIX, JOIN_WORD, LINE_END, NAME, OPERAND, OPERATOR } from '../roles.ts'
import type { Token } from '../token.ts'
import { Newline, NumberLiteral } from '../vocabulary.ts'
import type { Cursor } from './cursor.ts'
import { parsePostfix, startsOperand } from './postfix.ts'
import { constRunFromMinus } from './primary.ts'
import { parseQuantifier } from './sql-pieces.ts'
import { CLAUSE_WORDS, COMPARE, HOF_SUFFIX, OPERATORS, RESERVED, WORD_OPERATORS } from './words.ts'

/** A whole expression. */
export function parseExpr(p: Cursor, level = 0): Expr {
  let left = parseUnary(p)
  for (;;) {
    const next = parseInfix(p, left, level)
    if (next === undefined) return left
    left = next
  }
}

/** `!` and `-` bind tighter than `:` and `..`. */
export function parseUnary(p: Cursor): Expr {
  const token = p.peek()
  if ((token.roles & (NAME | OPERAND)) !== 0) return parsePostfix(p)
  if (token.image === '-' || token.image === '!') {
    const start = token.startOffset
    if (operatorIsValue(p)) return parsePostfix(p)
    if (token.image === '-' && p.peek(1).tokenType === NumberLiteral && p.gluedAfter(0) && !isBool(p.peek(1)))
      return parsePostfix(p, constRunFromMinus(p))
    p.next()
    p.deeper()
    const operand = parseUnary(p)
    p.depth--
    return { kind: 'unary', op: token.image === '-' ? 'neg' : 'not', operand, span: p.span(start) }
  }
  return parsePostfix(p)
}

const CONNECTIVES = new Set(['and', 'or', 'AND', 'OR', '&&', '||'])
const isBool = (token: IToken): boolean => (token.payload as { type: string }).type === 'BOOL'

/** An operator symbol where an operand is expected, followed by `,` `)` `}` `]` or a suffix, is its function. */
export function operatorIsValue(p: Cursor): boolean {
  const { roles, image } = p.peek()
  if ((roles & OPERATOR) === 0 && image !== '!') return false
  const after = p.peek(1).image
  if (after === ',' || after === ')' || after === '}' || after === ']') return true
  return after === ':' && HOF_SUFFIX.test(p.peek(2).image) && p.gluedAfter(1)
}

const NO_SUFFIXES: readonly HofSuffix[] = []

export function parseSuffixes(p: Cursor): readonly HofSuffix[] {
  if (!p.is(':')) return NO_SUFFIXES
  const suffixes: HofSuffix[] = []
  while (p.is(':') && HOF_SUFFIX.test(p.peek(1).image) && p.gluedAfter(0)) {
    p.next()
    const { image } = p.next()
    suffixes.push({ symbol: image[0], rule: image[1] ?? null })
  }
  return suffixes
}

/** Extends `left` by one infix form of at least the level, or answers undefined. */
function parseInfix(p: Cursor, left: Expr, level: number): Expr | undefined {
  const token = p.peek()
  const { roles } = token
  if ((roles & (NAME | OPERATOR | INFIX | LINE_END)) === 0) return undefined
  if (roles === LINE_END) {
    // A condition of SQL may go on at the next line.
    if (!p.sql || !CONNECTIVES.has(p.afterNewlines().image)) return undefined
    p.skipNewlines()
    return parseInfix(p, left, level)
  }
  const start = left.span.start
  const symbol =
    (roles & OPERATOR) !== 0 ? OPERATORS.get(token.image) : p.sql && token.image === '=' ? EQUAL : undefined
  if (symbol !== undefined) {
    if (symbol.op === 'pair') return parsePair(p, left, level)
    if (symbol.level < level) return undefined
    if (token.image === '>' && p.metacode && closesMetacode(p)) return undefined
    p.next()
    const suffixes = parseSuffixes(p)
    if (suffixes.length > 0) {
      const func: Expr = {
        kind: 'hof',
        func: { kind: 'operatorRef', op: symbol.op, span: spanFrom(token) },
        suffixes,
        span: p.span(token.startOffset),
      }
      return infix(p, left, func, start)
    }
    continueLine(p)
    return operator(p, left, symbol.op, symbol.level, false, start)
  }
  if ((roles & NAME) !== 0) return parseWordInfix(p, left, level, token)
  if (token.image === '{' && 10 >= level && bracesAreOperator(p)) {
    const func = parsePostfix(p, undefined, true)
    return infix(p, left, func, start)
  }
  if (token.image === '::' && 10 >= level) {
    const func = parsePostfix(p, undefined, true)
    return infix(p, left, func, start)
  }
  return undefined
}

/** Inside SQL. */
const EQUAL = { op: 'eq', level: 3 } as const

const spanFrom = (token: IToken) => ({ start: token.startOffset, end: token.endOffset! + 1 })

/** After an operator the operand may stand on the next line. */
function continueLine(p: Cursor): void {
  p.skipNewlines()
}

function operator(p: Cursor, left: Expr, op: BinaryOperator, level: number, word: boolean, start: number): Expr {
  if (COMPARE.has(op)) {
    const quantified = p.sql ? parseQuantifier(p) : undefined
    if (quantified !== undefined)
      return { kind: 'quantified', op: op as CompareOperator, ...quantified, left, span: p.span(start) }
    const right = parseExpr(p, level + 1)
    return chain(p, left, op as CompareOperator, right, word, start)
  }
  if (op === 'seq') {
    const to = parseExpr(p, level + 1)
    return { kind: 'range', from: left, to, span: p.span(start) }
  }
  const right = parseExpr(p, level + 1)
  return { kind: 'binary', op, left, right, word, span: p.span(start) }
}

/** `a < b` and further comparisons become one chain. */
function chain(p: Cursor, left: Expr, op: CompareOperator, right: Expr, word: boolean, start: number): Expr {
  const span = p.span(start)
  if (left.kind === 'compareChain' && !isParenthesised(p, left))
    return { ...left, operands: [...left.operands, right], ops: [...left.ops, op], span }
  if (left.kind === 'binary' && COMPARE.has(left.op) && !left.word && !isParenthesised(p, left))
    return {
      kind: 'compareChain',
      operands: [left.left, left.right, right],
      ops: [left.op as CompareOperator, op],
      span,
    }
  return { kind: 'binary', op, left, right, word, span }
}

/** Parentheses leave no node; they show in that the text right after the node closes one that opens before it. */
function isParenthesised(p: Cursor, node: Expr): boolean {
  return p.parenthesised.has(node)
}

function parsePair(p: Cursor, left: Expr, level: number): Expr | undefined {
  if (15 < level || p.noPair) return undefined
  const start = left.span.start
  p.next()
  const open = !startsOperand(p)
  const upper = open ? null : parseExpr(p, 16)
  return { kind: 'pair', lower: left, upper, span: p.span(start) }
}

function infix(p: Cursor, left: Expr, func: Expr, start: number): Expr {
  continueLine(p)
  const right = parseExpr(p, 11)
  return { kind: 'infix', func, left, right, span: p.span(start) }
}

type Predicate = 'in' | 'like' | 'between'

/** Words of queries that are `not in`, `not like` and `not between` in one; the functions notIn and notLike between operands do the same. */
const JOINT_PREDICATES: ReadonlyMap<string, Predicate> = new Map([
  ['notBetween', 'between'],
  ['NOTBETWEEN', 'between'],
  ['NOTIN', 'in'],
  ['NOTLIKE', 'like'],
])

function parsePredicate(p: Cursor, left: Expr, op: Predicate, negated: boolean): Expr {
  continueLine(p)
  let right = parseExpr(p, 4)
  if (op === 'between' && !isPair(right) && (p.isWord('and') || (p.is('&&') && p.sql))) {
    p.next()
    const upper = parseExpr(p, 4)
    right = { kind: 'pair', lower: right, upper, span: p.span(right.span.start) }
  }
  return { kind: 'predicate', op, negated, left, right, span: p.span(left.span.start) }
}

function parseWordInfix(p: Cursor, left: Expr, level: number, token: Token): Expr | undefined {
  const start = left.span.start
  const word = token.image
  const joint = p.sql && !p.names.isVariable(word) ? JOINT_PREDICATES.get(word) : undefined
  if (joint !== undefined) {
    if (3 < level) return undefined
    p.next()
    return parsePredicate(p, left, joint, true)
  }
  if (token.roles === NAME) return parseFunctionInfix(p, left, level, word)
  const small = word === word.toUpperCase() ? word.toLowerCase() : word
  if (p.sql && ((token.roles & CLAUSE_WORD) !== 0 || joinFollows(p))) return undefined
  const negated = small === 'not' && PREDICATES.has(p.peek(1).tokenType)
  const predicate = negated ? p.peek(1).image.toLowerCase() : small
  if (predicate === 'in' || predicate === 'like' || predicate === 'between') {
    if (3 < level || (predicate !== 'in' && !negated && p.names.isVariable(word) && !p.sql)) return undefined
    p.next()
    if (negated) p.next()
    return parsePredicate(p, left, predicate, negated)
  }
  if (small === 'is') {
    if (3 < level) return undefined
    p.next()
    const not = p.takeWord('not')
    if (!p.is('NULL') && !p.is('null'))
      throw p.error('Keyword IS must be followed by [NOT] NULL.', spanFrom(token), 'S06010')
    p.next()
    return { kind: 'isNull', operand: left, negated: not, span: p.span(start) }
  }
  const known = WORD_OPERATORS.get(small === 'and' || small === 'or' ? small : word)
  if (known !== undefined && !isVariableThere(p, word)) {
    if (known.level < level) return undefined
    p.next()
    const suffixes = parseSuffixes(p)
    if (suffixes.length > 0) {
      const func: Expr = {
        kind: 'hof',
        func: { kind: 'name', name: word, binding: 'function', span: spanFrom(token) },
        suffixes,
        span: p.span(token.startOffset),
      }
      return infix(p, left, func, start)
    }
    continueLine(p)
    return operator(p, left, known.op, known.level, true, start)
  }
  return parseFunctionInfix(p, left, level, word)
}

const isVariableThere = (p: Cursor, word: string): boolean =>
  p.names.isVariable(word) && !suffixFollowsFunction(p, word, 1)

/** A function between two operands. */
function parseFunctionInfix(p: Cursor, left: Expr, level: number, word: string): Expr | undefined {
  const own = word === 'xor' ? 1 : word === 'at' ? 2.5 : 10
  if (own < level || isVariableThere(p, word) || !p.names.isFunction(word)) return undefined
  if (p.sql && !operandFollowsWord(p)) return undefined
  const func = parseInfixFunction(p)
  continueLine(p)
  const right = parseExpr(p, own === 10 ? 11 : own + 0.5)
  return { kind: 'infix', func, left, right, span: p.span(left.span.start) }
}

/**
 * `abs:E` where a variable is named abs, too: a higher-order function is always given the function (language, 3.9). A pair of two variables stays one.
 * The colon is k tokens ahead, glued to the name before it.
 */
export function suffixFollowsFunction(p: Cursor, name: string, k: number): boolean {
  if (p.noPair || p.peek(k).image !== ':' || !p.gluedAfter(k) || !(k === 0 ? p.glued() : p.gluedAfter(k - 1)))
    return false
  const letter = p.peek(k + 1).image
  return HOF_SUFFIX.test(letter) && p.names.isFunction(name) && !p.names.isVariable(letter)
}

/** After `between 1:3` or `between pair(1, 3)` an `and` begins another condition. */
const isPair = (e: Expr): boolean =>
  e.kind === 'pair' || (e.kind === 'call' && e.callee.kind === 'name' && e.callee.name === 'pair')

/** In SQL a function's name without a second operand is an alias: `sum(volume) total from t`. `rows` and `range` begin a window. */
function operandFollowsWord(p: Cursor): boolean {
  if (/^(rows|range)$/i.test(p.peek().image)) return false
  const at = p.at
  p.next()
  const follows = startsOperand(p) || p.is(':') || p.is('{') || p.is('.')
  p.at = at
  return follows
}

/** A function name in infix place, with its partial application or suffixes but without arguments of its own. */
function parseInfixFunction(p: Cursor): Expr {
  return parsePostfix(p, undefined, true)
}

/** `x {a,b -> a+b} y`: braces that hold a lambda, or follow a callable. */
function bracesAreOperator(p: Cursor): boolean {
  return p.lambdaInBraces()
}

/**
 * Whether this `>` ends the metacode: nothing that starts an operand follows on the line, or no other `>` that could end it comes at this
 * depth.
 */
function closesMetacode(p: Cursor): boolean {
  let depth = 0
  const next = p.tokenAt(p.at + 1)
  if (next === undefined || next.tokenType === Newline || /^(?:[,)\]};.=+*/%|^$?:@]|[=!]=|&&|\|\|)$/.test(next.image))
    return true
  if (CLAUSE_WORDS.has(next.image) || RESERVED.has(next.image)) return true
  for (let at = p.at + 1; at < p.count; at++) {
    const { image, tokenType } = p.tokenAt(at)!
    if (image === '(' || image === '[' || image === '{') depth++
    else if (image === ')' || image === ']' || image === '}') {
      if (--depth < 0) return true
    } else if (depth > 0) continue
    else if (image === '>') return false
    // A comma goes on: conditions and columns of a query stand between commas.
    else if (image === ';' || (tokenType === Newline && !p.ignoreNewlines)) return true
  }
  return true
}

/** `left join`, `inner join`, ... or, in the condition of a join, `join`. */
export function joinFollows(p: Cursor): boolean {
  const word = p.peek().image
  if ((p.peek().roles & JOIN_WORD) === 0) return false
  if (word.toLowerCase() === 'join') return p.inOn
  return AFTER_DIRECTION.has(p.peek(1).tokenType)
}
