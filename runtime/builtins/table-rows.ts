/** Rows of in-memory tables: slicing, selecting, removing. */
import { evaluateOverTable } from '../indexing/read.ts'
import type { Session } from '../session.ts'
import { Matrix } from '../values/forms.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { Table } from '../values/table.ts'
import { isNumeric } from '../values/types.ts'
import { AnyVector } from '../values/vector.ts'
import { sizeError } from './args.ts'

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

/** Values of a parameter that is metacode, a tuple of metacode, or data: one value per expression. */
export function expressionValues(v: Value, t: Table, session: Session): Value[] {
  const parts =
    v.kind === 'vector' && v instanceof AnyVector && v.values.some((e) => e.kind === 'code') ? v.values : [v]
  return parts.flatMap((p) => {
    if (p.kind !== 'code') return [p]
    const value = evaluateOverTable(session, p, t)
    return value instanceof AnyVector && value.length !== t.rows ? value.values : [value]
  })
}

/** Positions of the rows that all conditions select: metacode, or BOOL vectors as long as the table. */
export function selectedRows(condition: Value, t: Table, session: Session): Int32Array {
  const keep = new Uint8Array(t.rows).fill(1)
  for (const v of expressionValues(condition, t, session)) narrow(keep, v)
  const out: number[] = []
  for (let k = 0; k < t.rows; k++) if (keep[k] === 1) out.push(k)
  return Int32Array.from(out)
}

function narrow(keep: Uint8Array, v: Value): void {
  if (v instanceof Scalar && isNumeric(v.type)) {
    if (v.isNull() || Number(v.value) === 0) keep.fill(0)
    return
  }
  const column = v instanceof Matrix ? v.data : v
  if (column.kind !== 'vector' || column.length !== keep.length) throw sizeError()
  for (let k = 0; k < keep.length; k++) if (column.isNullAt(k) || Number(column.raw(k)) === 0) keep[k] = 0
}

/** Removes the rows that a condition selects, in place. */
export function eraseRows(t: Table, condition: Value, session: Session): Table {
  const gone = selectedRows(condition, t, session)
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
