// Pieces of SQL that stand inside expressions or in several statements: aliases, sort keys, `case`, `over`, `any` and `all`.

import type { IToken } from 'chevrotain'
import type { Alias, Expr, FrameBound, SelectItem, SortKey, WindowFrame } from '../ast.ts'
import { Backtick, Macro, Newline, NumberLiteral, QuotedString } from '../lexer.ts'
import type { Cursor } from './cursor.ts'
import { exchangeOptionsFollow } from './exchange-statements.ts'
import { parseExpr } from './expressions.ts'
import { parseArguments } from './postfix.ts'
import { seriesNames } from './primary.ts'
import { CLAUSE_WORDS, JOIN_WORDS, RESERVED } from './words.ts'

const textOf = (payload: unknown): string => {
  const { type, value } = payload as { type: string; value: unknown }
  return type === 'CHAR' ? String.fromCharCode(value as number) : String(value)
}

/** `as ...`, the word included. */
export function parseAlias(p: Cursor): Alias {
  p.next()
  const token = p.peek()
  if (token.tokenType === Backtick) {
    const names = [textOf(p.next().payload)]
    while (p.peek().tokenType === Backtick) names.push(textOf(p.next().payload))
    return names.length === 1 ? { kind: 'name', name: names[0] } : { kind: 'names', names }
  }
  if (token.tokenType === QuotedString) return { kind: 'name', name: textOf(p.next().payload) }
  if (token.tokenType.name === 'ColumnRef') return { kind: 'name', name: p.next().image.slice(2, -1) }
  if (token.tokenType === Macro) {
    const { image } = p.next()
    const many = image.startsWith('_$$')
    return { kind: 'macro', name: image.slice(many ? 3 : 2), many }
  }
  const from = p.expectName("a name after 'as'").image
  if (p.is('...') && p.glued()) {
    p.next()
    const to = p.expectName('the last name of a series').image
    return { kind: 'series', from, to, names: seriesNames(p, from, to, token.startOffset) }
  }
  return { kind: 'name', name: from }
}

/** An alias with `as`, or a bare name on the same line. */
export function optionalAlias(p: Cursor): Alias | null {
  if (p.isWord('as')) return parseAlias(p)
  const token = p.tokens[p.at]
  if (token === undefined || token.tokenType === Newline || token.tokenType.name !== 'Identifier') return null
  if (CLAUSE_WORDS.has(token.image) || JOIN_WORDS.has(token.image) || RESERVED.has(token.image)) return null
  if (token.image.endsWith('!') || exchangeOptionsFollow(p)) return null
  p.next()
  return { kind: 'name', name: token.image }
}

export function parseItem(p: Cursor): SelectItem {
  const start = p.offset()
  const star = p.is('*')
  const expr: Expr = star ? { kind: 'star', qualifier: null, span: p.starSpan() } : parseExpr(p)
  return { expr, alias: star ? null : optionalAlias(p), span: p.span(start) }
}

export function parseItems(p: Cursor): SelectItem[] {
  p.skipNewlines()
  const items = [parseItem(p)]
  while (!queryFollows(p) && p.takeComma()) items.push(parseItem(p))
  return items
}

/** Behind the comma of an argument list another query is an argument of its own, not an item of this one. */
const queryFollows = (p: Cursor): boolean =>
  p.inArguments && p.is(',') && (p.isWord('select', 1) || p.isWord('exec', 1))

export function parseConditions(p: Cursor): Expr[] {
  p.skipNewlines()
  const conditions = [parseExpr(p)]
  while (!argumentFollows(p, true) && p.takeComma()) conditions.push(parseExpr(p))
  return conditions
}

/**
 * Constants of their own behind the comma: in `f(select a from t where x=1, "a.csv")` they are no condition or sort key, but the next argument
 * of the call around the query. So are another query and, behind conditions, a variable alone.
 */
function argumentFollows(p: Cursor, variableEnds = false): boolean {
  if (!p.ignoreNewlines || !p.is(',')) return false
  if (p.inArguments && argumentAfterComma(p, variableEnds)) return true
  let constants = 0
  let at = p.tokens.indexOf(p.peek(), p.at) + 1
  for (; at < p.tokens.length; at++) {
    const token = p.tokens[at]
    if (isPlainConstant(token)) constants++
    else if (token.tokenType !== Newline && (token.image !== '-' || constants > 0)) break
  }
  const after = p.tokens[at]?.image
  return constants > 0 && (after === ',' || after === ')')
}

