/** The tutorial at the size of its text: 100 days of 40,000 rows in each of three tables. */
import { describe, it } from 'vitest'
import { playTutorial } from './tutorial/play.ts'

const small = process.env.HOLDFAST_LONG === 'small'

describe('the backup tutorial', () => {
  it('runs at full size', () => playTutorial(80, small ? 10 : 100))
})
