import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openDirectory } from '../engine/directory.ts'
import { Engine } from '../engine/engine.ts'
import { checkDirectory, noTotals, openForInspection } from '../inspect/index.ts'
import { requireWholeFile } from './lmdb-file.ts'
import { LmdbCatalogStore } from './lmdb-store.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-lmdb-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the file of a catalog', () => {
  it('is whole after every commit, and refused when it is cut off, before it is mapped', async () => {
    const file = join(folder, 'catalog.mdb')
    const catalog = new LmdbCatalogStore(file)
    // Hashes of passwords are in it.
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o007).toBe(0)
    for (let round = 0; round < 60; round++) {
      catalog.transaction((w) => {
        for (let k = 0; k < 40; k++) w.put(['k', `${(round * 17 + k) % 200}`], 'x'.repeat(((round * k) % 50) * 100))
        for (let k = 0; k < 20; k++) w.remove(['k', `${(round * 7 + k) % 200}`])
      })
      expect(() => requireWholeFile(file, false)).not.toThrow()
    }
    await catalog.close()
    const { size } = statSync(file)
    const message = /^The catalog .* is cut off: it has \d+ bytes and needs \d+\.$/
    for (let bytes = size - 4096; bytes > 0; bytes -= 4096) {
      truncateSync(file, bytes)
      if (bytes < size * 0.8) expect(() => requireWholeFile(file, false)).toThrow(message)
    }
    truncateSync(file, 100)
    expect(() => new LmdbCatalogStore(file)).toThrow(message)
    truncateSync(file, 0)
    expect(() => requireWholeFile(file, false)).toThrow(message)
    expect(() => requireWholeFile(join(folder, 'none'), true)).not.toThrow()
  })

  it('that can not be read is told like any other file', () => {
    const file = join(folder, 'plain')
    writeFileSync(file, '')
    expect(() => new LmdbCatalogStore(join(file, 'catalog.mdb'))).toThrow(
      expect.objectContaining({ kind: 'io', code: 'ENOTDIR' }),
    )
  })

  it('is not made anew beside segments, and the directory stays as it is', () => {
    const data = join(folder, 'data')
    mkdirSync(join(data, 'chunks/db'), { recursive: true })
    writeFileSync(join(data, 'chunks/db/1.arrow'), '')
    expect(() => Engine.open(data)).toThrow(
      /catalog\.mdb in .* is missing or empty, but there are segments in chunks\/\./,
    )
    expect(readdirSync(data)).toEqual(['chunks'])
  })

  it.each(['checkpoint', 'wal'])('is not made in a folder of somebody who has a folder %s', (name) => {
    const data = join(folder, `somebody-${name}`)
    mkdirSync(join(data, name, 'epoch-1'), { recursive: true })
    writeFileSync(join(data, name, 'epoch-1', 'weights'), 'precious')
    expect(() => Engine.open(data)).toThrow(
      `is missing or empty, but ${name}/ is not empty: this is a data directory that has lost its catalog, or none at all.`,
    )
    expect(readdirSync(data, { recursive: true }).sort()).toEqual([name, `${name}/epoch-1`, `${name}/epoch-1/weights`])
  })

  it('is refused when all segments that it names are gone: their volume is not mounted', async () => {
    const data = join(folder, 'unmounted-chunks')
    mkdirSync(data)
    const catalog = new LmdbCatalogStore(join(data, 'catalog.mdb'))
    const chunk = { chunkId: 'c', cid: 1, rows: 0, updateTimeMs: 0, path: '/1', segments: [] as object[] }
    const put = (): void => catalog.transaction((w) => w.put(['chunk', 'dfs://d', 't', '/1'], chunk))
    put()
    // Rows that wait in the log have no segments yet.
    openDirectory(data, () => {}).lock.release()
    chunk.segments.push({ file: 'chunks/d/1/t/1.arrow' })
    put()
    const refusal = /^chunks\/ in .* is missing or empty, and the catalog names segments in it\.$/
    expect(() => openDirectory(data, () => {})).toThrow(refusal)
    mkdirSync(join(data, 'chunks/lost+found'), { recursive: true })
    expect(() => openDirectory(data, () => {})).toThrow(refusal)
    mkdirSync(join(data, 'chunks/d'))
    openDirectory(data, () => {}).lock.release()
    await catalog.close()
  })

  it('is made beside volumes that are mounted in the place of folders', async () => {
    const data = join(folder, 'volumes')
    for (const name of ['chunks', 'wal']) mkdirSync(join(data, name, 'lost+found'), { recursive: true })
    writeFileSync(join(data, 'chunks/lost+found/#12'), 'found')
    const engine = Engine.open(data)
    await engine.close()
    // A process that is gone had it: the start looks for files that nobody names.
    writeFileSync(join(data, 'holdfast.lock'), '{"pid":')
    await Engine.open(data).close()
    expect(readdirSync(join(data, 'chunks/lost+found'))).toEqual(['#12'])
    const directory = openForInspection(data)
    expect([...checkDirectory(directory, true, noTotals())].filter((f) => f?.file?.includes('lost+found'))).toEqual([])
    await directory.close()
  })

  it('is not started beside a link to the chunks of another directory, whose files it does not name', async () => {
    const original = join(folder, 'original')
    const copy = join(folder, 'copy-of-links')
    for (const name of ['vol/chunks', 'original']) mkdirSync(join(folder, name), { recursive: true })
    symlinkSync(join(folder, 'vol/chunks'), join(original, 'chunks'))
    await Engine.open(original).close()
    cpSync(original, copy, { recursive: true, verbatimSymlinks: true })
    writeFileSync(join(folder, 'vol/chunks/newer.arrow'), 'rows')
    const before = readdirSync(copy).sort()
    const refusal =
      /copy-of-links\/chunks is a link to .*vol\/chunks, which belongs to the data directory .*original: a start here would remove files/
    expect(() => Engine.open(copy)).toThrow(refusal)
    writeFileSync(join(copy, '_restore'), '')
    expect(() => Engine.open(copy)).toThrow(refusal)
    const looked = openForInspection(copy)
    expect([...checkDirectory(looked, false, noTotals())].map((f) => f?.code)).toContain('folderOfOther')
    await looked.close()
    rmSync(join(copy, '_restore'))
    expect(readdirSync(copy).sort()).toEqual(before)
    expect(readdirSync(join(folder, 'vol/chunks')).sort()).toEqual(['holdfast.owner', 'newer.arrow'])
    rmSync(join(folder, 'vol/chunks/newer.arrow'))
    renameSync(join(folder, 'vol'), join(folder, 'unmounted'))
    expect(() => Engine.open(original)).toThrow(/original\/chunks is a link that leads nowhere/)
    renameSync(join(folder, 'unmounted'), join(folder, 'vol'))
    // A directory that was moved, or put back under its path, goes on.
    renameSync(original, join(folder, 'moved'))
    await Engine.open(join(folder, 'moved')).close()
    const directory = openForInspection(join(folder, 'moved'))
    expect([...checkDirectory(directory, true, noTotals())].filter((f) => f !== undefined)).toEqual([])
    await directory.close()
  })
})
