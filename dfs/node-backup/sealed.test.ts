import { describe, expect, it } from 'vitest'
import { MemoryCatalogStore } from '../catalog/memory-store.ts'
import { silentProgress } from '../progress.ts'
import { type BackupKey, parseKey } from '../set/key.ts'
import { SealedFileStore } from '../set/sealed-store.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { boot, connect, newWorld, type TestSession } from '../write/testing.ts'
import { restoreNode } from './restore.ts'
import { verifyNodeBackup } from './verify.ts'

const keyText = (digit: string): string => `holdfast-key-1\n${digit.repeat(64)}\n`
const keyOf = (digit: string): BackupKey => parseKey(Buffer.from(keyText(digit)), 'k')

const SECRET = 'a-name-that-nobody-may-read'

/** A set with two encrypted backups, and what the store held then. */
function filled(): { readonly session: TestSession; readonly set: MemoryFileStore; readonly content: string } {
  const world = newWorld()
  const session = connect(world)
  const keys = new MemoryFileStore()
  for (const digit of ['1', '2']) keys.writeFileAtomic(`key${digit}`, keyText(digit))
  keys.writeFileAtomic('other', 'no key')
  keys.writeFileAtomic('newer', keyText('1').replace('-1', '-9'))
  world.backups.set('/keys', keys)
  session.run(`
    db = database("dfs://${SECRET}", VALUE, 2024.01.01..2024.01.02)
    pt = db.createPartitionedTable(table(1:0, \`day\`id, [DATE, INT]), "pt", \`day)
    pt.append!(table(take(2024.01.01..2024.01.02, 4000) as day, til(4000) as id))
    backupNode("/b", true, false, "/keys/key1")
    pt.append!(table(take(2024.01.01..2024.01.02, 4000) as day, til(4000) as id))
    pt.append!(table(2024.01.01 as day, 7 as id))
    backupNode("/b", true, true, "/keys/key1", 1)`)
  return { session, set: world.backups.get('/b') as MemoryFileStore, content: contentOf(session) }
}

const contentOf = (session: TestSession): string =>
  session.show(`select count(*), sum(id) from loadTable("dfs://${SECRET}", "pt") group by day`)

const verify = (set: MemoryFileStore, key: BackupKey | undefined) =>
  verifyNodeBackup({ set, key, progress: silentProgress, now: () => 0 })

function restored(set: MemoryFileStore, key: BackupKey | undefined, target = new MemoryFileStore()): string {
  const catalog = new MemoryCatalogStore()
  restoreNode({ set, key, target, makeCatalog: (fill) => fill(catalog), progress: silentProgress, now: () => 5 })
  return contentOf(connect(boot(catalog, target)))
}

describe('an encrypted backup', () => {
  it('restores with its key, shows nothing without it, and shares files with the backup before it', () => {
    const { session, set, content } = filled()
    expect(verify(set, keyOf('1')).failures).toEqual([])
    expect(restored(set, keyOf('1'))).toBe(content)
    for (const file of set.files().keys()) {
      const text = Buffer.from(set.readFile(file)).toString('latin1')
      expect(text.includes(SECRET), file).toBe(false)
      expect(text.includes('ARROW1'), file).toBe(false)
    }
    const files = [...set.files().keys()].filter((f) => f.startsWith('data/'))
    expect(files.filter((f) => f.endsWith('.zst'))).toHaveLength(2)
    expect(files.filter((f) => f.endsWith('.arrow'))).toHaveLength(2)
    session.run('backupNode("/b", true, true, "/keys/key1", 1)')
    expect([...set.files().keys()].filter((f) => f.startsWith('data/'))).toEqual(files)
  })

  it('is refused with another key or none before anything is written', () => {
    const { session, set } = filled()
    const before = [...set.files().keys()]
    const fails = (key: string): string => session.fails(`backupNode("/b", true, false, ${key})`)
    expect(fails('"/keys/key2"')).toContain('are encrypted with another key')
    expect(fails('')).toContain('are encrypted; their key is needed')
    expect(fails('"/keys/missing"')).toContain('missing: there is no such file')
    expect(fails('"/keys/other"')).toContain('is not a key file')
    expect(fails('"/keys/newer"')).toContain('of a version that this release does not know')
    expect([...set.files().keys()]).toEqual(before)
    for (const key of [undefined, keyOf('2')]) {
      expect(() => verify(set, key)).toThrow(/key/)
      const target = new MemoryFileStore()
      expect(() => restored(set, key, target)).toThrow(/key/)
      expect(target.files().size).toBe(0)
    }
    session.run('backupNode("/plain")')
    expect(session.fails('backupNode("/plain", true, false, "/keys/key1")')).toContain('are not encrypted')
  })

  it('is authenticated: flipped bits, cut files and exchanged files are found and refused', () => {
    const { set, content } = filled()
    const key = keyOf('1')
    const sealed = [...set.files().keys()].filter((f) => !f.endsWith('manifest.json'))
    const original = new Map(sealed.map((f) => [f, Uint8Array.from(set.readFile(f))]))
    const isRefused = (file: string, bytes: Uint8Array, what: string): void => {
      put(set, file, bytes)
      expect(verify(set, key).failures[0]?.file, what).toBe(file)
      if (!file.startsWith('wal/')) expect(() => restored(set, key), what).toThrow()
      put(set, file, original.get(file)!)
    }
    for (const file of sealed) {
      const bytes = original.get(file)!
      for (const at of [0, 9, 25, bytes.length >> 1, bytes.length - 1]) {
        const damaged = Uint8Array.from(bytes)
        damaged[at] ^= 1
        isRefused(file, damaged, `${file} byte ${at}`)
      }
      for (const length of [0, 10, 36, bytes.length - 1])
        isRefused(file, bytes.subarray(0, length), `${file} cut to ${length}`)
    }
    // The same content, encrypted with the same key under another name.
    const store = new SealedFileStore(set, key, 'plain')
    const [first] = sealed.filter((f) => f.endsWith('.arrow'))
    const elsewhere = store.openWrite('data/elsewhere')
    elsewhere.write(store.readFile(first))
    elsewhere.sync()
    elsewhere.close()
    expect(store.readFile('data/elsewhere')).toEqual(store.readFile(first))
    isRefused(first, set.readFile('data/elsewhere'), 'another name')
    store.rename('data/elsewhere', first)
    expect(verify(set, key).failures).toEqual([])
    expect(restored(set, key)).toBe(content)
  })
})

function put(set: MemoryFileStore, file: string, bytes: Uint8Array): void {
  const writer = set.openWrite(file)
  writer.write(bytes)
  writer.sync()
  writer.close()
}
