import { describe, expect, test } from 'vitest'
import fc from '../../test/properties.ts'
import { FixedVector, NULL_I32, SymbolVector, T, Table, vectorOf } from '../values/index.ts'
import { compact, sqlSession } from './testing.ts'
import { TestSource } from './testing-source.ts'

const SYMBOLS = ['', 'A', 'B', 'C']

interface Row {
  readonly sym: number
  readonly day: number
  readonly qty: number | null
  readonly price: number
}

function tableOf(rows: readonly Row[]): Table {
  return new Table(
    ['id', 'sym', 'day', 'qty', 'price'],
    [
      vectorOf(
        T.LONG,
        rows.map((_, k) => BigInt(k)),
      ),
      SymbolVector.encode(rows.map((r) => SYMBOLS[r.sym])),
      new FixedVector(
        T.DATE,
        Int32Array.from(rows, (r) => 19000 + r.day),
      ),
      new FixedVector(
        T.INT,
        Int32Array.from(rows, (r) => r.qty ?? NULL_I32),
      ),
      // Quarters add up exactly in any order.
      new FixedVector(
        T.DOUBLE,
        Float64Array.from(rows, (r) => r.price / 4),
      ),
    ],
  )
}

const anyRow = fc.record({
  sym: fc.integer({ min: 0, max: 3 }),
  day: fc.integer({ min: 0, max: 4 }),
  qty: fc.option(fc.integer({ min: -5, max: 20 })),
  price: fc.integer({ min: 0, max: 400 }),
})

/** Rows and the partition that each goes to. */
const anyStored = fc.record({
  rows: fc.array(anyRow, { maxLength: 60 }),
  parts: fc.integer({ min: 1, max: 5 }),
  seed: fc.nat(),
  batchRows: fc.integer({ min: 1, max: 20 }),
})

/** Partition by day, so that partition columns mean something. */
function stored(rows: readonly Row[], parts: number, batchRows: number): TestSource {
  const chunks = Array.from({ length: parts }, (_, p) => rows.flatMap((r, k) => (r.day % parts === p ? [k] : [])))
  return new TestSource(tableOf(rows), chunks, { partitionColumns: ['day'], batchRows })
}

const QUERIES = [
  'select * from t',
  'select id, qty*2 as q from t where qty>3',
  'select id, sym from t where sym=`A',
  'select id from t where sym in `A`B and day>2022.01.09',
  'select id from t where day between 2022.01.09:2022.01.10',
  'select id from t where day=2022.01.09 or qty<2',
  'select id from t where month(day)=2022.01M, qty is null',
  'select id from t where date(day)>=2022.01.10, price<50.0',
  'select count(*) from t',
  'select count(*) from t where qty>3',
  'select count(*), count(qty), sum(qty), max(price), min(qty), avg(price) from t',
  'select sum(qty), avg(qty), std(price), var(qty), stdp(price), varp(qty), sum2(qty) from t where sym<>`B',
  'select wavg(price, qty), wsum(price, qty), sum(price*qty) as v from t group by sym',
  'select count(*), sum(qty), avg(price), min(price), max(qty), std(qty) from t group by sym',
  'select sum(qty) as s from t group by sym, day having count(*)>1',
  'select max(qty)-min(qty) as spread, sum(qty)*2 as twice from t where price>10.0 group by day',
  'select sum(qty) from t group by qty%3 as r',
  'select sym, sum(qty) from t group by sym order by sym desc limit 2',
  'select med(price) from t group by sym',
  'select med(price) from t group by day, sym',
  'select nunique(qty) from t',
  'select distinct sym from t order by sym',
  'select id, price from t order by price desc, id limit 7',
  'select id from t order by price, id limit 3, 4',
  'select id, cumsum(price) as c from t context by sym csort id',
  'select sum(price) from t pivot by sym, day',
  'exec sum(qty) from t',
  'exec max(qty) from t group by sym',
]

/** Rows of a result without their order, unless the query orders them. */
function rowsOf(text: string, ordered: boolean): string {
  const [head, ...rows] = text.split('|')
  return [head, ...(ordered ? rows : rows.sort())].join('|')
}

describe('queries on stored tables', () => {
  for (const query of QUERIES)
    test(`${query}: partitions do not change the result`, () => {
      fc.assert(
        fc.property(anyStored, ({ rows, parts, batchRows }) => {
          const source = stored(rows, parts, batchRows)
          const session = sqlSession({ t: tableOf(rows) })
          const expected = compact(session.run(query))
          session.setVariable('t', source.table())
          const actual = compact(session.run(query))
          const ordered = query.includes('order by')
          expect(rowsOf(actual, ordered)).toBe(rowsOf(expected, ordered))
          expect(source.use.open).toBe(0)
        }),
        { numRuns: 25 },
      )
    })
})

const ROWS: Row[] = Array.from({ length: 40 }, (_, k) => ({ sym: k % 4, day: k % 5, qty: k, price: k * 4 }))

function fixture() {
  const source = stored(ROWS, 5, 3)
  return { source, session: sqlSession({ t: source.table() }) }
}

