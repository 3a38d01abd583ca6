/** Options, environment variables and the configuration file to settings: the first of them that says something counts. */
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { environmentSettings, sizeOf } from '../dfs/settings/index.ts'
import type { SessionConfig } from '../jobs/index.ts'
// The file itself: the start does not wait for the rest of the room.
import { defaultMemoryLimit } from '../jobs/thread-limits.ts'
import { HoldfastError } from '../runtime/errors.ts'
import type { FileConfig } from './config-file.ts'
import { DECIMALS, NEW_VALUE_PARTITIONS, WORKERS_MAX } from './config-keys.ts'

/** As written on the command line; absent means the environment, then the default. */
export interface OptionTexts {
  readonly config?: string
  readonly data?: string
  readonly memoryLimit?: string
  readonly workers?: string
  readonly newValuePartitions?: string
  /** false for `--no-wait`. */
  readonly wait?: boolean
}

export interface Settings {
  readonly config: SessionConfig
  readonly workers: number
  /** Whether the process stays until its background jobs are done. */
  readonly waitForJobs: boolean
}

const DEFAULT_DATA = './holdfast-data'
const CONFIG_FILE = 'holdfast.toml'

/** A mistake on the command line: shown with a hint at --help, exit code 2. */
export class OptionError extends Error {}

/** Reads what stands on the command line: what it can not be is a mistake there. */
export function readOption<R>(read: () => R): R {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.kind !== 'input') throw error
    throw new OptionError(error.hint === undefined ? error.message : `${error.message} (${error.hint})`)
  }
}

const NO_FILE: FileConfig = { settings: {} }

/** `--config FILE`, else `holdfast.toml` in the data directory if there is one. Throws for a file that is not right. */
export async function loadConfigFile(options: OptionTexts, env: NodeJS.ProcessEnv = process.env): Promise<FileConfig> {
  const named = options.config ?? nonEmpty(env['HOLDFAST_CONFIG'])
  const file = named ?? join(dataOf(options, env, NO_FILE), CONFIG_FILE)
  if (named === undefined && !existsSync(file)) return NO_FILE
  const { readConfigFile } = await import('./config-file.ts')
  return readConfigFile(resolve(file), named === undefined)
}

export function settingsOf(
  options: OptionTexts,
  env: NodeJS.ProcessEnv = process.env,
  file: FileConfig = NO_FILE,
): Settings {
  const memory = options.memoryLimit ?? nonEmpty(env['HOLDFAST_MEMORY_LIMIT'])
  const workers = options.workers ?? nonEmpty(env['HOLDFAST_WORKERS'])
  const policy =
    options.newValuePartitions ?? nonEmpty(env['HOLDFAST_NEW_VALUE_PARTITIONS']) ?? file.newValuePartitions ?? 'skip'
  const known = NEW_VALUE_PARTITIONS.find((p) => p === policy)
  if (known === undefined) throw new OptionError(`--new-value-partitions must be add, skip or fail, not '${policy}'`)
  return {
    config: {
      dataDir: dataOf(options, env, file),
      memoryLimitBytes: memory === undefined ? (file.memoryLimitBytes ?? defaultMemoryLimit()) : parseBytes(memory),
      newValuePartitions: known,
      allowMissingPartitions:
        trueOrFalse(env, 'HOLDFAST_ALLOW_MISSING_PARTITIONS') ?? file.allowMissingPartitions ?? true,
      enableInsertStatement:
        trueOrFalse(env, 'HOLDFAST_ENABLE_INSERT_STATEMENT') ?? file.enableInsertStatement ?? false,
      display: {
        decimals: decimalsOf(env) ?? file.decimals ?? 6,
        boolDigits: trueOrFalse(env, 'HOLDFAST_BOOLEAN_DIGITS') ?? file.booleanDigits ?? false,
      },
      settings: { environment: environmentSettings(env), file: file.settings, archive: file.archive },
      configFile: configFileOf(options, env, file),
      exportDir: file.exportDir,
    },
    workers: workers === undefined ? (file.workers ?? availableParallelism()) : parseWorkers(workers),
    waitForJobs: options.wait !== false,
  }
}

const configFileOf = (options: OptionTexts, env: NodeJS.ProcessEnv, file: FileConfig): string =>
  resolve(options.config ?? nonEmpty(env['HOLDFAST_CONFIG']) ?? join(dataOf(options, env, file), CONFIG_FILE))

const dataOf = (options: OptionTexts, env: NodeJS.ProcessEnv, file: FileConfig): string =>
  resolve(options.data ?? nonEmpty(env['HOLDFAST_DATA']) ?? file.data ?? DEFAULT_DATA)

function trueOrFalse(env: NodeJS.ProcessEnv, variable: string): boolean | undefined {
  const text = nonEmpty(env[variable])
  if (text === undefined) return undefined
  if (text !== 'true' && text !== 'false') throw new OptionError(`${variable} must be true or false, not '${text}'`)
  return text === 'true'
}

function decimalsOf(env: NodeJS.ProcessEnv): 6 | 15 | undefined {
  const text = nonEmpty(env['HOLDFAST_DECIMALS'])
  if (text === undefined) return undefined
  const known = DECIMALS.find((d) => String(d) === text)
  if (known === undefined) throw new OptionError(`HOLDFAST_DECIMALS must be 6 or 15, not '${text}'`)
  return known
}

const nonEmpty = (text: string | undefined): string | undefined => (text === '' ? undefined : text)

/** `4G`, `512MB`, `1073741824`. Multiples are binary. */
export function parseBytes(text: string): number {
  const bytes = sizeOf(text.trim()) ?? 0
  if (bytes < 1024 * 1024)
    throw new OptionError(`--memory-limit must be a size of at least 1M, such as 512M or 4G, not '${text}'`)
  return bytes
}

function parseWorkers(text: string): number {
  const workers = Number(text)
  if (!Number.isInteger(workers) || workers < 1 || workers > WORKERS_MAX)
    throw new OptionError(`--workers must be a number from 1 to ${WORKERS_MAX}, not '${text}'`)
  return workers
}
