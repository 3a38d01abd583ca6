import { describe, expect, it } from 'vitest'
import type { Session } from '../../runtime/session.ts'
import {
  AnyVector,
  CodeValue,
  Pair,
  Scalar,
  StringVector,
  T,
  type Table,
  type Value,
  vectorOf,
} from '../../runtime/values/index.ts'
import { contentOf, contextOf, FIRST_DAY, shop, TestEngine, URL } from '../set/fixture.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { backupBuiltins } from './backup.ts'
import { backupCheckBuiltins } from './backup-check.ts'
import type { BackupHost } from './backup-host.ts'
import { backupInspectBuiltins } from './backup-inspect.ts'
import { restoreBuiltins } from './restore.ts'

const all = [...backupBuiltins, ...restoreBuiltins, ...backupCheckBuiltins, ...backupInspectBuiltins]

/** A session over the documentation's database: five days by two ranges. Sets are in memory, by folder. */
function start(tables = ['pt'], user = 'admin') {
  const engine = shop(new MemoryFileStore(), tables)
  const sets = new Map<string, MemoryFileStore>()
  let calls = 0
  const hostOver = (current: TestEngine): BackupHost => ({
    home: '/home/holdfast',
    context: () => ({ ...contextOf(current, 1_700_000_000_000 + 1000 * calls++), user }),
    openSet: (folder) => sets.get(folder) ?? sets.set(folder, new MemoryFileStore()).get(folder)!,
    runs: () => current.runs(),
    isAdministrator: () => user === 'admin',
  })
  let host = hostOver(engine)
  const session = { user, now: () => 1_700_000_100_000, service: () => host } as unknown as Session
  const call = (name: string, ...args: (Value | string | boolean | undefined)[]): Value => {
    const builtin = all.find((b) => b.name === name)!
    const values = args.map((a) =>
      typeof a === 'string' ? Scalar.string(a) : typeof a === 'boolean' ? Scalar.bool(a) : a,
    )
    return builtin.call(
      builtin.params.map((_, k) => values[k]),
      session,
    )
  }
  const number = (...args: Parameters<typeof call>) => (call(...args) as Scalar).value
  const rows = (...args: Parameters<typeof call>) => (call(...args) as Table).rows
  const column = (table: Value, name: string) => {
    const t = table as Table
    const c = t.columns[t.names.indexOf(name)]
    return Array.from({ length: t.rows }, (_, k) => c.raw(k))
  }
  const useEmptyStore = () => {
    const empty = new TestEngine(new MemoryFileStore())
    host = hostOver(empty)
    return empty
  }
  return { engine, sets, call, number, rows, column, useEmptyStore }
}

const date = (day: number) => new Scalar(T.DATE, FIRST_DAY + day)
const tuple = (...values: Value[]) => new AnyVector(values)

