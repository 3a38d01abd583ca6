/** Tables and matrices in other shapes: columns of 0 and 1 for values, panels of consecutive rows, rows by key, pairs of events, labels grouped. */
import { inputError, usageError } from '../errors.ts'
import { groupIds, rowsByGroup } from '../kernels/hash.ts'
import { sortIndices } from '../kernels/sort.ts'
import { castScalar, castVector, scalarToVector } from '../ops/cast.ts'
import { toDoubles } from '../ops/doubles.ts'
import { rawText } from '../print/scalars.ts'
import { topicTable } from '../registry.ts'
import { Matrix } from '../values/forms.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { Table } from '../values/table.ts'
import { isIntegral, isTemporal, T } from '../values/types.ts'
import { FixedVector, type Vector } from '../values/vector.ts'
import { type Arg, boolArg, intArg, isGiven, required, sizeError, textListArg, vectorArg } from './args.ts'
import { collect, matrixColumn } from './shapes.ts'
import { rowKey } from './table-keys.ts'

const { entries, define } = topicTable('Tables')
export const tableReshapeBuiltins = entries

function tableArg(v: Arg, signature: string, name: string): Table {
  const t = required(v, signature, name)
  if (!(t instanceof Table)) throw usageError(signature, `${name} must be a table in memory.`)
  return t
}

function columnsAt(t: Table, names: Arg, signature: string, name: string): number[] {
  return textListArg(names, signature, name).map((column) => {
    const k = t.columnIndex(column, true)
    if (k < 0) throw inputError(`Usage: ${signature}. ${name} must be columns of the table: [${column}] is none.`)
    return k
  })
}

const ONE_HOT = 'oneHot(obj, encodingColumns)'
define(ONE_HOT, {
  doc: 'A table in memory with each of the named columns replaced by one INT column for each of its values, in order of first occurrence: 1 where the row has the value, 0 elsewhere, named column_value. The other columns follow.',
  call: ([obj, columns]) => {
    const t = tableArg(obj, ONE_HOT, 'obj')
    const encoded = columnsAt(t, columns, ONE_HOT, 'encodingColumns')
    const names: string[] = []
    const out: Vector[] = []
    for (const c of encoded) {
      const column = t.columns[c]
      const { ids, firstRows } = groupIds([column])
      for (let g = 0; g < firstRows.length; g++) {
        const value = column.get(firstRows[g])
        names.push(`${t.names[c]}_${valueText(value)}`)
        out.push(
          new FixedVector(
            T.INT,
            Int32Array.from(ids, (id) => (id === g ? 1 : 0)),
          ),
        )
      }
    }
    t.names.forEach((name, c) => {
      if (encoded.includes(c)) return
      names.push(name)
      out.push(t.columns[c].copy())
    })
    return new Table(names, out)
  },
})

/** BOOL as digit, anything else as it prints. */
const valueText = (v: Value): string => {
  if (!(v instanceof Scalar)) return ''
  return v.type === T.BOOL && !v.isNull() ? String(v.value) : rawText(v.type, v.value, v.scale)
}

const PANELS = 'rollingPanel(X, window, [groupingCol])'
define(PANELS, {
  doc: 'All pieces of `window` consecutive rows of a table, one below the other, numbered in the INT column panelNumber; with groupingCol inside each group, groups in order of first occurrence. Groups with fewer rows have no piece.',
  call: ([x, window, by]) => {
    const t = tableArg(x, PANELS, 'X')
    const size = intArg(window, PANELS, 'window')
    if (size < 1) throw usageError(PANELS, 'window must be a positive integer.')
    const keys = isGiven(by) ? columnsAt(t, by, PANELS, 'groupingCol').map((c) => t.columns[c]) : []
    const groups =
      keys.length === 0
        ? { ids: new Int32Array(t.rows), firstRows: new Int32Array(Math.min(1, t.rows)) }
        : groupIds(keys)
    const { order, starts } = rowsByGroup(groups.ids, groups.firstRows.length)
    const rows: number[] = []
    const numbers: number[] = []
    let panel = 0
    for (let g = 0; g < groups.firstRows.length; g++)
      for (let from = starts[g]; from + size <= starts[g + 1]; from++) {
        for (let k = from; k < from + size; k++) {
          rows.push(order[k])
          numbers.push(panel)
        }
        panel++
      }
    const positions = Int32Array.from(rows)
    return new Table(
      [...t.names, 'panelNumber'],
      [...t.columns.map((c) => c.gather(positions)), new FixedVector(T.INT, Int32Array.from(numbers))],
    )
  },
})

