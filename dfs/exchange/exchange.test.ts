import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { HoldfastError } from '../../runtime/errors.ts'
import { backupHostService } from '../builtins/backup-host.ts'
import type { FileStore } from '../store/file-store.ts'
import { LocalFileStore } from '../store/local-store.ts'
import { connect, newWorld, type TestSession, type TestWorld } from '../write/testing.ts'

const TABLE = `db = database("dfs://shop", VALUE, 2024.01.01..2024.01.03)
t = table(2024.01.01 2024.01.02 2024.01.02 2024.01.03 as d, \`A\`B\`A\`C as sym, 1 2 NULL 4 as qty, 1.5 2.25 3.0 NULL as price, ["plain", "a,b", "say \\"x\\"", ""] as note)
pt = createPartitionedTable(db, t, "sales", "d"); pt.append!(t)`
const ALL = 'select * from loadTable("dfs://shop", "sales")'

function shop(config: Parameters<typeof connect>[1] = {}): { world: TestWorld; session: TestSession } {
  const world = newWorld()
  const session = connect(world, config)
  session.run(TABLE)
  return { world, session }
}

/** Folders of exports, as far as they were used. */
const storeOf = (world: TestWorld, folder: string): FileStore => world.backups.get(folder)!
const paths = (store: FileStore, folder = ''): string[] =>
  store.list(folder).flatMap(({ name, kind }) => {
    const path = folder === '' ? name : `${folder}/${name}`
    return kind === 'directory' ? [`${path}/`, ...paths(store, path)] : [path]
  })
const textAt = (world: TestWorld, folder: string, path: string): string =>
  Buffer.from(storeOf(world, folder).readFile(path)).toString()
function put(world: TestWorld, session: TestSession, folder: string, path: string, text: string): void {
  // Opening is what makes a folder of tests.
  session.fails(`importDatabase("${folder}")`)
  const writer = storeOf(world, folder).openWrite(path)
  writer.write(Buffer.from(text))
  writer.close()
}
const counts = (session: TestSession, statement: string): string =>
  session.show(`r = ${statement}; string(r.rows[0]) + " " + string(r.abandon_rows[0]) + " " + string(r.reject_rows[0])`)

