/** Links and pipes in a folder that comes from elsewhere: nothing is written through them, and nobody waits for them. */
import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { connect, newWorld, type TestSession } from '../write/testing.ts'
import { LocalFileStore } from './local-store.ts'

const folders: string[] = []
const tempFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-links-'))
  folders.push(folder)
  return folder
}
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

let outside: string
beforeEach(() => {
  outside = tempFolder()
  writeFileSync(join(outside, 'precious'), 'mine')
})
const requireUntouched = (): void => {
  expect(readdirSync(outside)).toEqual(['precious'])
  expect(readFileSync(join(outside, 'precious'), 'utf8')).toBe('mine')
}

describe('a store that refuses links', () => {
  const calls: readonly [name: string, call: (store: LocalFileStore) => unknown][] = [
    ['openWrite', (s) => s.openWrite('a/link/new')],
    ['openWrite deeper', (s) => s.openWrite('a/link/b/c/new')],
    ['openLog', (s) => s.openLog('a/link/precious')],
    ['writeFileAtomic', (s) => s.writeFileAtomic('a/link/precious', 'x')],
    ['rename from', (s) => s.rename('a/link/precious', 'a/taken')],
    ['rename to', (s) => s.rename('a/own', 'a/link/new')],
    ['remove', (s) => s.remove('a/link/precious')],
    ['removeTree', (s) => s.removeTree('a/link/precious')],
    ['makeDirectory', (s) => s.makeDirectory('a/link/b/c')],
    ['removeEmptyDirectory', (s) => s.removeEmptyDirectory('a/link/b')],
  ]
  it.each(calls)('changes nothing where a link leads: %s', (_, call) => {
    const store = new LocalFileStore(tempFolder(), { refusesLinks: true })
    store.writeFileAtomic('a/own', 'x')
    symlinkSync(outside, join(store.root, 'a/link'))
    expect(() => call(store)).toThrow(/a\/link is a symbolic link: nothing is written/)
    requireUntouched()
  })

  it('does not write into a file that is a link', () => {
    const store = new LocalFileStore(tempFolder(), { refusesLinks: true })
    symlinkSync(join(outside, 'precious'), join(store.root, 'x'))
    expect(() => store.openWrite('x')).toThrow(/it is a symbolic link \(ELOOP\)/)
    expect(() => store.openLog('x')).toThrow(/it is a symbolic link \(ELOOP\)/)
    requireUntouched()
    // Replacing and removing are about the link itself.
    store.writeFileAtomic('x', 'own')
    expect(store.list('').map((e) => [e.name, e.kind])).toEqual([['x', 'file']])
    requireUntouched()
  })

  it('notices a link that takes the place of a folder', () => {
    const store = new LocalFileStore(tempFolder(), { refusesLinks: true })
    store.writeFileAtomic('a/b/own', 'x')
    store.removeTree('a/b')
    symlinkSync(outside, join(store.root, 'a/b'))
    expect(() => store.openWrite('a/b/own')).toThrow(/symbolic link/)
  })

  it('may itself lie behind a link', () => {
    const real = tempFolder()
    symlinkSync(real, join(outside, 'link'))
    new LocalFileStore(join(outside, 'link'), { refusesLinks: true }).writeFileAtomic('a/b', 'x')
    expect(existsSync(join(real, 'a/b'))).toBe(true)
    rmSync(join(outside, 'link'))
  })
})

describe('what is no file', () => {
  it('is refused at once, also a pipe that nobody writes to', () => {
    const store = new LocalFileStore(tempFolder())
    execFileSync('mkfifo', [join(store.root, 'pipe')])
    expect(() => store.openRead('pipe')).toThrow(/it is not a regular file \(EFTYPE\)/)
    store.makeDirectory('folder')
    expect(() => store.openRead('folder')).toThrow(/it is a folder \(EISDIR\)/)
  })
})

const TABLE = `
t = table(1:0, \`d\`k\`v, [DATE, INT, DOUBLE])
db = database("dfs://s", VALUE, 2024.01.01..2024.01.03)
pt = db.createPartitionedTable(t, "pt", "d")
def grow(x) { loadTable("dfs://s", "pt").append!(table(take(2024.01.01..2024.01.03, 30) as d, til(30) as k, rand(x, 30) as v)) }
grow(1.0)`

describe('a backup set with links and pipes in it', () => {
  let set: LocalFileStore
  let session: TestSession
  beforeEach(() => {
    const world = newWorld()
    set = new LocalFileStore(tempFolder(), { refusesLinks: true })
    world.backups.set('/b', set)
    session = connect(world)
    session.run(TABLE)
    session.run('backup("/b", "dfs://s")')
  })
  const replaceByLink = (path: string): void => {
    rmSync(join(set.root, path), { recursive: true, force: true })
    symlinkSync(outside, join(set.root, path))
  }

  it.each(['data', 'data/s', 'data/s/20240102', 'data/s/20240102/pt'])('is not written through %s', (path) => {
    replaceByLink(path)
    session.run('grow(2.0)')
    expect(session.fails('backup("/b", "dfs://s")')).toMatch(/is a symbolic link: nothing is written/)
    expect(session.fails('backup("/b", "dfs://s", true)')).toMatch(/is a symbolic link: nothing is written/)
    requireUntouched()
  })

  it.each(['states', 'states/link', 'backup.lock'])('is not written to, nor tidied up, through %s', (path) => {
    const id = set.list('states')[0].name
    replaceByLink(path === 'states/link' ? `states/${id.slice(0, -1)}0.partial` : path)
    session.run('grow(2.0)')
    session.fails('backup("/b", "dfs://s")')
    requireUntouched()
  })

  it('loses no file elsewhere when partitions leave the backup', () => {
    mkdirSync(join(outside, 'pt'))
    const [name] = set.list('data/s/20240103/pt').map((e) => e.name)
    writeFileSync(join(outside, 'pt', name), 'mine')
    replaceByLink('data/s/20240103')
    session.run('dropPartition(database("dfs://s"), "/20240103", "pt")')
    session.fails('backup("/b", "dfs://s")')
    expect(readFileSync(join(outside, 'pt', name), 'utf8')).toBe('mine')
  })

  it('is checked and refused, not waited for, where a pipe takes the place of a file', () => {
    const folder = 'data/s/20240101/pt'
    const [name] = set.list(folder).map((e) => e.name)
    rmSync(join(set.root, folder, name))
    execFileSync('mkfifo', [join(set.root, folder, name)])
    expect(session.show('exec count(*) from checkBackup("/b", "dfs://s")')).toBe('1')
    expect(session.fails('restoreTable("/b", "dfs://s", "pt", , "other")')).toContain(name)
    for (const file of ['backup_manifest.json', `states/${set.list('states')[0].name}/s/pt.meta`]) {
      rmSync(join(set.root, file))
      execFileSync('mkfifo', [join(set.root, file)])
      expect(session.fails('checkBackup("/b", "dfs://s")')).toMatch(/is damaged: it is missing|not a regular file/)
    }
  })
})
