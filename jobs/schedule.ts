/**
 * When a scheduled job is due: on each day from its first to its last (all of them, some days of the week, or some days of the month) at each of its times, in
 * the local time of the process. A time that a change to summer time leaves out comes an hour later that day; one that comes twice is due once.
 */
export interface Schedule {
  /** Days since 1970.01.01, both included. */
  readonly startDay: number
  readonly endDay: number
  readonly frequency: 'D' | 'W' | 'M'
  /** W: 0 (Sunday) to 6; M: days of the month; empty for D. */
  readonly days: readonly number[]
  /** Minutes of the day, ascending. */
  readonly minutes: readonly number[]
}

const DAY_MS = 86_400_000
const MINUTES_PER_DAY = 1440
/** Between two runs of a job. */
export const GAP_MINUTES_MIN = 5
/** The longest wait for a day of the month: the 29th of February, over a century that has none. */
const SEARCH_DAYS_MAX = 8 * 366

/** The first moment after `ms` at which the job is due; undefined when there is none any more. */
export function nextDue(s: Schedule, ms: number): number | undefined {
  const first = Math.max(s.startDay, localDay(ms))
  for (let day = first; day <= Math.min(s.endDay, first + SEARCH_DAYS_MAX); day++) {
    if (!isOn(s, day)) continue
    for (const minute of s.minutes) {
      const at = momentOf(day, minute)
      if (at > ms) return at
    }
  }
  return undefined
}

/** Whether neighbours in time (the last of a day and the first of the next among them) are far enough apart. */
export function farEnoughApart(minutes: readonly number[]): boolean {
  return minutes.every((m, k) => {
    const next = k + 1 < minutes.length ? minutes[k + 1] : minutes[0] + MINUTES_PER_DAY
    return next - m >= GAP_MINUTES_MIN
  })
}

function localDay(ms: number): number {
  const d = new Date(ms)
  return Math.floor(Date.UTC(d.getFullYear(), d.getMonth(), d.getDate()) / DAY_MS)
}

function momentOf(day: number, minute: number): number {
  const d = new Date(day * DAY_MS)
  return new Date(d.getUTCFullYear(), d.getUTCMonth(), d.getUTCDate(), Math.floor(minute / 60), minute % 60).getTime()
}

function isOn({ frequency, days }: Schedule, day: number): boolean {
  if (frequency === 'D') return true
  const d = new Date(day * DAY_MS)
  return days.includes(frequency === 'W' ? d.getUTCDay() : d.getUTCDate())
}
