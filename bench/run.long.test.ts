/** The bench of backup tools with those that take long to start; what it measures here says nothing. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from './measure.ts'
import { missingRows, runTools } from './tools/fixture.ts'

test('the tools bench compares what borg and pg_basebackup restored, and prints a row for each step, with a tiny store', {
  timeout: 600_000,
}, () => {
  const peers = ['borg', 'postgres']
  expect(missingRows(runTools(peers), peers)).toEqual([])
})

test('the bench of many partitions prints a row for each step, with a few', { timeout: 600_000 }, () => {
  const { status, stdout } = spawnSync(process.execPath, [join(root, 'bench/chunks.ts')], {
    env: { ...process.env, HOLDFAST_BENCH_CHUNKS: '200' },
    encoding: 'utf8',
  })
  expect(status).toBe(0)
  for (const step of [
    'nothing changed',
    'getBackupList',
    'checkBackup',
    'restoreDB into a new store',
    'holdfast check',
  ])
    expect(stdout).toContain(step)
})
