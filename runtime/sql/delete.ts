/** delete from tables in memory: the table keeps its columns, the rows that satisfy the conditions go. */
import type { DeleteStatement, Expr, TableSource } from '../../lang/ast.ts'
import type { SqlScope } from '../compile/scope.ts'
import { inputError } from '../errors.ts'
import { SourceTable } from '../values/index.ts'
import { unsupported } from './evaluate.ts'
import { memoryTarget, targetName, targetRows } from './modify-rows.ts'

/** Returns the number of rows deleted. */
export function executeDelete(node: DeleteStatement, scope: SqlScope): number {
  const target = node.table ?? plainTable(node.from)
  const found = scope.writableTable(target)
  if (node.map && !(found instanceof SourceTable)) throw unsupported('MAP with delete on tables in memory')
  const table = memoryTarget(found, 'delete')
  const { numbers } = targetRows(table, targetName(target), node.table === null ? null : node.from, node.where, scope)
  const gone = new Uint8Array(table.rows)
  let count = 0
  for (const row of numbers) {
    if (gone[row] === 0) count++
    gone[row] = 1
  }
  if (count === 0) return 0
  const kept = new Int32Array(table.rows - count)
  for (let k = 0, m = 0; k < gone.length; k++) if (gone[k] === 0) kept[m++] = k
  table.columns = table.columns.map((c) => c.gather(kept))
  table.keyIndex = undefined
  return count
}

function plainTable(from: TableSource): Expr {
  if (from.kind === 'table') return from.expr
  throw inputError('To delete with a join, name the table to delete from: delete t from ej(t, u, ...).', {
    code: 'delete',
  })
}
