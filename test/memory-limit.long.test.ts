/** Queries over a stored table that is larger than the memory of a session: they complete, or say which one needs how much and what to do. */
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { holdfast, scratch, script } from './harness.ts'

const data = join(scratch('memory-limit'), 'data')
const limit = '24M'
const run = (text: string) =>
  holdfast(['--memory-limit', limit, '-e', `login("admin", "123456"); pt = loadTable("dfs://m", "quotes"); ${text}`], {
    data,
  })

// 64 MB in eight partitions.
beforeAll(() =>
  script(
    `login("admin", "123456")
db = database("dfs://m", VALUE, 2024.01.01..2024.01.08)
n = 250000
model = table(1:0, \`time\`sym\`price\`volume, [TIMESTAMP, SYMBOL, DOUBLE, DOUBLE])
pt = db.createPartitionedTable(model, \`quotes, \`time)
syms = symbol(take("s" + string(1..50), n))
for(day in 2024.01.01..2024.01.08) pt.append!(table(timestamp(day) + 0..(n - 1) as time, syms as sym, double(0..(n - 1)) as price, take(1.0, n) as volume))`,
    { data },
  ),
)

it.each([
  ['a filter with an aggregate', 'exec sum(volume) from pt where price >= 150000', '800000'],
  ['a filter with few rows', 'exec count(price) from (select * from pt where price < 100)', '800'],
  ['few groups', 'exec sum(n) from (select count(*) as n from pt group by sym)', '2000000'],
  [
    'a join with a small table',
    'exec count(*) from ej(pt, table("s" + string(1..5) as sym, 1..5 as w), `sym)',
    '200000',
  ],
  [
    'the first rows in an order',
    'exec sum(price) from (select top 4 price from pt order by price desc, time)',
    '999996',
  ],
])('%s completes', async (_, query, expected) => {
  const { code, stdout, stderr } = await run(query)
  expect(stderr).not.toContain('Out of memory')
  expect(stdout.trim()).toBe(expected)
  expect(code).toBe(0)
})

it('a result that does not fit names the query, what it needs, and what to do; the session goes on', async () => {
  const { stdout } = await run(
    'try { x = select * from pt } catch(ex) { print(ex[1]) }; print(exec count(*) from pt where time < 2024.01.02)',
  )
  expect(stdout).toMatch(
    /Out of memory in \[select \* from pt\]: this needs .* more, but the session already holds .* of its limit of 24 MB/,
  )
  expect(stdout.trimEnd().endsWith('\n250000')).toBe(true)
})

it('the advice goes by what the query does', async () => {
  const { stderr, code } = await run('select avg(price) from pt group by time')
  expect(code).toBe(1)
  expect(stderr).toMatch(/Out of memory in \[select avg\(price\).* from pt group by time\]: this needs/)
  expect(stderr).toContain('hint: every group is held until the end')
  expect(stderr).toContain('--memory-limit')
})
