/** Exports and imports by the real command: killed, cancelled, in background jobs. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { holdfast, scratch, script } from './harness.ts'

const LOGIN = 'login("admin", "123456"); '
/** With texts that make enough bytes for threads that read. */
const ROWS = 160_000
const PADDING = 'x'.repeat(80)
const CHUNK_ROWS = 2000
const folder = scratch('export-import')
const data = join(folder, 'data')

beforeAll(async () => {
  await script(
    `${LOGIN} db = database("dfs://db", HASH, [LONG, 4], engine="PKEY")
    pt = createPartitionedTable(db, table(1:0, \`id\`x\`s, [LONG, DOUBLE, STRING]), "tb", "id", primaryKey="id")
    n = ${ROWS}; pt.append!(table(long(0..(n-1)) as id, rand(1.0, n) as x, "${PADDING} " + string(0..(n-1)) as s))`,
    { data },
  )
}, 60_000)

/** Runs a script and kills its process as soon as the condition holds. */
async function killed(text: string, when: () => boolean): Promise<void> {
  let isOver = false
  const outcome = await holdfast(['-e', LOGIN + text], {
    data,
    onStart: async (child) => {
      child.on('close', () => {
        isOver = true
      })
      while (!when() && !isOver) await setTimeout(2)
      child.kill('SIGKILL')
    },
  })
  expect(outcome.signal, outcome.stderr).toBe('SIGKILL')
}

describe('an export that is killed', () => {
  it('leaves whole files, each with all its rows, and no meta.sql', { timeout: 60_000 }, async () => {
    const out = join(folder, 'killed')
    const files = (): string[] => (existsSync(join(out, 'tb')) ? readdirSync(join(out, 'tb')) : [])
    await killed(
      `EXPORT INTO CSV "${out}" FROM TABLE dfs://db/tb WITH chunk_rows = ${CHUNK_ROWS}`,
      () => files().filter((f) => f.endsWith('.csv')).length >= 3,
    )
    const whole = files().filter((f) => f.endsWith('.csv'))
    expect(whole.length).toBeGreaterThanOrEqual(3)
    expect(whole.length).toBeLessThan(ROWS / CHUNK_ROWS)
    for (const name of whole) {
      const lines = readFileSync(join(out, 'tb', name), 'utf8').split('\n')
      expect(lines.length, name).toBe(CHUNK_ROWS + 1)
      expect(lines.at(-1)).toBe('')
      expect(lines.slice(0, -1).every((line) => /^\d+,[\d.e-]+,x+ \d+$/.test(line))).toBe(true)
    }
    expect(existsSync(join(out, 'meta.sql'))).toBe(false)
    const again = await holdfast(['-e', `${LOGIN} EXPORT INTO CSV "${out}" FROM TABLE dfs://db/tb`], { data })
    expect(again.code).toBe(1)
    expect(again.stderr).toContain('does not write over files')
  })
})

describe('an import', () => {
  it('that is killed can be repeated into a table with a key', { timeout: 120_000 }, async () => {
    const out = join(folder, 'whole')
    await script(`${LOGIN} EXPORT INTO CSV "${out}" FROM DATABASE dfs://db WITH column_name, chunk_rows = 50000`, {
      data,
    })
    await script(`${LOGIN} dropTable(database("dfs://db"), "tb"); IMPORT TABLE CREATE USING "${out}/meta.sql"`, {
      data,
    })
    const before = readdirSync(data, { recursive: true }).length
    await killed(
      `IMPORT INTO dfs://db/tb CSV DATA ("${out}") WITH batch_rows = 10000, thread_concurrency = 2`,
      () => readdirSync(data, { recursive: true }).length > before + 20,
    )
    const left = Number(await script(`${LOGIN} print(exec count(*) from loadTable("dfs://db", "tb"))`, { data }))
    // Whole batches, and not all of them.
    expect(left % 10_000).toBe(0)
    expect(left).toBeLessThan(ROWS)
    // In a job, whose id the answer tells.
    const answer = await script(
      `${LOGIN} def again(){ return importTable("${out}", "dfs://db", "tb", thread_concurrency=2) }
      id = submitJob("again", "import once more", again); r = getJobReturn(id, true)
      print(r.job_id[0] == id); print(r.rows[0] + r.abandon_rows[0]); tb = loadTable("dfs://db", "tb"); print(exec count(*) from tb); print(exec sum(id) from tb)`,
      { data },
    )
    expect(answer.split('\n')).toEqual(['true', String(ROWS), String(ROWS), String((ROWS * (ROWS - 1)) / 2)])
  })

  it('reads and writes nodelocal://1 below the folder that holdfast.toml names', { timeout: 60_000 }, async () => {
    const home = join(folder, 'configured')
    const config = join(folder, 'holdfast.toml')
    writeFileSync(config, '[storage]\nexport_dir = "exports"\n')
    const text = `${LOGIN} db = database("dfs://c", VALUE, 1..2); createPartitionedTable(db, table(1 as a), "t", "a").append!(table(1 2 as a))
      EXPORT INTO CSV "nodelocal://1/c" FROM TABLE dfs://c/t; dropDatabase("dfs://c"); IMPORT DATABASE CSV DATA ("nodelocal://1/c"); print(exec count(*) from loadTable("dfs://c", "t"))`
    const outcome = await holdfast(['--config', config, '-e', text], { data: home })
    expect(outcome.stdout.trim(), outcome.stderr).toBe('2')
    expect(readdirSync(join(folder, 'exports/c')).sort()).toEqual(['meta.sql', 't'])
  })
})
