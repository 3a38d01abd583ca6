/** Start of the process: reads the command line, runs what it asks for, ends with its exit code. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseCommandLine } from './arguments.ts'
import { loadConfigFile, OptionError, type Settings, settingsOf } from './config.ts'
import { EndSignals } from './signals.ts'

/** An empty file of this name in the data directory: start as of the checkpoint that the copy holds (dfs/external-copy). */
const RESTORE_TRIGGER = '_restore'

async function main(): Promise<number> {
  const interactive = process.stdin.isTTY === true
  const { invocation, options } = await parseCommandLine(process.argv.slice(2), interactive)
  if (invocation.kind === 'parse') {
    const { parseFile } = await import('./parse-command.ts')
    return parseFile(invocation.file, invocation.json)
  }
  const configFile = await loadConfigFile(options)
  // Never into a directory that nobody named.
  if (invocation.kind === 'restorePitr' && options.data === undefined && configFile.data === undefined)
    throw new OptionError('restore-pitr needs --data DIR (or a file for --config that names it)')
  const settings = settingsOf(options, process.env, configFile)
  switch (invocation.kind) {
    case 'jobs': {
      const { listJobs } = await import('./list-jobs.ts')
      return listJobs(settings.config.dataDir)
    }
    case 'check': {
      const { checkCommand } = await import('./check-command.ts')
      return await checkCommand(settings.config.dataDir, invocation.deep, invocation.json)
    }
    case 'stats': {
      const { statsCommand } = await import('./stats-command.ts')
      return await statsCommand(settings.config.dataDir, invocation.chunks, invocation.json)
    }
    case 'walDump':
    case 'walStatus':
    case 'walArchiveStatus': {
      const { walCommand } = await import('./wal-command.ts')
      return await walCommand(settings.config, invocation)
    }
    case 'backup': {
      const { backupCommand } = await import('./backup-command.ts')
      return await withHost(settings, (host, signals) =>
        backupCommand(host, settings.config.dataDir, invocation, signals),
      )
    }
    case 'verifyBackup': {
      const { verifyBackupCommand } = await import('./verify-backup-command.ts')
      return await verifyBackupCommand(invocation)
    }
    case 'restore': {
      const { restoreCommand } = await import('./restore-command.ts')
      return await restoreCommand(settings.config.dataDir, invocation)
    }
    case 'restorePitr': {
      const { restorePitrCommand } = await import('./restore-pitr-command.ts')
      return await restorePitrCommand(settings, invocation, (use) => withHost(settings, use))
    }
    case 'prompt': {
      const { prompt } = await import('./prompt.ts')
      return await withHost(settings, (host, signals) => {
        startScheduledJobs(host, settings.config.dataDir)
        return prompt(host, settings.waitForJobs, signals)
      })
    }
    default: {
      const { runScript } = await import('./run-script.ts')
      return await withHost(settings, (host, signals) => runScript(host, invocation, settings.waitForJobs, signals))
    }
  }
}

/** A prompt stays: jobs of the data directory run while it does, also before anybody asks for the store. */
function startScheduledJobs(host: import('../jobs/index.ts').EngineHost, dataDir: string): void {
  const folder = join(dataDir, 'sysmgmt')
  if (!existsSync(folder) || !readdirSync(folder).some((name) => name.endsWith('.job'))) return
  host.open().catch((error: Error) => {
    process.stderr.write(`holdfast: scheduled jobs do not run: ${error.message}\n`)
  })
}

async function withHost(
  settings: Settings,
  use: (host: import('../jobs/index.ts').EngineHost, signals: EndSignals) => Promise<number>,
): Promise<number> {
  const { EngineHost } = await import('../jobs/index.ts')
  const host = new EngineHost({
    config: settings.config,
    workers: settings.workers,
    onRemark: (error) => process.stderr.write(`holdfast: ${error.message}\n`),
    onNotice: (line) => process.stderr.write(`[INFO] ${line}\n`),
  })
  try {
    // A copy is put in order before anything else, or nothing runs at all.
    if (existsSync(join(settings.config.dataDir, RESTORE_TRIGGER))) await host.open()
    return await use(host, new EndSignals())
  } finally {
    await host.close()
  }
}

try {
  process.exitCode = await main()
} catch (thrown) {
  const { message, hint } = thrown as { readonly message?: string; readonly hint?: string }
  process.stderr.write(`holdfast: ${message ?? String(thrown)}${hint === undefined ? '' : ` (${hint})`}\n`)
  process.exitCode = thrown instanceof OptionError ? 2 : 1
}
// Threads and ports are closed; a handle that a library left open must not keep the process.
process.exit()
