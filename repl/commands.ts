/** The command line in full: subcommands, help, messages about mistakes. Loaded only when the everyday forms do not fit. */
import { existsSync } from 'node:fs'
import { Command, Option } from 'commander'
import { nearNames } from '../runtime/compile/suggest.ts'
import { type CommandLine, type Invocation, scriptArguments } from './arguments.ts'
import type { OptionTexts } from './config.ts'
import { version } from './version.ts'

const EXAMPLES = `
Examples:
  holdfast                                  the prompt
  holdfast run backup.dos nightly           a script; its arguments are the variable args
  holdfast -e '1+1'                         one line
  echo 'print(2+3)' | holdfast              a script on standard input
  holdfast --data /srv/ticks jobs           background jobs of a data directory
  holdfast check --deep --data /srv/ticks   is everything there that should be?`

interface BackupOptions {
  readonly wal: boolean
  readonly compress?: boolean
  readonly key?: string
  readonly keep?: string
  readonly plan?: boolean
}

interface RestoreOptions {
  readonly backup?: string
  readonly key?: string
  readonly without?: ('config' | 'jobs')[]
  readonly plan?: boolean
}

interface PitrOptions {
  readonly backup: string
  readonly backupId?: string
  readonly walArchiveDir?: string
  readonly key?: string
  readonly without?: ('config' | 'jobs')[]
  readonly table?: string
  readonly partition?: string
  readonly as?: string
  readonly plan?: boolean
}

