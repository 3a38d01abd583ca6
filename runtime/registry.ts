/**
 * The registry of builtin functions: the one source for calls, named arguments, defaults, arity messages, help, completion and
 * docs/functions.md. Rooms above the runtime (dfs, jobs, repl) hand in their own tables of builtins; the runtime never imports them.
 *
 * A builtin is declared from its documented signature:
 *
 *   define('rank(X, [ascending=true], [groupNum], [ignoreNA=true])', { doc, kind: 'vector', call: (args, session) => ... })
 *
 * `[x]` is optional, `[x=v]` optional with a default shown in help (the implementation applies it), `args...` collects the rest.
 * In `call`, args has one entry per declared parameter; an argument that was not given is undefined; rest arguments follow in order.
 */
import { HoldfastError, inputError } from './errors.ts'
import type { Session } from './session.ts'
import { BuiltinFunction } from './values/function.ts'
import type { Value } from './values/scalar.ts'

export interface Param {
  readonly name: string
  readonly optional: boolean
  /** Default as written in the signature or the script. */
  readonly defaultText?: string
  /** Default of a script function, evaluated at definition. */
  readonly defaultValue?: Value
  /** The function changes this argument in place. */
  readonly mutable: boolean
  /** Collects all further arguments. */
  readonly rest: boolean
}

/**
 * How a function relates to the length of its input:
 * element - result element k depends on argument elements k only (add, upper, date);
 * vector - same length but order-sensitive (cumsum, prev, rank);
 * aggregate - one value from a vector (sum, last); general - anything else (table, append!, print).
 */
export type FunctionKind = 'element' | 'vector' | 'aggregate' | 'general'

export interface Builtin {
  readonly name: string
  readonly aliases: readonly string[]
  /** As documented: `take(X, n)`. */
  readonly signature: string
  readonly params: readonly Param[]
  readonly minArgs: number
  /** Infinity for rest parameters. */
  readonly maxArgs: number
  readonly kind: FunctionKind
  /** With so many arguments it is element-wise instead: max(X, Y). */
  readonly elementWith?: number
  /** An argument is changed in place (`append!`): the evaluator makes sure that its owner is the only one. */
  readonly mutates: boolean
  /** Position of the argument that is changed. */
  readonly mutatedAt: number
  /** Position of the flag that asks for it (`inplace`): calls without it change nothing. */
  readonly mutatesWith?: number
  /** One paragraph: result, shapes, types, nulls, errors. */
  readonly doc: string
  /** Chapter of docs/functions.md. */
  readonly topic: string
  readonly call: (args: readonly (Value | undefined)[], session: Session) => Value
}

export interface BuiltinSpec {
  readonly doc: string
  readonly kind?: FunctionKind
  readonly elementWith?: number
  readonly aliases?: readonly string[]
  readonly mutates?: boolean
  readonly mutatedAt?: number
  readonly mutatesWith?: number
  readonly call: Builtin['call']
}

interface Arity {
  readonly params: readonly Param[]
  readonly minArgs: number
  readonly maxArgs: number
}

function arityOf(signature: string, mutable: number): Arity {
  const params = parseParams(signature.slice(signature.indexOf('(') + 1, signature.lastIndexOf(')')), mutable)
  return {
    params,
    minArgs: params.filter((p) => !p.optional && !p.rest).length,
    maxArgs: params.some((p) => p.rest) ? Number.POSITIVE_INFINITY : params.length,
  }
}

/**
 * Builds the entry from its signature, which is taken apart when somebody first asks: most functions are never called. `topic` groups functions in the
 * documentation.
 */
export function builtin(topic: string, signature: string, spec: BuiltinSpec): Builtin {
  let read: Arity | undefined
  const arity = (): Arity => {
    read ??= arityOf(signature, spec.mutates === true ? (spec.mutatedAt ?? 0) : -1)
    return read
  }
  return {
    name: signature.slice(0, signature.indexOf('(')),
    aliases: spec.aliases ?? [],
    signature,
    get params() {
      return arity().params
    },
    get minArgs() {
      return arity().minArgs
    },
    get maxArgs() {
      return arity().maxArgs
    },
    kind: spec.kind ?? 'general',
    elementWith: spec.elementWith,
    mutates: spec.mutates ?? false,
    mutatedAt: spec.mutatedAt ?? 0,
    mutatesWith: spec.mutatesWith,
    doc: spec.doc,
    topic,
    call: spec.call,
  }
}

