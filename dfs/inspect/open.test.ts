import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { LmdbCatalogStore } from '../catalog/lmdb-store.ts'
import { keys } from '../catalog/records.ts'
import { lockDirectory } from '../engine/lock.ts'
import { checkDirectory, noTotals, openForInspection } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-inspect-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const NOBODY = 65_534

/** Root may write anywhere: then as another user. */
function unprivileged<R>(body: () => R): R {
  if (process.geteuid?.() !== 0) return body()
  process.seteuid!(NOBODY)
  try {
    return body()
  } finally {
    process.seteuid!(0)
  }
}

async function dataDirectory(name: string): Promise<string> {
  const data = join(folder, name)
  mkdirSync(data)
  const catalog = new LmdbCatalogStore(join(data, 'catalog.mdb'))
  catalog.transaction((writer) => writer.put(keys.format, 1))
  await catalog.close()
  rmSync(join(data, 'catalog.mdb-lock'), { force: true })
  chmodSync(folder, 0o755)
  return data
}

describe.skipIf(process.platform === 'win32')('a directory in which nothing can be written', () => {
  it('is looked at all the same, and stays as it is', async () => {
    const data = await dataDirectory('mounted')
    chmodSync(data, 0o555)
    const directory = unprivileged(() => openForInspection(data))
    expect(directory).toMatchObject({ isHeld: false, wasUnclean: false })
    expect(directory.catalogError).toBeUndefined()
    expect(directory.catalog?.get(keys.format)).toBe(1)
    expect([...checkDirectory(directory, false, noTotals())].map((f) => f?.code)).toContain('notHeld')
    await directory.close()
    expect(readdirSync(data)).toEqual(['catalog.mdb'])
  })

  it('is refused while a process has it, and known to be left open by one that is gone', async () => {
    const data = await dataDirectory('in-use')
    const lock = lockDirectory(data)
    chmodSync(data, 0o555)
    expect(() => unprivileged(() => openForInspection(data))).toThrow(/in use by process/)
    chmodSync(data, 0o755)
    lock.leave()
    chmodSync(data, 0o555)
    const directory = unprivileged(() => openForInspection(data))
    expect(directory).toMatchObject({ isHeld: false, wasUnclean: true })
    await directory.close()
    expect(existsSync(join(data, 'holdfast.lock'))).toBe(true)
    chmodSync(data, 0o755)
  })

  it('is held where it can be written', async () => {
    const data = await dataDirectory('writable')
    writeFileSync(join(data, 'mine.txt'), '')
    const directory = openForInspection(data)
    expect(directory.isHeld).toBe(true)
    await directory.close()
    expect(readdirSync(data)).toEqual(['catalog.mdb', 'mine.txt'])
  })
})
