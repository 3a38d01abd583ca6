/** `holdfast restore`: makes a new data directory of a node backup. */
import { resolve } from 'node:path'
import { planRestoreFolder, restoreBackupFolder } from '../dfs/node-backup/index.ts'
import { formatLsn } from '../dfs/wal/lsn.ts'
import { countText } from '../runtime/print/counts.ts'
import type { Invocation } from './arguments.ts'
import { lineProgress } from './line-progress.ts'
import { CommandOutput } from './stdout.ts'

const LEFT_OUT = { config: 'holdfast.toml', jobs: 'the scheduled jobs' } as const

export async function restoreCommand(
  dataDir: string,
  { dir, backup, key, without, isPlan }: Extract<Invocation, { kind: 'restore' }>,
): Promise<number> {
  const choice = { folder: resolve(dir), id: backup, keyFile: key }
  const manifest = isPlan
    ? planRestoreFolder(choice, dataDir, without)
    : restoreBackupFolder(choice, dataDir, lineProgress(), without)
  const { id, startedAt, lsn, timeline, files, bytes, databases, tables, rows } = manifest
  const counted = (n: number, what: string): string => `${countText(n)} ${what}${n === 1 ? '' : 's'}`
  const out = new CommandOutput()
  out.line(
    `${isPlan ? 'Nothing was changed. Would restore' : 'Restored'} ${id} of ${startedAt}, LSN ${formatLsn(lsn)}, to ${dataDir}`,
  )
  out.line(
    `${counted(databases, 'database')}, ${counted(tables, 'table')}, ${counted(rows, 'row')} in ${counted(files, 'file')}, ${isPlan ? `${countText(bytes)} bytes` : 'every byte verified'}`,
  )
  if (without !== undefined) out.line(`Left out: ${without.map((part) => LEFT_OUT[part]).join(', ')}`)
  if (!isPlan) out.line(`The store goes on as timeline ${timeline + 1}`)
  await out.flush()
  return 0
}
