/** Changed files of every format, two hundred; fuzz.long.test.ts has many thousands. */
import { describe, expect, it } from 'vitest'
import { soundOutcome } from './case.ts'
import { allSubjects, runCases } from './run.ts'

const CASES = 200

describe('sound files', () => {
  it('are accepted by every operation, but for an encrypted set without its key', async () => {
    for (const subject of await allSubjects())
      for (const name of Object.keys(subject.operations))
        expect([subject.name, name, await soundOutcome(subject, name)]).toEqual([
          subject.name,
          name,
          name === 'without' ? 'refused' : 'clean',
        ])
  })
})

describe('changed files of backup sets, node backups, copies and archives', () => {
  it('matter nothing or are refused with the file named', async () => {
    const refused = await runCases(1, CASES)
    // Many changes must be noticed: else nothing is proved. Others are in files that the operation does not read.
    expect(refused).toBeGreaterThan(CASES * 0.25)
  })
})
