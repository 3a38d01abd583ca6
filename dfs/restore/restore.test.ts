import { describe, expect, it } from 'vitest'
import { takeBackup } from '../backup/take.ts'
import { contentOf, contextOf, databaseRecord, PATHS, shop, TestEngine, tableRecord, URL } from '../set/fixture.ts'
import { FaultyFileStore, StoreDied } from '../store/faulty-store.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { migrateSet } from './migrate.ts'
import { restoreDatabase, restorePartitions, restoreTable } from './restore.ts'

function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 4294967296
  }
}

const whole = { url: URL, tables: undefined, partitions: undefined, force: false, snapshot: true }
const pt = { url: URL, table: 'pt' }

function start(tables = ['pt'], paths = PATHS) {
  const engine = shop(new MemoryFileStore(), tables, paths)
  const set = new MemoryFileStore()
  const context = contextOf(engine)
  takeBackup(context, set, whole)
  const restore = (pattern: string, over: { force?: boolean; snapshot?: boolean; table?: string } = {}) =>
    restorePartitions(context, set, {
      ...pt,
      pattern,
      force: over.force ?? false,
      snapshot: over.snapshot ?? false,
      target: { url: URL, table: over.table ?? 'pt' },
    }).chunks.map((c) => c.path)
  return { engine, set, context, restore, good: contentOf(engine, 'pt') }
}

describe('restore', () => {
  it('puts back what differs and nothing else', () => {
    const { engine, restore, good } = start()
    expect(restore('%')).toEqual([])
    engine.append('pt', PATHS[1])
    engine.request({ kind: 'dropChunks', db: URL, table: 'pt', paths: [PATHS[4]] })
    expect(restore('%')).toEqual([PATHS[1], PATHS[4]])
    expect(contentOf(engine, 'pt')).toBe(good)
  })
  it('with force puts back what its pattern names', () => {
    const { engine, restore, good } = start()
    expect(restore('%20220104%', { force: true })).toEqual(['/20220104/0_50', '/20220104/50_100'])
    expect(restore('/shop/20220104/0_50', { force: true })).toEqual(['/20220104/0_50'])
    expect(restore('%', { force: true })).toHaveLength(10)
    expect(contentOf(engine, 'pt')).toBe(good)
  })
  it('removes other partitions only with snapshot and %', () => {
    const { engine, restore, good } = start(['pt'], PATHS.slice(0, 8))
    engine.append('pt', PATHS[9])
    restore('%')
    restore('%2022%', { snapshot: true })
    expect(contentOf(engine, 'pt')).not.toBe(good)
    restore('%', { snapshot: true })
    expect(contentOf(engine, 'pt')).toBe(good)
  })
  it('into another table leaves the original alone', () => {
    const { engine, restore, good } = start()
    engine.request({ kind: 'createTable', table: tableRecord('copy') })
    expect(restore('%', { table: 'copy' })).toHaveLength(10)
    expect(contentOf(engine, 'copy')).toBe(good)
    expect(restore('%', { table: 'copy' })).toEqual([])
  })
  it('needs an existing table of the same structure', () => {
    const { engine, restore } = start()
    expect(() => restore('%', { table: 'none' })).toThrow(/Table \[none\] does not exist/)
    const other = tableRecord('other')
    engine.request({ kind: 'createTable', table: { ...other, columns: other.columns.slice(0, 2) } })
    expect(() => restore('%', { table: 'other' })).toThrow(/has 3 columns and the target 2/)
  })
  it('takes a target whose VALUE scheme has more values, and extends one that has fewer', () => {
    const { engine, set, context, good } = start()
    for (const days of [9, 2]) {
      const url = `dfs://days${days}`
      engine.request({ kind: 'createDatabase', database: databaseRecord(url, days) })
      restoreTable(context, set, pt, { url, table: 'pt' })
      expect(contentOf(engine, 'pt', url)).toBe(good)
      expect(engine.view().database(url)!.schemes[0]).toMatchObject({ values: { length: Math.max(days, 5) } })
    }
    const [first, second] = databaseRecord().schemes
    engine.request({
      kind: 'createDatabase',
      database: { ...databaseRecord('dfs://hash'), schemes: [first, { kind: 'HASH', type: 4, buckets: 2 }] },
    })
    expect(() => restoreTable(context, set, pt, { url: 'dfs://hash', table: 'pt' })).toThrow(
      /partition level 1 is RANGE of INT with 2 ranges in the backup and HASH of INT with 2 buckets/,
    )
    expect(second.kind).toBe('RANGE')
  })
  it('takes a target whose ranges were extended since, and extends one that has fewer; other ranges are told apart', () => {
    const { engine, set, context, good } = start()
    const ranges = (url: string, ...bounds: number[]) => {
      const [first, second] = databaseRecord(url).schemes
      const schemes = [first, { ...second, bounds } as typeof second]
      engine.request({ kind: 'createDatabase', database: { ...databaseRecord(url), schemes } })
      return url
    }
    const { bounds } = databaseRecord().schemes[1] as { readonly bounds: readonly number[] }
    const [low, middle, high] = bounds
    const targets = [ranges('dfs://longer', low, middle, high, high + 1), ranges('dfs://shorter', low, middle)]
    for (const url of targets) {
      restoreTable(context, set, pt, { url, table: 'pt' })
      expect(contentOf(engine, 'pt', url)).toBe(good)
      expect(engine.view().database(url)!.schemes[1]).toMatchObject({
        bounds: url === 'dfs://longer' ? [...bounds, high + 1] : bounds,
      })
    }
    const other = ranges('dfs://other', low, middle + 1, high)
    expect(() => restoreTable(context, set, pt, { url: other, table: 'pt' })).toThrow(
      expect.objectContaining({
        message: expect.stringContaining(`: ${low}_${middle} in the backup, ${low}_${middle + 1} in the target`),
        hint: expect.stringContaining('newTableName'),
      }),
    )
  })
  it('stops at a damaged file, names it, and leaves the table as it was', () => {
    const { engine, set, context, good } = start()
    const file = [...set.files().keys()].filter((f) => f.startsWith('data/'))[6]
    set.flipBit(file, 77)
    engine.request({ kind: 'dropChunks', db: URL, table: 'pt', paths: undefined })
    expect(() => restoreTable(context, set, pt, pt)).toThrow(
      new RegExp(`The file ${file} of chunk .* is damaged in the backup.*is as it was`),
    )
    expect(contentOf(engine, 'pt')).toBe('')
    expect(engine.runs().at(-1)).toMatchObject({ type: 'RESTORE_BY_COPY_FILE', state: 'failed' })
    set.flipBit(file, 77)
    restoreTable(context, set, pt, pt)
    expect(contentOf(engine, 'pt')).toBe(good)
  })
})