export function parseWithCommander(argv: readonly string[], interactive: boolean): CommandLine {
  let parsed: CommandLine | undefined
  const program = new Command('holdfast')
    .description('A scripting runtime with a partitioned time-series store, built to keep data.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .option('-e, --eval <code>', 'run one line and print the value of its last expression')
    .addHelpText('after', EXAMPLES)
    .enablePositionalOptions()
    .showHelpAfterError('(--help lists what there is)')
    // A mistake on the command line is not a failed script.
    .exitOverride((end) => process.exit(end.exitCode === 0 ? 0 : 2))
    .hook('preAction', (_, command) => refuseExcess(command))
  const accept = (invocation: Invocation, own: OptionTexts): void => {
    parsed = { invocation, options: { ...program.opts<OptionTexts>(), ...definedOnly(own) } }
  }
  sessionOptions(program.allowExcessArguments()).action((own: OptionTexts & { eval?: string }, { args }: Command) => {
    if (args.length > 0) program.error(unknownCommand(args[0], program))
    if (own.eval !== undefined) accept({ kind: 'evaluate', code: own.eval }, own)
    else accept({ kind: interactive ? 'prompt' : 'stdin' }, own)
  })
  sessionOptions(
    program
      .command('run <file> [args...]')
      .description('run a script file; `-` is standard input')
      .option('--echo', 'print the value of every expression, as the prompt does')
      .passThroughOptions(),
  ).action((file: string, words: string[], own: OptionTexts & { echo?: boolean }) => {
    const { args, options } = scriptArguments(words)
    accept({ kind: 'run', file, args, echo: own.echo === true }, { ...own, ...options })
  })
  program
    .command('parse <file>')
    .description('check the syntax of a script without running it')
    .option('--json', 'print the syntax tree as JSON')
    .action((file: string, own: { json?: boolean }) => accept({ kind: 'parse', file, json: own.json === true }, {}))
  program
    .command('jobs')
    .description('list the background jobs recorded in a data directory')
    .addOption(dataOption())
    .addOption(configOption())
    .action((own: OptionTexts) => accept({ kind: 'jobs' }, own))
  const directory = (name: string, description: string, from: Command = program): Command =>
    from.command(name).description(description).addOption(dataOption()).addOption(configOption())
  directory('check', 'compare catalog, files and log of a data directory that nobody has open; changes nothing')
    .option('--deep', 'read every byte of every segment')
    .option('--json', 'print the findings as JSON')
    .action((own: OptionTexts & { deep?: boolean; json?: boolean }) =>
      accept({ kind: 'check', deep: own.deep === true, json: own.json === true }, own),
    )
  directory('stats', 'show what a data directory that nobody has open holds')
    .option('--chunks', 'a line for each chunk')
    .option('--json', 'print them as JSON')
    .action((own: OptionTexts & { chunks?: boolean; json?: boolean }) =>
      accept({ kind: 'stats', chunks: own.chunks === true, json: own.json === true }, own),
    )
  program
    .command('backup <dir>')
    .description(
      'back up a data directory that nobody has open into <dir>; beside a running process call backupNode there',
    )
    .addOption(dataOption())
    .addOption(configOption())
    .option('--no-wal', 'leave the log out')
    .option('--compress', 'store the files as zstd')
    .addOption(keyOption())
    .option('--keep <n>', 'how many backups stay in <dir>, this one included (default: all)')
    .option('--plan', 'say what would be copied, kept and deleted; leaves <dir> as it is')
    .action((dir: string, own: OptionTexts & BackupOptions) => {
      const { wal, compress, key, keep, plan } = own
      const given = definedOnly({ key, keep })
      accept({ kind: 'backup', dir, wal, compress: compress === true, isPlan: plan === true, ...given }, own)
    })
  program
    .command('verify-backup <dir>')
    .description('read every byte of a node backup and compare checksums')
    .addOption(backupOption())
    .addOption(keyOption())
    .option('--json', 'print the result as JSON')
    .action((dir: string, { backup, key, json }: { backup?: string; key?: string; json?: boolean }) =>
      accept({ kind: 'verifyBackup', dir, json: json === true, ...definedOnly({ backup, key }) }, {}),
    )
  program
    .command('restore <dir>')
    .description('make a data directory of a node backup')
    .addOption(new Option('--data <new>', 'the new data directory; must be empty or missing'))
    .addOption(backupOption())
    .addOption(keyOption())
    .addOption(withoutOption())
    .option('--plan', 'say what would be restored, and whether it can be; changes nothing')
    .action((dir: string, own: OptionTexts & RestoreOptions) => {
      const { backup, key, without, plan } = own
      if ((own.data ?? program.opts<OptionTexts>().data) === undefined)
        program.error('error: --data is missing, which names the new data directory')
      accept({ kind: 'restore', dir, isPlan: plan === true, ...definedOnly({ backup, key, without }) }, own)
    })
  program
    .command('restore-pitr <target>')
    .description(
      'recover to a point in time: <target> is an ISO time with zone, `latest`, or `lsn:H/L`; --data is a new directory, or with --table one that nobody has open',
    )
    .addOption(new Option('--backup <dir>', 'set of node backups').makeOptionMandatory())
    .option(
      '--data <dir>',
      'the new data directory, empty or missing; with --table one that is there (default: what --config says)',
    )
    .option('--wal-archive-dir <dir>', 'archive of the log (default: what --config says)')
    .addOption(new Option('--config <file>', 'configuration with wal_archive_dir or wal_restore_command'))
    .option('--backup-id <id>', 'begin with this backup (default: the newest that is not after the target)')
    .addOption(keyOption())
    .addOption(withoutOption())
    .option('--table <path>', 'only this table (dfs://db/tb), as a new table of the data directory')
    .option('--partition <path>', 'only this partition of the table, such as /20240101')
    .option('--as <path>', 'the new name of the table (dfs://db/new)')
    .option('--plan', 'say what would be copied and replayed, and whether the target can be reached; changes nothing')
    .action((target: string, own: OptionTexts & PitrOptions) => {
      const { backup, backupId, walArchiveDir, key, without, table, partition, as } = own
      const given = definedOnly({ backupId, walArchiveDir, key, without, table, partition, as })
      accept({ kind: 'restorePitr', target, backup, isPlan: own.plan === true, ...given }, own)
    })
  const wal = program.command('wal').description('look at the write-ahead log of a data directory, in use or not')
  directory('dump', 'print the records of the log, one a line', wal)
    .option('--from <lsn>', 'begin at this LSN, such as 0/1A3B4C5D')
    .option('--to <lsn>', 'end before this LSN')
    .option('--table <path>', 'only what concerns a table (dfs://db/tb) or a database (dfs://db)')
    .action((own: OptionTexts & { from?: string; to?: string; table?: string }) => {
      const { from, to, table } = own
      accept({ kind: 'walDump', ...definedOnly({ from, to, table }) }, own)
    })
  directory('status', 'print level, LSNs, checkpoint and files of the log', wal)
    .option('--json', 'print them as JSON')
    .action((own: OptionTexts & { json?: boolean }) => accept({ kind: 'walStatus', json: own.json === true }, own))
  directory('archive-status', 'print how far the log is archived', wal)
    .option('--json', 'print it as JSON')
    .action((own: OptionTexts & { json?: boolean }) =>
      accept({ kind: 'walArchiveStatus', json: own.json === true }, own),
    )
  program.parse(otherSpelling(argv), { from: 'user' })
  // Help, version and mistakes end the process inside `parse`.
  return parsed as CommandLine
}

/** A word too many is more often a forgotten option than nothing: `check /srv/ticks` would look at another directory. */
function refuseExcess(command: Command): void {
  const { args, registeredArguments: known } = command
  if (command.parent === null || known.some((a) => a.variadic) || args.length <= known.length) return
  const takesData = command.options.some((o) => o.long === '--data')
  command.error(
    `error: ${command.name()} takes nothing more than ${known.length === 0 ? 'options' : `<${known.map((a) => a.name()).join('> <')}> and options`}, but there is '${args[known.length]}'${takesData ? '; --data names the data directory' : ''}`,
  )
}

/** `--verify-backup DIR` and `--restore-pitr TARGET --restore-backup DIR`, as servers of other makers spell them. */
function otherSpelling(argv: readonly string[]): readonly string[] {
  const [first = '', ...rest] = argv
  if (first === '--verify-backup') return ['verify-backup', ...rest]
  if (first === '--restore-pitr')
    return ['restore-pitr', ...rest.map((word) => word.replace(/^--restore-backup(?==|$)/, '--backup'))]
  return argv
}

function unknownCommand(word: string, program: Command): string {
  if (existsSync(word)) return `error: '${word}' is no command; to run it as a script: holdfast run ${word}`
  const near = nearNames(
    word,
    program.commands.map((c) => c.name()),
  )
  return `error: there is no command '${word}'${near.length === 0 ? '' : `; did you mean ${near.join(' or ')}?`}`
}

const dataOption = (): Option =>
  new Option('--data <dir>', 'data directory (default: ./holdfast-data, or HOLDFAST_DATA)')

const backupOption = (): Option => new Option('--backup <id>', 'a backup by its id (default: the newest)')

const keyOption = (): Option => new Option('--key <file>', 'key file of an encrypted set')

const withoutOption = (): Option =>
  new Option('--without <parts...>', 'leave out what is damaged: holdfast.toml, the scheduled jobs').choices([
    'config',
    'jobs',
  ])

const configOption = (): Option =>
  new Option('--config <file>', 'configuration file (default: holdfast.toml in the data directory, or HOLDFAST_CONFIG)')

function sessionOptions(command: Command): Command {
  return command
    .addOption(dataOption())
    .addOption(configOption())
    .option('--memory-limit <size>', 'memory for the columns of one session, e.g. 4G (default: 60% of the machine)')
    .option('--workers <n>', 'background jobs that run at once (default: the number of processors)')
    .option('--new-value-partitions <policy>', 'rows outside a VALUE scheme: add, skip or fail (default: skip)')
    .option('--no-wait', 'do not wait for background jobs at the end: cancel them')
}

/** commander fills in `wait: true` on both levels; only what was written may override. */
function definedOnly<O extends object>(options: O): O {
  return Object.fromEntries(
    Object.entries(options).filter(([name, v]) => v !== undefined && !(name === 'wait' && v)),
  ) as O
}
