/** What the documentation says of backup and restore, over real tables: partitions of every scheme by path, condition and pattern; names, forms and result tables. */
import { beforeEach, describe, expect, it } from 'vitest'
import { progressService } from '../progress.ts'
import { connect, newWorld, type TestSession, type TestWorld } from '../write/testing.ts'

let world: TestWorld
let s: TestSession

beforeEach(() => {
  world = newWorld()
  s = connect(world)
})

/** Texts of a vector that a script gives. */
const texts = (script: string): string[] => (JSON.parse(s.show(script)) as string[]).sort()

const ROWS =
  'table(2024.01.01 + til(60) % 6 as d, 2024.01M + til(60) % 3 as m, til(60) as n, take(["IBM", "MSFT", "GOOG", "C"], 60) as sym, double(til(60)) as v)'

/** Schemes with the names of all their partitions for the rows above, and conditions with what they select. */
const SCHEMES: readonly {
  readonly scheme: string
  readonly column: string
  readonly names: readonly string[]
  readonly conditions: readonly (readonly [condition: string, selected: readonly string[]])[]
}[] = [
  {
    scheme: 'VALUE, 2024.01.01..2024.01.06',
    column: '"d"',
    names: ['20240101', '20240102', '20240103', '20240104', '20240105', '20240106'],
    conditions: [
      ['2024.01.03', ['20240103']],
      ['2024.01.02..2024.01.04', ['20240102', '20240103', '20240104']],
    ],
  },
  {
    scheme: 'VALUE, 2024.01M..2024.03M',
    column: '"m"',
    names: ['202401M', '202402M', '202403M'],
    conditions: [['2024.02M', ['202402M']]],
  },
  {
    scheme: 'RANGE, 0 20 40 60',
    column: '"n"',
    names: ['0_20', '20_40', '40_60'],
    conditions: [
      ['33', ['20_40']],
      ['0 59', ['0_20', '40_60']],
    ],
  },
  {
    scheme: 'HASH, [INT, 3]',
    column: '"n"',
    names: ['Key0', 'Key1', 'Key2'],
    conditions: [
      ['0', ['Key0']],
      ['[1, 2]', ['Key1', 'Key2']],
    ],
  },
  {
    scheme: 'LIST, [["IBM", "C"], ["MSFT"], ["GOOG"]]',
    column: '"sym"',
    names: ['List0', 'List1', 'List2'],
    conditions: [
      ['"C"', ['List0']],
      ['["MSFT", "IBM"]', ['List0', 'List1']],
    ],
  },
  {
    scheme:
      'COMPO, [database("", VALUE, 2024.01.01..2024.01.06), database("", HASH, [SYMBOL, 2]), database("", RANGE, 0 30 60)]',
    column: '["d", "sym", "n"]',
    names: [],
    conditions: [],
  },
]

