/** Proofs, mending and drills of encrypted backups: they work with the key, and what they leave in the set tells nothing without it. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MemoryFileStore } from '../store/memory-store.ts'
import { connect, newWorld, type TestSession, type TestWorld } from '../write/testing.ts'

const SECRETS = [
  'nobodyKnowsThisDatabase',
  'nobodyKnowsThisTable',
  'nobodyKnowsThisColumn',
  'HFPROOFS',
  'holdfast-drill"',
]

let world: TestWorld
let s: TestSession
let scratch: string

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'holdfast-test-'))
  world = newWorld()
  s = connect(world)
  const keys = new MemoryFileStore()
  keys.writeFileAtomic('key', `holdfast-key-1\n${'1'.repeat(64)}\n`)
  keys.writeFileAtomic('other', `holdfast-key-1\n${'2'.repeat(64)}\n`)
  world.backups.set('/keys', keys)
  world.engine.request({ kind: 'putSetting', name: 'ts.append.small_rows', value: 0 }, 'admin')
  s.run(`url="dfs://nobodyKnowsThisDatabase"; key="/keys/key"; n=1000
    t=table(take(1..4,n) as part, (0..(n-1))*0.5 as nobodyKnowsThisColumn)
    db=database(url,VALUE,1..4); pt=db.createPartitionedTable(t,\`nobodyKnowsThisTable,\`part); pt.append!(t)
    backupDB("/b",url,key)`)
})
afterEach(() => rmSync(scratch, { recursive: true }))

const files = (folder = '/b'): MemoryFileStore => world.backups.get(folder) as MemoryFileStore
const largest = (): string => {
  const sizes = [...files().files()].filter(([name]) => name.startsWith('data/'))
  return sizes.sort((a, b) => b[1] - a[1])[0][0]
}

function requireSecret(set: MemoryFileStore): void {
  for (const file of set.files().keys()) {
    const text = Buffer.from(set.readFile(file)).toString('latin1')
    for (const secret of SECRETS) expect(`${file}\n${text}`.includes(secret), `${secret} in ${file}`).toBe(false)
  }
}

describe('an encrypted backup', () => {
  it('remembers what was proven, and is read by footers then', () => {
    expect(s.show('size(checkBackup("/b",url,keyPath=key))')).toBe('0')
    expect(s.show('exec percentProven from getBackupProofs("/b",url,keyPath=key)')).toBe('[100]')
    expect(s.show('exec sum(nobodyKnowsThisColumn) from openBackup("/b",url,"nobodyKnowsThisTable",,key)')).toBe(
      s.show('exec sum(nobodyKnowsThisColumn) from pt'),
    )
    requireSecret(files())
  })
  it('is mended from the live table, under the key of the backup', () => {
    files().flipBit(largest(), 500)
    const mended = 'select mended, detail from checkBackup("/b",url,repair=true,keyPath=key)'
    expect(s.show(mended)).toMatch(/true\s+mended from the live table/)
    expect(s.show('size(checkBackup("/b",url,keyPath=key))')).toBe('0')
    requireSecret(files())
  })
  it('is drilled with its key, and keeps the evidence encrypted', () => {
    const drill = `drillRestore("/b",scratchDir="${scratch}",keyPath=key)`
    expect(s.show(`d=${drill}; d[\`result]`)).toBe('passed')
    expect(s.show(`d=${drill}; d[\`rows]`)).toBe('1000')
    expect(s.show('exec result from getBackupDrills("/b",key)')).toBe('["passed","passed"]')
    expect(readdirSync(scratch)).toEqual([])
    requireSecret(files())
  })
  it('of the node is drilled with its key', () => {
    s.run('backupNode("/n",keyPath=key)')
    expect(s.show(`d=drillRestore("/n",scratchDir="${scratch}",keyPath=key); d[\`result]`)).toBe('passed')
    expect(s.show('exec result from getBackupDrills("/n",key)')).toBe('["passed"]')
    const evidence = new MemoryFileStore()
    for (const file of files('/n').files().keys())
      if (/^(ledger|drills)/.test(file)) evidence.writeFileAtomic(file, files('/n').readFile(file))
    expect(evidence.files().size).toBeGreaterThan(1)
    requireSecret(evidence)
  })
  it('is not drilled without the key, or with another one', () => {
    for (const key of ['', ',keyPath="/keys/other"']) {
      expect(s.fails(`drillRestore("/b",scratchDir="${scratch}"${key})`)).toMatch(/key/)
      expect(s.fails(`getBackupProofs("/b",url${key})`)).toMatch(/key/)
      expect(s.fails(`checkBackup("/b",url,repair=true${key})`)).toMatch(/key/)
    }
    expect([...files().files().keys()].filter((f) => /^(ledger|drills)/.test(f))).toEqual([])
    expect(readdirSync(scratch)).toEqual([])
  })
  it('tells of its drills with its key only; a folder without a backup is no backup without drills', () => {
    expect(s.fails('getBackupDrills("/b")')).toMatch(/are encrypted; their key is needed/)
    expect(s.fails('getBackupDrills("/b", "/keys/other")')).toMatch(/encrypted with another key/)
    expect(s.show('size(getBackupDrills("/b", key))')).toBe('0')
    for (const call of ['getBackupDrills("/nowhere")', 'listBackupStates("/nowhere")'])
      expect(s.fails(call), call).toMatch(/^There is no backup in /)
  })
})