describe('the documented examples of backup', () => {
  it('count the partitions that were copied', () => {
    const { number, engine } = start()
    expect(number('backup', '/b', URL, true)).toBe(10)
    expect(number('backup', '/b', URL)).toBe(0)
    engine.append('pt', '/20220103/0_50')
    expect(number('backup', '/b', URL)).toBe(1)
    expect(number('backupDB', '/b', `${URL}/`)).toBe(0)
    expect(number('backupTable', '/b2', URL, 'pt')).toBe(10)
    expect((start().call('backupDB', '/b', URL) as Scalar).type).toBe(T.INT)
  })
  it('take conditions: a tuple with an entry per level', () => {
    const { number } = start()
    expect(
      number('backup', '/b3', URL, true, undefined, undefined, 'pt', tuple(Scalar.VOID, vectorOf(T.INT, [0]))),
    ).toBe(5)
    expect(number('backup', '/b3', URL, true, undefined, undefined, 'pt', tuple(date(0), Scalar.int(50)))).toBe(1)
    expect(
      number(
        'backup',
        '/b3',
        URL,
        true,
        undefined,
        undefined,
        'pt',
        tuple(vectorOf(T.DATE, [FIRST_DAY, FIRST_DAY + 1]), Scalar.VOID),
      ),
    ).toBe(4)
    expect(() =>
      number('backup', '/b3', URL, true, undefined, undefined, 'pt', tuple(date(0), Scalar.int(700))),
    ).toThrow(/S01020/)
    expect(number('backup', '/b3', URL, true, undefined, undefined, 'pt', date(0))).toBe(2)
  })
  it('take paths, one or several', () => {
    const { number } = start()
    const five = ['20220101', '20220102', '20220103', '20220104', '20220105'].map((d) => `/${d}/0_50`)
    expect(number('backup', '/b', URL, false, true, true, 'pt', new StringVector(five))).toBe(5)
    expect(number('backup', '/b', URL, true, true, true, 'pt', '/20220104/50_100')).toBe(1)
    expect(() => number('backup', '/b', URL, true, true, true, 'pt', '/20330104/50_100')).toThrow(
      'The specified partitions must already exist in the database. RefId: S01020',
    )
  })
  it('keep a dropped partition without snapshot and drop it with', () => {
    const { number, rows, engine } = start()
    number('backup', '/b', URL, true)
    engine.request({ kind: 'dropChunks', db: URL, table: 'pt', paths: ['/20220105/0_50'] })
    expect(number('backup', '/b', URL, true, false, false, 'pt')).toBe(9)
    expect(rows('getBackupList', '/b', URL, 'pt')).toBe(10)
    expect(number('backup', '/b', URL, true, false, true, 'pt')).toBe(9)
    expect(rows('getBackupList', '/b', URL, 'pt')).toBe(9)
  })
  it('find a flipped byte, and repair it with force only', () => {
    const { number, rows, column, call, sets } = start()
    number('backup', '/b', URL, true)
    const set = sets.get('/b')!
    set.flipBit([...set.files().keys()].find((f) => f.startsWith('data/shop/20220102/50_100/'))!, 99)
    const found = call('checkBackup', '/b', URL, 'pt')
    expect((found as Table).names).toEqual(['dbName', 'tableName', 'chunkPath', 'chunkID', 'partitionPath'])
    expect(column(found, 'chunkPath')).toEqual(['/shop/20220102/50_100/6F'])
    expect(column(found, 'partitionPath')).toEqual(['/20220102/50_100'])
    expect(rows('checkBackup', '/b', URL, 'pt', '%20220103%')).toBe(0)
    expect(number('backup', '/b', URL, false, undefined, undefined, 'pt', '/20220102/50_100')).toBe(0)
    expect(rows('checkBackup', '/b', URL)).toBe(1)
    expect(number('backup', '/b', URL, true, undefined, undefined, 'pt', '/20220102/50_100')).toBe(1)
    expect(rows('checkBackup', '/b', URL)).toBe(0)
  })
  it('restore partitions by wildcard and answer their full paths', () => {
    const { number, call } = start()
    number('backup', '/b', URL)
    const restored = call('restore', '/b', URL, 'pt', '%20220104%', true) as StringVector
    expect(restored.strings).toEqual([`${URL}/20220104/0_50/6F`, `${URL}/20220104/50_100/6F`])
    expect((call('restore', '/b', URL, 'pt', '%', false, undefined, true, true) as StringVector).strings).toEqual([])
    expect((call('restore', '/b', URL, 'pt', '/shop/20220101/0_50', true) as StringVector).length).toBe(1)
    expect(() => call('restore', '/b', URL, 'pt', '%', false, Scalar.int(1))).toThrow(/outputTable must be the handle/)
  })
  it('restore a table under another name, and migrate a dropped database', () => {
    const { number, call, column, engine, useEmptyStore } = start(['pt', 'pt2'])
    number('backupDB', '/b', URL)
    const copy = call('restoreTable', '/b', URL, 'pt', undefined, 'pt_copy')
    expect(column(copy, 'dbName')).toEqual([URL])
    expect(column(copy, 'tableName')).toEqual(['pt_copy'])
    expect(contentOf(engine, 'pt_copy')).toBe(contentOf(engine, 'pt'))
    expect(column(call('restoreDB', '/b', URL, 'dfs://other'), 'tableName')).toEqual(['pt', 'pt2'])
    const empty = useEmptyStore()
    const migrated = call('migrate', '/b') as Table
    expect(migrated.names).toEqual(['dbName', 'tableName', 'success', 'errorMsg'])
    expect(column(migrated, 'success')).toEqual([1, 1])
    expect(contentOf(empty, 'pt2')).toBe(contentOf(engine, 'pt2'))
    expect(column(call('migrate', '/b', URL, 'pt'), 'errorMsg')[0]).toMatch(/exists already/)
    expect(column(call('migrate', '/b', URL, 'pt', 'dfs://n', 'q'), 'tableName')).toEqual(['pt'])
    expect(() => call('migrate', '/b', undefined, 'pt')).toThrow(/need backupDBPath/)
  })
})