/** A table of builtins of one topic: `const define = topic('Strings', list)` then `define('upper(X)', {...})`. */
export function topicTable(topic: string): {
  readonly entries: Builtin[]
  readonly define: (signature: string, spec: BuiltinSpec) => void
} {
  const entries: Builtin[] = []
  return { entries, define: (signature, spec) => void entries.push(builtin(topic, signature, spec)) }
}

function parseParams(text: string, mutatedAt: number): Param[] {
  if (text.trim() === '') return []
  return splitTopLevel(text).map((part, k) => {
    let body = part.trim()
    const optional = body.startsWith('[')
    if (optional) body = body.slice(1, -1).trim()
    const rest = body.endsWith('...')
    if (rest) body = body.slice(0, -3)
    const equals = body.indexOf('=')
    const defaultText = equals >= 0 ? body.slice(equals + 1).trim() : undefined
    return {
      name: (equals >= 0 ? body.slice(0, equals) : body).trim(),
      optional: optional || rest,
      defaultText,
      mutable: k === mutatedAt,
      rest,
    }
  })
}

/** Splits at commas outside brackets and quotes. */
function splitTopLevel(text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let quote = ''
  let start = 0
  for (let k = 0; k < text.length; k++) {
    const c = text[k]
    if (quote !== '') {
      if (c === quote) quote = ''
    } else if (c === "'" || c === '"') quote = c
    else if (c === '[' || c === '(' || c === '{') depth++
    else if (c === ']' || c === ')' || c === '}') depth--
    else if (c === ',' && depth === 0) {
      parts.push(text.slice(start, k))
      start = k + 1
    }
  }
  parts.push(text.slice(start))
  return parts
}

/** Builtins of which only the names are known so far. */
interface LaterBuiltins {
  readonly names: readonly string[]
  readonly load: () => readonly Builtin[]
}

export class Registry {
  readonly #byName = new Map<string, BuiltinFunction>()
  readonly #later = new Map<string, LaterBuiltins>()
  readonly #entries: Builtin[] = []

  /** Adds a room's builtins. A name that is already taken is a bug. */
  add(entries: readonly Builtin[]): void {
    for (const entry of entries) {
      const fn = new BuiltinFunction(entry)
      for (const name of [entry.name, ...entry.aliases]) {
        if (this.#byName.has(name)) throw new HoldfastError('bug', `builtin ${name} is registered twice`)
        this.#byName.set(name, fn)
      }
      this.#entries.push(entry)
    }
  }

  /** Adds a room's builtins by name: `load` is called when the first of them is wanted, and answers exactly those. */
  addLater(names: readonly string[], load: () => readonly Builtin[]): void {
    const later = { names, load }
    for (const name of names) this.#later.set(name, later)
  }

  get(name: string): BuiltinFunction | undefined {
    const found = this.#byName.get(name)
    if (found !== undefined) return found
    const later = this.#later.get(name)
    if (later === undefined) return undefined
    this.#load(later)
    return this.#byName.get(name)
  }
  has(name: string): boolean {
    return this.#byName.has(name) || this.#later.has(name)
  }
  /** All names, aliases included. */
  names(): string[] {
    return [...this.#byName.keys(), ...this.#later.keys()]
  }
  entries(): readonly Builtin[] {
    for (const later of new Set(this.#later.values())) this.#load(later)
    return this.#entries
  }

  #load(later: LaterBuiltins): void {
    const entries = later.load()
    for (const name of later.names) this.#later.delete(name)
    this.add(entries)
    const missing = later.names.find((name) => !this.#byName.has(name))
    if (missing !== undefined) throw new HoldfastError('bug', `builtin ${missing} is listed but does not exist`)
  }
}

/** The documented arity message. */
export function arityError(name: string, minArgs: number, maxArgs: number, actual: number): HoldfastError {
  const expected =
    minArgs === maxArgs
      ? `${minArgs}`
      : maxArgs === Number.POSITIVE_INFINITY
        ? `at least ${minArgs}`
        : `${minArgs} to ${maxArgs}`
  return inputError(
    `The function [${name}] expects ${expected} argument(s), but the actual number of arguments is: ${actual}`,
    { code: 'arity' },
  )
}
