/** Scheduled jobs in whole processes: kept on disk, found again by the next process. When they are due is tested beside the scheduler. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { scratch, script } from './harness.ts'

const data = join(scratch('schedule'), 'data')
const LOGIN = 'login("admin", "123456")\n'

describe('a scheduled job', () => {
  it('is there for the next process, until it is deleted', async () => {
    const created = await script(
      `${LOGIN}def f(x): x + 1
print(scheduleJob("daily", "Daily Job", f{2}, 17:23m, 2026.01.01, 2036.12.31, 'D'))
print(scheduleJob("weekly", "Weekly Job", f{2}, [17:30m, 09:00m], 2026.01.01, 2036.12.31, "W", 2 4))
same = scheduleJob("daily", , f{2}, 10:00m, 2026.01.01, 2036.12.31, "M", 1)
print(same like "daily2%")`,
      { data },
    )
    expect(created.trim().split('\n')).toEqual(['daily', 'weekly', 'true'])
    const listed = await script(
      `${LOGIN}t = getScheduledJobs("dail?")
print(t.jobDesc)
print(t.scheduleTime)
print(t.frequency)
print(exec days from getScheduledJobs("weekly"))
print(exec jobDesc from getScheduledJobs("%2%"))
deleteScheduledJob("daily")
print(exec count(*) from getScheduledJobs())
try { deleteScheduledJob("daily") } catch(ex) { print(ex[1]) }`,
      { data },
    )
    expect(listed.trim().split('\n')).toEqual([
      '["Daily Job"]',
      '[17:23m]',
      '["D"]',
      '([2,4])',
      '["f"]',
      '2',
      "The scheduled job [daily] doesn't exist.",
    ])
  })
  it('may leave optional arguments open', async () => {
    const scheduled = await script(
      `${LOGIN}def f(x, y=2): x + y
print(scheduleJob("named", "", backupDB{"/backups", "dfs://db", daily=7}, 17:23m, 2026.01.01, 2026.01.02, 'D'))
print(scheduleJob("proofs", "", checkBackup{"/backups", "dfs://db", since=30, budget=1H}, 17:23m, 2026.01.01, 2026.01.02, 'D'))
print(scheduleJob("default", "", f{1}, 17:23m, 2026.01.01, 2026.01.02, 'D'))`,
      { data },
    )
    expect(scheduled.trim().split('\n')).toEqual(['named', 'proofs', 'default'])
  })
  it('must be complete and leave time between its runs', async () => {
    const refused = await script(
      `${LOGIN}def f(x): x
def g(x, y): x + y
def attempt(times, frequency, days, job){ try { scheduleJob("x", "", job, times, 2026.01.01, 2026.12.31, frequency, days) } catch(ex) { print(ex[1].split(". ")[1]) } }
attempt(17:23m, "D", 1, f)
attempt(17:23m, "D", 1, g{1})
attempt(17:23m, "D", 1, backupDB{, "dfs://db", daily=7})
attempt(17:23m 17:25m, "D", 1, f{1})
attempt(17:23m, "W", 7, f{1})
attempt(17:23m, "Y", 1, f{1})
print(exec count(*) from getScheduledJobs() where jobId = "x")`,
      { data },
    )
    expect(refused.trim().split('\n')).toEqual([
      'jobFunc must need no arguments: fix them by a partial application.',
      'jobFunc must need no arguments: fix them by a partial application.',
      'jobFunc must need no arguments: fix them by a partial application.',
      'The times of scheduleTime must be at least 5 minutes apart.',
      "days must be from 0 to 6 for the frequency 'W'.",
      "frequency must be 'D', 'W' or 'M'.",
      '0',
    ])
  })
})
