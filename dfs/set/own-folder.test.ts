import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { requireNoBackups } from '../archive/require-apart.ts'
import { LocalFileStore } from '../store/local-store.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { connect, newWorld } from '../write/testing.ts'
import { requireOwnFolder } from './own-folder.ts'

const PIECE = '000000010000000000000042'

function folder(...files: string[]): MemoryFileStore {
  const store = new MemoryFileStore()
  for (const file of files) store.writeFileAtomic(file, 'precious')
  return store
}

describe('a folder for backups', () => {
  it.each<[string, string[]]>([
    ['is new', []],
    ['holds files that no backup touches', ['readme.txt', 'other/data/x', 'states/mine']],
    ['holds a set', ['backup_manifest.json', 'data/db/x.arrow', 'wal/000000010000000000000001']],
    [
      'holds what a first backup of databases left that died',
      ['states/20260115T101500123Z-5f09ac.partial/plan.json', 'data/db/x.arrow'],
    ],
    [
      'holds what a first backup of the node left that died',
      ['states/bk-20260115-101500.partial/catalog', 'data/db/x.arrow'],
    ],
  ])('%s', (_, files) => requireOwnFolder(folder(...files)))

  it.each<[string, string[], RegExp]>([
    [
      'data of somebody',
      ['data/mine/x'],
      /holds no backup, but files in data\/, which would be removed \(data\/mine\/x\)/,
    ],
    ['a log of somebody', ['states/mine/x', 'wal/redo.1'], /files in wal\/, which would be removed \(wal\/redo\.1\)/],
    ['another store', ['catalog.mdb', 'wal/current_file'], /is a data directory: it holds catalog\.mdb/],
    [
      'an archive',
      [PIECE, `${PIECE}.segments`, 'data/chunks/db/x.arrow'],
      new RegExp(`holds an archive of the log \\(${PIECE}\\)`),
    ],
    ['an archive of a command, beside a set', ['backup_manifest.json', `${PIECE}.zst`], /holds an archive of the log/],
    [
      'an archive in the log folder of a set',
      ['backup_manifest.json', `wal/${PIECE}`, `wal/${PIECE}.segments`],
      /holds an archive of the log/,
    ],
  ])('is refused when it holds %s', (_, files, message) => {
    expect(() => requireOwnFolder(folder(...files))).toThrow(message)
  })

  it('is refused among the files of another set, which would remove it', () => {
    const root = mkdtempSync(join(tmpdir(), 'holdfast-set-'))
    try {
      writeFileSync(join(root, 'backup_manifest.json'), '')
      for (const path of ['data', 'data/db/nightly', 'states/x', 'wal'])
        expect(() => requireOwnFolder(new LocalFileStore(join(root, path))), path).toThrow(
          `cannot hold backups: it lies among the files of the backups in ${root}, which would remove it`,
        )
      requireOwnFolder(new LocalFileStore(join(root, 'nightly')))
    } finally {
      rmSync(root, { recursive: true })
    }
  })

  it('is left as it was by every call that would make a backup there', () => {
    const world = newWorld()
    const s = connect(world)
    s.run(
      'db = database("dfs://d", VALUE, 0..2); t = table(0 1 2 as k, 1 2 3 as x); pt = db.createPartitionedTable(t, `pt, `k); pt.append!(t)',
    )
    const store = folder('data/mine/x', 'wal/y')
    world.backups.set('/taken', store)
    for (const call of [
      'backupNode("/taken")',
      'backupDB("/taken", "dfs://d")',
      'backupTable("/taken", "dfs://d", "pt")',
      'backup("/taken", "dfs://d", true)',
      'backup("/taken", <select * from pt>, true)',
    ])
      expect(s.fails(call), call).toMatch(
        /^The directory .* cannot hold backups: it holds no backup, but files in data\//,
      )
    expect([...store.files().keys()].sort()).toEqual(['data/mine/x', 'wal/y'])
    s.run('backupDB("/set", "dfs://d", keep=5); backupDB("/set", "dfs://d")')
    ;(world.backups.get('/set') as MemoryFileStore).writeFileAtomic(PIECE, 'a piece')
    expect(s.fails('pruneBackup("/set", 1)')).toMatch(/holds an archive of the log/)
  })
})

describe('an archive of the log', () => {
  it('never lies among backups, which would remove its segments', () => {
    requireNoBackups(folder(PIECE, 'data/chunks/db/x.arrow'))
    for (const set of [folder('backup_manifest.json'), folder('states/bk-20260115-101500.partial/catalog')])
      expect(() => requireNoBackups(set)).toThrow(
        /wal_archive_dir can't be .*: it holds backups, and a backup removes files there/,
      )
    const root = mkdtempSync(join(tmpdir(), 'holdfast-archive-'))
    try {
      writeFileSync(join(root, 'backup_manifest.json'), '')
      expect(() => requireNoBackups(new LocalFileStore(join(root, 'wal')))).toThrow(
        `it lies in the backups in ${root}, and a backup removes files there`,
      )
      requireNoBackups(new LocalFileStore(join(root, 'wal-archive')))
    } finally {
      rmSync(root, { recursive: true })
    }
  })
})
