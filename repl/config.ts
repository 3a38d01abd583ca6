/** Options and environment variables to settings. */
import { availableParallelism, totalmem } from 'node:os'
import { resolve } from 'node:path'
import type { SessionConfig } from '../jobs/index.ts'

/** As written on the command line; absent means the environment, then the default. */
export interface OptionTexts {
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
const DEFAULT_MEMORY_SHARE = 0.6
const WORKERS_MAX = 256

/** A mistake on the command line: shown with a hint at --help, exit code 2. */
export class OptionError extends Error {}

export function settingsOf(options: OptionTexts, env: NodeJS.ProcessEnv = process.env): Settings {
  const data = options.data ?? nonEmpty(env['HOLDFAST_DATA']) ?? DEFAULT_DATA
  const memory = options.memoryLimit ?? nonEmpty(env['HOLDFAST_MEMORY_LIMIT'])
  const workers = options.workers ?? nonEmpty(env['HOLDFAST_WORKERS'])
  const policy = options.newValuePartitions ?? nonEmpty(env['HOLDFAST_NEW_VALUE_PARTITIONS']) ?? 'skip'
  if (policy !== 'add' && policy !== 'skip' && policy !== 'fail')
    throw new OptionError(`--new-value-partitions must be add, skip or fail, not '${policy}'`)
  return {
    config: {
      dataDir: resolve(data),
      memoryLimitBytes: memory === undefined ? defaultMemoryLimit() : parseBytes(memory),
      newValuePartitions: policy,
    },
    workers: workers === undefined ? availableParallelism() : parseWorkers(workers),
    waitForJobs: options.wait !== false,
  }
}

const nonEmpty = (text: string | undefined): string | undefined => (text === '' ? undefined : text)

function defaultMemoryLimit(): number {
  // A container's limit, where there is one, is smaller than the machine.
  const constrained = process.constrainedMemory()
  const total = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()
  return Math.floor(total * DEFAULT_MEMORY_SHARE)
}

/** `4G`, `512MB`, `1073741824`. Multiples are binary. */
export function parseBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?$/i.exec(text.trim())
  const bytes =
    match === null ? 0 : Math.floor(Number(match[1]) * 1024 ** ' kmgt'.indexOf(match[2].toLowerCase() || ' '))
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
