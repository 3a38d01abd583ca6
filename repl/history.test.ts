import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { History } from './history.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-history-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the history', () => {
  it('comes back in the order of typing, for its owner only', () => {
    const file = join(folder, 'a')
    const history = new History(file)
    for (const line of ['x = 1', '', 'x + 1']) history.add(line)
    expect(new History(file).lines).toEqual(['x = 1', 'x + 1'])
    expect(statSync(file).mode & 0o077).toBe(0)
  })

  it('keeps no passwords', () => {
    const file = join(folder, 'b')
    const history = new History(file)
    for (const line of [
      'login("admin", "secret")',
      'x = 1; changePwd("secret", "other")',
      'createUser("ann", "secret")',
      'resetPwd ("ann", "secret")',
      'loginTimes = 3',
    ])
      history.add(line)
    expect(new History(file).lines).toEqual(['loginTimes = 3'])
  })

  it('is cut when it has grown long, and a place that cannot be written costs nothing else', () => {
    const file = join(folder, 'c')
    writeFileSync(file, Array.from({ length: 5000 }, (_, k) => `line ${k}\n`).join(''))
    expect(new History(file).lines).toHaveLength(2000)
    expect(readFileSync(file, 'utf8').split('\n').filter(Boolean).at(0)).toBe('line 3000')
    new History(join(folder, 'no', 'such', 'folder')).add('x')
  })
})