describe('what a stored table is asked for', () => {
  test('partitions that can not match are not scanned', () => {
    const { source, session } = fixture()
    session.run('select * from t where day=2022.01.09')
    expect(source.use.partitionsScanned).toEqual(['/1'])
  })
  test('conditions on converted columns prune too', () => {
    const { source, session } = fixture()
    session.run('select id from t where date(day)<2022.01.10')
    expect(source.use.partitionsScanned).toEqual(['/0', '/1'])
  })
  test('only the columns used are read', () => {
    const { source, session } = fixture()
    session.run('select sum(qty) from t where price>3.0 group by sym')
    expect([...source.use.columnsRead].sort()).toEqual(['price', 'qty', 'sym'])
  })
  test('count(*) without where reads nothing', () => {
    const { source, session } = fixture()
    expect(compact(session.run('exec count(*) from t'))).toBe('40')
    expect(source.use.partitionsScanned).toEqual([])
  })
  test('top stops reading early', () => {
    const { source, session } = fixture()
    expect(compact(session.run('select top 2 id from t'))).toBe('id|0|5')
    expect(source.use.batches).toBe(1)
  })
  test('map runs in each partition', () => {
    const { session } = fixture()
    expect(compact(session.run('select first(id), count(*) from t map'))).toBe('first_id,count|0,8|1,8|2,8|3,8|4,8')
  })
  test('map allows aggregates in where', () => {
    const { session } = fixture()
    expect(compact(session.run('select id from t where qty=max(qty) map'))).toBe('id|35|36|37|38|39')
  })
  test('a join reads the columns it needs and pushes conditions down', () => {
    const { source, session } = fixture()
    session.run('u = table(1 2 3 as id, `x`y`z as name)')
    expect(compact(session.run('select t.id, name from ej(t, u, `id) where day<2022.01.10'))).toBe('id,name|1,x')
    expect([...source.use.columnsRead].sort()).toEqual(['day', 'id'])
    expect(source.use.partitionsScanned).toEqual(['/0', '/1'])
  })
  test('partition(col, keys) chooses partitions', () => {
    const { session } = fixture()
    expect(compact(session.run('select count(*) from t where partition(day, 2)'))).toBe('count|8')
    expect(compact(session.run('select count(*) from t where partition(day, [1,3]), qty>20'))).toBe('count|8')
  })
  test('explain counts partitions', () => {
    const { session } = fixture()
    const text = String(
      (session.run('select [HINT_EXPLAIN] id from t where day=2022.01.09') as { value: unknown }).value,
    )
    const { explain } = JSON.parse(text) as {
      explain: { where: { partitions: unknown }; rows: number; method: string }
    }
    expect(explain.where.partitions).toEqual({ total: 5, scanned: 1, pruned: 4 })
    expect(explain.rows).toBe(8)
    expect(explain.method).toBe('stream')
  })
})

describe('what stored tables refuse', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['select id from t where qty>avg(qty)', 'S02025'],
    ['select id from t where qty>prev(qty)', 'S02025'],
    ['select id from t where exists(select * from t)', 'S02042'],
    ['select id from t order by prev(qty)', 'S02038'],
    ['select sum(qty) from t group by sym limit 1, 2', 'S02056'],
    ['t.qty', 'S02008'],
    ['select id from t where 3 in qty', 'S02037'],
    ['select id from t where id>1 and not 3 in qty+1', 'S02037'],
    ['select id from t where in(3, qty)', 'S02037'],
    ['select id from t where day=3', 'S02040'],
    ['select id from t where 19001<Day, qty>1', 'S02040'],
    ['select id from t where day="2022.01.09"', 'S02040'],
    ['select id from t where qty>1 and day between 1:3', 'S02040'],
    ['select id from t where day in [1,2]', 'S02040'],
  ]
  for (const [query, refId] of cases)
    test(`${query} is ${refId}`, () => {
      expect(() => fixture().session.run(query)).toThrow(`RefId: ${refId}`)
    })
  test('more partitions than a query may touch are S02039, unless conditions leave few', () => {
    const source = new TestSource(
      tableOf(ROWS),
      Array.from({ length: 65_537 }, () => [0]),
      {
        partitionColumns: ['day'],
      },
    )
    const session = sqlSession({ t: source.table() })
    expect(() => session.run('select sum(qty) from t')).toThrow('RefId: S02039')
    expect(() => session.run('select sum(qty) from t')).toThrow('touches 65537 partitions')
    expect(() => session.run('select t.id from ej(t, t as u, `id)')).toThrow('RefId: S02039')
    expect(compact(session.run('exec count(*) from t'))).toBe('65537')
  })
  for (const query of [
    'select id from t where sym in (select sym from t)',
    'select id from t where day=NULL',
    'select id from t where day in [00d]',
    'select id from t where qty in 1 2, day>2022.01M.date()',
    'select id from t where date(day)=2022.01.09',
  ])
    test(`${query} runs`, () => {
      expect(() => fixture().session.run(query)).not.toThrow()
    })
  for (const [statement, text] of [
    ['update t set qty=1', 'is read only'],
    ['delete from t where id=1', 'is read only'],
    ['insert into t values (1, `A, 2022.01.01, 1, 1.0)', 'is not enabled for stored tables'],
  ])
    test(`${statement}: rows of a source that only reads can not be changed`, () => {
      expect(() => fixture().session.run(statement)).toThrow(text)
    })
})
