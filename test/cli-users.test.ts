/** Privileges across threads and processes: kept in the store, asked for by sessions, jobs and the engine. */
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { holdfast, scratch } from './harness.ts'

it('a user does what was granted, in a session, in a job, and after a restart', async () => {
  const data = join(scratch('users'), 'data')
  const setUp = `login("admin", "123456")
    t = table(1 2 2 as k, 1.0 2.0 3.0 as v)
    database("dfs://db", VALUE, 1..3).createPartitionedTable(t, \`pt, \`k).append!(t)
    createUser("ann", "secret"); createGroup("readers", "ann"); grant("readers", DB_READ, "dfs://db"); setMaxJobPriority("ann", 3)
    print(getUserAccess("ann")["MAX_JOB_PRIORITY"])`
  const first = await holdfast(['-e', setUp], { data })
  expect(first.stderr).not.toContain('Error')
  expect(first).toMatchObject({ code: 0, stdout: '[3]\n' })

  const tried = [
    'loadTable("dfs://db", "pt").append!(table(1 as k, 1.0 as v))',
    'database("dfs://mine", VALUE, 1..3)',
    'grant("ann", DB_WRITE, "dfs://db")',
    'saveTextFile("x", getHomeDir() + "/catalog.mdb")',
    'getJobReturn(submitJob("write", "", def() { loadTable("dfs://db", "pt").append!(table(1 as k, 1.0 as v)) }), true)',
  ].map((statement) => `try { ${statement} } catch (ex) { print(ex[1]) }`)
  const read = 'exec sum(v) from loadTable("dfs://db", "pt")'
  const script = `login("ann", "secret"); print(${read}); print(getJobReturn(submitJob("read", "", def() { return ${read} }), true))\n${tried.join('\n')}`
  const second = await holdfast(['-e', script], { data })
  const lines = second.stdout.trimEnd().split('\n')
  expect(lines.slice(0, 2)).toEqual(['6', '6'])
  expect(lines[2]).toContain('<NoPrivilege>Not granted to write table dfs://db/pt')
  expect(lines[3]).toContain('<NoPrivilege>Not granted to create or delete databases')
  expect(lines[4]).toContain('S04005')
  expect(lines[5]).toContain('belongs to the store')
  expect(lines[6]).toContain('<NoPrivilege>Not granted to write table dfs://db/pt')
  expect(lines).toHaveLength(7)
})
