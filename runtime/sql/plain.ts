/** A select without grouping: every item is evaluated once over all rows. */
import type { Expr, SelectStatement, Span } from '../../lang/ast.ts'
import type { SqlScope } from '../compile/scope.ts'
import { type HoldfastError, inputError } from '../errors.ts'
import { filledList } from '../values/heap.ts'
import { AnyVector, ArrayVector, type Value, type Vector } from '../values/index.ts'
import { nullColumn, repeated } from './columns.ts'
import { compileItem } from './evaluate.ts'
import { isCallOf } from './expressions.ts'
import type { Selected } from './group-by.ts'
import { checkNames, expandItems } from './items.ts'
import { arisenAt, at } from './place.ts'
import type { Relation } from './relation.ts'
import { columnsOfRows, elementsOf, resultOf } from './spread.ts'

interface Column {
  readonly name: string
  readonly value: Value
  readonly span: Span
}

/** The select list over all rows; scalars are repeated, all-scalar lists give one row. */
export function selectPlain(node: SelectStatement, rows: Relation, scope: SqlScope): Selected {
  const columns: Column[] = []
  const items: { expr: SelectStatement['items'][number]['expr']; column: number }[] = []
  for (const item of expandItems(node.items, rows.fields)) {
    const computed = compileItem(item.expr, rows.resolver, scope, () => rows.rows)()
    const value = edgeRow(item.expr, computed) ?? computed
    items.push({ expr: item.expr, column: columns.length })
    const { names } = item
    if (names === undefined) columns.push({ name: item.name, value, span: item.expr.span })
    else columns.push(...at(item.expr.span, () => spreadPlain(names, value, rows.rows, item.expr.span)))
  }
  const names = columns.map((c) => c.name)
  checkNames(names, (k) => columns[k].span)
  const scalar =
    columns.length === 1 && (columns[0].value.kind === 'scalar' || isEdgeRow(items[0].expr, columns[0].value))
  return { table: resultOf(names, sameLength(columns)), items, scalar }
}

/** The first or last row of an array vector, as one value of the result. */
function edgeRow(expr: Expr, value: Value): Vector | undefined {
  if (value.kind !== 'vector' || value.storage !== 'fixed' || !isCallOf(expr, 'first', 'last')) return undefined
  const row = value.length === 0 ? nullColumn(value.type, 1, value.scale) : value
  return new ArrayVector(Int32Array.of(0, row.length), row)
}

const isEdgeRow = (expr: Expr, value: Value): boolean =>
  value.kind === 'vector' && value.storage === 'array' && isCallOf(expr, 'first', 'last')

/** A matrix or tuple of whole columns spreads by column, any other result by element, as one row. */
function spreadPlain(names: readonly string[], value: Value, rows: number, span: Span): Column[] {
  const isColumn = names.length === 1 && value.kind === 'vector' && value.length === rows
  const elements = isColumn ? [value] : (columnsOfRows(value, names.length, rows) ?? elementsOf(value, names.length))
  return names.flatMap((name, k) => (name === '' ? [] : [{ name, value: elements[k], span }]))
}

function sameLength(columns: readonly Column[]): Vector[] {
  let first: { readonly name: string; readonly length: number } | undefined
  for (const { name, value, span } of columns) {
    if (value.kind !== 'vector') continue
    first ??= { name, length: value.length }
    if (value.length !== first.length)
      throw arisenAt(lengthError(`${first.name} has ${first.length} elements, ${name} has ${value.length}`), span)
  }
  const rows = first?.length ?? 1
  return columns.map(({ value }) => {
    if (value.kind === 'vector') return value
    if (value.kind === 'scalar') return repeated(value, rows)
    return new AnyVector(filledList(rows, value))
  })
}

const lengthError = (hint: string): HoldfastError =>
  inputError('All columns must be of the same length.', { refId: 'S02010', hint })
