/**
 * Peak resident memory of the heavy stories (VmHWM of the whole process).
 *
 *   npm run bench:memory
 *   HOLDFAST_BENCH_ROWS=4000000 npm run bench:memory
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root, run } from './measure.ts'

const tableRows = Number(process.env.HOLDFAST_BENCH_ROWS ?? 40_000_000)
const folder = mkdtempSync(join(process.env.HOLDFAST_BENCH_DIR ?? tmpdir(), 'holdfast-memory-'))
const rowBytes = 8 + 4 + 4 + 4 + 4

const table = `
n = ${tableRows}
symbols = symbol(string(1..500))
tmp = table(timestamp(2024.01.01) + 0..(n - 1) % 86400000 as time, take(symbols, n) as symbol, take(1.5f 2.5f, n) as price, take(1.5f 2.5f, n) as volume, take(1 2 3, n) as side)
undef(\`symbols)`

const stories: Record<string, string> = {
  [`a table of ${tableRows} rows, alone`]: `${table}\nprint(tmp.size())`,
  'passed to 300 queued jobs': `${table}
login("admin", "123456")
def work(t, k){ return t.size() + k }
ids = array(STRING, 0)
for(k in 0:300) ids.append!(submitJob("work" + k, "look at the table", work, tmp, k))
total = 0l
for(id in ids) total += getJobReturn(id, true)
print(total)`,
  'appended to a partitioned table in one call': `${table}
login("admin", "123456")
db = database("dfs://memory", COMPO, [database("", VALUE, 2024.01.01..2024.12.31), database("", HASH, [SYMBOL, 5])])
pt = db.createPartitionedTable(tmp, "t", \`time\`symbol)
started = now()
pt.append!(tmp)
print("append took " + string(now() - started) + " ms")
print(exec count(*) from pt)`,
  'a loop that makes and drops 200 vectors of 80 MB': `for(k in 0:200){ v = rand(1.0, 10000000) }\nprint(v.size())`,
  'the same in a background job': `
login("admin", "123456")
def loop_(){ for(k in 0:200){ v = rand(1.0, 10000000) }
	return v.size() }
print(getJobReturn(submitJob("loop", "vectors", loop_), true))`,
}

try {
  let k = 0
  console.log(`column bytes of the table: ${((tableRows * rowBytes) / 1048576).toFixed(0)} MB`)
  for (const [what, script] of Object.entries(stories)) {
    const figures = await run(process.execPath, [
      join(root, 'bin/holdfast.js'),
      '--data',
      join(folder, `data${k++}`),
      '-e',
      script,
    ])
    console.log(
      `${what}: peak RSS ${figures.residentMb.toFixed(0)} MB, ${figures.seconds.toFixed(1)} s; ${figures.stdout.trim().split('\n').join('; ')}`,
    )
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
