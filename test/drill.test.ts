/** A drill by the real command is killed: the backup stays as it was, the next drill removes what it left and passes. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { holdfast, scratch } from './harness.ts'

const LOGIN = 'login("admin","123456")'

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((e) => e.isFile())
    .map((e) => join(e.parentPath, e.name))
    .sort()
}

/** Everything that restores need of a set. */
const contentOf = (set: string): string =>
  filesBelow(set)
    .filter((file) => !/\/(ledger|drills)\//.test(file))
    .map((file) => `${file} ${createHash('sha256').update(readFileSync(file)).digest('hex')}`)
    .join('\n')

describe('a drill that is killed', () => {
  const home = scratch('drill')
  it('leaves the backup as it was and is seen; the next one tidies up and passes', async () => {
    const data = join(home, 'data')
    const set = join(home, 'set')
    const drills = join(home, 'drills')
    const run = async (script: string): Promise<string> => {
      const outcome = await holdfast(['-e', `${LOGIN}; ${script}`], { data })
      expect(outcome.code, `${outcome.stdout}\n${outcome.stderr}`).toBe(0)
      return outcome.stdout.trim()
    }
    await run(`n=400000; t=table(take(1..20,n) as p, rand(100.0,n) as x, take(1..1000,n) as k)
      db=database("dfs://d",VALUE,1..20); pt=db.createPartitionedTable(t,\`pt,\`p); pt.append!(t); backup("${set}","dfs://d")`)
    const before = contentOf(set)
    const drill = `drillRestore("${set}",scratchDir="${drills}")`
    const outcome = await holdfast(['-e', `${LOGIN}; ${drill}`], {
      data,
      onStart: (child) => {
        const look = setInterval(() => {
          const begun = existsSync(drills) && filesBelow(drills).some((file) => file.endsWith('.arrow'))
          if (!begun && child.exitCode === null) return
          clearInterval(look)
          child.kill('SIGKILL')
        }, 1)
      },
    })
    expect(outcome.signal).toBe('SIGKILL')
    expect(contentOf(set)).toBe(before)
    expect(readdirSync(drills)).toHaveLength(1)
    const results = `print(exec result from getBackupDrills("${set}"))`
    expect(await run(`${results}; d=${drill}; print(d[\`rows]); ${results}`)).toBe(
      '["interrupted"]\n400000\n["passed","failed"]',
    )
    expect(readdirSync(drills)).toEqual([])
    const inside = `try{ drillRestore("${set}",scratchDir="${set}/new") }catch(ex){ print(ex[1]) }`
    expect(await run(inside)).toContain(`lies in the backup ${set}`)
    expect(existsSync(join(set, 'new'))).toBe(false)
    expect(contentOf(set)).toBe(before)
  })
})
