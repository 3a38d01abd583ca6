/**
 * `holdfast backup`, `verify-backup`, `restore`, and `backupNode` beside writers, by the real command. The invariant under load: each append is one transaction whose rows
 * carry the writer's id, a number that rises by one, and how many rows there are; so what a backup holds is a state that the store has had if and only if every
 * writer's numbers are 0, 1, 2, ... without a gap, each with all its rows.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { holdfast, type Outcome, scratch, script } from './harness.ts'

const LOGIN = 'login("admin", "123456")\n'
const folder = scratch('node-backup')
const at = (name: string): string => join(folder, name)

const FILL = `${LOGIN}
db = database("dfs://db", VALUE, 2024.01.01..2024.01.03)
pt = db.createPartitionedTable(table(1:0, \`day\`id\`v, [DATE, INT, DOUBLE]), "pt", \`day)
def fill(n) { loadTable("dfs://db", "pt").append!(table(take(2024.01.01..2024.01.03, n) as day, til(n) as id, double(til(n)) as v)) }
fill(30000)
fill(3)
`
const SUMS = `${LOGIN} print(exec string(count(*)) + " " + string(sum(id)) from loadTable("dfs://db", "pt"))`

const sumsOf = (data: string): Promise<string> => script(SUMS, { data })

/** Files below a folder. */
function filesOf(path: string): string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((e) => e.isFile())
    .map((e) => join(e.parentPath, e.name))
}

describe('the commands for node backups', () => {
  it('back up, verify and restore; every damage is reported and refused', { timeout: 60_000 }, async () => {
    const data = at('data')
    const set = at('set')
    const expected = await script(`${FILL}${SUMS}`, { data })
    writeFileSync(join(data, 'holdfast.toml'), '[storage]\nmax_wal_size = "128MB"\n')

    const plan = await holdfast(['backup', set, '--data', data, '--plan'])
    expect(plan).toMatchObject({ code: 0 })
    expect(plan.stdout).toMatch(
      /^content +action +number +bytes +expectedSeconds\n[- ]+\nsegments +copy +[0-9]+ +[0-9]+/,
    )
    expect(existsSync(set)).toBe(false)
    const backup = await holdfast(['backup', set, '--data', data])
    expect(backup).toMatchObject({ code: 0 })
    expect(backup.stdout).toMatch(
      /^status->completed\nbackupId->bk-[0-9]{8}-[0-9]{6}\ndestination->.*\/set\nestimatedSizeBytes->[0-9]+\n$/,
    )
    const sound = await holdfast(['verify-backup', set])
    expect(sound.stdout).toMatch(
      /^Backup verification: PASSED\nBackup time: 20[0-9-]{8}T[0-9:]{8}Z\nLSN: 0\/[0-9A-F]{8}\nData segments: [0-9]+ \(verified\)\nWAL segments: 1 \(verified\)\nChecksum: OK\n$/,
    )
    expect(sound.code).toBe(0)

    const compressed = await holdfast(['backup', at('zset'), '--data', data, '--compress', '--no-wal', '--keep', '3'])
    expect(compressed).toMatchObject({ code: 0 })
    const frames = filesOf(join(at('zset'), 'data'))
    expect(frames.every((f) => f.endsWith('.zst'))).toBe(true)
    const json = await holdfast(['verify-backup', at('zset'), '--json'])
    expect(JSON.parse(json.stdout)).toMatchObject({
      passed: true,
      dataSegments: frames.length,
      walSegments: 0,
      failures: [],
    })

    for (const from of [set, at('zset')]) {
      const target = `${from}-restored`
      const restored = await holdfast(['restore', from, '--data', target])
      expect(restored).toMatchObject({ code: 0 })
      expect(restored.stdout).toContain('every byte verified\nThe store goes on as timeline 2\n')
      expect(await sumsOf(target)).toBe(expected)
      expect(readFileSync(join(target, 'holdfast.toml'), 'utf8')).toContain('128MB')
      expect(await holdfast(['check', '--deep', '--data', target])).toMatchObject({ code: 0 })
    }
    const again = await holdfast(['restore', set, '--data', `${set}-restored`])
    expect(again).toMatchObject({ code: 1 })
    expect(again.stderr).toContain('is not empty')

    const victim = filesOf(join(set, 'data'))[0]
    const bytes = readFileSync(victim)
    bytes[bytes.length >> 1] ^= 1
    writeFileSync(victim, bytes)
    const damaged = await holdfast(['verify-backup', set])
    expect(damaged.code).toBe(1)
    expect(damaged.stdout).toContain('Backup verification: FAILED\n')
    expect(damaged.stdout).toContain('Checksum: FAILED for 1 file\n')
    expect(damaged.stdout).toContain(`  ${victim.slice(set.length + 1)}: its checksum is`)
    const refused = await holdfast(['restore', set, '--data', at('never')])
    expect(refused).toMatchObject({ code: 1 })
    expect(refused.stderr).toContain('is damaged: its checksum is')
    // What was begun is no store.
    const start = await holdfast(['-e', SUMS], { data: at('never') })
    expect(start.code).toBe(1)
    expect(start.stderr).toContain('holds a restore that was cut off')
  })

  it('take a key, and need it again', { timeout: 60_000 }, async () => {
    const data = at('secret')
    const expected = await script(`${FILL}${SUMS}`, { data })
    const key = at('node.key')
    writeFileSync(key, `holdfast-key-1\n${'0123456789abcdef'.repeat(4)}\n`)
    const set = at('secret-set')
    expect(await holdfast(['backup', set, '--data', data, '--key', key])).toMatchObject({ code: 0 })
    const without = await holdfast(['restore', set, '--data', at('secret-new')])
    expect(without).toMatchObject({ code: 1 })
    expect(without.stderr).toContain('are encrypted; their key is needed')
    expect(existsSync(at('secret-new'))).toBe(false)
    expect((await holdfast(['verify-backup', set])).stderr).toContain('their key is needed')
    expect(await holdfast(['verify-backup', set, '--key', key])).toMatchObject({ code: 0 })
    expect(await holdfast(['restore', set, '--data', at('secret-new'), '--key', key])).toMatchObject({ code: 0 })
    expect(await sumsOf(at('secret-new'))).toBe(expected)
  })

  it('refuse what they cannot do', { timeout: 30_000 }, async () => {
    const fails = async (...args: string[]): Promise<string> => {
      const { code, stderr } = await holdfast(args)
      return `${code} ${stderr}`
    }
    expect(await fails('verify-backup', at('nothing'))).toContain('1 holdfast: There is no node backup in')
    expect(await fails('restore', at('nothing'), '--data', at('new'))).toContain(
      '1 holdfast: There is no node backup in',
    )
    expect(existsSync(at('new'))).toBe(false)
    expect(await fails('restore', at('nothing'))).toContain('2 error: --data is missing')
    expect(await fails('backup', at('x'), '--data', at('nothing'))).toContain('1 holdfast: There is no data directory')
    expect(await fails('backup', at('x'), '--keep', 'all')).toContain('2 holdfast: --keep must be')
  })
})

