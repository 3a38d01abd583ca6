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
import type { DirectCode, PlainFunction } from './cells.ts'
import type { Attribute, ScriptClass } from './classes.ts'
import type { CodeInfo } from './failure.ts'
import type { Host } from './host.ts'
import type { PlainLocal } from './locals.ts'
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
  /** Holds plain values (plain.ts), DOUBLEs in `slot` if that is a name. */
  readonly plain?: {
    readonly slot: string | undefined
    /** Variable of the pieces at the end of a text, which are not in it yet. */
    readonly tail: string | undefined
    readonly guess: Guess
  }
}

/** What compiled functions are made of. Tests switch the written-out ways off and compare. */
export const compiling = { writesOut: true }

/** Code of an expression whose result may be plain. `inSlot`: it may be IN_SLOT too, the number then being in the slot that was asked for. */
export interface PlainCode {
  readonly code: string
  readonly form: 'value' | 'plain' | 'inSlot'
  readonly guess: Guess
}

/** A function in both forms: with Values, and with plain values in and out. */
export interface CompiledCode {
  readonly direct: DirectCode
  readonly plain: PlainFunction
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
  /** The same text is made once: for expressions of queries, which are compiled each time that their query runs. */
  keepsText = false
  /** Label of the innermost loop, for break and continue. */
  loop: string | undefined
  /** Inside a function body, `return` is allowed and locals are created by assignment. */
  inFunction = false
  /** Set while compiling a method. */
  method: { readonly self: string; readonly scriptClass: ScriptClass } | undefined
  /** JavaScript that runs before every return: stores mutable parameters. */
  beforeReturn = ''
  readonly spans: Span[] = []
  /** Number of the part of the expression that is being made, among the spans; 0 is the whole. */
  part = 0
  /** What variables held last, as far as their code tells: see numeric.ts. */
  readonly guesses = new Map<string, Guess>()
  /** Whether arithmetic is written out and variables may be plain. */
  readonly writesOut: boolean
  /** Variables that may be plain, by name. */
  plainLocals: ReadonlyMap<string, PlainLocal> = new Map()
  /** Locals that have a value whenever the code that is being made runs, in functions without `undef`. */
  assigned = new Set<string>()
  /** Set where `undef` may take a value away. */
  forgets = false
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
    this.writesOut = compiling.writesOut
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

  isAssigned(name: string): boolean {
    return this.bindings.get(name)?.definite === true || (!this.forgets && this.assigned.has(name))
  }

  /** What a variable is expected to hold when it is read here. */
  guessOf(name: string): Guess {
    const binding = this.bindings.get(name)
    if (binding?.plain !== undefined) return binding.plain.guess
    if (this.guesses.has(name) || binding !== undefined) return this.guesses.get(name)
    return this.seesSession ? guessOfValue(this.host.cell(name).value) : undefined
  }

