import { describe, expect, it } from 'vitest'
import { type Raw, T, type TypeId } from '../../../runtime/values/index.ts'
import fc from '../../../test/properties.ts'
import type { DatabaseRecord, Scheme, StoredColumn, TableRecord } from '../../catalog/types.ts'
import { dfsService } from '../../session.ts'
import { connect, newWorld } from '../../write/testing.ts'
import { readMeta, runMeta } from './read.ts'
import { metaSql } from './write.ts'

const { session } = connect(newWorld())

/** What the statements make: the records without what a new object gets anyway. */
function made(url: string): unknown {
  const view = session.service(dfsService).view()
  const { id: _, createdMs: __, owner: ___, ...database } = view.database(url)!
  const tables = view.tables(url).map(withoutIdentity)
  return { database, tables }
}

function withoutIdentity(table: TableRecord): unknown {
  const { id: _, createdMs: __, owner: ___, physicalIndex: ____, schemaVersion: _____, ...kept } = table
  // Comments are a change of the table, which notes that no names were retired by it.
  const { columns, retired: ______, ...rest } = kept
  return { ...rest, columns: columns.map(({ name, type, scale = 0, comment }) => ({ name, type, scale, comment })) }
}

let count = 0

// ---------------------------------------------------------------------------------------------------------------------
// Generated schemas

/** Types of schemes, with numbers that are values of them. */
const NUMBERS: readonly (readonly [TypeId, fc.Arbitrary<number>])[] = [
  [T.CHAR, fc.integer({ min: -127, max: 127 })],
  [T.SHORT, fc.integer({ min: -32767, max: 32767 })],
  [T.INT, fc.integer({ min: -2147483647, max: 2147483647 })],
  [T.DATE, fc.integer({ min: 0, max: 30000 })],
  [T.MONTH, fc.integer({ min: 12 * 1900, max: 12 * 2100 })],
  [T.TIME, fc.integer({ min: 0, max: 86_399_999 })],
  [T.MINUTE, fc.integer({ min: 0, max: 1439 })],
  [T.SECOND, fc.integer({ min: 0, max: 86_399 })],
  [T.DATETIME, fc.integer({ min: 0, max: 2147483646 })],
  [T.DATEHOUR, fc.integer({ min: 0, max: 500_000 })],
]
const word = fc.string({ unit: fc.constantFrom(...'abXY019_-.äß%"\\'), minLength: 1, maxLength: 8 })
const distinct = (min: number): fc.Arbitrary<{ type: TypeId; values: Raw[] }> =>
  fc.oneof(
    ...NUMBERS.map(([type, value]) =>
      fc.uniqueArray(value, { minLength: min, maxLength: 5 }).map((values) => ({ type, values: values as Raw[] })),
    ),
    fc
      .record({ type: fc.constantFrom<TypeId>(T.DATE, T.INT, T.MONTH), from: fc.integer({ min: 24000, max: 25000 }) })
      .map(({ type, from }) => ({ type, values: [from, from + 1, from + 2, from + 3] as Raw[] })),
    fc
      .record({
        type: fc.constantFrom<TypeId>(T.STRING, T.SYMBOL),
        values: fc.uniqueArray(word, { minLength: min, maxLength: 5 }),
      })
      .map(({ type, values }) => ({ type, values: values as Raw[] })),
  )
const scheme: fc.Arbitrary<Scheme> = fc.oneof(
  distinct(1).map((s): Scheme => ({ kind: 'VALUE', ...s })),
  distinct(2).map(
    ({ type, values }): Scheme => ({
      kind: 'RANGE',
      type,
      bounds: values.sort((a, b) => (a! < b! ? -1 : 1)),
    }),
  ),
  fc.tuple(distinct(2), fc.integer({ min: 1, max: 4 })).map(([{ type, values }, at]): Scheme => {
    const cut = Math.min(at, values.length)
    return { kind: 'LIST', type, groups: [values.slice(0, cut), values.slice(cut)].filter((g) => g.length > 0) }
  }),
  fc
    .record({
      type: fc.constantFrom<TypeId>(T.SYMBOL, T.STRING, T.INT, T.LONG, T.UUID, T.DATE, T.IPADDR),
      buckets: fc.integer({ min: 1, max: 50 }),
    })
    .map((s): Scheme => ({ kind: 'HASH', ...s })),
)
const columnType = fc.oneof(
  fc.constantFrom<[TypeId, number]>(
    ...Object.entries(T)
      .filter(([name]) => !/VOID|FUNCTION|HANDLE|CODE|DATASOURCE|RESOURCE|ANY|DECIMAL|COMPRESSED/.test(name))
      .map(([, type]): [TypeId, number] => [type, 0]),
  ),
  fc.integer({ min: 0, max: 9 }).map((scale): [TypeId, number] => [T.DECIMAL32, scale]),
  fc.integer({ min: 0, max: 38 }).map((scale): [TypeId, number] => [T.DECIMAL128, scale]),
  fc.constantFrom<[TypeId, number]>([64 + T.INT, 0], [64 + T.DOUBLE, 0], [64 + T.DECIMAL64, 4], [64 + T.STRING, 0]),
)
const text = fc.string({ unit: fc.constantFrom(...'a b\n\t"\'\\{},;()äß'), maxLength: 12 })

