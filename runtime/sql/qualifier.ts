/**
 * Metacode that functions build (`sql(<t.x>, t)`) holds the table itself, not its name. Its parts may still qualify columns by the variable
 * that holds the table.
 */
import type { Expr, SelectStatement } from '../../lang/ast.ts'
import type { SqlScope } from '../compile/scope.ts'
import { forEachChild, knownValue, walk } from './expressions.ts'

/** The variable by which the statement qualifies columns of a table that it holds as a value; empty if it does not. */
export function qualifierOf(table: Expr, statement: object, scope: SqlScope): string {
  if (table.kind !== 'value') return ''
  let found = ''
  const look = (e: Expr): boolean => {
    if (found === '' && e.kind === 'member' && e.object.kind === 'name')
      if (knownValue(e.object, scope) === table.value) found = e.object.name
    return found === ''
  }
  forEachChild(statement, (part) => walk(part, look))
  return found
}

/** The query with that variable for an alias. */
export function withQualifier(node: SelectStatement, scope: SqlScope): SelectStatement {
  const { from } = node
  if (from?.kind !== 'table' || from.alias !== null) return node
  const alias = qualifierOf(from.expr, node, scope)
  return alias === '' ? node : { ...node, from: { ...from, alias } }
}
