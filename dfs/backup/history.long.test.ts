import { describe, it } from 'vitest'
import { playHistory } from './history.ts'

const first = Number(process.env.HOLDFAST_SEED ?? Date.now() % 1_000_000)
const histories = process.env.HOLDFAST_LONG === 'small' ? 50 : 3000

describe(`${histories} random histories from seed ${first}`, () => {
  it('always leave the states that are to stay, and each restores to what it is of', () => {
    for (let seed = first; seed < first + histories; seed++) playHistory(seed, 60)
  })
})