describe('looking at a backup', () => {
  it('lists partitions with the documented columns', () => {
    const { number, call, column, engine } = start()
    number('backupDB', '/b', URL)
    const list = call('getBackupList', '/b', URL, 'pt') as Table
    expect(list.names).toEqual(['chunkID', 'chunkPath', 'cid', 'rows', 'updateTime'])
    expect(list.columns.map((c) => c.type)).toEqual([T.STRING, T.STRING, T.LONG, T.LONG, T.TIMESTAMP])
    expect(column(list, 'chunkPath')[0]).toBe(`${URL}/20220101/0_50/6F`)
    expect(column(list, 'rows')[0]).toBe(BigInt(engine.view().chunk(URL, 'pt', '/20220101/0_50')!.rows))
    expect(() => call('getBackupList', '/none', URL, 'pt')).toThrow(/There is no backup in/)
  })
  it('shows what is known of a partition', () => {
    const { number, call } = start()
    number('backupDB', '/b', URL)
    for (const path of ['/20220101/0_50', '/20220101/0_50/6F']) {
      const meta = call('getBackupMeta', '/b', URL, path, 'pt') as Value & { kind: 'dict' }
      expect([...meta.entries.keys()]).toEqual(['schema', 'dfsPath', 'rows', 'chunkID', 'cid'])
      expect((meta.entries.get('schema') as Table).names).toEqual(['name', 'typeString', 'typeInt', 'extra', 'comment'])
    }
    expect(() => call('getBackupMeta', '/b', URL, '/2022', 'pt')).toThrow(/does not contain the partition \[\/2022\]/)
  })
  it('shows the calls, the newest first', () => {
    const { number, call, column } = start(['pt', 'pt2'])
    number('backupDB', '/b', URL)
    call('restoreTable', '/b', URL, 'pt')
    const status = call('getBackupStatus') as Table
    expect(column(status, 'type')).toEqual(['RESTORE_BY_COPY_FILE', 'BACKUP_BY_COPY_FILE', 'BACKUP_BY_COPY_FILE'])
    expect(column(status, 'percentComplete')).toEqual([100, 100, 100])
    expect(column(status, 'completed')).toEqual([1, 1, 1])
    expect((call('getBackupStatus', 'somebody') as Table).rows).toBe(0)
  })
})

describe('what is refused before anything is written', () => {
  const { call, sets } = start()
  const code = new CodeValue(undefined)
  const cases: readonly [what: string, run: () => Value, message: RegExp][] = [
    ['metacode for a whole database', () => call('backupDB', '/r', code), /A query is backed up by backup/],
    ['metacode for a table', () => call('backupTable', '/r', code, 'pt'), /A query is backed up by backup/],
    [
      'snapshot beside a query',
      () => call('backup', '/r', code, true, false, true),
      /snapshot can be given with dbPath only/,
    ],
    [
      'tableName beside a query',
      () => call('backup', '/r', code, true, false, undefined, 'pt'),
      /tableName can be given with/,
    ],
    [
      'partition beside a query',
      () => call('backup', '/r', code, true, false, undefined, undefined, '/1'),
      /partition can be given with dbPath only/,
    ],
    [
      'dbPath beside sqlObj',
      () => call('backup', '/r', URL, true, undefined, undefined, undefined, undefined, undefined, code),
      /dbPath and sqlObj can not be given both/,
    ],
    [
      'sqlObj that is no code',
      () => call('backup', '/r', undefined, true, undefined, undefined, undefined, undefined, undefined, 'select'),
      /sqlObj must be the metacode of a select/,
    ],
    ['keyPath', () => call('backupDB', '/r', URL, '/key'), /there is no such file/],
    ['keyPath on restore', () => call('restoreDB', '/r', URL, undefined, '/key'), /there is no such file/],
    ['a path that is no url', () => call('backupDB', '/r', '/data'), /must begin with "dfs:\/\/"/],
    ['no dbPath', () => call('backup', '/r'), /dbPath or sqlObj is required/],
    [
      'a directory in an object store',
      () => call('backupDB', 's3://bucket/b', URL),
      /not supported by this release. RefId: S01069/,
    ],
    ['a directory that is no text', () => call('backupDB', Scalar.int(1), URL), /backupDir must be a string/],
    [
      'a path for a shell',
      () => call('backupDB', '~/backups', URL),
      /which only a shell turns into the home directory/,
    ],
    ['the data directory', () => call('backupDB', '/home/holdfast', URL), /must not hold, or lie in, the data/],
    ['a directory among the chunks', () => call('backupDB', 'chunks/x', URL), /must not hold, or lie in, the data/],
    ['a guest', () => start(['pt'], 'guest').call('backupDB', '/r', URL), /please log in first/],
    [
      'a pair for a partition',
      () => call('backup', '/r', URL, true, false, true, 'pt', new Pair(T.INT, 1, 2)),
      /S01058/,
    ],
  ]
  it.each(cases)('%s', (_, run, message) => {
    expect(run).toThrow(message)
    expect([...sets.values()].flatMap((s) => [...s.files().keys()])).toEqual([])
  })
})
