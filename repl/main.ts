/** Start of the process: reads the command line, runs what it asks for, ends with its exit code. */
import { parseCommandLine } from './arguments.ts'
import { loadConfigFile, OptionError, type Settings, settingsOf } from './config.ts'

async function main(): Promise<number> {
  const interactive = process.stdin.isTTY === true
  const { invocation, options } = await parseCommandLine(process.argv.slice(2), interactive)
  if (invocation.kind === 'parse') {
    const { parseFile } = await import('./parse-command.ts')
    return parseFile(invocation.file, invocation.json)
  }
  const settings = settingsOf(options, process.env, await loadConfigFile(options))
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
    case 'walStatus': {
      const { walCommand } = await import('./wal-command.ts')
      return await walCommand(settings.config, invocation)
    }
    case 'prompt': {
      const { prompt } = await import('./prompt.ts')
      return await withHost(settings, (host) => prompt(host, settings.waitForJobs))
    }
    default: {
      const { runScript } = await import('./run-script.ts')
      return await withHost(settings, (host) => runScript(host, invocation, settings.waitForJobs))
    }
  }
}

async function withHost(
  settings: Settings,
  use: (host: import('../jobs/index.ts').EngineHost) => Promise<number>,
): Promise<number> {
  const { EngineHost } = await import('../jobs/index.ts')
  const host = new EngineHost({
    config: settings.config,
    workers: settings.workers,
    onRemark: (error) => process.stderr.write(`holdfast: ${error.message}\n`),
    onNotice: (line) => process.stderr.write(`[INFO] ${line}\n`),
  })
  try {
    return await use(host)
  } finally {
    await host.close()
  }
}

try {
  process.exitCode = await main()
} catch (thrown) {
  process.stderr.write(`holdfast: ${thrown instanceof Error ? thrown.message : String(thrown)}\n`)
  process.exitCode = thrown instanceof OptionError ? 2 : 1
}
// Threads and ports are closed; a handle that a library left open must not keep the process.
process.exit()
