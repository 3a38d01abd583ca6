/** Every example in the language runs to its end. Those in the shell: examples.long.test.ts. */
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
