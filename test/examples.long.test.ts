/** The examples that are shell scripts start a dozen stores each: every one runs to its end. */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { holdfastBin, root, scratch } from './harness.ts'

describe('examples', () => {
  for (const file of readdirSync(join(root, 'examples')).filter((f) => f.endsWith('.sh')))
    it(file, { timeout: 120_000 }, () => {
      const env = { ...process.env, HOLDFAST: `${process.execPath} ${holdfastBin}`, TMPDIR: scratch('example') }
      const { status, stdout, stderr } = spawnSync('sh', [join(root, 'examples', file)], { env, encoding: 'utf8' })
      expect(status, `${stdout}\n${stderr}`).toBe(0)
      expect(stdout.length).toBeGreaterThan(50)
      // What is shown before the accident is shown again by what was recovered.
      const shown = stdout.split('\n').filter((line) => line.startsWith('2026.01.14'))
      expect(shown.length).toBeGreaterThan(1)
      expect(new Set(shown).size).toBe(1)
    })
})
