import { expect, it } from 'vitest'
import { type FuzzCount, fuzz } from './testing-fuzz.ts'

/** Seeds before it belong to the short test. */
const FIRST_SEED = 1_000
const SEEDS = 60_000

it('scripts made from the grammar parse; damaged ones parse or end in syntax errors with a place', () => {
  const count: FuzzCount = { texts: 0, refused: 0 }
  fuzz(FIRST_SEED, SEEDS, count)
  console.log(`texts: ${count.texts}, refused: ${count.refused}`)
  expect(count.texts).toBe(3 * SEEDS)
})
