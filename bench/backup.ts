/** The main job: loading, backup, check, restore of one database, beside cp and cat of the same files; a scalar loop and the start beside CPython and Node. */
import { join } from 'node:path'
import { has, median, type ProcessFigures, type Row, root, run, scratch, shell, timed, timedScript } from './measure.ts'

const megabytes = Number(process.env.HOLDFAST_BENCH_MB ?? 2048)
const rounds = Number(process.env.HOLDFAST_BENCH_ROUNDS ?? 3)
const folder = scratch('bench')
const data = join(folder, 'data')
const set = join(folder, 'set')
const rowBytes = 8 + 4 + 8 * 4
const days = 20
const rowsPerDay = Math.round((megabytes * 1024 * 1024) / rowBytes / days)
const rows: Row[] = []

const create = `
login("admin", "123456")
db = database("dfs://bench", COMPO, [database("", VALUE, 2024.01.01..2024.12.31), database("", HASH, [SYMBOL, 5])])
model = table(1:0, \`time\`symbol\`price\`volume\`bid\`ask, [TIMESTAMP, SYMBOL, DOUBLE, DOUBLE, DOUBLE, DOUBLE])
db.createPartitionedTable(model, \`quotes, \`time\`symbol)
print(0)`

const load = (from: number, count: number): string => `
login("admin", "123456")
n = ${rowsPerDay}
pt = loadTable("dfs://bench", "quotes")
elapsed = 0l
symbols = symbol(take(string(1..500), n))
for(day in 2024.01.01 + ${from}..${from + count - 1}){
	t = table(timestamp(day) + 0..(n - 1) % 86400000 as time, symbols as symbol, rand(100.0, n) as price, rand(1000.0, n) as volume, rand(100.0, n) as bid, rand(100.0, n) as ask)
	started = now(true)
	pt.append!(t)
	elapsed += now(true) - started
}
print(elapsed / 1000000.0)`

const seconds = (n: number): string => (n < 1 ? `${(n * 1000).toFixed(0)} ms` : `${n.toFixed(2)} s`)
const memory = (figures: readonly ProcessFigures[]): string =>
  `${Math.max(...figures.map((f) => f.residentMb)).toFixed(0)} MB`

/** Ours and the peer in turn, so that both meet the same disk. */
async function compare(
  what: string,
  ours: (round: number) => Promise<ProcessFigures>,
  peerName: string,
  peer: (round: number) => Promise<ProcessFigures>,
): Promise<void> {
  const mine: ProcessFigures[] = []
  const theirs: ProcessFigures[] = []
  for (let round = 0; round < rounds; round++) {
    mine.push(await ours(round))
    theirs.push(await peer(round))
  }
  const a = median(mine.map((f) => f.seconds))
  const b = median(theirs.map((f) => f.seconds))
  const ratio = median(mine.map((f, k) => theirs[k].seconds / f.seconds))
  rows.push({
    what,
    ours: seconds(a),
    peer: `${peerName} ${seconds(b)}`,
    ratio: ratio.toFixed(2),
    memory: memory(mine),
  })
  console.error(`${what}: ${seconds(a)}, ${peerName} ${seconds(b)}, ratio ${ratio.toFixed(2)}`)
}

const megabyteText = `${megabytes} MB`
/**
 * Removes a target and brings the memory that the next copy will fill into the same state for all: on a virtual machine, memory that was free for some seconds may
 * have gone back to the host, and the first write to it costs three times as much.
 */
async function clear(target: string): Promise<void> {
  await shell(`rm -rf '${target}' && sync`)
  await warmMemory()
}

async function warmMemory(): Promise<void> {
  const filler = join(folder, 'filler')
  await shell(`dd if=/dev/zero of='${filler}' bs=128k count=${megabytes * 9} 2>/dev/null; rm -f '${filler}'; sync`)
}

/** What is read next comes from the disk: the kernel gives up its copies of these files. */
async function forget(files: string): Promise<void> {
  await warmMemory()
  await shell(`find '${files}' -type f -exec dd of={} oflag=nocache conv=notrunc,fdatasync count=0 status=none ';'`)
}

const copyAndSync = (from: string, to: string): Promise<ProcessFigures> =>
  clear(to).then(() => shell(`cp -r '${from}' '${to}' && sync`))

export async function benchBackup(): Promise<readonly Row[]> {
  await timedScript(create, data)
  const chunks = join(data, 'chunks')

  let loadedDays = 0
  const loads: ProcessFigures[] = []
  const share = days / 4
  for (; loadedDays < days; loadedDays += share) loads.push(await timedScript(load(loadedDays, share), data))
  const loadSeconds = loads.reduce((n, f) => n + f.seconds, 0)
  const writeSame = await copyAndSync(chunks, join(folder, 'copy'))
  rows.push({
    what: `load ${megabyteText}`,
    ours: `${((rowsPerDay * days) / loadSeconds / 1e6).toFixed(2)} M rows/s, ${(megabytes / loadSeconds).toFixed(0)} MB/s`,
    peer: `cp -r of the files ${(megabytes / writeSame.seconds).toFixed(0)} MB/s`,
    ratio: (writeSame.seconds / loadSeconds).toFixed(2),
    memory: memory(loads),
  })

  await compare(
    `backupDB ${megabyteText}`,
    async () => {
      await clear(set)
      return timedScript(timed(`backupDB("${set}", "dfs://bench")`), data)
    },
    'cp -r + sync',
    () => copyAndSync(chunks, join(folder, 'copy')),
  )
  await compare(
    'backupDB, nothing changed',
    () => timedScript(timed(`backupDB("${set}", "dfs://bench")`), data),
    'cp -r + sync',
    () => copyAndSync(chunks, join(folder, 'copy')),
  )
  const check = (): Promise<ProcessFigures> => timedScript(timed(`checkBackup("${set}", "dfs://bench")`), data)
  const cat = (): Promise<ProcessFigures> => shell(`find '${set}/data' -type f -exec cat {} + > /dev/null`)
  await compare(
    `checkBackup ${megabyteText}, from the disk`,
    () => forget(`${set}/data`).then(check),
    'cat of the files',
    () => forget(`${set}/data`).then(cat),
  )
  await cat()
  await compare(`checkBackup ${megabyteText}, files in memory`, check, 'cat of the files', cat)
  await compare(
    `restoreDB ${megabyteText}`,
    async (round) => {
      const target = join(folder, `restored${round}`)
      await clear(target)
      const figures = await timedScript(timed(`restoreDB("${set}", "dfs://bench")`), target)
      await shell(`rm -rf '${target}' && sync`)
      return figures
    },
    'cp -r + sync',
    () => copyAndSync(join(set, 'data'), join(folder, 'copy')),
  )

  const loop = 's = 0\nfor(i in 0:3000000){ s += i % 7 }'
  if (has('python3'))
    await compare(
      'scalar loop, 3 million turns',
      () => timedScript(timed(loop), data),
      'CPython',
      async () => {
        const code = `import time\ndef f():\n  s=0\n  for i in range(3000000): s+=i%7\n  return s\nt=time.perf_counter()\nf()\nprint((time.perf_counter()-t)*1000)`
        const figures = await run('python3', ['-c', code])
        return { ...figures, seconds: Number(figures.stdout) / 1000 }
      },
    )

  await compare(
    "start-up, holdfast -e '1+1'",
    () => run(process.execPath, [join(root, 'bin/holdfast.js'), '-e', '1+1']),
    'node -e 0',
    () => run(process.execPath, ['-e', '0']),
  )
  return rows
}
