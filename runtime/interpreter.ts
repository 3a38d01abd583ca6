/**
 * One session: its variables, functions, modules and services, and the way from script text to results. Synchronous; one per thread.
 *
 * A script runs unit by unit (a unit ends at `go`): the unit is parsed as a whole, then its statements are compiled and run one after the
 * other. The first error ends the script.
 */
import { readFileSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import type { MaprStatement, Statement } from '../lang/ast.ts'
import type { SqlStatement } from '../lang/ast-sql.ts'
import { SourceText } from '../lang/source.ts'
import { callFunction } from './compile/call.ts'
import { Cell, FunctionCell } from './compile/cells.ts'
import { instanceOf, type ScriptClass } from './compile/classes.ts'
import { define } from './compile/effects.ts'
import { Emitter } from './compile/emitter.ts'
import { leavesInnerScript, positionIn } from './compile/failure.ts'
import type { Host } from './compile/host.ts'
import { missingFeature } from './compile/not-there.ts'
import { keepShown, rebind } from './compile/ownership.ts'
import { type ParserNames, parseUnits } from './compile/parse.ts'
import type { SqlScope } from './compile/scope.ts'
import { emitStatement, emitStatementValue } from './compile/statements.ts'
import { suggestion } from './compile/suggest.ts'
import type { Transaction } from './compile/transactions.ts'
import { findUnknownName } from './compile/unknown-names.ts'
import { HoldfastError, inputError, toHoldfastError } from './errors.ts'
import { type DisplayOptions, displayValue } from './print/index.ts'
import { SeededRandom } from './random.ts'
import type { Registry } from './registry.ts'
import { functionViewService, type Random, type ServiceKey, sqlCatalogService } from './session.ts'
import { executeSql, maprService } from './sql/index.ts'
import { dropKept } from './values/allocator.ts'
import { BuiltinFunction, type FunctionValue, Scalar, type Value } from './values/index.ts'

export interface InterpreterOptions {
  readonly registry: Registry
  /** Where print writes; standard output when absent. */
  readonly print?: (text: string) => void
  readonly now?: () => number
  readonly display?: DisplayOptions
  /** Objects that all sessions of the process see. */
  readonly shared?: Map<string, Value>
  readonly sessionId?: bigint
  readonly user?: string
  /** Folder in which `modules/` and relative includes are looked for when the script has no file. */
  readonly folder?: string
}

export interface RunOptions {
  /** Name for messages; its folder is where modules and includes are looked for. */
  readonly file?: string
  /** Called with the value of every expression statement of the top level. */
  readonly onExpression?: (value: Value, statement: Statement) => void
}

export class Interpreter implements Host {
  /** Scripts that are running inside each other. */
  #depth = 0
  #failedAssertions = 0
  readonly registry: Registry
  readonly random: Random = new SeededRandom()
  readonly shared: Map<string, Value>
  readonly classes = new Map<string, ScriptClass>()
  transaction: Transaction | undefined
  readonly #maprs = new Map<string, MaprStatement>()
  readonly sessionId: bigint
  readonly displayOptions: DisplayOptions
  user: string
  #print: (text: string) => void
  readonly #now: () => number
  readonly #cells = new Map<string, Cell>()
  readonly #functions = new Map<string, FunctionCell>()
  readonly #services = new Map<string, unknown>()
  #provideRest: (() => void) | undefined
  /** Functions that all sessions of a store share, as far as this one has called them. */
  readonly #views = new Map<string, BuiltinFunction>()
  /** Modules imported by the session (key '') and by each module. */
  readonly #imports = new Map<string, string[]>()
  /** Modules that the next `use` reads from their files again. */
  readonly #staleModules = new Set<string>()
  readonly #loading: string[] = []
  #folder: string

  constructor(options: InterpreterOptions) {
    this.registry = options.registry
    this.shared = options.shared ?? new Map()
    this.sessionId = options.sessionId ?? 1n
    this.displayOptions = options.display ?? {}
    this.user = options.user ?? 'guest'
    this.#print = options.print ?? ((text) => void process.stdout.write(`${text}\n`))
    this.#now = options.now ?? Date.now
    this.#folder = options.folder ?? process.cwd()
  }

  now(): number {
    return this.#now()
  }

  print(text: string): void {
    this.#print(text)
  }

  display(value: Value): string {
    const method = instanceOf(value)?.scriptClass.method('str')
    if (method !== undefined) return this.display(this.call(method, [value]))
    return displayValue(value, this.displayOptions)
  }

  printingTo(print: (text: string) => void, run: () => void): void {
    const before = this.#print
    this.#print = print
    try {
      run()
    } finally {
      this.#print = before
    }
  }

  /** Assertions that failed since the session began. */
  get failedAssertions(): number {
    return this.#failedAssertions
  }

  assertionFailed(message: string): void {
    this.#failedAssertions++
    this.print(message)
  }

  call(fn: FunctionValue, args: readonly (Value | undefined)[]): Value {
    return callFunction(this, fn, args.slice())
  }

  // -------------------------------------------------------------------------------------------------------------------
  // Names

  cell(name: string): Cell {
    let cell = this.#cells.get(name)
    if (cell === undefined) {
      cell = new Cell(name)
      this.#cells.set(name, cell)
    }
    return cell
  }

  functionCell(name: string): FunctionCell {
    let cell = this.#functions.get(name)
    if (cell === undefined) {
      cell = new FunctionCell(name)
      this.#functions.set(name, cell)
    }
    return cell
  }

  lookupFunction(name: string, module: string): BuiltinFunction | FunctionCell | undefined {
    if (name.includes('::')) return this.#functions.get(name) ?? this.#views.get(name)
    if (module !== '') {
      const own = this.#functions.get(`${module}::${name}`)
      if (own?.fn !== undefined) return own
    }
    const imported = (this.#imports.get(module) ?? []).filter(
      (m) => this.#functions.get(`${m}::${name}`)?.fn !== undefined,
    )
    if (imported.length > 1)
      throw inputError(
        `Modules [${imported[0]}] and [${imported[1]}] contain function [${name}]. Please use module name to qualify the function.`,
      )
    if (imported.length === 1) return this.#functions.get(`${imported[0]}::${name}`)
    return this.rootFunction(name)
  }

  rootFunction(name: string): BuiltinFunction | FunctionCell | undefined {
    const builtin = this.registry.get(name)
    if (builtin !== undefined) return builtin
    const cell = this.#functions.get(name)
    return cell?.fn === undefined ? this.#views.get(name) : cell
  }

  /** Looks for a name that is no function of this session among those of the store. */
  #findView(name: string): boolean {
    if (!this.hasService(functionViewService)) return false
    const found = this.service(functionViewService).find(name)
    if (found === undefined) return false
    this.#views.set(name, new BuiltinFunction(found))
    return true
  }

  /** A catalog, or a schema of the current one. */
  #namePath(name: string): Value | undefined {
    return this.hasService(sqlCatalogService) ? this.service(sqlCatalogService).root(name) : undefined
  }

  looseName(name: string, module: string): Value {
    const shared = this.shared.get(name)
    if (shared !== undefined) return shared
    const fn = this.lookupFunction(name, module)
    if (fn instanceof BuiltinFunction) return fn
    if (fn !== undefined) return fn.get()
    if (this.#findView(name)) return this.looseName(name, module)
    const path = this.#namePath(name)
    if (path !== undefined) return path
    throw inputError(`Cannot recognize the token ${name}`, {
      code: 'unknownName',
      where: { name },
      hint: this.#hint(name),
    })
  }

  #hint(name: string): string | undefined {
    // A variable of the session looks known to the author, but functions do not see it.
    if (this.#cells.get(name)?.value !== undefined)
      return `${name} is a variable of the session; a function sees only its parameters, its own variables and shared objects`
    return (
      missingFeature(name) ??
      suggestion(name, [...this.variableNames(), ...this.userFunctionNames(), ...this.registry.names()])
    )
  }

  variable(name: string): Value | undefined {
    return this.#cells.get(name)?.value ?? this.shared.get(name)
  }

  setVariable(name: string, value: Value): void {
    const cell = this.cell(name)
    if (cell.constant) throw inputError(`Constant variable [${name}] can't be modified.`, { code: 'constant' })
    cell.value = rebind(cell.value, value)
  }

  removeVariable(name: string): boolean {
    const cell = this.#cells.get(name)
    if (cell?.value === undefined) return false
    cell.value = undefined
    cell.constant = false
    return true
  }

  variableNames(): string[] {
    return [...this.#cells.values()].filter((c) => c.value !== undefined).map((c) => c.name)
  }

  userFunction(name: string): FunctionValue | undefined {
    return this.#functions.get(name)?.fn
  }

  userFunctionNames(): string[] {
    return [...this.#functions.values()].filter((c) => c.fn !== undefined).map((c) => c.name)
  }

  /** Names for completion at the prompt. */
  completions(): { readonly variables: string[]; readonly functions: string[] } {
    return {
      variables: [...this.variableNames(), ...this.shared.keys()].sort(),
      functions: [...new Set([...this.userFunctionNames(), ...this.registry.names()])].sort(),
    }
  }

  /** A `mapr` states in other words what the function computes: cumulative groups run it, all other queries call the function itself. */
  defineMapr(node: MaprStatement): void {
    const fn = this.lookupFunction(node.name, '')
    const params = fn instanceof BuiltinFunction ? fn.params : fn?.fn?.params
    if (params === undefined)
      throw inputError(`The function or procedure '${node.name}' is not defined.`, {
        refId: 'S06004',
        hint: 'a mapr states how an aggregate that is defined already is computed piece by piece',
      })
    // A mapr may be that of calls without the last optional arguments.
    if (node.params.length > params.length || params.slice(node.params.length).some((p) => !p.optional))
      throw inputError(
        `The mapr of ${node.name} has ${node.params.length} parameters, but the function has ${params.length}.`,
      )
    this.#maprs.set(node.name, node)
    this.provide(maprService, this.#maprs)
  }

  // -------------------------------------------------------------------------------------------------------------------
  // Services

  service<S>(key: ServiceKey<S>): S {
    const found = this.#found(key)
    if (found === undefined) throw inputError(`This session has no ${key.name}.`, { code: 'service' })
    return found as S
  }

  hasService<S>(key: ServiceKey<S>): boolean {
    return this.#found(key) !== undefined
  }

  #found(key: ServiceKey<unknown>): unknown {
    const found = this.#services.get(key.name)
    if (found !== undefined || this.#provideRest === undefined) return found
    const provide = this.#provideRest
    this.#provideRest = undefined
    provide()
    return this.#services.get(key.name)
  }

  provide<S>(key: ServiceKey<S>, service: S): void {
    this.#services.set(key.name, service)
  }

  /** `provide` is called once, when a service is asked for that is not there yet. If it fails, the next who asks hears why too. */
  provideLater(provide: () => void): void {
    this.#provideRest = () => {
      try {
        provide()
      } catch (thrown) {
        this.provideLater(provide)
        throw thrown
      }
    }
  }

  // -------------------------------------------------------------------------------------------------------------------
  // Running

  run(script: string, file?: string | RunOptions): Value {
    const options: RunOptions = typeof file === 'string' ? { file } : (file ?? {})
    const source = new SourceText(script, options.file ?? '')
    this.#depth++
    const folder = this.#folder
    if (options.file !== undefined) this.#folder = dirname(options.file)
    let last: Value = Scalar.VOID
    try {
      for (const statements of parseUnits(source, this.parserNames(''))) {
        this.#checkNames(statements, source)
        for (const statement of statements) {
          const value = this.runStatement(statement, source)
          if (value === undefined) continue
          // Whatever becomes of the variable, what the script ends with stays as it is.
          keepShown(value)
          last = value
          options.onExpression?.(value, statement)
        }
      }
    } catch (thrown) {
      throw this.#depth > 1 ? leavesInnerScript(thrown) : thrown
    } finally {
      this.#folder = folder
      this.#depth--
      if (this.#depth === 0) dropKept()
    }
    return last
  }

  /** A misspelt name must not be found when half of the unit has run. */
  #checkNames(statements: readonly Statement[], source: SourceText): void {
    const unknown = findUnknownName(statements, (name) => this.#findView(name) || this.#namePath(name) !== undefined)
    if (unknown === undefined) return
    const { name, span } = unknown.node
    const position = positionIn(source, span.start)
    const candidates = [...unknown.defined, ...this.variableNames(), ...this.shared.keys(), ...this.userFunctionNames()]
    const error = inputError(`Syntax Error: [line #${position.line}] Cannot recognize the token ${name}`, {
      code: 'unknownName',
      hint: missingFeature(name) ?? suggestion(name, [...candidates, ...this.registry.names()]),
    })
    error.position = position
    throw error
  }

  /** Compiles and runs one statement of the top level. The value of an expression statement, undefined for any other. */
  runStatement(statement: Statement, source: SourceText): Value | undefined {
    const em = new Emitter({ host: this, source, module: '', seesSession: true })
    try {
      const body = emitStatementValue(em, statement) ?? emitStatement(em, statement)
      const topLevel = this.#depth > 1 ? 'ofInnerScript' : 'ofScript'
      return em.build([], body, { source, spans: em.spans, functionName: undefined, topLevel })() as Value | undefined
    } catch (thrown) {
      const error = toHoldfastError(thrown)
      error.position ??= positionIn(source, statement.span.start)
      throw error
    }
  }

  /** What the parser asks about names. */
  parserNames(module: string): ParserNames {
    return {
      isFunction: (name) => this.lookupFunction(name, module) !== undefined,
      isVariable: (name) => module === '' && (this.#cells.get(name)?.value !== undefined || this.shared.has(name)),
      isBuiltin: (name) => module === '' && this.registry.has(name),
      hasParameter: (fn, name) => {
        const found = this.lookupFunction(fn, module)
        const params = found instanceof BuiltinFunction ? found.builtin.params : found?.fn?.params
        return params?.some((param) => param.name === name)
      },
    }
  }

  runSql(node: SqlStatement, scope: SqlScope): Value {
    return executeSql(node, scope)
  }

  // -------------------------------------------------------------------------------------------------------------------
  // Modules and includes

  includeFile(path: string): void {
    const file = isAbsolute(path) ? path : join(this.#folder, path)
    this.run(readScript(file), { file })
  }

  forgetModules(): void {
    for (const path of this.#imports.keys()) this.#staleModules.add(path)
  }

  loadModule(path: string): void {
    this.#import('', path)
  }

  #import(into: string, path: string): void {
    const imports = this.#imports.get(into) ?? []
    this.#imports.set(into, imports)
    if (imports.includes(path) && !this.#staleModules.has(path)) return
    if (this.#loading.includes(path))
      throw inputError(`Modules refer to each other in a circle: ${[...this.#loading, path].join(' -> ')}.`)
    if (this.#staleModules.delete(path) || !this.#imports.has(path)) this.#loadModuleFile(path)
    if (!imports.includes(path)) imports.push(path)
  }

  #loadModuleFile(path: string): void {
    const file = join(this.#folder, 'modules', `${join(...path.split('::'))}.dos`)
    const source = new SourceText(readScript(file, `The module ${path} was not found: there is no file ${file}.`), file)
    this.#loading.push(path)
    this.#imports.set(path, [])
    try {
      for (const statements of parseUnits(source, this.parserNames(path)))
        for (const statement of statements) this.#defineInModule(statement, source, path)
    } catch (error) {
      this.#imports.delete(path)
      throw leavesInnerScript(error)
    } finally {
      this.#loading.pop()
    }
  }

  /** A module file is only its definitions and imports; other statements are ignored. */
  #defineInModule(statement: Statement, source: SourceText, path: string): void {
    if (statement.kind === 'module') {
      const declared = statement.path.join('::')
      if (declared !== path)
        throw new HoldfastError('input', `The file of module ${path} declares module ${declared}.`, { code: 'module' })
    } else if (statement.kind === 'use' && !statement.catalog) this.#import(path, statement.path.join('::'))
    else if (statement.kind === 'def') define(this, statement, { source, module: path })
  }
}

function readScript(file: string, missing = `The script file ${file} was not found.`): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new HoldfastError('io', missing, { code: 'scriptMissing', where: { file }, cause: error })
  }
}