const SLICE = 'sliceByKey(table, rowKeys, [colNames], [preserveOrder=false])'
define(SLICE, {
  doc: 'Rows of a keyed or indexed table by the values of its key columns: a scalar or a vector for one column, a tuple with a scalar or vector for each of several; of an indexed table the first columns are enough. Rows come in the order of the table, with preserveOrder=true in that of rowKeys; keys without a row are left out. With one name as colNames a vector, otherwise a table.',
  call: ([table, rowKeys, colNames, preserve]) => {
    const t = tableArg(table, SLICE, 'table')
    if (t.keyColumns === undefined) throw usageError(SLICE, 'table must be a keyed or indexed table.')
    const wanted = keysOf(t, required(rowKeys, SLICE, 'rowKeys'))
    const columns = t.keyColumns.slice(0, wanted.length).map((c) => t.columns[c])
    const place = new Map<string, number[]>()
    for (let k = 0; k < t.rows; k++) {
      const key = rowKey(columns, k)
      const rows = place.get(key)
      if (rows === undefined) place.set(key, [k])
      else rows.push(k)
    }
    const keys = Array.from({ length: wanted[0].length }, (_, k) => rowKey(wanted, k))
    const found = [...new Set(keys)].flatMap((key) => place.get(key) ?? [])
    const ordered = boolArg(preserve, SLICE, 'preserveOrder', false) ? found : found.sort((a, b) => a - b)
    const rows = Int32Array.from(ordered)
    if (!isGiven(colNames))
      return new Table(
        t.names.slice(),
        t.columns.map((c) => c.gather(rows)),
      )
    const picked = columnsAt(t, colNames, SLICE, 'colNames')
    if (colNames.kind === 'scalar') return t.columns[picked[0]].gather(rows)
    return new Table(
      picked.map((c) => t.names[c]),
      picked.map((c) => t.columns[c].gather(rows)),
    )
  },
})

/** One vector for each key column that is given, in its type and all of one length. */
function keysOf(t: Table, keys: Value): Vector[] {
  const columns = t.keyColumns!.map((c) => t.columns[c])
  const tuple = keys.kind === 'vector' && keys.storage === 'any'
  // A vector is one key of several columns where the table has as many; for one column it is several keys.
  const parts: Value[] = tuple
    ? keys.values
    : keys.kind === 'vector' && columns.length > 1 && keys.length === columns.length
      ? Array.from({ length: keys.length }, (_, k) => keys.get(k))
      : [keys]
  if (parts.length > columns.length)
    throw usageError(SLICE, 'rowKeys must not have more parts than the table has key columns.')
  if (!t.indexed && parts.length < columns.length)
    throw usageError(SLICE, 'rowKeys must have all key columns of a keyed table.')
  const length = parts.reduce((n, p) => (p.kind === 'vector' ? Math.max(n, p.length) : n), 1)
  return parts.map((part, k) => {
    const type = columns[k].type === T.SYMBOL ? T.STRING : columns[k].type
    if (part.kind === 'scalar') return scalarToVector(castScalar(part, type), length)
    if (part.kind !== 'vector') throw usageError(SLICE, 'rowKeys must be scalars or vectors.')
    if (part.length !== length) throw sizeError()
    return castVector(part, type)
  })
}

