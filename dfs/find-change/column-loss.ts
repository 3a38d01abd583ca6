/** What a change of a table's columns takes from its rows. A column is known by its stored name: renaming takes nothing. */
import { type StoredColumn, storedName } from '../catalog/types.ts'

export interface ColumnLoss {
  readonly kind: 'DROP COLUMN' | 'CHANGE COLUMN TYPE'
  readonly note: string
}

/** undefined: every row keeps every value. */
export function columnLoss(before: readonly StoredColumn[], after: readonly StoredColumn[]): ColumnLoss | undefined {
  const kept = new Set(after.map(storedName))
  const names = new Set(after.map((c) => c.name))
  const lost = before.filter((c) => !kept.has(storedName(c)))
  const dropped = lost.filter((c) => !names.has(c.name)).map((c) => c.name)
  const changed = lost.filter((c) => names.has(c.name)).map((c) => c.name)
  if (dropped.length > 0) return { kind: 'DROP COLUMN', note: listed(dropped) }
  return changed.length > 0 ? { kind: 'CHANGE COLUMN TYPE', note: listed(changed) } : undefined
}

const listed = (names: readonly string[]): string => `column${names.length === 1 ? '' : 's'} ${names.join(', ')}`
