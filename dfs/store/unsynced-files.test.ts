import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { FaultyFileStore } from './faulty-store.ts'
import type { FileStore } from './file-store.ts'
import { LocalFileStore } from './local-store.ts'
import { MemoryFileStore } from './memory-store.ts'
import { UnsyncedFiles } from './unsynced-files.ts'

function write(store: FileStore, name: string, unsynced: UnsyncedFiles): void {
  const writer = store.openWrite(name)
  writer.write(Buffer.from(name))
  unsynced.add(writer)
}

const synced = (store: FaultyFileStore): string[] => store.log.filter((line) => line.startsWith('sync '))

describe('unsynced files', () => {
  it('are synced together, in the order in which they were written', () => {
    const store = new FaultyFileStore(new MemoryFileStore())
    const unsynced = new UnsyncedFiles()
    for (const name of ['a', 'b', 'c']) write(store, name, unsynced)
    expect(synced(store)).toEqual([])
    unsynced.syncAll()
    expect(synced(store)).toEqual(['sync a', 'sync b', 'sync c'])
    unsynced.syncAll()
    expect(synced(store)).toHaveLength(3)
  })
  it('never become many: the older half is synced first', () => {
    const store = new FaultyFileStore(new MemoryFileStore())
    const unsynced = new UnsyncedFiles()
    for (let k = 0; k <= 128; k++) write(store, `f${k}`, unsynced)
    expect(synced(store)).toHaveLength(65)
    expect(synced(store)[64]).toBe('sync f64')
  })
  it('are all lost when one cannot be synced', () => {
    const store = new FaultyFileStore(new MemoryFileStore(), { failCall: 5 })
    const unsynced = new UnsyncedFiles()
    write(store, 'a', unsynced)
    write(store, 'b', unsynced)
    expect(() => unsynced.syncAll()).toThrow(/input\/output error/)
    // Nothing claims to be durable later.
    unsynced.syncAll()
    expect(synced(store)).toEqual(['sync a'])
  })
  it('hold a descriptor each, and leave none open', () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-unsynced-'))
    const open = (): number => (process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0)
    try {
      const store = new LocalFileStore(folder)
      const before = open()
      for (const end of ['syncAll', 'abandon'] as const) {
        const unsynced = new UnsyncedFiles()
        for (let k = 0; k < 10; k++) write(store, `f${k}`, unsynced)
        if (process.platform === 'linux') expect(open()).toBe(before + 10)
        unsynced[end]()
        expect(open()).toBe(before)
        expect(Buffer.from(store.readFile('f7')).toString()).toBe('f7')
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
