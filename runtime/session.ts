/**
 * What a builtin may use of the session that runs it. The evaluator (runtime/compile) implements it; other rooms attach their own state
 * through `services`, so that the runtime needs to know none of them.
 */
import type { Builtin, Registry } from './registry.ts'
import type { FunctionValue } from './values/function.ts'
import type { Value } from './values/scalar.ts'

/** Key of a service: `const dfsService = serviceKey<DfsClient>('dfs')`. */
export interface ServiceKey<S> {
  readonly name: string
  readonly __type?: S
}
export const serviceKey = <S>(name: string): ServiceKey<S> => ({ name })

/** Uniform numbers in [0, 1); seeded by `setRandomSeed`. */
export interface Random {
  next(): number
  seed(seed: number): void
}

/** Where names that no session defines are looked for: functions of the store that every session may call. */
export interface FunctionViews {
  find(name: string): Builtin | undefined
}
export const functionViewService: ServiceKey<FunctionViews> = serviceKey<FunctionViews>('function views')

export interface Session {
  readonly registry: Registry
  readonly random: Random
  /** Milliseconds since the epoch; fixed in tests. */
  now(): number
  /** Calls any function value: checks arity, fills defaults, keeps frames. `undefined` = argument not given. */
  call(fn: FunctionValue, args: readonly (Value | undefined)[]): Value
  /** One line (or block) of output, without the final newline. */
  print(text: string): void
  /** The text of a value as print shows it. */
  display(value: Value): string
  /** Logged-in user, `guest` otherwise. Services change it at login. */
  user: string
  readonly sessionId: bigint
  /** Session variable, then shared variable; undefined if there is none. */
  variable(name: string): Value | undefined
  setVariable(name: string, value: Value): void
  removeVariable(name: string): boolean
  variableNames(): string[]
  /** Script function known to the session. */
  userFunction(name: string): FunctionValue | undefined
  userFunctionNames(): string[]
  /** The next `use` of a module reads its file again. */
  forgetModules(): void
  /** Shared tables and objects, visible to all sessions of the thread's process. */
  readonly shared: Map<string, Value>
  service<S>(key: ServiceKey<S>): S
  hasService<S>(key: ServiceKey<S>): boolean
  provide<S>(key: ServiceKey<S>, service: S): void
  /** Runs script text in this session and returns the value of the last expression statement (VOID if none). */
  run(script: string, file?: string): Value
}

/** Second names of databases, as scripts write them: `catalog.schema.table`. */
export interface SqlCatalogs {
  /** The catalog that `schema.table` is looked up in; undefined as long as the session has chosen none. */
  readonly current: string | undefined
  /** Chooses the catalog of the session; undefined for none. It must exist. */
  use(catalog: string | undefined): void
  /** What a path of names begins with: a catalog, or a schema of the current one, as a NamePath. Undefined for any other name. */
  root(name: string): Value | undefined
  /** Url of the database behind `schema` or `catalog.schema`; undefined where the catalog has no such schema. A catalog that is not there is an error. */
  databaseOf(path: readonly string[]): string | undefined
  /** A url for a new database of a schema that is not there yet. */
  newDatabase(path: readonly string[]): { readonly catalog: string; readonly schema: string; readonly url: string }
}
export const sqlCatalogService: ServiceKey<SqlCatalogs> = serviceKey<SqlCatalogs>('sql catalogs')
