// Text to tokens, on Chevrotain's lexer. Literals are decoded here, into the payload of their token.
//
// - Newlines are tokens: whether one ends a statement is the parser's decision.
// - Constants may touch only as the language allows: `12:30m`, `2012.06.13 13:30:10` (one blank) are one token.
// - `name!` is one token unless `=` follows.

import { type CustomPatternMatcherReturn, createToken, type IToken, Lexer, type TokenType } from 'chevrotain'
import type { LiteralType, LiteralValue } from './ast.ts'
import { AssignmentOperator, classify, Identifier, Operand, W, WORD_TYPES } from './keywords.ts'
import { decodeNumber } from './number-literal.ts'

export interface LiteralPayload {
  readonly type: LiteralType
  readonly value: LiteralValue
}

type Match = CustomPatternMatcherReturn & { payload?: unknown }

function withPayload(text: string, payload: unknown): Match {
  const match = [text] as unknown as Match
  match.payload = payload
  return match
}

function custom(
  name: string,
  match: (text: string, offset: number, matched: IToken[]) => Match | null,
  start?: string[],
): TokenType {
  return createToken({
    name,
    pattern: { exec: match as never },
    line_breaks: false,
    start_chars_hint: start as never,
  })
}

const digits = '0123456789'.split('')

// Where a token says with what it begins, Chevrotain need not take its pattern apart to know: 10 ms of every thread's start.
export const Whitespace = createToken({
  name: 'Whitespace',
  pattern: /[ \t\r\f\u00a0\ufeff]+/,
  group: Lexer.SKIPPED,
  start_chars_hint: [' ', '\t', '\r', '\f', '\u00a0', '\ufeff'],
})
export const LineComment = createToken({
  name: 'LineComment',
  pattern: /\/\/[^\n]*/,
  group: Lexer.SKIPPED,
  start_chars_hint: ['/'],
})
export const BlockComment = createToken({
  name: 'BlockComment',
  pattern: /\/\*[\s\S]*?\*\//,
  group: Lexer.SKIPPED,
  line_breaks: true,
  start_chars_hint: ['/'],
})
export const Newline = createToken({ name: 'Newline', pattern: '\n', line_breaks: true })

export const ColumnRef = createToken({ name: 'ColumnRef', pattern: /_"(?:[^"\\\n]|\\.)*"/, start_chars_hint: ['_'] })
export const Macro = createToken({ name: 'Macro', pattern: /_\$\$?[A-Za-z][A-Za-z0-9_]*/, start_chars_hint: ['_'] })

/** A number, temporal, duration or typed null. */
export const NumberLiteral = custom(
  'NumberLiteral',
  (text, offset, matched) => {
    const c = text.charCodeAt(offset)
    if (c === 46) {
      // After an operand `.3` is member access.
      const before = matched.at(-1)
      const next = text.charCodeAt(offset + 1)
      if (!(next >= 48 && next <= 57)) return null
      if (before !== undefined && before.startOffset + before.image.length === offset && endsOperand(before))
        return null
    } else if (!(c >= 48 && c <= 57)) return null
    const literal = decodeNumber(text, offset)
    return literal === null
      ? null
      : withPayload(text.slice(offset, literal.end), { type: literal.type, value: literal.value })
  },
  [...digits, '.'],
)

function endsOperand(token: IToken): boolean {
  return /[\w)\]}"'`!\u0080-\uffff]$/.test(token.image)
}

const backtick = /`[\w.\u0080-\uffff]*/y
export const Backtick = custom(
  'Backtick',
  (text, offset) => {
    backtick.lastIndex = offset
    const match = backtick.exec(text)
    return match === null ? null : withPayload(match[0], { type: 'STRING', value: match[0].slice(1) })
  },
  ['`'],
)

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\\': '\\', "'": "'", '"': '"' }

