/** checkBackup with since, budget and repair; the ledger of a set. */
import { beforeEach, describe, expect, it } from 'vitest'
import type { Table } from '../../runtime/values/index.ts'
import { progressService } from '../progress.ts'
import { checksumOf } from '../store/checksum.ts'
import type { MemoryFileStore } from '../store/memory-store.ts'
import { connect, newWorld, type TestSession, type TestWorld } from '../write/testing.ts'

const URL = 'dfs://compoDB'

let world: TestWorld
let s: TestSession
let notes: string[]

beforeEach(() => {
  world = newWorld()
  s = connect(world)
  notes = []
  s.session.provide(progressService, { report: () => {}, note: (text) => void notes.push(text) })
  world.engine.request({ kind: 'putSetting', name: 'ts.append.small_rows', value: 0 }, 'admin')
  s.run(`n=1000
    t=table(take(0..99,n) as ID, take(2017.08.07..2017.08.11,n) as date, (0..(n-1))*0.5 as x)
    db=database("${URL}",COMPO,[database(,VALUE,2017.08.07..2017.08.11),database(,RANGE,0 50 100)])
    pt=db.createPartitionedTable(t,\`pt,\`date\`ID)
    pt.append!(t)
    backup("/b","${URL}")`)
})

const values = (query: string): unknown[][] => {
  const { columns, rows } = s.session.run(query) as Table
  return columns.map((c) => Array.from({ length: rows }, (_, k) => c.raw(k)))
}
const files = (folder = '/b'): MemoryFileStore => world.backups.get(folder) as MemoryFileStore
const dataFiles = (part = ''): string[] =>
  [...files().files().keys()].filter((f) => f.startsWith('data/') && f.includes(part))
const proofs = (since = 30): Record<string, unknown> => {
  const t = s.session.run(`getBackupProofs("/b","${URL}",${since})`) as Table
  return Object.fromEntries(t.names.map((name, k) => [name, t.columns[k].raw(0)]))
}
const check = (args = ''): number => Number(s.show(`size(checkBackup("/b","${URL}"${args}))`))
const DATA_BYTES = (): number => dataFiles().reduce((sum, f) => sum + files().readFile(f).length, 0)

/** A manifest as a later release would write it, with a digest that fits. */
function newerVersion(text: string): Uint8Array {
  const head = text
    .replace(/"formatVersion": "1\.\d+"/, '"formatVersion": "1.99"')
    .replace(/ {2}"digest": "[0-9a-f]+"\n\}\n$/, '')
  return Buffer.from(`${head}  "digest": "${checksumOf(Buffer.from(head))}"\n}\n`)
}

