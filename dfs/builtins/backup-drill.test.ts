/** drillRestore: a backup is restored into a real folder, compared, and the evidence kept in the set. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Table } from '../../runtime/values/index.ts'
import { listDrills, writeDrill } from '../drill/evidence.ts'
import { contentOf, Ledger } from '../ledger/ledger.ts'
import { thisWorld } from '../set/lock.ts'
import { BackupSet } from '../set/open.ts'
import { checksumOf } from '../store/checksum.ts'
import { FaultyFileStore } from '../store/faulty-store.ts'
import type { MemoryFileStore } from '../store/memory-store.ts'
import { connect, newWorld, type TestSession, type TestWorld } from '../write/testing.ts'

const URL = 'dfs://compoDB'

let world: TestWorld
let s: TestSession
let scratch: string

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'holdfast-test-'))
  world = newWorld()
  s = connect(world)
  world.engine.request({ kind: 'putSetting', name: 'ts.append.small_rows', value: 0 }, 'admin')
  s.run(`n=1000
    t=table(take(0..99,n) as ID, take(2017.08.07..2017.08.08,n) as date, (0..(n-1))*0.5 as x, symbol(take(\`a\`b\`c,n)) as s, take(["one","","three"],n) as txt)
    db=database("${URL}",COMPO,[database(,VALUE,2017.08.07..2017.08.08),database(,RANGE,0 50 100)])
    pt=db.createPartitionedTable(t,\`pt,\`date\`ID)
    pt.append!(t)
    dim=db.createTable(t,\`dim); dim.append!(select top 10 * from t)
    ts=database("dfs://ts",VALUE,2017.08.07..2017.08.08,,"TSDB")
    tt=ts.createPartitionedTable(t,\`tt,\`date,,\`ID\`date,LAST)
    tt.append!(t); tt.append!(select ID, date, x+1 as x, s, txt from t where ID<30)
    backup("/b","${URL}"); backup("/b","dfs://ts")`)
})
afterEach(() => rmSync(scratch, { recursive: true }))

const files = (): MemoryFileStore => world.backups.get('/b') as MemoryFileStore
const dataFiles = (): string[] => [...files().files().keys()].filter((f) => f.startsWith('data/'))
const drill = (args = ''): string => `drillRestore("/b"${args},scratchDir="${scratch}")`
const value = (query: string): unknown => {
  const t = s.session.run(query) as Table
  return t.columns.map((c) => c.raw(0))
}
const drills = (): { id: string; result: string; error: string }[] =>
  listDrills(files()).map(({ drill: d }) => ({ id: d!.id, result: d!.result, error: d!.error }))

describe('drillRestore', () => {
  it('restores everything, compares it, removes the scratch folder and keeps the evidence', () => {
    const live = [...world.disk.files().keys()].sort()
    expect(s.show(`d=${drill()}; d[\`result]`)).toBe('passed')
    expect(Number(s.show('d[`rows]'))).toBe(1000 + 10 + Number(s.show('exec count(*) from tt')))
    expect(Number(s.show('d[`partitions]'))).toBe(4 + 1 + 2)
    expect(readdirSync(scratch)).toEqual([])
    expect([...world.disk.files().keys()].sort()).toEqual(live)
    expect(
      value('select kind, result, dbName, partitions, partitionsTotal, userName, errorMsg from getBackupDrills("/b")'),
    ).toEqual(['databases', 'passed', '', 7n, 7n, 'admin', ''])
    expect(value(`select filesProven, percentProven from getBackupProofs("/b","${URL}")`)).toEqual([1n, 100])
  })
  it('drills one database, or a sample of its partitions', () => {
    s.run(drill(',"dfs://ts"'))
    expect(value('select dbName, partitions, partitionsTotal from getBackupDrills("/b")')).toEqual(['dfs://ts', 2n, 2n])
    s.run(drill(`,"${URL}",sample=0.3`))
    const [partitions, total] = value('select partitions, partitionsTotal from getBackupDrills("/b")') as bigint[]
    expect(total).toBe(5n)
    expect(partitions).toBeGreaterThan(1n)
    expect(partitions).toBeLessThan(5n)
  })
  it('is stopped by a damaged file, and that is evidence too', () => {
    files().flipBit(dataFiles()[0], 300)
    expect(s.fails(drill())).toMatch(/is damaged in the backup/)
    expect(drills()).toMatchObject([{ result: 'failed', error: expect.stringMatching(/is damaged in the backup/) }])
    expect(readdirSync(scratch)).toEqual([])
  })
  it('tells rows that are not those that were found when the state was drilled first', () => {
    s.run(drill())
    s.run(drill())
    expect(drills().map((d) => d.result)).toEqual(['passed', 'passed'])
    const ledger = new Ledger(files(), () => {})
    const index = new BackupSet(files()).index(URL, 'pt')
    const [chunk] = index.chunks
    const digest = ledger.rows(index, chunk)!
    const columns = digest.columns.map((c) => (c.name === 'x' ? { ...c, digest: '0000000000000001' } : c))
    const proof = { url: URL, table: 'pt', path: chunk.path, content: contentOf(index, chunk), computedMs: 1 }
    ledger.addRows({ ...proof, digest: { ...digest, columns } })
    ledger.flush(Date.now())
    expect(s.fails(drill())).toMatch(/what was restored is not what the backup holds.*pt: the values of x are others/)
    expect(drills().at(-1)).toMatchObject({
      result: 'failed',
      error: expect.stringMatching(/the values of x are others/),
    })
    expect(readdirSync(scratch)).toEqual([])
  })
  it('drills a backup of the node as a whole', () => {
    s.run('pt.append!(select top 3 * from t); backupNode("/n",compress=true)')
    const node = `drillRestore("/n",scratchDir="${scratch}")`
    expect(s.show(`d=${node}; d[\`result]`)).toBe('passed')
    expect(Number(s.show('d[`rows]'))).toBe(1003 + 10 + Number(s.show('exec count(*) from tt')))
    // The second compares rows with what the first found.
    expect(s.show(`d=${node}; d[\`result]`)).toBe('passed')
    expect(value('select kind, result, partitions from getBackupDrills("/n")')).toEqual(['node', 'passed', 7n])
    expect(s.fails(`drillRestore("/n",sample=0.5)`)).toMatch(/can not be given for a backup of the node/)
    const set = world.backups.get('/n') as MemoryFileStore
    set.flipBit([...set.files().keys()].find((f) => f.startsWith('data/'))!, 50)
    expect(s.fails(node)).toMatch(/is damaged/)
    s.run('createUser("u1","12345678")')
    s.session.user = 'u1'
    expect(s.fails(node)).toMatch(/Only administrators/)
  })
  it('keeps the restored store when told to, and another store can be started on it', () => {
    s.run(`d=${drill(',keep=true')}`)
    expect(readdirSync(scratch)).toHaveLength(1)
    expect(s.show('d[`scratchDir]')).toContain(scratch)
    expect(readdirSync(join(scratch, readdirSync(scratch)[0]))).toContain('catalog.mdb')
  })
  it('reads rows of a query that are no rows of a table, and says that it did not restore them', () => {
    s.run(`backup("/b2",<select ID, date from pt>); backup("/b2",<select * from tt>)`)
    expect(s.show(`d=drillRestore("/b2",scratchDir="${scratch}"); d[\`result]`)).toBe('passed')
    const [{ drill: found }] = listDrills(world.backups.get('/b2')!)
    expect(found!.tables.map((t) => [t.table, t.rows, t.detail.replace(/:.*/, '')])).toEqual([
      ['pt', 1000, 'rows of a query, read and not restored'],
      ['tt', Number(s.show('exec count(*) from tt')), ''],
    ])
  })
  it('drills the state that is asked for', () => {
    const first = listStates()
    s.run(`pt.append!(t); backup("/b","${URL}")`)
    expect(s.fails(drill(`,"${URL}",state="${first}"`))).toMatch(/has no state/)
  })
  it('refuses a place without room, and one in the data', () => {
    expect(s.fails(`drillRestore("/b",scratchDir="/data/chunks")`)).toMatch(/must not hold, or lie in, the data/)
    expect(s.fails(`drillRestore("/b",scratchDir="${fileURLToPath(import.meta.url)}")`)).toMatch(/is no folder/)
    expect(s.fails('drillRestore("/b",sample=0)')).toMatch(/sample must be/)
    expect(s.fails('drillRestore("/b",sample=1.5)')).toMatch(/sample must be/)
    expect(s.fails('drillRestore("/none")')).toMatch(/There is no backup in/)
    expect(drills()).toEqual([])
  })
  it('needs the right to read the tables', () => {
    s.run('createUser("u1","12345678")')
    s.session.user = 'u1'
    expect(s.fails(drill())).toMatch('<NoPrivilege>')
    expect(drills()).toEqual([])
  })
  it('tidies up after a drill whose process died', () => {
    s.run(drill(',keep=true'))
    const [{ drill: died }] = listDrills(files())
    const gone = { ...thisWorld(), pid: 2 ** 22 + 1 }
    writeDrill(files(), { ...died!, result: 'running', isKept: false, host: gone.host, pid: gone.pid })
    expect(value('select result from getBackupDrills("/b")')).toEqual(['interrupted'])
    expect(readdirSync(scratch)).toHaveLength(1)
    s.run(drill())
    expect(readdirSync(scratch)).toEqual([])
    expect(drills()).toMatchObject([
      { result: 'failed', error: expect.stringMatching(/process ended/) },
      { result: 'passed' },
    ])
  })
  it('that dies in any call leaves the backup as it was, and the next one passes', () => {
    s.run(`tiny=database("dfs://tiny",VALUE,1..2); w=tiny.createPartitionedTable(table([1,2] as p),\`w,\`p); w.append!(table([1,2] as p))
      backup("/tiny","dfs://tiny")`)
    const set = world.backups.get('/tiny') as MemoryFileStore
    const content = (): string =>
      [...set.files().keys()]
        .filter((f) => !/^(ledger|drills)\//.test(f))
        .map((f) => `${f} ${checksumOf(set.readFile(f))}`)
        .sort()
        .join('\n')
    const before = content()
    const tiny = `drillRestore("/tiny",scratchDir="${scratch}")`
    const counted = new FaultyFileStore(set)
    world.backups.set('/tiny', counted)
    s.run(tiny)
    expect(counted.calls).toBeGreaterThan(10)
    for (let call = 1; call <= counted.calls; call++) {
      world.backups.set('/tiny', new FaultyFileStore(set, { dieAtCall: call }))
      s.fails(tiny)
      expect(content()).toBe(before)
    }
    world.backups.set('/tiny', set)
    s.run(tiny)
    expect(content()).toBe(before)
    expect(listDrills(set).at(-1)?.drill?.result).toBe('passed')
  })
  it('finds every flipped bit of the evidence', () => {
    s.run(drill())
    const [file] = [...files().files().keys()].filter((f) => f.startsWith('drills/'))
    for (let at = 0; at < files().readFile(file).length; at += 13) {
      files().flipBit(file, at)
      expect(listDrills(files())[0].drill).toBeUndefined()
      files().flipBit(file, at)
    }
    expect(listDrills(files())[0].drill).toBeDefined()
  })
})

const listStates = (): string => [...files().files().keys()].find((f) => f.startsWith('states/'))!.split('/')[1]
