// Tokens, and the forms that they have. A form is all that tokens of the same kind share: the lexer notes the form of a token and its place, and the token
// is made when the parser comes to it.

import type { IToken, TokenType } from 'chevrotain'
import { Identifier, KEYWORDS } from './keywords.ts'
import { decodeNumber } from './number-literal.ts'
import { LINE_END, LITERAL, NAME, OPERAND, symbolRoles, wordRoles } from './roles.ts'
import {
  Backtick,
  ColumnRef,
  type LiteralPayload,
  Macro,
  Newline,
  NumberLiteral,
  QuotedString,
  S,
  StoreAddress,
  SYMBOLS,
  type SymbolText,
} from './vocabulary.ts'

export interface Form {
  readonly tokenType: TokenType
  readonly roles: number
  /** The text of all tokens of this form; undefined if they differ. The parser compares such a text at once. */
  readonly image: string | undefined
}

/** All tokens have one shape: the parser reads them at every step. */
export class Token implements IToken {
  readonly image: string
  readonly startOffset: number
  /** Of its last character. */
  readonly endOffset: number
  readonly tokenTypeIdx: number
  readonly tokenType: TokenType
  readonly payload: LiteralPayload | undefined
  /** What it can be by its text (lang/roles.ts). */
  readonly roles: number

  constructor(form: Form, image: string, startOffset: number, endOffset: number, payload: LiteralPayload | undefined) {
    this.image = image
    this.startOffset = startOffset
    this.endOffset = endOffset
    this.tokenTypeIdx = form.tokenType.tokenTypeIdx!
    this.tokenType = form.tokenType
    this.payload = payload
    this.roles = form.roles
  }
}

/** By their index. */
export const FORMS: Form[] = []

function form(tokenType: TokenType, roles: number, image?: string): number {
  return FORMS.push({ tokenType, roles, image }) - 1
}

export const NAME_FORM = form(Identifier, NAME)
export const LINE_END_FORM = form(Newline, LINE_END, '\n')
export const NUMBER_FORM = form(NumberLiteral, LITERAL | OPERAND)
export const TEXT_FORM = form(QuotedString, LITERAL | OPERAND)
/** `'\'` where it is a backslash. */
export const BACKSLASH_FORM = form(QuotedString, LITERAL | OPERAND)
export const BACKTICK_FORM = form(Backtick, LITERAL | OPERAND)
export const COLUMN_FORM = form(ColumnRef, OPERAND)
export const MACRO_FORM = form(Macro, OPERAND)
export const ADDRESS_FORM = form(StoreAddress, 0)

/** Words that have a role. */
export const WORD_FORMS: ReadonlyMap<string, number> = new Map(
  Array.from(wordRoles(), ([word, roles]) => [word, form(KEYWORDS.get(word) ?? Identifier, roles, word)]),
)

export interface SymbolForm {
  readonly text: SymbolText
  readonly form: number
}

/** Symbols by the code of their first character, the longest first. */
export const SYMBOL_FORMS: readonly (readonly SymbolForm[])[] = symbolForms()

function symbolForms(): SymbolForm[][] {
  const forms: SymbolForm[][] = Array.from({ length: 128 }, () => [])
  for (const text of SYMBOLS) forms[text.charCodeAt(0)].push({ text, form: form(S[text], symbolRoles(text), text) })
  return forms
}

/** The token of the form that stands from the offset to before the end. */
export function makeToken(text: string, formIndex: number, start: number, end: number): Token {
  const form = FORMS[formIndex]
  if (form.image !== undefined) return new Token(form, form.image, start, end - 1, undefined)
  const image = text.slice(start, end)
  return new Token(form, image, start, end - 1, payloadOf(formIndex, image, text, start))
}

function payloadOf(formIndex: number, image: string, text: string, start: number): LiteralPayload | undefined {
  switch (formIndex) {
    case NUMBER_FORM: {
      const { type, value } = decodeNumber(text, start)!
      return { type, value }
    }
    case TEXT_FORM:
      return decodeText(image)
    case BACKSLASH_FORM:
      return { type: 'CHAR', value: 92 }
    case BACKTICK_FORM:
      return { type: 'STRING', value: image.slice(1) }
    case ADDRESS_FORM:
      return { type: 'STRING', value: image }
  }
  return undefined
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\\': '\\', "'": "'", '"': '"' }

/** A text in quotes; one ASCII character in single quotes is a CHAR. */
function decodeText(image: string): LiteralPayload {
  let value = image.slice(1, -1)
  if (value.includes('\\')) value = value.replace(/\\([\s\S])/g, (pair, c: string) => ESCAPES[c] ?? pair)
  return image.charCodeAt(0) === 39 && value.length === 1 && value.charCodeAt(0) < 128
    ? { type: 'CHAR', value: value.charCodeAt(0) }
    : { type: 'STRING', value }
}
