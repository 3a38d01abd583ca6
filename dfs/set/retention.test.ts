import { describe, expect, it } from 'vitest'
import fc from '../../test/properties.ts'
import { ONE_STATE, type Retention, statesToKeep } from './retention.ts'

/** Local time, as an operator reads the clock. */
const at = (text: string): number => new Date(text).getTime()

const states = (...times: string[]) => times.map((t) => ({ id: t, takenMs: at(t) }))
const numbers = (over: Partial<Retention>): Retention => ({ keep: 0, daily: 0, weekly: 0, monthly: 0, ...over })

/** Every six hours from 2026-01-01 00:00 to 2026-03-31 18:00. */
const quarter = Array.from({ length: 90 * 4 }, (_, k) => {
  const d = new Date(2026, 0, 1, k * 6)
  const two = (n: number): string => String(n).padStart(2, '0')
  const id = `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}T${two(d.getHours())}:00`
  return { id, takenMs: d.getTime() }
})

describe('the states that stay', () => {
  it.each<[what: string, numbers: Partial<Retention>, kept: readonly string[]]>([
    ['the newest', { keep: 2 }, ['2026-03-31T12:00', '2026-03-31T18:00']],
    ['the last of each day', { daily: 3 }, ['2026-03-29T18:00', '2026-03-30T18:00', '2026-03-31T18:00']],
    [
      'the last of each week, which ends on Sunday',
      { weekly: 3 },
      ['2026-03-22T18:00', '2026-03-29T18:00', '2026-03-31T18:00'],
    ],
    ['the last of each month', { monthly: 9 }, ['2026-01-31T18:00', '2026-02-28T18:00', '2026-03-31T18:00']],
    [
      'all that one of the numbers wants',
      { keep: 2, daily: 2, monthly: 2 },
      ['2026-02-28T18:00', '2026-03-30T18:00', '2026-03-31T12:00', '2026-03-31T18:00'],
    ],
  ])('are %s', (_, given, kept) => {
    expect([...statesToKeep(quarter, numbers(given))].sort()).toEqual(kept)
  })

  it('count days that have a state, not days of the calendar', () => {
    const few = states('2026-01-05T09:00', '2026-02-01T08:00', '2026-02-01T20:00', '2026-03-09T01:00')
    expect([...statesToKeep(few, numbers({ daily: 3 }))].sort()).toEqual([
      '2026-01-05T09:00',
      '2026-02-01T20:00',
      '2026-03-09T01:00',
    ])
  })

  it('take a week as one across the turn of the year', () => {
    const turn = states('2025-12-28T10:00', '2025-12-29T10:00', '2026-01-04T10:00', '2026-01-05T10:00')
    expect([...statesToKeep(turn, numbers({ weekly: 3 }))].sort()).toEqual([
      '2025-12-28T10:00',
      '2026-01-04T10:00',
      '2026-01-05T10:00',
    ])
  })

  it('are one when nobody says otherwise', () => {
    expect([...statesToKeep(quarter, ONE_STATE)]).toEqual(['2026-03-31T18:00'])
  })

  it('always have the newest, and pruning again drops nothing', () => {
    const count = fc.integer({ min: 0, max: 6 })
    const some = fc.record({ keep: count, daily: count, weekly: count, monthly: count })
    const times = fc.array(fc.integer({ min: 0, max: 400 * 24 }), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(some, times, (retention, hours) => {
        fc.pre(retention.keep + retention.daily + retention.weekly + retention.monthly > 0)
        const list = [...hours]
          .sort((a, b) => a - b)
          .map((h, k) => ({ id: `${k}`, takenMs: new Date(2026, 0, 1, h).getTime() }))
        const kept = statesToKeep(list, retention)
        expect(kept.has(list.at(-1)!.id)).toBe(true)
        expect(kept.size).toBeGreaterThanOrEqual(Math.min(retention.keep, list.length))
        const left = list.filter((s) => kept.has(s.id))
        expect(statesToKeep(left, retention).size).toBe(left.length)
      }),
    )
  })
})
