// What stands between `select` and its items: a hint, `distinct`, `top`. The words may be columns, too.

import type { TopClause } from '../ast.ts'
import { PREDICATES } from '../keywords.ts'
import { isName } from '../roles.ts'
import { Newline, NumberLiteral } from '../vocabulary.ts'
import { type Cursor, spanOf } from './cursor.ts'
import { CLAUSE_WORDS, HINTS, WORD_OPERATORS } from './words.ts'

export function parseHint(p: Cursor): number {
  const first = p.peek(1)
  if (!p.is('[') || !(first.image in HINTS || (first.tokenType === NumberLiteral && p.peek(2).image === ']'))) return 0
  p.next()
  let hint = 0
  do {
    const token = p.next()
    const number = token.image in HINTS ? HINTS[token.image] : Number(token.image)
    if (!Number.isInteger(number)) throw p.error(`${token.image} is no hint.`, spanOf(token))
    hint |= number
  } while (p.take(','))
  p.expect(']', 'after a hint')
  return hint
}

/** `distinct`, unless it is the function or a column. */
export function takeDistinct(p: Cursor): boolean {
  if (!p.isWord('distinct') || p.peek(1).image === '(' || namesColumn(p)) return false
  p.next()
  return true
}

/** A word behind `select` that is a column: what follows it goes on with an item or ends it, so that it modifies nothing. */
function namesColumn(p: Cursor): boolean {
  let k = 1
  while (p.peek(k).tokenType === Newline) k++
  const token = p.peek(k)
  if (token === p.end || CLAUSE_WORDS.has(token.image)) return true
  const word = token.image.toLowerCase()
  if (word === 'not') return PREDICATES.has(p.peek(k + 1).tokenType)
  if (WORD_OPERATORS.has(token.image) || ['in', 'like', 'between', 'is', 'and', 'or'].includes(word))
    return !(p.peek(k + 1).image === '(' && p.gluedAfter(k))
  if (isName(token) || token.payload !== undefined || /^(?:[(!{_].*)$/.test(token.image)) return false
  // A sign that is glued to what follows belongs to it, and a bracket that stands apart opens an operand.
  if (/^(?:[-[<&]|::)$/.test(token.image)) return p.gluedAfter(k - 1) || !p.gluedAfter(k)
  const after = p.peek(k + 1)
  return token.image !== '*' || !(after.image === ',' || after.tokenType === Newline || CLAUSE_WORDS.has(after.image))
}

export function parseTop(p: Cursor): TopClause | null {
  if (!p.isWord('top') || namesColumn(p)) return null
  p.next()
  p.skipNewlines()
  const number = (): number => {
    const token = p.peek()
    const { value } = (token.payload ?? {}) as { value?: unknown }
    if (token.tokenType !== NumberLiteral || typeof value !== 'number' || !Number.isInteger(value))
      throw p.error('integer constant expected after keyword top', spanOf(token))
    p.next()
    return value
  }
  const first = number()
  if (!p.take(':')) return { start: 0, end: first, range: false }
  return { start: first, end: number(), range: true }
}
