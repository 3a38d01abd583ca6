/** The data: a table with a partition a day, whose columns compress about as quotes do, and an append to one of them. */
import { bin, run } from '../measure.ts'
import { chunks, data, megabytes, partitions, type Source } from './tool.ts'

export const DB = 'dfs://bench'
const ROW_BYTES = 8 + 4 + 8 * 4
const rowsPerDay = Math.max(20, Math.round((megabytes * 1048576) / ROW_BYTES / partitions))

// Symbols and steps of time are drawn for each day: equal columns in many files would be one for a tool that looks for equal pieces.
const rowsOf = (rows: number): string => `
names = symbol("S" + string(1..500))
def quotes(day, names){
	n = ${rows}
	cents = 1 + rand(10000, n)
	return table(timestamp(day) + cumsum(rand(2, n)) as time, names[rand(500, n)] as symbol, cents \\ 100.0 as price, long(rand(1000, n)) as volume, (cents - 1) \\ 100.0 as bid, (cents + 1) \\ 100.0 as ask)
}`

const login = 'login("admin", "123456")'

/** Appends go to segment files at once: tools that copy files do not see rows that wait in the log. */
async function makeStore(): Promise<void> {
  await run(process.execPath, [
    bin,
    '--data',
    data,
    '-e',
    `${login}
setClusterSetting("ts.append.small_rows", 0)
db = database("${DB}", VALUE, 2024.01.01 + 0..${partitions - 1})
pt = db.createPartitionedTable(table(1:0, \`time\`symbol\`price\`volume\`bid\`ask, [TIMESTAMP, SYMBOL, DOUBLE, LONG, DOUBLE, DOUBLE]), \`quotes, \`time)
${rowsOf(rowsPerDay)}
for(day in 2024.01.01 + 0..${partitions - 1}) pt.append!(quotes(day, names))`,
  ])
}

/** A tenth more rows in one partition. */
async function changeOnePartition(round: number): Promise<void> {
  const rows = Math.ceil(rowsPerDay / 10)
  await run(process.execPath, [
    bin,
    '--data',
    data,
    '-e',
    `${login}\n${rowsOf(rows)}\nloadTable("${DB}", "quotes").append!(quotes(2024.01.01 + ${(round * 7) % partitions}, names))`,
  ])
}

export const store: Source = {
  files: chunks,
  make: makeStore,
  change: changeOnePartition,
  // No process stays.
  stop: async () => {},
}

/** All rows as one CSV file in a folder. */
export async function exportRows(folder: string): Promise<void> {
  await run(process.execPath, [
    bin,
    '--data',
    data,
    '-e',
    `${login}\nEXPORT INTO CSV "${folder}" FROM TABLE "${DB}".quotes WITH data_only, chunk_rows = "0"`,
  ])
}

/** What tells that two stores have the same rows. */
export async function fingerprint(directory: string): Promise<string> {
  const select = `r = select count(*) as n, sum(volume) as v, sum(price * volume) as p, max(time) as t from loadTable("${DB}", "quotes")`
  const print = 'print(string(r.n[0]) + " " + string(r.v[0]) + " " + string(r.p[0]) + " " + string(r.t[0]))'
  const { stdout } = await run(process.execPath, [bin, '--data', directory, '-e', `${login}\n${select}\n${print}`])
  return stdout.trim().split('\n').at(-1)!
}

export async function sameRows(directory: string): Promise<void> {
  const [wanted, found] = [await fingerprint(data), await fingerprint(directory)]
  if (wanted !== found) throw new Error(`The restored store has other rows: ${found} instead of ${wanted}`)
}
