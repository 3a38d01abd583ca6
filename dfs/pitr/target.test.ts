import { describe, expect, it } from 'vitest'
import type { HoldfastError } from '../../runtime/errors.ts'
import { formatTarget, isAfter, parseTarget } from './target.ts'

const NOON = Date.UTC(2026, 0, 15, 12, 0, 0)

describe('a recovery target', () => {
  it.each([
    ['2026-01-15T12:00:00Z', NOON],
    ['2026-01-15T12:00Z', NOON],
    ['2026-01-15 12:00:00z', NOON],
    ['2026-01-15T13:00:00+01:00', NOON],
    ['2026-01-15T13:00:00+0100', NOON],
    ['2026-01-15T07:00:00-05', NOON],
    ['2026-01-15T17:30:00.25+05:30', NOON + 250],
    ['2026-01-15T12:00:00.123456Z', NOON + 123],
    ['2026-01-15T12:00:00,5Z', NOON + 500],
  ])('%s is a time', (text, ms) => {
    expect(parseTarget(text)).toEqual({ kind: 'time', ms })
  })

  it.each([
    ['latest', { kind: 'latest' }],
    [' LATEST ', { kind: 'latest' }],
    ['lsn:0/1A3B4C5D', { kind: 'lsn', lsn: 0x1a3b4c5d }],
    ['LSN:1/0', { kind: 'lsn', lsn: 2 ** 32 }],
  ])('%s is a place in the log', (text, target) => {
    expect(parseTarget(text)).toEqual(target)
  })

  it.each([
    ['2026-01-15T12:00:00', /has no time zone/],
    ['2026-01-15 12:00', /has no time zone/],
    ['2026-02-30T12:00:00Z', /there is no such time/],
    ['2026-01-15T25:00:00Z', /there is no such time/],
    ['2026-01-15T12:00:00+25:00', /there is no time zone \+25:00/],
    ['2026-01-15', /is not a recovery target/],
    ['yesterday', /is not a recovery target/],
    ['', /is not a recovery target/],
    ['lsn:xyz', /is not an LSN/],
    ['lsn:0/0', /is no place in a log/],
  ])('%s is refused', (text, message) => {
    expect(() => parseTarget(text)).toThrow(message)
  })

  it('without a zone is refused with the right form', () => {
    try {
      parseTarget('2026-01-15 12:00')
      expect.unreachable()
    } catch (error) {
      expect((error as HoldfastError).hint).toContain('write 2026-01-15T12:00:00Z for UTC')
      expect((error as HoldfastError).hint).toMatch(/2026-01-15T12:00:00[+-]\d\d:\d\d/)
    }
  })

  it('includes what happened at it', () => {
    const at = (timeMs: number, lsn: number): { readonly timeMs: number; readonly lsn: number } => ({ timeMs, lsn })
    const time = parseTarget('2026-01-15T12:00:00Z')
    expect([NOON - 1, NOON, NOON + 0.5, NOON + 1].map((ms) => isAfter(time, at(ms, 0)))).toEqual([
      false,
      false,
      false,
      true,
    ])
    const lsn = parseTarget('lsn:0/100')
    expect([0xf8, 0x100, 0x108].map((l) => isAfter(lsn, at(0, l)))).toEqual([false, false, true])
    expect(isAfter(parseTarget('latest'), at(9e15, 9e15))).toBe(false)
    expect([time, lsn].map(formatTarget)).toEqual(['2026-01-15T12:00:00.000Z', 'LSN 0/00000100'])
  })
})
