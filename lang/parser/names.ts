// What the parser knows of names. Functions see their parameters, their own variables and functions; lambdas also what encloses them.

import type { Span } from '../source.ts'

export interface ParserNames {
  isFunction(name: string): boolean
  isVariable(name: string): boolean
  /** A builtin that scripts may not redefine; not asked for modules, which have names of their own. */
  isBuiltin?(name: string): boolean
  /** Whether a function declares the parameter; undefined if the function is not known. */
  hasParameter?(fn: string, name: string): boolean | undefined
}

interface Scope {
  readonly kind: 'top' | 'def' | 'lambda'
  readonly params: ReadonlySet<string>
  readonly mutable: ReadonlySet<string>
  readonly locals: Set<string>
  readonly captures: Set<string>
  /** Made by `const` in this scope. */
  readonly constants: Set<string>
}

function scope(kind: Scope['kind'], params: readonly { name: string; mutable: boolean }[]): Scope {
  const names = params.length === 0 ? NOTHING : new Set<string>()
  let mutable = NOTHING
  for (const param of params) {
    names.add(param.name)
    if (!param.mutable) continue
    if (mutable === NOTHING) mutable = new Set()
    mutable.add(param.name)
  }
  return { kind, params: names, mutable, locals: new Set(), captures: new Set(), constants: new Set() }
}
const NOTHING = new Set<string>()

/** `def f(a, b)` without a body: the script must define it further on. */
export interface Declaration {
  readonly arity: number
  readonly span: Span
}

export interface FunctionNames {
  readonly locals: readonly string[]
  readonly captures: readonly string[]
}

export class Names {
  readonly #env: ParserNames
  readonly #scopes: Scope[] = [scope('top', [])]
  /** Functions of this script, with their parameters where they are known. */
  readonly #functions = new Map<string, readonly string[] | undefined>()
  /** Functions that are declared but not defined yet. */
  readonly declared = new Map<string, Declaration>()

  constructor(env: ParserNames) {
    this.#env = env
  }

  get inFunction(): boolean {
    return this.#scopes.length > 1
  }
  get inDef(): boolean {
    return this.#scopes.some((s) => s.kind === 'def')
  }

  /** A variable that can be read here. */
  isVariable(name: string): boolean {
    return this.#scopeOf(name) >= 0
  }

  /** Like isVariable, for a name that is read: the lambdas up to the owner of the variable capture it. */
  readVariable(name: string): boolean {
    const owner = this.#scopeOf(name)
    if (owner < 0) return false
    for (let inner = owner + 1; inner < this.#scopes.length; inner++) this.#scopes[inner].captures.add(name)
    return true
  }

  #scopeOf(name: string): number {
    for (let k = this.#scopes.length - 1; k >= 0; k--) {
      const scope = this.#scopes[k]
      const known =
        scope.params.has(name) || scope.locals.has(name) || (scope.kind === 'top' && this.#env.isVariable(name))
      if (known) return k
      if (scope.kind === 'def') return -1
    }
    return -1
  }

  isFunction(name: string): boolean {
    return this.#functions.has(name) || this.#env.isFunction(name)
  }

  /** A read-only parameter or a constant of the innermost function. */
  isReadOnly(name: string): boolean {
    const scope = this.#scopes.at(-1)!
    return scope.constants.has(name) || (scope.params.has(name) && !scope.mutable.has(name))
  }

  assignConstant(name: string): void {
    this.assign(name)
    this.#scopes.at(-1)!.constants.add(name)
  }

  /** At the top level between units: what ran may have removed constants; functions left open by an error are closed. */
  reset(): void {
    this.#scopes.length = 1
    this.#scopes[0].constants.clear()
  }

  assign(name: string): void {
    const scope = this.#scopes.at(-1)!
    if (!scope.params.has(name)) scope.locals.add(name)
  }

  /** Whether the function takes the name as a keyword; undefined if nobody knows the function. */
  hasParameter(fn: string, name: string): boolean | undefined {
    if (this.isVariable(fn)) return undefined
    return this.#functions.get(fn)?.includes(name) ?? this.#env.hasParameter?.(fn, name)
  }

  /** Methods are called by name inside their class. */
  defineMethod(name: string): void {
    this.#functions.set(name, undefined)
  }

  defineFunction(name: string, params?: readonly string[]): void {
    this.#functions.set(name, params)
    // A definition at top level hides a variable of that name that this script made.
    this.#scopes[0].locals.delete(name)
  }

  isBuiltin(name: string): boolean {
    return this.#env.isBuiltin?.(name) ?? false
  }

  enter(kind: 'def' | 'lambda', params: readonly { name: string; mutable: boolean }[]): void {
    this.#scopes.push(scope(kind, params))
  }

  leave(): FunctionNames {
    const scope = this.#scopes.pop()!
    return { locals: [...scope.locals], captures: [...scope.captures] }
  }
}
