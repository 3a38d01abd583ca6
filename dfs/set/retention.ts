/**
 * Which states of a set stay when a new one is made, or when the set is pruned. A state stays if one of the numbers wants it: the `keep` newest, and of each of the last
 * `daily` days, `weekly` weeks (from Monday) and `monthly` months that have a state the newest one. Days are those of the clock of the process, as in scripts.
 */
import { asCount, asObject, inside, type Place } from './checked.ts'

export interface Retention {
  readonly keep: number
  readonly daily: number
  readonly weekly: number
  readonly monthly: number
}

/** What a set keeps that nobody gave numbers for. */
export const ONE_STATE: Retention = { keep: 1, daily: 0, weekly: 0, monthly: 0 }

export function checkRetention(value: unknown, place: Place): Retention {
  const o = asObject(value, place)
  const count = (field: string): number => asCount(o[field], inside(place, field))
  return { keep: count('keep'), daily: count('daily'), weekly: count('weekly'), monthly: count('monthly') }
}

/** A state as the numbers see it: which one, and of when. */
export interface DatedState {
  readonly id: string
  readonly takenMs: number
}

/** The ids of those that stay. `states`: oldest first. */
export function statesToKeep(states: readonly DatedState[], retention: Retention): ReadonlySet<string> {
  const newestFirst = [...states].reverse()
  const kept = new Set(newestFirst.slice(0, retention.keep).map((s) => s.id))
  const ofEach: readonly [count: number, period: (ms: number) => string][] = [
    [retention.daily, dayOf],
    [retention.weekly, weekOf],
    [retention.monthly, (ms) => dayOf(ms).slice(0, 7)],
  ]
  for (const [count, period] of ofEach) {
    const seen = new Set<string>()
    for (const { id, takenMs } of newestFirst) {
      if (seen.size === count) break
      const name = period(takenMs)
      if (!seen.has(name)) kept.add(id)
      seen.add(name)
    }
  }
  return kept
}

/** `2026-11-21` */
function dayOf(ms: number): string {
  const d = new Date(ms)
  const two = (n: number): string => String(n).padStart(2, '0')
  return `${String(d.getFullYear()).padStart(4, '0')}-${two(d.getMonth() + 1)}-${two(d.getDate())}`
}

/** The Monday of its week. */
function weekOf(ms: number): string {
  const d = new Date(ms)
  return dayOf(new Date(d.getFullYear(), d.getMonth(), d.getDate() - ((d.getDay() + 6) % 7)).getTime())
}
