/** Encrypted backups, as scripts make and read them. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { FaultyFileStore } from '../store/faulty-store.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { connect, newWorld, type TestSession, type TestWorld } from '../write/testing.ts'

const keyText = (digit: string): string => `holdfast-key-1\n${digit.repeat(64)}\n`

const DATABASE = 'a-name-that-nobody-may-read'
const COLUMN = 'aColumnThatNobodyMayRead'
const SYMBOL = 'aValueThatNobodyMayRead'
/** The partition of SYMBOL, and what text of it stands in min and max. */
const SECRETS = [DATABASE, COLUMN, SYMBOL, 'secretTable', 'ARROW1', 'HFBKMETA', 'select']

let world: TestWorld
let s: TestSession

beforeEach(() => {
  world = newWorld()
  s = connect(world)
  const keys = new MemoryFileStore()
  for (const digit of ['1', '2']) keys.writeFileAtomic(`key${digit}`, keyText(digit))
  keys.writeFileAtomic('other', 'no key')
  keys.writeFileAtomic('newer', keyText('1').replace('-1', '-9'))
  world.backups.set('/keys', keys)
  s.run(`
    url = "dfs://${DATABASE}"; key = "/keys/key1"
    db = database(url, VALUE, \`${SYMBOL}\`b)
    pt = db.createPartitionedTable(table(1:0, \`k\`${COLUMN}, [SYMBOL, INT]), "secretTable", \`k)
    pt.append!(table(take(\`${SYMBOL}\`b, 4000) as k, til(4000) as ${COLUMN}))`)
})

const setOf = (folder: string): MemoryFileStore => world.backups.get(folder) as MemoryFileStore
const rowsOf = (table: string): string => s.show(`select count(*), sum(${COLUMN}) from ${table} group by k`)

function requireSecret(set: MemoryFileStore): void {
  expect(set.files().size).toBeGreaterThan(3)
  for (const file of set.files().keys()) {
    const text = Buffer.from(set.readFile(file)).toString('latin1')
    for (const secret of SECRETS) {
      expect(file.includes(secret), file).toBe(false)
      expect(text.includes(secret), `${secret} in ${file}`).toBe(false)
    }
  }
}

