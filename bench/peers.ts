/** Other stores, each run in a process of its own: a file below peers/ that prints its figures as one line of JSON. */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Figures } from './contest.ts'
import { root, run } from './measure.ts'

const require = createRequire(import.meta.url)

/** Why a library can't be used; undefined if it can. */
export function missingLibrary(name: string): string | undefined {
  try {
    require(name)
    return undefined
  } catch (error) {
    return (error as Error).message.split('\n')[0]
  }
}

export const THREADS = 2

/** Runs a peer; its last line is {what: milliseconds}, the line before, if any, what it found. */
export async function runPeer(
  file: string,
  args: readonly (string | number)[],
): Promise<Figures & { answer?: string }> {
  const figures = await run(process.execPath, [join(root, 'bench/peers', file), ...args.map(String)], {
    POLARS_MAX_THREADS: `${THREADS}`,
    NODE_NO_WARNINGS: '1',
  })
  const { stdout, residentMb } = figures
  return { seconds: secondsOf(stdout), residentMb, answer: stdout.trim().split('\n').at(-2) }
}

/** The last line of what was printed: {what: milliseconds}. */
export function secondsOf(stdout: string): Record<string, number> {
  const milliseconds = JSON.parse(stdout.trim().split('\n').at(-1)!) as Record<string, number>
  return Object.fromEntries(Object.entries(milliseconds).map(([what, ms]) => [what, ms / 1000]))
}
