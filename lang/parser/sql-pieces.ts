// Pieces of SQL that stand inside expressions or in several statements: aliases, `over`, `any` and `all`, `union` behind parentheses.

import type { Alias, Expr } from '../ast.ts'
import { isName } from '../roles.ts'
import { Backtick, ColumnRef, Macro, Newline, QuotedString } from '../vocabulary.ts'
import { joinLines, queryAt } from './clauses.ts'
import { type Cursor, textOfToken, wordAt } from './cursor.ts'
import { parseArguments } from './postfix.ts'
import { seriesNames } from './primary.ts'
import { CLAUSE_WORDS, EXPORT_OPTIONS, JOIN_WORDS, RESERVED } from './words.ts'

/** `as ...`, the word included. */
export function parseAlias(p: Cursor): Alias {
  p.next()
  p.skipNewlines()
  const token = p.peek()
  if (token.tokenType === Backtick) {
    const names = [textOfToken(p.next())]
    while (p.peek().tokenType === Backtick) names.push(textOfToken(p.next()))
    return names.length === 1 ? { kind: 'name', name: names[0] } : { kind: 'names', names }
  }
  if (token.tokenType === QuotedString) return { kind: 'name', name: textOfToken(p.next()) }
  if (token.tokenType === ColumnRef) return { kind: 'name', name: textOfToken(p.next()) }
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

/** Behind the query of an export `with` and an option are no alias. */
function exportOptionsFollow(p: Cursor): boolean {
  if (wordAt(p, 0) !== 'with' || !EXPORT_OPTIONS.includes(wordAt(p, 1))) return false
  const after = p.peek(2)
  return after === p.end || after.tokenType === Newline || /^[;}=,]$/.test(after.image)
}

/** An alias with `as`, which may begin the next line, or a bare name on the same line. */
export function optionalAlias(p: Cursor): Alias | null {
  const ahead = p.afterNewlines()
  if (ahead.image === 'as' || ahead.image === 'AS') {
    p.skipNewlines()
    return parseAlias(p)
  }
  const token = p.tokenAt(p.at)
  if (token === undefined || token.tokenType === Newline || !isName(token)) return null
  if (CLAUSE_WORDS.has(token.image) || JOIN_WORDS.has(token.image) || RESERVED.has(token.image)) return null
  if (token.image.endsWith('!') || exportOptionsFollow(p)) return null
  p.next()
  return { kind: 'name', name: token.image }
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
  return p.sql && p.isWord('over') && p.peek(1).image === '(' ? p.rules.over(p, call) : call
}

/** `(select ...) union ...`: goes on behind a query in parentheses; undefined if no other query follows, or if the union is that of the query around it. */
export function parseUnionAfter(p: Cursor, e: Expr, start: number): Expr | undefined {
  if (e.kind !== 'sql' || p.inClause) return undefined
  const query = e.statement
  if (query.kind !== 'select' && query.kind !== 'union' && query.kind !== 'with') return undefined
  const here = p.at
  return p.within({ sql: true, noPair: false, inOn: false }, () => {
    joinLines(p)
    const k = p.isWord('all', 1) ? 2 : 1
    if (!p.isWord('union') || !(queryAt(p, k) || (p.peek(k).image === '(' && queryAt(p, k + 1)))) {
      p.at = here
      return undefined
    }
    return { kind: 'sql', statement: p.rules.unions(p, query, start), span: p.span(start) }
  })
}
