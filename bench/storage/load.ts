/** Bulk load: appends of a day each, beside dd of the bytes that the load wrote, with fsync, and beside DuckDB's appender. */
import { join } from 'node:path'
import { contest, showRate } from '../contest.ts'
import { type Row, scratch, shell, sizeOf, timedScript } from '../measure.ts'
import { missingLibrary, runPeer, THREADS } from '../peers.ts'

const ROW_BYTES = 8 + 4 + 8 * 4
const DAYS = 8

const script = (rowsPerDay: number): string => `
login("admin", "123456")
db = database("dfs://bench", COMPO, [database("", VALUE, 2024.01.01..2024.12.31), database("", HASH, [SYMBOL, 5])])
model = table(1:0, \`time\`symbol\`price\`volume\`bid\`ask, [TIMESTAMP, SYMBOL, DOUBLE, DOUBLE, DOUBLE, DOUBLE])
pt = db.createPartitionedTable(model, \`quotes, \`time\`symbol)
n = ${rowsPerDay}
elapsed = 0l
symbols = symbol(take(string(1..500), n))
for(day in 2024.01.01 + 0..${DAYS - 1}){
	t = table(timestamp(day) + 0..(n - 1) % 86400000 as time, symbols as symbol, rand(100.0, n) as price, rand(1000.0, n) as volume, rand(100.0, n) as bid, rand(100.0, n) as ask)
	started = now(true)
	pt.append!(t)
	elapsed += now(true) - started
}
print(elapsed / 1000000.0)`

export async function benchLoad(): Promise<readonly Row[]> {
  const megabytes = sizeOf('HOLDFAST_BENCH_LOAD_MB', 512)
  const rounds = sizeOf('HOLDFAST_BENCH_ROUNDS', 3)
  const folder = scratch('load')
  const rowsPerDay = Math.max(1, Math.round((megabytes * 1048576) / ROW_BYTES / DAYS))
  const what = `bulk load, ${((rowsPerDay * DAYS) / 1e6).toFixed(1)} M rows, ${megabytes} MB`
  const written = join(folder, 'written')
  const rows = await contest(
    rounds,
    async (round) => {
      const data = join(folder, `data${round}`)
      const { seconds, residentMb } = await timedScript(script(rowsPerDay), data)
      // What dd writes is what was loaded.
      await shell(
        `find '${data}/chunks' -type f -exec cat {} + > '${written}' && rm -rf '${data}' && sync '${written}'`,
      )
      return { seconds: { [what]: seconds }, residentMb }
    },
    [
      {
        name: 'dd + fsync',
        run: async () => {
          const copy = join(folder, 'copy')
          const { seconds, residentMb } = await shell(`dd if='${written}' of='${copy}' bs=1M conv=fsync status=none`)
          await shell(`rm '${copy}'`)
          return { seconds: { [what]: seconds }, residentMb }
        },
      },
      {
        name: 'DuckDB appender',
        missing: missingLibrary('@duckdb/node-api'),
        run: async () => {
          const file = join(folder, 'load.duckdb')
          const { seconds, residentMb } = await runPeer('duckdb-load.ts', [file, rowsPerDay, DAYS, THREADS])
          await shell(`rm '${file}'`)
          return { seconds: { [what]: seconds.load }, residentMb }
        },
      },
    ],
    showRate(rowsPerDay * DAYS, 'rows'),
  )
  return rows
}
