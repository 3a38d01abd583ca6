/** The packed tarball installs and runs in an empty folder. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { root, scratch } from './harness.ts'

it('the packed package runs in an empty folder', () => {
  const folder = scratch('package')
  const quiet = { stdio: 'pipe', encoding: 'utf8' } as const
  execFileSync('npm', ['run', 'build'], { cwd: root, ...quiet })
  const packed = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: root, ...quiet }),
  ) as unknown
  const entries = (Array.isArray(packed) ? packed : Object.values(packed as object)) as { filename: string }[]
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'user', private: true, allowScripts: { node: true, lmdb: true, 'msgpackr-extract': true } }),
  )
  execFileSync('npm', ['install', '--no-audit', '--no-fund', `./${entries[0].filename}`], { cwd: folder, ...quiet })
  expect(execFileSync('npx', ['holdfast', '-e', '1+1'], { cwd: folder, ...quiet }).trim()).toBe('2')
})
