/**
 * Sub-selects in conditions on a stored table. What reads no column of the table has one value: it runs before anything else does, and its value stands in its
 * place, where it may choose partitions like any constant. Sub-selects that read a column stay, and run for each row.
 */
import type { Expr } from '../../lang/ast.ts'
import type { ColumnResolver, SqlScope } from '../compile/scope.ts'
import { Scalar } from '../values/index.ts'
import { notePlaces, type Place, uncorrelated } from './evaluate.ts'
import { isCallOf, replaced, some } from './expressions.ts'
import type { SourceRef } from './from.ts'
import { at } from './place.ts'
import { findField } from './relation.ts'

/** The conditions with values for sub-selects. */
export function runSubselects(conditions: readonly Expr[], ref: SourceRef, scope: SqlScope): readonly Expr[] {
  if (!conditions.some((c) => some(c, (e) => e.kind === 'sql'))) return conditions
  const columns: ColumnResolver = (name, qualifier) =>
    findField(ref.fields, name, qualifier) < 0 ? undefined : () => Scalar.VOID
  return conditions.map((c) => at(c.span, () => withValues(c, columns, scope)))
}

function withValues(condition: Expr, columns: ColumnResolver, scope: SqlScope): Expr {
  const places = new Map<Expr, Place>()
  return replaced(condition, (e) => {
    // Code that runs later, or elsewhere, is left as it is; exists asks for rows, not for a value.
    if (e.kind === 'lambda' || e.kind === 'metacode' || isCallOf(e, 'exists')) return e
    notePlaces(e, places)
    if (e.kind !== 'sql') return undefined
    const value = at(e.span, () => uncorrelated(e, columns, scope, places.get(e)))
    return value === undefined ? e : { kind: 'value', value, text: '(sub-select)', span: e.span }
  })
}