describe('an export', () => {
  it('lays down meta.sql and a folder with the rows of each table', () => {
    const { world, session } = shop()
    expect(session.show('EXPORT INTO CSV "/out" FROM TABLE "dfs://shop".sales WITH column_name')).toBe(
      'result\n-------\nsucceed',
    )
    expect(paths(storeOf(world, '/out'))).toEqual(['meta.sql', 'sales/', 'sales/n1.0.csv'])
    expect(textAt(world, '/out', 'sales/n1.0.csv')).toBe(
      'd,sym,qty,price,note\n2024-01-01,A,1,1.5,plain\n2024-01-02,B,2,2.25,"a,b"\n2024-01-02,A,,3,"say ""x"""\n2024-01-03,C,4,,\n',
    )
    expect(textAt(world, '/out', 'meta.sql')).toBe(
      'create database "dfs://shop"\npartitioned by VALUE(2024.01.01..2024.01.03), engine="OLAP", atomic="TRANS", chunkGranularity="TABLE"\n\n' +
        'create table "dfs://shop"."sales"(\n  "d" DATE,\n  "sym" STRING,\n  "qty" INT,\n  "price" DOUBLE,\n  "note" STRING\n)\npartitioned by "d"\n',
    )
  })

  it.each([
    ["delimiter = '|', nullas = NULL", '2024-01-02|A|NULL|3|"say ""x"""'],
    ["enclosed = ''''", 'The option enclosed'],
    ["enclosed = \"'\", delimiter = ';'", '2024-01-02;A;;3;say "x"'],
    ["escaped = '\\'", '2024-01-02,A,,3,"say \\"x\\""'],
    ["nullas = '\\N'", '2024-01-02,A,\\N,3,"say ""x"""'],
  ])('writes rows with %s', (options, line) => {
    const { world, session } = shop()
    const failure = session.fails(`EXPORT INTO CSV "/out" FROM TABLE dfs://shop/sales WITH ${options}`)
    if (failure === 'no error') expect(textAt(world, '/out', 'sales/n1.0.csv').split('\n')[2]).toBe(line)
    else expect(failure).toContain(line.startsWith('The') ? 'end of the statement' : line)
  })

  it('counts chunk_rows in rows, however many lines they take', () => {
    const { world, session } = shop()
    session.run('update pt set note = "two\\nlines"')
    session.run('EXPORT INTO CSV "/out" FROM TABLE dfs://shop/sales WITH chunk_rows = 3')
    expect(paths(storeOf(world, '/out'), 'sales')).toEqual(['sales/n1.0.csv', 'sales/n1.1.csv'])
    expect(textAt(world, '/out', 'sales/n1.1.csv')).toBe('2024-01-03,C,4,,"two\nlines"\n')
    session.run('EXPORT INTO CSV "/one" FROM TABLE dfs://shop/sales WITH chunk_rows = 0')
    expect(paths(storeOf(world, '/one'), 'sales')).toEqual(['sales/n1.0.csv'])
  })

  it('writes only statements or only rows when asked to', () => {
    const { world, session } = shop()
    session.run('EXPORT INTO CSV "/meta" FROM DATABASE dfs://shop WITH meta_only')
    expect(paths(storeOf(world, '/meta'))).toEqual(['meta.sql'])
    session.run('EXPORT INTO PARQUET "/rows" FROM DATABASE dfs://shop WITH data_only')
    expect(paths(storeOf(world, '/rows'))).toEqual(['sales/', 'sales/n1.0.parquet'])
  })

  it('of a query has its rows, and nothing if there are none', () => {
    const { world, session } = shop()
    session.run('EXPORT INTO CSV "/q" FROM SELECT sym, qty * 2 as twice FROM pt WHERE qty > 1')
    expect(textAt(world, '/q', 'n1.0.csv')).toBe('B,4\nC,8\n')
    expect(paths(storeOf(world, '/q'))).toEqual(['n1.0.csv'])
    session.run('EXPORT INTO CSV "/none" FROM SELECT * FROM pt WHERE qty > 100')
    expect(paths(storeOf(world, '/none'))).toEqual([])
  })

  it('of a query over many rows puts them together first', () => {
    const { world, session } = shop()
    session.run('EXPORT INTO CSV "/q" FROM SELECT sum(qty) as q FROM pt GROUP BY sym ORDER BY sym WITH column_name')
    expect(textAt(world, '/q', 'n1.0.csv')).toBe('sym,q\nA,1\nB,2\nC,4\n')
    session.run('def f(x){ EXPORT INTO CSV "/local" FROM SELECT sym FROM pt WHERE qty = x }; f(4)')
    expect(textAt(world, '/local', 'n1.0.csv')).toBe('C\n')
  })

  it('does not write over files', () => {
    const { session } = shop()
    const statement = 'EXPORT INTO CSV "/out" FROM TABLE dfs://shop/sales'
    session.run(statement)
    expect(session.fails(statement)).toContain('already holds sales/n1.0.csv')
    expect(session.fails(`${statement} WITH meta_only`)).toContain('already holds meta.sql')
    expect(session.fails('EXPORT INTO PARQUET "/out" FROM TABLE dfs://shop/sales WITH data_only')).toBe('no error')
  })
})

describe('an export that fails', () => {
  it('leaves the files that are whole, none that is not, and no meta.sql', () => {
    const { world, session } = shop()
    session.run('pt.append!(take(t, 40))')
    const host = session.session.service(backupHostService)
    let files = 0
    session.session.provide(backupHostService, {
      ...host,
      openSet: (folder) => {
        const store = host.openSet(folder)
        const openWrite = store.openWrite.bind(store)
        store.openWrite = (path) => {
          const writer = openWrite(path)
          if (++files < 21) return writer
          return Object.assign(Object.create(writer) as typeof writer, {
            write: () => {
              throw new HoldfastError('io', 'No space left on device', { code: 'ENOSPC' })
            },
            close: () => writer.close(),
          })
        }
        return store
      },
    })
    expect(session.fails('EXPORT INTO CSV "/full" FROM TABLE dfs://shop/sales WITH chunk_rows = 2')).toContain(
      'No space left',
    )
    // Those that were not synced yet go, too.
    expect(paths(storeOf(world, '/full'))).toEqual(['sales/', ...[0, 1, 2, 3].map((n) => `sales/n1.${n}.csv`)])
  })
})

