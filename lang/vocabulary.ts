// The types of tokens besides words (lang/keywords.ts). The grammar names them; how their text reads is the lexer's (lang/lexer.ts).

import { createToken, Lexer, type TokenType } from 'chevrotain'
import type { LiteralType, LiteralValue } from './ast.ts'
import { AssignmentOperator, classify, Identifier, Operand, W } from './keywords.ts'

export interface LiteralPayload {
  readonly type: LiteralType
  readonly value: LiteralValue
}

const kind = (name: string): TokenType => createToken({ name, pattern: Lexer.NA })

export const Newline = kind('Newline')
/** `_"any text"`. */
export const ColumnRef = kind('ColumnRef')
/** `_$name`, `_$$name`. */
export const Macro = kind('Macro')
/** A number, temporal, duration or typed null. */
export const NumberLiteral = kind('NumberLiteral')
/** An address of the store without quotes, where EXPORT and IMPORT name a table or a database; elsewhere `//` begins a comment. */
export const StoreAddress = kind('StoreAddress')
/** `` `word ``. */
export const Backtick = kind('Backtick')
export const QuotedString = kind('QuotedString')

/** Of two symbols that begin alike the longer stands first. */
export const SYMBOLS = [
  '...',
  '::',
  '->',
  '<-',
  '<=',
  '>=',
  '<>',
  '<<',
  '>>',
  '==',
  '!=',
  '&&',
  '||',
  '**',
  '..',
  '+=',
  '-=',
  '*=',
  '/=',
  '\\=',
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  ',',
  ';',
  ':',
  '?',
  '.',
  '@',
  '#',
  '&',
  '|',
  '^',
  '!',
  '~',
  '<',
  '>',
  '=',
  '+',
  '-',
  '*',
  '/',
  '\\',
  '%',
  '$',
] as const
export type SymbolText = (typeof SYMBOLS)[number]

/** Symbols that never begin an expression; an operator may, as the value of its function: `each(+, x)`. */
const noOperand: ReadonlySet<string> = new Set(') ] } , ; . ... ? @ # = -> += -= *= /= \\= ~'.split(' '))

/** The token type of each symbol. */
export const S = Object.fromEntries(SYMBOLS.map((text) => [text, kind(`'${text}'`)])) as Readonly<
  Record<SymbolText, TokenType>
>

classify([ColumnRef, Macro, NumberLiteral, StoreAddress, Backtick, QuotedString], Operand)
classify(
  SYMBOLS.filter((s) => !noOperand.has(s)).map((s) => S[s]),
  Operand,
)

classify([S['='], S['+='], S['-='], S['*='], S['/='], S['\\=']], AssignmentOperator)

/** All token types. */
export const VOCABULARY: readonly TokenType[] = [
  Newline,
  ColumnRef,
  Macro,
  NumberLiteral,
  StoreAddress,
  Identifier,
  Backtick,
  QuotedString,
  ...Object.values(S),
  ...Object.values(W),
  Operand,
  AssignmentOperator,
]
