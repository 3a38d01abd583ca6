/** duckdb-scan.ts import FILE THREADS PARQUET, then duckdb-scan.ts query FILE THREADS: the queries of storage/scan.ts. */
import { DuckDBInstance } from '@duckdb/node-api'

const [part, file, threads, parquet] = process.argv.slice(2)
const instance = await DuckDBInstance.create(file, { threads })
const connection = await instance.connect()

const QUERIES = {
  aggregate: 'select sum(volume), avg(price), max(time) from quotes',
  filter: 'select sum(volume), count(*), max(price) from quotes where price > 75 and volume < 500',
  group: 'select symbol, sum(volume), avg(price) from quotes group by symbol',
}

if (part === 'import') {
  await connection.run(`create table quotes as select * from read_parquet('${parquet}')`)
  await connection.run('checkpoint')
  console.log('{}')
} else {
  const times: Record<string, number> = {}
  const found: Record<string, readonly (readonly unknown[])[]> = {}
  for (const [name, query] of Object.entries(QUERIES)) {
    const started = performance.now()
    found[name] = (await connection.runAndReadAll(query)).getRows()
    times[name] = performance.now() - started
  }
  const total = found.group.reduce((n, row) => n + (row[1] as bigint), 0n)
  console.log(`${found.aggregate[0][0]} ${found.filter[0][1]} ${found.group.length} ${total}`)
  console.log(JSON.stringify(times))
}