describe('options that are refused before anything is written', () => {
  it.each([
    ['WITH meta_only, data_only', 'can not be given together'],
    ["WITH delimiter = '\"'", 'can not be the double quote'],
    ["WITH delimiter = 'ab'", 'must be one character'],
    ["WITH delimiter = ''", 'must be one character'],
    ["WITH delimiter = 'ä'", 'must be one character'],
    ['WITH enclosed = "|"', 'must be " or \''],
    ['WITH delimiter = "\'", enclosed = "\'"', 'can not be the delimiter'],
    ['WITH escaped = "x"', 'must be " or \\'],
    ['WITH delimiter = "\\\\", escaped = "\\\\"', 'can not be the delimiter'],
    ['WITH nullas = "none"', 'must be nothing, NULL, null, Null or \\N'],
    ['WITH nullas = "NULL", delimiter = "U"', 'can not hold the delimiter'],
    ["WITH chunk_rows = '-1'", 'must be a whole number'],
    ["WITH chunk_rows = 'many'", 'must be a whole number'],
    ['WITH column_name = "maybe"', 'must be true or false'],
  ])('%s', (options, message) => {
    const { world, session } = shop()
    expect(session.fails(`EXPORT INTO CSV "/out" FROM TABLE dfs://shop/sales ${options}`)).toContain(message)
    expect(world.backups.size).toBe(0)
  })

  it.each([
    ['EXPORT INTO PARQUET "/out" FROM TABLE dfs://shop/sales WITH delimiter = "|"', 'is for CSV'],
    ['EXPORT INTO CSV "/out" FROM SELECT * FROM pt WITH meta_only', 'a query has rows only'],
    ['EXPORT INTO CSV "/out" FROM TABLE dfs://shop/none', 'does not exist'],
    ['EXPORT INTO CSV "/out" FROM TABLE dfs://nowhere/sales', 'is no table'],
    ['EXPORT INTO CSV "/out" FROM DATABASE dfs://nowhere', 'not exist'],
    ['EXPORT INTO CSV "s3://bucket/x" FROM TABLE pt', 'not supported'],
    ['EXPORT INTO CSV "nodelocal://2/x" FROM TABLE pt', 'There is no node 2'],
    ['EXPORT INTO CSV "nodelocal://1/../x" FROM TABLE pt', 'leads out of the export root'],
    ['EXPORT INTO CSV "~/out" FROM TABLE pt', 'which only a shell turns into the home directory'],
    ['EXPORT INTO CSV "/data/chunks" FROM TABLE pt', 'must not hold, or lie in, the data of the store'],
    ['exportTable("/out", "dfs://shop", "sales", format="XML")', 'must be CSV or PARQUET'],
    ['exportQuery("/out", "select 1")', 'must be the metacode'],
    ['IMPORT INTO dfs://shop/sales CSV DATA ("/out") WITH thread_concurrency = 0', 'must be a whole number from 1'],
    ['IMPORT INTO dfs://shop/sales CSV DATA ("/out") WITH batch_rows = "0"', 'must be a whole number from 1'],
    ['IMPORT INTO dfs://shop/sales CSV DATA ("/out") WITH nullif = "x"', 'The option nullif'],
    ['IMPORT INTO dfs://shop/sales CSV DATA ("/out") WITH atomic, auto_shrink', 'can not be given together'],
    ['EXPORT INTO CSV "/out" FROM TABLE table(1 2 as a)', 'A table in memory is no table of a database'],
    ['IMPORT INTO dfs://shop/sales (d, color) CSV DATA ("/out")', 'has no column [color]'],
    ['IMPORT INTO dfs://shop/sales (d, D) CSV DATA ("/out")', 'names a column twice'],
    ['IMPORT INTO dfs://shop/sales CSV DATA ("/out")', 'There are no .csv files'],
    ['IMPORT TABLE CREATE USING "/out/meta.sql"', 'There is no file /out/meta.sql'],
    ['importTable()', 'dir or metaFile is required'],
  ])('%s', (statement, message) => {
    const { world, session } = shop()
    expect(session.fails(statement)).toContain(message)
    for (const store of world.backups.values()) expect(paths(store)).toEqual([])
    expect(session.show('exec count(*) from pt')).toBe('4')
  })
})

