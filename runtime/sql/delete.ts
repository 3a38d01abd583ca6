/** delete: the table keeps its columns, the rows that satisfy the conditions go. Those of stored tables go piece by piece (modify-source.ts). */
import type { DeleteStatement, Expr, TableSource as FromNode } from '../../lang/ast.ts'
import type { SqlScope } from '../compile/scope.ts'
import { inputError } from '../errors.ts'
import { SourceTable, type Table } from '../values/index.ts'
import { unsupported } from './evaluate.ts'
import { targetName, targetRows } from './modify-rows.ts'
import { deleteStored } from './modify-source.ts'
import { qualifierOf } from './qualifier.ts'

/** Returns the number of rows deleted. */
export function executeDelete(node: DeleteStatement, scope: SqlScope): number {
  const target = node.table ?? plainTable(node.from)
  const found = scope.writableTable(target)
  const from = node.table === null ? null : node.from
  if (found instanceof SourceTable) return deleteStored({ ...node, from }, target, found, scope)
  if (node.map) throw unsupported('MAP with delete on tables in memory')
  const gone = rowsToDelete(found, targetName(target) || qualifierOf(target, node, scope), from, node.where, scope)
  if (gone.length === 0) return 0
  const kept = new Int32Array(found.rows - gone.length)
  for (let k = 0, g = 0, m = 0; k < found.rows; k++) {
    if (g < gone.length && gone[g] === k) g++
    else kept[m++] = k
  }
  found.columns = found.columns.map((c) => c.gather(kept))
  found.keyIndex = undefined
  return gone.length
}

/** Positions of the rows that go, ascending. A join may name a row many times. */
export function rowsToDelete(
  table: Table,
  name: string,
  from: FromNode | null,
  where: readonly Expr[],
  scope: SqlScope,
): Int32Array {
  const { numbers } = targetRows(table, name, from, where, scope)
  const gone = new Uint8Array(table.rows)
  for (const row of numbers) gone[row] = 1
  const out = new Int32Array(table.rows)
  let m = 0
  for (let k = 0; k < gone.length; k++) if (gone[k] === 1) out[m++] = k
  return out.subarray(0, m)
}

function plainTable(from: FromNode): Expr {
  if (from.kind === 'table') return from.expr
  throw inputError('To delete with a join, name the table to delete from: delete t from ej(t, u, ...).', {
    code: 'delete',
  })
}