function quoted(text: string, offset: number, matched: IToken[]): Match | null {
  const quote = text[offset]
  if (quote !== '"' && quote !== "'") return null
  if (text[offset + 1] === '\\' && text[offset + 2] === quote && text[offset + 3] !== quote && isEscapeOption(matched))
    return withPayload(text.slice(offset, offset + 3), { type: 'CHAR', value: 92 })
  let value = ''
  let at = offset + 1
  for (; at < text.length && text[at] !== quote; at++) {
    if (text[at] === '\\' && at + 1 < text.length) {
      const next = text[++at]
      value += escapes[next] ?? `\\${next}`
    } else value += text[at]
  }
  if (at >= text.length) return null
  const payload: LiteralPayload =
    quote === "'" && value.length === 1 && value.charCodeAt(0) < 128
      ? { type: 'CHAR', value: value.charCodeAt(0) }
      : { type: 'STRING', value }
  return withPayload(text.slice(offset, at + 1), payload)
}

/** `escaped = '\'` of EXPORT and IMPORT is the backslash itself. */
function isEscapeOption(matched: IToken[]): boolean {
  if (matched.at(-1)?.image !== '=' || matched.at(-2)?.image.toLowerCase() !== 'escaped') return false
  if (!/^(with|,|\n)$/i.test(matched.at(-3)?.image ?? '')) return false
  return matched.some(
    (token, k) => /^(export|import)$/i.test(token.image) && EXCHANGED.test(matched[k + 1]?.image ?? ''),
  )
}
const EXCHANGED = /^(into|table|database)$/i

const address = /dfs:\/\/[^\s"'`;,.(){}[\]<>]+/y
/** An address of the store without quotes, where EXPORT and IMPORT name a table or a database; elsewhere `//` begins a comment. */
export const StoreAddress = custom(
  'StoreAddress',
  (text, offset, matched) => {
    if (!text.startsWith('dfs://', offset) || !EXCHANGED.test(matched.at(-1)?.image ?? '')) return null
    if (!/^(from|import)$/i.test(matched.at(-2)?.image ?? '')) return null
    address.lastIndex = offset
    const match = address.exec(text)
    return match === null ? null : withPayload(match[0], { type: 'STRING', value: match[0] })
  },
  ['d'],
)

export const QuotedString = createToken({
  name: 'QuotedString',
  pattern: { exec: quoted as never },
  line_breaks: true,
  start_chars_hint: ['"', "'"],
})

const symbols = [
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
export type SymbolText = (typeof symbols)[number]

/** Symbols that never begin an expression; an operator may, as the value of its function: `each(+, x)`. */
const noOperand: ReadonlySet<string> = new Set(') ] } , ; . ... ? @ # = -> += -= *= /= \\= ~'.split(' '))

const symbolToken = (s: SymbolText): [SymbolText, TokenType] => [
  s,
  createToken({
    name: `'${s}'`,
    // `/*` without an end is no division, but a comment that is not closed.
    pattern: s === '/' ? /\/(?!\*)/ : s,
    start_chars_hint: [s[0]],
  }),
]
/** The token type of each symbol. */
export const S = Object.fromEntries(symbols.map(symbolToken)) as Readonly<Record<SymbolText, TokenType>>

classify([ColumnRef, Macro, NumberLiteral, StoreAddress, Backtick, QuotedString], Operand)
classify(
  symbols.filter((s) => !noOperand.has(s)).map((s) => S[s]),
  Operand,
)

classify([S['='], S['+='], S['-='], S['*='], S['/='], S['\\=']], AssignmentOperator)

/** All token types, in the order in which the lexer tries them; words and classes have no text of their own. */
export const VOCABULARY: readonly TokenType[] = [
  Whitespace,
  LineComment,
  BlockComment,
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

let lexer: Lexer | undefined

/** Tokens of a text, with characters that start none as errors. */
export function tokenize(text: string): {
  tokens: IToken[]
  errors: { offset: number; length: number; message: string }[]
} {
  lexer ??= new Lexer([...VOCABULARY], {
    positionTracking: 'onlyOffset',
    ensureOptimizations: false,
    skipValidations: true,
  })
  const result = lexer.tokenize(text)
  for (const token of result.tokens) {
    // The lexer notes only where tokens start.
    token.endOffset = token.startOffset + token.image.length - 1
    if (token.tokenType !== Identifier) continue
    const word = WORD_TYPES.get(token.image)
    if (word === undefined) continue
    token.tokenType = word
    token.tokenTypeIdx = word.tokenTypeIdx!
  }
  return { tokens: result.tokens, errors: result.errors }
}
