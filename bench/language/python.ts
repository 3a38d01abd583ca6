/** Python as a peer: a file below peers/ that prints like the other peers. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { Figures } from '../contest.ts'
import { has, root, run } from '../measure.ts'
import { secondsOf } from '../peers.ts'

const CANDIDATES = [process.env.HOLDFAST_BENCH_PYTHON ?? 'python3', '/usr/bin/python3']

export const python = CANDIDATES[0]
export const noPython = has(python) ? undefined : `there is no ${python}`

/** The first Python that has numpy; bench/setup-tools.sh installs that of Debian. */
export const numpyPython = CANDIDATES.find((name) => spawnSync(name, ['-c', 'import numpy']).status === 0)

export async function runPython(
  command: string,
  file: string,
  args: readonly number[],
): Promise<Figures & { answer: string }> {
  const { stdout, residentMb } = await run(command, [join(root, 'bench/peers', file), ...args.map(String)])
  return { seconds: secondsOf(stdout), residentMb, answer: stdout.trim().split('\n').at(-2)! }
}

/** The version after the name, as a row of the table shows it. */
export const versionOf = (command: string, expression: string): string =>
  spawnSync(command, ['-c', `import sys\nprint(${expression})`], { encoding: 'utf8' }).stdout.trim()
