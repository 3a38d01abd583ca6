/** `holdfast backup`: opens a data directory that nobody has open, and calls `backupNode` there. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { EngineHost } from '../jobs/index.ts'
import { inputError } from '../runtime/errors.ts'
import type { Invocation } from './arguments.ts'
import { OptionError } from './config.ts'
import { callAsAdministrator } from './own-session.ts'
import type { EndSignals } from './signals.ts'

const CALL = 'backupNode(args[0], args[1] == "true", args[2] == "true", args[3], int(args[4]), plan=args[5] == "true")'

export async function backupCommand(
  host: EngineHost,
  dataDir: string,
  invocation: Extract<Invocation, { kind: 'backup' }>,
  signals: EndSignals,
): Promise<number> {
  const { dir, wal, compress, key = '', keep = '', isPlan } = invocation
  if (keep !== '' && !/^[1-9][0-9]{0,5}$/.test(keep))
    throw new OptionError(`--keep must be a number of backups, at least 1, not '${keep}'`)
  if (!existsSync(join(dataDir, 'catalog.mdb')))
    throw inputError(`There is no data directory ${dataDir}.`, {
      code: 'directoryMissing',
      hint: 'name one with --data',
    })
  return await callAsAdministrator(host, signals, {
    call: CALL,
    args: [resolve(dir), String(wal), String(compress), key === '' ? '' : resolve(key), keep, String(isPlan)],
    cutOff: `The backup was cut off. ${resolve(dir)} has the backups that it had; the next call keeps what was copied whole.`,
    inside: 'backupNode(dir) there, which backs up a store that is in use',
  })
}
