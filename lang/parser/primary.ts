// Operands: literals and runs of them, names, brackets, braces, metacode, lambdas, queries.

import type { DictEntry, Expr, LiteralExpr, LiteralType, MetacodeItem } from '../ast.ts'
import { W } from '../keywords.ts'
import {
  CLAUSE_WORD,
  CONSTANT,
  isName,
  LITERAL,
  NAME,
  OPENING,
  OPERAND,
  RESERVED_WORD,
  TYPE_NAME,
  WORD_OPERATOR,
} from '../roles.ts'
import type { Token } from '../token.ts'
import { Backtick, ColumnRef, type LiteralPayload, Macro, Newline, NumberLiteral, S } from '../vocabulary.ts'
import { startsSql } from './clauses.ts'
import { type Cursor, spanOf } from './cursor.ts'
import { operatorIsValue, parseExpr } from './expressions.ts'
import { parseArrowLambda, parseBracedLambda, parseDefLambda, parseParenthesisedLambda } from './lambdas.ts'
import { parseSlot } from './postfix.ts'
import { parseAlias, parseUnionAfter } from './sql-pieces.ts'
import { OPERATORS } from './words.ts'

export function parsePrimary(p: Cursor): Expr {
  const token = p.peek()
  const { roles } = token
  if (roles === NAME) return parseName(p, token)
  if ((roles & LITERAL) !== 0) return parseConstRun(p)
  if ((roles & NAME) !== 0) return parseWord(p, token)
  if (token.tokenType === ColumnRef) {
    p.next()
    return { kind: 'columnRef', name: unquote(token.image.slice(2, -1)), span: spanOf(token) }
  }
  if (token.tokenType === Macro) {
    p.next()
    const many = token.image.startsWith('_$$')
    return { kind: 'macro', name: token.image.slice(many ? 3 : 2), many, span: spanOf(token) }
  }
  switch (token.image) {
    case '(':
      return !p.noArrow && p.arrowAfterNames() ? parseParenthesisedLambda(p) : parseParentheses(p)
    case '[':
      return parseBrackets(p)
    case '{':
      return p.lambdaInBraces() ? parseBracedLambda(p) : parseDict(p)
    case '<':
      if (!operatorIsValue(p)) return parseMetacode(p)
      break
    case '::': {
      p.next()
      const name = p.expectName('a function name after ::')
      return { kind: 'functionRef', path: [name.image], form: 'root', span: p.span(token.startOffset) }
    }
    case '&':
      if (!operatorIsValue(p)) {
        p.next()
        const path = parsePath(p)
        return { kind: 'functionRef', path, form: 'ampersand', span: p.span(token.startOffset) }
      }
      break
    case '@':
      if (isTestingName(p)) {
        p.next()
        const name = p.next().image
        return { kind: 'name', name, binding: 'free', span: p.span(token.startOffset) }
      }
      break
    case ':':
      if (!p.noPair) {
        p.next()
        const upper = parseExpr(p, 16)
        return { kind: 'pair', lower: null, upper, span: p.span(token.startOffset) }
      }
  }
  if (operatorIsValue(p)) {
    p.next()
    const op = token.image === '!' ? 'not' : OPERATORS.get(token.image)!.op
    return { kind: 'operatorRef', op, span: spanOf(token) }
  }
  if (token.image === '=' || token.image === ':=')
    throw p.error("Please use '==' rather than '=' as equal operator in non-sql expression.", spanOf(token), 'S06011')
  throw p.unexpected('an expression')
}

/** `@testing_case`: what an annotation of a test has set. */
export const isTestingName = (p: Cursor): boolean => p.is('@') && p.peek(1).image.startsWith('testing_')

