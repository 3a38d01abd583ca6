// Text to tokens for Chevrotain's parser. The lexer is written by hand: to make Chevrotain's takes 9 ms of every thread's start, and what it reads is all in
// memory, as objects, before the parser begins. Here a text becomes three arrays of numbers, and the parser makes the tokens that it comes to.
//
// - Newlines are tokens: whether one ends a statement is the parser's decision.
// - Constants may touch only as the language allows: `12:30m`, `2012.06.13 13:30:10` (one blank) are one token.
// - `name!` is one token unless `=` follows.
// - Of symbols that begin alike the longest is taken.

import { decodeNumber } from './number-literal.ts'
import {
  ADDRESS_FORM,
  BACKSLASH_FORM,
  BACKTICK_FORM,
  COLUMN_FORM,
  FORMS,
  LINE_END_FORM,
  MACRO_FORM,
  makeToken,
  NAME_FORM,
  NUMBER_FORM,
  SYMBOL_FORMS,
  TEXT_FORM,
  Token,
  WORD_FORMS,
} from './token.ts'

/** The tokens of a text, by number. */
export class Tokens {
  readonly text: string
  length = 0
  /** Where a character begins no token, or one that has no end; nothing is read behind it. */
  errorAt: number | undefined
  /** The form of each token; of a word without a role, the number of its name behind all forms. */
  #forms: Int32Array
  #starts: Int32Array
  #ends: Int32Array
  readonly #words = new Map<string, number>()
  /** Each name once: a name that is met again is the same string, which sets and maps find at once. */
  readonly #names: string[] = []

  constructor(text: string) {
    this.text = text
    // A token has three characters or more in most texts.
    const expected = text.length < 1024 ? text.length : text.length >> 2
    this.#forms = new Int32Array(expected)
    this.#starts = new Int32Array(expected)
    this.#ends = new Int32Array(expected)
  }

