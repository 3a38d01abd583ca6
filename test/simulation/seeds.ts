/** Runs of many seeds, and the command that repeats the one that fails. */
import { type SimulationCounts, type SimulationOptions, simulate } from './simulation.ts'

/** Different ones each time, unless the environment asks for certain ones. */
export function freshSeeds(count: number): number[] {
  const first = Number(process.env.HOLDFAST_SEED ?? Date.now() % 1_000_000_000)
  return Array.from({ length: count }, (_, k) => first + k)
}

export const commandFor = (seed: number, steps: number | undefined): string =>
  `npm run simulate -- --seed ${seed}${steps === undefined ? '' : ` --steps ${steps}`} --trace`

export async function runSeeds(
  seeds: readonly number[],
  options: Omit<SimulationOptions, 'seed'>,
  counts: SimulationCounts,
): Promise<void> {
  for (const seed of seeds)
    try {
      await simulate({ ...options, seed }, counts)
    } catch (error) {
      throw new Error(
        `seed ${seed}: ${(error as Error).message}\n  repeat it with: ${commandFor(seed, options.steps)}`,
        { cause: error },
      )
    }
}