describe.each(SCHEMES)('partitions of $scheme', ({ scheme, column, names, conditions }) => {
  beforeEach(() => {
    s.run(
      `db = database("dfs://p", ${scheme}); pt = db.createPartitionedTable(${ROWS}, "pt", ${column}).append!(${ROWS})`,
    )
  })
  const saved = (dir: string): string[] =>
    texts(`exec chunkPath from getBackupList("${dir}", "dfs://p", "pt")`).map(
      (path) => /^dfs:\/\/p\/(.*)\/[^/]+$/.exec(path)![1],
    )

  it('are backed up and restored one by one by their paths', () => {
    s.run('backup("/all", "dfs://p")')
    const all = saved('/all')
    if (names.length > 0) expect(all).toEqual(names)
    for (const path of all) {
      const dir = `/one/${path}`
      expect(s.show(`backup("${dir}", "dfs://p", , , , "pt", "/${path}")`)).toBe('1')
      expect(saved(dir)).toEqual([path])
      expect(s.show(`getBackupMeta("${dir}", "dfs://p", "/${path}", "pt")["dfsPath"]`)).toMatch(`dfs://p/${path}/`)
    }
    const whole = s.show('select sum(n), sum(v), count(*) from pt')
    for (const path of all) {
      s.run(`dropPartition(db, "/${path}", "pt")`)
      const restored = texts(`restore("/all", "dfs://p", "pt", "/p/${path}")`)
      expect(restored).toHaveLength(1)
      expect(restored[0].startsWith(`dfs://p/${path}/`)).toBe(true)
      expect(texts(`restore("/all", "dfs://p", "pt", "%/${path}", true)`)).toEqual(restored)
      expect(texts(`restore("/all", "dfs://p", "pt", "/?/${path}", true)`)).toEqual(restored)
      expect(s.show(`checkBackup("/all", "dfs://p", "pt", "%/${path}").size()`)).toBe('0')
    }
    expect(s.show('select sum(n), sum(v), count(*) from pt')).toBe(whole)
  })

  it('are backed up by conditions', () => {
    conditions.forEach(([condition, selected], k) => {
      expect(s.show(`backup("/c${k}", "dfs://p", true, , , "pt", ${condition})`), condition).toBe(
        String(selected.length),
      )
      expect(saved(`/c${k}`), condition).toEqual(selected)
    })
    if (names.length === 0) {
      // Three levels: an entry for each, an empty one selects all.
      expect(s.show('backup("/t", "dfs://p", true, , , "pt", [2024.01.03, , 10])')).toBe(
        s.show('exec count(*) from getTabletsMeta("/p/20240103/%/0_30/%", "pt")'),
      )
      expect(saved('/t').every((path) => path.startsWith('20240103/') && path.endsWith('/0_30'))).toBe(true)
      expect(s.show('backup("/u", "dfs://p", true, , , "pt", [, [1], ])')).toBe(
        s.show('exec count(*) from getTabletsMeta("/p/%/Key1/%", "pt")'),
      )
    }
  })

  it('without data, or of another type, are refused and nothing is written', () => {
    expect(s.fails('backup("/x", "dfs://p", true, , , "pt", "/nowhere")')).toContain('RefId: S01020')
    expect(
      s.fails('backup("/x", "dfs://p", true, , , "pt", 2024.01.01T00:00:00.000:2024.01.02T00:00:00.000)'),
    ).toContain('S01058')
    expect(world.backups.get('/x')?.list('') ?? []).toEqual([])
  })

  it('go into a database of another name, and under another name of the table', () => {
    s.run('backup("/all", "dfs://p")')
    const whole = s.show('select sum(n), sum(v), count(*) from pt')
    expect(texts('exec dbName from restoreDB("/all", "dfs://p", "dfs://q")')).toEqual(['dfs://q'])
    expect(texts('exec tableName from restoreTable("/all", "dfs://p", "pt", "dfs://q", "other")')).toEqual(['other'])
    for (const name of ['pt', 'other'])
      expect(s.show(`select sum(n), sum(v), count(*) from loadTable("dfs://q", "${name}")`)).toBe(whole)
    expect(s.show('schema(database("dfs://q"))["partitionTypeName"]')).toBe(s.show('schema(db)["partitionTypeName"]'))
    // The other scheme is refused, whichever it is.
    s.run('database("dfs://w", VALUE, 1..2).createPartitionedTable(table(1:0, ["n"], [INT]), "pt", "n")')
    expect(s.fails('restoreTable("/all", "dfs://p", "pt", "dfs://w")')).toContain('does not fit the table dfs://w/pt')
  })
})

describe('SEQ partitions', () => {
  it('are refused where tables are made, so there is nothing to back up', () => {
    expect(
      s.fails('db = database("dfs://s", SEQ, 4); db.createPartitionedTable(table(1..4 as n), "pt", "n")'),
    ).not.toBe('no error')
  })
})

const SETUP = `
db = database("dfs://a", RANGE, 0 10 20)
for(name in ["t1", "t2"]) db.createPartitionedTable(table(til(20) as k, double(til(20)) as x), name, "k").append!(table(til(20) as k, double(til(20)) as x))
db.createTable(table(1:0, ["k", "x"], [INT, DOUBLE]), "dim").append!(table(1 2 as k, 1.5 2.5 as x))
db2 = database("dfs://b/deep", VALUE, 1..2)
db2.createPartitionedTable(table(1 2 as k), "u", "k").append!(table(1 2 as k))`

/** A row a table: database, name, whether it is there now. */
const migrated = (script: string): string[] =>
  s
    .show(`select dbName, tableName, success from ${script} order by dbName, tableName`)
    .split('\n')
    .slice(2)
    .map((line) => line.trim().replace(/ +/g, ' '))