describe('restoreDB and restoreTable', () => {
  it('make database and tables in an empty store', () => {
    const { engine, set } = start(['pt', 'pt2'])
    const empty = new TestEngine(new MemoryFileStore())
    expect(restoreDatabase(contextOf(empty), set, URL, 'dfs://a/b')).toEqual([
      { url: 'dfs://a/b', table: 'pt' },
      { url: 'dfs://a/b', table: 'pt2' },
    ])
    expect(contentOf(empty, 'pt2', 'dfs://a/b')).toBe(contentOf(engine, 'pt2'))
  })
  it('remove partitions that the backup does not have', () => {
    const { engine, set, context, good } = start(['pt'], PATHS.slice(0, 5))
    engine.append('pt', PATHS[8])
    restoreDatabase(context, set, URL, URL)
    expect(contentOf(engine, 'pt')).toBe(good)
  })
  it('do nothing the second time', () => {
    const { engine, set, context } = start()
    restoreTable(context, set, pt, { url: URL, table: 'pt_copy' })
    const commands = engine.commands.length
    restoreTable(context, set, pt, { url: URL, table: 'pt_copy' })
    expect(engine.commands.slice(commands)).toEqual(['putRun', 'putRun'])
  })
  it('restore a database without tables', () => {
    const { set } = start([])
    const empty = new TestEngine(new MemoryFileStore())
    expect(restoreDatabase(contextOf(empty), set, URL, URL)).toEqual([])
    expect(empty.view().database(URL)).toBeDefined()
  })
  it('say what a set does not have', () => {
    const { set, context } = start()
    expect(() => restoreDatabase(context, set, 'dfs://none', 'dfs://x')).toThrow(
      /does not contain the database \[dfs:\/\/none\]; it holds dfs:\/\/shop/,
    )
    expect(() => restoreTable(context, set, { url: URL, table: 'no' }, pt)).toThrow(/does not contain the table \[no\]/)
    expect(() => restoreTable(context, new MemoryFileStore(), pt, pt)).toThrow(/There is no backup in/)
  })
})

