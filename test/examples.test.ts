/** Every example runs to its end. The long story is run by the tutorial-like test of its own name. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { holdfast, root, scratch } from './harness.ts'

describe('examples', () => {
  for (const file of readdirSync(join(root, 'examples')).filter((f) => f.endsWith('.dos')))
    it(file, async () => {
      const outcome = await holdfast(['run', join('examples', file)], { data: join(scratch('example'), 'data') })
      expect(outcome.code, `${outcome.stdout}\n${outcome.stderr}`).toBe(0)
      expect(outcome.stdout.length).toBeGreaterThan(50)
    })
})
