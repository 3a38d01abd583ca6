/** duckdb-queries.ts ROWS QUOTES REPEATS THREADS: the queries of language/queries.ts. Results stay in DuckDB, as tables. */
import { DuckDBInstance } from '@duckdb/node-api'

const [rows, quotes, repeats, threads] = process.argv.slice(2)
const instance = await DuckDBInstance.create(':memory:', { threads })
const connection = await instance.connect()
const half = Math.floor(Number(rows) / 2)
const head = Math.min(Number(rows), 10000)

/** The numbers of language/kernels.ts. */
const mixed = (factor: number): string => `mixed(i, ${factor})`
await connection.run(`create macro first(i, f) as (i * f + 12345) % 2147483648;
create macro second(h) as (xor(h, h >> 15) * 48271) % 2147483648;
create macro third(h) as xor(h, h >> 13);
create macro mixed(i, f) as third(second(first(i, f)));
create type symbols as enum (select 'S' || i from range(500) s(i));`)
const symbol = (factor: number): string => `('S' || ((${mixed(factor)} // 64) % 500))::symbols`
await connection.run(`create table t as select ${symbol(16807)} as sym, (${mixed(40692)} // 32 % 1000000)::int as id,
  ${mixed(69069)} / 2147483648.0::double as price, (${mixed(48271)} % 1000)::int as volume, 1704067200000 + i * 7 as time from range(${rows}) s(i)`)
await connection.run(`create table q as select ${symbol(69621)} as sym, 1704067200000 + i * 70 as time,
  ${mixed(39373)} / 2147483648.0::double as bid from range(${quotes}) s(i)`)

const STEPS = [
  ['select price from t order by price', `select price from r limit 1 offset ${half}`],
  ['select id, price, volume from t order by id, price', `select sum(price) from (select price from r limit ${head})`],
  ['select distinct sym from t', 'select count(*) from r'],
  ['select distinct id from t', 'select count(*) from r'],
  ['select sym, sum(volume) as a, avg(price) as b from t group by sym', 'select sum(a)::double + sum(b) from r'],
  ['select id, sum(volume) as a, avg(price) as b from t group by id', 'select sum(a)::double + sum(b) from r'],
  [
    'select t.sym, t.time, t.price, q.bid from t asof left join q on t.sym = q.sym and t.time >= q.time',
    'select sum(bid) from r',
  ],
  [
    'select case when row_number() over w >= 20 then avg(price) over (w rows between 19 preceding and current row) end as m from t window w as (order by time)',
    'select sum(m) from r',
  ],
]

const times: Record<string, number> = {}
const answers: Record<string, number> = {}
for (const [k, [query, answer]] of STEPS.entries()) {
  let best = Number.POSITIVE_INFINITY
  for (let turn = 0; turn < Number(repeats); turn++) {
    await connection.run('drop table if exists r')
    const started = performance.now()
    await connection.run(`create temp table r as ${query}`)
    best = Math.min(best, performance.now() - started)
  }
  times[`s${k}`] = best
  answers[`s${k}`] = Number((await connection.runAndReadAll(answer)).getRows()[0][0])
}
console.log(JSON.stringify(answers))
console.log(JSON.stringify(times))
