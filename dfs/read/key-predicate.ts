/** What a predicate says about some columns alone. */
import type { ColumnPredicate } from '../../runtime/values/index.ts'

/**
 * A predicate on these columns only, that holds wherever the given one does; undefined if there is none. Where a newer row hides older ones with its key, pieces of
 * a chunk may be passed over only by what all the rows of a key have in common.
 */
export function predicateOn(
  columns: readonly string[],
  predicate: ColumnPredicate | undefined,
): ColumnPredicate | undefined {
  if (predicate === undefined) return undefined
  switch (predicate.kind) {
    case 'noMatch':
      return predicate
    case 'and': {
      const parts = predicate.parts.flatMap((p) => predicateOn(columns, p) ?? [])
      return parts.length === 0 ? undefined : { kind: 'and', parts }
    }
    case 'or': {
      const parts = predicate.parts.map((p) => predicateOn(columns, p))
      return parts.every((p) => p !== undefined) ? { kind: 'or', parts } : undefined
    }
    default:
      return columns.includes(predicate.column) ? predicate : undefined
  }
}