describe('the ledger', () => {
  it('knows nothing before a verification and everything after one', () => {
    expect(proofs()).toMatchObject({ files: 10n, filesProven: 0n, percentProven: 0, filesDamaged: 0n })
    expect(s.show(`exec oldestProof from getBackupProofs("/b","${URL}")`)).toMatch(/^\[\s*\]$|null|^\[,?\]$|00/)
    expect(check()).toBe(0)
    expect(proofs()).toMatchObject({ filesProven: 10n, bytesProven: BigInt(DATA_BYTES()), percentProven: 100 })
  })
  it('grows by what was verified: a table, a partition, a part within the budget', () => {
    expect(check(',,"%/20170807/0_50%"')).toBe(0)
    expect(proofs()).toMatchObject({ filesProven: 1n })
    expect(check(',,,,since=7,budget=1')).toBe(0)
    expect(proofs()).toMatchObject({ filesProven: 2n })
    expect(notes.at(-1)).toMatch(/^Proven since .*: 2\d?\.?\d?% of \d+ bytes, 2 of 10 files\.$/)
    expect(check(`,,,,since=7,budget=${Math.floor(DATA_BYTES() / 2)}`)).toBe(0)
    expect(Number(proofs().filesProven)).toBeGreaterThanOrEqual(7)
    expect(check(',,,,since=7,budget=10m')).toBe(0)
    expect(proofs()).toMatchObject({ filesProven: 10n, percentProven: 100 })
  })
  it('leaves out what was proven since, and reads what it knows to be damaged first', () => {
    expect(check()).toBe(0)
    const [file] = dataFiles()
    files().flipBit(file, 700)
    expect(check(',,,,since=1')).toBe(0)
    expect(check()).toBe(1)
    expect(proofs()).toMatchObject({ filesProven: 9n, filesDamaged: 1n })
    expect(s.show(`exec oldestProof from getBackupProofs("/b","${URL}")`)).toMatch(/^\[\s*\]$|null|^\[,?\]$|00/)
    // One byte of budget: one file, the damaged one.
    expect(check(',,,,since=1,budget=1')).toBe(1)
    files().flipBit(file, 700)
    expect(check(',,,,since=1,budget=1')).toBe(0)
    expect(proofs()).toMatchObject({ filesProven: 10n, filesDamaged: 0n })
  })
  it('knows a file by its content: what is backed up anew is unproven', () => {
    check()
    s.run(`pt.append!(select * from t where ID<10); backup("/b","${URL}")`)
    expect(Number(proofs().filesProven)).toBe(10)
    expect(Number(proofs().files)).toBe(15)
  })
  it('stays small over many verifications, and forgets files that are gone', () => {
    for (let k = 0; k < 40; k++) check(`,,"%/2017080${7 + (k % 3)}/0_50%"`)
    const ledger = [...files().files().keys()].filter((f) => f.startsWith('ledger/'))
    expect(ledger.length).toBeLessThan(20)
    expect(proofs()).toMatchObject({ filesProven: 3n })
  })
  it('that is damaged is left alone and costs a verification', () => {
    check()
    const [file] = [...files().files().keys()].filter((f) => f.startsWith('ledger/'))
    for (let at = 0; at < files().readFile(file).length; at += 7) {
      files().flipBit(file, at)
      expect(proofs()).toMatchObject({ filesProven: 0n })
      expect(notes.at(-1)).toMatch(/ledger\/.* is damaged.*will be proven again/)
      files().flipBit(file, at)
    }
    expect(proofs()).toMatchObject({ filesProven: 10n })
  })
  it('saves openBackup from reading large files whole', () => {
    s.run(
      `m=60000; pt.append!(table(take(0..99,m) as ID, take(2017.08.07..2017.08.11,m) as date, (0..(m-1))*0.5 as x)); backup("/b","${URL}")`,
    )
    check()
    const bytesRead = (): number => {
      let bytes = 0
      const { openRead } = files()
      files().openRead = (path) => {
        const reader = openRead.call(files(), path)
        const read = reader.read.bind(reader)
        if (path.startsWith('data/'))
          reader.read = (into, offset) => {
            const n = read(into, offset)
            bytes += n
            return n
          }
        return reader
      }
      s.run(`select sum(x) from openBackup("/b","${URL}","pt")`)
      files().openRead = openRead
      return bytes
    }
    const known = bytesRead()
    for (const file of [...files().files().keys()]) if (file.startsWith('ledger/')) files().remove(file)
    expect(bytesRead()).toBeGreaterThan(known + 0.8 * DATA_BYTES())
  })
})

