// What the parser knows of names. Functions see their parameters, their own variables and functions; lambdas also what encloses them.

export interface ParserNames {
  isFunction(name: string): boolean
  isVariable(name: string): boolean
  /** A builtin that scripts may not redefine; not asked for modules, which have names of their own. */
  isBuiltin?(name: string): boolean
}

interface Scope {
  readonly kind: 'top' | 'def' | 'lambda'
  readonly params: ReadonlySet<string>
  readonly mutable: ReadonlySet<string>
  readonly locals: Set<string>
  readonly captures: Set<string>
}

export interface FunctionNames {
  readonly locals: readonly string[]
  readonly captures: readonly string[]
}

export class Names {
  readonly #env: ParserNames
  readonly #scopes: Scope[] = [
    { kind: 'top', params: new Set(), mutable: new Set(), locals: new Set(), captures: new Set() },
  ]
  readonly #functions = new Set<string>()
  readonly constants = new Set<string>()

  constructor(env: ParserNames) {
    this.#env = env
  }

  get inFunction(): boolean {
    return this.#scopes.length > 1
  }
  get inDef(): boolean {
    return this.#scopes.some((s) => s.kind === 'def')
  }

  /** A variable that can be read here; the lambdas between note that they capture it. */
  isVariable(name: string): boolean {
    for (let k = this.#scopes.length - 1; k >= 0; k--) {
      const scope = this.#scopes[k]
      const known =
        scope.params.has(name) || scope.locals.has(name) || (scope.kind === 'top' && this.#env.isVariable(name))
      if (known) {
        for (let inner = k + 1; inner < this.#scopes.length; inner++) this.#scopes[inner].captures.add(name)
        return true
      }
      if (scope.kind === 'def') return false
    }
    return false
  }

  isFunction(name: string): boolean {
    return this.#functions.has(name) || this.#env.isFunction(name)
  }

  /** A read-only parameter of the innermost function. */
  isReadOnly(name: string): boolean {
    const scope = this.#scopes.at(-1)!
    return scope.params.has(name) && !scope.mutable.has(name)
  }

  assign(name: string): void {
    const scope = this.#scopes.at(-1)!
    if (!scope.params.has(name)) scope.locals.add(name)
  }

  defineFunction(name: string): void {
    this.#functions.add(name)
    // A definition at top level hides a variable of that name that this script made.
    this.#scopes[0].locals.delete(name)
  }

  isBuiltin(name: string): boolean {
    return this.#env.isBuiltin?.(name) ?? false
  }

  enter(kind: 'def' | 'lambda', params: readonly { name: string; mutable: boolean }[]): void {
    this.#scopes.push({
      kind,
      params: new Set(params.map((p) => p.name)),
      mutable: new Set(params.filter((p) => p.mutable).map((p) => p.name)),
      locals: new Set(),
      captures: new Set(),
    })
  }

  leave(): FunctionNames {
    const scope = this.#scopes.pop()!
    return { locals: [...scope.locals], captures: [...scope.captures] }
  }
}
