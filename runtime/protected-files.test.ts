import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createInterpreter } from './index.ts'
import { protectFiles } from './protected-files.ts'

const home = mkdtempSync(join(tmpdir(), 'holdfast-protected-'))
afterAll(() => rmSync(home, { recursive: true }))
mkdirSync(join(home, 'chunks', 'db'), { recursive: true })
writeFileSync(join(home, 'chunks', 'db', 'a.arrow'), 'a,b\n1,2\n')
writeFileSync(join(home, 'catalog.mdb'), 'a,b\n1,2\n')
symlinkSync(join(home, 'chunks'), join(home, 'link'))
mkdirSync(join(home, 'chunks-of-mine'))
protectFiles([join(home, 'chunks'), join(home, 'catalog.mdb'), join(home, 'wal')])

const session = createInterpreter({ print: () => {} })
session.run(`home = "${home}"; t = table(1 2 as a)`)

describe('files of the store', () => {
  it.each([
    'file(home + "/catalog.mdb")',
    'file(home + "/catalog.mdb", "w")',
    'file(home + "/chunks/db/a.arrow")',
    'file(home + "/chunks-of-mine/../catalog.mdb")',
    'file(home + "/link/db/a.arrow")',
    'file(home + "/wal/new", "w")',
    'loadText(home + "/catalog.mdb")',
    'extractTextSchema(home + "/chunks/db/a.arrow")',
    'saveText(t, home + "/catalog.mdb")',
    'saveTextFile("x", home + "/wal/current_file")',
    'rm(home + "/catalog.mdb")',
    'rmdir(home + "/chunks", true)',
    'rmdir(home, true)',
    'rmdir(home, true, true)',
  ])('are not for scripts: %s', (script) => {
    expect(() => session.run(script)).toThrow(/<NoPrivilege>The path .* belongs to the store/)
    expect(existsSync(join(home, 'chunks/db/a.arrow'))).toBe(true)
  })

  it('stand beside files that are', () => {
    session.run(
      'saveText(t, home + "/t.csv"); saveTextFile("x", home + "/chunks-of-mine/x"); rm(home + "/chunks-of-mine/x")',
    )
    expect(session.display(session.run('exec sum(a) from loadText(home + "/t.csv")'))).toBe('3')
    session.run('rmdir(home + "/chunks-of-mine")')
  })
})
