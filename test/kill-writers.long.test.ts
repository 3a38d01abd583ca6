/**
 * kill -9 of a process in which several sessions write: small and large appends, updates, deletes, upserts, tables and columns that come and go, checkpoints, merging. The next
 * process opens the store and tells what it finds; a model outside compares it with every transaction that was acknowledged. Log levels 1 and 2, both rotations: 300
 * kills in the long run, 28 in the gate (HOLDFAST_LONG=small).
 */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { holdfast, root, scratch } from './harness.ts'
import { type Deed, type Made, madeBy, NOTHING_MADE, describe as text } from './kill/deeds.ts'
import type { Note, Orders } from './kill/writer.ts'
import { random } from './random.ts'
import { FIRST_SEED as seed } from './seed.ts'

const kills = process.env.HOLDFAST_LONG === 'small' ? 7 : 75
const SESSIONS = 3

interface Ended {
  readonly found: readonly string[] | undefined
  readonly stderr: string
  readonly code: number | null
}

/** Runs the writer; kills it so many ms after it was started, or after it has told what it found. */
function writer(orders: Orders, kill: { readonly afterStart?: number; readonly afterFound?: number }): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(root, 'test/kill/writer.ts'), JSON.stringify(orders)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    let timer: NodeJS.Timeout | undefined
    const killIn = (ms: number): void => {
      timer ??= setTimeout(() => child.kill('SIGKILL'), ms)
    }
    if (kill.afterStart !== undefined) killIn(kill.afterStart)
    child.stdout.setEncoding('utf8').on('data', (data: string) => {
      stdout += data
      if (stdout.includes('\n') && kill.afterFound !== undefined) killIn(kill.afterFound)
    })
    child.stderr.setEncoding('utf8').on('data', (data: string) => {
      stderr += data
    })
    child.on('error', reject)
    child.on('close', (code) => {
      clearTimeout(timer)
      const [line, rest] = stdout.split('\n')
      resolve({ found: rest === undefined ? undefined : (JSON.parse(line) as string[]), stderr, code })
    })
  })
}

/** What one session has made for certain, and the deed of which nobody knows. */
interface Known {
  made: Made
  open: Deed | undefined
}

describe.each([
  { level: 1, rotation: 'dual' },
  { level: 1, rotation: 'group' },
  { level: 2, rotation: 'dual' },
  { level: 2, rotation: 'group' },
] as const)(`kill -9 of writers at log level $level, rotation $rotation, seed ${seed}`, ({ level, rotation }) => {
  const counts = { kills: 0, recoveries: 0, acknowledged: 0, open: 0 }
  afterAll(() => console.log(`level ${level}, ${rotation}: ${JSON.stringify(counts)}`))

  it(`loses nothing that was acknowledged, ${kills} times`, async () => {
    const folder = scratch('kill-writers')
    const dataDir = join(folder, 'data')
    const notes = join(folder, 'notes')
    const next = random(seed + level * 2 + (rotation === 'dual' ? 0 : 1))
    const known = Array.from({ length: SESSIONS }, (): Known => ({ made: NOTHING_MADE, open: undefined }))
    for (let round = 0; round <= kills; round++) {
      const orders: Orders = {
        dataDir,
        notes,
        seed: Math.floor(next() * 1e9),
        sessions: SESSIONS,
        settings: {
          'ts.wal.wal_level': level,
          'ts.wal.rotation': rotation,
          'ts.wal.group_file_size': 1 << 20,
          'ts.wal.checkpoint_interval': 1000,
          'ts.delta.chunk_rows': 60,
          'ts.compaction.min_segments': 2,
        },
        firstNumber: 1_000_000 * (round + 1),
        deeds: round === kills ? 3 : 10_000,
      }
      const isLast = round === kills
      const kill = isLast ? {} : next() < 0.2 ? { afterStart: 300 + next() * 1500 } : { afterFound: 20 + next() * 2000 }
      const { found, stderr, code } = await writer(orders, kill)
      const where = `round ${round}, seed ${seed}\n${stderr}`
      expect(code, where).toBe(isLast ? 0 : null)
      counts.kills++
      if (found !== undefined) {
        counts.recoveries++
        for (const [who, line] of found.entries()) settle(known[who], line, `session ${who}, ${where}`)
      }
      counts.acknowledged += takeNotes(notes, known)
      counts.open += known.filter((k) => k.open !== undefined).length
    }
    const check = await holdfast(['check', '--deep'], { data: dataDir })
    expect(check.code, check.stdout + check.stderr).toBe(0)
    expect(counts.recoveries).toBeGreaterThan(kills / 2)
    expect(counts.acknowledged).toBeGreaterThan(kills)
  })
})

/** The line is what the session has made, with the open deed or without it. */
function settle(known: Known, line: string, where: string): void {
  if (known.open !== undefined) {
    const withIt = madeBy(known.made, known.open)
    if (line === text(withIt)) known.made = withIt
  }
  known.open = undefined
  expect(difference(line, text(known.made)), where).toEqual({ found: [], expected: [] })
}

/** Words that only one of the lines has, the first few: the whole of both would be unreadable. */
function difference(found: string, expected: string): { readonly found: string[]; readonly expected: string[] } {
  const [here, there] = [new Set(found.split(' ')), new Set(expected.split(' '))]
  return {
    found: [...here].filter((w) => !there.has(w)).slice(0, 20),
    expected: [...there].filter((w) => !here.has(w)).slice(0, 20),
  }
}

/** Answers how many deeds were acknowledged. */
function takeNotes(file: string, known: readonly Known[]): number {
  if (!existsSync(file)) return 0
  let done = 0
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    // A note that the kill cut off was not given: the deed is open.
    if (!line.endsWith('}')) continue
    const note = JSON.parse(line) as Note
    const own = known[note.who]
    if ('began' in note) own.open = note.began
    else {
      if ('done' in note) own.made = madeBy(own.made, own.open!)
      if ('done' in note) done++
      own.open = undefined
    }
  }
  rmSync(file)
  return done
}
