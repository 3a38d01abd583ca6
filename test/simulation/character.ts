import type { Random } from './random.ts'

/** What a run is about, drawn at its start. */
export interface Character {
  readonly levels: readonly number[]
  readonly lives: number
  readonly faultRate: number
  readonly isAutomatic: boolean
  readonly pauseRate: number
  readonly nestRate: number
  readonly backsUp: boolean
  readonly copies: boolean
}

export const drawCharacter = (random: Random, levels?: readonly (readonly number[])[]): Character => ({
  levels: random.pick(levels ?? [[1], [2], [1, 2], [2, 1], [0], [0, 1, 2], [2, 0]]),
  lives: random.between(2, 5),
  faultRate: random.pick([0, 0, 0.05, 0.2]),
  isAutomatic: random.chance(0.5),
  pauseRate: random.pick([0, 0.3, 0.8]),
  nestRate: random.pick([0, 0, 0.1, 0.3]),
  backsUp: random.chance(0.3),
  copies: random.chance(0.3),
})
