import { describe, expect, it } from 'vitest'
import { CommitLatency, LATENCY_BYTES } from './commit-latency.ts'
import { Governor } from './governor.ts'

const MIB = 1 << 20

/** A machine that moves `bytesPerSecondFree` and on which commits suffer by what is moved beyond a share of that. */
function settle(governor: Governor, steps: number, machine: { free: number; harmless: number }): number[] {
  const rates: number[] = []
  let moved = machine.free
  for (let k = 0; k < steps; k++) {
    const latency = 2 + Math.max(0, moved - machine.harmless) / MIB
    const rate = governor.adjust(latency, moved)
    moved = rate === 0 ? machine.free : Math.min(rate, machine.free)
    rates.push(moved)
  }
  return rates
}

describe('a governor', () => {
  it('finds the rate that commits bear, and stays near it', () => {
    const governor = new Governor({ bytesPerSecondMax: 0, commitMsMax: 10 })
    const rates = settle(governor, 400, { free: 800 * MIB, harmless: 200 * MIB }).slice(100)
    const mean = rates.reduce((a, b) => a + b, 0) / rates.length
    expect(mean).toBeGreaterThan(120 * MIB)
    expect(mean).toBeLessThan(220 * MIB)
  })

  it('leaves a machine alone on which commits are fast enough', () => {
    const governor = new Governor({ bytesPerSecondMax: 0, commitMsMax: 10 })
    expect(governor.adjust(9, 500 * MIB)).toBe(0)
    expect(governor.adjust(undefined, 500 * MIB)).toBe(0)
  })

  it('goes back to full speed when nobody commits any more', () => {
    const governor = new Governor({ bytesPerSecondMax: 0, commitMsMax: 10 })
    for (let k = 0; k < 30; k++) governor.adjust(500, 500 * MIB)
    expect(governor.rate).toBe(MIB)
    for (let k = 0; k < 600; k++)
      governor.adjust(undefined, governor.rate === 0 ? 300 * MIB : Math.min(governor.rate, 300 * MIB))
    expect(governor.rate).toBe(0)
  })

  it('never exceeds the byte rate, and never stops', () => {
    const governor = new Governor({ bytesPerSecondMax: 50 * MIB, commitMsMax: 10 })
    for (let k = 0; k < 100; k++) expect(governor.adjust(k % 3 === 0 ? 50 : 1, 40 * MIB)).toBeLessThanOrEqual(50 * MIB)
    for (let k = 0; k < 100; k++) expect(governor.adjust(1000, 0)).toBeGreaterThanOrEqual(MIB)
  })

  it('keeps the byte rate alone without a budget', () => {
    const governor = new Governor({ bytesPerSecondMax: 50 * MIB, commitMsMax: 0 })
    expect(governor.adjust(1000, 0)).toBe(50 * MIB)
  })
})

describe('the latency of commits', () => {
  const made = (): { latency: CommitLatency; clock: { ms: number } } => {
    const clock = { ms: 1_000_000 }
    return { latency: new CommitLatency(new SharedArrayBuffer(LATENCY_BYTES), 0, () => clock.ms), clock }
  }

  it('is what 95 of 100 do not exceed', () => {
    const { latency } = made()
    for (let k = 1; k <= 100; k++) latency.note(k)
    expect(latency.p95()).toBe(95)
  })

  it('forgets', () => {
    const { latency, clock } = made()
    expect(latency.p95()).toBeUndefined()
    latency.note(500)
    clock.ms += 1900
    for (let k = 0; k < 99; k++) latency.note(1)
    expect(latency.p95()).toBe(1)
    clock.ms += 2100
    expect(latency.p95()).toBeUndefined()
  })

  it('remembers the newest of very many', () => {
    const { latency } = made()
    for (let k = 0; k < 10_000; k++) latency.note(k < 9000 ? 1 : 7)
    expect(latency.p95()).toBe(7)
  })
})