const WRITERS = `${LOGIN}
db = database("dfs://db", COMPO, [database("", VALUE, 2024.01.01..2024.01.03), database("", HASH, [INT, 2])])
t = table(1:0, \`day\`writer\`seq\`rows\`v, [DATE, INT, LONG, INT, DOUBLE])
db.createPartitionedTable(t, "pt", \`day\`writer)
def feed(writer, rows, until) {
	pt = loadTable("dfs://db", "pt")
	seq = 0
	do {
		pt.append!(table(take(2024.01.01..2024.01.03, rows) as day, take(int(writer), rows) as writer, take(long(seq), rows) as seq, take(int(rows), rows) as rows, rand(1.0, rows) as v))
		seq += 1
	} while(!exists(until))
	return seq
}
submitJob("a", "small", feed, 1, 6, "STOP")
submitJob("b", "large", feed, 2, 3000, "STOP")
def writers() { return exec count(*) from (select count(*) from loadTable("dfs://db", "pt") group by writer) }
while(writers() < 2) sleep(20)
job = submitJob("backup", "backup of the node", backupNode, "SET")
first = getJobReturn(job, true)
sleep(300)
second = backupNode("SET", true, true)
writeFile = file("STOP", "w")
writeFile.close()
getJobReturn("a", true)
getJobReturn("b", true)
print(exec concat(status, ",") from getNodeBackupStatus())
print(first[\`backupId] + " " + second[\`backupId])
`

