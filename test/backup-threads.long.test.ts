/**
 * Backups whose files helper threads copy, from outside: killed, interrupted by Ctrl-C, cancelled as a job. A database of 100 files is enough for the helpers to
 * be called. The random runs are in kill.long.test.ts.
 */
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { holdfast, type Outcome, scratch, script } from './harness.ts'

const login = 'login("admin", "123456")\n'
const build = `${login}
db = database("dfs://db", COMPO, [database("", VALUE, 2024.01.01..2024.01.20), database("", HASH, [SYMBOL, 5])])
t = table(1:0, \`time\`symbol\`price\`volume, [TIMESTAMP, SYMBOL, DOUBLE, LONG])
db.createPartitionedTable(t, \`quotes, \`time\`symbol)
n = 400000
loadTable("dfs://db", "quotes").append!(table(timestamp(2024.01.01) + rand(20l * 86400000, n) as time, symbol(take(string(1..50), n)) as symbol, rand(100.0, n) as price, rand(1000l, n) as volume))
print(exec count(*) from loadTable("dfs://db", "quotes"))`
const sum = 'print(exec sum(volume) from loadTable("dfs://db", "quotes"))'

/** Runs the script and signals its process after a while, unless it ended before. */
const signalled = (text: string, data: string, signal: NodeJS.Signals, afterMs: number): Promise<Outcome> =>
  holdfast(['-e', text], {
    data,
    onStart: (child) => {
      const timer = setTimeout(() => child.kill(signal), afterMs)
      child.on('close', () => clearTimeout(timer))
    },
  })

describe('a backup of many files', () => {
  const folder = scratch('backup-threads')
  const data = join(folder, 'data')
  const set = join(folder, 'set')
  let live = ''
  /** What a forced backup takes as a whole process. */
  let wholeMs = 0

  beforeAll(async () => {
    await script(build, { data })
    live = await script(login + sum, { data })
    expect(await script(`${login}print(backupDB("${set}", "dfs://db"))`, { data })).toBe('100')
    const started = performance.now()
    await script(`${login}print(backup("${set}", "dfs://db", true))`, { data })
    wholeMs = performance.now() - started
  })

  const soundAndWhole = async (): Promise<void> => {
    expect(await script(`${login}print(checkBackup("${set}", "dfs://db").size())`, { data })).toBe('0')
    await script(`${login}print(backupDB("${set}", "dfs://db"))`, { data })
    const elsewhere = join(folder, `restored-${performance.now()}`)
    expect(await script(`${login}restoreDB("${set}", "dfs://db")\n${sum}`, { data: elsewhere })).toBe(live)
  }

  for (const [name, signal] of [
    ['killed', 'SIGKILL'],
    ['interrupted by Ctrl-C', 'SIGINT'],
  ] as const)
    it(`leaves the set whole when it is ${name}, and the next one goes on`, async () => {
      const outcome = await signalled(`${login}print(backup("${set}", "dfs://db", true))`, data, signal, wholeMs * 0.7)
      // A process that aborts would show it: threads that end in the wrong order can make it.
      expect(['SIGKILL', null]).toContain(outcome.signal)
      expect(outcome.stderr).not.toMatch(/Fatal|Internal error/)
      await soundAndWhole()
    })

  it('can be cancelled as a job, and another one starts at once', async () => {
    const text = `${login}
id = submitJob("again", "backup", backup{"${set}", "dfs://db", true})
sleep(60)
cancelJob(id)
do { sleep(10) } while(getJobStatus(id).endTime[0].isNull())
print(backup("${set}", "dfs://db", true))`
    expect((await script(text, { data })).split('\n').at(-1)).toBe('100')
    await soundAndWhole()
  })
})