describe('an encrypted backup', () => {
  it('shows nothing without its key, neither in names nor in files, and restores with it', () => {
    s.run('backupDB("/b", url, key, 5)')
    s.run(`pt.append!(table(take(\`${SYMBOL}\`c, 1000) as k, til(1000) as ${COLUMN}))`)
    s.run('backupDB("/b", url, key); backup("/q", <select * from loadTable(url, "secretTable")>, keyPath=key)')
    requireSecret(setOf('/b'))
    requireSecret(setOf('/q'))
    const rows = rowsOf('pt')
    expect(s.show('size(checkBackup("/b", url, keyPath=key)) + size(checkBackup("/q", url, keyPath=key))')).toBe('0')
    expect(s.show('exec sum(rows) from getBackupList("/b", url, "secretTable", key)')).toBe('4500')
    expect(s.show('exec rows from listBackupStates("/b", key)')).toBe('[4500,4000]')
    expect(s.show(`getBackupMeta("/b", url, "/${SYMBOL}", "secretTable", key).rows`)).toBe('2500')
    expect(s.show(`size(loadBackup("/b", url, "/${SYMBOL}", "secretTable", key))`)).toBe('2500')
    expect(s.show(`size(loadBackup("/q", url, "/${SYMBOL}", "secretTable", key))`)).toBe('2500')
    expect(rowsOf('openBackup("/b", url, "secretTable", , key)')).toBe(rows)
    expect(s.show('size(diffBackup("/b", url, keyPath=key))')).toBe('0')
    s.run('restoreDB("/b", url, "dfs://again", key); migrate("/q", url, "secretTable", "dfs://third", , key)')
    expect(rowsOf('loadTable("dfs://again", "secretTable")')).toBe(rows)
    expect(rowsOf('loadTable("dfs://third", "secretTable")')).toBe(rows)
    s.run('oldest = last(exec state from listBackupStates("/b", key))')
    s.run('restoreTable("/b", url, "secretTable", , , key, oldest)')
    expect(s.show('exec count(*) from pt')).toBe('4000')
    expect(s.show('size(restore("/b", url, "secretTable", "%", true, , , , key))')).toBe('2')
    expect(rowsOf('pt')).toBe(rows)
    expect(s.show('pruneBackup("/b", 1, keyPath=key).action')).toBe('["keep","drop"]')
    expect(rowsOf('pt')).toBe(rows)
    requireSecret(setOf('/b'))
  })

  it('is proven, drilled and mended with its key, and what is remembered of it is secret too', () => {
    s.run('backupDB("/b", url, key)')
    const scratch = mkdtempSync(join(tmpdir(), 'holdfast-test-'))
    try {
      expect(s.show(`drillRestore("/b", url, scratchDir="${scratch}", keyPath=key).result`)).toBe('passed')
    } finally {
      rmSync(scratch, { recursive: true })
    }
    expect(s.show('exec result from getBackupDrills("/b", key)')).toBe('["passed"]')
    expect(s.show('exec percentProven from getBackupProofs("/b", url, keyPath=key)')).toBe('[100]')
    const set = setOf('/b')
    set.flipBit([...set.files().keys()].find((f) => f.startsWith('data/'))!, 300)
    expect(s.show('exec mended from checkBackup("/b", url, repair=true, keyPath=key)')).toBe('[true]')
    expect(s.show('size(checkBackup("/b", url, keyPath=key))')).toBe('0')
    requireSecret(set)
  })

  it('copies only what changed, and shares files between states', () => {
    s.run('backupDB("/b", url, key, 5)')
    const files = (): string[] => [...setOf('/b').files().keys()].filter((f) => f.startsWith('data/'))
    expect(files()).toHaveLength(2)
    expect(s.show('backupDB("/b", url, key)')).toBe('0')
    expect(files()).toHaveLength(2)
    expect(s.show('backup("/b", url, true, keyPath=key)')).toBe('2')
    expect(files()).toHaveLength(2)
    expect(s.show('size(listBackupStates("/b", key))')).toBe('3')
  })

  it('is refused with another key or none before anything is written', () => {
    s.run('backupDB("/b", url, key)')
    const before = [...setOf('/b').files().keys()]
    const calls = [
      'backupDB("/b", url, KEY)',
      'backup("/b", <select * from loadTable(url, "secretTable")>, keyPath=KEY)',
      'backup("/b", url, plan=true, keyPath=KEY)',
      'restoreDB("/b", url, "dfs://again", KEY)',
      'migrate("/b", url, "secretTable", "dfs://again", , KEY)',
      'checkBackup("/b", url, keyPath=KEY)',
      'getBackupList("/b", url, "secretTable", KEY)',
      'listBackupStates("/b", KEY)',
      'openBackup("/b", url, "secretTable", , KEY)',
      'diffBackup("/b", url, keyPath=KEY)',
      'drillRestore("/b", url, keyPath=KEY)',
      'getBackupProofs("/b", url, keyPath=KEY)',
      'pruneBackup("/b", 1, keyPath=KEY)',
    ]
    for (const call of calls) {
      const fails = (key: string): string => s.fails(call.replace('KEY', key))
      expect(fails('"/keys/key2"'), call).toContain('are encrypted with another key')
      expect(fails('""'), call).toContain('are encrypted; their key is needed')
      expect(fails('"/keys/missing"'), call).toContain('missing: there is no such file')
      expect(fails('"/keys/other"'), call).toContain('is not a key file')
      expect(fails('"/keys/newer"'), call).toContain('of a version that this release does not know')
    }
    expect([...setOf('/b').files().keys()]).toEqual(before)
    expect(s.show('existsDatabase("dfs://again")')).toBe('false')
    s.run('backupDB("/plain", url)')
    expect(s.fails('backupDB("/plain", url, key)')).toContain('are not encrypted, but a key was given')
    expect(s.fails('restoreDB("/plain", url, , key)')).toContain('are not encrypted, but a key was given')
  })

  it('finds flipped bits and exchanged files, and force repairs them', () => {
    s.run('backupDB("/b", url, key)')
    const set = setOf('/b')
    const [a, b] = [...set.files().keys()].filter((f) => f.startsWith('data/'))
    const original = Uint8Array.from(set.readFile(a))
    const check = (): string => s.show('size(checkBackup("/b", url, keyPath=key))')
    const put = (bytes: Uint8Array): void => {
      const writer = set.openWrite(a)
      writer.write(bytes)
      writer.close()
    }
    for (let at = 0; at < original.length; at += 97) {
      const flipped = Uint8Array.from(original)
      flipped[at] ^= 1 << (at % 8)
      put(flipped)
      expect(check(), `byte ${at}`).toBe('1')
    }
    put(set.readFile(b))
    expect(check()).toBe('1')
    expect(s.fails('restoreDB("/b", url, "dfs://again", key)')).toContain('is damaged in the backup')
    s.run('backup("/b", url, true, keyPath=key)')
    expect(check()).toBe('0')
    for (const file of [...set.files().keys()].filter((f) => !f.startsWith('data/'))) {
      const bytes = Uint8Array.from(set.readFile(file))
      for (let at = 0; at < bytes.length; at += 41) {
        set.flipBit(file, at)
        if (!file.startsWith('ledger/'))
          expect(() => check(), `${file} byte ${at}`).toThrow(/damaged|newer release|this release/)
        set.flipBit(file, at)
      }
    }
    expect(check()).toBe('0')
  })

  it('begins anew what was interrupted with another key or without one, and leaves nothing of it', () => {
    for (const [first, second] of [
      ['""', 'key'],
      ['"/keys/key2"', 'key'],
      ['key', '""'],
    ]) {
      const disk = new MemoryFileStore()
      const dying = new FaultyFileStore(disk)
      world.backups.set('/c', dying as unknown as MemoryFileStore)
      s.run(`backup("/c", url, false, keyPath=${first})`)
      const syncs = dying.log.flatMap((line, k) => (/^sync data\//.test(line) ? [k + 1] : []))
      expect(syncs).toHaveLength(2)
      const again = new MemoryFileStore()
      world.backups.set(
        '/c',
        new FaultyFileStore(again, { failCall: syncs[1], code: 'ENOSPC' }) as unknown as MemoryFileStore,
      )
      expect(s.fails(`backup("/c", url, false, keyPath=${first})`)).toContain('no space')
      world.backups.set('/c', again)
      expect(s.show(`backup("/c", url, false, keyPath=${second})`)).toBe('2')
      expect(s.show(`size(checkBackup("/c", url, keyPath=${second}))`)).toBe('0')
      expect([...again.files().keys()].filter((f) => f.startsWith('data/'))).toHaveLength(2)
      if (second === 'key') requireSecret(again)
    }
  })
})
