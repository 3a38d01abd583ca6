import { describe, expect, it } from 'vitest'
import type { Session } from '../../runtime/session.ts'
import { T, Table, type Vector, vectorOf } from '../../runtime/values/index.ts'
import { MemoryCatalogStore } from '../catalog/memory-store.ts'
import { keys } from '../catalog/records.ts'
import type { ChunkRecord, TableRecord } from '../catalog/types.ts'
import { Engine } from '../engine/engine.ts'
import { createPlainTable, PLAIN_URL } from '../engine/testing.ts'
import { DfsSession } from '../session.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import type { ChunkTableSource } from '../table-source.ts'
import { formatRecord } from '../wal/dump.ts'
import { walkLog } from '../wal/walk.ts'
import { describeRecord } from './describe-record.ts'
import { checkDirectory, checkRunning, type Finding, formatFinding, noTotals } from './index.ts'
import { statsOf } from './stats.ts'

interface Store {
  readonly catalog: MemoryCatalogStore
  readonly files: MemoryFileStore
  readonly engine: Engine
  readonly dfs: DfsSession
  readonly source: () => ChunkTableSource
}

function rows(first: number, count: number): Table {
  const x = Array.from({ length: count }, (_, k) => first + k)
  return new Table(
    ['id', 'x'],
    [x.map((n) => n % 3), x].map((column): Vector => vectorOf(T.INT, column)),
  )
}

/** 3,000 rows in three segments, checkpointed; then 5 rows and 300 rows that the log has. */
async function withRows(): Promise<Store> {
  const catalog = new MemoryCatalogStore()
  const files = new MemoryFileStore()
  let nowMs = 1_700_000_000_000
  const engine = new Engine({ catalog, files, now: () => ++nowMs })
  engine.recover(false)
  createPlainTable(engine)
  const dfs = new DfsSession({
    session: { user: 'admin', now: () => 0 } as unknown as Session,
    home: '/nowhere',
    link: { open: () => engine.openSession('s'), request: (command, user) => engine.request(command, user, 's') },
    config: { settings: { file: { 'ts.append.small_rows': 10 }, environment: {} } },
    catalog,
    files,
  })
  const source = () => dfs.source(PLAIN_URL, 'pt')
  source().append(rows(0, 3000))
  await engine.checkpoint()
  source().append(rows(3000, 5))
  source().append(rows(3005, 300))
  return { catalog, files, engine, dfs, source }
}

const offline = ({ catalog, files }: Store) => ({
  catalog,
  files,
  wasUnclean: false,
  isHeld: true,
  close: async () => {},
})

function findings(store: Store, isDeep = false): Finding[] {
  return [...checkDirectory(offline(store), isDeep, noTotals())].filter((f) => f !== undefined)
}

const chunk = ({ catalog }: Store, path: string): ChunkRecord =>
  catalog.get(keys.chunk(PLAIN_URL, 'pt', path)) as ChunkRecord

const change = ({ catalog }: Store, key: readonly string[], edit: (record: never) => unknown): void =>
  catalog.transaction((w) => w.put(key, edit(w.get(key) as never)))

function online({ files, engine, dfs }: Store, isDeep = true): Finding[] {
  const store = {
    files,
    status: () => engine.status(),
    hold: () => ({ ...dfs.heldView(), catalog: dfs.catalog }),
  }
  return [...checkRunning(store, isDeep, noTotals(), 0)].filter((f) => f !== undefined)
}

