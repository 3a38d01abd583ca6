/** The entrance of the runtime: make an interpreter, run scripts, show values and errors. */

import { coreBuiltins } from './builtins/core-index.ts'
import { foldBuiltins } from './builtins/folds.ts'
import { higherOrderBuiltins } from './builtins/higher-order.ts'
import { introspectionBuiltins } from './builtins/introspection.ts'
import { languageBuiltins } from './builtins/language.ts'
import { libraryBuiltins } from './builtins/library-index.ts'
import { metaprogrammingBuiltins } from './builtins/metaprogramming.ts'
import { objectBuiltins } from './builtins/objects.ts'
import { sessionBuiltins } from './builtins/session-functions.ts'
import { unitTestBuiltins } from './builtins/unit-tests.ts'
import { registerCodecs } from './compile/codecs.ts'
import { Interpreter, type InterpreterOptions } from './interpreter.ts'
import { type Builtin, Registry } from './registry.ts'

export { formatRuntimeError, runtimeMessage } from './compile/format-error.ts'
export { labelsOf } from './compile/labels.ts'
export { receiveFunction, type ShippedFunction, shipFunction } from './compile/ship.ts'
export * from './errors.ts'
export { Interpreter, type InterpreterOptions, type RunOptions } from './interpreter.ts'
export * from './interrupt.ts'
export * from './print/index.ts'
export * from './registry.ts'
export * from './session.ts'
export * from './values/index.ts'
export * from './values/transfer.ts'

/** The families of functions that a session loads when it first names one of them (jobs/late-library.ts). */
export { libraryBuiltins }

/** The builtins of the runtime that every session starts with. */
const firstBuiltins: readonly Builtin[] = [
  ...coreBuiltins,
  ...higherOrderBuiltins,
  ...foldBuiltins,
  ...languageBuiltins,
  ...introspectionBuiltins,
  ...metaprogrammingBuiltins,
  ...objectBuiltins,
  ...sessionBuiltins,
  ...unitTestBuiltins,
]

/** A registry that lacks the library: for sessions, which add it by names. */
export function createFirstRegistry(): Registry {
  const registry = new Registry()
  registry.add(firstBuiltins)
  return registry
}

/** A registry with the runtime's builtins and those of other rooms. */
export function createRegistry(...rooms: readonly (readonly Builtin[])[]): Registry {
  const registry = createFirstRegistry()
  registry.add(libraryBuiltins)
  for (const builtins of rooms) registry.add(builtins)
  return registry
}

/** A session. Without a registry it has the runtime's builtins only. */
export function createInterpreter(options: Partial<InterpreterOptions> = {}): Interpreter {
  registerCodecs()
  return new Interpreter({ ...options, registry: options.registry ?? createRegistry() })
}
