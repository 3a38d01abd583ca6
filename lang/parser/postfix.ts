// A primary with what follows it: indexes, arguments, members, fixed arguments, suffixes, `@`, and the ternary, which binds tightest of all.

import type { TokenType } from 'chevrotain'
import type { Argument, Expr, LambdaExpr } from '../ast.ts'
import { PREDICATES, W } from '../keywords.ts'
import {
  CLAUSE_WORD,
  COMMA,
  EXTENSION,
  isName,
  LINE_END,
  NAME,
  OPERAND,
  OPERAND_SYMBOL,
  OPERATOR,
  RESERVED_WORD,
} from '../roles.ts'
import type { Token } from '../token.ts'
import { Newline, NumberLiteral, QuotedString, S } from '../vocabulary.ts'
import type { Cursor } from './cursor.ts'
import {
  joinFollows,
  operatorIsValue,
  parseExpr,
  parseSuffixes,
  parseUnary,
  suffixFollowsFunction,
} from './expressions.ts'
import { parsePrimary } from './primary.ts'
import { parseOver } from './sql-pieces.ts'

/** Whether the value may be called, partially applied or suffixed without looking at its value. */
export function isCallable(p: Cursor, e: Expr): boolean {
  switch (e.kind) {
    case 'name':
      return e.binding === 'function' || (e.binding === 'free' && p.names.isFunction(e.name))
    case 'lambda':
      return isClosed(p, e)
    case 'functionRef':
    case 'partial':
    case 'hof':
    case 'operatorRef':
      return true
    default:
      return false
  }
}

/** An arrow without braces or parentheses goes on to the end of its expression: nothing can be applied to the lambda. */
const isClosed = (p: Cursor, lambda: LambdaExpr): boolean =>
  lambda.body.kind === 'block' || p.source.text[lambda.span.start] === '{' || p.parenthesised.has(lambda)

/** The next token can begin an operand. */
export function startsOperand(p: Cursor): boolean {
  const token = p.peek()
  const { roles } = token
  if ((roles & NAME) !== 0) return (roles & (p.sql ? CLAUSE_WORD | RESERVED_WORD : RESERVED_WORD)) === 0
  return (roles & (OPERAND | OPERAND_SYMBOL)) !== 0 || (token.image === '-' && p.gluedAfter(0))
}

export function parsePostfix(p: Cursor, given?: Expr, infixPlace = false): Expr {
  const start = p.offset()
  let e = given ?? parsePrimary(p)
  while ((p.peek().roles & (EXTENSION | LINE_END)) !== 0) {
    const next = extend(p, e, Math.min(e.span.start, start), infixPlace)
    if (next === undefined) break
    e = next
  }
  if (infixPlace) return e
  const after = p.peek()
  if ((after.roles & (NAME | OPERAND | OPERAND_SYMBOL | OPERATOR)) !== 0)
    return isCallable(p, e) && juxtaposes(p, e) ? juxtapose(p, e) : e
  return after.image === '?' ? parseTernary(p, e) : e
}

function extend(p: Cursor, e: Expr, start: number, infixPlace: boolean): Expr | undefined {
  const token = p.peek()
  const glued = p.glued()
  switch (token.image) {
    case '(':
      if (
        infixPlace ||
        !(glued ? canCall(p, e) : isCallable(p, e) || e.kind === 'member' || (e.kind === 'name' && !p.sql))
      )
        return undefined
      return parseOver(p, {
        kind: 'call',
        callee: e,
        args: parseArguments(p, ')', e),
        juxtaposed: false,
        span: p.span(start),
      })
    case '[':
      return glued && !infixPlace ? { kind: 'index', object: e, slots: parseSlots(p), span: p.span(start) } : undefined
    case '{':
      return glued && (isCallable(p, e) || e.kind === 'name' || e.kind === 'member') && !p.lambdaInBraces()
        ? parsePartial(p, e, start)
        : undefined
    case '.':
      return parseMember(p, e, start)
    case '@': {
      if (infixPlace) return undefined
      p.next()
      const arg = p.is('-') ? parseUnary(p) : parsePostfix(p)
      return { kind: 'eachAt', func: e, arg, span: p.span(start) }
    }
    case ':': {
      if (e.kind === 'name' && e.binding === 'variable' && suffixFollowsFunction(p, e.name, 0))
        e = { ...e, binding: 'function' }
      if (!isCallable(p, e)) return undefined
      const suffixes = parseSuffixes(p)
      if (suffixes.length === 0) return undefined
      return e.kind === 'hof'
        ? { ...e, suffixes: [...e.suffixes, ...suffixes], span: p.span(start) }
        : { kind: 'hof', func: e, suffixes, span: p.span(start) }
    }
  }
  // The next line may go on with a method.
  if (token.roles === LINE_END && p.afterNewlines().image === '.') {
    p.skipNewlines()
    return parseMember(p, e, start)
  }
  return undefined
}

