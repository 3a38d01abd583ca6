// What a token can be by its text alone, as bits: the lexer notes them once, so that the parser need not compare the text at every place where it asks.

import { KEYWORDS } from './keywords.ts'
import {
  CLAUSE_WORDS,
  CONSTANTS,
  HINTS,
  JOIN_WORDS,
  OPERATORS,
  RESERVED,
  SQL_STARTERS,
  TYPE_NAMES,
  WORD_OPERATORS,
} from './parser/words.ts'
import type { Token } from './token.ts'

/** A word; no other bit is set for one that means nothing to the language. */
export const NAME = 1
/** A word with a token type of its own. */
export const KEYWORD = 1 << 1
/** A word that never stands as an operand. */
export const RESERVED_WORD = 1 << 2
/** A word that ends an expression inside SQL. */
export const CLAUSE_WORD = 1 << 3
/** `join`, or a direction of one. */
export const JOIN_WORD = 1 << 4
/** A word with which a statement of SQL may begin. */
export const SQL_WORD = 1 << 5
export const TYPE_NAME = 1 << 6
/** `pi`, `VALUE`, `HINT_HASH`. */
export const CONSTANT = 1 << 7
/** A word that is an operator. */
export const WORD_OPERATOR = 1 << 8
/** A literal, be it a token of its own kind or a word like `true`. */
export const LITERAL = 1 << 9
/** A literal, a column or a macro: a token that is an operand by itself and no word. */
export const OPERAND = 1 << 10
/** An operator symbol. */
export const OPERATOR = 1 << 11
/** What may follow an operand and make a larger one of it: `(` `[` `{` `.` `@` `:`. */
export const EXTENSION = 1 << 12
/** A symbol with which an operand may begin. */
export const OPERAND_SYMBOL = 1 << 13
export const OPENING = 1 << 14
export const CLOSING = 1 << 15
/** `=`, `+=` and their like. */
export const ASSIGNMENT = 1 << 16
/** What may stand between two operands, besides words and operator symbols: `=`, `{`, `::`, the end of a line. */
export const INFIX = 1 << 17
export const COMMA = 1 << 18
export const LINE_END = 1 << 19

/** A word, keyword or not. */
export const isName = (token: Token): boolean => (token.roles & NAME) !== 0

/** How many brackets are open behind a token, if `depth` are before it. */
export function depthAfter({ roles }: Token, depth: number): number {
  if ((roles & OPENING) !== 0) return depth + 1
  return (roles & CLOSING) !== 0 ? depth - 1 : depth
}

/** The roles of the words that have any besides being a name. */
export function wordRoles(): Map<string, number> {
  const roles = new Map<string, number>()
  const add = (words: Iterable<string>, role: number): void => {
    for (const word of words) roles.set(word, (roles.get(word) ?? NAME) | role)
  }
  add(KEYWORDS.keys(), KEYWORD)
  add(RESERVED, RESERVED_WORD)
  add(CLAUSE_WORDS, CLAUSE_WORD)
  add(JOIN_WORDS, JOIN_WORD)
  add(SQL_STARTERS, SQL_WORD)
  add(TYPE_NAMES, TYPE_NAME)
  add(CONSTANTS, CONSTANT)
  add(Object.keys(HINTS), CONSTANT)
  add(WORD_OPERATORS.keys(), WORD_OPERATOR)
  add(['true', 'false', 'NULL', 'null'], LITERAL)
  return roles
}

export function symbolRoles(text: string): number {
  let roles = OPERATORS.has(text) ? OPERATOR : 0
  if ('([{.@:'.includes(text)) roles |= EXTENSION
  if ('([{<!&'.includes(text) || text === '::') roles |= OPERAND_SYMBOL
  if ('([{'.includes(text)) roles |= OPENING
  if (')]}'.includes(text)) roles |= CLOSING
  if (text === '=' || /^[-+*/\\]=$/.test(text)) roles |= ASSIGNMENT
  if (text === '=' || text === '{' || text === '::') roles |= INFIX
  return text === ',' ? roles | COMMA : roles
}
