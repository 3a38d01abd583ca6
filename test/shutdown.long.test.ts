/** How the process ends, and what the next start says and does: signals, kill -9, a damaged log. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { holdfast, holdfastBin, type Outcome, type RunOptions, scratch } from './harness.ts'

const folder = scratch('shutdown')
const LOGIN = 'login("admin", "123456")\n'
const SETUP = `${LOGIN}
db = database("dfs://db", VALUE, 1..3)
pt = db.createPartitionedTable(table(1:0, \`k\`v, [INT, LONG]), "pt", "k")
`
/** One row after the other; prints each time how many have been acknowledged. */
const FEED = `${SETUP}
n = 0
do {
	pt.append!(table(1 2 3 as k, take(long(n), 3) as v))
	n += 1
	print(n)
} while(true)`
const COUNT = `${LOGIN}print(exec count(*) from loadTable("dfs://db", "pt"))`

/** Runs until it has printed so many lines, then sends the signals, each so long after the one before. */
function signalled(
  args: readonly string[],
  options: RunOptions,
  lines: number,
  signals: readonly (readonly [afterMs: number, NodeJS.Signals])[],
): Promise<Outcome> {
  return holdfast(args, {
    ...options,
    onStart: (child) => {
      let seen = 0
      child.stdout?.on('data', (text: string) => {
        if (seen >= lines) return
        seen += text.split('\n').length - 1
        if (seen < lines) return
        for (const [afterMs, signal] of signals) setTimeout(() => child.kill(signal), afterMs)
      })
    },
  })
}

const acknowledged = ({ stdout }: Outcome): number => Number(stdout.trimEnd().split('\n').at(-1)) * 3

describe('a signal', { timeout: 180_000 }, () => {
  for (const [signal, code, form] of [
    ['SIGTERM', 143, 'run'],
    ['SIGINT', 130, '-e'],
  ] as const)
    it(`${signal} to holdfast ${form} ends it in order: the next start has nothing to recover`, async () => {
      const data = join(folder, signal)
      const script = `${data}.dos`
      writeFileSync(script, FEED)
      const args = form === 'run' ? ['run', script] : ['-e', FEED]
      const ended = await signalled(args, { data }, 40, [[0, signal]])
      expect([ended.code, ended.signal]).toEqual([code, null])
      expect(existsSync(join(data, 'holdfast.lock'))).toBe(false)
      const { code: checked, stdout } = await holdfast(['stats', '--json', '--data', data])
      const stats = JSON.parse(stdout) as { wasUnclean: boolean; tables: { rows: number; deltaRows: number }[] }
      expect([checked, stats.wasUnclean, stats.tables[0].deltaRows]).toEqual([0, false, 0])
      const next = await holdfast(['-e', COUNT], { data })
      expect(next.stderr).not.toMatch(/INFO|ecover/)
      // The append that was going on when the signal came may have been committed.
      expect([acknowledged(ended), acknowledged(ended) + 3]).toContain(Number(next.stdout))
      expect(stats.tables[0].rows).toBe(Number(next.stdout))
      expect(existsSync(join(data, 'holdfast.log'))).toBe(false)
    })

  it('is not needed when the reader of a pipe has gone: the store is closed in order', async () => {
    const data = join(folder, 'pipe')
    const ended = await holdfast(['-e', FEED], {
      data,
      onStart: (child) => child.stdout?.once('data', () => child.stdout?.destroy()),
    })
    expect([ended.code, ended.signal, ended.stderr]).toEqual([0, null, expect.not.stringContaining('cancelled')])
    expect(existsSync(join(data, 'holdfast.lock'))).toBe(false)
    expect((await holdfast(['-e', COUNT], { data })).stderr).not.toContain('[INFO]')
  })

  it('while the directory is being closed does not stop that; a second one ends the process at once, and the next start recovers', async () => {
    const data = join(folder, 'twice')
    // Enough in the log that the last checkpoint takes a while.
    const script = `${SETUP}for(i in 0..1500) pt.append!(table(1 2 3 as k, take(long(i), 3) as v))\nprint("written")`
    const first = await signalled(['-e', script], { data }, 1, [[30, 'SIGTERM']])
    // 143 if it came before the script had ended.
    expect([0, 143]).toContain(first.code)
    expect([first.signal, existsSync(join(data, 'holdfast.lock'))]).toEqual([null, false])
    const more = `${LOGIN}pt = loadTable("dfs://db", "pt")\nfor(i in 0..1500) pt.append!(table(1 2 3 as k, take(long(i), 3) as v))\nprint("written")\nsleep(60000)`
    // The session is waiting: the first signal ends that, the second does not wait for the rest.
    const second = await signalled(['-e', more], { data }, 1, [
      [0, 'SIGTERM'],
      [260, 'SIGTERM'],
      [300, 'SIGTERM'],
      [400, 'SIGTERM'],
    ])
    // By the signal itself, or with its code if the directory was closed before it came.
    expect([
      [null, 'SIGTERM'],
      [143, null],
    ]).toContainEqual([second.code, second.signal])
    const next = await holdfast(['-e', COUNT], { data })
    expect(next.stdout).toBe(`${1501 * 3 * 2}\n`)
  })
})

const hasTmux = spawnSync('tmux', ['-V']).status === 0