const PREFIX = `${LOGIN}
perTransaction = select count(*) as n, first(rows) as rows from loadTable("dfs://db", "pt") group by writer, seq
perWriter = select max(seq) as last, count(*) as transactions, min(n = rows) as whole from perTransaction group by writer order by writer
print(string(all(perWriter.last + 1 == perWriter.transactions) && all(perWriter.whole)) + " " + concat(string(perWriter.last), " "))
`

describe('a node that is written to', () => {
  it('is backed up as of one commit, twice into one directory', { timeout: 90_000 }, async () => {
    const data = at('busy')
    const text = WRITERS.replaceAll('STOP', at('stop')).replaceAll('SET', at('busy-set'))
    const [statuses, ids] = (await script(text, { data, env: { HOLDFAST_WORKERS: '3' } })).split('\n')
    expect(statuses).toBe('completed,completed')
    const lasts: number[][] = []
    for (const id of ids.split(' ')) {
      const target = at(id)
      expect(await holdfast(['verify-backup', at('busy-set'), '--backup', id])).toMatchObject({ code: 0 })
      expect(await holdfast(['restore', at('busy-set'), '--backup', id, '--data', target])).toMatchObject({ code: 0 })
      const [isPrefix, ...last] = (await script(PREFIX, { data: target })).split(' ')
      expect(isPrefix).toBe('true')
      lasts.push(last.map(Number))
    }
    expect(lasts[1][0]).toBeGreaterThan(lasts[0][0])
    expect(lasts[1][1]).toBeGreaterThan(lasts[0][1])
  })
})

describe('a killed process', () => {
  /** Kills it as soon as something is to be seen. */
  async function killedWhen(isTime: () => boolean, args: readonly string[], data?: string): Promise<Outcome> {
    return holdfast(args, {
      ...(data === undefined ? {} : { data }),
      onStart(child) {
        const timer = setInterval(() => {
          if (isTime()) child.kill('SIGKILL')
        }, 1)
        child.on('close', () => clearInterval(timer))
      },
    })
  }
  const hasFiles = (path: string): boolean => existsSync(path) && filesOf(path).some((f) => statSync(f).size > 0)

  it('leaves a set that the next backup completes, and a restore that is refused', { timeout: 60_000 }, async () => {
    const data = at('killed')
    const set = at('killed-set')
    const expected = await script(`${FILL}${SUMS}`, { data })
    expect(await holdfast(['backup', set, '--data', data])).toMatchObject({ code: 0 })
    const more = `${LOGIN} n = 1000000; loadTable("dfs://db", "pt").append!(table(take(2024.01.01..2024.01.03, n) as day, til(n) as id, double(til(n)) as v))
`
    const grown = await script(`${more}${SUMS}`, { data })
    const before = filesOf(join(set, 'data')).length
    const isTime = (): boolean => filesOf(join(set, 'data')).length > before
    await killedWhen(isTime, ['backup', set, '--data', data])
    expect(await holdfast(['verify-backup', set])).toMatchObject({ code: 0 })
    const newest = await holdfast(['restore', set, '--data', at('after-kill')])
    expect(newest).toMatchObject({ code: 0 })
    expect([expected, grown]).toContain(await sumsOf(at('after-kill')))
    expect(await holdfast(['backup', set, '--data', data, '--keep', '1'])).toMatchObject({ code: 0 })

    const slow = at('slow-set')
    const cut = await holdfast(['backup', slow, '--data', data], {
      env: { HOLDFAST_BACKUP_MAX_BYTES_PER_SECOND: '1MiB' },
      onStart(child) {
        const timer = setInterval(() => {
          if (existsSync(join(slow, 'data'))) child.kill('SIGINT')
        }, 20)
        child.on('close', () => clearInterval(timer))
      },
    })
    expect([cut.code, cut.stdout]).toEqual([130, ''])
    expect(cut.stderr).toContain(`holdfast: The backup was cut off. ${slow} has the backups that it had;`)
    expect(await holdfast(['backup', slow, '--data', data])).toMatchObject({ code: 0 })

    const target = at('half')
    const killed = await killedWhen(() => hasFiles(join(target, 'chunks')), ['restore', set, '--data', target])
    const start = await holdfast(['-e', SUMS], { data: target })
    if (killed.code === 0) expect(start.stdout.trim()).toBe(grown)
    else expect(start.stderr).toContain('holds a restore that was cut off')
    execFileSync('rm', ['-r', target])
    expect(await holdfast(['restore', set, '--data', target])).toMatchObject({ code: 0 })
    expect(await sumsOf(target)).toBe(grown)
  })
})
