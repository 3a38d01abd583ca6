/** Rows that the last insert, update or delete of a session concerned: what `matchedRowCount()` answers. */
import type { Session } from '../session.ts'

const lastCounts = new WeakMap<Session, number>()

export function noteRows(session: Session, rows: number): void {
  lastCounts.set(session, rows)
}

/** 0 before the first modification. */
export const matchedRowCount = (session: Session): number => lastCounts.get(session) ?? 0
