/** The arguments by which the backup functions say which states stay in a set, and who may say so. */
import { intArg } from '../../runtime/builtins/args.ts'
import { usageError } from '../../runtime/errors.ts'
import type { Value } from '../../runtime/values/index.ts'
import type { Retention } from '../set/retention.ts'
import { StateFiles, tablesOfStates } from '../set/state-files.ts'
import { listStates } from '../set/states.ts'
import type { FileStore } from '../store/file-store.ts'
import { type BackupHost, isMissing } from './backup-host.ts'

const NUMBERS = ['keep', 'daily', 'weekly', 'monthly'] as const

/** keep, daily, weekly and monthly; undefined if none is given. */
export function retentionArg(numbers: readonly (Value | undefined)[], signature: string): Retention | undefined {
  if (numbers.every((n) => isMissing(n))) return undefined
  const [keep, daily, weekly, monthly] = NUMBERS.map((name, k) => {
    const value = numbers[k]
    const count = isMissing(value) ? 0 : intArg(value, signature, name)
    if (count < 0) throw usageError(signature, `${name} must not be negative.`)
    return count
  })
  if (keep + daily + weekly + monthly === 0)
    throw usageError(signature, 'one of keep, daily, weekly and monthly must be at least 1.')
  return { keep, daily, weekly, monthly }
}

/** Whoever decides which states go must have the right to read every table in them: the states of a set are of all that was ever backed up into it. */
export function requireMayDrop(host: BackupHost, store: FileStore, retention: Retention | undefined): void {
  if (retention === undefined || host.isAdministrator()) return
  const { access } = host.context()
  const files = new StateFiles(store)
  for (const table of tablesOfStates(listStates(store)))
    for (const [digest, states] of table.states) access.readBackup(files.index(table, digest, states))
}
