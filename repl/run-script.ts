/** A script without a person: file, standard input or one line. Values and prints go to stdout, everything else to stderr. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { deathMessage, type EngineHost, type SessionHandle } from '../jobs/index.ts'
import type { Invocation } from './arguments.ts'
import { finishJobs } from './finish-jobs.ts'
import { ProgressReporter } from './progress.ts'
import type { EndSignals } from './signals.ts'
import { exitCodeFor } from './stdout.ts'

interface Source {
  readonly text: string
  readonly file: string | undefined
  readonly show: 'all' | 'last' | 'none'
  readonly args: readonly string[]
}

/** Answers the exit code. */
export async function runScript(
  host: EngineHost,
  invocation: Extract<Invocation, { kind: 'evaluate' | 'run' | 'stdin' }>,
  waitForJobs: boolean,
  signals: EndSignals,
): Promise<number> {
  const source = await readSource(invocation)
  if (typeof source === 'string') {
    process.stderr.write(`holdfast: ${source}\n`)
    return 1
  }
  const progress = new ProgressReporter()
  let readerIsGone = false
  let outputFailure = 0
  const session: SessionHandle = host.openSession({
    onOutput: (bytes) => readerIsGone || process.stdout.write(bytes),
    onNotice: (text) => process.stderr.write(`${text}\n`),
    onProgress: (p) => progress.report(p),
  })
  process.stdout.on('drain', () => session.resumeOutput())
  signals.install()
  signals.listen(() => session.interrupt())
  // The reader of our pipe has gone (`| head`): nothing more to say, but the store is closed in order.
  process.stdout.on('error', (error) => {
    if (!readerIsGone) outputFailure = exitCodeFor(error, () => 0)
    readerIsGone = true
    session.interrupt()
    session.resumeOutput()
  })

  if (source.args.length > 0 || invocation.kind === 'run') session.setArguments(source.args)
  const code = await runSource(host, session, source, progress, () => readerIsGone)
  if (signals.exitCode !== undefined) return signals.exitCode
  if (readerIsGone) return outputFailure
  return (await finishJobs(host, waitForJobs, signals)) ? code : (signals.exitCode ?? code)
}

async function runSource(
  host: EngineHost,
  session: SessionHandle,
  source: Source,
  progress: ProgressReporter,
  isCutOff: () => boolean,
): Promise<number> {
  host.noteStatement(session, source.file ?? source.text)
  try {
    const { failure } = await session.run(source.text, source.show, source.file)
    await progress.clear()
    if (failure === undefined || isCutOff()) return 0
    process.stderr.write(`${failure.text}\n`)
    return 1
  } catch (thrown) {
    if (session.dead === undefined) throw thrown
    process.stderr.write(`${deathMessage(session.dead, 'session')}\n`)
    return 1
  } finally {
    host.noteStatement(session, undefined)
  }
}

async function readSource(
  invocation: Extract<Invocation, { kind: 'evaluate' | 'run' | 'stdin' }>,
): Promise<Source | string> {
  switch (invocation.kind) {
    case 'evaluate':
      return { text: invocation.code, file: undefined, show: 'last', args: [] }
    case 'stdin':
      return { text: await standardInput(), file: undefined, show: 'none', args: [] }
    case 'run': {
      const { file, args, echo } = invocation
      const show = echo ? 'all' : 'none'
      if (file === '-') return { text: await standardInput(), file: undefined, show, args }
      try {
        return { text: readFileSync(file, 'utf8'), file: resolve(file), show, args }
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code
        return code === 'ENOENT' ? `there is no file ${file}` : `cannot read ${file}: ${(error as Error).message}`
      }
    }
  }
}

/** As a stream: a pipe whose writer takes its time has nothing to read at once, which a synchronous read takes for an error. */
const standardInput = (): Promise<string> => text(process.stdin)