function canCall(p: Cursor, e: Expr): boolean {
  if (e.kind === 'lambda') return isClosed(p, e)
  // 1(2) is a call too: what is wrong with it is told when it runs.
  return e.kind !== 'constVector' && e.kind !== 'star'
}

/** Words of SQL that follow a column which is named like a function; `rows` and `range` begin the frame of a window. */
const NO_ARGUMENT: ReadonlySet<TokenType> = new Set([
  W.asc,
  W.desc,
  W.not,
  W.in,
  W.is,
  W.like,
  W.between,
  W.and,
  W.or,
  W.rows,
  W.range,
])

/** `f x`: the argument is the whole rest of the expression. */
function juxtaposes(p: Cursor, e: Expr): boolean {
  const token = p.peek()
  // `print +:A x` applies a function to `+:A x`: two operands of which one is a function make no sense. In a query the name may be a column.
  if (!startsOperand(p))
    return !p.sql && (token.roles & OPERATOR) !== 0 && p.peek(1).image === ':' && operatorIsValue(p)
  if (isName(token)) {
    if (p.sql && e.kind === 'name') {
      // `price p`, `date desc`: a name after a possible column is an alias unless the function is meant.
      if (NO_ARGUMENT.has(token.tokenType) || token.tokenType === W.join || joinFollows(p)) return false
      // `from bar b`: a table in a variable that is named like a function has an alias.
      if (e.span.start === p.tableAt && p.names.isVariable(e.name)) return false
    }
    // `f g x` is f(g x); `a g b` with a function a cannot be meant otherwise.
    return token.image !== 'not' || !PREDICATES.has(p.peek(1).tokenType)
  }
  if (token.image === '<') return !p.sql && !p.metacode
  if (token.image === '[' || token.image === '(') return !p.glued()
  if (token.image === '{') return true
  if (token.image === '&') return p.gluedAfter(0) && !p.sql
  if (token.image === '-') return !p.sql && !p.glued() && p.gluedAfter(0)
  return true
}

function juxtapose(p: Cursor, callee: Expr): Expr {
  const at = p.offset()
  p.deeper()
  const value = parseExpr(p)
  p.depth--
  const arg: Argument = { name: null, value, alias: null, span: p.span(at) }
  return { kind: 'call', callee, args: [arg], juxtaposed: true, span: p.span(callee.span.start) }
}

function parseTernary(p: Cursor, condition: Expr): Expr {
  p.next()
  p.deeper()
  p.skipNewlines()
  const then = p.within({ noPair: true }, () => parseExpr(p))
  p.skipNewlines()
  p.expect(':', 'between the branches of a ternary')
  p.skipNewlines()
  const otherwise = p.within({ noPair: true }, () => parseExpr(p))
  p.depth--
  return { kind: 'ternary', condition, then, otherwise, span: p.span(condition.span.start) }
}

/** Whether a name is a parameter of the callee; undefined if the callee is not known. */
function hasParameter(p: Cursor, callee: Expr | null, name: string): boolean | undefined {
  switch (callee?.kind) {
    case 'name':
      return p.names.hasParameter(callee.name, name)
    case 'functionRef':
      return p.names.hasParameter(callee.path.join('::'), name)
    case 'lambda':
      return callee.params.some((param) => param.name === name)
    default:
      return undefined
  }
}

/**
 * `(a, , b=1)`, the parentheses included. Inside SQL `b=1` compares, unless the callee has a parameter b; if nobody knows the callee, it is a
 * keyword only if all arguments have that form.
 */
export function parseArguments(p: Cursor, close = ')', callee: Expr | null = null): Argument[] {
  const open = p.next().image
  return p.bracketed(() => {
    const args: Argument[] = []
    if (p.take(close)) return args
    const onlyKeywords = !p.sql || keywordsAhead(p, close)
    for (;;) {
      args.push(parseArgument(p, close, callee, onlyKeywords))
      if (p.take(close)) break
      if (!p.is(',')) throw p.unexpected(`',' or '${close}' after an argument of '${open}'`)
      p.next()
      if (p.is(close)) {
        const at = p.offset()
        args.push({ name: null, value: null, alias: null, span: { start: at, end: at } })
        p.next()
        break
      }
    }
    return checkKeywords(p, args)
  }, true)
}

function checkKeywords(p: Cursor, args: Argument[]): Argument[] {
  let named = false
  for (const { name, value, span } of args) {
    if (name !== null) named = true
    else if (named && value !== null)
      throw p.error(
        'If one argument is passed as keyword argument, all subsequent arguments must also be passed as keyword arguments.',
        span,
        'S06001',
      )
  }
  return args
}

