/** Backup and restore of real tables on a real disk: catalog in LMDB, Arrow segments, sets in folders, calls from scripts. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createInterpreter, createRegistry, type Interpreter, SourceTable, type Table } from '../../runtime/index.ts'
import { backupBuiltins } from '../builtins/backup.ts'
import { backupCheckBuiltins } from '../builtins/backup-check.ts'
import { backupInspectBuiltins } from '../builtins/backup-inspect.ts'
import { restoreBuiltins } from '../builtins/restore.ts'
import { Engine } from '../engine/engine.ts'
import { connectDfs, type DfsSession } from '../session.ts'
import { databaseRecord, tableRecord, URL } from '../set/fixture.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-backup-'))
const open: { readonly engine: Engine; readonly dfs: DfsSession }[] = []
afterAll(async () => {
  for (const { engine, dfs } of open) {
    dfs.close()
    await engine.close()
  }
  rmSync(folder, { recursive: true, force: true })
})

/** A store of its own in a subfolder, and a session of its administrator. */
function store(name: string): { readonly session: Interpreter; readonly dfs: DfsSession; readonly engine: Engine } {
  const home = join(folder, name)
  const engine = Engine.open(home)
  const session = createInterpreter({
    registry: createRegistry(backupBuiltins, restoreBuiltins, backupInspectBuiltins, backupCheckBuiltins),
  })
  session.user = 'admin'
  const link = {
    open: () => engine.openSession('test'),
    request: (c: Parameters<Engine['request']>[0]) => engine.request(c),
  }
  const dfs = connectDfs({ session, home, link })
  open.push({ engine, dfs })
  return { session, dfs, engine }
}

const rows = (session: Interpreter): Table =>
  session.run(
    't = table(take(0..99, 5000) as ID, 2022.01.01 + take(0..4, 5000) as date, rand(100.0, 5000) as x); t',
  ) as Table

/** Sums over a stored table, as text. */
function fingerprint({ session, dfs }: ReturnType<typeof store>, table: string, url = URL): string {
  session.setVariable('stored', new SourceTable(dfs.source(url, table)))
  return session.display(session.run('select count(*) as n, sum(ID) as ids, sum(x) as xs, max(date) as d from stored'))
}

describe('backup and restore on disk', () => {
  const set = join(folder, 'set')
  const first = store('first')
  first.dfs.request({ kind: 'createDatabase', database: databaseRecord() })
  first.dfs.request({ kind: 'createTable', table: tableRecord('pt') })
  first.dfs.source(URL, 'pt').append(rows(first.session))
  const good = fingerprint(first, 'pt')
  const show = (script: string, at = first): string => at.session.display(at.session.run(script))

  it('copy, compare, check', () => {
    expect(show(`backupDB("${set}", "${URL}")`)).toBe('10')
    expect(show(`backupDB("${set}", "${URL}")`)).toBe('0')
    expect(show(`size(checkBackup("${set}", "${URL}"))`)).toBe('0')
    expect(show(`exec sum(rows) from getBackupList("${set}", "${URL}", "pt")`)).toBe('5000')
    expect(show('exec sum(completed) from getBackupStatus()')).toBe('2')
    expect(readdirSync(set).sort()).toEqual(['backup_manifest.json', 'data', 'ledger', 'states'])
  })

  it('an append is found, a damaged file is named and repaired', () => {
    first.dfs.source(URL, 'pt').append(first.session.run('select * from t where ID<50 and date=2022.01.03') as Table)
    expect(show(`backupTable("${set}", "${URL}", "pt")`)).toBe('1')
    const chunk = join(set, 'data/shop/20220102/50_100/pt')
    const file = join(chunk, readdirSync(chunk)[0])
    const bytes = readFileSync(file)
    bytes[1000] ^= 4
    writeFileSync(file, bytes)
    expect(show(`exec partitionPath from checkBackup("${set}", "${URL}")`)).toBe('["/20220102/50_100"]')
    expect(show(`backup("${set}", "${URL}", true, , , "pt", "/20220102/50_100")`)).toBe('1')
    expect(show(`size(checkBackup("${set}", "${URL}"))`)).toBe('0')
  })

  it('what was dropped comes back with the same rows', () => {
    const now = fingerprint(first, 'pt')
    expect(now).not.toBe(good)
    first.dfs.request({ kind: 'dropChunks', db: URL, table: 'pt', paths: ['/20220101/0_50', '/20220104/50_100'] })
    expect(show(`restore("${set}", "${URL}", "pt", "%")`)).toBe(`["${URL}/20220101/0_50/1","${URL}/20220104/50_100/1"]`)
    expect(fingerprint(first, 'pt')).toBe(now)
    show(`restoreTable("${set}", "${URL}", "pt", , "copy")`)
    expect(fingerprint(first, 'copy')).toBe(now)
    show(`restoreTable("${set}", "${URL}", "pt", "dfs://deep/db", "copy")`)
    expect(fingerprint(first, 'copy', 'dfs://deep/db')).toBe(now)
  })

  it('another store takes it over, and goes on writing', () => {
    const second = store('second')
    expect(show(`exec success from migrate("${set}")`, second)).toBe('[true]')
    expect(fingerprint(second, 'pt')).toBe(fingerprint(first, 'pt'))
    second.dfs.source(URL, 'pt').append(rows(second.session))
    expect(show(`restoreDB("${set}", "${URL}").size()`, second)).toBe('1')
    expect(fingerprint(second, 'pt')).toBe(fingerprint(first, 'pt'))
    expect(show(`backupDB("${set}", "${URL}")`, second)).toBe('0')
  })

  it('a restore of what waits to be removed keeps its files', () => {
    const now = fingerprint(first, 'copy')
    const held = first.dfs.heldView()
    first.dfs.request({ kind: 'dropChunks', db: URL, table: 'copy', paths: undefined })
    show(`restoreTable("${set}", "${URL}", "pt", , "copy")`)
    held.release()
    first.engine.collectGarbage()
    expect(fingerprint(first, 'copy')).toBe(now)
  })
})