  /** A variable gets what this code gives. */
  learn(name: string, given: PlainCode): void {
    this.guesses.set(name, guessOfValue(this.#values.get(given.code)) ?? given.guess)
  }

  /** A helper of support.ts as a value. */
  use(name: keyof Support): string {
    this.#helpers.add(name)
    return name
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

  /** For a number: one from the start, so that V8 keeps it in a register. What is undefined at first has V8 make an object of each number. */
  counter(): string {
    const name = `c${this.#temporaries++}`
    this.#declared.push(`${name} = 0`)
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
    const binding = { js, definite: false, writable: true, local: true, plain: this.#plain(name, js) }
    this.bindings.set(name, binding)
    return binding
  }

  #plain(name: string, js: string): Binding['plain'] {
    const local = this.plainLocals.get(name)
    if (local === undefined) return undefined
    const slot = local.slot ? js.replace('v', 'd') : undefined
    // A number from the start, so that V8 keeps it in a register.
    if (slot !== undefined) this.#declared.push(`${slot} = 0`)
    const tail = local.tail ? js.replace('v', 's') : undefined
    if (tail !== undefined) this.#declared.push(`${tail} = ""`)
    return { slot, tail, guess: local.guess }
  }

  /** A number of its own for a DOUBLE. */
  slot(): string {
    const name = `d${this.#locals++}`
    this.#declared.push(`${name} = 0`)
    return name
  }

  /** A parameter of the generated function. Returns its JavaScript name. */
  declareParameter(name: string, writable: boolean): string {
    const js = `v${this.#locals++}`
    this.bindings.set(name, { js, definite: true, writable, local: false, plain: this.#plain(name, js) })
    return js
  }

  /** Remembers the statement's place; the code sets the current position. */
  mark(span: Span): string {
    this.spans.push(span)
    return `$l = ${this.spans.length - 1};`
  }

  /** Makes the JavaScript function. `parameters` are names given out by declareParameter. */
  build(parameters: readonly string[], body: string, info: CodeInfo): DirectCode {
    return this.#make(`return ${this.#functionText('', parameters, body)}`, info) as DirectCode
  }

  /** The same in both forms, of a body that returns plain values. */
  buildBoth(parameters: readonly string[], body: string, info: CodeInfo): CompiledCode {
    const list = parameters.join(', ')
    const direct = `function (${list}) { return ${this.help('box', `plain$(${list})`)} }`
    const text = `${this.#functionText('plain$', parameters, body)}\nreturn { plain: plain$, direct: ${direct} }`
    return this.#make(text, info) as CompiledCode
  }

  #functionText(name: string, parameters: readonly string[], body: string): string {
    return (
      `function ${name}(${parameters.join(', ')}) {\n` +
      `${this.#declared.length > 0 ? `let ${this.#declared.join(', ')};` : ''} let $l = 0, $n = 0;\n` +
      `try {\n${body}\n} catch ($e) { throw failed($e, $i, $l) }\n}`
    )
  }

  #make(functions: string, info: CodeInfo): unknown {
    const helpers = [...this.#helpers, 'failed'].join(', ')
    const constants = this.#constants.map((_, k) => `k${k} = K[${k}]`)
    const text =
      `"use strict"; const {${helpers}} = $h;` +
      `${constants.length > 0 ? `const ${constants.join(', ')};` : ''}\n${functions}`
    try {
      return (this.keepsText ? keptMaker(text) : makerOf(text))(support(), this.host, this.#constants, info)
    } catch (error) {
      throw new HoldfastError('bug', `the compiler produced invalid code: ${String(error)}\n${text}`, { cause: error })
    }
  }
}

type Maker = (helpers: Support, host: Host, constants: readonly unknown[], info: CodeInfo) => unknown

const makerOf = (text: string): Maker => new Function('$h', '$s', 'K', '$i', text) as Maker

const KEPT_TEXTS = 1000
const KEPT_LENGTH = 4000
const kept = new Map<string, Maker>()

/** The maker of a text, kept with the last ones that were asked for. */
function keptMaker(text: string): Maker {
  if (text.length > KEPT_LENGTH) return makerOf(text)
  const known = kept.get(text)
  if (known !== undefined) return known
  const made = makerOf(text)
  if (kept.size >= KEPT_TEXTS) kept.delete(kept.keys().next().value as string)
  kept.set(text, made)
  return made
}

const GUESSES: Readonly<Record<number, Guess>> = {
  [T.INT]: 'int',
  [T.DOUBLE]: 'double',
  [T.LONG]: 'long',
  [T.BOOL]: 'bool',
  [T.STRING]: 'string',
}

export const guessOfValue = (value: Value | undefined): Guess =>
  value instanceof Scalar && !value.isNull() ? GUESSES[value.type] : undefined

/** The text of a piece of syntax, for messages. */
export const textOf = (em: Emitter, node: Expr): string => em.source.slice(node.span)
