import { type Raw, Table, type TypeId, vectorOf } from '../../runtime/values/index.ts'

/** A table from rows: each column is a type and the value of a row. */
export function listing<R>(
  rows: readonly R[],
  columns: Readonly<Record<string, readonly [TypeId, (row: R) => Raw]>>,
): Table {
  return new Table(
    Object.keys(columns),
    Object.values(columns).map(([type, value]) => vectorOf(type, rows.map(value))),
  )
}
