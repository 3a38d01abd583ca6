/**
 * Names of the arguments of the call in progress, for builtins that name columns after them (`table(x as a, y)`, `ej(t as l, u as r, ...)`).
 * Valid only while the builtin that received exactly this argument list starts: read it first, before calling anything else.
 */
import type { Value } from '../values/index.ts'

export const currentLabels: {
  names: readonly (string | null)[]
  args: readonly (Value | undefined)[] | undefined
} = { names: [], args: undefined }

/** Name of each argument (the alias, or the variable's name), null where there is none. */
export function labelsOf(args: readonly (Value | undefined)[]): readonly (string | null)[] {
  if (currentLabels.args !== args) return args.map(() => null)
  return args.map((_, k) => currentLabels.names[k] ?? null)
}
