/** check, stats and wal as a person meets them: on a directory in use, closed, killed, damaged. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { holdfast, scratch } from './harness.ts'

const folder = scratch('inspect')

/** Every file but LMDB's table of readers. */
function listing(data: string): string {
  return readdirSync(data, { recursive: true, withFileTypes: true })
    .filter((e) => e.isFile() && e.name !== 'catalog.mdb-lock')
    .map((e) => join(e.parentPath, e.name))
    .sort()
    .map((file) => `${file} ${createHash('md5').update(readFileSync(file)).digest('hex')}`)
    .join('\n')
}

describe('looking inside', () => {
  it('works on a directory in use as far as it can, and on one whose process was killed without changing it', async () => {
    const data = join(folder, 'data')
    const stop = join(folder, 'stop')
    const run = holdfast(
      [
        '-e',
        `login("admin", "123456")
db = database("dfs://db", VALUE, 1..3)
pt = db.createPartitionedTable(table(1:0, \`k\`v, [INT, LONG]), "pt", "k")
dim = db.createTable(table(1:0, \`k\`v, [INT, LONG]), "dim")
pt.append!(table(take(1 2 3, 9000) as k, 0l..8999 as v))
checkpoint()
for(i in 0..20) pt.append!(table(1 2 3 as k, take(long(i), 3) as v))
dim.append!(table(1 as k, 1l as v))
print(exec count(*) from checkStore() where severity = "error")
while(!exists("${stop}")) sleep(20)`,
      ],
      {
        data,
        onStart: (child) =>
          child.stdout?.once('data', () => {
            void beside.then(
              () => child.kill('SIGKILL'),
              () => child.kill('SIGKILL'),
            )
            isOpen()
          }),
      },
    )
    let isOpen = (): void => {}
    const opened = new Promise<void>((resolve) => {
      isOpen = resolve
    })
    const at = ['--data', data]
    const beside = opened.then(async () => ({
      check: await holdfast(['check', ...at]),
      stats: await holdfast(['stats', ...at]),
      status: await holdfast(['wal', 'status', '--json', ...at]),
      dump: await holdfast(['wal', 'dump', '--table', 'dfs://db/dim', ...at]),
    }))
    const { check, stats, status, dump } = await beside
    expect((await run).stdout).toBe('0\n')
    for (const [refused, instead] of [
      [check, 'checkStore()'],
      [stats, 'getStorageStats()'],
    ] as const) {
      expect([refused.code, refused.stdout]).toEqual([1, ''])
      expect(refused.stderr).toMatch(/^holdfast: The data directory .* is in use by process \d+ since .*\)\n$/)
      expect(refused.stderr).toContain(instead)
    }
    const log = JSON.parse(status.stdout) as { level: number; endLsn: string; checkpointLsn: string; files: unknown[] }
    expect([log.level, log.files.length]).toEqual([2, 1])
    expect(log.endLsn > log.checkpointLsn).toBe(true)
    expect(dump.code).toBe(0)
    expect(
      dump.stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split('  ')[3]),
    ).toEqual(['TSBEGIN', 'INSERT', 'TSCOMMIT'])
    expect(dump.stdout).toMatch(
      /^0\/[0-9A-F]{8} {2}\d{4}-\S+Z {2}\d+ {2}INSERT {2}dfs:\/\/db\/dim {2}1 row in 1 chunk {2}\d+ bytes$/m,
    )

    // The process is dead: nothing is recovered by looking.
    const before = listing(data)
    const checked = await holdfast(['check', '--deep', ...at])
    expect([checked.code, checked.stderr]).toEqual([0, ''])
    expect(checked.stdout).toMatch(
      /2 tables, 4 chunks, 9,064 rows\n.*3 segments.*every byte read\n.*64 rows in the log only\nCheck PASSED: 0 errors, 1 note\n$/s,
    )
    const counted = JSON.parse((await holdfast(['stats', '--chunks', '--json', ...at])).stdout) as {
      wasUnclean: boolean
      tables: { rows: number; deltaRows: number }[]
      chunks: { partition: string; rows: number }[]
    }
    expect([counted.wasUnclean, counted.tables.map((t) => [t.rows, t.deltaRows])]).toEqual([
      true,
      [
        [1, 1],
        [9063, 63],
      ],
    ])
    expect(counted.chunks.map((c) => c.rows)).toEqual([1, 3021, 3021, 3021])
    expect((await holdfast(['stats', ...at])).stdout).toMatch(/^dfs:\/\/db\/pt +3 +9,063 +3 +[\d,]+ +63 +[\d,]+$/m)
    const none = await holdfast(['wal', 'dump', '--table', 'dfs://db/misspelt', ...at])
    expect([none.code, none.stdout]).toEqual([0, ''])
    expect(none.stderr).toMatch(/^holdfast: no such records; the log begins at LSN 0\/[0-9A-F]{8}\n$/)
    expect(listing(data)).toBe(before)

    const file = readFileSync(join(data, 'catalog.mdb'))
    const [segment] = readdirSync(join(data, 'chunks'), { recursive: true }).filter((name) =>
      String(name).endsWith('.arrow'),
    )
    rmSync(join(data, 'chunks', String(segment)))
    const damaged = await holdfast(['check', '--json', ...at])
    const report = JSON.parse(damaged.stdout) as { passed: boolean; findings: { code: string; file?: string }[] }
    expect([damaged.code, report.passed]).toEqual([1, false])
    expect(report.findings).toContainEqual(
      expect.objectContaining({ code: 'segmentMissing', file: `chunks/${segment}` }),
    )
    expect(readFileSync(join(data, 'catalog.mdb')).equals(file)).toBe(true)
  })

  it('says in one line what it cannot look at', async () => {
    const missing = join(folder, 'missing')
    const empty = join(folder, 'a-file')
    writeFileSync(empty, '')
    for (const args of [['check'], ['stats'], ['wal', 'status'], ['wal', 'dump']])
      for (const data of [missing, empty]) {
        const { code, stdout, stderr } = await holdfast([...args, '--data', data])
        expect([args, code, stdout, stderr]).toEqual([args, 1, '', expect.stringMatching(/^holdfast: .*\n$/)])
      }
    expect(existsSync(missing)).toBe(false)
    const lsn = await holdfast(['wal', 'dump', '--from', 'x', '--data', folder])
    expect([lsn.code, lsn.stderr]).toEqual([2, expect.stringMatching(/^holdfast: "x" is not an LSN.*\n$/)])
    const pitr = await holdfast(['restore-pitr', 'yesterday', '--backup', folder, '--data', missing])
    expect([pitr.code, pitr.stderr]).toEqual([
      2,
      expect.stringMatching(/^holdfast: "yesterday" is not a recovery target/),
    ])
    const help = await holdfast(['wal', '--help'])
    expect(help.stdout).toMatch(/dump[\s\S]*status/)
    expect((await holdfast(['wal'])).code).toBe(2)
  })
})
