/** Encrypted backups of several states from outside: made by jobs and helper threads, killed, read by other processes. */
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { holdfast, scratch, script } from './harness.ts'

const login = 'login("admin", "123456")\n'
const columns = '`time`symbol`price`volume'
const build = `${login}
db = database("dfs://db", COMPO, [database("", VALUE, 2024.01.01..2024.01.10), database("", HASH, [SYMBOL, 5])])
t = table(1:0, ${columns}, [TIMESTAMP, SYMBOL, DOUBLE, LONG])
db.createPartitionedTable(t, \`quotes, \`time\`symbol)
db.createPartitionedTable(t, \`trades, \`time\`symbol)`
const append = (table: string, rows: number): string => `${login}
n = ${rows}
loadTable("dfs://db", "${table}").append!(table(timestamp(2024.01.01) + rand(10l * 86400000, n) as time, symbol(take(string(1..50), n)) as symbol, rand(100.0, n) as price, rand(1000l, n) as volume))`
const sum = (db = 'dfs://db'): string => `print(exec sum(volume) from loadTable("${db}", "quotes"))`

describe('encrypted backups of several states', () => {
  const folder = scratch('backup-states')
  const data = join(folder, 'data')
  const set = join(folder, 'set')
  const key = join(folder, 'key')
  const args = `"${set}", "dfs://db", keyPath="${key}"`
  const sums: string[] = []

  beforeAll(async () => {
    writeFileSync(key, `holdfast-key-1\n${randomBytes(32).toString('hex')}\n`, { mode: 0o600 })
    await script(build, { data })
    await script(`${append('trades', 5_000)}\n${append('quotes', 60_000)}`, { data })
    sums.push(await script(login + sum(), { data }))
  })

  it('are told of in the log of their job, table by table', async () => {
    const job = (id: string): string =>
      `${login}id = submitJob("${id}", "evening", backupDB, "${set}", "dfs://db", "${key}", 3)
print(getJobReturn(id, true))
print(getJobMessage(id))`
    const first = await script(job('first'), { data })
    expect(first.split('\n')[0]).toBe('100')
    expect(first).toMatch(/ dfs:\/\/db\/quotes: 50 partitions copied \([1-9][0-9]* bytes\), 0 unchanged, 0 removed\n/)
    expect(first).toMatch(/ dfs:\/\/db\/trades: 50 partitions copied \([1-9][0-9]* bytes\), 0 unchanged, 0 removed\n/)
    await script(append('quotes', 2_000), { data })
    sums.push(await script(login + sum(), { data }))
    const second = await script(job('second'), { data })
    expect(second).toMatch(/ dfs:\/\/db\/trades: 0 partitions copied \(0 bytes\), 50 unchanged, 0 removed\n/)
    expect(second).toMatch(/set: state [0-9TZ]+-[0-9a-f]{6} is complete; 2 states stay, 0 dropped\n/)
    expect(readFileSync(join(data, 'batchJobs', 'second.msg'), 'utf8')).toContain('2 states stay')
    expect(await script(`${login}print(exec completed from getBackupStatus())`, { data })).toBe('[1,1,1,1]')
  })

  it('are whole after a kill, and the next call goes on', async () => {
    await script(append('quotes', 2_000), { data })
    sums.push(await script(login + sum(), { data }))
    const count =
      'print(size(listBackupStates("SET", "KEY"))); print(size(checkBackup("SET", "dfs://db", keyPath="KEY")))'
        .replaceAll('SET', set)
        .replaceAll('KEY', key)
    for (const afterMs of [500, 700]) {
      await holdfast(['-e', `${login}backup(${args}, force=true)`], {
        data,
        onStart: (child) => {
          const timer = setTimeout(() => child.kill('SIGKILL'), afterMs)
          child.on('close', () => clearTimeout(timer))
        },
      })
      const [states, damaged] = (await script(login + count, { data })).split('\n')
      expect([Number(states) >= 2, damaged]).toEqual([true, '0'])
    }
    await script(`${login}backup(${args})`, { data })
    const restored = await script(
      `${login}
s = exec state from listBackupStates("${set}", "${key}")
for(k in 0..(s.size()-1)){
  restoreDB("${set}", "dfs://db", "dfs://state" + k, "${key}", s[k])
  print(exec sum(volume) from loadTable("dfs://state" + k, "quotes"))
}`,
      { data },
    )
    const found = restored.split('\n')
    expect(found).toHaveLength(3)
    expect(found[0]).toBe(sums[2])
    expect(found.every((f) => sums.includes(f))).toBe(true)
  })

  it('are of no use without the key', async () => {
    const { stderr, code } = await holdfast(['-e', `${login}restoreDB("${set}", "dfs://db", "dfs://stolen")`], { data })
    expect(stderr).toContain('are encrypted; their key is needed')
    expect(code).not.toBe(0)
  })
})