describe('the check of a directory', () => {
  it('finds nothing in a store that is whole, counts what is in the log only, and changes nothing', async () => {
    const store = await withRows()
    const before = JSON.stringify([[...store.files.files()], [...store.catalog.entries([])]])
    const totals = noTotals()
    expect([...checkDirectory(offline(store), true, totals)].filter((f) => f !== undefined)).toEqual([])
    expect(totals).toMatchObject({
      databases: 1,
      tables: 1,
      chunks: 3,
      rows: 3305,
      segments: 6,
      deltaRows: 5,
      transactions: 2,
      errors: 0,
    })
    expect(JSON.stringify([[...store.files.files()], [...store.catalog.entries([])]])).toBe(before)
    expect(online(store)).toEqual([])
  })

  it('says what a table and a chunk hold', async () => {
    const { stats, chunks } = statsOf(offline(await withRows()))
    expect(stats.tables).toMatchObject([
      { db: PLAIN_URL, table: 'pt', chunks: 3, rows: 3305, segments: 6, deltaRows: 5 },
    ])
    expect(Array.from(chunks(), (c) => [c.partition, c.rows, c.deltaRows])).toEqual([
      ['/0', 1102, 2],
      ['/1', 1102, 2],
      ['/2', 1101, 1],
    ])
    expect(stats.log.transactions).toBe(2)
  })

  const segment = (s: Store): string => chunk(s, '/1').segments[0].file
  const cases: readonly (readonly [
    name: string,
    damage: (s: Store) => void,
    expected: Partial<Finding>,
    isFoundOnline?: boolean,
  ])[] = [
    ['a missing segment', (s) => s.files.remove(segment(s)), { code: 'segmentMissing', partition: '/1' }],
    [
      'a segment that was cut off',
      (s) => {
        const log = s.files.openLog(segment(s))
        log.truncate(log.bytes - 1)
      },
      { code: 'segmentSize', partition: '/1' },
    ],
    [
      'a flipped bit in a segment',
      (s) => s.files.flipBit(segment(s), 200),
      { code: 'segmentDamaged', partition: '/1' },
    ],
    [
      'a chunk that counts other rows than its segments',
      (s) => change(s, keys.chunk(PLAIN_URL, 'pt', '/2'), (c: ChunkRecord) => ({ ...c, rows: c.rows + 1 })),
      { code: 'rowCount', partition: '/2' },
    ],
    [
      'a file that two chunks name',
      (s) =>
        change(s, keys.chunk(PLAIN_URL, 'pt', '/2'), (c: ChunkRecord) => ({
          ...c,
          segments: [chunk(s, '/1').segments[0], ...c.segments.slice(1)],
        })),
      { code: 'segmentShared', partition: '/2' },
    ],
    [
      'chunks of a table that is not there',
      (s) =>
        s.catalog.transaction((w) => {
          const record = chunk(s, '/1')
          w.put(keys.chunk(PLAIN_URL, 'gone', '/1'), { ...record, chunkId: 'other', rows: 0, segments: [] })
        }),
      { code: 'tableMissing', table: 'gone' },
    ],
    [
      'a chunk outside the scheme',
      (s) =>
        s.catalog.transaction((w) =>
          w.put(keys.chunk(PLAIN_URL, 'pt', '/9'), {
            ...chunk(s, '/1'),
            path: '/9',
            chunkId: 'x',
            rows: 0,
            segments: [],
          }),
        ),
      { code: 'partitionPath', partition: '/9' },
    ],
    [
      'two chunks of one identity',
      (s) =>
        change(s, keys.chunk(PLAIN_URL, 'pt', '/2'), (c: ChunkRecord) => ({ ...c, chunkId: chunk(s, '/1').chunkId })),
      { code: 'chunkId', partition: '/2' },
    ],
    [
      'a partition column that is missing',
      (s) => change(s, keys.table(PLAIN_URL, 'pt'), (t: TableRecord) => ({ ...t, partitionColumns: ['nope'] })),
      { code: 'schema', table: 'pt' },
    ],
    [
      'a named file that waits to be removed',
      (s) => s.catalog.transaction((w) => w.put(keys.garbage(2), [segment(s)])),
      { code: 'segmentGarbage' },
    ],
    [
      'a file that nobody names',
      (s) => s.files.writeFileAtomic('chunks/db/1/pt/stray.arrow', 'x'),
      { code: 'fileUnnamed', severity: 'note', file: 'chunks/db/1/pt/stray.arrow' },
      false,
    ],
    [
      'a flipped bit in the log',
      (s) => s.files.flipBit('wal/current_file', 150),
      { code: 'walDamaged', file: 'wal/current_file' },
    ],
    ['a log that is gone', (s) => s.files.removeTree('wal'), { code: 'walMissing' }, false],
  ]
  for (const [name, damage, expected, isFoundOnline = true] of cases)
    it(`finds ${name}`, async () => {
      const store = await withRows()
      damage(store)
      const found = findings(store, true)
      expect(found).toContainEqual(expect.objectContaining({ severity: 'error', ...expected }))
      expect(found.map(formatFinding).every((line) => !line.includes('\n'))).toBe(true)
      if (isFoundOnline)
        expect(online(store)).toContainEqual(expect.objectContaining({ severity: 'error', ...expected }))
    })

  it('names db, table, partition, file and offset in one line', () => {
    expect(
      formatFinding({
        severity: 'error',
        code: 'x',
        db: PLAIN_URL,
        table: 't',
        partition: '/1',
        file: 'f',
        offset: 7,
        message: 'bad\nnews',
      }),
    ).toBe('ERROR dfs://db/t /1 f, offset 7: bad?news')
  })

  it('looks at sizes only, unless every byte is asked for', async () => {
    const store = await withRows()
    store.files.flipBit(segment(store), 200)
    expect(findings(store)).toEqual([])
    expect(findings(store, true)).toHaveLength(1)
  })

  it('tells of a checkpoint for copies, and of what it lacks', async () => {
    const store = await withRows()
    await store.engine.beginCopy()
    expect(findings(store).map((f) => f.code)).toEqual(['copyActive'])
    store.files.flipBit('checkpoint/catalog', 50)
    expect(findings(store)).toContainEqual(
      expect.objectContaining({ code: 'copyUnusable', file: 'checkpoint/catalog' }),
    )
    store.files.removeTree('checkpoint')
    expect(findings(store).map((f) => f.code)).toEqual(['copyActive', 'copyUnusable'])
    store.catalog.transaction((w) => w.remove(keys.copy))
    store.files.writeFileAtomic('checkpoint/catalog', '')
    store.files.writeFileAtomic('_restore', '')
    expect(findings(store).map((f) => [f.severity, f.code])).toEqual([
      ['error', 'copyUnusable'],
      ['note', 'copyRemains'],
    ])
    expect(findings(store)[0]!.message).toContain('no checkpoint was active when the directory was copied')
  })

  it('checks what a copy with _restore will start as, and not the catalog and log that were copied while they changed', async () => {
    const store = await withRows()
    await store.engine.beginCopy()
    store.files.writeFileAtomic('_restore', '')
    const totals = noTotals()
    const check = (isDeep: boolean): Finding[] =>
      [...checkDirectory({ ...offline(store), catalog: undefined }, isDeep, totals)].filter((f) => f !== undefined)
    expect(check(true).map((f) => [f.severity, f.code])).toEqual([['note', 'restoreTrigger']])
    expect(totals).toMatchObject({ databases: 1, tables: 1, rows: 3305 })
    const file = segment(store)
    store.files.flipBit(file, 200)
    expect(check(false).map((f) => f.code)).toEqual(['restoreTrigger'])
    expect(check(true).map((f) => [f.code, f.file])).toContainEqual(['segmentDamaged', file])
    store.files.remove(file)
    expect(check(false).map((f) => [f.code, f.file])).toContainEqual(['segmentMissing', file])
  })

  it('does not know a directory without a catalog', () => {
    const directory = {
      catalog: undefined,
      files: new MemoryFileStore(),
      wasUnclean: true,
      isHeld: true,
      close: async () => {},
    }
    const codes = () => [...checkDirectory(directory, false, noTotals())].map((f) => f?.code)
    expect(codes()).toEqual(['unclean', 'catalogMissing'])
    directory.files.writeFileAtomic('_restoring', 'bk-20260115-103045\n')
    expect(codes()).toEqual(['restoreUnfinished'])
  })
})

