/** `holdfast restore-pitr` and `recoverTable` by the real command: with an archive directory and with commands, killed, repeated, and inside a store that is being written to. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { holdfast, scratch, script } from './harness.ts'

const LOGIN = 'login("admin", "123456")\n'
const folder = scratch('pitr')
const at = (name: string): string => join(folder, name)

const CREATE = `${LOGIN}
db = database("dfs://db", VALUE, 2024.01.01..2024.01.03)
db.createPartitionedTable(table(1:0, \`day\`id, [DATE, INT]), "pt", \`day)`
const fill = (rows: number, table = 'pt'): string =>
  `${LOGIN} loadTable("dfs://db", "${table}").append!(table(take(2024.01.01..2024.01.03, ${rows}) as day, til(${rows}) as id))`
const SUMS = (table = 'pt'): string =>
  `${LOGIN} print(exec string(count(*)) + " " + string(sum(id)) from loadTable("dfs://db", "${table}"))`

/** After what was committed until now, and before what will be. */
async function moment(): Promise<string> {
  const text = new Date(Date.now() + 1).toISOString()
  await new Promise((resolve) => setTimeout(resolve, 20))
  return text
}

function configure(name: string, lines: readonly string[]): string {
  const file = at(`${name}.toml`)
  writeFileSync(file, `[storage]\nwal_archive_enabled = true\nwal_archive_timeout = "1s"\n${lines.join('\n')}\n`)
  return file
}

