// Where SQL goes on: clauses may stand on lines of their own, and inside the arguments of a call a comma may end a query. The rules of SQL ask here
// before they look at the next token; a question that is answered with yes has moved over the newlines before it.

import type { IToken, TokenType } from 'chevrotain'
import { AFTER_DIRECTION, W } from '../keywords.ts'
import { isName, LINE_END, SQL_WORD } from '../roles.ts'
import { Backtick, Newline, NumberLiteral, QuotedString } from '../vocabulary.ts'
import type { Cursor } from './cursor.ts'
import { startsOperand } from './postfix.ts'

/** The words ahead begin a SQL statement (`drop(x, 2)` and a variable named `update` do not). */
export function startsSql(p: Cursor): boolean {
  const token = p.peek()
  if ((token.roles & SQL_WORD) === 0 || p.names.isVariable(token.image)) return false
  const word = token.image.toLowerCase()
  const after = p.peek(1)
  switch (word) {
    case 'select':
    case 'exec':
      return after.image !== '='
    case 'update':
      return isName(after) || (after.image === '(' && setFollows(p))
    case 'delete':
      return isName(after)
    case 'insert':
      return p.isWord('into', 1)
    case 'create':
      return (['database', 'table', 'local', 'dimension'] as const).some((w) => p.isWord(w, 1))
    case 'alter':
      return p.isWord('table', 1)
    case 'drop':
      return p.isWord('database', 1) || p.isWord('table', 1)
    default:
      return isName(after) && (p.isWord('as', 2) || p.peek(2).image === '(')
  }
}

function setFollows(p: Cursor): boolean {
  let depth = 0
  for (let at = p.at + 1; at < p.count; at++) {
    const { image } = p.tokenAt(at)!
    if (image === '(') depth++
    else if (image === ')' && --depth === 0) return /^(set|SET)$/.test(p.tokenAt(at + 1)?.image ?? '')
  }
  return false
}

/** Words that begin a clause on a new line, with the word that must follow some of them. */
const CLAUSES: Readonly<Record<string, string | undefined>> = {
  from: undefined,
  where: undefined,
  group: 'by',
  context: 'by',
  pivot: 'by',
  cgroup: 'by',
  csort: undefined,
  having: undefined,
  order: 'by',
  limit: undefined,
  union: undefined,
  map: undefined,
  on: undefined,
  set: undefined,
  values: undefined,
  inner: 'join',
  left: undefined,
  right: undefined,
  full: undefined,
  cross: 'join',
  partitioned: 'by',
}

/** Moves over newlines if the next line goes on with a clause of the statement. */
export function joinLines(p: Cursor): void {
  if (p.ignoreNewlines) return
  let at = p.at
  while (p.tokenAt(at)?.roles === LINE_END) at++
  if (at === p.at) return
  const token = p.tokenAt(at)
  if (token === undefined) return
  const word = token.image === token.image.toUpperCase() ? token.image.toLowerCase() : token.image
  if (!Object.hasOwn(CLAUSES, word)) return
  const second = p.tokenAt(at + 1)?.image ?? ''
  const needs = CLAUSES[word]
  if (
    needs !== undefined
      ? second.toLowerCase() !== needs
      : second === '=' || (second === '(' && (word === 'left' || word === 'right'))
  )
    return
  if ((word === 'left' || word === 'right' || word === 'full') && !/^(join|outer|semi|semijoin)$/i.test(second)) return
  p.at = at
}

/** Moves over newlines if the next line is the direction of a sort key. */
export function joinDirection(p: Cursor): void {
  if (p.ignoreNewlines || !/^(?:desc|asc|DESC|ASC)$/.test(p.afterNewlines().image)) return
  let at = p.at
  while (p.tokenAt(at)?.roles === LINE_END) at++
  const after = p.tokenAt(at + 1)
  if (after === undefined || after.roles === LINE_END || /^[,;})]$/.test(after.image)) p.skipNewlines()
}

/** The comma of a SQL list: it may begin the next line. */
export function commaAhead(p: Cursor): boolean {
  if (p.afterNewlines().image !== ',') return false
  p.skipNewlines()
  return true
}

/** Another item of `select` or a group. Behind the comma of an argument list another query is an argument of its own. */
export const itemFollows = (p: Cursor): boolean => !(p.inArguments && p.is(',') && queryAt(p, 1)) && commaAhead(p)

export const conditionFollows = (p: Cursor): boolean => !argumentFollows(p, true) && commaAhead(p)

export const sortKeyFollows = (p: Cursor): boolean => !argumentFollows(p, false) && commaAhead(p)

/** A column behind a column without a comma, on the line: scripts write `order by a b`, and it sorts by both. */
export const sortKeyAhead = (p: Cursor): boolean =>
  isName(p.peek()) && startsOperand(p) && !/^(?:rows|range|map|with)$/i.test(p.peek().image)

export const queryAt = (p: Cursor, k: number): boolean => p.isWord('select', k) || p.isWord('exec', k)

/**
 * Constants of their own behind the comma: in `f(select a from t where x=1, "a.csv")` they are no condition or sort key, but the next argument
 * of the call around the query. So are another query and, behind conditions, a variable alone.
 */
function argumentFollows(p: Cursor, variableEnds: boolean): boolean {
  if (!p.ignoreNewlines || !p.is(',')) return false
  if (p.inArguments && argumentAfterComma(p, variableEnds)) return true
  let constants = 0
  let at = p.at
  while (p.tokenAt(at)?.roles === LINE_END) at++
  at++
  for (; at < p.count; at++) {
    const token = p.tokenAt(at)!
    if (isPlainConstant(token)) constants++
    else if (token.tokenType !== Newline && (token.image !== '-' || constants > 0)) break
  }
  const after = p.tokenAt(at)?.image
  return constants > 0 && (after === ',' || after === ')')
}

function argumentAfterComma(p: Cursor, variableEnds: boolean): boolean {
  if (queryAt(p, 1)) return true
  const after = p.peek(2).image
  return variableEnds && (after === ',' || after === ')' || after === '}') && p.names.isVariable(p.peek(1).image)
}

const isPlainConstant = ({ tokenType, payload }: IToken): boolean =>
  (tokenType === NumberLiteral || tokenType === QuotedString || tokenType === Backtick) &&
  (payload as { type: string }).type !== 'BOOL'

/**
 * In `f(select a from t, 3)`, `f(select a from t, b=1)`, `f(select a from t, b)` and `f(select a from t, select ...)` the comma separates
 * arguments. A bare name is no table there: tables joined by a comma inside arguments need parentheses around the query or a clause behind them.
 */
export function tableFollowsComma(p: Cursor): boolean {
  if (p.afterNewlines().image !== ',') return false
  if (!p.is(',')) return true
  const token = p.peek(1)
  if (token.tokenType === Newline || token.image === '(') return true
  if (!isName(token) || p.peek(2).image === '=') return false
  if (!p.inArguments) return true
  const after = p.peek(2).image
  return !(queryAt(p, 1) || after === ',' || after === ')' || after === '}')
}

const DIRECTIONS: ReadonlySet<TokenType> = new Set([W.inner, W.left, W.right, W.full, W.cross])

/** `join`, or a word of direction with `join` behind it. */
export function joinAhead(p: Cursor): boolean {
  if (p.isWord('join')) return true
  return DIRECTIONS.has(p.peek().tokenType) && AFTER_DIRECTION.has(p.peek(1).tokenType)
}
