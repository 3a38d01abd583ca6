/** Many cases in one process. */
import { runCase } from './case.ts'
import { archive, databaseSet, externalCopy, nodeSet, recovery, type Subject, sealedSet } from './subjects.ts'

export const allSubjects = (): Promise<Subject[]> =>
  Promise.all([databaseSet(), sealedSet(), nodeSet(), externalCopy(), archive(), recovery()])

export const commandFor = (seed: number): string => `npx node test/fuzz/fuzz.ts --seed ${seed} --trace`

/** Answers how many cases were refused; throws the first violation with its seed. */
export async function runCases(first: number, count: number): Promise<number> {
  const subjects = await allSubjects()
  let refused = 0
  for (let seed = first; seed < first + count; seed++)
    try {
      if ((await runCase(subjects, seed)).outcome === 'refused') refused++
    } catch (error) {
      throw new Error(`seed ${seed}: ${(error as Error).message}\n  repeat it with: ${commandFor(seed)}`, {
        cause: error,
      })
    }
  return refused
}