  add(form: number, start: number, end: number): void {
    if (this.length === this.#forms.length) this.#grow()
    const at = this.length++
    this.#forms[at] = form
    this.#starts[at] = start
    this.#ends[at] = end
  }

  #grow(): void {
    const larger = Math.max(16, 2 * this.length)
    const [forms, starts, ends] = [this.#forms, this.#starts, this.#ends]
    this.#forms = new Int32Array(larger)
    this.#forms.set(forms)
    this.#starts = new Int32Array(larger)
    this.#starts.set(starts)
    this.#ends = new Int32Array(larger)
    this.#ends.set(ends)
  }

  addWord(start: number, end: number): void {
    const word = this.text.slice(start, end)
    let form = this.#words.get(word)
    if (form === undefined) {
      form = WORD_FORMS.get(word) ?? FORMS.length + this.#names.push(word) - 1
      this.#words.set(word, form)
    }
    this.add(form, start, end)
  }

  /** A new token, with the number at. */
  make(at: number): Token {
    const form = this.#forms[at]
    if (form < FORMS.length) return makeToken(this.text, form, this.#starts[at], this.#ends[at])
    return new Token(
      FORMS[NAME_FORM],
      this.#names[form - FORMS.length],
      this.#starts[at],
      this.#ends[at] - 1,
      undefined,
    )
  }

  /** The text of the token k places before the end, empty if there is none. */
  lastImage(k: number): string {
    return k <= this.length ? this.image(this.length - k) : ''
  }

  image(at: number): string {
    return this.text.slice(this.#starts[at], this.#ends[at])
  }

  /** The offset behind the last token. */
  get end(): number {
    return this.length === 0 ? 0 : this.#ends[this.length - 1]
  }
}

/** Reads a whole text, or up to what is no token. */
export function tokenize(text: string): Tokens {
  const tokens = new Tokens(text)
  for (let at = 0; at < text.length; ) {
    const c = text.charCodeAt(at)
    const kind = c < 128 ? KIND_OF[c] : kindBeyondAscii(c)
    if (kind === BLANK) {
      at++
      continue
    }
    if (kind === LINE) {
      tokens.add(LINE_END_FORM, at, ++at)
      continue
    }
    const end = kind === LETTER ? word(tokens, at) : kind === SYMBOL ? symbol(tokens, at) : other(tokens, at, kind)
    if (end < 0) {
      tokens.errorAt = at
      return tokens
    }
    at = end
  }
  return tokens
}

// ---------------------------------------------------------------------------------------------------------------------
// Characters

const NOTHING = 0
const BLANK = 1
const LINE = 2
const LETTER = 3
const DIGIT = 4
const SYMBOL = 5
const SLASH = 6
const POINT = 7
const UNDERSCORE = 8
const ACCENT = 9
const QUOTE = 10

/** What an ASCII character begins. */
const KIND_OF = new Uint8Array(128)
SYMBOL_FORMS.forEach((forms, c) => {
  if (forms.length > 0) KIND_OF[c] = SYMBOL
})
KIND_OF.fill(LETTER, 65, 91).fill(LETTER, 97, 123).fill(DIGIT, 48, 58)
for (const c of ' \t\r\f') KIND_OF[c.charCodeAt(0)] = BLANK
KIND_OF[10] = LINE
KIND_OF[47] = SLASH
KIND_OF[46] = POINT
KIND_OF[95] = UNDERSCORE
KIND_OF[96] = ACCENT
KIND_OF[34] = KIND_OF[39] = QUOTE

/** Beyond ASCII: letters of any script, but not its blanks and punctuation (no-break and wide spaces, dashes, the marks of Chinese and full-width forms). */
function kindBeyondAscii(c: number): number {
  if (c === 0xa0 || c === 0xfeff) return BLANK
  const isLetter =
    (c >= 0xaa && c <= 0x1fff) ||
    (c >= 0x2070 && c <= 0x2fff) ||
    (c >= 0x3004 && c <= 0xfefe) ||
    (c >= 0xff10 && c <= 0xff19) ||
    (c >= 0xff21 && c <= 0xffef)
  return isLetter ? LETTER : NOTHING
}

/** A letter, a digit or an underscore. */
function isOfWord(c: number): boolean {
  const kind = c < 128 ? KIND_OF[c] : kindBeyondAscii(c)
  return kind === LETTER || kind === DIGIT || kind === UNDERSCORE
}

// ---------------------------------------------------------------------------------------------------------------------
// Kinds of tokens. Each function reads what begins at the place and answers where it ends, or -1 for what is no token.

function word(tokens: Tokens, at: number): number {
  const { text } = tokens
  let end = at + 1
  while (end < text.length && isOfWord(text.charCodeAt(end))) end++
  if (end - at === 3 && text.startsWith('dfs://', at)) {
    const after = storeAddress(tokens, at)
    if (after >= 0) return after
  }
  if (text.charCodeAt(end) === 33 && text.charCodeAt(end + 1) !== 61) end++
  tokens.addWord(at, end)
  return end
}

function symbol(tokens: Tokens, at: number): number {
  const { text } = tokens
  const forms = SYMBOL_FORMS[text.charCodeAt(at)]
  for (let k = 0; k < forms.length; k++) {
    const { text: form } = forms[k]
    if (form.length > 1 && !text.startsWith(form, at)) continue
    tokens.add(forms[k].form, at, at + form.length)
    return at + form.length
  }
  return -1
}

/** Comments, numbers, texts and what else is rarer than words and symbols. */
function other(tokens: Tokens, at: number, kind: number): number {
  switch (kind) {
    case DIGIT:
      return number(tokens, at)
    case POINT:
      return beginsNumber(tokens, at) ? number(tokens, at) : symbol(tokens, at)
    case SLASH:
      return slash(tokens, at)
    case QUOTE:
      return quoted(tokens, at)
    case ACCENT:
      return matched(tokens, at, BACKTICK_WORD, BACKTICK_FORM)
    case UNDERSCORE: {
      const end = matched(tokens, at, COLUMN_REF, COLUMN_FORM)
      return end < 0 ? matched(tokens, at, MACRO, MACRO_FORM) : end
    }
    default:
      return -1
  }
}

const BACKTICK_WORD = /`[\w.\u0080-\uffff]*/y
const COLUMN_REF = /_"(?:[^"\\\n]|\\.)*"/y
const MACRO = /_\$\$?[A-Za-z][A-Za-z0-9_]*/y

function matched(tokens: Tokens, at: number, pattern: RegExp, form: number): number {
  pattern.lastIndex = at
  if (!pattern.test(tokens.text)) return -1
  tokens.add(form, at, pattern.lastIndex)
  return pattern.lastIndex
}

/** A comment, or a symbol; `/*` without an end is no division, but a comment that is not closed. */
function slash(tokens: Tokens, at: number): number {
  const { text } = tokens
  const next = text.charCodeAt(at + 1)
  if (next === 47) {
    const end = text.indexOf('\n', at)
    return end < 0 ? text.length : end
  }
  if (next !== 42) return symbol(tokens, at)
  const end = text.indexOf('*/', at + 2)
  return end < 0 ? -1 : end + 2
}

const EXCHANGED = /^(into|table|database)$/i
const ADDRESS = /dfs:\/\/[^\s"'`;,.(){}[\]<>]+/y

/** An address of the store without quotes; it stands behind two words of EXPORT or IMPORT only. */
function storeAddress(tokens: Tokens, at: number): number {
  if (!EXCHANGED.test(tokens.lastImage(1)) || !/^(from|import)$/i.test(tokens.lastImage(2))) return -1
  return matched(tokens, at, ADDRESS, ADDRESS_FORM)
}

/** A date or time that does not exist is no token. */
function number(tokens: Tokens, at: number): number {
  const end = decodeNumber(tokens.text, at)?.end ?? -1
  if (end >= 0) tokens.add(NUMBER_FORM, at, end)
  return end
}

/** `.5`; behind an operand `.3` is member access. */
function beginsNumber(tokens: Tokens, at: number): boolean {
  const next = tokens.text.charCodeAt(at + 1)
  if (!(next >= 48 && next <= 57)) return false
  return !(at > 0 && tokens.end === at && /[\w)\]}"'`!\u0080-\uffff]/.test(tokens.text[at - 1]))
}

function quoted(tokens: Tokens, at: number): number {
  const { text } = tokens
  const quote = text.charCodeAt(at)
  if (text.charCodeAt(at + 1) === 92 && text.charCodeAt(at + 2) === quote)
    if (text.charCodeAt(at + 3) !== quote && isEscapeOption(tokens)) {
      tokens.add(BACKSLASH_FORM, at, at + 3)
      return at + 3
    }
  for (let end = at + 1; end < text.length; end++) {
    const c = text.charCodeAt(end)
    if (c === 92) end++
    else if (c === quote) {
      tokens.add(TEXT_FORM, at, end + 1)
      return end + 1
    }
  }
  return -1
}

/** `escaped = '\'` of EXPORT and IMPORT is the backslash itself. */
function isEscapeOption(tokens: Tokens): boolean {
  if (tokens.lastImage(1) !== '=' || tokens.lastImage(2).toLowerCase() !== 'escaped') return false
  if (!/^(with|,|\n)$/i.test(tokens.lastImage(3))) return false
  for (let k = tokens.length; k > 1; k--)
    if (/^(export|import)$/i.test(tokens.lastImage(k)) && EXCHANGED.test(tokens.lastImage(k - 1))) return true
  return false
}
