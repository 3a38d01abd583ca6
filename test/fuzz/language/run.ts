/** Many programs in one process. */
import { LanguageViolation, type PartOutcome, runLanguageCase } from './case.ts'

export const languageCommandFor = (seed: number): string => `npx node test/fuzz/fuzz.ts language --seed ${seed} --trace`

/** Answers how many parts of them ended in each way; throws the first violation with how to repeat it. */
export function runLanguageCases(
  first: number,
  count: number,
  each: (seed: number) => void = () => {},
): Record<PartOutcome, number> {
  const outcomes: Record<PartOutcome, number> = { value: 0, error: 0, interrupted: 0 }
  for (let seed = first; seed < first + count; seed++) {
    each(seed)
    try {
      const ended = runLanguageCase(seed).outcomes
      for (const way of Object.keys(outcomes) as PartOutcome[]) outcomes[way] += ended[way]
    } catch (error) {
      if (!(error instanceof LanguageViolation)) throw error
      throw new Error(`${error.message}\n  repeat it with: ${languageCommandFor(seed)}`, { cause: error })
    }
  }
  return outcomes
}
