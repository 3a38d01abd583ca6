/** Runs of many seeds, and the command that repeats the one that fails. */
import { FIRST_SEED } from '../seed.ts'
import { type SimulationCounts, type SimulationOptions, simulate } from './simulation.ts'

export const nextSeeds = (count: number): number[] => Array.from({ length: count }, (_, k) => FIRST_SEED + k)

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
