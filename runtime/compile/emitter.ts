/**
 * State of turning one piece of syntax (a function, a top-level statement, an expression of a query) into JavaScript.
 *
 * The generated text contains only names made here (`v0` locals, `k0` constants, `t0` temporaries, `L0` labels), names of the helpers in
 * support.ts, and numbers: nothing of the script's text gets into it. Values, cells and syntax nodes travel as constants (`k0`).
 *
 *   "use strict"; const {add, ltTest} = $h; const k0 = K[0]
 *   return function (v0) { let v1, t0; let $l = 0; try { $l = 0; if (ltTest(v0, k0)) ... } catch ($e) { throw failed($e, $i, $l) } }
 *
 * `$l` is the number of the running statement; `failed` turns it into a position when an error passes.
 */
import type { Expr, Span } from '../../lang/ast.ts'
import type { SourceText } from '../../lang/source.ts'
import { HoldfastError } from '../errors.ts'
import { Scalar, T, type Value } from '../values/index.ts'
import type { DirectCode } from './cells.ts'
import type { Attribute, ScriptClass } from './classes.ts'
import type { CodeInfo } from './failure.ts'
import type { Host } from './host.ts'
import type { Guess } from './numeric.ts'
import { freeze } from './ownership.ts'
import type { ColumnResolver, Interceptor, SqlScope } from './scope.ts'
import { type Support, support } from './support.ts'

/** How a name of the script is read and written in the generated code. */
export interface Binding {
  readonly js: string
  /** Has a value whenever it can be read: parameters, captured values. */
  readonly definite: boolean
  /** Assignments and mutating functions may change it. */
  readonly writable: boolean
  /** The frame owns what it holds (a local, not a parameter). */
  readonly local: boolean
  /** Set for an attribute of the instance whose method this is. */
  readonly attribute?: Attribute
}

export interface EmitterOptions {
  readonly host: Host
  readonly source: SourceText
  /** Module whose functions are visible unqualified. */
  readonly module: string
  /** Names that are not bound are session variables. */
  readonly seesSession: boolean
}

/** Columns of a query that surround an expression. */
export interface SqlContext {
  readonly scope: SqlScope
  readonly columns: ColumnResolver
  readonly intercept: Interceptor | undefined
}

export class Emitter {
  readonly host: Host
  readonly source: SourceText
  readonly module: string
  readonly seesSession: boolean
  readonly bindings = new Map<string, Binding>()
  sql: SqlContext | undefined
  /** Label of the innermost loop, for break and continue. */
  loop: string | undefined
  /** Inside a function body, `return` is allowed and locals are created by assignment. */
  inFunction = false
  /** Set while compiling a method. */
  method: { readonly self: string; readonly scriptClass: ScriptClass } | undefined
  /** JavaScript that runs before every return: stores mutable parameters. */
  beforeReturn = ''
  readonly spans: Span[] = []
  /** What variables held last, as far as their code tells: see numeric.ts. */
  readonly guesses = new Map<string, Guess>()
  readonly #codeGuesses = new Map<string, Guess>()
  readonly #constants: unknown[] = []
  readonly #constantNames = new Map<unknown, string>()
  readonly #values = new Map<string, Value>()
  readonly #helpers = new Set<string>()
  readonly #declared: string[] = []
  #locals = 0
  #temporaries = 0
  #labels = 0

  constructor(options: EmitterOptions) {
    this.host = options.host
    this.source = options.source
    this.module = options.module
    this.seesSession = options.seesSession
  }

  /** A value, cell or node as a name of the generated code. */
  constant(value: unknown): string {
    let name = this.#constantNames.get(value)
    if (name === undefined) {
      name = `k${this.#constants.length}`
      this.#constants.push(value)
      this.#constantNames.set(value, name)
    }
    return name
  }

  /** A value of the script's text: every execution sees the same object, so it is frozen. */
  value(value: Value): string {
    const name = this.constant(freeze(value))
    this.#values.set(name, value)
    return name
  }

  /** The value behind code made by `value`, undefined for any other code. */
  valueOf(js: string): Value | undefined {
    return this.#values.get(js)
  }

  /** What a variable is expected to hold when it is read here. */
  guessOf(name: string): Guess {
    if (this.guesses.has(name) || this.bindings.has(name)) return this.guesses.get(name)
    return this.seesSession ? guessOfValue(this.host.cell(name).value) : undefined
  }

  /** What code is expected to give. */
  noteGuess(js: string, guess: Guess): void {
    this.#codeGuesses.set(js, guess)
  }

  /** A variable gets what this code gives. */
  learn(name: string, js: string): void {
    this.guesses.set(name, guessOfValue(this.#values.get(js)) ?? this.#codeGuesses.get(js))
  }

  /** A call of a helper of support.ts. */
  help(name: keyof Support, ...args: string[]): string {
    this.#helpers.add(name)
    return `${name}(${args.join(', ')})`
  }

  temporary(): string {
    const name = `t${this.#temporaries++}`
    this.#declared.push(name)
    return name
  }

  label(): string {
    return `L${this.#labels++}`
  }

  /** A local variable of the function; the frame may not have assigned it when it is read. */
  declareLocal(name: string): Binding {
    const known = this.bindings.get(name)
    if (known !== undefined) return known
    const js = `v${this.#locals++}`
    this.#declared.push(js)
    const binding = { js, definite: false, writable: true, local: true }
    this.bindings.set(name, binding)
    return binding
  }

  /** A parameter of the generated function. Returns its JavaScript name. */
  declareParameter(name: string, writable: boolean): string {
    const js = `v${this.#locals++}`
    this.bindings.set(name, { js, definite: true, writable, local: false })
    return js
  }

  /** Remembers the statement's place; the code sets the current position. */
  mark(span: Span): string {
    this.spans.push(span)
    return `$l = ${this.spans.length - 1};`
  }

  /** Makes the JavaScript function. `parameters` are names given out by declareParameter. */
  build(parameters: readonly string[], body: string, info: CodeInfo): DirectCode {
    const helpers = [...this.#helpers, 'failed'].join(', ')
    const constants = this.#constants.map((_, k) => `k${k} = K[${k}]`)
    const text =
      `"use strict"; const {${helpers}} = $h;` +
      `${constants.length > 0 ? `const ${constants.join(', ')};` : ''}\n` +
      `return function (${parameters.join(', ')}) {\n` +
      `${this.#declared.length > 0 ? `let ${this.#declared.join(', ')};` : ''} let $l = 0, $n = 0;\n` +
      `try {\n${body}\n} catch ($e) { throw failed($e, $i, $l) }\n}`
    try {
      return new Function('$h', '$s', 'K', '$i', text)(support(), this.host, this.#constants, info) as DirectCode
    } catch (error) {
      throw new HoldfastError('bug', `the compiler produced invalid code: ${String(error)}\n${text}`, { cause: error })
    }
  }
}

export function guessOfValue(value: Value | undefined): Guess {
  if (!(value instanceof Scalar)) return undefined
  return value.type === T.INT ? 'int' : value.type === T.DOUBLE ? 'double' : undefined
}

/** The text of a piece of syntax, for messages. */
export const textOf = (em: Emitter, node: Expr): string => em.source.slice(node.span)
