import { describe, expect, it } from 'vitest'
import { type PaceClock, SharedPace } from './shared-pace.ts'

/** A clock that goes on by sleeping alone. */
function fakeClock(): PaceClock & { seconds(): number } {
  let now = 1_000_000_000_000n
  const start = now
  return {
    now: () => now,
    sleep: (ms) => {
      now += BigInt(Math.round(ms * 1e6))
    },
    seconds: () => Number(now - start) / 1e9,
  }
}

const PIECE = 1 << 17

describe('a shared brake', () => {
  it.each([1e6, 20e6, 500e6])('lets %d bytes a second pass', (rate) => {
    const clock = fakeClock()
    const brake = new SharedPace(undefined, clock)
    brake.bytesPerSecond = rate
    let bytes = 0
    while (bytes < 5 * rate) {
      brake.pass(PIECE, () => {})
      bytes += PIECE
    }
    expect(bytes / clock.seconds()).toBeGreaterThan(0.9 * rate)
    expect(bytes / clock.seconds()).toBeLessThan(1.2 * rate)
  })

  it('is one for all that share its memory', () => {
    const clock = fakeClock()
    const brakes = Array.from([1, 2, 3], () => new SharedPace(undefined, clock))
    const [first] = brakes
    const shared = brakes.map(() => new SharedPace(first!.shared, clock))
    first!.bytesPerSecond = 10e6
    let bytes = 0
    for (; bytes < 50e6; bytes += PIECE) shared[(bytes / PIECE) % 3]!.pass(PIECE, () => {})
    expect(bytes / clock.seconds()).toBeLessThan(12e6)
  })

  it('does not make up for a time in which nothing was asked', () => {
    const clock = fakeClock()
    const brake = new SharedPace(undefined, clock)
    brake.bytesPerSecond = 1e6
    brake.pass(PIECE, () => {})
    clock.sleep(60_000)
    const before = clock.seconds()
    for (let k = 0; k < 10; k++) brake.pass(PIECE, () => {})
    expect(clock.seconds() - before).toBeGreaterThan(1)
  })

  it('never waits without a rate', () => {
    const clock = fakeClock()
    const brake = new SharedPace(undefined, clock)
    for (let k = 0; k < 1000; k++) brake.pass(1 << 30, () => expect.unreachable())
    expect(clock.seconds()).toBe(0)
  })

  it('holds until it is let go, and asks meanwhile whether it must end', () => {
    const clock = fakeClock()
    const brake = new SharedPace(undefined, clock)
    brake.isHeld = true
    let asked = 0
    brake.pass(1, () => {
      if (++asked === 100) brake.isHeld = false
    })
    expect(asked).toBe(100)
    expect(clock.seconds()).toBeGreaterThan(4)
    brake.isHeld = true
    expect(() =>
      brake.pass(1, () => {
        throw new Error('cancelled')
      }),
    ).toThrow('cancelled')
  })
})
