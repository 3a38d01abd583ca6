/**
 * A handle shows the columns that its table had when it was loaded. They are found in the table as it is now by their stored names, which neither renaming nor
 * adding columns changes.
 */
import { inputError } from '../../runtime/errors.ts'
import type { ColumnPredicate } from '../../runtime/values/index.ts'
import { type StoredColumn, storedName, type TableRecord } from '../catalog/types.ts'

/** Position in the current table of a column that the handle shows. */
export function columnOfHandle(handle: TableRecord, current: TableRecord, name: string): number {
  const shown = columnNamed(handle.columns, name)
  const at = shown === undefined ? -1 : current.columns.findIndex((c) => storedName(c) === storedName(shown))
  if (shown !== undefined && at >= 0) return at
  throw inputError(`Unrecognized column name ${name}.`, {
    refId: 'S02005',
    code: 'unknownColumn',
    where: { db: current.db, table: current.name },
    hint: shown === undefined ? undefined : 'the table was altered after it was loaded: load it again',
  })
}

/** The current table with the columns that the handle shows, by its names for them, as far as they are still there. */
export function asHandleShows(handle: TableRecord, current: TableRecord): TableRecord {
  if (handle.schemaVersion === current.schemaVersion) return current
  const columns = handle.columns.flatMap((shown) => {
    const now = current.columns.find((c) => storedName(c) === storedName(shown))
    return now === undefined ? [] : [{ ...now, name: shown.name, stored: storedName(now) }]
  })
  return { ...current, columns }
}

/** SQL does not care about case; an exact spelling wins. */
export function columnNamed(columns: readonly StoredColumn[], name: string): StoredColumn | undefined {
  return columns.find((c) => c.name === name) ?? columns.find((c) => c.name.toLowerCase() === name.toLowerCase())
}

/** A predicate on the columns of a handle as one on the current ones; undefined (it tells nothing) when one of them is gone. */
export function currentPredicate(
  handle: TableRecord,
  current: TableRecord,
  predicate: ColumnPredicate | undefined,
): ColumnPredicate | undefined {
  if (predicate === undefined || handle.columns === current.columns) return predicate
  switch (predicate.kind) {
    case 'noMatch':
      return predicate
    case 'and':
    case 'or': {
      const parts = predicate.parts.map((p) => currentPredicate(handle, current, p))
      if (predicate.kind === 'or' && parts.includes(undefined)) return undefined
      return { kind: predicate.kind, parts: parts.filter((p) => p !== undefined) }
    }
    default: {
      const shown = columnNamed(handle.columns, predicate.column)
      const column = shown && current.columns.find((c) => storedName(c) === storedName(shown))
      return column && { ...predicate, column: column.name }
    }
  }
}
