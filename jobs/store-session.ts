/** Store and jobs as a thread's session reaches them: commits over the line to the engine, progress to whoever listens. Loaded late (thread-session.ts). */
import {
  connectDfs,
  dfsBuiltins,
  type EngineReply,
  fileWorkBuiltins,
  jobCapsService,
  type ProgressSink,
  type ProgressState,
  progressService,
  registerDfsCodecs,
  type SessionTicket,
} from '../dfs/index.ts'
import type { Builtin, Interpreter } from '../runtime/index.ts'
import { jobBuiltins } from './builtins.ts'
import type { EnginePort } from './engine-port.ts'
import { JobFiles } from './job-files.ts'
import { JobsClient, jobsService } from './jobs-client.ts'
import type { ProgressMessage, SessionConfig } from './messages.ts'
import type { SessionVoice } from './thread-session.ts'

export { startFileHelpers } from '../dfs/index.ts'
export { fileWorkBuiltins }

/** With fileWorkBuiltins, what the names in late-names.ts stand for. */
export const storeBuiltins: readonly Builtin[] = [
  ...dfsBuiltins.filter((entry) => !fileWorkBuiltins.includes(entry)),
  ...jobBuiltins,
]

export interface StoreConnection {
  /** For completion. Opens the data directory. */
  databaseUrls(): readonly string[]
  close(): void
}

export function connectStore(
  interpreter: Interpreter,
  port: EnginePort,
  config: SessionConfig,
  voice: SessionVoice,
): StoreConnection {
  registerDfsCodecs()
  const dfs = connectDfs({
    session: interpreter,
    home: config.dataDir,
    link: {
      open: () => port.ask({ kind: 'open' }) as SessionTicket,
      // Never interrupted: a commit is short, and whether it happened must be known.
      request: (command, user) => port.ask({ kind: 'store', command, user }) as EngineReply,
      send: (command, user) => port.send({ kind: 'store', command, user }) as () => EngineReply,
    },
    config: {
      newValuePartitionPolicy: config.newValuePartitions,
      allowMissingPartitions: config.allowMissingPartitions,
      enableInsertStatementForDFSTable: config.enableInsertStatement === true,
      settings: config.settings,
      ...(config.configFile === undefined ? {} : { configFile: config.configFile }),
      ...(config.exportDir === undefined ? {} : { exportDir: config.exportDir }),
    },
  })
  interpreter.provide(progressService, progressSink(voice))
  const jobs = new JobsClient(port, new JobFiles(config.dataDir))
  interpreter.provide(jobsService, jobs)
  interpreter.provide(jobCapsService, (users) => jobs.caps(users))
  return {
    databaseUrls: () =>
      dfs
        .view()
        .databases()
        .map((database) => database.url),
    close: () => dfs.close(),
  }
}

function progressSink(voice: SessionVoice): ProgressSink {
  return {
    report: (state, phase) => voice.progress(progressMessage(state, phase === 'done')),
    note: (text) => voice.notice(text),
    outcome: (text) => voice.outcome?.(text),
  }
}

function progressMessage(s: ProgressState, finished: boolean): ProgressMessage {
  const label = `${s.verb} ${s.subject}`
  return { id: label, label, done: s.bytesDone, total: s.bytesTotal, unit: 'bytes', finished }
}
