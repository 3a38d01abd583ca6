/**
 * CHECKPOINT CREATE, a copy of the data directory by another tool while the store is written to, and the start of the copy. The invariant: each append is one
 * transaction whose rows carry the writer's id, a number that rises by one, and how many rows there are; so what a copy holds is a state that the store has had
 * if and only if every writer's numbers are 0, 1, 2, ... without a gap, each with all its rows. Transactions acknowledged before CREATE must be there, those begun
 * after it must not.
 */
import { type ChildProcess, execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { holdfast, type Outcome, scratch } from './harness.ts'

/** A dozen processes, on a machine that may be busy. */
const TIMEOUT_MS = 240_000

const LOGIN = 'login("admin", "123456")\n'

const SETUP = `${LOGIN}
db = database("dfs://db", COMPO, [database("", VALUE, 2024.01.01..2024.01.03), database("", HASH, [INT, 2])])
t = table(1:0, \`day\`writer\`seq\`rows\`v, [DATE, INT, LONG, INT, DOUBLE])
db.createPartitionedTable(t, "pt", \`day\`writer)
db.createTable(t, "marks")
def feed(writer, rows, until) {
	pt = loadTable("dfs://db", "pt")
	seq = 0
	do {
		pt.append!(table(take(2024.01.01..2024.01.03, rows) as day, take(int(writer), rows) as writer, take(long(seq), rows) as seq, take(int(rows), rows) as rows, rand(1.0, rows) as v))
		seq += 1
	} while(!exists(until))
	return seq
}
def mark(n) { loadTable("dfs://db", "marks").append!(table(2024.01.01 as day, int(n) as writer, 0l as seq, 1 as rows, 0.0 as v)) }
def waitFor(file) { while(!exists(file)) sleep(20) }
`

/** Prints one line: the largest number and the rows of each writer, whether they are a prefix of whole transactions, and the marks. */
const INVARIANT = `
def state() {
	pt = loadTable("dfs://db", "pt")
	perTransaction = select count(*) as n, first(rows) as rows from pt group by writer, seq
	perWriter = select max(seq) as last, count(*) as transactions, min(n = rows) as whole from perTransaction group by writer order by writer
	marks = exec writer from loadTable("dfs://db", "marks") order by writer
	isPrefix = all(perWriter.last + 1 == perWriter.transactions) && all(perWriter.whole)
	return "prefix " + string(isPrefix) + " last " + concat(string(perWriter.last), ",") + " marks " + concat(string(marks), ",")
}
`

const folder = scratch('external-copy')
const touch = (file: string): void => writeFileSync(file, '')

interface Running {
  /** Resolves when the process has printed the line. */
  printed(line: string): Promise<void>
  readonly ended: Promise<Outcome>
}

function start(text: string, data: string): Running {
  const file = `${data}.${createHash('md5').update(text).digest('hex')}.dos`
  writeFileSync(file, text)
  let output = ''
  let child: ChildProcess | undefined
  let look = (): void => {}
  const ended = holdfast(['run', file], {
    data,
    env: { HOLDFAST_WORKERS: '3' },
    onStart: (process) => {
      child = process
      process.stdout?.on('data', (more: string) => {
        output += more
        look()
      })
    },
  })
  return {
    ended,
    printed: (line) =>
      new Promise((resolve, reject) => {
        look = () => {
          if (`\n${output}`.includes(`\n${line}\n`)) resolve()
        }
        look()
        child?.on('close', () => void ended.then((o) => reject(new Error(`ended before "${line}":\n${o.stderr}`))))
      }),
  }
}

/** Runs to the end, which must be a good one; answers the lines. */
async function lines(text: string, data: string): Promise<string[]> {
  const { code, stdout, stderr } = await start(text, data).ended
  if (code !== 0) throw new Error(`exit ${code}\n${stdout}\n${stderr}`)
  return stdout.trimEnd().split('\n')
}

/** Files come and go while the tool walks the folder; cp complains about those, and the copy does not need them. */
function copy(tool: 'cp' | 'rsync', from: string, to: string): void {
  const args = tool === 'cp' ? ['-r', from, to] : ['-a', `${from}/`, `${to}/`]
  const { status, stderr } = spawnSync(tool, args, { encoding: 'utf8' })
  const complaints = stderr.split('\n').filter((line) => line !== '' && !/No such file|vanished|some files/.test(line))
  expect([tool, status, complaints]).toEqual([tool, expect.toSatisfy((s) => [0, 1, 24].includes(s as number)), []])
}

const parse = (line: string): { isPrefix: boolean; last: number[]; marks: number[] } => {
  const [, isPrefix, last, marks] = /^prefix (true|false|1|0) last ([\d,]*) marks ([\d,]*)$/.exec(
    line,
  ) as RegExpExecArray
  const numbers = (text: string): number[] => (text === '' ? [] : text.split(',').map(Number))
  return { isPrefix: isPrefix === 'true' || isPrefix === '1', last: numbers(last), marks: numbers(marks) }
}

const hasRsync = spawnSync('rsync', ['--version']).status === 0
if (!hasRsync) process.stdout.write('Copies by rsync are not tested here: rsync is not installed.\n')

describe('a copy of the directory while it is written to', () => {
  it('starts as of CHECKPOINT CREATE, beside the living original, and goes on by itself', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const data = join(folder, 'original')
    const [first, second] = [join(folder, 'first-copy'), join(folder, 'second-copy')]
    const [stop, copied, done] = ['stop', 'copied', 'done'].map((name) => join(folder, name))
    const original = start(
      `${SETUP}${INVARIANT}
submitJob("bulk", "", feed, 0, 3000, "${stop}")
submitJob("rows", "", feed, 1, 1, "${stop}")
submitJob("some", "", feed, 2, 12, "${stop}")
def transactionsOf(n) { return exec count(*) \\ max(rows) from loadTable("dfs://db", "pt") where writer = n }
do { sleep(50) } while(!(transactionsOf(0) >= 2 && transactionsOf(1) >= 5 && transactionsOf(2) >= 5))
mark(1)
print(state())
CHECKPOINT CREATE
mark(2)
print("created")
waitFor("${copied}")
try { CHECKPOINT CREATE } catch(ex) { print(ex[1]) }
print(exec in_progress from checkpoint_status())
print(exec pinnedFiles > 0 from checkpoint_status())
print(exec count(*) from checkStore(true) where severity = "error")
waitFor("${done}")
CHECKPOINT RELEASE
print(exec in_progress from checkpoint_status())
print(state())`,
      data,
    )
    await original.printed('created')
    copy('cp', data, first)
    await new Promise((resolve) => setTimeout(resolve, 300))
    copy(hasRsync ? 'rsync' : 'cp', data, second)
    touch(copied)

    // The lock in the copy names a process that lives.
    expect(existsSync(join(first, 'holdfast.lock'))).toBe(true)
    touch(join(first, '_restore'))
    const own = start(
      `${SETUP.slice(SETUP.indexOf('def feed'))}${LOGIN}${INVARIANT}
print(state())
mark(7)
feed(3, 2000, "${stop}")
update loadTable("dfs://db", "pt") set v = 2.0 where writer = 1
print(backupDB("${join(folder, 'set')}", "dfs://db").size() > 0)
print(checkBackup("${join(folder, 'set')}", "dfs://db").size())
CHECKPOINT CREATE
mark(8)
print("created")
waitFor("${done}")
print(exec count(*) from checkStore(true) where severity = "error")`,
      first,
    )
    touch(stop)
    await own.printed('created')
    const third = join(folder, 'third-copy')
    copy('cp', first, third)
    touch(done)

    const originally = await original.ended
    expect(originally.code).toBe(0)
    const [before, , refused, isActive, isPinning, errors, isStillActive, after] = originally.stdout
      .trimEnd()
      .split('\n')
    expect(refused).toMatch(/^A checkpoint for copies is active since \d{4}-\d\d-\d\dT[\d:.]+Z\.$/)
    expect([isActive, isPinning, errors, isStillActive]).toEqual(['[true]', '[true]', '0', '[false]'])
    expect(existsSync(join(data, 'checkpoint'))).toBe(false)
    const [atMark, atEnd] = [parse(before), parse(after)]
    expect([atEnd.isPrefix, atEnd.marks]).toEqual([true, [1, 2]])

    const copied1 = await own.ended
    expect([copied1.code, copied1.stderr]).toEqual([
      0,
      expect.stringMatching(/\[INFO\] Starting as of the checkpoint of \d{4}/),
    ])
    const [state1, hasBackup, damaged, , errors1] = copied1.stdout.trimEnd().split('\n')
    const found = parse(state1)
    expect([found.isPrefix, found.marks, hasBackup, damaged, errors1]).toEqual([true, [1], 'true', '0', '0'])
    found.last.forEach((last, writer) => {
      expect(last).toBeGreaterThanOrEqual(atMark.last[writer] ?? -1)
      expect(last).toBeLessThanOrEqual(atEnd.last[writer])
    })
    expect([existsSync(join(first, '_restore')), existsSync(join(second, 'checkpoint/catalog'))]).toEqual([false, true])

    // A second copy of the same checkpoint holds the same; a copy of the copy holds what the copy had.
    touch(join(second, '_restore'))
    expect((await lines(`${LOGIN}${INVARIANT}print(state())`, second))[0]).toBe(state1)
    touch(join(third, '_restore'))
    const inThird = parse((await lines(`${LOGIN}${INVARIANT}print(state())`, third))[0])
    expect([inThird.isPrefix, inThird.marks, inThird.last.length]).toEqual([true, [1, 7], 4])
    expect(inThird.last.slice(0, 3)).toEqual(found.last)

    // And what was begun after the start is there at the next.
    const again = parse((await lines(`${LOGIN}${INVARIANT}print(state())`, first))[0])
    expect([again.isPrefix, again.marks]).toEqual([true, [1, 7, 8]])
    for (const directory of [first, third]) {
      const checked = await holdfast(['check', '--deep', '--data', directory])
      expect([directory, checked.code, checked.stdout]).toEqual([directory, 0, expect.stringContaining('PASSED')])
    }
  })
})

