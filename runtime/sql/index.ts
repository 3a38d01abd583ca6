/** SQL over tables: the entry of the evaluator. */
import type { SqlStatement } from '../../lang/ast.ts'
import type { SqlScope } from '../compile/scope.ts'
import { unreachable } from '../errors.ts'
import { Scalar, type Value } from '../values/index.ts'
import { alterTable, createDatabase, createTable, drop } from './ddl.ts'
import { executeDelete } from './delete.ts'
import { executeInsert } from './insert.ts'
import { namedInMemoryErrors } from './memory.ts'
import { placed } from './place.ts'
import { noteRows } from './row-count.ts'
import { executeQuery } from './union.ts'
import { executeUpdate } from './update.ts'

export { PartitionQuery, queryByPartition } from './by-partition.ts'
export { isFunctionJoin, joinCall } from './from.ts'
export { matchedRowCount } from './row-count.ts'
export { maprService } from './running.ts'

/** Runs a statement. Queries return their result; modifications and definitions return VOID. */
export function executeSql(node: SqlStatement, scope: SqlScope): Value {
  return namedInMemoryErrors(node, () => placed(scope, () => execute(node, scope)))
}

function execute(node: SqlStatement, scope: SqlScope): Value {
  switch (node.kind) {
    case 'select':
    case 'union':
    case 'with':
      return executeQuery(node, scope)
    case 'update':
      noteRows(scope.session, executeUpdate(node, scope))
      return Scalar.VOID
    case 'delete':
      noteRows(scope.session, executeDelete(node, scope))
      return Scalar.VOID
    case 'insert':
      noteRows(scope.session, executeInsert(node, scope))
      return Scalar.VOID
    case 'createTable':
      createTable(node, scope)
      return Scalar.VOID
    case 'createDatabase':
      createDatabase(node, scope)
      return Scalar.VOID
    case 'alterTable':
      alterTable(node, scope)
      return Scalar.VOID
    case 'dropDatabase':
    case 'dropTable':
      drop(node, scope)
      return Scalar.VOID
    default:
      return unreachable(node)
  }
}
