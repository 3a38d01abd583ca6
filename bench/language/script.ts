/** Our side of a contest: a script that times its steps and prints, as peers do, what it found and then {step: milliseconds}. */
import { join } from 'node:path'
import type { Figures } from '../contest.ts'
import { bin, run, scratch, sizeOf } from '../measure.ts'
import { secondsOf } from '../peers.ts'

export const REPEATS = sizeOf('HOLDFAST_BENCH_REPEATS', 3)

export interface Step {
  /** As the table calls it. */
  readonly what: string
  /** Statements that are timed; they leave their result in `r`. */
  readonly script: string
  /** A number that every contestant must find, from `r`; it is not timed. */
  readonly answer: string
}

/** The name of step k in the scripts and in what they print. */
export const key = (k: number): string => `s${k}`

/** `setup`, then each step `repeats` times, of which the best counts. */
export function stepsScript(setup: string, steps: readonly Step[], repeats: number): string {
  const parts = steps.map(
    ({ script, answer }, k) => `best = 1e18
for(turnOfStep in 0:${repeats}){
	r = NULL
	started = now(true)
	${script.replaceAll('\n', '\n\t')}
	best = min(best, long(now(true) - started) \\ 1000000.0)
}
times["${key(k)}"] = best
answers["${key(k)}"] = double(${answer})
r = NULL`,
  )
  return `times = dict(STRING, DOUBLE)
answers = dict(STRING, DOUBLE)
${setup}
${parts.join('\n')}
print(toStdJson(answers))
print(toStdJson(times))`
}

export async function runSteps(script: string): Promise<Figures & { answer: string }> {
  const { stdout, residentMb } = await run(process.execPath, [
    bin,
    '--data',
    join(scratch('language'), 'data'),
    '-e',
    script,
  ])
  return { seconds: secondsOf(stdout), residentMb, answer: stdout.trim().split('\n').at(-2)! }
}

/** Compares answers of all runs, as far as the order of additions allows, and gives the figures the names of the steps. */
export function checker(steps: readonly Step[]): (found: Figures & { answer: string }) => Figures {
  const known = new Map<string, number>()
  return ({ seconds, residentMb, answer }) => {
    for (const [step, value] of Object.entries(JSON.parse(answer) as Record<string, number>)) {
      const first = known.get(step) ?? value
      known.set(step, first)
      if (!(Math.abs(value - first) <= 1e-9 * Math.abs(first)))
        throw new Error(`Answers to "${steps[Number(step.slice(1))].what}" differ: ${first} and ${value}.`)
    }
    const named = Object.entries(seconds).map(([step, s]) => [steps[Number(step.slice(1))].what, s] as const)
    return { seconds: Object.fromEntries(named), residentMb }
  }
}
