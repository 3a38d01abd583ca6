/**
 * Scans of one table: Holdfast over its segments, Polars over the same segment files, DuckDB over a file of its own with the same rows. Answers are compared.
 * Everything is in the page cache; every engine answers each query once a process, after opening.
 */
import { join } from 'node:path'
import { contest, type Figures, type Peer, showTime } from '../contest.ts'
import { bin, type Row, run, scratch, sizeOf } from '../measure.ts'
import { missingLibrary, runPeer, secondsOf, THREADS } from '../peers.ts'

const DAYS = 10
const QUERIES = ['aggregate', 'filter', 'group'] as const
type Query = (typeof QUERIES)[number]

const NAMES: Readonly<Record<Query, string>> = {
  aggregate: 'sum, avg, max of three columns',
  filter: 'count and sum where price > 75 and volume < 500',
  group: 'sum and avg by 500 symbols',
}

const SELECTS: Readonly<Record<Query, string>> = {
  aggregate: 'select sum(volume) as a, avg(price) as b, max(time) as c from pt',
  filter: 'select sum(volume) as a, count(*) as b, max(price) as c from pt where price > 75.0, volume < 500',
  group: 'select sum(volume) as a, avg(price) as b from pt group by symbol',
}

const load = (rowsPerDay: number): string => `
login("admin", "123456")
db = database("dfs://scan", VALUE, 2024.01.01..2024.01.${DAYS})
pt = db.createPartitionedTable(table(1:0, \`time\`symbol\`price\`volume, [TIMESTAMP, SYMBOL, DOUBLE, LONG]), \`quotes, \`time)
n = ${rowsPerDay}
symbols = symbol(take("S" + string(1..500), n))
for(day in 2024.01.01..2024.01.${DAYS})
	pt.append!(table(timestamp(day) + 0..(n - 1) % 86400000 as time, symbols as symbol, rand(10000, n) \\ 100.0 as price, long(rand(1000, n)) as volume))`

const timedQueries = `
login("admin", "123456")
pt = loadTable("dfs://scan", "quotes")
${QUERIES.map((q) => `started = now(true)\n${q}_ = ${SELECTS[q]}\n${q}Time = long(now(true) - started) / 1000000.0`).join('\n')}
print(string(sum(aggregate_.a)) + " " + string(filter_.b[0]) + " " + string(size(group_)) + " " + string(sum(group_.a)))
print('{${QUERIES.map((q) => `"${q}": ' + string(${q}Time) + '`).join(', ')}}')`

const named = ({ seconds, residentMb }: Figures, rows: number): Figures => ({
  seconds: Object.fromEntries(
    QUERIES.map((q) => [`scan of ${(rows / 1e6).toFixed(1)} M rows, ${NAMES[q]}`, seconds[q]]),
  ),
  residentMb,
})

export async function benchScan(): Promise<readonly Row[]> {
  const rounds = sizeOf('HOLDFAST_BENCH_ROUNDS', 3)
  const folder = scratch('scan')
  const rowsPerDay = Math.max(500, Math.round(sizeOf('HOLDFAST_BENCH_SCAN_ROWS', 40_000_000) / DAYS))
  const rows = rowsPerDay * DAYS
  const data = join(folder, 'data')
  await run(process.execPath, [bin, '--data', data, '-e', load(rowsPerDay)])
  const segments = join(data, 'chunks/scan/*/quotes/*.arrow')
  const parquet = join(folder, 'scan.parquet')
  const duckdb = join(folder, 'scan.duckdb')

  const noPolars = missingLibrary('nodejs-polars')
  const noDuckdb =
    missingLibrary('@duckdb/node-api') ?? (noPolars === undefined ? undefined : 'Polars is what makes its Parquet file')
  const answers = new Set<string>()
  const checked = (answer: string): void => {
    answers.add(answer)
    if (answers.size > 1) throw new Error(`Answers differ: ${[...answers].join('; ')}`)
  }
  const peer = async (file: string, args: readonly (string | number)[]): Promise<Figures> => {
    const { answer, ...figures } = await runPeer(file, args)
    checked(answer!)
    return named(figures, rows)
  }
  const peers: Peer[] = [
    {
      name: `DuckDB, ${THREADS} threads`,
      missing: noDuckdb,
      run: () => peer('duckdb-scan.ts', ['query', duckdb, THREADS]),
    },
    {
      name: `Polars on our segments, ${THREADS} threads`,
      missing: noPolars,
      run: () => peer('polars-scan.ts', ['query', segments]),
    },
  ]
  if (noPolars === undefined && noDuckdb === undefined) {
    await runPeer('polars-scan.ts', ['parquet', segments, parquet])
    await runPeer('duckdb-scan.ts', ['import', duckdb, THREADS, parquet])
  }
  return contest(
    rounds,
    async () => {
      const { stdout, residentMb } = await run(process.execPath, [bin, '--data', data, '-e', timedQueries])
      checked(stdout.trim().split('\n').at(-2)!)
      return named({ seconds: secondsOf(stdout), residentMb }, rows)
    },
    peers,
    showTime,
  )
}
