/**
 * What the bench asks of a backup tool. Every step is timed from its start until everything is on the disk (`sync -f`), and what it reads was read before, so that
 * it is in the page cache for all alike.
 */
import { join } from 'node:path'
import { type ProcessFigures, run, scratch, shell, sizeOf } from '../measure.ts'

export const STEPS = ['full', 'unchanged', 'changed', 'verify', 'restore'] as const
export type Step = (typeof STEPS)[number]

/** `command` and `compressed` are compared with ours of the same kind; `plain` ones also with our command. */
export type Kind = 'plain' | 'command' | 'compressed'

export interface Tool {
  readonly name: string
  /** What does a step, where that has another name. */
  readonly names?: Readonly<Partial<Record<Step, string>>>
  readonly kind: Kind
  /** Why it is left out, if it is. */
  readonly missing?: string
  /** What it backs up. */
  readonly source: Source
  /** The folder of its backups. */
  readonly target: string
  /** Into an empty folder that it clears itself. */
  full(): Promise<ProcessFigures>
  unchanged(): Promise<ProcessFigures>
  /** After the source was changed. */
  changed(): Promise<ProcessFigures>
  /** Reads the newest backup and proves it; absent if the tool can not. Fails if there is damage. */
  verify?(): Promise<ProcessFigures>
  /** The newest backup into `folder`, which does not exist; absent if another one of ours has the same. */
  restore?(folder: string): Promise<ProcessFigures>
  /** Fails unless `folder` holds what was backed up. Not timed. */
  compare?(folder: string): Promise<void>
}

/** What is backed up: rows in files, of which one partition in a hundred can be changed. */
export interface Source {
  /** The files that a backup reads. */
  readonly files: string
  make(): Promise<void>
  /** A tenth more rows in one partition, or other values in a tenth of its rows; on the disk when it returns. */
  change(round: number): Promise<void>
  /** Also when something failed, or there was nothing to stop yet. */
  stop(): Promise<void>
}

export const megabytes = sizeOf('HOLDFAST_BENCH_MB', 2048)
/** Of the table, a day each; one of them changes. */
export const partitions = sizeOf('HOLDFAST_BENCH_PARTITIONS', 100)
export const folder = scratch('tools')

/** The store that all back up: its data directory, and the folder of its segment files, which is what tools that know files get. */
export const data = join(folder, 'data')
export const chunks = join(data, 'chunks')

/**
 * Removes a target and brings the memory that the next copy will fill into the same state for all: on a virtual machine, memory that was free for some seconds may
 * have gone back to the host, and the first write to it costs three times as much.
 */
export async function clear(target: string): Promise<void> {
  const filler = join(folder, 'filler')
  await shell(`rm -rf '${target}' && sync -f '${folder}'`)
  await shell(`dd if=/dev/zero of='${filler}' bs=128k count=${megabytes * 9} status=none; rm -f '${filler}'`)
  await shell(`sync -f '${folder}'`)
}

/** Reads every file below the folders. */
export const warm = (...folders: readonly string[]): Promise<ProcessFigures> =>
  shell(`find ${folders.map((f) => `'${f}'`).join(' ')} -type f -exec cat {} + > /dev/null`)

/** A command and the sync of what it wrote, as one time. */
export const synced = (command: string, target: string): Promise<ProcessFigures> =>
  shell(`${command} && sync -f '${target}'`)

/** Figures of something that measured itself, with the time of the sync after it added. */
export async function thenSynced(figures: ProcessFigures, target: string): Promise<ProcessFigures> {
  const { seconds } = await run('sync', ['-f', target])
  return { ...figures, seconds: figures.seconds + seconds }
}

/** Bytes of all files below a folder, hard links once. */
export async function bytesOf(target: string): Promise<number> {
  return Number((await run('du', ['-sb', target])).stdout.split('\t')[0])
}

export async function sameFiles(found: string, wanted = chunks): Promise<void> {
  await run('diff', ['-rq', wanted, found])
}