/** Every file with its content. */
function listing(data: string): Record<string, string> {
  const files = readdirSync(data, { recursive: true, withFileTypes: true }).filter((e) => e.isFile())
  return Object.fromEntries(
    files
      .map((e) => join(e.parentPath, e.name))
      .sort()
      .map((file) => [relative(data, file), createHash('md5').update(readFileSync(file)).digest('hex')]),
  )
}

const arrows = (data: string): string[] =>
  readdirSync(join(data, 'chunks'), { recursive: true, withFileTypes: true })
    .filter((e) => e.isFile())
    .map((e) => join(e.parentPath, e.name))
    .sort()

describe('checkpoint mode', () => {
  it('holds over a restart, keeps every file, and a copy that is not whole is refused and left as it is', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const data = join(folder, 'mode')
    await lines(
      `${SETUP}feed(0, 3000, "${folder}")
mark(1)
CHECKPOINT CREATE`,
      data,
    )
    const pinned = arrows(data)
    const created = readFileSync(join(data, 'checkpoint/checkpoint.json'), 'utf8')
    // Another process: the mode is on, what is dropped stays, and a second CREATE is refused.
    const [isActive, refused, rows] = await lines(
      `${LOGIN}print(exec in_progress from checkpoint_status())
try { checkpointCreate() } catch(ex) { print(ex[1]) }
truncate("dfs://db", "pt")
print(exec count(*) from loadTable("dfs://db", "pt"))`,
      data,
    )
    expect([isActive, rows]).toEqual(['[true]', '0'])
    expect(refused).toContain(`active since ${(JSON.parse(created) as { startedAt: string }).startedAt}`)
    expect(arrows(data)).toEqual(expect.arrayContaining(pinned))
    expect(readFileSync(join(data, 'checkpoint/checkpoint.json'), 'utf8')).toBe(created)

    const broken = join(folder, 'broken')
    execFileSync('cp', ['-r', data, broken])
    touch(join(broken, '_restore'))
    const segment = arrows(broken)[0]
    const manifest = join(broken, 'checkpoint/checkpoint.json')
    const catalog = join(broken, 'checkpoint/catalog')
    const flip = (file: string): void => {
      const bytes = readFileSync(file)
      bytes[bytes.length >> 1] ^= 4
      writeFileSync(file, bytes)
    }
    const damages: readonly (readonly [string, RegExp, () => void])[] = [
      [segment, /chunks\/.*\.arrow is missing/, () => execFileSync('rm', [segment])],
      [
        segment,
        /chunks\/.*\.arrow has \d+ bytes instead of \d+/,
        () => truncateSync(segment, statSync(segment).size - 1),
      ],
      [segment, /chunks\/.*\.arrow is not what the checkpoint names/, () => flip(segment)],
      [catalog, /checkpoint\/catalog is damaged/, () => flip(catalog)],
      [catalog, /checkpoint\/catalog is missing/, () => execFileSync('rm', [catalog])],
      [
        manifest,
        /was made by a release with data format 9; this one has format \d.*start the copy with the release that made it/,
        () => writeFileSync(manifest, readFileSync(manifest, 'utf8').replace(/"format": \d+/, '"format": 9')),
      ],
      [manifest, /checkpoint\.json is missing although there is a file _restore/, () => execFileSync('rm', [manifest])],
    ]
    for (const [file, message, damage] of damages) {
      const whole = readFileSync(file)
      damage()
      const before = listing(broken)
      const { code, stdout, stderr } = await holdfast(['-e', '1+1'], { data: broken })
      expect([code, stdout, stderr]).toEqual([1, '', expect.stringMatching(message)])
      expect(listing(broken)).toEqual(before)
      expect(before).toHaveProperty('_restore')
      writeFileSync(file, whole)
    }
    // Mended, it starts.
    utimesSync(manifest, 0, 0)
    const [state] = await lines(`${LOGIN}${INVARIANT}print(state())`, broken)
    expect(parse(state)).toEqual({ isPrefix: true, last: [0], marks: [1] })
    expect(existsSync(join(broken, 'checkpoint'))).toBe(false)

    // RELEASE lets go of what was kept.
    await lines(`${LOGIN}CHECKPOINT RELEASE\nCHECKPOINT RELEASE`, data)
    expect(existsSync(join(data, 'checkpoint'))).toBe(false)
    expect(arrows(data).filter((file) => file.includes('/pt/'))).toEqual([])
    const without = join(folder, 'without')
    execFileSync('cp', ['-r', data, without])
    touch(join(without, '_restore'))
    const { code, stderr } = await holdfast(['-e', '1+1'], { data: without })
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('no checkpoint was active when the directory was copied'),
    ])
  })
})
