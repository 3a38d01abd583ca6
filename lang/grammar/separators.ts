// What ends a statement: a newline, a semicolon, the end of the text, the brace that closes the block.

import { Newline } from '../lexer.ts'
import { type Cursor, spanOf } from '../parser/cursor.ts'

export function skipSeparators(p: Cursor): void {
  while (p.tokens[p.at]?.tokenType === Newline || p.tokens[p.at]?.image === ';') p.at++
}

/** The token k ahead ends a statement. */
export function atEnd(p: Cursor, k = 0): boolean {
  const token = p.peek(k)
  return token === p.end || token.tokenType === Newline || token.image === ';' || token.image === '}'
}

/** After a statement there is a separator, the end, or the brace that closes the block. */
export function requireEnd(p: Cursor, close?: string): void {
  const token = p.tokens[p.at]
  if (token === undefined || token.tokenType === Newline || token.image === ';' || token.image === close) return
  const before = p.previous()
  if (before?.image === '}') return
  if (token.image === '=')
    throw p.error("Please use '==' rather than '=' as equal operator in non-sql expression.", spanOf(token), 'S06011')
  throw p.unexpected('the end of the statement')
}
