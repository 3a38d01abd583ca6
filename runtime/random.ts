/** The session's random numbers: xoshiro128** seeded by splitmix32, so that equal seeds give equal scripts. */
import type { Random } from './session.ts'

export class SeededRandom implements Random {
  #a = 0
  #b = 0
  #c = 0
  #d = 0

  constructor(seed: number = Math.floor(Math.random() * 2 ** 47)) {
    this.seed(seed)
  }

  seed(seed: number): void {
    let state = (seed ^ Math.floor(seed / 4294967296)) | 0
    const next = (): number => {
      state = (state + 0x9e3779b9) | 0
      let z = state
      z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
      z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
      return (z ^ (z >>> 16)) | 0
    }
    this.#a = next()
    this.#b = next()
    this.#c = next()
    this.#d = next()
  }

  /** 53 random bits. */
  next(): number {
    const high = this.#word() >>> 5
    const low = this.#word() >>> 6
    return (high * 67108864 + low) / 9007199254740992
  }

  #word(): number {
    const x = Math.imul(this.#b, 5)
    const result = Math.imul((x << 7) | (x >>> 25), 9)
    const t = this.#b << 9
    this.#c ^= this.#a
    this.#d ^= this.#b
    this.#b ^= this.#c
    this.#a ^= this.#d
    this.#c ^= t
    this.#d = (this.#d << 11) | (this.#d >>> 21)
    return result
  }
}
