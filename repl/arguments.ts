/** What the command line asks for. */
import { OptionError, type OptionTexts } from './config.ts'

export type Invocation =
  | { readonly kind: 'prompt' }
  | { readonly kind: 'evaluate'; readonly code: string }
  | { readonly kind: 'run'; readonly file: string; readonly args: readonly string[]; readonly echo: boolean }
  | { readonly kind: 'stdin' }
  | { readonly kind: 'parse'; readonly file: string; readonly json: boolean }
  | { readonly kind: 'jobs' }
  | { readonly kind: 'check'; readonly deep: boolean; readonly json: boolean }
  | { readonly kind: 'stats'; readonly chunks: boolean; readonly json: boolean }
  | { readonly kind: 'walDump'; readonly from?: string; readonly to?: string; readonly table?: string }
  | { readonly kind: 'walStatus'; readonly json: boolean }
  | { readonly kind: 'walArchiveStatus'; readonly json: boolean }
  | {
      readonly kind: 'backup'
      readonly dir: string
      readonly wal: boolean
      readonly compress: boolean
      readonly key?: string
      readonly keep?: string
      /** Only say what would be done. */
      readonly isPlan: boolean
    }
  | {
      readonly kind: 'verifyBackup'
      readonly dir: string
      readonly backup?: string
      readonly key?: string
      readonly json: boolean
    }
  | {
      readonly kind: 'restore'
      readonly dir: string
      readonly backup?: string
      readonly key?: string
      readonly without?: readonly ('config' | 'jobs')[]
      /** Only say what would be done. */
      readonly isPlan: boolean
    }
  | {
      readonly kind: 'restorePitr'
      readonly target: string
      /** Folder of the set. */
      readonly backup: string
      readonly backupId?: string
      readonly walArchiveDir?: string
      readonly key?: string
      readonly without?: readonly ('config' | 'jobs')[]
      /** Only this table, as `dfs://db/tb`, into the data directory as it is. */
      readonly table?: string
      readonly partition?: string
      /** Its new name, as `dfs://db/tb`. */
      readonly as?: string
      /** Only say what would be done. */
      readonly isPlan: boolean
    }

export interface CommandLine {
  readonly invocation: Invocation
  readonly options: OptionTexts
}

/** Options with a value that the short forms below may carry. */
const VALUE_OPTIONS = new Map<string, keyof OptionTexts>([
  ['--data', 'data'],
  ['--config', 'config'],
  ['--memory-limit', 'memoryLimit'],
  ['--workers', 'workers'],
  ['--new-value-partitions', 'newValuePartitions'],
])

export async function parseCommandLine(argv: readonly string[], interactive: boolean): Promise<CommandLine> {
  const quick = quickCommandLine(argv, interactive)
  if (quick !== undefined) return quick
  const { parseWithCommander } = await import('./commands.ts')
  return parseWithCommander(argv, interactive)
}

/**
 * The everyday forms, read without loading a library, which takes longer than all the rest of the main thread: `[options]`, `[options] -e CODE`,
 * `[options] run FILE args...`. Anything else, mistakes included, is undefined here and goes to the full parser.
 */
export function quickCommandLine(argv: readonly string[], interactive: boolean): CommandLine | undefined {
  const options: { -readonly [K in keyof OptionTexts]: OptionTexts[K] } = {}
  let at = 0
  for (; at < argv.length; at++) {
    const name = VALUE_OPTIONS.get(argv[at])
    if (name !== undefined && at + 1 < argv.length) (options as Record<string, string>)[name] = argv[++at]
    else if (argv[at] === '--no-wait') options.wait = false
    else break
  }
  const rest = argv.slice(at)
  if (rest.length === 0) return { invocation: { kind: interactive ? 'prompt' : 'stdin' }, options }
  if (rest.length === 2 && rest[0] === '-e') return { invocation: { kind: 'evaluate', code: rest[1] }, options }
  if (rest[0] === 'run' && rest.length >= 2 && !rest[1].startsWith('-')) {
    const { args, options: own } = scriptArguments(rest.slice(2))
    return { invocation: { kind: 'run', file: rest[1], args, echo: false }, options: { ...options, ...own } }
  }
  return undefined
}

/**
 * What follows the file of `run`: the script's arguments, and options that say where and how to run among them, because a script that works on another data directory than the one that
 * was named would be the worse surprise. After `--` everything is the script's.
 */
export function scriptArguments(words: readonly string[]): {
  readonly args: readonly string[]
  readonly options: OptionTexts
} {
  const options: Record<string, string | boolean> = {}
  const args: string[] = []
  for (let at = 0; at < words.length; at++) {
    const word = words[at]
    const [option, value] = word.startsWith('--') ? word.split(/=(.*)/s) : [word]
    const name = VALUE_OPTIONS.get(option)
    if (word === '--') {
      args.push(...words.slice(at + 1))
      break
    }
    if (name !== undefined && value === undefined && at + 1 === words.length)
      throw new OptionError(`${option} needs a value; after -- it would be an argument of the script`)
    if (name !== undefined) options[name] = value ?? words[++at]
    else if (word === '--no-wait') options.wait = false
    else args.push(word)
  }
  return { args, options }
}
