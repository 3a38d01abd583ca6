/**
 * Tens of thousands of changed files and of programs, each batch in a process of its own with little memory, so that one that hangs, dies or takes all memory is told by its seed.
 * Every report says how to repeat it.
 */
import { spawn } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { root } from '../harness.ts'
import { FIRST_SEED as first } from '../seed.ts'
import { languageCommandFor } from './language/run.ts'
import { commandFor } from './run.ts'

const BATCH = 2500
const BATCHES = process.env.HOLDFAST_LONG === 'small' ? 1 : 8
const HEAP_MIB = 400
/** A case takes a few milliseconds. */
const SILENCE_MS = 60_000

interface Batch {
  readonly code: number | null
  readonly output: string
  readonly lastSeed: string
}

function run(part: 'files' | 'language', seed: number): Promise<Batch> {
  return new Promise((resolve, reject) => {
    const args = [
      `--max-old-space-size=${HEAP_MIB}`,
      'test/fuzz/fuzz.ts',
      part,
      '--seed',
      String(seed),
      '--count',
      String(BATCH),
    ]
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    let errors = ''
    let lastSeed = ''
    const watch = (): NodeJS.Timeout => setTimeout(() => child.kill('SIGKILL'), SILENCE_MS)
    let silence = watch()
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      clearTimeout(silence)
      silence = watch()
      lastSeed = [...text.matchAll(/seed (\d+)/g)].at(-1)?.[1] ?? lastSeed
      errors = (errors + text.replace(/\rseed \d+ /g, '')).slice(-4000)
    })
    child.on('error', reject)
    child.on('close', (code) => {
      clearTimeout(silence)
      resolve({ code, output: `${output}\n${errors}`, lastSeed })
    })
  })
}

describe(`changed files of backup sets, node backups, copies and archives, from seed ${first}`, () => {
  for (let batch = 0; batch < BATCHES; batch++)
    it(`are harmless or refused, batch ${batch + 1} of ${BATCHES}`, async () => {
      const { code, output, lastSeed } = await run('files', first + batch * BATCH)
      const hint =
        code === 0 ? '' : `the process ended with ${code} at seed ${lastSeed}: ${commandFor(Number(lastSeed))}`
      expect(code, `${hint}\n${output}`).toBe(0)
      console.log(output.trim().split('\n').at(-1))
    })
})

describe(`programs that are made up or changed, from seed ${first}`, () => {
  for (let batch = 0; batch < BATCHES; batch++)
    it(`come to a value or to an error of the script, batch ${batch + 1} of ${BATCHES}`, async () => {
      const { code, output, lastSeed } = await run('language', first + batch * BATCH)
      const command = languageCommandFor(Number(lastSeed))
      const hint = code === 0 ? '' : `the process ended with ${code} at seed ${lastSeed}: ${command}`
      expect(code, `${hint}\n${output}`).toBe(0)
      console.log(output.trim().split('\n').at(-1))
    })
})