const unquote = (text: string): string => text.replace(/\\(["\\])/g, '$1')

// ---------------------------------------------------------------------------------------------------------------------
// Constants

function constantOf(token: Token): LiteralPayload | undefined {
  if ((token.roles & LITERAL) === 0) return undefined
  if (token.payload !== undefined) return token.payload
  switch (token.image) {
    case 'true':
      return { type: 'BOOL', value: true }
    case 'false':
      return { type: 'BOOL', value: false }
    case 'NULL':
    case 'null':
      return { type: 'VOID', value: null }
  }
  return undefined
}

function literal(token: Token): LiteralExpr {
  const { type, value } = constantOf(token)!
  return { kind: 'literal', type, value, span: spanOf(token) }
}

const MAXIMUM: { readonly [T in LiteralType]?: number } = { CHAR: 127, SHORT: 32767, INT: 2147483647 }

/** A minus right before the number belongs to it: -128c is the null of CHAR, 128c is out of range. */
function inRange(p: Cursor, l: LiteralExpr): LiteralExpr {
  if (typeof l.value !== 'number') return l
  const maximum = MAXIMUM[l.type]
  if (maximum !== undefined && (l.value > maximum || l.value < -maximum - 1))
    throw p.error(`${l.value} is outside the range of ${l.type}.`, l.span)
  return l
}

function negate(l: LiteralExpr, start: number): LiteralExpr {
  const { value } = l
  const span = { start, end: l.span.end }
  if (value === null) return { ...l, span }
  if (typeof value === 'number') return { ...l, value: -value, span }
  if (typeof value === 'bigint') return { ...l, value: -value, span }
  if (typeof value === 'object' && 'unscaled' in value)
    return { ...l, value: { ...value, unscaled: -value.unscaled }, span }
  if (typeof value === 'object') return { ...l, value: { ...value, count: -value.count }, span }
  return l
}

/** `-1`, and `-1 2 3`. */
export function constRunFromMinus(p: Cursor): Expr {
  const minus = p.next()
  const first = inRange(p, negate(literal(p.next()), minus.startOffset))
  return restOfRun(p, first)
}

function parseConstRun(p: Cursor): Expr {
  return restOfRun(p, inRange(p, literal(p.next())))
}

/** Constants separated by blanks only; backtick words may touch. */
function restOfRun(p: Cursor, first: LiteralExpr): Expr {
  let items: LiteralExpr[] | undefined
  for (;;) {
    const token = p.tokenAt(p.at)
    if (token === undefined) break
    if ((token.roles & LITERAL) !== 0) {
      if (p.glued() && token.tokenType !== Backtick) break
      items ??= [first]
      items.push(inRange(p, literal(p.next())))
    } else if (
      token.image === '-' &&
      !p.glued() &&
      p.tokenAt(p.at + 1)?.tokenType === NumberLiteral &&
      p.gluedAfter(0)
    ) {
      p.next()
      items ??= [first]
      items.push(inRange(p, negate(literal(p.next()), token.startOffset)))
    } else break
  }
  if (items === undefined) return first
  return { kind: 'constVector', items, span: { start: first.span.start, end: items.at(-1)!.span.end } }
}

// ---------------------------------------------------------------------------------------------------------------------
// Words

/** A word that means nothing to the language. */
function parseName(p: Cursor, token: Token): Expr {
  const after = p.peek(1).tokenType
  if (after === ARROW && !p.noArrow) return parseArrowLambda(p)
  if (after === PATH && p.gluedAfter(0)) return parseQualified(p, token)
  p.next()
  if (p.sql && p.is('...') && p.glued()) return parseSeries(p, token)
  const name = token.image
  const isVariable = p.names.readVariable(name)
  const binding = p.sql ? 'free' : isVariable ? 'variable' : p.names.isFunction(name) ? 'function' : 'free'
  return { kind: 'name', name, binding, span: spanOf(token) }
}

/** The word of a statement as the name of a column, `avg(return)`: inside SQL, and nothing follows with which its statement would go on. */
function isColumnWord(p: Cursor, token: Token): boolean {
  if (!p.sql || token.image === 'as' || token.image === 'is') return false
  const after = p.peek(1).roles
  return (after & NAME) !== 0
    ? (after & (CLAUSE_WORD | RESERVED_WORD | WORD_OPERATOR)) !== 0
    : (after & (LITERAL | OPERAND | OPENING)) === 0
}

const ARROW = S['->']
const PATH = S['::']

function parseQualified(p: Cursor, token: Token): Expr {
  const path = parsePath(p)
  return { kind: 'functionRef', path, form: 'qualified', span: p.span(token.startOffset) }
}

/** A word with a role. */
function parseWord(p: Cursor, token: Token): Expr {
  const { image } = token
  if (startsSql(p)) {
    const start = token.startOffset
    const statement = p.rules.sql(p)
    return { kind: 'sql', statement, span: p.span(start) }
  }
  if ((image === 'def' || image === 'defg') && p.peek(1).image === '(') return parseDefLambda(p)
  if (!p.noArrow && p.peek(1).image === '->') return parseArrowLambda(p)
  if (image === 'case' || image === 'CASE') if (startsCase(p)) return p.rules.caseOf(p)
  if (
    (token.roles & RESERVED_WORD) !== 0 &&
    image !== 'in' &&
    image !== 'between' &&
    image !== 'like' &&
    image !== 'and' &&
    image !== 'or' &&
    !isColumnWord(p, token)
  )
    throw p.unexpected('an expression')
  if ((image === 'not' || image === 'NOT') && p.sql) {
    p.next()
    const operand = parseExpr(p, 3)
    return { kind: 'unary', op: 'not', operand, span: p.span(token.startOffset) }
  }
  if (p.peek(1).image === '::' && p.gluedAfter(0)) return parseQualified(p, token)
  if ((token.roles & TYPE_NAME) !== 0) return parseTypeName(p)
  p.next()
  const span = spanOf(token)
  if (p.sql && p.is('...') && p.glued()) return parseSeries(p, token)
  // A column may have the name of a number.
  if (p.sql && (image === 'e' || image === 'pi')) return { kind: 'name', name: image, binding: 'free', span }
  const isVariable = p.names.readVariable(image)
  if ((token.roles & CONSTANT) !== 0 && !isVariable) return { kind: 'constant', name: image, span }
  if (p.sql) return { kind: 'name', name: image, binding: 'free', span }
  if (isVariable) return { kind: 'name', name: image, binding: 'variable', span }
  return { kind: 'name', name: image, binding: p.names.isFunction(image) ? 'function' : 'free', span }
}

function parsePath(p: Cursor): string[] {
  const path = [p.expectName('a function name').image]
  while (p.is('::') && p.glued()) {
    p.next()
    path.push(p.expectName('a name after ::').image)
  }
  return path
}

/** `INT`, `INT[]`, `DECIMAL32(3)`. */
export function parseTypeName(p: Cursor): Expr & { kind: 'typeName' } {
  const token = p.next()
  let scale: Expr | null = null
  if (token.image.startsWith('DECIMAL') && p.is('(') && p.glued()) {
    p.next()
    scale = p.bracketed(() => parseExpr(p))
    p.expect(')', 'after the scale of a decimal type')
  }
  let array = false
  if (p.is('[') && p.glued() && p.peek(1).image === ']') {
    p.next()
    p.next()
    array = true
  }
  return { kind: 'typeName', name: token.image.toUpperCase(), array, scale, span: p.span(token.startOffset) }
}

export function seriesNames(p: Cursor, from: string, to: string, start: number): string[] {
  const a = /^(.*?)(\d+)$/.exec(from)
  const b = /^(.*?)(\d+)$/.exec(to)
  if (a === null || b === null || a[1] !== b[1])
    throw p.error(`The column series ${from}...${to} must run over numbers behind one prefix.`, p.span(start))
  const [first, last] = [Number(a[2]), Number(b[2])]
  const count = Math.abs(last - first) + 1
  if (count > 32768) throw p.error(`The column series ${from}...${to} spans more than 32768 columns.`, p.span(start))
  const width = a[2].length === b[2].length ? a[2].length : 0
  return Array.from(
    { length: count },
    (_, k) => `${a[1]}${String(first + (last < first ? -k : k)).padStart(width, '0')}`,
  )
}

function parseSeries(p: Cursor, from: Token): Expr {
  p.next()
  const to = p.expectName('the last column of a series').image
  const names = seriesNames(p, from.image, to, from.startOffset)
  return { kind: 'columnSeries', from: from.image, to, names, span: p.span(from.startOffset) }
}

// ---------------------------------------------------------------------------------------------------------------------
// Brackets

function parseParentheses(p: Cursor): Expr {
  const start = p.next().startOffset
  const inner = parseClosed(p, start)
  return parseUnionAfter(p, inner, start) ?? inner
}

function parseClosed(p: Cursor, start: number): Expr {
  return p.bracketed(() => {
    if (p.take(')')) return { kind: 'tuple', items: [], span: p.span(start) }
    const items: (Expr | null)[] = []
    for (;;) {
      items.push(p.is(',') || p.is(')') ? null : parseSlot(p, ')'))
      if (p.take(')')) break
      if (!p.is(',')) throw p.unexpected("',' or ')' to close the parenthesis")
      p.next()
    }
    if (items.length > 1 || items[0] === null) return { kind: 'tuple', items, span: p.span(start) }
    const only = items[0]
    p.parenthesised.add(only)
    return only
  })
}

function parseBrackets(p: Cursor): Expr {
  const start = p.next().startOffset
  return p.bracketed(() => {
    const items: (Expr | null)[] = []
    if (p.take(']')) return { kind: 'vector', items, span: p.span(start) }
    for (;;) {
      items.push(p.is(',') || p.is(']') ? null : parseExpr(p))
      if (p.take(']')) break
      if (!p.is(',')) throw p.unexpected("',' or ']' in a vector")
      p.next()
    }
    return { kind: 'vector', items, span: p.span(start) }
  })
}

function parseDict(p: Cursor): Expr {
  const start = p.next().startOffset
  return p.bracketed(() => {
    const entries: DictEntry[] = []
    while (!p.take('}')) {
      const key = parseKey(p)
      p.expect(':', 'after the key of a dictionary')
      entries.push({ key, value: parseExpr(p) })
      if (!p.take(',') && !p.is('}')) throw p.unexpected("',' or '}' in a dictionary")
    }
    return { kind: 'dict', entries, span: p.span(start) }
  })
}

function parseKey(p: Cursor): LiteralExpr {
  const token = p.peek()
  const constant = constantOf(token)
  const negative = token.image === '-' && p.peek(1).tokenType === NumberLiteral
  if (!negative && constant === undefined && !isName(token)) throw p.unexpected('a key (a name, a string or a number)')
  p.next()
  if (negative) return inRange(p, negate(literal(p.next()), token.startOffset))
  if (constant?.type === 'CHAR')
    return {
      kind: 'literal',
      type: 'STRING',
      value: String.fromCharCode(constant.value as number),
      span: spanOf(token),
    }
  if (constant !== undefined) return inRange(p, literal(token))
  return { kind: 'literal', type: 'STRING', value: token.image, span: spanOf(token) }
}

// ---------------------------------------------------------------------------------------------------------------------
// Metacode

function parseMetacode(p: Cursor): Expr {
  const start = p.next().startOffset
  p.deeper()
  return p.within({ sql: true, noPair: false, inOn: false, metacode: true, inClause: false }, () => {
    const list = p.is('[') && listInMetacode(p)
    const items: MetacodeItem[] = []
    if (list) {
      p.next()
      p.within({ metacode: false, ignoreNewlines: true }, () => {
        for (;;) {
          items.push(parseMetacodeItem(p))
          if (p.take(']')) return
          p.expect(',', "or ']' between the parts of metacode")
        }
      })
    } else {
      p.skipNewlines()
      items.push(parseMetacodeItem(p))
    }
    p.skipNewlines()
    p.expect('>', 'to close the metacode')
    p.depth--
    return { kind: 'metacode', items, list, span: p.span(start) }
  })
}

/** `<[a, b]>`: the bracket closes right before the `>`. */
function listInMetacode(p: Cursor): boolean {
  let depth = 0
  for (let at = p.at; at < p.count; at++) {
    const { image } = p.tokenAt(at)!
    if (image === '[' || image === '(' || image === '{') depth++
    else if (image === ']' || image === ')' || image === '}') {
      if (--depth === 0) {
        let after = at + 1
        while (p.tokenAt(after)?.tokenType === Newline) after++
        return p.tokenAt(after)?.image === '>'
      }
    }
  }
  return false
}

function parseMetacodeItem(p: Cursor): MetacodeItem {
  const expr = parseExpr(p)
  const alias = p.isWord('as') ? parseAlias(p) : null
  return { expr, alias }
}

/** The first `when` of a query may stand on the line after `case`. */
const startsCase = (p: Cursor): boolean =>
  p.isWord('when', 1) || (p.sql && !p.ignoreNewlines && p.afterNewlines(1).tokenType === W.when)
