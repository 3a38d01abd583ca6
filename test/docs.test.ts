import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parseConfig } from '../repl/config-file.ts'
import { configurationPage } from '../scripts/configuration-doc.ts'
import { conformancePage } from '../scripts/conformance-doc.ts'
import { functionsPage, lateNamesModule } from '../scripts/functions-doc.ts'
import { root } from './harness.ts'

it('docs/functions.md is what the registry says (npm run docs writes it)', () => {
  expect(readFileSync(join(root, 'docs/functions.md'), 'utf8') === functionsPage()).toBe(true)
})

it('docs/conformance.md counts the conformance scripts (npm run docs writes it)', () => {
  expect(readFileSync(join(root, 'docs/conformance.md'), 'utf8')).toBe(conformancePage())
})

it('a session knows the names of the store (npm run docs writes jobs/late-names.ts)', () => {
  expect(readFileSync(join(root, 'jobs/late-names.ts'), 'utf8')).toBe(lateNamesModule())
})

it('docs/configuration.md is what the tables of settings say (npm run docs writes it), and its file is right', () => {
  const page = readFileSync(join(root, 'docs/configuration.md'), 'utf8')
  expect(page === configurationPage()).toBe(true)
  const [, toml] = /```toml\n([\s\S]*?)```/.exec(page) as RegExpExecArray
  expect(Object.keys(parseConfig(toml, '/holdfast.toml', true).settings)).toHaveLength(3)
})
