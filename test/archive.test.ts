/** The archive of the log as an operator meets it: configuration, what lies in the directory, the status beside a running process, a kill in the middle. */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { holdfast, scratch } from './harness.ts'

const folder = scratch('archive')

const CREATE = `login("admin", "123456")
db = database("dfs://db", VALUE, 1..3)
pt = db.createPartitionedTable(table(1:0, \`k\`v, [INT, LONG]), "pt", "k")
pt.append!(table(take(1 2 3, 9000) as k, 0l..8999 as v))
pt.append!(table(1 2 3 as k, 1 2 3l as v))`

function dataWith(name: string, toml: string): string {
  const data = join(folder, name)
  mkdirSync(data)
  writeFileSync(join(data, 'holdfast.toml'), `[storage]\nwal_archive_enabled = true\n${toml}\n`)
  return data
}

const pieces = (archive: string): string[] => readdirSync(archive).filter((name) => /^[0-9A-F]{24}$/.test(name))
const status = async (data: string) =>
  JSON.parse((await holdfast(['wal', 'archive-status', '--json', '--data', data])).stdout)

it('is filled at checkpoints and at the end of the process, and its status can be seen', async () => {
  const archive = join(folder, 'archive')
  const data = dataWith('data', `wal_archive_dir = "${archive}"`)
  const { stdout, stderr } = await holdfast(
    [
      '-e',
      `${CREATE}
checkpoint()
while((exec segmentsPending from getWalArchiveStatus())[0] > 0 || (exec lastArchivedSegment from getWalArchiveStatus())[0] == "") sleep(20)
print((exec lastArchivedSegment from getWalArchiveStatus())[0])
pt.append!(table(take(1 2 3, 6000) as k, 0l..5999 as v))`,
    ],
    { data },
  )
  expect(stderr).not.toContain('rchiv')
  expect(stdout).toMatch(/^000000010000000000000001$/m)
  expect(pieces(archive)).toEqual(['000000010000000000000001', '000000010000000000000002'])
  expect(await status(data)).toMatchObject({
    archivingEnabled: true,
    lastArchivedSegment: '000000010000000000000002',
    segmentsPending: 0,
    lastError: '',
  })
  const shown = (await holdfast(['wal', 'archive-status', '--data', data])).stdout
  expect(shown).toContain('Last piece  000000010000000000000002 at 20')
  expect((await holdfast(['check', '--data', data])).code).toBe(0)
})

it('goes on after a kill, and shows failures until they end', async () => {
  // A file where the directory should be.
  const archive = join(folder, 'blocked')
  writeFileSync(archive, '')
  const data = dataWith('killed', `wal_archive_dir = "${archive}"`)
  const run = await holdfast(['-e', `${CREATE}\ncheckpoint()\nsleep(1500)\nprint("late")\nsleep(60000)`], {
    data,
    onStart: (child) => child.stdout?.once('data', () => child.kill('SIGKILL')),
  })
  expect(run.signal).toBe('SIGKILL')
  const before = await status(data)
  expect(before).toMatchObject({ segmentsPending: 1, lastArchivedSegment: '' })
  expect(before.lastError).toContain('blocked')
  rmSync(archive)
  const next = await holdfast(
    ['-e', 'login("admin", "123456")\nprint(exec count(*) from loadTable("dfs://db", "pt"))'],
    {
      data,
    },
  )
  expect(next.stdout.trim()).toBe('9003')
  expect(pieces(archive)[0]).toBe('000000010000000000000001')
  expect(existsSync(join(archive, 'data', 'chunks', 'db'))).toBe(true)
  expect(await status(data)).toMatchObject({ segmentsPending: 0, lastError: '', failedAttempts: 0 })
})

it('is searched by findChange through the restore command, which leaves nothing behind', async () => {
  const archive = join(folder, 'bucket')
  mkdirSync(archive)
  const put = join(folder, 'put.sh')
  writeFileSync(put, `#!/bin/sh\nmkdir -p "$(dirname "${archive}/$2")" && cp "$1" "${archive}/$2"\n`, { mode: 0o755 })
  const archiving = `wal_archive_command = "${put} %f %n"`
  const data = dataWith('searched', archiving)
  const lost = 'print(exec sum(rowsGone) from findChange("dfs://db", "pt", <v = 5>) where certain)'
  await holdfast(['-e', `${CREATE}\ndelete from pt where v = 5\ncheckpoint()`], { data })
  const again = ['-e', `login("admin", "123456")\n${lost}`]
  const unread = await holdfast(again, { data })
  expect(unread.stderr).toContain('not the archive, because there is no wal_restore_command')
  writeFileSync(
    join(data, 'holdfast.toml'),
    `[storage]\nwal_archive_enabled = true\n${archiving}\nwal_restore_command = "cp ${archive}/%n %f"\n`,
  )
  const read = await holdfast(again, { data })
  expect([read.stdout.trim(), read.code]).toEqual(['1', 0])
  expect(existsSync(join(data, 'recovery'))).toBe(false)
})
