/** Rows of in-memory tables: reading one as a dictionary, slicing, filtering, removing. */
import { element } from '../compile/ownership.ts'
import type { Session } from '../session.ts'
import { Dict } from '../values/forms.ts'
import type { Value } from '../values/scalar.ts'
import { Table } from '../values/table.ts'
import { T } from '../values/types.ts'
import { selectedRows } from './table-code.ts'

/** Row k as an ordered dictionary of its columns; nulls when out of range. */
export function tableRow(t: Table, k: number): Dict {
  const entries = new Map<string, Value>()
  for (let c = 0; c < t.columns.length; c++) entries.set(t.names[c], element(t.columns[c].get(k)))
  return new Dict(T.STRING, T.ANY, entries, true)
}

/** Rows [from, to) as a new table without keys. */
export function tableSlice(t: Table, from: number, to: number): Table {
  return new Table(
    t.names.slice(),
    t.columns.map((c) => c.slice(from, to)),
  )
}

/** The rows at the positions as a new table without keys. */
export function tableGather(t: Table, positions: Int32Array): Table {
  return new Table(
    t.names.slice(),
    t.columns.map((c) => c.gather(positions)),
  )
}

/** Removes all rows in place. The columns are new objects, so that views of the old ones stay what they were. */
export function clearTable(t: Table): void {
  t.columns = t.columns.map((c) => c.slice(0, 0))
  t.keyIndex = undefined
}

/** Removes the rows that a condition selects, in place. */
export function eraseRows(t: Table, condition: Value, session: Session): Table {
  const conditions = condition.kind === 'vector' && condition.storage === 'any' ? condition.values : [condition]
  const gone = selectedRows(conditions, t, session)
  if (gone.length === 0) return t
  const kept = new Int32Array(t.rows - gone.length)
  let next = 0
  for (let k = 0, g = 0; k < t.rows; k++) {
    if (g < gone.length && gone[g] === k) g++
    else kept[next++] = k
  }
  t.columns = t.columns.map((c) => c.gather(kept))
  t.keyIndex = undefined
  return t
}
