import { describe, it } from 'vitest'
import { FIRST_SEED as first } from '../../test/seed.ts'
import { expectTold } from './expect-told.ts'

const histories = process.env.HOLDFAST_LONG === 'small' ? 40 : 1500

describe(`${histories} random histories from seed ${first}`, () => {
  it('are told as the model knows them, with all of the log and without the oldest of it', async () => {
    for (let k = 0; k < histories; k++)
      try {
        await expectTold(first + k, k % 2 === 1)
      } catch (error) {
        throw new Error(`seed ${first + k}${k % 2 === 1 ? ', with a primary key' : ''}: ${(error as Error).message}`, {
          cause: error,
        })
      }
  })
})
