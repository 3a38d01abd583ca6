/** Runs the bench of backup tools on a tiny store, and looks for the rows that it must print. What it measures then says nothing. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { root } from '../measure.ts'

/** What was printed: the table, and notes about tools that are not here. Throws if the bench failed. */
export function runTools(peers: readonly string[]): { readonly table: string; readonly notes: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'bench/run.ts'), 'tools', ...peers], {
    env: { ...process.env, HOLDFAST_BENCH_ROUNDS: '1', HOLDFAST_BENCH_MB: '1', HOLDFAST_BENCH_PARTITIONS: '4' },
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`The bench ended with ${status}:\n${stderr}`)
  return { table: stdout, notes: stderr }
}

/** A row each: its first words, ours, the peer. */
type Wanted = readonly [what: string, ours: string, peer: string]

const plainRows = (full: string, again: string, verify: string, restore: string): readonly Wanted[] => [
  ['full backup, 1 MB', 'backupDB', full],
  ['backup, nothing changed', 'backupDB', again],
  ['backup, 1 of 4 partitions changed', 'backupDB', again],
  ['verification', 'checkBackup', verify],
  ['restore', 'restoreDB', restore],
  ['size of the full backup', 'backupDB', full],
  ['full backup, 1 MB', 'holdfast backup', full],
  ['backup, 1 of 4 partitions changed', 'holdfast backup', again],
  ['verification', 'holdfast verify-backup', verify],
  ['restore', 'holdfast restore', restore],
]

const compressedRows = (backup: string, restore: string): readonly Wanted[] => [
  ['full backup, 1 MB', 'holdfast backup --compress', backup],
  ['backup, nothing changed', 'holdfast backup --compress', backup],
  ['restore', 'holdfast restore', restore],
  ['size of the full backup', 'holdfast backup --compress', backup],
]

const WANTED: Readonly<Record<string, readonly Wanted[]>> = {
  cp: plainRows('cp -r', 'cp -r', 'cat of the copy', 'cp -r'),
  rsync: plainRows('rsync', 'rsync --link-dest', 'rsync -nc', 'rsync'),
  restic: [
    ...plainRows('restic', 'restic', 'restic check --read-data', 'restic'),
    ...compressedRows('restic, zstd', 'restic, zstd'),
  ],
  borg: [
    ...plainRows('borg', 'borg', 'borg check --verify-data', 'borg'),
    ...compressedRows('borg, zstd', 'borg, zstd'),
  ],
  postgres: [
    ...plainRows('pg_basebackup', 'pg_basebackup', 'pg_verifybackup', 'cp -r of the base backup'),
    ...compressedRows('pg_basebackup, zstd', 'tar -I zstd'),
  ],
}

/** Rows of the tools that are here that were not printed. */
export function missingRows({ table, notes }: ReturnType<typeof runTools>, peers: readonly string[]): Wanted[] {
  const lines = table.split('\n')
  const isNoted = (tool: string): boolean => notes.includes(`${tool} is left out: `)
  return peers.flatMap((peer) => {
    const wanted = WANTED[peer]
    const tool = wanted[0][2]
    if (isNoted(tool)) return []
    return wanted.filter(
      ([what, ours, theirs]) =>
        !lines.some((l) => l.startsWith(what) && l.includes(`  ${ours} `) && l.includes(`  ${theirs} `)),
    )
  })
}
