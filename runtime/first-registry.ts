/** What every session starts with; the library (builtins/library-index.ts) is added whole, or by names and loaded late. */
import { coreBuiltins } from './builtins/core-index.ts'
import { foldBuiltins } from './builtins/folds.ts'
import { higherOrderBuiltins } from './builtins/higher-order.ts'
import { introspectionBuiltins } from './builtins/introspection.ts'
import { languageBuiltins } from './builtins/language.ts'
import { logBuiltins } from './builtins/log.ts'
import { metacodePartBuiltins } from './builtins/metacode-parts.ts'
import { metaprogrammingBuiltins } from './builtins/metaprogramming.ts'
import { objectBuiltins } from './builtins/objects.ts'
import { sessionBuiltins } from './builtins/session-functions.ts'
import { unitTestBuiltins } from './builtins/unit-tests.ts'
import { registerCodecs } from './compile/codecs.ts'
import { Interpreter, type InterpreterOptions } from './interpreter.ts'
import { type Builtin, Registry } from './registry.ts'

/** The builtins of the runtime that every session starts with. */
const firstBuiltins: readonly Builtin[] = [
  ...coreBuiltins,
  ...higherOrderBuiltins,
  ...foldBuiltins,
  ...languageBuiltins,
  ...introspectionBuiltins,
  ...logBuiltins,
  ...metacodePartBuiltins,
  ...metaprogrammingBuiltins,
  ...objectBuiltins,
  ...sessionBuiltins,
  ...unitTestBuiltins,
]

/** A registry that lacks the library. */
export function createFirstRegistry(): Registry {
  const registry = new Registry()
  registry.add(firstBuiltins)
  return registry
}

/** An interpreter with a registry that is there already. */
export function createThreadInterpreter(options: InterpreterOptions): Interpreter {
  registerCodecs()
  return new Interpreter(options)
}