const COEVENT = 'coevent(event, eventTime, window, [orderSensitive=false])'
define(COEVENT, {
  doc: 'How often two events lie at most `window` apart in time: a table event1, event2, hits with one row for each pair that does, in order of first occurrence. Without orderSensitive the smaller event stands first, whichever came first. Events without a time are left out.',
  call: ([event, time, window, sensitive]) => {
    const events = vectorArg(event, COEVENT, 'event')
    const times = vectorArg(time, COEVENT, 'eventTime')
    if (events.length !== times.length) throw sizeError()
    if (!isTemporal(times.type) && !isIntegral(times.type))
      throw usageError(COEVENT, 'eventTime must be temporal or integral.')
    const width = intArg(window, COEVENT, 'window')
    if (width < 0) throw usageError(COEVENT, 'window must not be negative.')
    return pairsOfEvents(events, times, width, boolArg(sensitive, COEVENT, 'orderSensitive', false))
  },
})

function pairsOfEvents(events: Vector, times: Vector, width: number, sensitive: boolean): Table {
  const at = toDoubles('coevent', times)
  const order = sortIndices([times], [true]).filter((k) => !Number.isNaN(at[k]))
  const { ids, firstRows } = groupIds([events])
  // Rank of each event among the distinct ones, for pairs without an order.
  const rank = new Int32Array(firstRows.length)
  sortIndices([events.gather(firstRows)], [true]).forEach((g, k) => {
    rank[g] = k
  })
  const hits = new Map<number, number>()
  const count = firstRows.length
  for (let i = 0; i < order.length; i++)
    for (let j = i + 1; j < order.length && at[order[j]] - at[order[i]] <= width; j++) {
      let a = ids[order[i]]
      let b = ids[order[j]]
      if (!sensitive && rank[a] > rank[b]) [a, b] = [b, a]
      hits.set(a * count + b, (hits.get(a * count + b) ?? 0) + 1)
    }
  const pairs = [...hits.keys()]
  const column = (of: (pair: number) => number): Vector =>
    events.gather(Int32Array.from(pairs, (p) => firstRows[of(p)]))
  return new Table(
    ['event1', 'event2', 'hits'],
    [
      column((p) => Math.floor(p / count)),
      column((p) => p % count),
      new FixedVector(T.INT, Int32Array.from(hits.values())),
    ],
  )
}

const REGROUP = 'regroup(X, label, func, [byRow=true])'
define(REGROUP, {
  doc: 'A matrix whose rows (with byRow=false columns) with equal labels are put together by an aggregate function of one vector, column by column (row by row). The labels of the result are the distinct ones in ascending order; those of the other side stay.',
  call: ([x, label, func, byRow], session) => {
    if (!(x instanceof Matrix)) throw usageError(REGROUP, 'X must be a matrix.')
    if (func?.kind !== 'function') throw usageError(REGROUP, 'func must be an aggregate function.')
    const rowsFirst = boolArg(byRow, REGROUP, 'byRow', true)
    const labels = vectorArg(label, REGROUP, 'label')
    if (labels.length !== (rowsFirst ? x.rows : x.cols)) throw sizeError()
    const groups = groupIds([labels])
    const { order, starts } = rowsByGroup(groups.ids, groups.firstRows.length)
    const ascending = sortIndices([labels.gather(groups.firstRows)], [true])
    const distinct = labels.gather(ascending.map((g) => groups.firstRows[g]))
    const lines = rowsFirst ? Array.from({ length: x.cols }, (_, c) => matrixColumn(x, c)) : rowsOfMatrix(x)
    const cells = lines.map((line) =>
      Array.from(ascending, (g) => {
        const value = session.call(func, [line.gather(order.subarray(starts[g], starts[g + 1]))])
        if (value.kind !== 'scalar') throw usageError(REGROUP, 'func must return one value for each group.')
        return value
      }),
    )
    const width = ascending.length
    const inColumns = rowsFirst
      ? cells.flat()
      : Array.from({ length: width }, (_, g) => cells.map((row) => row[g])).flat()
    const data = collect(inColumns)
    if (data.kind !== 'vector' || data.storage === 'any')
      throw usageError(REGROUP, 'func must return values of one type.')
    return rowsFirst
      ? new Matrix(data, width, x.cols, distinct, x.colLabels)
      : new Matrix(data, x.rows, width, x.rowLabels, distinct)
  },
})

const rowsOfMatrix = (m: Matrix): Vector[] =>
  Array.from({ length: m.rows }, (_, r) => m.data.gather(Int32Array.from({ length: m.cols }, (_, c) => c * m.rows + r)))
