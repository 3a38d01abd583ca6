/**
 * A table of very many partitions: what each command of backup and restore takes when there is nothing to do but to look, and how much memory.
 *
 *   npm run build && node bench/chunks.ts
 *   HOLDFAST_BENCH_CHUNKS=10000 HOLDFAST_BENCH_DIR=/mnt/disk node bench/chunks.ts
 *
 * Seconds are those inside the script, without start-up, except where the whole process is measured; time of processors and memory are of the whole process. The tiny files are made by appends over 10,000 partitions each.
 */
import { join } from 'node:path'
import { bin, type ProcessFigures, run, scratch, sizeOf, timed, timedScript } from './measure.ts'

const HASHES = 100
const DAYS_AT_ONCE = 100

const days = Math.ceil(sizeOf('HOLDFAST_BENCH_CHUNKS', 100_000) / HASHES)
const folder = scratch('chunks')
const data = join(folder, 'data')
const set = join(folder, 'set')
const restored = join(folder, 'restored')
const NOTHING_CHANGED = 'backupDB, nothing changed'
const LOGIN = 'login("admin", "123456")'

const build = `${LOGIN}
setClusterSetting("ts.append.small_rows", 0)
db = database("dfs://many", COMPO, [database("", VALUE, 0..${days - 1}), database("", HASH, [INT, ${HASHES}])])
pt = db.createPartitionedTable(table(1:0, ["day", "id", "v"], [INT, INT, DOUBLE]), "pt", ["day", "id"])
for(k in 0:${Math.ceil(days / DAYS_AT_ONCE)}) {
	first = k * ${DAYS_AT_ONCE}
	n = min(${DAYS_AT_ONCE}, ${days} - first) * ${HASHES}
	pt.append!(table(int(first + til(n) / ${HASHES}) as day, int(til(n) % ${HASHES}) as id, double(til(n)) as v))
}
print(exec count(*) from pt)`

let idle = 0
function report(what: string, { seconds, cpuSeconds, residentMb }: ProcessFigures): void {
  if (what === NOTHING_CHANGED) idle = seconds
  const figures = [seconds.toFixed(2).padStart(8), cpuSeconds.toFixed(2).padStart(8), residentMb.toFixed(0).padStart(6)]
  console.log(`${what.padEnd(58)} ${figures[0]} s ${figures[1]} s of processors ${figures[2]} MB`)
}

/** The script's own time. */
async function measure(what: string, body: string, where = data): Promise<void> {
  report(what, await timedScript(timed(body), where))
}

/** The time of the whole process. */
async function command(what: string, args: readonly string[]): Promise<string> {
  const figures = await run(process.execPath, [bin, ...args])
  report(what, figures)
  return figures.stdout
}

const found = await command(`made, one row a partition`, ['--data', data, '-e', build])
const chunks = Number(found.trim().split('\n').at(-1))
if (chunks !== days * HASHES) throw new Error(`${chunks} partitions were made instead of ${days * HASHES}`)
console.log(`${chunks} partitions`)

await command('start of a process that counts the rows, to its end', [
  '--data',
  data,
  '-e',
  `${LOGIN}\nprint(exec count(*) from loadTable("dfs://many", "pt"))`,
])
await measure('backupDB, everything new', `backupDB("${set}", "dfs://many")`)
await measure(NOTHING_CHANGED, `backupDB("${set}", "dfs://many")`)
await measure('backup(plan=true), nothing changed', `backup("${set}", "dfs://many", plan=true)`)
await measure(
  'backupDB, one partition changed',
  `loadTable("dfs://many", "pt").append!(table(1 as day, 1 as id, 0.5 as v))
backupDB("${set}", "dfs://many")`,
)
await measure('getBackupList', `getBackupList("${set}", "dfs://many", "pt")`)
await measure('getBackupMeta of one partition', `getBackupMeta("${set}", "dfs://many", "/1/Key1", "pt")`)
await measure('getBackupStatus', 'getBackupStatus()')
await measure('checkBackup', `checkBackup("${set}", "dfs://many")`)
await measure('checkBackup of one partition', `checkBackup("${set}", "dfs://many", "pt", "%/1/Key1%")`)
await measure('restore, nothing to do', `restore("${set}", "dfs://many", "pt", "%")`)
await measure('restore of one partition, force=true', `restore("${set}", "dfs://many", "pt", "%/1/Key1", true)`)
await measure('restoreDB into a new store', `restoreDB("${set}", "dfs://many")`, restored)
await measure('restoreDB again, nothing to do', `restoreDB("${set}", "dfs://many")`, restored)
await command('holdfast check', ['check', '--data', data])
await command('holdfast stats', ['stats', '--data', data])

console.log(`\nnothing changed: ${((idle * 1e6) / chunks).toFixed(1)} us a partition`)