describe('migrate', () => {
  it('restores all, and reports a table that exists in its row', () => {
    const { set, engine, context } = start(['pt', 'pt2'])
    engine.request({ kind: 'dropTable', db: URL, table: 'pt2' })
    const all = { url: undefined, table: undefined, newUrl: undefined, newTable: undefined }
    const rows = migrateSet(context, set, all)
    expect(rows).toMatchObject([
      { table: 'pt', error: expect.stringContaining('exists already') },
      { table: 'pt2', error: undefined },
    ])
    const renamed = migrateSet(context, set, { url: URL, table: 'pt', newUrl: 'dfs://n', newTable: 'q' })
    expect(renamed).toEqual([{ url: URL, table: 'pt', error: undefined }])
    expect(contentOf(engine, 'q', 'dfs://n')).toBe(contentOf(engine, 'pt'))
  })
  it('goes on after a damaged table', () => {
    const { set } = start(['pt', 'pt2'])
    set.flipBit([...set.files().keys()].find((f) => f.endsWith('/pt.meta'))!, 100)
    const empty = new TestEngine(new MemoryFileStore())
    const all = { url: undefined, table: undefined, newUrl: undefined, newTable: undefined }
    expect(migrateSet(contextOf(empty), set, all)).toMatchObject([
      { table: 'pt', error: expect.stringContaining('pt.meta is damaged') },
      { table: 'pt2', error: undefined },
    ])
  })
})

/** The log reports what broke it as the cause of its own error. */
const deathIn = (error: unknown): boolean =>
  error instanceof StoreDied || (error instanceof Error && deathIn(error.cause))

describe('a restore that dies in any call on the data directory', () => {
  const paths = PATHS.slice(0, 4)
  function story() {
    const made = start(['pt'], paths)
    made.engine.append('pt', paths[0])
    made.engine.request({ kind: 'dropChunks', db: URL, table: 'pt', paths: [paths[1], paths[3]] })
    made.engine.append('pt', PATHS[7])
    return { ...made, before: contentOf(made.engine, 'pt'), data: made.engine.data as MemoryFileStore }
  }
  const attempt = (engine: TestEngine, set: MemoryFileStore): unknown => {
    try {
      return restoreTable(contextOf(engine), set, pt, pt)
    } catch (error) {
      return error
    }
  }
  for (const powerLoss of [false, true])
    it(`leaves the table as before or as after${powerLoss ? ', with power lost' : ''}, and a second call completes`, () => {
      const counted = story()
      const counter = new FaultyFileStore(counted.data)
      const counting = counted.engine.restarted(counter)
      counter.calls = 0
      expect(attempt(counting, counted.set)).not.toBeInstanceOf(Error)
      expect(counter.calls).toBeGreaterThan(8)
      console.log(`restore: died in each of ${counter.calls} calls`)
      for (let call = 1; call <= counter.calls; call++) {
        const { engine, set, data, before, good } = story()
        const store = new FaultyFileStore(data)
        const dying = engine.restarted(store)
        store.calls = 0
        store.faults = { dieAtCall: call }
        const result = attempt(dying, set)
        // Dying while old files are removed comes after the commit: the restore has succeeded.
        if (result instanceof Error) expect(deathIn(result), result.message).toBe(true)
        if (powerLoss) data.losePower(random(call))
        const again = dying.restarted(data)
        const now = contentOf(again, 'pt')
        expect(now === before || now === good, `call ${call}`).toBe(true)
        const third = new FaultyFileStore(data)
        expect(attempt(again.restarted(third), set)).not.toBeInstanceOf(Error)
        if (!powerLoss && call === counter.calls) expect(third.log.filter((l) => l.startsWith('create'))).toEqual([])
        const last = again.restarted(data)
        expect(attempt(last, set)).not.toBeInstanceOf(Error)
        expect(contentOf(last, 'pt')).toBe(good)
      }
    })
})
