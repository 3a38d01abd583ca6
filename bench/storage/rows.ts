/**
 * Rows inserted one by one, each durable before the next: level 1 (on the disk) beside SQLite with synchronous FULL, level 2 (with the operating system)
 * beside OFF. 8 sessions are 8 background jobs of one process, and 8 threads with a connection each for SQLite.
 */
import { join } from 'node:path'
import { type Contestant, contest, showRate } from '../contest.ts'
import { bin, type Row, run, scratch, shell, sizeOf } from '../measure.ts'
import { runPeer } from '../peers.ts'

const SESSIONS = sizeOf('HOLDFAST_BENCH_SESSIONS', 8)
/** All begin at one moment, when the threads have started. */
const START_MS = sizeOf('HOLDFAST_BENCH_START_MS', 2500)

const prelude = `
login("admin", "123456")
db = database("dfs://rows", VALUE, 2024.01.01..2024.01.10)
db.createPartitionedTable(table(1:0, \`time\`symbol\`price\`volume, [TIMESTAMP, SYMBOL, DOUBLE, LONG]), \`quotes, \`time)
def feed(first, rows, at){
	pt = loadTable("dfs://rows", "quotes")
	pt.append!(table([timestamp(2024.01.01)] as time, ["S1"] as symbol, [1.5] as price, [0] as volume))
	wait = long(at - now())
	if(wait > 0) sleep(wait)
	started = now(true)
	for(k in 0:rows) pt.append!(table([timestamp(2024.01.01) + k % 86400000] as time, ["S1"] as symbol, [100.0 + k % 50] as price, [first + k] as volume))
	return [long(started), long(now(true))]
}
def rowsIn(){ return exec count(*) from loadTable("dfs://rows", "quotes") }`

const alone = (rows: number): string => `${prelude}
t = feed(0, ${rows}, now())
if(rowsIn() != ${rows + 1}) throw "rows are missing"
print((t[1] - t[0]) / 1000000.0)`

const together = (rows: number): string => `${prelude}
at = now() + ${START_MS}
ids = array(STRING, 0)
for(k in 0:${SESSIONS}) ids.append!(submitJob("feed" + k, "rows one by one", feed, k * ${rows}, ${rows}, at))
first = 9223372036854775807l
last = 0l
for(id in ids){
	t = getJobReturn(id, true)
	first = min(first, t[0])
	last = max(last, t[1])
}
if(rowsIn() != ${SESSIONS * (rows + 1)}) throw "rows are missing"
print((last - first) / 1000000.0)`

export async function benchRows(): Promise<readonly Row[]> {
  const rounds = sizeOf('HOLDFAST_BENCH_ROUNDS', 3)
  const folder = scratch('rows')
  const table: Row[] = []
  for (const { level, synchronous, count } of [
    { level: 1, synchronous: 'FULL', count: sizeOf('HOLDFAST_BENCH_SYNCED_ROWS', 1000) },
    { level: 2, synchronous: 'OFF', count: sizeOf('HOLDFAST_BENCH_FLUSHED_ROWS', 20_000) },
  ])
    for (const sessions of [1, SESSIONS]) {
      const each = Math.ceil(count / sessions)
      const what = `rows one by one, level ${level}, ${sessions} session${sessions === 1 ? '' : 's'}`
      const ours: Contestant = async () => {
        const data = join(folder, 'data')
        const script = sessions === 1 ? alone(each) : together(each)
        const args = [bin, '--data', data, '--workers', `${SESSIONS}`, '-e', script]
        const { stdout, residentMb } = await run(process.execPath, args, { HOLDFAST_WAL_LEVEL: `${level}` })
        await shell(`rm -rf '${data}'`)
        return { seconds: { [what]: Number(stdout.trim().split('\n').at(-1)) / 1000 }, residentMb }
      }
      const sqlite: Contestant = async () => {
        const file = join(folder, 'rows.sqlite')
        const { seconds, residentMb } = await runPeer('sqlite-rows.ts', [file, synchronous, sessions, each])
        await shell(`rm -f '${file}' '${file}-wal' '${file}-shm'`)
        return { seconds: { [what]: seconds.insert }, residentMb }
      }
      const name = `SQLite WAL, ${synchronous}${sessions === 1 ? '' : `, ${sessions} threads`}`
      table.push(...(await contest(rounds, ours, [{ name, run: sqlite }], showRate(each * sessions, 'rows'))))
    }
  return table
}
