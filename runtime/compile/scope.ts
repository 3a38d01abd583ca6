/**
 * What SQL execution may ask of the evaluator. `runtime/sql/index.ts` exports `executeSql(node, scope)`; compiled code calls it whenever a
 * statement of kind 'sql' runs, with a scope of the place where the statement stands.
 *
 * Name resolution inside SQL, first match wins: column of this query (`columns`), column of an enclosing query (correlated sub-query),
 * table of a `with` clause, local variable or parameter of the enclosing function (session variable at top level), shared variable,
 * function. Column names match as the resolver decides (SQL ignores case); all other names match exactly.
 *
 * A compiled expression is evaluated once per whole column, group or row set, never per element: a getter returns the current vector (or the
 * current scalar, for a group key), and calling the closure again after the getters changed what they return evaluates for the next group.
 */
import type { Expr, Span, SqlExpr } from '../../lang/ast.ts'
import type { ErrorPosition } from '../errors.ts'
import type { Session } from '../session.ts'
import type { SourceTable, Table, Value } from '../values/index.ts'

export type Getter = () => Value

/** `qualifier` is set for `t.price` (parsed as a member of a free name): undefined result means "not a column". */
export type ColumnResolver = (name: string, qualifier?: string) => Getter | undefined

/**
 * Looks at every sub-expression before the evaluator compiles it, outermost first; a getter takes its place. SQL uses it for what only
 * SQL knows: window functions (`over`), partial aggregates, `count(*)`, `rowNo`, macro variables.
 */
export type Interceptor = (expr: Expr) => Getter | undefined

export interface SqlScope {
  readonly session: Session
  /** Compiles an expression with columns in scope. Calls, operators, lambdas, member access on columns all work as in ordinary code. */
  compileInScope(expr: Expr, columns: ColumnResolver, intercept?: Interceptor): Getter
  /** Value of an expression without columns of this query: table sources, limits, values to insert. */
  evaluate(expr: Expr): Value
  /**
   * The table that the target expression of update, insert or delete denotes, ready to be changed in place: a table held by a plain variable
   * is thawed and stored back first. (Its columns may still be frozen: use `thawed(column)` for those that are written.)
   */
  writableTable(expr: Expr): Table | SourceTable
  /** The scope with further named tables (`with t as (select ...)`), which hide variables of that name. */
  withNames(names: ReadonlyMap<string, Value>): SqlScope
  /** Runs a nested query of this scope with the columns of the current one visible to it (correlated sub-query). */
  executeNested(query: SqlExpr, columns: ColumnResolver): Value
  /** Where a span of the statement stands in the script; undefined for code that was built rather than written. */
  positionOf(span: Span): ErrorPosition | undefined
}
