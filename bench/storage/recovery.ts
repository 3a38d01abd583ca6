/**
 * Recovery: the time in which a store that was killed opens, logs in and counts its rows. One log is full of appends of one row, beside SQLite with as many
 * rows in its WAL; another is full of bulk appends, whose segments are read and checked, beside cat of the same files.
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { type Contestant, contest, type Figures, showTime } from '../contest.ts'
import { bin, type Row, run, scratch, shell, sizeOf, timedScript } from '../measure.ts'
import { runPeer } from '../peers.ts'

const BULK_ROWS = 20_000
/** Nothing but the log keeps the rows. */
const NO_CHECKPOINTS = {
  HOLDFAST_CHECKPOINT_INTERVAL: '1d',
  HOLDFAST_MAX_WAL_SIZE: '1TiB',
  HOLDFAST_DELTA_MAX_SIZE: '1TiB',
  HOLDFAST_DELTA_CHUNK_ROWS: '1000000000',
  HOLDFAST_DELTA_CHUNK_SIZE: '64GiB',
  HOLDFAST_COMPACTION_ENABLED: 'false',
}
const READY = 'everything is written'

const tableOf = `
login("admin", "123456")
db = database("dfs://log", VALUE, 2024.01.01..2024.01.10)
pt = db.createPartitionedTable(table(1:0, \`time\`symbol\`price\`volume, [TIMESTAMP, SYMBOL, DOUBLE, LONG]), \`quotes, \`time)`

const smallAppends = (count: number): string => `${tableOf}
for(k in 0:${count}) pt.append!(table([timestamp(2024.01.01) + k % 86400000] as time, ["S1"] as symbol, [100.0 + k % 50] as price, [k] as volume))`

const bulkAppends = (count: number): string => `${tableOf}
n = ${BULK_ROWS}
t = table(timestamp(2024.01.01 + 0..(n - 1) % 5) as time, symbol(take("S" + string(0..99), n)) as symbol, rand(100.0, n) as price, long(0..(n - 1)) as volume)
for(k in 0:${count}) pt.append!(t)`

/** Writes, and is killed when it is done. */
function killed(script: string, data: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const whole = `${script}\nprint("${READY}")\nsleep(600000)`
    const child = spawn(process.execPath, [bin, '--data', data, '-e', whole], {
      env: { ...process.env, ...NO_CHECKPOINTS },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let isReady = false
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (!text.includes(READY)) return
      isReady = true
      child.kill('SIGKILL')
    })
    child.on('error', reject)
    child.on('close', () => (isReady ? resolve() : reject(new Error('The writer of the log ended too early.'))))
  })
}

const countRows = (rows: number): string => `
started = now(true)
login("admin", "123456")
n = exec count(*) from loadTable("dfs://log", "quotes")
ended = now(true)
if(n != ${rows}) throw "rows are missing: " + string(n)
print(long(ended - started) / 1000000.0)`

/** Recovers a copy of what the killed process left. */
const recovery =
  (what: string, data: string, rows: number): Contestant =>
  async (): Promise<Figures> => {
    const copy = `${data}-copy`
    await shell(`rm -rf '${copy}' && cp -r '${data}' '${copy}'`)
    const { seconds, residentMb } = await timedScript(countRows(rows), copy)
    await shell(`rm -rf '${copy}'`)
    return { seconds: { [what]: seconds }, residentMb }
  }

async function sizeMb(folder: string): Promise<number> {
  return Number((await run('du', ['-sb', folder])).stdout.split('\t')[0]) / 1048576
}

const showRecovery =
  (megabytes: number, rows: number) =>
  (seconds: number): string =>
    `${showTime(seconds)}, ${(megabytes / seconds).toFixed(0)} MB/s, ${(rows / seconds / 1e6).toFixed(2)} M rows/s`

export async function benchRecovery(): Promise<readonly Row[]> {
  const rounds = sizeOf('HOLDFAST_BENCH_ROUNDS', 3)
  const folder = scratch('recovery')
  const small = sizeOf('HOLDFAST_BENCH_SMALL_APPENDS', 50_000)
  const smallData = join(folder, 'small')
  await killed(smallAppends(small), smallData)
  const logMb = await sizeMb(join(smallData, 'wal'))
  const smallWhat = `recovery, ${logMb.toFixed(0)} MB of log, ${small} appends of 1 row`
  const sqlite: Contestant = async () => {
    const { seconds, residentMb } = await runPeer('sqlite-recovery.ts', [join(folder, 'killed.sqlite'), small])
    await shell(`rm -f '${folder}'/killed.sqlite*`)
    return { seconds: { [smallWhat]: seconds.open }, residentMb }
  }
  const rows = await contest(
    rounds,
    recovery(smallWhat, smallData, small),
    [{ name: 'SQLite WAL', run: sqlite }],
    showRecovery(logMb, small),
  )

  const bulk = sizeOf('HOLDFAST_BENCH_BULK_APPENDS', 200)
  const bulkData = join(folder, 'bulk')
  await killed(bulkAppends(bulk), bulkData)
  const chunks = join(bulkData, 'chunks')
  const bulkMb = await sizeMb(chunks)
  const bulkWhat = `recovery, ${bulk} appends of ${BULK_ROWS} rows, ${bulkMb.toFixed(0)} MB of segments`
  const cat: Contestant = async () => {
    const { seconds, residentMb } = await shell(`find '${chunks}' -type f -exec cat {} + > /dev/null`)
    return { seconds: { [bulkWhat]: seconds }, residentMb }
  }
  return [
    ...rows,
    ...(await contest(
      rounds,
      recovery(bulkWhat, bulkData, bulk * BULK_ROWS),
      [{ name: 'cat of the files', run: cat }],
      showRecovery(bulkMb, bulk * BULK_ROWS),
    )),
  ]
}