describe('an import', () => {
  it.each(['CSV', 'PARQUET'])('makes a database again from %s, with all rows', (format) => {
    const { session } = shop()
    session.run(
      'dim = createTable(db, table(1 2 as id, `x`y as name), "dim"); dim.append!(table(1 2 as id, `x`y as name))',
    )
    session.run('createTable(db, table(1 2 as id), "empty")')
    const before = session.show(`${ALL}`) + session.show('select * from dim')
    session.run(`EXPORT INTO ${format} "nodelocal://1/all" FROM DATABASE dfs://shop`)
    session.run('dropDatabase("dfs://shop")')
    expect(counts(session, `importDatabase("nodelocal://1/all", format="${format}")`)).toBe('6 0 0')
    expect(session.show(ALL) + session.show('select * from loadTable("dfs://shop", "dim")')).toBe(before)
    expect(session.show('exec count(*) from loadTable("dfs://shop", "empty")')).toBe('0')
  })

  it('makes no database if it has none of its files', () => {
    const { session } = shop()
    session.run('EXPORT INTO CSV "/out" FROM DATABASE dfs://shop; dropDatabase("dfs://shop")')
    expect(session.fails('IMPORT DATABASE PARQUET DATA ("/out")')).toContain(
      'There are no .parquet files in the folder sales',
    )
    expect(session.show('existsDatabase("dfs://shop")')).toBe('false')
    expect(counts(session, 'importDatabase("/out")')).toBe('4 0 0')
  })

  it.each([
    ['WITH column_name, nullas = NULL, chunk_rows = 2', 'WITH nullif = NULL'],
    [
      "WITH delimiter = '\\t', enclosed = \"'\", escaped = '\\'",
      "WITH delimiter = '\\t', enclosed = \"'\", escaped = '\\'",
    ],
    ["WITH delimiter = '-'", "WITH delimiter = '-', batch_rows = 1"],
    ['', "WITH batch_rows = '3', thread_concurrency = '2'"],
    ['', 'WITH atomic, batch_rows = 2'],
  ])('with %s gives back what an export wrote', (exported, imported) => {
    const { session } = shop()
    const before = session.show(ALL)
    session.run(`EXPORT INTO CSV "/out" FROM TABLE dfs://shop/sales ${exported}`)
    session.run('dropDatabase("dfs://shop")')
    expect(session.show(`IMPORT TABLE CREATE USING "/out/meta.sql" CSV DATA ("/out") ${imported}`)).toMatch(
      /^job_id +status +fraction_completed rows abandon_rows reject_rows\n.*\nimport-\S+ +succeed 1 +4 +0 +0$/,
    )
    expect(session.show(ALL)).toBe(before)
  })

  it('takes files from where nobody may write, as long as no row is rejected', () => {
    const { world, session } = shop()
    put(world, session, '/in', 'good.csv', '2024-01-01,A,1,1.5,good\n')
    const store = storeOf(world, '/in')
    for (const call of ['remove', 'openWrite', 'makeDirectory'] as const)
      store[call] = () => {
        throw new Error('read-only file system')
      }
    expect(counts(session, 'importTable("/in", "dfs://shop", "sales")')).toBe('1 0 0')
  })

  it('takes files whose ending is in capitals, and no export goes into a folder with one', () => {
    const { world, session } = shop()
    put(world, session, '/in', 'a.csv', '2024-01-01,A,1,1.5,good\n')
    put(world, session, '/in', 'B.CSV', '2024-01-02,B,1,1.5,good\n2024-01-03,C,1,1.5,good\n')
    expect(counts(session, 'importTable("/in", "dfs://shop", "sales")')).toBe('3 0 0')
    put(world, session, '/old', 'sales/A.CSV', '')
    expect(session.fails('EXPORT INTO CSV "/old" FROM TABLE dfs://shop/sales')).toContain('already holds sales/A.CSV')
  })

  it('answers the columns of the documentation', () => {
    const { session } = shop()
    session.run('EXPORT INTO CSV "/out" FROM TABLE dfs://shop/sales')
    expect(session.show('schema(importTable("/out", "dfs://shop", "sales")).colDefs.typeString')).toBe(
      '["STRING","STRING","DOUBLE","LONG","LONG","LONG"]',
    )
  })

  it('makes only the table when no data is given', () => {
    const { session } = shop()
    session.run('EXPORT INTO CSV "/out" FROM TABLE dfs://shop/sales; dropTable(db, "sales")')
    session.run('IMPORT TABLE CREATE USING "/out/meta.sql"')
    expect(session.show('exec count(*) from loadTable("dfs://shop", "sales")')).toBe('0')
    expect(session.fails('IMPORT TABLE CREATE USING "/out/meta.sql" CSV DATA ("/out")')).toContain(
      'exists in dfs://shop already',
    )
  })

  it('takes chosen columns, leaves others null, and finds columns by the names of a header', () => {
    const { world, session } = shop()
    put(world, session, '/in', 'a.csv', '7,2024-01-01\n8,2024-01-02\n')
    put(world, session, '/named', 'a.csv', 'price,D,sym,note,qty\n0.5,2024.01.03,Z,n,9\n')
    expect(counts(session, 'importTable("/in", "dfs://shop", "sales", ["qty", "d"])')).toBe('2 0 0')
    expect(counts(session, 'importTable("/named", "dfs://shop", "sales")')).toBe('1 0 0')
    expect(session.show('select d, sym, qty, price, note from loadTable("dfs://shop", "sales") where qty > 6')).toBe(
      'd          sym qty price note\n---------- --- --- ----- ----\n2024.01.01     7         \n2024.01.02     8         \n2024.01.03 Z   9   0.5   n',
    )
    expect(session.fails('IMPORT INTO dfs://shop/sales CSV DATA ("/in") WITH column_name')).toContain(
      'does not name the columns d, sym, qty, price, note',
    )
  })

  it('does not guess whether names are a header where they could be a row', () => {
    const { world, session } = shop()
    session.run('words = createTable(db, table(["x"] as a, ["y"] as b), "words")')
    put(world, session, '/w', 'words/a.csv', 'a,b\nc,d\n')
    expect(session.fails('IMPORT INTO dfs://shop/words CSV DATA ("/w")')).toContain('may be a header or a row')
    expect(counts(session, 'importTable("/w", "dfs://shop", "words", column_name=false)')).toBe('2 0 0')
    expect(counts(session, 'importTable("/w", "dfs://shop", "words", column_name=true)')).toBe('1 0 0')
  })

  it('tells rows that it can not take, with line, column and reason, and takes the rest', () => {
    const { world, session } = shop()
    const rows = [
      '2024-01-01,A,1,1.5,good',
      '2024-01-01,A,one,1.5,no number',
      '2024-02-30,A,1,1.5,no date',
      '2024-01-01,A,1,1.5',
      '2024-01-01,A,99999999999,1.5,"two\nlines"',
      '2024-01-01,A,1,1.5,"text" behind',
      '2030-01-01,A,1,1.5,no partition',
      '2024-01-01,A,1,1.5,\xff',
      ',A,1,1.5,no day',
      '',
      '2024-01-02,B,1.0,1e3,good',
      '2024-01-02,B,1,1,"never closed',
    ]
    put(world, session, '/in', 'sales/a.csv', '')
    const writer = storeOf(world, '/in').openWrite('sales/a.csv')
    writer.write(Buffer.from(`${rows.join('\r\n')}\r\n`, 'latin1'))
    writer.close()
    expect(counts(session, 'importTable("/in", "dfs://shop", "sales")')).toBe('2 0 9')
    expect(textAt(world, '/in', 'sales/a.csv.reject').replaceAll('\r', '')).toBe(
      [
        '# line 4: it has 4 fields, not 5\n2024-01-01,A,1,1.5',
        '# line 7: there is text behind the quote that closes a field\n2024-01-01,A,1,1.5,"text" behind',
        '# line 13: it opens a quote that is not closed\n2024-01-02,B,1,1,"never closed',
        '# line 2, column qty: "one" is no INT\n2024-01-01,A,one,1.5,no number',
        '# line 3, column d: "2024-02-30" is no DATE\n2024-02-30,A,1,1.5,no date',
        '# line 5, column qty: "99999999999" is no INT\n2024-01-01,A,99999999999,1.5,"two\nlines"',
        '# line 9: it is not valid UTF-8\n2024-01-01,A,1,1.5,\ufffd',
        '# line 10: it belongs to no partition of dfs://shop\n,A,1,1.5,no day',
        '# line 8: it belongs to no partition of dfs://shop\n2030-01-01,A,1,1.5,no partition',
        '',
      ].join('\n'),
    )
    expect(session.show('exec note from loadTable("dfs://shop", "sales") where note = "good"')).toBe('["good","good"]')
    // What was wrong is gone when all of the file is right.
    put(world, session, '/in', 'sales/a.csv', '2024-01-01,A,1,1.5,good\n')
    expect(counts(session, 'importTable("/in", "dfs://shop", "sales")')).toBe('1 0 0')
    expect(paths(storeOf(world, '/in'))).toEqual(['sales/', 'sales/a.csv'])
  })

  it('tells files from folders', () => {
    const { world, session } = shop()
    session.run('EXPORT INTO CSV "/out" FROM TABLE dfs://shop/sales')
    expect(session.fails('IMPORT TABLE CREATE USING "/out/sales"')).toContain('/out/sales is a folder')
    world.backups.set('/out/a.csv', new LocalFileStore(fileURLToPath(import.meta.url)))
    expect(session.fails('IMPORT INTO dfs://shop/sales CSV DATA ("/out/a.csv")')).toContain(
      'exchange.test.ts is a file: all files of a folder are imported',
    )
  })

  it('reads statements beside the data directory, and none of its files', () => {
    const { world, session } = shop()
    session.run('EXPORT INTO CSV "/out" FROM TABLE dfs://shop/sales; dropDatabase("dfs://shop")')
    world.backups.set('/', storeOf(world, '/out'))
    session.run('IMPORT TABLE CREATE USING "/meta.sql"')
    expect(session.show('exec count(*) from loadTable("dfs://shop", "sales")')).toBe('0')
    expect(session.fails('IMPORT TABLE CREATE USING "/data/holdfast.toml"')).toContain(
      'must not hold, or lie in, the data',
    )
  })

  it('refuses a folder of the table with files of another format only, and takes an empty one', () => {
    const { world, session } = shop()
    put(world, session, '/in', 'sales/a.csv', '2024-01-01,A,1,1.5,good\n')
    expect(session.fails('IMPORT INTO dfs://shop/sales PARQUET DATA ("/in")')).toContain(
      'There are no .parquet files in the folder sales of ',
    )
    storeOf(world, '/in').remove('sales/a.csv')
    expect(counts(session, 'importTable("/in", "dfs://shop", "sales")')).toBe('0 0 0')
  })

  it('rejects rows with texts that are too long for a column', () => {
    const { world, session } = shop()
    put(world, session, '/in', 'sales/a.csv', `2024-01-01,A,1,1.5,${'x'.repeat(70_000)}\n2024-01-02,B,2,2.5,good\n`)
    expect(counts(session, 'importTable("/in", "dfs://shop", "sales")')).toBe('1 0 1')
    expect(textAt(world, '/in', 'sales/a.csv.reject')).toContain(
      '# line 1, column note: a text of 70000 bytes is longer',
    )
  })

  it('finds the rows that a table refuses when it may shrink batches', () => {
    const { world, session } = shop({ config: { allowMissingPartitions: false } })
    put(world, session, '/in', 'a.csv', '2024-01-01,A,1,1,a\n2030-01-01,A,1,1,b\n2024-01-02,A,1,1,c\n')
    expect(session.fails('IMPORT INTO dfs://shop/sales CSV DATA ("/in")')).toContain('allowMissingPartitions is false')
    expect(counts(session, 'importTable("/in", "dfs://shop", "sales", auto_shrink=true)')).toBe('2 0 1')
    expect(textAt(world, '/in', 'a.csv.reject')).toContain('# line 2: 1 of 1 rows belong to no partition')
  })

  it('counts rows that others with their key hide', () => {
    const { world, session } = shop()
    session.run(`ts = database("dfs://ts", VALUE, 1..2, engine="TSDB")
      createPartitionedTable(ts, table(1 as p, 1 as id, 1 as x), "tb", "p", sortColumns=["id"], keepDuplicates=LAST)`)
    put(world, session, '/in', 'a.csv', '1,1,10\n1,1,11\n1,2,20\n2,1,30\n')
    expect(counts(session, 'importTable("/in", "dfs://ts", "tb")')).toBe('3 1 0')
    expect(counts(session, 'importTable("/in", "dfs://ts", "tb")')).toBe('0 4 0')
    expect(session.show('exec x from loadTable("dfs://ts", "tb")')).toBe('[11,20,30]')
  })

  it('keeps whole batches when it ends early, or nothing if it is one transaction', () => {
    const { world, session } = shop({ config: { allowMissingPartitions: false } })
    put(world, session, '/in', 'a.csv', '2024-01-01,A,1,1,a\n2024-01-02,A,1,1,b\n2030-01-01,A,1,1,c\n')
    expect(session.fails('IMPORT INTO dfs://shop/sales CSV DATA ("/in") WITH batch_rows = 2, atomic')).toContain(
      'no partition',
    )
    expect(session.show('exec count(*) from pt')).toBe('4')
    expect(session.fails('IMPORT INTO dfs://shop/sales CSV DATA ("/in") WITH batch_rows = 2')).toContain('no partition')
    expect(session.show('exec count(*) from pt')).toBe('6')
  })

  it('asks for the rights on the table', () => {
    const { world, session } = shop()
    session.run('EXPORT INTO CSV "/out" FROM TABLE dfs://shop/sales; createUser("eve", "password1")')
    const eve = connect(world)
    eve.session.user = 'eve'
    expect(eve.fails('EXPORT INTO CSV "/eve" FROM TABLE dfs://shop/sales')).toContain('NoPrivilege')
    expect(eve.fails('EXPORT INTO CSV "/eve" FROM DATABASE dfs://shop')).toContain('NoPrivilege')
    expect(eve.fails('EXPORT INTO CSV "/eve" FROM SELECT * FROM loadTable("dfs://shop", "sales")')).toContain(
      'NoPrivilege',
    )
    expect(eve.fails('IMPORT INTO dfs://shop/sales CSV DATA ("/out")')).toContain('NoPrivilege')
    expect(eve.fails('IMPORT DATABASE CSV DATA ("/out")')).toContain('exists in dfs://shop already')
    for (const store of world.backups.values()) expect(paths(store).some((p) => p.startsWith('eve'))).toBe(false)
    session.run('grant("eve", TABLE_READ, "dfs://shop/sales")')
    expect(eve.fails('EXPORT INTO CSV "/eve" FROM TABLE dfs://shop/sales')).toBe('no error')
  })
})
