/** Commands that call one function in a data directory that nobody has open, as the administrator: who may read the directory may do with it what he wants. */
import { deathMessage, type EngineHost } from '../jobs/index.ts'
import { HoldfastError } from '../runtime/errors.ts'
import { ProgressReporter } from './progress.ts'
import type { EndSignals } from './signals.ts'

export interface OwnCall {
  /** The code; its arguments are the variable args. */
  readonly call: string
  readonly args: readonly string[]
  /** What to do if the directory is in use: `call ...`. */
  readonly inside: string
  /** What a signal leaves, as a sentence. */
  readonly cutOff: string
}

/**
 * Answers the exit code; the value of the call is printed. The session's thread starts, and reads the call, while this one opens the directory: until it is open whatever the
 * call asks of the store waits, and if it cannot be opened the call ends without having done anything.
 */
export async function callAsAdministrator(host: EngineHost, signals: EndSignals, call: OwnCall): Promise<number> {
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
  session.setArguments([...call.args])
  const running = session.run(call.call, 'last')
  // Why the directory cannot be opened is said here, once.
  running.catch(() => {})
  await openUnused(host, call.inside)
  try {
    const { failure } = await running
    await progress.clear()
    if (failure === undefined) return signals.exitCode ?? 0
    const isCutOff = failure.cancelled && signals.exitCode !== undefined
    process.stderr.write(`holdfast: ${isCutOff ? call.cutOff : failure.reason}\n`)
    return signals.exitCode ?? 1
  } catch (thrown) {
    if (session.dead === undefined) throw thrown
    process.stderr.write(`${deathMessage(session.dead, 'session')}\n`)
    return 1
  }
}

async function openUnused(host: EngineHost, inside: string): Promise<void> {
  try {
    await host.open()
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'directoryInUse') throw error
    throw new HoldfastError(error.kind, error.message, { code: error.code, hint: `call ${inside}`, cause: error })
  }
}
