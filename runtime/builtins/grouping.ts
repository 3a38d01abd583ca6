/** Grouping as functions: groupby, contextby and pivot apply a function to the rows of each group of a vector. */
import { labelsOf } from '../compile/labels.ts'
import { inputError } from '../errors.ts'
import { checkInterrupt } from '../interrupt.ts'
import { sortIndices } from '../kernels/sort.ts'
import { topicTable } from '../registry.ts'
import type { Session } from '../session.ts'
import { groupedCall } from '../sql/aggregates.ts'
import { asColumn, stack } from '../sql/columns.ts'
import { assembleScalars } from '../sql/evaluate.ts'
import { kindOfFunction } from '../sql/expressions.ts'
import { sortedGroups } from '../sql/group-by.ts'
import { Groups, view } from '../sql/groups.ts'
import { FixedVector, type FunctionValue, Matrix, T, Table, type Value, type Vector } from '../values/index.ts'
import { type Arg, isGiven, sizeError } from './args.ts'

const { entries, define } = topicTable('Grouping')

function functionArgument(v: Arg): FunctionValue {
  if (v?.kind === 'function') return v
  throw inputError('The first argument must be a function.', { code: 'usage' })
}

/** One column, or a tuple of columns. */
function columnsArgument(v: Arg, name: string): Vector[] {
  if (v?.kind !== 'vector') throw inputError(`${name} must be a vector or a tuple of vectors.`, { code: 'usage' })
  if (v.storage !== 'any') return [v]
  return v.values.map((x) => {
    if (x.kind !== 'vector') throw inputError(`${name} must be a vector or a tuple of vectors.`, { code: 'usage' })
    return x
  })
}

/** Arguments of the function: those as long as the grouping column are split by group, others are passed as they are. */
function functionArguments(v: Arg, rows: number): Value[] {
  if (v === undefined) throw inputError('funcArgs is required.', { code: 'usage' })
  const values = v.kind === 'vector' && v.storage === 'any' ? v.values.slice() : [v]
  for (const x of values) if (x.kind === 'vector' && x.length !== rows && x.length !== 1) throw sizeError()
  return values
}

/** The function on each group; rows of a group stand in the order of `groups.order`. */
function callGroups(fn: FunctionValue, args: readonly Value[], groups: Groups, session: Session): Value[] {
  const ordered = args.map((a) =>
    a.kind === 'vector' && a.length === groups.rows ? a.gather(groups.order) : undefined,
  )
  const slices = args.slice()
  return Array.from({ length: groups.count }, (_, g) => {
    if ((g & 1023) === 0) checkInterrupt()
    ordered.forEach((v, k) => {
      if (v !== undefined) slices[k] = view(v, groups.offsets[g], groups.offsets[g + 1])
    })
    return session.call(fn, slices)
  })
}

function aggregateGroups(fn: FunctionValue, args: readonly Value[], groups: Groups, session: Session): Vector {
  const fast =
    fn.variant === 'builtin' && kindOfFunction(fn) === 'aggregate' ? groupedCall(fn.name, args, groups) : undefined
  return fast ?? assembleScalars(callGroups(fn, args, groups, session))
}

define('groupby(func, funcArgs, groupingCol)', {
  doc: 'Applies an aggregate to each group: a table with the grouping columns, ascending, and the result. funcArgs is a vector, or a tuple of the arguments.',
  call: (given, session) => {
    const [, valueLabel, keyLabel] = labelsOf(given)
    const [f, a, by] = given
    const fn = functionArgument(f)
    const keys = columnsArgument(by, 'groupingCol')
    const rows = keys[0].length
    const args = functionArguments(a, rows)
    const groups = sortedGroups(keys, rows)
    const first = args[0]
    const single = keys.length === 1
    const names = keys.map((k, i) => k.label ?? (single ? (keyLabel ?? 'groupingKey') : `groupingKey${i}`))
    names.push(`${fn.name}_${(first.kind === 'vector' ? first.label : undefined) ?? valueLabel ?? 'value'}`)
    return new Table(names, [
      ...keys.map((k) => k.gather(groups.firstRows)),
      aggregateGroups(fn, args, groups, session),
    ])
  },
})

define('contextby(func, funcArgs, groupingCol, [sortingCol])', {
  doc: 'Applies a function to each group and returns a vector as long as the input, in the order of the input; an aggregate is repeated over its group. With sortingCol the rows of a group are taken in its order.',
  call: ([f, a, by, sort], session) => {
    const fn = functionArgument(f)
    const keys = columnsArgument(by, 'groupingCol')
    const rows = keys[0].length
    const args = functionArguments(a, rows)
    const groups = sortedGroups(keys, rows)
    const sortKeys = isGiven(sort) ? columnsArgument(sort, 'sortingCol') : []
    const order = sortIndices(
      [new FixedVector(T.INT, groups.ids), ...sortKeys],
      [true, ...sortKeys.map(() => true)],
      [true, ...sortKeys.map(() => true)],
    )
    const contiguous = new Groups(
      Int32Array.from(order, (k) => groups.ids[k]),
      groups.count,
      groups.firstRows,
    )
    const inOrder = args.map((x) => (x.kind === 'vector' && x.length === rows ? x.gather(order) : x))
    const parts = callGroups(fn, inOrder, contiguous, session).map((v, g) => {
      const part = asColumn(v, groups.offsets[g + 1] - groups.offsets[g])
      if (part === undefined) throw sizeError()
      return part
    })
    const back = new Int32Array(rows)
    for (let k = 0; k < rows; k++) back[order[k]] = k
    return stack(parts).gather(back)
  },
})

define('pivot(func, funcArgs, rowAlignCol, colAlignCol)', {
  doc: 'Rearranges values as a matrix: one row for each value of rowAlignCol, one column for each of colAlignCol, both ascending; a cell is the aggregate of its values, NULL without any.',
  call: ([f, a, r, c], session) => {
    const fn = functionArgument(f)
    const [row] = columnsArgument(r, 'rowAlignCol')
    const [column] = columnsArgument(c, 'colAlignCol')
    if (row.length !== column.length) throw sizeError()
    const byRow = sortedGroups([row], row.length)
    const byColumn = sortedGroups([column], row.length)
    const cells = sortedGroups([column, row], row.length)
    const values = aggregateGroups(fn, functionArguments(a, row.length), cells, session)
    const positions = new Int32Array(byRow.count * byColumn.count).fill(-1)
    cells.firstRows.forEach((k, cell) => {
      positions[byColumn.ids[k] * byRow.count + byRow.ids[k]] = cell
    })
    return new Matrix(
      values.gather(positions),
      byRow.count,
      byColumn.count,
      row.gather(byRow.firstRows),
      column.gather(byColumn.firstRows),
    )
  },
})

export const groupingBuiltins = entries
