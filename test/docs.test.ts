import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { functionsPage } from '../scripts/functions-doc.ts'
import { root } from './harness.ts'

it('docs/functions.md is what the registry says (npm run docs writes it)', () => {
  expect(readFileSync(join(root, 'docs/functions.md'), 'utf8') === functionsPage()).toBe(true)
})
