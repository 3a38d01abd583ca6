/** The bench scripts run; what they measure here says nothing. Tools that take long to start are in run.long.test.ts. Not among the everyday tests: it starts some forty processes. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from './measure.ts'
import { missingRows, runTools } from './tools/fixture.ts'

test('the storage bench prints a row for each figure, with tiny sizes', { timeout: 180_000 }, () => {
  const env = {
    HOLDFAST_BENCH_ROUNDS: '1',
    HOLDFAST_BENCH_LOAD_MB: '1',
    HOLDFAST_BENCH_SYNCED_ROWS: '16',
    HOLDFAST_BENCH_FLUSHED_ROWS: '16',
    HOLDFAST_BENCH_START_MS: '0',
    HOLDFAST_BENCH_SESSIONS: '2',
    HOLDFAST_BENCH_SMALL_APPENDS: '10',
    HOLDFAST_BENCH_BULK_APPENDS: '1',
    HOLDFAST_BENCH_SCAN_ROWS: '5000',
  }
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'bench/run.ts'), 'storage'], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  })
  expect(stderr).not.toContain('Error')
  expect(status).toBe(0)
  for (const figure of [
    'bulk load',
    'level 1, 1 session',
    'level 1, 2 sessions',
    'level 2, 1 session',
    'level 2, 2 sessions',
    '10 appends of 1 row',
    '1 appends of 20000 rows',
    'scan of 0.0 M rows, sum, avg, max',
    'scan of 0.0 M rows, count and sum where',
    'scan of 0.0 M rows, sum and avg by',
  ])
    expect(stdout).toContain(figure)
})

test('the tools bench compares what cp, rsync and restic restored, and prints a row for each step, with a tiny store', {
  timeout: 180_000,
}, () => {
  const peers = ['cp', 'rsync', 'restic']
  expect(missingRows(runTools(peers), peers)).toEqual([])
})

test('the tools bench refuses a tool that it does not know', () => {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'bench/run.ts'), 'tools', 'tape'], {
    encoding: 'utf8',
  })
  expect(stderr).toContain("There is no backup tool 'tape': cp, rsync, restic, borg, postgres.")
  expect(status).toBe(1)
})

test('the language bench compares answers and prints a row for each measure, with tiny sizes', {
  timeout: 300_000,
}, () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'bench/run.ts'), 'language'], {
    env: {
      ...process.env,
      HOLDFAST_BENCH_ROUNDS: '1',
      HOLDFAST_BENCH_REPEATS: '1',
      HOLDFAST_BENCH_FIB: '10',
      HOLDFAST_BENCH_TURNS: '10000',
      HOLDFAST_BENCH_ELEMENTS: '50000',
      HOLDFAST_BENCH_QUERY_ROWS: '50000',
      HOLDFAST_BENCH_SCRIPT_LINES: '200',
    },
    encoding: 'utf8',
  })
  expect(stderr).not.toContain('Error')
  expect(status).toBe(0)
  for (const measure of ['fib(10)', 'sieve', 'a + b', 'cumsum(a)', 'sort of doubles', 'asof join', 'parsing 200 lines'])
    expect(stdout).toContain(measure)
})
