import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { backupHostService } from '../builtins/backup-host.ts'
import { LocalFileStore } from '../store/local-store.ts'
import { connect, newWorld, type TestSession } from '../write/testing.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-duckdb-'))
let duck: DuckDBConnection
let session: TestSession

beforeAll(async () => {
  duck = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect()
  session = connect(newWorld())
  const host = session.session.service(backupHostService)
  session.session.provide(backupHostService, { ...host, openSet: (path) => new LocalFileStore(path) })
  session.run('db = database("dfs://db", HASH, [INT, 1])')
})
afterAll(() => {
  duck.closeSync()
  rmSync(folder, { recursive: true })
})

/** What DuckDB answers, as texts of its own. */
async function asked(query: string): Promise<string[][]> {
  const { columns } = await describeQuery(query)
  const texts = columns.map((c) => `cast("${c}" as varchar)`).join(', ')
  const result = await duck.runAndReadAll(`select ${texts} from (${query})`)
  return result.getRowsJson().map((row) => row.map((cell) => (cell === null ? 'NULL' : String(cell))))
}

async function describeQuery(query: string): Promise<{ columns: string[]; types: string[] }> {
  const rows = (await duck.runAndReadAll(`describe ${query}`)).getRowsJson()
  return { columns: rows.map((r) => String(r[0])), types: rows.map((r) => String(r[1])) }
}

/** DuckDB knows no nanoseconds of a time of day: it reads them, and leaves out what it has no place for. */
const TYPES = [
  ['b', 'BOOL', 'true', 'BOOLEAN', 'true'],
  ['c', 'CHAR', 'char(65)', 'TINYINT', '65'],
  ['h', 'SHORT', '-7h', 'SMALLINT', '-7'],
  ['i', 'INT', '123456', 'INTEGER', '123456'],
  ['l', 'LONG', '9007199254740993', 'BIGINT', '9007199254740993'],
  ['f', 'FLOAT', '1.5f', 'FLOAT', '1.5'],
  ['d', 'DOUBLE', '0.1', 'DOUBLE', '0.1'],
  ['da', 'DATE', '2024.02.29', 'DATE', '2024-02-29'],
  ['mo', 'MONTH', '2024.02M', 'DATE', '2024-02-01'],
  ['ti', 'TIME', '09:30:00.123', 'TIME', '09:30:00.123'],
  ['mi', 'MINUTE', '09:30m', 'TIME', '09:30:00'],
  ['se', 'SECOND', '09:30:01', 'TIME', '09:30:01'],
  ['nt', 'NANOTIME', '09:30:00.123456789', 'TIME', '09:30:00.123456'],
  ['dt', 'DATETIME', '2024.02.29T09:30:01', 'TIMESTAMP', '2024-02-29 09:30:01'],
  ['dh', 'DATEHOUR', 'datehour(2024.02.29T09:00:00)', 'TIMESTAMP', '2024-02-29 09:00:00'],
  ['ts', 'TIMESTAMP', '2024.02.29T09:30:00.123', 'TIMESTAMP', '2024-02-29 09:30:00.123'],
  ['ns', 'NANOTIMESTAMP', '2024.02.29T09:30:00.123456789', 'TIMESTAMP_NS', '2024-02-29 09:30:00.123456789'],
  ['sy', 'SYMBOL', '"a,b"', 'VARCHAR', 'a,b'],
  ['st', 'STRING', '"say \\"ä\\""', 'VARCHAR', 'say "ä"'],
  ['bl', 'BLOB', 'blob("bytes")', 'BLOB', 'bytes'],
  ['uu', 'UUID', 'uuid("5d212a78-cc48-e3b1-4235-b4d91473ee87")', 'UUID', '5d212a78-cc48-e3b1-4235-b4d91473ee87'],
  ['ip', 'IPADDR', 'ipaddr("192.168.1.13")', 'VARCHAR', '192.168.1.13'],
  ['de', 'DECIMAL32(3)', 'decimal32(1.25, 3)', 'DECIMAL(9,3)', '1.250'],
  ['df', 'DECIMAL64(4)', 'decimal64(-1.25, 4)', 'DECIMAL(18,4)', '-1.2500'],
  [
    'dg',
    'DECIMAL128(10)',
    'decimal128("12345678901234567890.5", 10)',
    'DECIMAL(38,10)',
    '12345678901234567890.5000000000',
  ],
] as const

