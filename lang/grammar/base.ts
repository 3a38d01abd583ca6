// What all rules of the grammar stand on: the tokens come from a cursor, which passes over newlines where they mean nothing, and expressions are parsed
// by a precedence-climbing loop inside one rule (lang/parser), because names and blanks decide how they read.
//
// The rules are functions that Chevrotain runs twice: once to record what they consume (`RECORDING_PHASE`), and then to parse. While it records, tokens are
// dummies, the cursor stands at the end of an empty text, and every branch must be entered once.
//
// A grammar records itself when a rule first needs to look ahead by what was recorded: that takes milliseconds, and the statements that most scripts begin
// with decide by hand. What Chevrotain does besides at each step of a parse, for error recovery and trees of its own, is left out here.

import {
  EmbeddedActionsParser,
  type IParserErrorMessageProvider,
  type IRecognitionException,
  type IToken,
  type ParserMethod,
  type TokenType,
} from 'chevrotain'
import type { Expr } from '../ast.ts'
import { AssignmentOperator, Identifier, Operand } from '../keywords.ts'
import { Cursor, type Rules } from '../parser/cursor.ts'
import { parseExpr } from '../parser/expressions.ts'
import type { ParserNames } from '../parser/names.ts'
import { ASSIGNMENT, NAME } from '../roles.ts'
import { SourceText } from '../source.ts'
import type { Token } from '../token.ts'
import { VOCABULARY } from '../vocabulary.ts'
import { LookaheadWhenReached } from './lookahead.ts'

/** The gate of an alternative that a rule enters by hand, after a look at more than one token. */
export const BY_HAND = (): boolean => true

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

type IsAhead = (this: unknown) => boolean
type Production = (() => unknown) | { readonly GATE?: () => boolean; readonly DEF: () => unknown }
type Body<Args extends unknown[], Result> = (...args: Args) => Result
/** `coreRule` is what another rule enters. */
type Entered = { coreRule: Body<unknown[], unknown> }

/** Of Chevrotain's parser, but not in its types. */
interface Engine {
  enableRecording(): void
  atLeastOneInternalLogic(occurrence: number, production: unknown, key: number): void
  orInternal(alternatives: unknown, occurrence: number): unknown
  selfAnalysisDone: boolean
  ruleShortNameIdx: number
  readonly shortRuleNameToFull: Record<number, string>
  readonly fullRuleNameToShort: Record<string, number>
  currRuleShortName: number
  /** By what to look ahead in the rules, by short name; empty until the grammar has recorded itself. */
  readonly lookAheadFuncsCache: (IsAhead[] | undefined)[]
  currRuleLookaheadFuncs: IsAhead[] | undefined
}

/** Computes which tokens belong to which class, as a parser does with its vocabulary. It takes 3 ms; only looking ahead needs it. */
class Classes extends EmbeddedActionsParser {
  constructor() {
    super([...VOCABULARY])
  }
}
let classesKnown = false
function computeClasses(): void {
  if (!classesKnown) new Classes()
  classesKnown = true
}

/** Whether the token has the type, or is of the class. */
function belongsTo({ tokenType, roles }: Token, type: TokenType): boolean {
  if (tokenType === type) return true
  if (type === Identifier) return (roles & NAME) !== 0
  return type === AssignmentOperator && (roles & ASSIGNMENT) !== 0
}

const engine = EmbeddedActionsParser.prototype as unknown as Engine

const beginning = (): Cursor => new Cursor(new SourceText(''), NO_NAMES, NO_RULES)

export interface GrammarOptions {
  /** Looks for ambiguities and left recursion, which takes long: a test does it for all. */
  readonly validate?: boolean
}

export abstract class GrammarBase extends EmbeddedActionsParser {
  readonly #engine = this as unknown as Engine
  readonly #validate: boolean
  /** The text that is being parsed. */
  protected cursor = beginning()

  constructor({ validate = false }: GrammarOptions) {
    super(validate ? [...VOCABULARY] : [Identifier], {
      maxLookahead: 1,
      lookaheadStrategy: new LookaheadWhenReached(),
      errorMessageProvider: expectations,
      skipValidations: !validate,
    })
    this.#validate = validate
  }

  /** After the rules are defined. */
  protected complete(): void {
    if (this.#validate) this.performSelfAnalysis()
  }

  // -------------------------------------------------------------------------------------------------------------------
  // Tokens

  protected override LA(k: number): IToken {
    const p = this.cursor
    return k > 0 ? p.peek(k - 1) : (p.tokenAt(p.at - 1 + k) ?? p.end)
  }

  protected override LA_FAST(k: number): IToken {
    return this.cursor.peek(k - 1)
  }

  protected consumeToken(): void {
    this.cursor.next()
  }

  /** Errors leave at once as what the user sees: now the cursor still knows what stands there instead. */
  protected SAVE_ERROR(error: IRecognitionException): never {
    throw this.cursor.unexpected(error.message, error.token)
  }

  // Rules begin and end anywhere in the text; after an error the cursor stays where it was noticed.
  protected onBeforeParse(): void {}
  protected onAfterParse(): void {}
  protected moveToTerminatedState(): void {}

  // -------------------------------------------------------------------------------------------------------------------
  // Recording

  /** In the middle of a text, when it is first needed. */
  #record(): void {
    const { cursor } = this
    this.cursor = beginning()
    try {
      computeClasses()
      this.performSelfAnalysis()
    } finally {
      this.cursor = cursor
    }
    const e = this.#engine
    e.currRuleLookaheadFuncs = e.lookAheadFuncsCache[e.currRuleShortName]
  }

