// What all rules of the grammar stand on: the tokens come from a cursor, which passes over newlines where they mean nothing, and expressions are parsed
// by a precedence-climbing loop inside one rule (lang/parser), because names and blanks decide how they read.
//
// The rules are functions that Chevrotain runs twice: once when the grammar is made, to record what they consume (`RECORDING_PHASE`), and then to parse.
// While it records, tokens are dummies, the cursor stands at the end of an empty text, and every branch must be entered once.

import {
  EmbeddedActionsParser,
  type IParserErrorMessageProvider,
  type IRecognitionException,
  type IToken,
  type ParserMethod,
  type TokenType,
} from 'chevrotain'
import type { Expr } from '../ast.ts'
import { Operand } from '../keywords.ts'
import { VOCABULARY } from '../lexer.ts'
import { Cursor, type Rules } from '../parser/cursor.ts'
import { parseExpr } from '../parser/expressions.ts'
import type { ParserNames } from '../parser/names.ts'
import { SourceText } from '../source.ts'
import { LookaheadWhenReached } from './lookahead.ts'

export type Rule<Args extends unknown[], Result> = ParserMethod<Args, Result>

/** What was expected, in words; the cursor says what stands there instead. */
const expectations: IParserErrorMessageProvider = {
  buildMismatchTokenMessage: ({ expected }: { expected: TokenType }) => expected.name,
  buildNotAllInputParsedMessage: () => 'the end of the text',
  buildNoViableAltMessage: ({ customUserDescription }) => customUserDescription ?? 'an expression',
  buildEarlyExitMessage: ({ customUserDescription }) => customUserDescription ?? 'an expression',
}

const NO_NAMES: ParserNames = { isFunction: () => false, isVariable: () => false }
/** While a grammar records itself no rule of another is entered. */
const NO_RULES = {} as Rules

/** Of Chevrotain's parser, but not in its types. */
interface Recorder {
  enableRecording(): void
}

export interface GrammarOptions {
  /** Looks for ambiguities and left recursion, which takes long: a test does it for all. */
  readonly validate?: boolean
}

export abstract class GrammarBase extends EmbeddedActionsParser {
  /** The text that is being parsed. */
  protected cursor: Cursor

  constructor({ validate = false }: GrammarOptions) {
    super([...VOCABULARY], {
      maxLookahead: 1,
      lookaheadStrategy: new LookaheadWhenReached(),
      errorMessageProvider: expectations,
      skipValidations: !validate,
    })
    this.cursor = new Cursor(new SourceText(''), NO_NAMES, NO_RULES)
  }

  // -------------------------------------------------------------------------------------------------------------------
  // Tokens

  protected override LA(k: number): IToken {
    const p = this.cursor
    return k > 0 ? p.peek(k - 1) : (p.tokens[p.at - 1 + k] ?? p.end)
  }

  protected override LA_FAST(k: number): IToken {
    return this.cursor.peek(k - 1)
  }

  protected consumeToken(): void {
    this.cursor.next()
  }

  /** Chevrotain compares positions to see that a repetition moves. */
  protected exportLexerState(): number {
    return this.cursor.at
  }

  /** Errors leave at once as what the user sees: now the cursor still knows what stands there instead. */
  protected SAVE_ERROR(error: IRecognitionException): never {
    throw this.cursor.unexpected(error.message, error.token)
  }

  // Rules begin and end anywhere in the text; after an error the cursor stays where it was noticed.
  protected onBeforeParse(): void {}
  protected onAfterParse(): void {}
  protected moveToTerminatedState(): void {}

  // Chevrotain puts the methods that record on the parser itself and deletes them one by one afterwards, which takes longer than all the recording of a
  // small grammar. Here they stand between the parser and its class.
  protected enableRecording(): void {
    const recording: object = Object.create(Object.getPrototypeOf(this))
    ;(EmbeddedActionsParser.prototype as unknown as Recorder).enableRecording.call(recording)
    Object.setPrototypeOf(this, recording)
    this.RECORDING_PHASE = true
  }

  protected disableRecording(): void {
    Object.setPrototypeOf(this, Object.getPrototypeOf(Object.getPrototypeOf(this)))
    this.RECORDING_PHASE = false
  }

  /** Enters a rule of this grammar from outside, or again from an expression inside another of its rules. Throws a ParseError. */
  protected enter<Result>(p: Cursor, rule: () => Result): Result {
    this.cursor = p
    return rule()
  }

  /** A rule whose body has the type that is stated for it. */
  protected rule<Args extends unknown[], Result>(name: string, body: (...args: Args) => Result): Rule<Args, Result> {
    return this.RULE(name, body)
  }

  /** A branch decided by hand: entered in the recording, too. */
  protected chosen(condition: boolean): boolean {
    return this.RECORDING_PHASE || condition
  }

  // -------------------------------------------------------------------------------------------------------------------
  // The expression level

  /** An expression of operators that bind at least as tightly as the level: one rule with a loop, which the grammar knows by how it begins. */
  protected readonly expression: Rule<[level?: number], Expr> = this.rule('expression', (level = 0) => {
    if (this.RECORDING_PHASE) return this.CONSUME(Operand) as never
    return parseExpr(this.cursor, level)
  })
}
