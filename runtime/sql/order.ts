/** order by, distinct, top and limit on result tables. */
import type { Expr, LimitClause, SortKey, TopClause } from '../../lang/ast.ts'
import type { ColumnResolver, SqlScope } from '../compile/scope.ts'
import { inputError } from '../errors.ts'
import { denseCodes, seenCodes } from '../kernels/codes.ts'
import { groupIds } from '../kernels/hash.ts'
import { sortIndices, sortRows } from '../kernels/sort.ts'
import { spendWords } from '../kernels/words.ts'
import { Table, type Vector } from '../values/index.ts'
import { asColumn, gatherTable, sliceTable } from './columns.ts'
import { compileItem, unknownColumn } from './evaluate.ts'
import { expressionKey } from './expressions.ts'
import { generatedName } from './names.ts'
import { arisenAt, at } from './place.ts'

/** Rows of the result of which kind each sort key was evaluated on. */
export interface SortColumns {
  readonly columns: Vector[]
  readonly ascending: boolean[]
  readonly nullsFirst: boolean[]
}

/** Evaluates sort keys over columns of `rows` elements. */
export function sortColumns(
  keys: readonly SortKey[],
  columns: ColumnResolver,
  rows: number,
  scope: SqlScope,
  known: ReadonlyMap<string, Vector> = new Map(),
): SortColumns {
  return {
    columns: keys.map((key) =>
      at(key.expr.span, () => {
        const same = known.get(expressionKey(key.expr))
        if (same !== undefined) return same
        const value = compileItem(key.expr, columns, scope, () => rows)()
        if (value.kind === 'function') throw unknownColumn(generatedName(key.expr, () => undefined, 0))
        const column = asColumn(value, rows)
        if (column === undefined)
          throw inputError('A key of the ORDER BY clause must be as long as the result.', { refId: 'S02010' })
        return column
      }),
    ),
    ascending: keys.map((k) => !k.descending),
    // NULL is the smallest value: first when ascending, last when descending.
    nullsFirst: keys.map((k) => (k.nulls === null ? !k.descending : k.nulls === 'first')),
  }
}

/** Positions of the rows in sorted order; stable. */
export function sortedRows(by: SortColumns): Int32Array {
  return sortIndices(by.columns, by.ascending, by.nullsFirst)
}

/** The table with its rows in order. */
export function sortedTable(table: Table, by: SortColumns): Table {
  const { rows, first } = sortRows(by.columns, by.ascending, by.nullsFirst)
  // A column may stand there twice, and each is then changed alone.
  const known = first === undefined ? -1 : table.columns.indexOf(by.columns[0])
  const columns = table.columns.map((column, k) => (k === known ? first! : column.gather(rows)))
  spendWords(rows)
  return new Table(table.names, columns)
}

/** Rows without repetitions, in the order of first appearance. */
export function distinctRows(table: Table): Table {
  if (table.rows === 0) return table
  const firstRows = firstAppearances(table.columns)
  return firstRows.length === table.rows ? table : gatherTable(table, firstRows)
}

/** With more codes than this, sorting their first rows takes longer than numbering all rows in order. */
const FEW_CODES = 1 << 16

function firstAppearances(columns: readonly Vector[]): Int32Array {
  const codes = columns.length === 1 ? denseCodes(columns[0]) : undefined
  return codes !== undefined && codes.limit <= FEW_CODES
    ? seenCodes(codes).firstRows.sort()
    : groupIds(columns).firstRows
}

/** First row and end of what top and limit leave: undefined when neither is written. */
export interface RowRange {
  readonly from: number
  /** Infinity: to the end. */
  readonly to: number
  /** `limit -n`: the last n rows. */
  readonly last: number
  /** An offset or a range was written. */
  readonly offset: boolean
}

export function rowRange(top: TopClause | null, limit: LimitClause | null, scope: SqlScope): RowRange | undefined {
  if (limit !== null) {
    const count = integer(limit.count, scope)
    const from = limit.offset === null ? 0 : integer(limit.offset, scope)
    if (from < 0)
      throw arisenAt(
        inputError('The offset of the LIMIT clause must not be negative.', { code: 'limit' }),
        limit.offset?.span,
      )
    if (count < 0) return { from: 0, to: 0, last: -count, offset: limit.offset !== null }
    return { from, to: from + count, last: 0, offset: limit.offset !== null }
  }
  return top === null ? undefined : { from: top.start, to: top.end, last: 0, offset: top.range }
}

function integer(expr: Expr, scope: SqlScope): number {
  const value = at(expr.span, () => scope.evaluate(expr))
  if (
    value.kind === 'scalar' &&
    !value.isNull() &&
    (typeof value.value === 'number' || typeof value.value === 'bigint')
  ) {
    const n = Number(value.value)
    if (Number.isInteger(n)) return n
  }
  throw arisenAt(inputError('The LIMIT clause needs integers.', { code: 'limit' }), expr.span)
}

/** The rows of a whole result that top or limit keeps. */
export function limitRows(table: Table, range: RowRange | undefined): Table {
  if (range === undefined) return table
  if (range.last > 0)
    throw inputError('The LIMIT clause accepts a negative number only together with CONTEXT BY.', { code: 'limit' })
  return sliceTable(table, range.from, range.to)
}
