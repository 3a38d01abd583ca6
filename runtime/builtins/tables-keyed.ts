/** Tables with keys, and inserting or updating by key. */

import { labelsOf } from '../compile/labels.ts'
import { inputError, usageError } from '../errors.ts'
import { sortIndices } from '../kernels/sort.ts'
import { type Builtin, topicTable } from '../registry.ts'
import { Pair } from '../values/forms.ts'
import type { Value } from '../values/scalar.ts'
import { type SourceTable, Table, type TableLike, type UpsertCounts } from '../values/table.ts'
import { T } from '../values/types.ts'
import { thawed, type Vector } from '../values/vector.ts'
import { WideMap } from '../values/wide-map.ts'
import { type Arg, boolArg, isGiven, required, textListArg } from './args.ts'
import { appendElements, writeElement } from './growth.ts'
import { appendColumns, convertColumn } from './table-append.ts'
import { indexRows, rowKey } from './table-keys.ts'
import { isTypedForm, makeTable, tableOfTypes } from './table-make.ts'
import { memoryTable } from './tables.ts'

const { entries, define } = topicTable('Tables')
export const keyedTableBuiltins: readonly Builtin[] = entries

for (const [name, doc] of [
  ['keyedTable', 'A table in which a row with a known key replaces the row that has it.'],
  ['indexedTable', 'A table with a key, as keyedTable; queries on leading key columns are meant to be fast.'],
] as const) {
  const signature = `${name}(keyColumns, X, args...)`
  define(signature, {
    doc: `${doc} From columns, from another table, or \`${name}(keyColumns, capacity:size, colNames, colTypes)\`.`,
    call: (args) => {
      const labels = labelsOf(args).slice(1)
      const [keyColumns, ...rest] = args
      const keys = textListArg(keyColumns, signature, 'keyColumns')
      const values = rest.map((a) => required(a, signature, 'X'))
      const source = isTypedForm(values)
        ? tableOfTypes(values[0], values[1], values[2], signature)
        : makeTable(
            labels.map((l) => l ?? ''),
            values,
          )
      const out = withKeys(source, keys, signature)
      out.indexed = name === 'indexedTable'
      return out
    },
  })
}

/** A keyed table of the rows of another; of equal keys the last row stays, in the place of the first. */
export function withKeys(source: Table, keys: readonly string[], signature: string): Table {
  const at = keys.map((k) => source.columnIndex(k, true))
  if (at.length === 0 || at.includes(-1)) throw usageError(signature, 'keyColumns must be columns of the table.')
  const out = new Table(
    source.names.slice(),
    source.columns.map((c) => c.slice(0, 0)),
  )
  out.keyColumns = at
  out.keyIndex = new WideMap()
  appendColumns(out, source.columns)
  return out
}

function upsertStored({ source }: SourceTable, signature: string, args: readonly Arg[]): UpsertCounts {
  const [, newData, ignoreNull, keyColNames, sortColumns] = args
  if (source.upsert === undefined) throw inputError(`The table ${source.name} is read only.`, { code: 'readOnlyTable' })
  return source.upsert(memoryTable(newData, signature, 'newData'), {
    ignoreNull: boolArg(ignoreNull, signature, 'ignoreNull', false),
    keyColumns: isGiven(keyColNames) ? textListArg(keyColNames, signature, 'keyColNames') : [],
    sortColumns: isGiven(sortColumns) ? textListArg(sortColumns, signature, 'sortColumns') : [],
  })
}

function upsert(signature: string, args: readonly Arg[]): { table: TableLike; counts: UpsertCounts } {
  const [obj, newData, ignoreNull, keyColNames, sortColumns] = args
  if (obj?.kind === 'source') return { table: obj, counts: upsertStored(obj, signature, args) }
  const t = memoryTable(obj, signature, 'obj')
  const data = memoryTable(newData, signature, 'newData')
  const keys = isGiven(keyColNames)
    ? textListArg(keyColNames, signature, 'keyColNames').map((n) => t.columnIndex(n, true))
    : (t.keyColumns ?? [])
  if (keys.length === 0 || keys.includes(-1)) throw usageError(signature, 'keyColNames must name columns of the table.')
  if (data.columns.length !== t.columns.length)
    throw inputError('The number of columns of the current table must match that of the target table.', {
      refId: 'S01015',
    })
  const schema = t.schema()
  const columns = data.columns.map((c, k) => convertColumn(c, schema[k]))
  const counts = upsertRows(t, columns, keys, boolArg(ignoreNull, signature, 'ignoreNull', false))
  if (isGiven(sortColumns)) {
    const by = textListArg(sortColumns, signature, 'sortColumns').map((n) => t.columns[t.columnIndex(n, true)])
    const order = sortIndices(
      by,
      by.map(() => true),
    )
    t.columns = t.columns.map((c) => c.gather(order))
  }
  return { table: t, counts }
}

function upsertRows(t: Table, columns: readonly Vector[], keys: readonly number[], ignoreNull: boolean): UpsertCounts {
  const start = t.rows
  const rows = columns[0].length
  t.columns = t.columns.map(thawed)
  const index = indexRows(
    keys.map((k) => t.columns[k]),
    start,
  )
  const keyData = keys.map((k) => columns[k])
  let inserted = 0
  let updated = 0
  for (let k = 0; k < rows; k++) {
    const key = rowKey(keyData, k)
    const at = index.get(key)
    if (at === undefined) {
      index.add(key, t.rows)
      for (let c = 0; c < columns.length; c++) appendElements(t.columns[c], columns[c].slice(k, k + 1))
      inserted++
    } else {
      let changes = !ignoreNull
      for (let c = 0; c < columns.length; c++) {
        if (ignoreNull && columns[c].isNullAt(k)) continue
        writeElement(t.columns[c], at, columns[c], k)
        if (!keys.includes(c)) changes = true
      }
      if (changes) updated++
    }
  }
  t.keyIndex = undefined
  return { inserted, updated }
}

const PARAMS = '(obj, newData, [ignoreNull=false], [keyColNames], [sortColumns])'
define(`upsert!${PARAMS}`, {
  doc: 'Updates the first row with the key of each new row, or inserts it; returns obj. With ignoreNull, null values leave the old ones. The key of a stored table is keyColNames and the partition columns; with sortColumns (OLAP) the partitions that change are sorted.',
  mutates: true,
  call: (args) => upsert(`upsert!${PARAMS}`, args).table,
})
define(`tableUpsert${PARAMS}`, {
  doc: 'As upsert!, returning the pair inserted : updated. With ignoreNull, rows of an in-memory table that bring nothing but nulls do not count as updated.',
  mutates: true,
  call: (args): Value => {
    const { counts } = upsert(`tableUpsert${PARAMS}`, args)
    return new Pair(T.LONG, BigInt(counts.inserted), BigInt(counts.updated))
  },
})
