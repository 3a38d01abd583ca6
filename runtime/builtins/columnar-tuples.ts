/** Cells that hold several values: collecting a group into one, columnar tuples, and taking them apart again. */
import { inputError, usageError } from '../errors.ts'
import { topicTable } from '../registry.ts'
import { asColumn, stack } from '../sql/columns.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { Table } from '../values/table.ts'
import { T, typeName } from '../values/types.ts'
import type { Vector } from '../values/vector.ts'
import { type Arg, boolArg, isGiven, textArg, textListArg } from './args.ts'

const { entries, define } = topicTable('Tables')

for (const [name, doc] of [
  ['toArray', 'Inside a query with group by: the values of the group as one cell of an array vector.'],
  ['toTuple', 'Inside a query with group by: the values of the group as one cell of a tuple.'],
  [
    'toColumnarTuple',
    'Inside a query with group by: the values of the group as one cell of a columnar tuple, whatever their type.',
  ],
] as const)
  define(`${name}(X)`, {
    doc: `${doc} Elsewhere X itself.`,
    call: ([x]): Value => {
      if (x === undefined) throw usageError(`${name}(X)`, 'X is required.')
      return x
    },
  })

const SET = 'setColumnarTuple!(X, [on=true])'
define(SET, {
  doc: 'Makes a tuple a columnar one (on=true: its elements are scalars, or vectors of one type, and stand for the rows of a table column) or a plain tuple again; returns it.',
  mutates: true,
  call: ([x, on]) => {
    if (x?.kind !== 'vector' || x.storage !== 'any') throw usageError(SET, 'X must be a tuple.')
    const wanted = boolArg(on, SET, 'on', true)
    if (wanted) {
      let type = -1
      for (const v of x.values) {
        if (v.kind !== 'scalar' && v.kind !== 'vector')
          throw usageError(SET, 'The elements must be scalars or vectors.')
        if (v.type === T.VOID) continue
        if (type >= 0 && v.type !== type)
          throw usageError(SET, `The elements must have one type, not ${typeName(type)} and ${typeName(v.type)}.`)
        type = v.type
      }
    }
    x.columnar = wanted
    return x
  },
})

define('isColumnarTuple(X)', {
  doc: 'Whether X is a columnar tuple, BOOL.',
  call: ([x]) => Scalar.bool(x?.kind === 'vector' && x.storage === 'any' && x.columnar),
})

const UNGROUP = 'ungroup(X)'
define(UNGROUP, {
  doc: 'The table with a row for each element of its array vector and tuple cells, the other columns repeated. Cells of one row must be as long as each other; a row whose cells are empty goes. Without such columns the table itself.',
  call: ([x]) => {
    if (!(x instanceof Table)) throw usageError(UNGROUP, 'X must be a table in memory.')
    const nested = x.columns.map(
      (c) => c.storage === 'array' || (c.storage === 'any' && c.values.some((v) => v.kind === 'vector')),
    )
    if (!nested.includes(true)) return x
    const rows = new Int32Array(x.rows).fill(-1)
    x.columns.forEach((c, k) => {
      if (!nested[k]) return
      for (let r = 0; r < rows.length; r++) {
        const size = cellOf(c, r).length
        if (rows[r] >= 0 && rows[r] !== size)
          throw inputError(`The cells of row ${r} have different lengths: column [${x.names[k]}].`, { refId: 'S02010' })
        rows[r] = size
      }
    })
    const selection = new Int32Array(rows.reduce((a, b) => a + b, 0))
    for (let r = 0, m = 0; r < rows.length; r++) for (let k = 0; k < rows[r]; k++) selection[m++] = r
    const columns = x.columns.map((c, k) => {
      if (!nested[k]) return c.gather(selection)
      if (c.storage === 'array') return c.flat
      return stack(Array.from({ length: c.length }, (_, r) => cellOf(c, r)))
    })
    return new Table(x.names.slice(), columns)
  },
})

function cellOf(c: Vector, r: number): Vector {
  const v = c.get(r)
  return v.kind === 'vector' ? v : asColumn(v, 1)!
}

const UNPIVOT = 'unpivot(obj, [keyColNames], [valueColNames], [func])'
define(UNPIVOT, {
  doc: 'The value columns of a table under each other, column by column: keyColNames (repeated for each), valueType (the name of the column, or func of it) and value. The value columns need one type. keyColNames may be left out.',
  call: ([obj, keyColNames, valueColNames, func], session) => {
    if (!(obj instanceof Table)) throw usageError(UNPIVOT, 'obj must be a table in memory.')
    const keys = columnsOf(obj, keyColNames, 'keyColNames')
    const values = columnsOf(obj, valueColNames, 'valueColNames')
    if (values.length === 0) throw usageError(UNPIVOT, 'valueColNames must name at least one column.')
    const columns = values.map((k) => obj.columns[k])
    const { type } = columns[0]
    const other = columns.find((c) => c.type !== type)
    if (other !== undefined)
      throw usageError(
        UNPIVOT,
        `The value columns must have one type, not ${typeName(type)} and ${typeName(other.type)}.`,
      )
    const total = obj.rows * values.length
    const row = Int32Array.from({ length: total }, (_, k) => k % obj.rows)
    const column = Int32Array.from({ length: total }, (_, k) => Math.floor(k / obj.rows))
    const names = valueNames(
      values.map((k) => obj.names[k]),
      func,
      session.call.bind(session),
    )
    return new Table(
      [...keys.map((k) => obj.names[k]), 'valueType', 'value'],
      [...keys.map((k) => obj.columns[k].gather(row)), names.gather(column), stack(columns)],
    )
  },
})

function columnsOf(table: Table, v: Arg, name: string): number[] {
  if (!isGiven(v) || (v.kind === 'scalar' && v.isNull())) return []
  const names = v.kind === 'scalar' ? [textArg(v, UNPIVOT, name)] : textListArg(v, UNPIVOT, name)
  return names.map((n) => {
    const k = table.columnIndex(n, true)
    if (k < 0) throw usageError(UNPIVOT, `${name}: the table has no column [${n}].`)
    return k
  })
}

function valueNames(names: readonly string[], func: Arg, call: (f: never, args: readonly Value[]) => Value): Vector {
  const plain = stack(names.map((n) => asColumn(Scalar.string(n), 1)!))
  if (!isGiven(func)) return plain
  if (func.kind !== 'function') throw usageError(UNPIVOT, 'func must be a function.')
  const renamed = names.map((n) => call(func as never, [Scalar.string(n)]))
  return stack(
    renamed.map((v) => {
      const column = v.kind === 'scalar' ? asColumn(v, 1) : undefined
      if (column === undefined) throw usageError(UNPIVOT, 'func must return a scalar for each column name.')
      return column
    }),
  )
}

export const columnarTupleBuiltins = entries