describe('the records of the log', () => {
  it('are described in a line each', async () => {
    const { files, engine } = await withRows()
    engine.request({ kind: 'putSetting', name: 'ts.wal.checkpoint_interval', value: 30_000 })
    engine.request({ kind: 'dropChunks', db: PLAIN_URL, table: 'pt', paths: ['/1'] })
    const lines: string[] = []
    walkLog(files, {}, (record) => lines.push(formatRecord(record, describeRecord).replace(/^\S+ {2}\S+ {2}/, '')))
    expect(lines.map((line) => line.replace(/ {2}\d+ bytes$/, '').replace(/^\d+ {2}/, ''))).toEqual([
      expect.stringMatching(/^CHECKPOINT {2}- {2}complete, redo from 0\/[0-9A-F]{8}$/),
      'TSBEGIN  -  by admin',
      'INSERT  dfs://db/pt  5 rows in 3 chunks',
      'TSCOMMIT  -  commit 5',
      'TSBEGIN  -  by admin',
      'INSERT  dfs://db/pt  300 rows in 3 chunks',
      'TSCOMMIT  -  commit 6',
      'TSBEGIN  -  -',
      'DDL_ALTER_COLUMN  setting ts.wal.checkpoint_interval  30s',
      'TSCOMMIT  -  commit 7',
      'TSBEGIN  -  -',
      'DELETE  dfs://db/pt  1 chunk',
      'TSCOMMIT  -  commit 8',
    ])
  })

  it('are read from an LSN to an LSN, wherever those lie in a record', async () => {
    const { files } = await withRows()
    const all: { readonly lsn: number; readonly endLsn: number }[] = []
    const { end, oldest } = walkLog(files, {}, ({ lsn, endLsn }) => all.push({ lsn, endLsn }))
    expect([oldest, end]).toEqual([all[0].lsn, all[all.length - 1].endLsn])
    for (let from = oldest; from < end; from += 40)
      for (let to = from; to < end; to += 104) {
        const some: number[] = []
        walkLog(files, { from, to }, ({ lsn }) => some.push(lsn))
        expect(some).toEqual(all.map((r) => r.lsn).filter((lsn) => lsn >= from && lsn < to))
      }
  })
})