describe('migrate', () => {
  beforeEach(() => {
    s.run(SETUP)
    s.run('for(name in ["dfs://a", "dfs://b/deep"]) backupDB("/m", name)')
  })

  it('of a directory restores all databases that are gone, with a row a table', () => {
    s.run('for(name in ["dfs://a", "dfs://b/deep"]) dropDatabase(name)')
    expect(migrated('migrate("/m")')).toEqual([
      'dfs://a dim true',
      'dfs://a t1 true',
      'dfs://a t2 true',
      'dfs://b/deep u true',
    ])
    expect(s.show('exec errorMsg from migrate("/m") where success = true')).toBe('[]')
    expect(s.show('exec sum(x) from loadTable("dfs://a", "t2")')).toBe('190')
  })

  it('makes databases without tables, with a row of their own', () => {
    s.run('database("dfs://none", RANGE, 0 5 9); backupDB("/m", "dfs://none"); dropDatabase("dfs://none")')
    const migrateNone = 'select dbName, tableName, success, errorMsg from migrate("/m", "dfs://none")'
    expect(s.show(`exec success from (${migrateNone})`)).toBe('[true]')
    expect(s.show('schema(database("dfs://none"))["partitionSchema"]')).toBe('[0,5,9]')
    expect(s.show(`exec errorMsg from (${migrateNone})`)).toContain('Database [dfs://none] exists already.')
    expect(s.show('exec success from migrate("/m", "dfs://none", , "dfs://none2")')).toBe('[true]')
    expect(s.show('existsDatabase("dfs://none2")')).toBe('true')
  })

  it('of a database may give it another name; rows have the names of the backup', () => {
    expect(migrated('migrate("/m", "dfs://a", , "dfs://a2")')).toEqual([
      'dfs://a dim true',
      'dfs://a t1 true',
      'dfs://a t2 true',
    ])
    expect(texts('getTables(database("dfs://a2"))')).toEqual(['dim', 't1', 't2'])
  })

  it('of a table may give it another name, and tells of one that is there', () => {
    expect(migrated('migrate("/m", "dfs://a", "t1", "dfs://a", "t3")')).toEqual(['dfs://a t1 true'])
    expect(s.show('exec sum(k) from loadTable("dfs://a", "t3")')).toBe('190')
    const table = 'migrate("/m", "dfs://a", "t1")'
    expect(s.show(`exec success from ${table}`)).toBe('[false]')
    expect(s.show(`exec errorMsg from ${table}`)).toContain('Table [t1] of the database [dfs://a] exists already.')
  })

  it('goes on when one table fails', () => {
    const set = world.backups.get('/m') as unknown as {
      files(): Map<string, number>
      flipBit(path: string, at: number): void
    }
    set.flipBit([...set.files().keys()].find((f) => /^data\/a\/0_10\/t1\//.test(f))!, 100)
    s.run('dropDatabase("dfs://a")')
    expect(migrated('migrate("/m", "dfs://a")')).toEqual(['dfs://a dim true', 'dfs://a t1 false', 'dfs://a t2 true'])
  })

  it('refuses what it cannot mean', () => {
    expect(s.fails('migrate("/m", , "t1")')).toContain('need backupDBPath')
    expect(s.fails('migrate("/m", "dfs://a", , , "t9")')).toContain('only if backupTableName names it')
    expect(s.fails('migrate("/m", "dfs://zz")')).toContain('does not contain the database [dfs://zz]')
    expect(s.fails('migrate("/m", "dfs://a", "zz")')).toContain('does not contain the table [zz]')
    expect(s.fails('migrate("/nothing")')).toContain('There is no backup in')
  })
})

describe('a partition whose value the scheme has lost', () => {
  it('stays in a backup without snapshot, and is restored once the value is back', () => {
    s.run(`
      db = database("dfs://v", VALUE, 1..3)
      pt = db.createPartitionedTable(table(1..3 as k), "pt", "k").append!(table(1..3 as k))
      backup("/v", "dfs://v"); dropPartition(db, 3, "pt", , true); backup("/v", "dfs://v", , , false)`)
    expect(s.show('getBackupList("/v", "dfs://v", "pt").size()')).toBe('3')
    expect(s.show('checkBackup("/v", "dfs://v").size()')).toBe('0')
    expect(s.fails('restore("/v", "dfs://v", "pt", "%")')).toContain(
      'cannot be restored into dfs://v/pt: 3 is no partition of level 1',
    )
    s.run('addValuePartitions(database("dfs://v"), [3])')
    expect(s.show('size(restore("/v", "dfs://v", "pt", "%"))')).toBe('1')
    expect(s.show('exec sum(k) from loadTable("dfs://v", "pt") where k > 1')).toBe('5')
  })
})

describe('backup as a job', () => {
  it('takes its documented positional and named arguments, and functions with arguments fixed', () => {
    s.run(SETUP)
    expect(s.show('backup("/j", "dfs://a", false, true, true, "t1", ["/0_10", "/10_20"])')).toBe('2')
    expect(
      s.show(
        'backup(backupDir="/j", dbPath="dfs://a", force=true, parallel=true, snapshot=true, tableName=`t1, partition="/0_10")',
      ),
    ).toBe('1')
    expect(s.show('backup{"/j", "dfs://a", false, true}()')).toBe('3')
    expect(s.show('backup("/j", db)')).toBe('0')
    expect(s.show('backupDB("/j", "dfs://a/")')).toBe('0')
  })
})

describe('tables of a backup', () => {
  it('have the documented columns and types', () => {
    s.run(SETUP)
    s.run('backupDB("/m", "dfs://a")')
    const columns = (script: string): string =>
      s.show(`concat(colNames(${script}) + " " + (exec typeString from schema(${script}).colDefs), ", ")`)
    expect(columns('getBackupList("/m", "dfs://a", "t1")')).toBe(
      'chunkID STRING, chunkPath STRING, cid LONG, rows LONG, updateTime TIMESTAMP',
    )
    expect(columns('checkBackup("/m", "dfs://a")')).toBe(
      'dbName STRING, tableName STRING, chunkPath STRING, chunkID STRING, partitionPath STRING',
    )
    expect(columns('migrate("/m", "dfs://a", "t1", "dfs://a", "t4")')).toBe(
      'dbName STRING, tableName STRING, success BOOL, errorMsg STRING',
    )
    expect(columns('restoreDB("/m", "dfs://a", "dfs://c")')).toBe('dbName STRING, tableName STRING')
    expect(columns('restoreTable("/m", "dfs://a", "t1", "dfs://c")')).toBe('dbName STRING, tableName STRING')
    const status = s.show('colNames(getBackupStatus())')
    for (const name of [
      'userName',
      'type',
      'startTime',
      'dbName',
      'tableName',
      'totalPartitions',
      'completedPartitions',
      'percentComplete',
      'endTime',
      'completed',
    ])
      expect(status).toContain(`"${name}"`)
  })

  it('are of one table, several, or all', () => {
    s.run(SETUP)
    expect(s.show('backup("/n", "dfs://a", , , , ["t1", "dim"])')).toBe('3')
    expect(texts('exec distinct(tableName) from getBackupStatus()')).toEqual(['dim', 't1'])
    expect(s.fails('getBackupList("/n", "dfs://a", "t2")')).toContain('does not contain the table [t2]')
    expect(s.show('checkBackup("/n", "dfs://a", ["t1", "dim"]).size()')).toBe('0')
    expect(s.fails('checkBackup("/n", "dfs://a", ["t1", "t2"])')).toContain('does not contain the table [t2]')
    expect(s.fails('backup("/n", "dfs://a", , , , ["t1", "zz"])')).toContain('Table [zz] does not exist')
  })
})

describe('names that a restore gives', () => {
  it('are those that the functions which make databases and tables take', () => {
    s.run(SETUP)
    s.run('backupDB("/m", "dfs://a")')
    for (const name of ['1x', 'a/b', '../t', 'a b', '..', 'x'.repeat(300)]) {
      expect(s.fails(`restoreTable("/m", "dfs://a", "t1", , "${name}")`)).toContain('is not a valid name of a table')
      expect(s.fails(`migrate("/m", "dfs://a", "t1", , "${name}")`)).toContain('is not a valid name of a table')
    }
    for (const url of ['dfs://../x', 'dfs://x//y', 'dfs://a:b', 'dfs://./x', `dfs://${'x'.repeat(300)}`]) {
      expect(s.fails(`restoreDB("/m", "dfs://a", "${url}")`)).toContain('is not a valid name of a database')
      expect(s.fails(`restoreTable("/m", "dfs://a", "t1", "${url}")`)).toContain('is not a valid name of a database')
      expect(s.fails(`migrate("/m", "dfs://a", , "${url}")`)).toContain('is not a valid name of a database')
    }
    expect(s.fails('restoreDB("/m", "dfs://a", "dfs://")')).toContain('followed by a name')
    expect(texts('getTables(database("dfs://a"))')).toEqual(['dim', 't1', 't2'])
    expect(texts('getDFSDatabases()')).toEqual(['dfs://a', 'dfs://b/deep'])
  })
})

describe('a pattern that no partition matches', () => {
  it('is told by restore and checkBackup, whose results look like nothing to do and no damage', () => {
    const notes: string[] = []
    s.session.provide(progressService, { report: () => {}, note: (text) => void notes.push(text) })
    s.run(SETUP)
    s.run('backupDB("/m", "dfs://a"); backupDB("/m", "dfs://b/deep")')
    // The name of the database is missing.
    expect(s.show('size(restore("/m", "dfs://a", "t1", "/0_10", true))')).toBe('0')
    expect(s.show('size(checkBackup("/m", "dfs://a", , "/0_10"))')).toBe('0')
    expect(s.show('size(checkBackup("/m", "dfs://b/deep", "u", "%/3"))')).toBe('0')
    expect(notes).toEqual([
      expect.stringMatching(/No partition of the backup in .* matches "\/0_10": nothing was done\. .* "\/a\/0_10"\.$/),
      expect.stringContaining('matches "/0_10"'),
      expect.stringContaining('"/b/deep/1"'),
    ])
    s.run(
      'restore("/m", "dfs://a", "t1", "%/0_10"); checkBackup("/m", "dfs://a", , "%/0_10"); restore("/m", "dfs://a", "t1", "%")',
    )
    expect(notes).toHaveLength(3)
  })
})

describe('what was backed up and leaves the backup', () => {
  it('is told: a table that was dropped, and one whose place another takes', () => {
    const notes: string[] = []
    s.session.provide(progressService, { report: () => {}, note: (text) => void notes.push(text) })
    s.run(SETUP)
    s.run('backupDB("/m", "dfs://a"); backupDB("/m", "dfs://a")')
    expect(notes).toEqual([])
    s.run('dropTable(database("dfs://a"), "t2"); renameTable(database("dfs://a"), "dim", "dims")')
    s.run('x = schema(loadTable("dfs://a", "t1")).colDefs.name; dropTable(database("dfs://a"), "t1")')
    s.run('t = table(1:0, x, take(INT, size(x))); database("dfs://a").createPartitionedTable(t, "t1", x[0])')
    expect(s.show('size(backup("/m", "dfs://a", plan=true)) >= 0')).toBe('true')
    const told = [
      expect.stringMatching(/^dfs:\/\/a\/dim is no more in the database, so it leaves the backup in /),
      expect.stringMatching(/^dfs:\/\/a\/t2 is no more in the database, so it leaves the backup in /),
      expect.stringMatching(
        /^dfs:\/\/a\/t1 is another table than the one in the backup in .*: this one was made at .*Z, that one at .*Z\. It takes its place\.$/,
      ),
    ]
    expect(notes).toEqual(told)
    s.run('backupDB("/m", "dfs://a")')
    expect(notes).toEqual([...told, ...told])
    s.run('dropDatabase("dfs://a")')
    s.run('backupDB("/m", "dfs://b/deep")')
    expect(notes).toHaveLength(6)
  })
})

describe('restore', () => {
  it('takes one pattern only, and answers the paths of the backup', () => {
    s.run(SETUP)
    s.run('backupDB("/m", "dfs://a"); restoreDB("/m", "dfs://a", "dfs://c")')
    expect(s.fails('restore("/m", "dfs://a", "t1", ["/0_10", "/10_20"])')).toContain('partition must be')
    expect(s.show('size(restore("/m", "dfs://a", "t1", "%nothing%", true))')).toBe('0')
    const paths = texts('restore("/m", "dfs://a", "t1", "%/0_??", true, loadTable("dfs://c", "t2"))')
    expect(paths).toHaveLength(1)
    expect(paths[0]).toMatch(/^dfs:\/\/a\/0_10\//)
    expect(texts('restore("/m", "dfs://a", "t1", "%", false, , true, true)')).toEqual([])
  })
})