describe('checkBackup with repair', () => {
  const mended = (args = ''): unknown[][] =>
    values(`select partitionPath, mended, detail from checkBackup("/b","${URL}"${args},repair=true)`)

  it('mends from the live table, byte for byte', () => {
    const before = dataFiles().map((f) => Buffer.from(files().readFile(f)).toString('hex'))
    const [a, b, c] = dataFiles()
    files().flipBit(a, 100)
    files().remove(b)
    files().writeFileAtomic(c, new Uint8Array(5))
    expect(mended()).toEqual([
      ['/20170807/0_50', '/20170807/50_100', '/20170808/0_50'],
      [1, 1, 1],
      ['mended from the live table', 'mended from the live table', 'mended from the live table'],
    ])
    expect(dataFiles().map((f) => Buffer.from(files().readFile(f)).toString('hex'))).toEqual(before)
    expect(mended()[0]).toEqual([])
    expect(proofs()).toMatchObject({ filesProven: 10n })
  })
  it('mends from another file of the backup with the same content, when the live table is gone', () => {
    s.run(
      `pt2=db.createPartitionedTable(t,\`pt2,\`date\`ID); pt2.append!(t); backup("/b","${URL}",keep=3); dropTable(db, "pt")`,
    )
    const [file] = dataFiles('/20170807/0_50/pt/')
    const before = Buffer.from(files().readFile(file))
    files().flipBit(file, 100)
    expect(mended()).toEqual([['/20170807/0_50'], [1], ['mended from another copy in the backup']])
    expect(Buffer.from(files().readFile(file))).toEqual(before)
    // A copy that is damaged itself is none.
    files().flipBit(file, 100)
    files().flipBit(dataFiles('/20170807/0_50/pt2/')[0], 100)
    expect(values(`select mended from checkBackup("/b","${URL}","pt",repair=true)`)).toEqual([[0]])
    expect(values(`select mended from checkBackup("/b","${URL}","pt2",repair=true)`)).toEqual([[1]])
    expect(values(`select mended from checkBackup("/b","${URL}","pt",repair=true)`)).toEqual([[1]])
  })
  it('mends an older state, and every other that has the file', () => {
    const [first] = files()
      .list('states')
      .map((e) => e.name)
    s.run(`backup("/b","${URL}",keep=3); update pt set x = x + 1 where date=2017.08.07; backup("/b","${URL}")`)
    // The file of the second day is in all states, that of the first in the older ones only.
    const [ofOneState] = dataFiles('/20170807/0_50/')
    files().flipBit(dataFiles('/20170808/0_50/')[0], 100)
    expect(values(`select partitionPath, mended from checkBackup("/b","${URL}",state="${first}",repair=true)`)).toEqual(
      [['/20170808/0_50'], [1]],
    )
    expect(check()).toBe(0)
    files().flipBit(ofOneState, 100)
    expect(Number(s.show(`size(checkBackup("/b","${URL}",state="${first}"))`)) + check()).toBe(1)
  })
  it('changes nothing without repair', () => {
    files().flipBit(dataFiles()[0], 100)
    const before = dataFiles().map((f) => Buffer.from(files().readFile(f)).toString('hex'))
    expect(check()).toBe(1)
    expect(dataFiles().map((f) => Buffer.from(files().readFile(f)).toString('hex'))).toEqual(before)
  })
  it('refuses a live file whose content is not what the catalog says', () => {
    const live = [...world.disk.files().keys()].find((f) => f.includes('/20170807/0_50/'))!
    files().flipBit(dataFiles('/20170807/0_50/')[0], 100)
    world.disk.flipBit(live, 200)
    expect(mended()[1]).toEqual([0])
    expect(mended()[2][0]).toMatch(/no copy with its checksum is in the live table or in the backup/)
    world.disk.flipBit(live, 200)
    expect(mended()[1]).toEqual([1])
  })
  it('refuses rows that are the same in other files, or have changed, and says what to do', () => {
    const [file] = dataFiles('/20170807/0_50/')
    files().flipBit(file, 100)
    s.run('update pt set x = x + 1 where date=2017.08.07, ID < 10')
    expect(mended()[2][0]).toMatch(
      /the live partition has changed since, backup\(".*", "dfs:\/\/compoDB", force=true, tableName="pt", partition="\/20170807\/0_50"\) backs it up/,
    )
    s.run('dropPartition(db, "/20170807/0_50", `pt)')
    expect(mended()[2][0]).toMatch(/the live table has no such partition/)
    s.run(`dropDatabase("${URL}")`)
    expect(mended()[1]).toEqual([0])
    expect(check()).toBe(1)
  })
  it('puts a manifest back from its other copy', () => {
    s.run(`pt.append!(t); backup("/b","${URL}",keep=3)`)
    const [older, newest] = files()
      .list('states')
      .map((e) => e.name)
      .filter((name) => !name.includes('.'))
      .slice(-2)
    const before = Buffer.from(files().readFile('backup_manifest.json'))
    files().flipBit('backup_manifest.json', 40)
    expect(s.fails(`checkBackup("/b","${URL}")`)).toMatch(/backup_manifest.json is damaged/)
    expect(mended()[0]).toEqual([])
    expect(notes.at(-1)).toMatch(`backup_manifest.json was damaged; the newest state is ${newest ?? older} again.`)
    expect(Buffer.from(files().readFile('backup_manifest.json'))).toEqual(before)
    files().remove('backup_manifest.json')
    expect(mended()[0]).toEqual([])
    expect(Buffer.from(files().readFile('backup_manifest.json'))).toEqual(before)
    const copy = `states/${newest ?? older}/manifest.json`
    files().flipBit(copy, 40)
    expect(s.fails(`checkBackup("/b","${URL}")`)).toMatch(/manifest.json is damaged/)
    expect(mended()[0]).toEqual([])
    expect(Buffer.from(files().readFile(copy))).toEqual(before)
  })
  it('makes no state the newest that does not restore, and leaves sets of newer releases alone', () => {
    files().flipBit('backup_manifest.json', 40)
    const [file] = dataFiles()
    const content = Buffer.from(files().readFile(file))
    files().remove(file)
    expect(s.fails(`checkBackup("/b","${URL}",repair=true)`)).toMatch(/backup_manifest.json is damaged/)
    files().writeFileAtomic(file, content)
    expect(mended()[0]).toEqual([])
    const text = Buffer.from(files().readFile('backup_manifest.json')).toString('utf8')
    files().writeFileAtomic('backup_manifest.json', newerVersion(text))
    const before = Buffer.from(files().readFile('backup_manifest.json'))
    expect(s.fails(`checkBackup("/b","${URL}",repair=true)`)).toMatch(/version|release/)
    expect(Buffer.from(files().readFile('backup_manifest.json'))).toEqual(before)
    expect(s.fails(`checkBackup("/nothing","${URL}",repair=true)`)).toMatch(/There is no backup in/)
  })
  it('does not take rows that are the same in other files, and the call that it names backs them up again', async () => {
    s.run('for(k in 1..12){ pt.append!(select ID, date, x+k as x from t) }')
    s.run('backup("/b","dfs://compoDB")')
    expect(await world.engine.compact()).toBeGreaterThan(0)
    const damaged = dataFiles('/20170807/0_50/')[3]
    files().flipBit(damaged, 100)
    const [, [isMended], [detail]] = mended()
    expect(isMended).toBe(0)
    const call = /the live partition holds the same rows in other files, (backup\(.*?\)) backs it up again/.exec(
      String(detail),
    )![1]
    expect(Number(s.show(call.replace(/backup\("[^"]*"/, 'backup("/b"')))).toBe(1)
    expect(check()).toBe(0)
  })
  it('needs the right to read the table', () => {
    files().flipBit(dataFiles()[0], 100)
    s.run('createUser("u1","12345678")')
    s.session.user = 'u1'
    expect(s.fails(`checkBackup("/b","${URL}",repair=true)`)).toMatch('<NoPrivilege>')
    expect(check()).toBe(1)
  })
})

describe('arguments', () => {
  it.each([
    [',,,,budget=5', 'budget can be given with since only'],
    [',,,,since="x"', 'since must be a number of days'],
    [',,,,since=-1', 'since must be a number of days'],
    [',,,,since=1,budget=1M', 'budget must be a number of bytes'],
    [',,,,since=1M', 'since must be a number of days'],
  ])('%s is refused', (args, why) => {
    expect(s.fails(`checkBackup("/b","${URL}"${args})`)).toMatch(why)
  })
  it.each(['since=2000.01.01', 'since=12H', 'since=0', 'since=1w'])('%s is taken', (args) => {
    expect(check(`,,,,${args}`)).toBe(0)
  })
})
