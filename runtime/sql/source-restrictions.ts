/** Conditions that queries on partitioned tables refuse whatever their plan (SQL reference, 18.3). */
import type { Expr } from '../../lang/ast.ts'
import type { ColumnResolver } from '../compile/scope.ts'
import { inputError } from '../errors.ts'
import {
  type ColumnPredicate,
  isTemporal,
  type SourcePartition,
  T,
  type TableSnapshot,
  type TypeId,
  typeName,
} from '../values/index.ts'
import { callShape, isCallOf, readsColumns, some } from './expressions.ts'
import type { SourceRef } from './from.ts'

/** maxPartitionNumPerQuery. */
export const MAX_PARTITIONS_PER_QUERY = 65_536

/** The partitions that a query has to look at, unless they are too many. */
export function partitionsOfQuery(
  snapshot: TableSnapshot,
  predicate: ColumnPredicate | undefined,
): readonly SourcePartition[] {
  const partitions = snapshot.partitions(predicate)
  if (partitions.length > MAX_PARTITIONS_PER_QUERY)
    throw inputError(
      `The query touches ${partitions.length} partitions, but at most ${MAX_PARTITIONS_PER_QUERY} are allowed (maxPartitionNumPerQuery).`,
      { refId: 'S02039', hint: 'add conditions on the partitioning columns to the where clause' },
    )
  return partitions
}

/** A condition compares a column with constants of a type: those of time need constants of time where partitions are chosen by them. */
export function checkTemporalCondition(
  ref: SourceRef,
  column: { readonly name: string; readonly type: TypeId },
  constant: TypeId,
): void {
  if (!isTemporal(column.type) || isTemporal(constant) || constant === T.VOID) return
  if (!ref.source.partitionColumns().some((c) => c.toLowerCase() === column.name.toLowerCase())) return
  throw inputError(
    `The temporal partitioning column [${column.name}] of type ${typeName(column.type)} can't be compared with a value of type ${typeName(constant)}.`,
    { refId: 'S02040' },
  )
}

/** `x in column`: each row would be searched in the column of its own partition only. */
export function checkInOperands(condition: Expr, columns: ColumnResolver): void {
  const listed = (e: Expr): Expr | null | undefined =>
    e.kind === 'predicate' && e.op === 'in' ? e.right : isCallOf(e, 'in') ? callShape(e)!.args[1]?.value : undefined
  const readsTable = (e: Expr): boolean => !some(e, (x) => x.kind === 'sql') && readsColumns(e, columns)
  if (
    some(condition, (e) => {
      const right = listed(e)
      return right != null && readsTable(right)
    })
  )
    throw inputError("A column of a partitioned table can't be on the right of IN in a distributed query.", {
      refId: 'S02037',
    })
}