describe('Parquet files of an export', () => {
  it.each(TYPES)('%s: DuckDB reads %s as it is, and nulls', async (column, type, value, duckType, text) => {
    const table = `t_${column}`
    session.run(`create table "dfs://db"."${table}"(id INT, v ${type}) partitioned by id
      t = table(1 2 as id, take(${value}, 2) as v); t[\`v, 1] = NULL
      loadTable("dfs://db", "${table}").append!(t)
      EXPORT INTO PARQUET "${folder}/${table}" FROM TABLE dfs://db/${table}`)
    const query = `select id, v from '${folder}/${table}/${table}/*.parquet' order by id`
    expect((await describeQuery(query)).types).toEqual(['INTEGER', duckType])
    expect(await asked(query)).toEqual([
      ['1', text],
      ['2', 'NULL'],
    ])
  })

  it('hold arrays as lists', async () => {
    session.run(`create table "dfs://db"."arrays"(id INT, v INT[], s STRING[]) partitioned by id
      loadTable("dfs://db", "arrays").append!(table(1 2 as id, array(INT[], 0).append!([1 NULL 3, [4]]) as v, array(STRING[], 0).append!([["a", "b,c"], ["d"]]) as s))
      EXPORT INTO PARQUET "${folder}/arrays" FROM TABLE dfs://db/arrays`)
    expect(await asked(`select v, s from '${folder}/arrays/arrays/*.parquet' order by id`)).toEqual([
      ['[1, NULL, 3]', "[a, 'b,c']"],
      ['[4]', '[d]'],
    ])
  })
})

describe('CSV files of an export', () => {
  it('DuckDB reads them with the same values and nulls', async () => {
    session.run(`create table "dfs://db"."csv"(id INT, ts TIMESTAMP, x DOUBLE, s STRING) partitioned by id
      loadTable("dfs://db", "csv").append!(table(1 2 3 as id, [2024.01.01T00:00:00.001, 1969.12.31T23:59:59.999, NULL] as ts, [0.1, NULL, 1e300] as x, ["a\\"b", "two\\nlines", "NULL"] as s))
      EXPORT INTO CSV "${folder}/csv" FROM TABLE dfs://db/csv WITH column_name, nullas = NULL`)
    const read = `read_csv('${folder}/csv/csv/*.csv', header=true, nullstr='NULL', allow_quoted_nulls=false)`
    expect(await asked(`select * from ${read} order by id`)).toEqual([
      ['1', '2024-01-01 00:00:00.001', '0.1', 'a"b'],
      ['2', '1969-12-31 23:59:59.999', 'NULL', 'two\nlines'],
      ['3', 'NULL', '1e+300', 'NULL'],
    ])
  })
})

