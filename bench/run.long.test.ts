/** The bench of backup tools with those that take long to start; what it measures here says nothing. */
import { expect, test } from 'vitest'
import { missingRows, runTools } from './tools/fixture.ts'

test('the tools bench compares what borg and pg_basebackup restored, and prints a row for each step, with a tiny store', {
  timeout: 600_000,
}, () => {
  const peers = ['borg', 'postgres']
  expect(missingRows(runTools(peers), peers)).toEqual([])
})