describe('holdfast restore-pitr', () => {
  it('brings back a store and a table of before an accident, from a directory and by commands', {
    timeout: 120_000,
  }, async () => {
    const archive = at('archive')
    mkdirSync(archive)
    const config = configure('commands', [
      `wal_archive_command = "install -D %f ${archive}/%n"`,
      `wal_restore_command = "cp ${archive}/%n %f"`,
    ])
    const data = at('data')
    const run = (text: string): Promise<string> => script(text, { data, env: { HOLDFAST_CONFIG: config } })
    await run(`${CREATE}\n${fill(30000)}`)
    expect(await holdfast(['backup', at('set'), '--data', data, '--config', config])).toMatchObject({ code: 0 })
    const expected = await run(`${fill(9000)}\n${fill(3)}\n${SUMS()}`)
    const before = await moment()
    await run(`${fill(6)}\ndropTable(database("dfs://db"), "pt")`)

    const pitr = (target: string, name: string, ...more: string[]): ReturnType<typeof holdfast> =>
      holdfast(['restore-pitr', target, '--backup', at('set'), '--data', at(name), ...more])
    for (const [name, options] of [
      ['by-command', ['--config', config]],
      ['by-directory', ['--wal-archive-dir', archive]],
    ] as const) {
      const outcome = await pitr(before, name, ...options)
      expect(outcome.stderr).toMatch(
        /^\[INFO\] Starting Point-in-Time Recovery\n\[INFO\] Target time: .*\n\[INFO\] Base backup: bk-.*\n\[INFO\] Base backup LSN: 0\/[0-9A-F]{8}\n\[INFO\] Phase 1: Restoring base backup... done \(3 chunks\)\n\[INFO\] Phase 2: Replaying WAL segments...\n(\[INFO\] Replaying segment 0000000100000000000000[0-9A-F]{2}... done\n)*\[INFO\] Replaying segment [0-9A-F]{24}... done \(target reached\)\n\[INFO\] Phase 3: Recovery complete\n\[INFO\] Recovered to: .*\(LSN: .*\n\[INFO\] Transactions recovered: 2\n\[INFO\] Transactions rolled back: 0 .*\n\[INFO\] The store goes on as timeline 2;/,
      )
      expect(outcome.code).toBe(0)
      expect(readFileSync(join(at(name), 'holdfast.log'), 'utf8')).toContain('Phase 3: Recovery complete')
      expect(await script(SUMS(), { data: at(name) })).toBe(expected)
    }
    expect(await holdfast(['check', '--deep', '--data', at('by-command')])).toMatchObject({ code: 0 })

    const one = ['--config', config, '--table', 'dfs://db/pt', '--as', 'dfs://db/back']
    const plan = await pitr(before, 'data', ...one, '--plan')
    expect(plan).toMatchObject({ code: 0 })
    expect(plan.stderr).toMatch(/\[INFO\] Would recover to: /)
    expect(plan.stdout).toMatch(/^dbName +tableName +chunkPath .*\n[- ]+\ndfs:\/\/db +back +dfs:\/\/db\/2024/)
    const table = await pitr(before, 'data', ...one)
    expect(table).toMatchObject({ code: 0 })
    expect(table.stderr).toMatch(
      /^\[INFO\] Starting Point-in-Time Recovery of the table dfs:\/\/db\/pt as .*\n(\[INFO\] .*\n)*$/,
    )
    expect(table.stdout).toContain('rows->39003')
    expect(await run(SUMS('back'))).toBe(expected)
    expect(await pitr('latest', 'latest', '--wal-archive-dir', archive)).toMatchObject({ code: 0 })
    expect(await script(`${LOGIN} print(existsTable("dfs://db", "back"))`, { data: at('latest') })).toBe('true')

    for (const [args, code, message] of [
      [['2024-01-01T00:00:00'], 2, /has no time zone/],
      [['2024-01-01T00:00:00Z'], 1, /before the oldest backup/],
      [['latest', '--wal-archive-dir', archive, '--partition', '/1'], 2, /--partition needs --table/],
      [['latest', '--wal-archive-dir', archive, '--table', 'dfs://db/pt'], 1, /There is no data directory/],
    ] as const) {
      const outcome = await pitr(args[0], 'failed', ...args.slice(1))
      expect(outcome.stderr).toMatch(message)
      expect(outcome.code).toBe(code)
      expect(existsSync(at('failed'))).toBe(false)
    }
  })

  it('may be killed at any moment: the directory is refused or whole, and the command can be repeated', {
    timeout: 120_000,
  }, async () => {
    const archive = at('killed-archive')
    const config = configure('killed', [`wal_archive_dir = "${archive}"`])
    mkdirSync(archive)
    const data = at('killed-data')
    const run = (text: string): Promise<string> => script(text, { data, env: { HOLDFAST_CONFIG: config } })
    await run(`${CREATE}\n${fill(300000)}`)
    await holdfast(['backup', at('killed-set'), '--data', data, '--config', config])
    const expected = await run(`${fill(300000)}\n${fill(3)}\n${SUMS()}`)
    const target = at('killed-target')
    const args = [
      'restore-pitr',
      'latest',
      '--backup',
      at('killed-set'),
      '--wal-archive-dir',
      archive,
      '--data',
      target,
    ]
    const began = performance.now()
    expect((await holdfast(args)).code).toBe(0)
    const wholeMs = performance.now() - began
    rmSync(target, { recursive: true })
    let killed = 0
    let refused = 0
    for (const part of [0.2, 0.4, 0.55, 0.7, 0.85]) {
      const outcome = await holdfast(args, {
        onStart: (child) => void setTimeout(() => child.kill('SIGKILL'), part * wholeMs).unref(),
      })
      if (outcome.signal === 'SIGKILL') killed++
      if (existsSync(join(target, '_restoring'))) {
        refused++
        const start = await holdfast(['-e', SUMS()], { data: target })
        expect(start.code).toBe(1)
        expect(start.stderr).toMatch(/holds a restore that was cut off/)
      } else if (existsSync(join(target, 'catalog.mdb'))) {
        expect(await script(SUMS(), { data: target })).toBe(expected)
        rmSync(target, { recursive: true })
      }
    }
    expect(killed).toBeGreaterThan(0)
    console.log(`killed ${killed} times, found cut off ${refused} times`)
    rmSync(join(target, 'holdfast.lock'), { force: true })
    expect(await holdfast(args)).toMatchObject({ code: 0 })
    expect(await script(SUMS(), { data: target })).toBe(expected)
    expect(readdirSync(target).sort()).not.toContain('_restoring')
  })
})

describe('recoverTable', () => {
  it('works in a store that is being written to', { timeout: 60_000 }, async () => {
    const archive = at('live-archive')
    mkdirSync(archive)
    const config = configure('live', [`wal_archive_dir = "${archive}"`])
    const data = at('live')
    const out = await script(
      `${CREATE}
      def fill(rows) { loadTable("dfs://db", "pt").append!(table(take(2024.01.01..2024.01.03, rows) as day, til(rows) as id)) }
      def keepWriting() { for (k in 1..60) { fill(3); sleep(50) } }
      fill(30000)
      backupNode("${at('live-set')}")
      fill(3000)
      n = exec count(*) from loadTable("dfs://db", "pt")
      lsn = checkpoint()
      job = submitJob("writes", "", keepWriting)
      sleep(2500)
      delete from loadTable("dfs://db", "pt") where id < 1000
      r = recoverTable("${at('live-set')}", "dfs://db", "pt", "lsn:" + lsn, , "back")
      print(n == r["rows"])
      print(n == exec count(*) from loadTable("dfs://db", "back"))
      getJobReturn(job, true)
      print(exec count(*) from loadTable("dfs://db", "pt") where id < 3)`,
      { data, env: { HOLDFAST_CONFIG: config } },
    )
    expect(out.split('\n').slice(-3, -1)).toEqual(['true', 'true'])
    expect(Number(out.split('\n').at(-1))).toBeGreaterThan(0)
    expect(readdirSync(data)).not.toContain('recovery')
  })
})
