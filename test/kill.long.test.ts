/**
 * kill -9 at random moments of backupDB and of restoreDB. After each: the store opens, the set's previous state checks clean, the next run
 * resumes, and digests of all rows match. 100 kills each in the long run, a few in the gate (HOLDFAST_LONG=small).
 */
import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { holdfast, type Outcome, random, scratch, script } from './harness.ts'
import { FIRST_SEED as seed } from './seed.ts'

const kills = process.env.HOLDFAST_LONG === 'small' ? 8 : 100

const build = `
login("admin", "123456")
db = database("dfs://db", COMPO, [database("", VALUE, 2024.01.01..2024.12.31), database("", HASH, [SYMBOL, 5])])
t = table(1:0, \`time\`symbol\`price\`volume, [TIMESTAMP, SYMBOL, DOUBLE, LONG])
db.createPartitionedTable(t, \`quotes, \`time\`symbol)
db.createPartitionedTable(t, \`trades, \`time\`symbol)
n = 200000
for(name in \`quotes\`trades){
	time = timestamp(2024.01.01) + rand(10l * 86400000, n)
	loadTable("dfs://db", name).append!(table(time, symbol(take(string(1..50), n)) as symbol, rand(100.0, n) as price, rand(1000l, n) as volume))
}
print(exec sum(volume) from loadTable("dfs://db", "quotes"))`

/** Of all rows and columns of both tables; a double is taken to its last bit. */
const digest = `def digest(name){
	rows = select * from loadTable("dfs://db", name)
	return string(rows.size()) + " " + md5(concat(string(rows.time) + "," + string(rows.symbol) + "," + string(long(rows.price * 70368744177664.0)) + "," + string(rows.volume), ";"))
}
print(digest("quotes") + " " + digest("trades"))`

/** Runs the script and kills its process after `delayMs` unless it ended before. */
async function killed(text: string, data: string, delayMs: number): Promise<Outcome> {
  return holdfast(['-e', text], {
    data,
    onStart: (child) => {
      const timer = setTimeout(() => child.kill('SIGKILL'), delayMs)
      child.on('close', () => clearTimeout(timer))
    },
  })
}

async function durationMs(text: string, data: string): Promise<number> {
  const start = performance.now()
  await script(text, { data })
  return performance.now() - start
}

describe(`kill -9, seed ${seed}`, () => {
  it(`leaves a backup set no worse, ${kills} times`, async () => {
    const next = random(seed)
    const folder = scratch('kill-backup')
    const data = join(folder, 'data')
    const set = join(folder, 'set')
    const log = join(folder, 'kills.log')
    mkdirSync(folder, { recursive: true })
    await script(build, { data })
    const login = 'login("admin", "123456")\n'
    const backup = `${login}print(backupDB("${set}", "dfs://db"))`
    // Each round changes a few partitions, so that there is a previous state to keep and something to copy.
    const change = (round: number): string =>
      `${login}n = 2000\nloadTable("dfs://db", "quotes").append!(table(timestamp(2024.01.01 + ${round % 10}) + rand(86400000l, n), symbol(take(string(1..50), n)) as symbol, rand(100.0, n) as price, rand(1000l, n) as volume))\nprint(1)`
    await script(backup, { data })
    // What a run takes to its end, by kind: the newest that was seen, because a busy machine changes its mind.
    const endedMs = { forced: 0, incremental: 0 }
    const forced = `${login}print(backup("${set}", "dfs://db", true))`
    endedMs.forced = await durationMs(forced, data)
    await script(change(0), { data })
    endedMs.incremental = await durationMs(backup, data)
    let interrupted = 0
    for (let round = 0; round < kills; round++) {
      await script(change(round), { data })
      const kind = round % 2 === 0 ? 'forced' : 'incremental'
      const delay = endedMs[kind] * (0.35 + next() * 0.65)
      const started = performance.now()
      const outcome = await killed(kind === 'forced' ? forced : backup, data, delay)
      if (outcome.signal === 'SIGKILL') interrupted++
      else endedMs[kind] = performance.now() - started
      appendFileSync(log, `${round} ${delay.toFixed(0)} ms ${outcome.signal ?? outcome.code}\n`)
      expect(await script(`${login}print(checkBackup("${set}", "dfs://db").size())`, { data })).toBe('0')
      await script(backup, { data })
      const live = await script(`${login}${digest}`, { data })
      if (round % 10 === 9 || round === kills - 1) {
        const elsewhere = join(folder, `restored-${round}`)
        expect(await script(`${login}restoreDB("${set}", "dfs://db")\n${digest}`, { data: elsewhere })).toBe(live)
      }
    }
    console.log(`backup: ${interrupted} of ${kills} runs were killed before they ended`)
    expect(interrupted).toBeGreaterThan(0)
  })

  it(`leaves a table as before or as after a restore, ${kills} times`, async () => {
    const next = random(seed + 1)
    const folder = scratch('kill-restore')
    const data = join(folder, 'data')
    const set = join(folder, 'set')
    await script(build, { data })
    const login = 'login("admin", "123456")\n'
    await script(`${login}backupDB("${set}", "dfs://db")\nprint(1)`, { data })
    const whole = await script(`${login}${digest}`, { data })
    const target = join(folder, 'target')
    const restore = `${login}restoreDB("${set}", "dfs://db")\n${digest}`
    const total = await durationMs(restore, target)
    const perTable = (name: string): string =>
      `print(iif(existsTable("dfs://db", "${name}"), 1, 0))\nif(existsTable("dfs://db", "${name}")) print(exec count(*) from loadTable("dfs://db", "${name}"))`
    let interrupted = 0
    for (let round = 0; round < kills; round++) {
      await script(`${login}truncate("dfs://db", "quotes")\ntruncate("dfs://db", "trades")\nprint(1)`, { data: target })
      const outcome = await killed(restore, target, total * (0.3 + next() * 0.8))
      if (outcome.signal === 'SIGKILL') interrupted++
      for (const name of ['quotes', 'trades']) {
        const rows = (await script(`${login}${perTable(name)}`, { data: target })).split('\n').at(-1)
        expect(['0', '200000']).toContain(rows)
      }
      expect(await script(restore, { data: target })).toBe(whole)
    }
    console.log(`restore: ${interrupted} of ${kills} runs were killed before they ended`)
    expect(interrupted).toBeGreaterThan(0)
  })
})
