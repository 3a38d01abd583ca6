/** The entrance of the runtime: make an interpreter, run scripts, show values and errors. */

import { coreBuiltins } from './builtins/core-index.ts'
import { foldBuiltins } from './builtins/folds.ts'
import { higherOrderBuiltins } from './builtins/higher-order.ts'
import { languageBuiltins } from './builtins/language.ts'
import { libraryBuiltins } from './builtins/library-index.ts'
import { metaprogrammingBuiltins } from './builtins/metaprogramming.ts'
import { objectBuiltins } from './builtins/objects.ts'
import { sessionBuiltins } from './builtins/session-functions.ts'
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

/** Every builtin of the runtime itself. */
export const runtimeBuiltins: readonly Builtin[] = [
  ...coreBuiltins,
  ...libraryBuiltins,
  ...higherOrderBuiltins,
  ...foldBuiltins,
  ...languageBuiltins,
  ...metaprogrammingBuiltins,
  ...objectBuiltins,
  ...sessionBuiltins,
]

/** A registry with the runtime's builtins and those of other rooms. */
export function createRegistry(...rooms: readonly (readonly Builtin[])[]): Registry {
  const registry = new Registry()
  registry.add(runtimeBuiltins)
  for (const builtins of rooms) registry.add(builtins)
  return registry
}

/** A session. Without a registry it has the runtime's builtins only. */
export function createInterpreter(options: Partial<InterpreterOptions> = {}): Interpreter {
  registerCodecs()
  return new Interpreter({ ...options, registry: options.registry ?? createRegistry() })
}
