/**
 * Large appends, whose files another thread writes, from outside: killed and interrupted at random moments, and on a disk that fills up. All rows of an append are there
 * or none, and every file that counts is whole.
 */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { holdfast, type Outcome, scratch, script } from './harness.ts'

const login = 'login("admin", "123456")\n'
/** About 60 MB an append; from the second one on the other thread is up for sure. */
const ROWS = 1_200_000
const create = `${login}
db = database("dfs://bulk", COMPO, [database("", VALUE, 2024.01.01..2024.01.04), database("", HASH, [SYMBOL, 5])])
t = table(1:0, \`time\`symbol\`price\`volume\`note, [TIMESTAMP, SYMBOL, DOUBLE, LONG, STRING])
db.createPartitionedTable(t, \`quotes, \`time\`symbol)
print(0)`
const append = (times: number): string => `${login}
n = ${ROWS}
t = table(timestamp(2024.01.01) + rand(4l * 86400000, n) as time, symbol(take(string(1..50), n)) as symbol, rand(100.0, n) as price, 1..n as volume, "note " + string(1..n) as note)
for(k in 0:${times}){
	loadTable("dfs://bulk", "quotes").append!(t)
	print(k)
}`
const COUNT = `${login}
print(string(exec count(*) from loadTable("dfs://bulk", "quotes")) + " " + string(exec sum(volume) from loadTable("dfs://bulk", "quotes")))`
const sumOf = (appends: number): string => `${appends * ROWS} ${appends === 0 ? '' : (appends * ROWS * (ROWS + 1)) / 2}`

async function requireWhole(data: string): Promise<void> {
  const check = await holdfast(['check', '--deep'], { data })
  expect(check.stdout + check.stderr).not.toMatch(/damaged|differs|missing/i)
  expect(check.code).toBe(0)
}

describe('a large append', () => {
  const folder = scratch('bulk-append')
  const data = join(folder, 'data')
  let acknowledged = 0
  let wholeMs = 0

  beforeAll(async () => {
    await script(create, { data })
    const started = performance.now()
    expect(await script(append(3), { data })).toBe('0\n1\n2')
    wholeMs = performance.now() - started
    acknowledged = 3
  })

  const count = async (): Promise<string> => (await script(COUNT, { data })).trim()

  it('has all its rows', async () => {
    expect(await count()).toBe(sumOf(acknowledged).trim())
    await requireWhole(data)
  })

  for (const signal of ['SIGKILL', 'SIGINT'] as const)
    it(`leaves all of an append or nothing when it ends by ${signal}`, async () => {
      for (let round = 0; round < 4; round++) {
        const outcome: Outcome = await holdfast(['-e', append(3)], {
          data,
          onStart: (child) => {
            const timer = setTimeout(() => child.kill(signal), wholeMs * (0.4 + 0.15 * round))
            child.on('close', () => clearTimeout(timer))
          },
        })
        expect(outcome.stderr).not.toMatch(/Fatal|Internal error/)
        const told = outcome.stdout.split('\n').filter((line) => /^\d+$/.test(line)).length
        const found = await count()
        // One that was committed may have had no time to tell.
        expect([sumOf(acknowledged + told), sumOf(acknowledged + told + 1)]).toContain(found)
        acknowledged += found === sumOf(acknowledged + told) ? told : told + 1
      }
      await requireWhole(data)
    })

  it('fails with the reason on a disk that fills up, and works when there is space again', async () => {
    const disk = scratch('bulk-disk')
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${200 << 20}`, 'tmpfs', disk], { stdio: 'pipe' })
    } catch {
      console.log('skipped: a tmpfs cannot be mounted')
      return
    }
    try {
      const small = join(disk, 'data')
      await script(create, { data: small })
      const outcome = await holdfast(['-e', append(5)], { data: small })
      expect(outcome.code).toBe(1)
      expect(outcome.stderr).toMatch(/Cannot (write|sync) .*: no space is left on the device \(ENOSPC\)/)
      const told = outcome.stdout.split('\n').filter((line) => /^\d+$/.test(line)).length
      expect((await script(COUNT, { data: small })).trim()).toBe(sumOf(told).trim())
      await requireWhole(small)
      execFileSync('mount', ['-o', `remount,size=${500 << 20}`, disk], { stdio: 'pipe' })
      expect(await script(append(1), { data: small })).toBe('0')
      expect((await script(COUNT, { data: small })).trim()).toBe(sumOf(told + 1).trim())
    } finally {
      execFileSync('umount', ['-l', disk])
    }
  })
})