/** Every argument up to the closing bracket begins with `name =`. */
function keywordsAhead(p: Cursor, close: string): boolean {
  let depth = 0
  let begins = true
  for (let at = p.at; at < p.count; at++) {
    const token = p.tokenAt(at)!
    const { image } = token
    if (token.tokenType === Newline) continue
    if (begins && (!isName(token) || p.tokenAt(at + 1)?.image !== '=')) return false
    begins = depth === 0 && image === ','
    if (depth === 0 && image === close) return true
    if (image === '(' || image === '[' || image === '{') depth++
    else if (image === ')' || image === ']' || image === '}') depth--
  }
  return true
}

function parseArgument(p: Cursor, close: string, callee: Expr | null, onlyKeywords: boolean): Argument {
  const first = p.peek()
  const at = first.startOffset
  if ((first.roles & COMMA) !== 0 || first.image === close)
    return { name: null, value: null, alias: null, span: { start: at, end: at } }
  let name: string | null = null
  if ((first.roles & NAME) !== 0 && p.peek(1).tokenType === EQUALS) {
    const isKeyword = !p.sql || (hasParameter(p, callee, first.image) ?? onlyKeywords)
    if (isKeyword) {
      name = p.next().image
      p.next()
    }
  }
  const star = p.sql && p.is('*') && (p.peek(1).image === close || p.peek(1).image === ',')
  const value: Expr = star ? { kind: 'star', qualifier: null, span: p.starSpan() } : parseSlot(p, close)!
  let alias: string | null = null
  if (p.isWord('as')) {
    p.next()
    const token = p.next()
    alias = token.payload === undefined ? token.image : String(token.payload.value)
  }
  return { name, value, alias, span: p.span(at) }
}
const EQUALS = S['=']

/** An expression, or a slice with open ends: `1:`, `:3`, `:`; nothing before a comma or the closing bracket. */
export function parseSlot(p: Cursor, close: string): Expr | null {
  const token = p.peek()
  if (endsSlot(token, close)) return null
  if (token.image !== ':') return parseExpr(p)
  p.next()
  const upper = endsSlot(p.peek(), close) ? null : parseExpr(p, 16)
  return { kind: 'pair', lower: null, upper, span: p.span(token.startOffset) }
}

const endsSlot = ({ roles, image }: Token, close: string): boolean => (roles & COMMA) !== 0 || image === close

function parseSlots(p: Cursor): (Expr | null)[] {
  p.next()
  return p.bracketed(() => {
    const slots: (Expr | null)[] = []
    for (;;) {
      slots.push(parseSlot(p, ']'))
      if (p.take(']')) return slots
      p.expect(',', "or ']' in an index")
    }
  })
}

function parsePartial(p: Cursor, func: Expr, start: number): Expr {
  const args = parseArguments(p, '}', func)
  return { kind: 'partial', func, args, span: p.span(start) }
}

function parseMember(p: Cursor, object: Expr, start: number): Expr {
  p.next()
  const token = p.peek()
  if (isName(token)) {
    p.next()
    const name: Expr = {
      kind: 'name',
      name: token.image,
      binding: 'function',
      span: { start: token.startOffset, end: token.endOffset! + 1 },
    }
    if (p.is('(') && p.glued()) {
      const args = parseArguments(p, ')', name)
      return parseOver(p, { kind: 'methodCall', object, method: name, args, span: p.span(start) })
    }
    return { kind: 'member', object, name: token.image, span: p.span(start) }
  }
  if (token.tokenType === QuotedString) {
    p.next()
    return { kind: 'member', object, name: String((token.payload as { value: unknown }).value), span: p.span(start) }
  }
  if (token.tokenType === NumberLiteral) {
    const key = parsePrimary(p)
    return { kind: 'memberKey', object, key, span: p.span(start) }
  }
  if (token.image === '*' && p.sql && object.kind === 'name') {
    p.next()
    return { kind: 'star', qualifier: object.name, span: p.span(start) }
  }
  if (token.image === '(') {
    const key = parsePrimary(p)
    return { kind: 'memberKey', object, key, span: p.span(start) }
  }
  if (token.image === '{') {
    p.next()
    const method = p.bracketed(() => parseExpr(p))
    p.skipNewlines()
    p.expect('}', 'after the function of a method call')
    const suffixes = parseSuffixes(p)
    const func: Expr = suffixes.length > 0 ? { kind: 'hof', func: method, suffixes, span: method.span } : method
    if (!p.is('(')) throw p.unexpected("'(' after a function used as a method")
    const args = parseArguments(p)
    return { kind: 'methodCall', object, method: func, args, span: p.span(start) }
  }
  throw p.unexpected('a name after the point')
}
