// What ends a statement: a newline, a semicolon, the end of the text, the brace that closes the block.

import { type Cursor, spanOf } from '../parser/cursor.ts'
import { LINE_END } from '../roles.ts'

export function skipSeparators(p: Cursor): void {
  for (;;) {
    const token = p.tokenAt(p.at)
    if (token === undefined || (token.roles !== LINE_END && token.image !== ';')) return
    p.at++
  }
}

/** The token k ahead ends a statement. */
export function atEnd(p: Cursor, k = 0): boolean {
  const token = p.peek(k)
  return token === p.end || token.roles === LINE_END || token.image === ';' || token.image === '}'
}

/** After a statement there is a separator, the end, the brace that closes the block, or, within a block, what it returns. */
export function requireEnd(p: Cursor, close?: string): void {
  const token = p.tokenAt(p.at)
  if (token === undefined || token.roles === LINE_END || token.image === ';' || token.image === close) return
  const before = p.previous()
  if (before?.image === '}') return
  // The documentation has functions such as `def f(mutable x){x+=1 return x}`.
  if (token.image === 'return' && close === '}') return
  if (token.image === '=')
    throw p.error("Please use '==' rather than '=' as equal operator in non-sql expression.", spanOf(token), 'S06011')
  throw p.unexpected('the end of the statement')
}
