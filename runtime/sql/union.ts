/** union, union all and with. */
import type { QueryStatement, UnionStatement, WithStatement } from '../../lang/ast.ts'
import type { SqlScope } from '../compile/scope.ts'
import { inputError } from '../errors.ts'
import { convertForAppend } from '../ops/cast.ts'
import { Table, type Value } from '../values/index.ts'
import { scaleOf, stackTables } from './columns.ts'
import { distinctRows, limitRows, rowRange } from './order.ts'
import { arisenAt } from './place.ts'
import { atLimit, executeSelect, ordered } from './select.ts'

/** Any query. */
export function executeQuery(node: QueryStatement, scope: SqlScope): Value {
  switch (node.kind) {
    case 'select':
      return executeSelect(node, scope)
    case 'union':
      return union(node, scope)
    case 'with':
      return withTables(node, scope)
  }
}

/** Columns, names and types come from the first query. */
function union(node: UnionStatement, scope: SqlScope): Value {
  const left = tableOf(executeQuery(node.left, scope))
  const right = tableOf(executeQuery(node.right, scope))
  if (left.columns.length !== right.columns.length)
    throw arisenAt(
      inputError('The queries of a UNION must return the same number of columns.', { code: 'unionColumns' }),
      node.right.span,
    )
  const converted = right.columns.map((c, k) => {
    const target = left.columns[k]
    return target.type === c.type ? c : convertForAppend(c, target.type, scaleOf(target))
  })
  let table = stackTables([left, new Table(left.names, converted)])
  if (!node.all) table = distinctRows(table)
  if (node.orderBy.length > 0) {
    const whole = { orderBy: node.orderBy, distinct: false, group: null }
    table = ordered(whole, { table, items: [] }, undefined, scope)
  }
  return atLimit(node, () => limitRows(table, rowRange(null, node.limit, scope)))
}

function tableOf(value: Value): Table {
  if (value instanceof Table) return value
  throw inputError('A query of a UNION must return a table.', { code: 'union' })
}

/** Each table of the clause sees those before it. */
function withTables(node: WithStatement, scope: SqlScope): Value {
  let inner = scope
  for (const { name, columns, query } of node.tables) {
    const result = tableOf(executeQuery(query, inner))
    if (columns !== null && columns.length !== result.columns.length)
      throw inputError(
        `The WITH clause names ${columns.length} columns for [${name}], but its query returns ${result.columns.length}.`,
        {
          code: 'withColumns',
        },
      )
    const table = new Table(columns === null ? result.names : [...columns], result.columns)
    inner = inner.withNames(new Map([[name, table]]))
  }
  return executeQuery(node.body, inner)
}
