/**
 * `holdfast restore-pitr`: recovers a whole store into a new directory, or with --table one table into a directory that nobody has open. What it does is told on stderr,
 * line by line.
 */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseTarget, planFolder, recoverFolder } from '../dfs/pitr/index.ts'
import type { EngineHost } from '../jobs/index.ts'
import { inputError } from '../runtime/errors.ts'
import type { Invocation } from './arguments.ts'
import { OptionError, readOption, type Settings } from './config.ts'
import { lineProgress } from './line-progress.ts'
import { callAsAdministrator } from './own-session.ts'
import type { EndSignals } from './signals.ts'

type PitrInvocation = Extract<Invocation, { kind: 'restorePitr' }>

const CALL =
  'recoverTable(args[0], args[1], args[2], args[3], args[4], args[5], args[6], args[7], args[8], args[9] == "true")'

export async function restorePitrCommand(
  settings: Settings,
  invocation: PitrInvocation,
  withHost: (use: (host: EngineHost, signals: EndSignals) => Promise<number>) => Promise<number>,
): Promise<number> {
  const { target, backup, backupId, walArchiveDir, key, without, table, partition, as, isPlan } = invocation
  if (table === undefined && (partition !== undefined || as !== undefined))
    throw new OptionError(`${partition === undefined ? '--as' : '--partition'} needs --table`)
  readOption(() => parseTarget(target))
  const { dataDir, settings: start } = settings.config
  if (table !== undefined) {
    if (backupId !== undefined) throw new OptionError('--backup-id is for a whole store: leave it out with --table')
    if (without !== undefined) throw new OptionError('--without is for a whole store: leave it out with --table')
    const source = tableOf(table, '--table')
    const into = as === undefined ? source : tableOf(as, '--as')
    if (!existsSync(join(dataDir, 'catalog.mdb')))
      throw inputError(`There is no data directory ${dataDir}.`, {
        code: 'directoryMissing',
        hint: 'with --table the table goes into a data directory that is there',
      })
    const path = (text: string | undefined): string => (text === undefined ? '' : resolve(text))
    return await withHost((host, signals) =>
      callAsAdministrator(host, signals, {
        call: CALL,
        args: [
          resolve(backup),
          source.url,
          source.name,
          target,
          into.url,
          into.name,
          partition ?? '',
          path(walArchiveDir),
          path(key),
          String(isPlan),
        ],
        cutOff: `The recovery was cut off. ${dataDir} is as it was; call again.`,
        inside: 'recoverTable there, which recovers a table into a store that is in use',
      }),
    )
  }
  const work = isPlan ? planFolder : recoverFolder
  work(
    {
      target,
      backup: resolve(backup),
      backupId,
      keyFile: key,
      without,
      archiveDir: walArchiveDir === undefined ? undefined : resolve(walArchiveDir),
      archive: start?.archive,
    },
    dataDir,
    (line) => process.stderr.write(`[INFO] ${line}\n`),
    lineProgress(),
  )
  return 0
}

/** `dfs://db/tb`. */
function tableOf(text: string, option: string): { readonly url: string; readonly name: string } {
  const match = /^(dfs:\/\/[^/].*)\/([^/]+)$/.exec(text)
  if (match === null) throw new OptionError(`${option} must be the path of a table such as dfs://db/tb, not '${text}'`)
  return { url: match[1]!, name: match[2]! }
}