describe('Parquet files of DuckDB', () => {
  const SOURCE = `select i::integer as id, case when i % 7 = 0 then null else (i * 1.5)::double end as x, 'S' || (i % 10) as sym,
    timestamp '2024-01-01' + interval (i) second as ts, date '2024-01-01' + (i % 400)::integer as d, (i / 100)::decimal(12, 2) as price,
    uuid() as u, (i % 2 = 0) as b, i::bigint * 1000000007 as big, time '09:00:00' + interval (i % 3600) second as t
    from range(6000) r(i)`

  it.each(['snappy', 'zstd', 'gzip', 'lz4_raw', 'brotli', 'uncompressed'])(
    'come in with %s, from several row groups, with dictionaries',
    async (codec) => {
      const table = `d_${codec}`
      await duck.run(`create or replace table src as ${SOURCE}`)
      const file = join(folder, codec, 'a.parquet')
      session.session.service(backupHostService).openSet(join(folder, codec)).makeDirectory('')
      await duck.run(`copy src to '${file}' (format parquet, codec '${codec}', row_group_size 2048)`)
      session.run(
        `create table "dfs://db"."${table}"(id INT, x DOUBLE, sym SYMBOL, ts NANOTIMESTAMP, d DATE, price DECIMAL64(2), u UUID, b BOOL, big LONG, t TIME) partitioned by id`,
      )
      expect(
        session.show(`r = importTable("${folder}/${codec}", "dfs://db", "${table}", format="PARQUET"); r.rows`),
      ).toBe('[6000]')
      session.run(`EXPORT INTO PARQUET "${folder}/back_${codec}" FROM TABLE dfs://db/${table}`)
      const back = `'${folder}/back_${codec}/${table}/*.parquet'`
      expect(await asked(`select count(*) as n from (select * from src except select * from ${back})`)).toEqual([['0']])
      expect(await asked(`select count(*) as n, count(x) as x from ${back}`)).toEqual([['6000', '5142']])
    },
  )

  it('keep integers without a sign, and reject those that no type has', async () => {
    const store = new LocalFileStore(join(folder, 'unsigned'))
    store.makeDirectory('')
    await duck.run(`copy (select i as id, case i when 1 then 255 when 2 then null else 0 end::utinyint as a, case i when 1 then 65535 else 7 end::usmallint as b,
      case i when 1 then 4294967295 when 2 then null else 2147483648 end::uinteger as c, case i when 1 then 9223372036854775807 when 2 then null else 18446744073709551615 end::ubigint as d,
      [4294967295, null]::uinteger[] as e from range(1, 4) r(i)) to '${folder}/unsigned/a.parquet' (format parquet)`)
    session.run(
      'create table "dfs://db"."unsigned"(id INT, a SHORT, b INT, c LONG, d LONG, e LONG[]) partitioned by id',
    )
    expect(
      session.show(`exec reject_rows from importTable("${folder}/unsigned", "dfs://db", "unsigned", format="PARQUET")`),
    ).toBe('[1]')
    expect(
      session
        .show('select * from loadTable("dfs://db", "unsigned") order by id')
        .split('\n')
        .slice(2)
        .map((line) => line.trim().split(/ +/)),
    ).toEqual([
      ['1', '255', '65535', '4294967295', '9223372036854775807', '[4294967295,00l]'],
      ['2', '7', '[4294967295,00l]'],
    ])
    expect(Buffer.from(store.readFile('a.parquet.reject')).toString()).toContain('"18446744073709551615" is no LONG')
  })

  it('give rows that do not fit to the reject file', async () => {
    await duck.run(`copy (select i as id, case when i = 2 then 4000000000 else i end as x, case when i = 3 then '2024-02-30' else '2024-02-01' end as d
      from range(1, 5) r(i)) to '${folder}/wrong.parquet' (format parquet)`)
    const store = new LocalFileStore(join(folder, 'wrong'))
    store.makeDirectory('')
    new LocalFileStore(folder).rename('wrong.parquet', 'wrong/wrong.parquet')
    session.run('create table "dfs://db"."wrong"(id INT, x INT, d DATE) partitioned by id')
    expect(
      session.show(
        `r = importTable("${folder}/wrong", "dfs://db", "wrong", format="PARQUET"); [r.rows[0], r.reject_rows[0]]`,
      ),
    ).toBe('[2,2]')
    expect(Buffer.from(store.readFile('wrong.parquet.reject')).toString()).toBe(
      '# line 2, column x: "4000000000" is no INT\n{"id":"2","x":"4000000000","d":"2024-02-01"}\n' +
        '# line 3, column d: "2024-02-30" is no DATE\n{"id":"3","x":"3","d":"2024-02-30"}\n',
    )
    session.run('create table "dfs://db"."other"(id INT, x UUID) partitioned by id')
    expect(session.fails(`IMPORT INTO dfs://db/other PARQUET DATA ("${folder}/wrong")`)).toContain(
      "is INT_64, which can't become UUID",
    )
    session.run('create table "dfs://db"."more"(id INT, x INT, y INT) partitioned by id')
    expect(session.fails(`IMPORT INTO dfs://db/more PARQUET DATA ("${folder}/wrong")`)).toContain('has no column [y]')
  })

  it('that are damaged are refused by name', () => {
    const store = new LocalFileStore(join(folder, 'damaged'))
    store.writeFileAtomic('a.parquet', 'PAR1 this is no such file')
    expect(session.fails(`IMPORT INTO dfs://db/wrong PARQUET DATA ("${folder}/damaged")`)).toContain(
      "a.parquet can't be read as Parquet",
    )
  })
})
