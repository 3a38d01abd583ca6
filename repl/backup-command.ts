/** `holdfast backup`: opens a data directory that nobody has open, and calls `backupNode` there as the administrator; who may read the directory may copy it. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { deathMessage, type EngineHost } from '../jobs/index.ts'
import { HoldfastError, inputError } from '../runtime/errors.ts'
import type { Invocation } from './arguments.ts'
import { OptionError } from './config.ts'
import { ProgressReporter } from './progress.ts'
import type { EndSignals } from './signals.ts'

const CALL = 'backupNode(args[0], args[1] == "true", args[2] == "true", args[3], int(args[4]))'

export async function backupCommand(
  host: EngineHost,
  dataDir: string,
  invocation: Extract<Invocation, { kind: 'backup' }>,
  signals: EndSignals,
): Promise<number> {
  const { dir, wal, compress, key = '', keep = '' } = invocation
  if (keep !== '' && !/^[1-9][0-9]{0,5}$/.test(keep))
    throw new OptionError(`--keep must be a number of backups, at least 1, not '${keep}'`)
  if (!existsSync(join(dataDir, 'catalog.mdb')))
    throw inputError(`There is no data directory ${dataDir}.`, {
      code: 'directoryMissing',
      hint: 'name one with --data',
    })
  await openUnused(host)
  const progress = new ProgressReporter()
  const session = host.openSession(
    {
      onOutput: (bytes) => process.stdout.write(bytes),
      onNotice: (text) => process.stderr.write(`${text}\n`),
      onProgress: (p) => progress.report(p),
    },
    'admin',
  )
  signals.install()
  signals.listen(() => session.interrupt())
  session.setArguments([resolve(dir), String(wal), String(compress), key === '' ? '' : resolve(key), keep])
  try {
    const { failure } = await session.run(CALL, 'last')
    await progress.clear()
    if (failure === undefined) return signals.exitCode ?? 0
    process.stderr.write(`${failure.text}\n`)
    return signals.exitCode ?? 1
  } catch (thrown) {
    if (session.dead === undefined) throw thrown
    process.stderr.write(`${deathMessage(session.dead, 'session')}\n`)
    return 1
  }
}

async function openUnused(host: EngineHost): Promise<void> {
  try {
    await host.open()
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'directoryInUse') throw error
    throw new HoldfastError(error.kind, error.message, {
      code: error.code,
      hint: 'call backupNode(dir) there, which backs up a store that is in use',
      cause: error,
    })
  }
}