function argumentAfterComma(p: Cursor, variableEnds: boolean): boolean {
  if (p.isWord('select', 1) || p.isWord('exec', 1)) return true
  const after = p.peek(2).image
  return variableEnds && (after === ',' || after === ')' || after === '}') && p.names.isVariable(p.peek(1).image)
}

const isPlainConstant = ({ tokenType, payload }: IToken): boolean =>
  (tokenType === NumberLiteral || tokenType === QuotedString || tokenType === Backtick) &&
  (payload as { type: string }).type !== 'BOOL'

export function parseSortKeys(p: Cursor): SortKey[] {
  p.skipNewlines()
  const keys: SortKey[] = []
  do {
    const expr = parseExpr(p)
    const descending = p.takeWord('desc')
    if (!descending) p.takeWord('asc')
    let nulls: SortKey['nulls'] = null
    if (p.takeWord('nulls')) {
      nulls = p.isWord('first') ? 'first' : 'last'
      if (!p.isWord('first') && !p.isWord('last')) throw p.unexpected("'first' or 'last' after 'nulls'")
      p.next()
    }
    keys.push({ expr, descending, nulls })
  } while (!argumentFollows(p) && p.takeComma())
  return keys
}

/** `case when c then v ... [else v] end`. */
export function parseCase(p: Cursor): Expr {
  const start = p.next().startOffset
  return p.within({ ignoreNewlines: true, sql: true, noPair: false }, () => {
    const whens: { condition: Expr; value: Expr }[] = []
    let otherwise: Expr | null = null
    while (p.takeWord('when')) {
      const condition = parseExpr(p)
      p.expectWord('then', "after the condition of 'when'")
      whens.push({ condition, value: parseExpr(p) })
    }
    if (p.takeWord('else')) otherwise = parseExpr(p)
    p.expectWord('end', "to close 'case'")
    return { kind: 'case', whens, otherwise, span: p.span(start) }
  })
}

/** `any(...)` or `all(...)` after a comparison. */
export function parseQuantifier(p: Cursor): { quantifier: 'any' | 'all'; right: Expr } | undefined {
  const quantifier = p.isWord('any') ? 'any' : p.isWord('all') ? 'all' : undefined
  if (quantifier === undefined || p.peek(1).image !== '(') return undefined
  p.next()
  const [argument] = parseArguments(p)
  if (argument?.value == null) throw p.unexpected(`a query or vector in ${quantifier}(...)`)
  return { quantifier, right: argument.value }
}

/** A call, with the window that may follow it in SQL. */
export function parseOver(p: Cursor, call: Expr): Expr {
  if (!p.sql || !p.isWord('over') || p.peek(1).image !== '(') return call
  p.next()
  p.next()
  return p.bracketed(() => {
    let partitionBy: Expr[] = []
    let orderBy: SortKey[] = []
    let frame: WindowFrame | null = null
    if (p.takeWord('partition')) {
      p.expectWord('by', "after 'partition'")
      partitionBy = parseConditions(p)
    }
    if (p.takeWord('order')) {
      p.expectWord('by', "after 'order'")
      orderBy = parseSortKeys(p)
    }
    if (p.isWord('rows') || p.isWord('range')) {
      const unit = p.next().image.toLowerCase() as 'rows' | 'range'
      if (p.takeWord('between')) {
        const lower = parseBound(p)
        p.expectWord('and', 'between the bounds of a window')
        frame = { unit, lower, upper: parseBound(p) }
      } else frame = { unit, lower: parseBound(p), upper: { kind: 'currentRow' } }
    }
    p.expect(')', 'to close the window')
    return { kind: 'over', call, partitionBy, orderBy, frame, span: p.span(call.span.start) }
  })
}

function parseBound(p: Cursor): FrameBound {
  if (p.takeWord('unbounded')) {
    if (p.takeWord('preceding')) return { kind: 'unboundedPreceding' }
    p.expectWord('following', "after 'unbounded'")
    return { kind: 'unboundedFollowing' }
  }
  if (p.takeWord('current')) {
    p.expectWord('row', "after 'current'")
    return { kind: 'currentRow' }
  }
  const offset = parseExpr(p, 4)
  if (p.takeWord('preceding')) return { kind: 'preceding', offset }
  p.expectWord('following', 'after the distance of a window bound')
  return { kind: 'following', offset }
}