interface Shape {
  readonly schemes: readonly Scheme[]
  readonly engine: 'OLAP' | 'TSDB' | 'PKEY'
  readonly atomic: 'TRANS' | 'CHUNK'
  readonly types: readonly (readonly [TypeId, number])[]
  readonly nameTail: string
  readonly comment: string
  readonly keep: 'ALL' | 'LAST' | 'FIRST'
  readonly flag: boolean
}
const shape: fc.Arbitrary<Shape> = fc.record({
  schemes: fc.array(scheme, { minLength: 1, maxLength: 3 }),
  engine: fc.constantFrom('OLAP' as const, 'TSDB' as const, 'PKEY' as const),
  atomic: fc.constantFrom('TRANS' as const, 'CHUNK' as const),
  types: fc.array(columnType, { maxLength: 5 }),
  nameTail: text,
  comment: text,
  keep: fc.constantFrom('ALL' as const, 'LAST' as const, 'FIRST' as const),
  flag: fc.boolean(),
})

function recordsOf(s: Shape): { database: DatabaseRecord; tables: TableRecord[] } {
  const url = `dfs://meta/db${count++}`
  const database: DatabaseRecord = {
    url,
    id: url,
    schemes: s.schemes,
    compo: s.schemes.length > 1,
    engine: s.engine,
    atomic: s.atomic,
    chunkGranularity: 'TABLE',
    owner: 'admin',
    createdMs: 0,
  }
  const keys: StoredColumn[] = s.schemes.map(({ type }, k) => ({ name: `key${k}`, type }))
  const others: StoredColumn[] = s.types.map(([type, scale], k) => ({
    name: `c${k}${s.nameTail}`,
    type,
    ...(scale > 0 ? { scale } : {}),
    ...(s.flag && s.comment !== '' ? { comment: s.comment } : {}),
  }))
  const table: TableRecord = {
    db: url,
    name: 'tb',
    id: `${url}/tb`,
    physicalIndex: '',
    columns: [...keys, { name: 'id', type: T.INT }, ...others],
    partitionColumns: keys.map((k) => k.name),
    sortColumns: s.engine === 'TSDB' ? ['id'] : [],
    ...(s.engine === 'PKEY' ? { primaryKey: [...keys.map((k) => k.name), 'id'] } : {}),
    keepDuplicates: s.engine === 'TSDB' ? s.keep : 'ALL',
    ...(s.engine === 'TSDB' && s.keep === 'LAST' && s.flag ? { softDelete: true } : {}),
    ...(s.engine === 'TSDB' && s.flag ? { latestKeyCache: true, sortKeyMapping: ['hashBucket{, 3}'] } : {}),
    ...(s.engine === 'PKEY' && s.flag ? { indexes: { id: 'bloomfilter' } } : {}),
    compressMethods: s.flag ? { id: 'delta' } : {},
    comment: s.comment,
    owner: 'admin',
    createdMs: 0,
    schemaVersion: 1,
  }
  const dimension: TableRecord = {
    ...table,
    name: 'dim',
    columns: [{ name: 'id', type: T.INT }],
    partitionColumns: [],
    compressMethods: {},
    ...(s.engine === 'PKEY' ? { primaryKey: ['id'], indexes: undefined } : {}),
    sortKeyMapping: undefined,
    latestKeyCache: undefined,
  }
  return { database, tables: [table, dimension] }
}

describe('meta.sql', () => {
  it('makes the same database and tables again', () => {
    fc.assert(
      fc.property(shape, (s) => {
        const { database, tables } = recordsOf(s)
        const script = readMeta(metaSql(database, tables), 'meta.sql', session)
        expect(script.databases).toEqual([database.url])
        expect(script.tables).toEqual(tables.map(({ db, name }) => ({ db, name })))
        runMeta(script, session)
        const { id: _, createdMs: __, owner: ___, ...expected } = database
        const known = JSON.parse(JSON.stringify({ database: expected, tables: tables.map(withoutIdentity) }))
        const found = JSON.parse(JSON.stringify(made(database.url)))
        found.tables.sort((a: { name: string }, b: { name: string }) => (a.name < b.name ? 1 : -1))
        expect(found).toEqual(known)
      }),
      { numRuns: 120 },
    )
  })

  it.each([
    ['x = 1', 'only create database'],
    ['run("evil.dos")', 'only create database'],
    ['create database "dfs://x" partitioned by VALUE(run("evil.dos"))', 'only create database'],
    ['create database "dfs://x" partitioned by VALUE(1..3), engine=system("ls")', 'only create database'],
    ['create table "dfs://x"."t"(a INT) partitioned by a, sortColumns=eval("1")', 'only create database'],
    ['setColumnComment(loadTable("dfs://x", "t"), eval("1"))', 'only create database'],
    ['drop database "dfs://x"', 'only create database'],
    ['insert into t values(1)', 'only create database'],
    ['create database "dfs://x" partitioned by', 'meta.sql:1:41'],
    ['', 'makes no database'],
  ])('%j is refused', (script, message) => {
    expect(() => readMeta(script, 'meta.sql', session)).toThrow(message)
  })
})
