/**
 * Single-bit damage at random places of a backup set, data and metadata. Every one is reported by checkBackup or refused with the file or
 * chunk named, and restoreDB never puts wrong rows in place. 200 flips in the long run, a few in the gate.
 */
import { closeSync, openSync, readdirSync, readSync, statSync, writeSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { holdfast, random, scratch, script } from './harness.ts'
import { FIRST_SEED as seed } from './seed.ts'

const flips = process.env.HOLDFAST_LONG === 'small' ? 20 : 200

/** Of all rows and columns; a double is taken to its last bit. */
const digest = `rows = select * from loadTable("dfs://db", "quotes")
print(md5(concat(string(rows.time) + "," + string(rows.symbol) + "," + string(long(rows.price * 70368744177664.0)) + "," + string(rows.volume), ";")))`

const build = (set: string): string => `
login("admin", "123456")
db = database("dfs://db", VALUE, 2024.01.01..2024.12.31)
t = table(1:0, \`time\`symbol\`price\`volume, [TIMESTAMP, SYMBOL, DOUBLE, LONG])
db.createPartitionedTable(t, \`quotes, \`time)
n = 400
time = timestamp(2024.01.01) + rand(4l * 86400000, n)
loadTable("dfs://db", "quotes").append!(table(time, symbol(take(string(1..50), n)) as symbol, rand(100.0, n) as price, rand(1000l, n) as volume))
backupDB("${set}", "dfs://db")
${digest}`

function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((e) => e.isFile())
    .map((e) => join(e.parentPath, e.name))
    .filter((f) => statSync(f).size > 0)
}

function flip(file: string, offset: number, bit: number): void {
  const handle = openSync(file, 'r+')
  const byte = Buffer.alloc(1)
  readSync(handle, byte, 0, 1, offset)
  byte[0] ^= 1 << bit
  writeSync(handle, byte, 0, 1, offset)
  closeSync(handle)
}

describe(`flipped bits in a backup set, seed ${seed}`, () => {
  it(`are all found, ${flips} of them`, async () => {
    const next = random(seed)
    const folder = scratch('flips')
    const data = join(folder, 'data')
    const set = join(folder, 'set')
    const whole = await script(build(set), { data })
    const all = files(set)
    let inCheck = 0
    let inRestore = 0
    for (let k = 0; k < flips; k++) {
      // Every second flip hits metadata, which is small and would hardly be drawn by size.
      const wanted = all.filter((f) => relative(set, f).startsWith('data/') === (k % 2 === 0))
      const file = wanted[Math.floor(next() * wanted.length)]
      const offset = Math.floor(next() * statSync(file).size)
      const bit = Math.floor(next() * 8)
      const what = `flip ${k}: ${relative(set, file)} byte ${offset} bit ${bit}`
      flip(file, offset, bit)
      const login = 'login("admin", "123456")\n'
      const check = await holdfast(['-e', `${login}print(checkBackup("${set}", "dfs://db").size())`], { data })
      const reported = check.code === 0 ? Number(check.stdout.trim()) > 0 : check.stderr.length > 0
      const target = join(folder, `target${k}`)
      const restore = await holdfast(['-e', `${login}restoreDB("${set}", "dfs://db")\n${digest}`], { data: target })
      if (restore.code === 0) expect(restore.stdout.trim(), what).toBe(whole)
      else expect(restore.stderr, what).toMatch(/[\w./-]+/)
      expect(reported || restore.code !== 0, `${what}\n${check.stdout}${check.stderr}`).toBe(true)
      flip(file, offset, bit)
      if (reported) inCheck++
      if (restore.code !== 0) inRestore++
    }
    console.log(`${flips} flips: checkBackup told of ${inCheck}, restoreDB refused ${inRestore}`)
  })
})