  // Chevrotain puts the methods that record on the parser itself and deletes them one by one afterwards, which takes longer than all the recording of a
  // small grammar. Here they stand between the parser and its class.
  protected enableRecording(): void {
    const recording: object = Object.create(Object.getPrototypeOf(this))
    engine.enableRecording.call(recording as Engine)
    Object.setPrototypeOf(this, recording)
    this.RECORDING_PHASE = true
  }

  protected disableRecording(): void {
    Object.setPrototypeOf(this, Object.getPrototypeOf(Object.getPrototypeOf(this)))
    this.RECORDING_PHASE = false
  }

  // -------------------------------------------------------------------------------------------------------------------
  // Steps of a parse, as the methods of Chevrotain by these names do them without recovery from errors

  protected defineRule<Args extends unknown[], Result>(name: string, body: Body<Args, Result>): Body<Args, Result> {
    const e = this.#engine
    const shortName = e.ruleShortNameIdx++
    e.shortRuleNameToFull[shortName] = name
    e.fullRuleNameToShort[name] = shortName
    const rule = (...args: Args): Result => {
      const outer = e.currRuleShortName
      e.currRuleShortName = shortName
      e.currRuleLookaheadFuncs = e.lookAheadFuncsCache[shortName]
      const result = body(...args)
      e.currRuleShortName = outer
      e.currRuleLookaheadFuncs = e.lookAheadFuncsCache[outer]
      return result
    }
    return Object.assign(rule, { ruleName: name, originalGrammarAction: body, coreRule: rule })
  }

  protected subruleInternal(rule: Entered, _occurrence: number, options?: { ARGS?: unknown[] }): unknown {
    return options?.ARGS === undefined ? rule.coreRule() : rule.coreRule(...options.ARGS)
  }

  protected consumeInternal(type: TokenType, _occurrence: number, options?: { ERR_MSG?: string }): IToken {
    const p = this.cursor
    const token = p.peek()
    if (!belongsTo(token, type)) throw p.unexpected(options?.ERR_MSG ?? type.name, token)
    return p.next()
  }

  protected optionInternalLogic(production: Production, _occurrence: number, key: number): unknown {
    const e = this.#engine
    if (!e.selfAnalysisDone) this.#record()
    const isAhead = e.currRuleLookaheadFuncs![key]
    if (typeof production === 'function') return isAhead.call(this) ? production() : undefined
    if (production.GATE !== undefined && !production.GATE()) return undefined
    return isAhead.call(this) ? production.DEF() : undefined
  }

  protected manyInternalLogic(_occurrence: number, production: Production, key: number): void {
    const e = this.#engine
    if (!e.selfAnalysisDone) this.#record()
    const isAhead = e.currRuleLookaheadFuncs![key]
    const isPlain = typeof production === 'function'
    const gate = isPlain ? undefined : production.GATE
    const body = isPlain ? production : production.DEF
    for (let before = -1; this.cursor.at > before; ) {
      if ((gate !== undefined && !gate()) || !isAhead.call(this)) return
      before = this.cursor.at
      body()
    }
  }

  protected atLeastOneInternalLogic(occurrence: number, production: Production, key: number): void {
    if (!this.#engine.selfAnalysisDone) this.#record()
    engine.atLeastOneInternalLogic.call(this as unknown as Engine, occurrence, production, key)
  }

  protected orInternal(alternatives: unknown, occurrence: number): unknown {
    if (!this.#engine.selfAnalysisDone) this.#record()
    return engine.orInternal.call(this as unknown as Engine, alternatives, occurrence)
  }

  /** Enters a rule of this grammar from outside, or again from an expression inside another of its rules. Throws a ParseError. */
  protected enter<Result>(p: Cursor, rule: () => Result): Result {
    this.cursor = p
    return rule()
  }

  /** A rule whose body has the type that is stated for it. */
  protected rule<Args extends unknown[], Result>(name: string, body: Body<Args, Result>): Rule<Args, Result> {
    return this.RULE(name, body)
  }

  /** A rule that does not look ahead by what is recorded: all its branches are decided by hand. */
  protected decided<Args extends unknown[], Result>(name: string, body: Body<Args, Result>): Rule<Args, Result> {
    return Object.assign(this.RULE(name, body), { coreRule: body })
  }

  /** A repetition for as long as this text is ahead. */
  protected repeated(ahead: string, body: () => void): void {
    if (this.RECORDING_PHASE) this.MANY(body)
    while (this.cursor.is(ahead)) body()
  }

  /** A branch decided by hand: entered in the recording, too. */
  protected chosen(condition: boolean): boolean {
    return this.RECORDING_PHASE || condition
  }

  // -------------------------------------------------------------------------------------------------------------------
  // The expression level

  /** An expression of operators that bind at least as tightly as the level: one rule with a loop, which the grammar knows by how it begins. */
  protected readonly expression: Rule<[level?: number], Expr> = this.decided('expression', (level = 0) => {
    if (this.RECORDING_PHASE) return this.CONSUME(Operand) as never
    return parseExpr(this.cursor, level)
  })
}
