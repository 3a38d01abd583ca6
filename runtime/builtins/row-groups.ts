/** rowGroupby: grouping inside each row of array vectors. All rows are grouped in one go, by row and key, so that aggregates run over flat columns. */
import { usageError } from '../errors.ts'
import { topicTable } from '../registry.ts'
import { sortedGroups } from '../sql/group-by.ts'
import {
  AnyVector,
  ArrayVector,
  Dict,
  FixedVector,
  isLiteral,
  Matrix,
  Scalar,
  T,
  Table,
  type Value,
  type Vector,
} from '../values/index.ts'
import { type Arg, boolArg, isGiven, sizeError, textArg } from './args.ts'
import { aggregateGroups, functionArgument } from './grouping.ts'

const { entries, define } = topicTable('Grouping')

export const rowGroupBuiltins = entries

const signature = "rowGroupby(func, funcArgs, groupingCol, [mode='tuple'], [ascending=true])"

/** Elements row by row; row r lies at offsets[r] to offsets[r + 1]. */
interface FlatRows {
  readonly offsets: Int32Array
  readonly flat: Vector
}

function flatRows(x: Arg, name: string): FlatRows {
  if (x instanceof ArrayVector) {
    const offsets = x.offsets.subarray(0, x.length + 1)
    if (offsets[0] === 0 && x.flat.length === offsets[x.length]) return { offsets, flat: x.flat }
    return { offsets: offsets.map((o) => o - offsets[0]), flat: x.flat.slice(offsets[0], offsets[x.length]) }
  }
  if (x instanceof Matrix) {
    const positions = new Int32Array(x.rows * x.cols)
    for (let r = 0, at = 0; r < x.rows; r++) for (let c = 0; c < x.cols; c++) positions[at++] = c * x.rows + r
    const offsets = Int32Array.from({ length: x.rows + 1 }, (_, r) => r * x.cols)
    return { offsets, flat: x.data.gather(positions) }
  }
  throw usageError(signature, `${name} must be a matrix or an array vector.`)
}

function flatArguments(v: Arg, keys: FlatRows): Value[] {
  const values = v instanceof AnyVector ? v.values : [v]
  return values.map((x) => {
    if (x instanceof Scalar) return x
    const { offsets, flat } = flatRows(x, 'Each of funcArgs')
    if (offsets.length !== keys.offsets.length || offsets.some((o, r) => o !== keys.offsets[r])) throw sizeError()
    return flat
  })
}

define(signature, {
  doc: "Groups each row of groupingCol (a matrix or an array vector) by its values and applies the aggregate func to what stands at the same places of funcArgs (one of the same shape, or a tuple of several). mode 'tuple': the distinct values of each row and the results, as two array vectors; 'dict': the same under key and value; 'table': the columns key and value. Groups stand in ascending order, or descending with ascending=false; nulls are one group, the smallest.",
  call: ([f, a, by, mode, ascending], session) => {
    const fn = functionArgument(f)
    const rows = flatRows(by, 'groupingCol')
    const form = isGiven(mode) ? textArg(mode, signature, 'mode') : 'tuple'
    if (form !== 'tuple' && form !== 'dict' && form !== 'table')
      throw usageError(signature, "mode must be 'tuple', 'dict' or 'table'.")
    const upwards = boolArg(ascending, signature, 'ascending', true)
    const args = flatArguments(a, rows)

    const rowCount = rows.offsets.length - 1
    const rowOf = new Int32Array(rows.flat.length)
    for (let r = 0; r < rowCount; r++) rowOf.fill(r, rows.offsets[r], rows.offsets[r + 1])
    const groups = sortedGroups([new FixedVector(T.INT, rowOf), rows.flat], rows.flat.length)
    const results = aggregateGroups(fn, args, groups, session)
    if (results.storage === 'any' || results.storage === 'array' || isLiteral(results.type))
      throw usageError(signature, 'func must give a number, a BOOL or a time for each group.')

    const offsets = new Int32Array(rowCount + 1)
    for (let g = 0; g < groups.count; g++) offsets[rowOf[groups.firstRows[g]] + 1]++
    for (let r = 0; r < rowCount; r++) offsets[r + 1] += offsets[r]
    const order = new Int32Array(groups.count)
    for (let r = 0; r < rowCount; r++)
      for (let g = offsets[r]; g < offsets[r + 1]; g++) order[g] = upwards ? g : offsets[r] + offsets[r + 1] - 1 - g
    const key = new ArrayVector(offsets, rows.flat.gather(groups.firstRows).gather(order))
    const value = new ArrayVector(offsets.slice(), results.gather(order))

    if (form === 'tuple') return new AnyVector([key, value])
    if (form === 'table') return new Table(['key', 'value'], [key, value])
    key.frozen = true
    value.frozen = true
    return new Dict(
      T.STRING,
      T.ANY,
      new Map<string, Value>([
        ['key', key],
        ['value', value],
      ]),
      true,
    )
  },
})
