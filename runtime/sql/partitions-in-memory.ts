/** Stored tables whose partitions are in memory: their rows may be changed as those of any table in memory. */
import { type SourceTable, type Table, type TableSource, thawed } from '../values/index.ts'

export interface PartitionsInMemory extends TableSource {
  /** Gives all rows, in partition order, to `change`, which may do anything with them, and distributes what is there afterwards. */
  changeRows(change: (rows: Table) => void): void
}

export function inMemory({ source }: SourceTable): PartitionsInMemory | undefined {
  return 'changeRows' in source ? (source as PartitionsInMemory) : undefined
}

/** Whether the partitions are in memory, be it that they are changed through this table or elsewhere. */
export function liesInMemory({ source }: SourceTable): boolean {
  return 'changeRows' in source || 'inMemory' in source
}

/** The table with columns that may be written to. */
export function writableRows(rows: Table): Table {
  rows.columns = rows.columns.map(thawed)
  return rows
}
