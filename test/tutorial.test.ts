import { describe, it } from 'vitest'
import { playTutorial } from './tutorial/play.ts'

describe('the backup tutorial', () => {
  it('runs unchanged apart from its paths', () => playTutorial(2, 4))
})
