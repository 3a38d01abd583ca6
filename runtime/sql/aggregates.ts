/** Aggregates that have grouped kernels: one pass over all rows instead of one call a group. */
import { groupedAggregate, groupedWeighted } from '../kernels/aggregate.ts'
import type { Groups } from '../kernels/group-numbers.ts'
import { isNumeric, type Value, type Vector } from '../values/index.ts'
import { repeated } from './columns.ts'

/** The call over all groups, or undefined when it has to be made group by group. */
export function groupedCall(name: string, args: readonly (Value | undefined)[], groups: Groups): Vector | undefined {
  const x = args[0]
  if (args.length === 1) {
    if (x?.kind !== 'vector' || x.length !== groups.rows) return undefined
    return groupedAggregate(name, x, groups)
  }
  if (args.length !== 2 || (name !== 'wavg' && name !== 'wsum')) return undefined
  const a = numbers(x, groups.rows)
  const b = numbers(args[1], groups.rows)
  return a === undefined || b === undefined ? undefined : groupedWeighted(name, a, b, groups.ids, groups.count)
}

/** A numeric column, or a numeric scalar repeated. */
function numbers(v: Value | undefined, rows: number): Vector | undefined {
  if (v?.kind === 'scalar' && isNumeric(v.type)) return repeated(v, rows)
  return v?.kind === 'vector' && v.length === rows && isNumeric(v.type) ? v : undefined
}
