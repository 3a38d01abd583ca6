/** All builtins of the runtime at once, for tools and tests. Sessions start with less. */
import { libraryBuiltins } from './builtins/library-index.ts'
import { createFirstRegistry, createThreadInterpreter } from './first-registry.ts'
import type { Interpreter, InterpreterOptions } from './interpreter.ts'
import type { Builtin, Registry } from './registry.ts'

/** A registry with the runtime's builtins and those of other rooms. */
export function createRegistry(...rooms: readonly (readonly Builtin[])[]): Registry {
  const registry = createFirstRegistry()
  registry.add(libraryBuiltins)
  for (const builtins of rooms) registry.add(builtins)
  return registry
}

/** A session. Without a registry it has the runtime's builtins only. */
export function createInterpreter(options: Partial<InterpreterOptions> = {}): Interpreter {
  return createThreadInterpreter({ ...options, registry: options.registry ?? createRegistry() })
}
