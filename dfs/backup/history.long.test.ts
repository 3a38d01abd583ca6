import { describe, it } from 'vitest'
import { FIRST_SEED as first } from '../../test/seed.ts'
import { playHistory } from './history.ts'

const histories = process.env.HOLDFAST_LONG === 'small' ? 50 : 3000

describe(`${histories} random histories from seed ${first}`, () => {
  it('always leave the states that are to stay, and each restores to what it is of', () => {
    for (let seed = first; seed < first + histories; seed++) playHistory(seed, 60)
  })
})
