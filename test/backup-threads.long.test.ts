/**
 * Backups whose files helper threads copy or compress, from outside: killed, interrupted by Ctrl-C, cancelled as a job. A database of 100 files is enough for the helpers to
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

/** Runs a command and signals its process after a while, unless it ended before. */
const signalledCommand = (args: readonly string[], signal: NodeJS.Signals, afterMs: number, data?: string) =>
  holdfast(args, {
    ...(data === undefined ? {} : { data }),
    onStart: (child) => {
      const timer = setTimeout(() => child.kill(signal), afterMs)
      child.on('close', () => clearTimeout(timer))
    },
  })

const signalled = (text: string, data: string, signal: NodeJS.Signals, afterMs: number): Promise<Outcome> =>
  signalledCommand(['-e', text], signal, afterMs, data)

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

describe('a compressed backup of the node of many files', () => {
  const folder = scratch('backup-threads-zstd')
  const data = join(folder, 'data')
  let live = ''
  let backupMs = 0
  let restoreMs = 0
  const timed = async (args: readonly string[]): Promise<number> => {
    const started = performance.now()
    expect(await holdfast(args)).toMatchObject({ code: 0 })
    return performance.now() - started
  }

  beforeAll(async () => {
    await script(build, { data })
    live = await script(login + sum, { data })
    backupMs = await timed(['backup', join(folder, 'timed'), '--compress', '--data', data])
    restoreMs = await timed(['restore', join(folder, 'timed'), '--data', join(folder, 'timed-restore')])
    expect(await script(login + sum, { data: join(folder, 'timed-restore') })).toBe(live)
  })

  for (const signal of ['SIGKILL', 'SIGINT'] as const)
    it(`is completed by the next one after ${signal} at any time, and restores`, async () => {
      for (const share of [0.5, 0.6, 0.7, 0.8, 0.9]) {
        const set = join(folder, `${signal}-${share}`)
        const backup = ['backup', set, '--compress', '--data', data]
        const outcome = await signalledCommand(backup, signal, backupMs * share)
        expect(outcome.stderr).not.toMatch(/Fatal|Internal error/)
        expect(await holdfast(backup)).toMatchObject({ code: 0 })
        expect(await holdfast(['verify-backup', set])).toMatchObject({ code: 0 })
        const to = join(folder, `${signal}-${share}-restored`)
        expect(await holdfast(['restore', set, '--data', to])).toMatchObject({ code: 0 })
        expect(await script(login + sum, { data: to })).toBe(live)
      }
    })

  it('leaves a directory that is refused, or whole, when its restore is killed at any time', async () => {
    for (const share of [0.4, 0.6, 0.8, 0.95]) {
      const to = join(folder, `half-${share}`)
      await signalledCommand(['restore', join(folder, 'timed'), '--data', to], 'SIGKILL', restoreMs * share)
      const start = await holdfast(['-e', login + sum], { data: to })
      const isNew = /does not exist/.test(start.stderr)
      const isRefused = start.stderr.includes('holds a restore that was cut off')
      expect(isNew || isRefused || start.stdout.trim() === live, `${start.stdout}${start.stderr}`).toBe(true)
    }
  })
})
