import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { CatalogStore } from './key-value.ts'
import { LmdbCatalogStore } from './lmdb-store.ts'
import { MemoryCatalogStore } from './memory-store.ts'

const folders: string[] = []
const open: CatalogStore[] = []
afterEach(async () => {
  for (const store of open.splice(0)) await store.close()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

const lmdbFile = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-catalog-'))
  folders.push(folder)
  return join(folder, 'catalog.mdb')
}
const opened = <S extends CatalogStore>(store: S): S => {
  open.push(store)
  return store
}

describe.each([
  ['LMDB', () => opened(new LmdbCatalogStore(lmdbFile()))],
  ['the twin in memory', () => opened(new MemoryCatalogStore())],
] as const)('catalog in %s', (_, make) => {
  it('gives back records of every kind of value', () => {
    const store = make()
    const record = {
      text: 'é漢',
      number: 1.5,
      big: 2 ** 40,
      small: 5n,
      long: -(2n ** 63n),
      none: null,
      list: [1, 'a', [2n]],
      flag: true,
    }
    store.transaction((w) => w.put(['db', 'dfs://x'], record))
    expect(store.get(['db', 'dfs://x'])).toEqual(record)
    expect(store.get(['db', 'dfs://y'])).toBeUndefined()
  })
  it('lists the entries below a key in order, and no others', () => {
    const store = make()
    store.transaction((w) => {
      for (const path of ['/b', '/a/2', '/a/1', '/漢', '/Z']) w.put(['chunk', 'dfs://x', 't', path], path)
      w.put(['chunk', 'dfs://x', 't2', '/a'], 'other table')
      w.put(['chunk', 'dfs://xy', 't', '/a'], 'other database')
      w.put(['garbage', 10, 'files'], [])
      w.put(['garbage', 9, 'files'], [])
    })
    expect([...store.entries(['chunk', 'dfs://x', 't'])].map(([, v]) => v)).toEqual(['/Z', '/a/1', '/a/2', '/b', '/漢'])
    expect([...store.entries(['garbage'])].map(([key]) => key[1])).toEqual([9, 10])
  })
  it('keeps nothing of a transaction that throws', () => {
    const store = make()
    store.transaction((w) => w.put(['meta', 'cid'], 1))
    expect(() =>
      store.transaction((w) => {
        w.put(['meta', 'cid'], 2)
        w.remove(['meta', 'cid'])
        throw new Error('no')
      }),
    ).toThrow('no')
    expect(store.get(['meta', 'cid'])).toBe(1)
  })
  it('sees its own writes inside a transaction', () => {
    const store = make()
    const seen = store.transaction((w) => {
      w.put(['a', 'x'], 1)
      w.put(['a', 'y'], 2)
      w.remove(['a', 'x'])
      return [w.get(['a', 'x']), w.get(['a', 'y']), [...w.entries(['a'])].length]
    })
    expect(seen).toEqual([undefined, 2, 1])
  })
})

describe('catalog in LMDB', () => {
  it('may be closed right after a commit, and is there again when opened', async () => {
    const file = lmdbFile()
    const store = new LmdbCatalogStore(file)
    store.transaction((w) => w.put(['meta', 'cid'], 7))
    expect(store.get(['meta', 'cid'])).toBe(7)
    await store.close()
    expect(opened(new LmdbCatalogStore(file)).get(['meta', 'cid'])).toBe(7)
  })
})
