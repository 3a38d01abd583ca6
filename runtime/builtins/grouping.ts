/** Grouping as functions: groupby, contextby, segmentby and pivot apply a function to the rows of each group of a vector. */
import { labelsOf } from '../compile/labels.ts'
import { inputError } from '../errors.ts'
import { checkInterrupt } from '../interrupt.ts'
import { Groups } from '../kernels/group-numbers.ts'
import { sortIndices } from '../kernels/sort.ts'
import { topicTable } from '../registry.ts'
import type { Session } from '../session.ts'
import { groupedCall } from '../sql/aggregates.ts'
import { asColumn, stack } from '../sql/columns.ts'
import { assembleScalars } from '../sql/evaluate.ts'
import { kindOfFunction } from '../sql/expressions.ts'
import { sortedGroups } from '../sql/group-by.ts'
import { view } from '../sql/groups.ts'
import {
  AnyVector,
  Dict,
  FixedVector,
  type FunctionValue,
  Matrix,
  Scalar,
  T,
  Table,
  type Value,
  type Vector,
} from '../values/index.ts'
import { type Arg, isGiven, sizeError } from './args.ts'
import { keyOfRaw } from './vector-tests.ts'

const { entries, define } = topicTable('Grouping')

export function functionArgument(v: Arg): FunctionValue {
  if (v?.kind === 'function') return v
  throw inputError('The first argument must be a function.', { code: 'usage' })
}

/** One column, or a tuple of columns. */
function columnsArgument(v: Arg, name: string): Vector[] {
  const fault = (): Error => inputError(`${name} must be a vector or a tuple of vectors.`, { code: 'usage' })
  if (v?.kind !== 'vector') throw fault()
  if (v.storage !== 'any' || v.untyped) return [v]
  if (v.length === 0) throw fault()
  return v.values.map((x) => {
    if (x.kind !== 'vector') throw fault()
    return x
  })
}

/** Arguments of the function: those as long as the grouping column are split by group, others are passed as they are. */
export function functionArguments(v: Arg, rows: number): Value[] {
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

export function aggregateGroups(fn: FunctionValue, args: readonly Value[], groups: Groups, session: Session): Vector {
  return knownAggregate(fn, args, groups) ?? assembleScalars(callGroups(fn, args, groups, session))
}

const knownAggregate = (fn: FunctionValue, args: readonly Value[], groups: Groups): Vector | undefined =>
  fn.variant === 'builtin' && kindOfFunction(fn, args.length) === 'aggregate'
    ? groupedCall(fn.name, args, groups)
    : undefined

/** Variables of an argument: `price`, or those of `[price, qty]`. */
const namesIn = (label: string | null): (string | undefined)[] =>
  (label ?? '').split(',').map((name) => (name === '' ? undefined : name))

/** Results of the groups as columns: one, or one a key where each group gave a dictionary of scalars under the same names. */
function resultColumns(name: string, results: Vector): { readonly name: string; readonly values: Vector }[] {
  const [first, ...others] = results instanceof AnyVector ? results.values : []
  if (!(first instanceof Dict) || first.keyType !== T.STRING || !others.every((v) => v instanceof Dict))
    return [{ name, values: results }]
  const dicts = [first, ...(others as Dict[])]
  return [...first.entries.keys()].map((key) => ({
    name: String(key),
    values: assembleScalars(dicts.map((d) => d.entries.get(key) ?? Scalar.VOID)),
  }))
}

define('groupby(func, funcArgs, groupingCol)', {
  doc: 'Applies a function to each group: a table with the grouping columns, ascending, and the result, named after the function and its first argument. A function that gives a dictionary with string keys has a column for each key of the first group. funcArgs is a vector, or a tuple of the arguments.',
  call: (given, session) => {
    const [, valueLabel, keyLabel] = labelsOf(given)
    const [f, a, by] = given
    const fn = functionArgument(f)
    const keys = columnsArgument(by, 'groupingCol')
    const rows = keys[0].length
    const args = functionArguments(a, rows)
    const groups = sortedGroups(keys, rows)
    const first = args[0]
    const keyNames = namesIn(keyLabel)
    const single = keys.length === 1
    const names = keys.map((k, i) => k.label ?? keyNames[i] ?? (single ? 'groupingKey' : `groupingKey${i}`))
    const column = (first?.kind === 'vector' ? first.label : undefined) ?? namesIn(valueLabel)[0] ?? 'value'
    const results = resultColumns(
      `${fn.name === '' ? 'lambda' : fn.name}_${column}`,
      aggregateGroups(fn, args, groups, session),
    )
    return new Table(
      [...names, ...results.map((r) => r.name)],
      [...keys.map((k) => k.gather(groups.firstRows)), ...results.map((r) => r.values)],
    )
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
    const result = alignedGroups(fn, inOrder, contiguous, session)
    const back = new Int32Array(rows)
    for (let k = 0; k < rows; k++) back[order[k]] = k
    return result.gather(back)
  },
})

define('segmentby(func, funcArgs, segment)', {
  doc: 'Applies a function to each run of equal values of segment and returns a vector as long as the input; an aggregate is repeated over its run. Nulls are equal to each other. funcArgs is a vector, or a tuple of the arguments; segmentby(cumsum, 1 2 3 4, 1 1 -1 1) is [1,3,3,4].',
  call: ([f, a, segment], session) => {
    const fn = functionArgument(f)
    const [runs] = columnsArgument(segment, 'segment')
    if (runs.storage === 'any') return new AnyVector([])
    const args = functionArguments(a, runs.length)
    if (!args.some((x) => x.kind === 'vector' && x.length === runs.length)) throw sizeError()
    return runs.length === 0 ? args[0] : alignedGroups(fn, args, runGroups(runs), session)
  },
})

/** Each run of equal values is a group. */
function runGroups(v: Vector): Groups {
  const ids = new Int32Array(v.length)
  const firstRows: number[] = [0]
  let previous = keyOfRaw(v.raw(0))
  for (let k = 1; k < v.length; k++) {
    const key = keyOfRaw(v.raw(k))
    if (key !== previous) firstRows.push(k)
    previous = key
    ids[k] = firstRows.length - 1
  }
  return new Groups(ids, firstRows.length, Int32Array.from(firstRows))
}

/** One value a row from groups that lie one after the other: a vector as long as its group, or an aggregate repeated over it. */
function alignedGroups(fn: FunctionValue, args: readonly Value[], groups: Groups, session: Session): Vector {
  const aggregates = knownAggregate(fn, args, groups)
  if (aggregates !== undefined) return aggregates.gather(groups.ids)
  return stack(
    callGroups(fn, args, groups, session).map((v, g) => {
      const part = asColumn(v, groups.offsets[g + 1] - groups.offsets[g])
      if (part === undefined) throw sizeError()
      return part
    }),
  )
}

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