describe.skipIf(!hasTmux)('the prompt', () => {
  for (const signal of ['TERM', 'INT'])
    it(`ends in order at SIG${signal} too`, async () => {
      const data = join(folder, `prompt-${signal}`)
      const socket = `holdfast-shutdown-${process.pid}-${signal}`
      const tmux = (...args: string[]): string =>
        spawnSync('tmux', ['-L', socket, ...args], { encoding: 'utf8' }).stdout
      const run = `${process.execPath} ${holdfastBin} --data ${data} & echo $! > ${data}.pid; fg; echo left with $?; exec sleep 100`
      const history = `HOLDFAST_HISTORY=${data}.history`
      tmux('new-session', '-d', '-x', '100', '-y', '50', '-e', history, 'bash', '-m', '-c', run)
      const shows = async (pattern: RegExp): Promise<void> => {
        for (let tries = 0; tries < 400; tries++) {
          if (pattern.test(tmux('capture-pane', '-p').trimEnd())) return
          await new Promise((resolve) => setTimeout(resolve, 25))
        }
        throw new Error(`the terminal never showed ${pattern}:\n${tmux('capture-pane', '-p')}`)
      }
      try {
        await shows(/^>$/m)
        for (const line of SETUP.trim().split('\n')) tmux('send-keys', '-l', `${line}\n`)
        tmux('send-keys', '-l', 'pt.append!(table(1 2 3 as k, 4 5 6l as v)); print("stored")\n')
        await shows(/^stored$/m)
        process.kill(Number(readFileSync(`${data}.pid`, 'utf8')), `SIG${signal}`)
        await shows(/left with (143|130)/)
      } finally {
        tmux('kill-server')
      }
      expect(existsSync(join(data, 'holdfast.lock'))).toBe(false)
      const next = await holdfast(['-e', COUNT], { data })
      expect([next.stdout, /INFO/.test(next.stderr)]).toEqual(['3\n', false])
    })
})

describe('after kill -9', { timeout: 180_000 }, () => {
  it('the next start says what it recovers, on standard error and in holdfast.log, and nothing acknowledged is lost', async () => {
    const data = join(folder, 'killed')
    const killed = await signalled(['-e', FEED], { data }, 60, [[0, 'SIGKILL']])
    expect(killed.signal).toBe('SIGKILL')
    const next = await holdfast(['-e', COUNT], { data })
    expect([0, 3, 6]).toContain(Number(next.stdout) - acknowledged(killed))
    const said = [
      /^Crash recovery initiated$/,
      /^Last checkpoint LSN: 0\/[0-9A-F]{8}$/,
      /^Phase 1 \(Analysis\): Scanning WAL\.\.\. [\d,]+ dirty chunks, [\d,]+ active transactions$/,
      /^Phase 2 \(Redo\): Replaying from LSN 0\/[0-9A-F]{8}\.\.\. [\d,]+ records replayed$/,
      /^Phase 3 \(Undo\): Rolling back [\d,]+ active transactions\.\.\. done$/,
      /^Recovery complete in \d+\.\d\ds$/,
    ]
    const onStderr = next.stderr.split('\n').filter((line) => line.startsWith('[INFO] '))
    const inFile = readFileSync(join(data, 'holdfast.log'), 'utf8').trimEnd().split('\n')
    const matching = (lines: readonly string[], prefix: RegExp): void => {
      // An unfinished write at the end of the log is told before.
      const rest = lines.map((line) => line.replace(prefix, '')).filter((line) => !line.startsWith('The log ends at'))
      expect(rest).toEqual(said.map((pattern) => expect.stringMatching(pattern)))
    }
    matching(onStderr, /^\[INFO\] /)
    matching(inFile, /^\d{4}-\d\d-\d\dT[\d:.]+Z \[INFO\] /)
    // That start closed in order.
    expect((await holdfast(['-e', COUNT], { data })).stderr).not.toContain('[INFO]')
  })

  it('a damaged log refuses the start, naming file and offset, and changes nothing', async () => {
    const data = join(folder, 'damaged')
    await signalled(['-e', FEED], { data }, 60, [[0, 'SIGKILL']])
    const file = join(data, 'wal/current_file')
    const whole = readFileSync(file)
    const damaged = Buffer.from(whole)
    damaged[whole.length >> 1] ^= 1
    writeFileSync(file, damaged)
    for (let attempt = 0; attempt < 2; attempt++) {
      const { code, stdout, stderr } = await holdfast(['-e', COUNT], { data })
      expect([code, stdout]).toEqual([1, ''])
      expect(stderr).toMatch(/The log is damaged: wal\/current_file, offset \d+, LSN 0\/[0-9A-F]{8}: /)
      expect(readFileSync(file).equals(damaged)).toBe(true)
    }
    const checked = await holdfast(['check', '--data', data])
    expect([checked.code, checked.stdout]).toEqual([
      1,
      expect.stringMatching(/^ERROR wal\/current_file, offset \d+: The log is damaged/m),
    ])
    const dumped = await holdfast(['wal', 'dump', '--data', data])
    expect([dumped.code, dumped.stderr]).toEqual([
      1,
      expect.stringMatching(/current_file, offset \d+, .*damage: the log goes on at LSN/),
    ])
    writeFileSync(file, whole)
    expect((await holdfast(['-e', COUNT], { data })).code).toBe(0)
  })
})
