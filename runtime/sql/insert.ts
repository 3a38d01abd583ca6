/** insert into: rows of values, vectors of columns, the result of a query, or another table. Values take the type of their column. */
import type { Expr, InsertStatement } from '../../lang/ast.ts'
import { appendToTable } from '../builtins/table-append.ts'
import type { SqlScope } from '../compile/scope.ts'
import { type HoldfastError, inputError } from '../errors.ts'
import { AnyVector, type ColumnSchema, Scalar, SourceTable, Table, type Value, type Vector } from '../values/index.ts'
import { assembleScalars, compileItem } from './evaluate.ts'
import { some } from './expressions.ts'
import { arisenAt } from './place.ts'
import { executeQuery } from './union.ts'

/** Returns the number of rows inserted. */
export function executeInsert(node: InsertStatement, scope: SqlScope): number {
  // Values are evaluated first: they may read the table.
  const columns = sourceColumns(node, scope)
  const target = scope.writableTable(node.table)
  if (target instanceof SourceTable && target.source.allowsInsert?.() !== true) throw insertRefused(target.source.name)
  const schema = target instanceof Table ? target.schema() : target.source.schema()
  return appendToTable(target, placed(columns, node.columns, schema))
}

const insertRefused = (name: string): HoldfastError =>
  inputError(`The statement insert into is not enabled for stored tables: ${name}.`, {
    code: 'insertStored',
    hint: 'use append! or tableInsert, or allow it with enable_insert_statement = true in the section [session] of holdfast.toml',
  })

/** One value (scalar or vector) a column. */
function sourceColumns(node: InsertStatement, scope: SqlScope): Value[] {
  const { source } = node
  switch (source.kind) {
    case 'query':
      return tableColumns(executeQuery(source.query, scope))
    case 'table':
      return tableColumns(scope.evaluate(source.expr))
    case 'values':
      return source.rows.length === 1
        ? source.rows[0].map((e) => insertedValue(e, scope))
        : rowsToColumns(source.rows, scope)
  }
}

function tableColumns(value: Value): Value[] {
  if (value instanceof Table) return value.columns.map((c) => c)
  throw inputError('INSERT INTO needs VALUES, a query or a table in memory.', { code: 'insert' })
}

/** Sub-selects in VALUES are operands, as they are in queries. */
function insertedValue(e: Expr, scope: SqlScope): Value {
  if (!some(e, (x) => x.kind === 'sql')) return scope.evaluate(e)
  return compileItem(
    e,
    () => undefined,
    scope,
    () => 1,
  )()
}

function rowsToColumns(rows: readonly (readonly Expr[])[], scope: SqlScope): Vector[] {
  const width = rows[0].length
  const values = rows.map((row) => {
    if (row.length !== width)
      throw arisenAt(
        inputError('All rows of VALUES must have the same length.', { refId: 'S01015' }),
        row[0]?.span ?? rows[0][0]?.span,
      )
    return row.map((e) => insertedValue(e, scope))
  })
  return Array.from({ length: width }, (_, k) => {
    const column = values.map((row) => row[k])
    return column.every((v) => v.kind === 'scalar') ? assembleScalars(column) : new AnyVector(column)
  })
}

/** Values by position of the table's columns; columns that are not listed get NULL. */
function placed(values: readonly Value[], names: readonly string[] | null, schema: readonly ColumnSchema[]): Value[] {
  if (names === null) return values.slice()
  if (names.length !== values.length)
    throw inputError('The number of values must match the number of columns of INSERT INTO.', { refId: 'S01015' })
  const out: Value[] = schema.map(() => Scalar.VOID)
  names.forEach((name, k) => {
    const lower = name.toLowerCase()
    const exact = schema.findIndex((c) => c.name === name)
    const at = exact >= 0 ? exact : schema.findIndex((c) => c.name.toLowerCase() === lower)
    if (at < 0) throw inputError(`Unrecognized column name ${name}.`, { refId: 'S02005', code: 'unknownColumn' })
    out[at] = values[k]
  })
  return out
}
