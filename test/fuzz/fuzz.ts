/**
 * `npx node test/fuzz/fuzz.ts [files|language] [--seed N] [--count M] [--trace] [--keepGoing]`, one case a seed. `files` (the default): changed files of backup sets,
 * node backups, copies and archives. `language`: programs that are made up or changed. Ends with 1 at the first that is a violation.
 */
import { parseArgs } from 'node:util'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    count: { type: 'string', default: '1' },
    trace: { type: 'boolean', default: false },
    keepGoing: { type: 'boolean', default: false },
  },
})
const first = Number(values.seed)
const count = Number(values.count)
const part = positionals[0] ?? 'files'
if (part !== 'files' && part !== 'language') {
  console.error(`There is no part ${part}: the parts are files and language.`)
  process.exit(2)
}

const began = performance.now()
const counts = new Map<string, number>()
const add = (key: string, n = 1): void => void counts.set(key, (counts.get(key) ?? 0) + n)
const violations = part === 'language' ? await fuzzLanguage() : await fuzzFiles()
const seconds = (performance.now() - began) / 1000
process.stderr.write('\r')
for (const [key, n] of [...counts].sort()) console.log(`${key}: ${n}`)
console.log(
  `${count} cases, ${violations} violations, in ${seconds.toFixed(1)} s, ${process.resourceUsage().maxRSS >> 10} MiB at most`,
)
process.exitCode = violations > 0 ? 1 : 0

async function fuzzFiles(): Promise<number> {
  const { runCase, Violation } = await import('./case.ts')
  const { allSubjects, commandFor } = await import('./run.ts')
  let subjects = await allSubjects()
  return eachSeed(async (seed) => {
    // What backups leave in the source's records of runs grows.
    if ((seed - first) % 1000 === 999) subjects = await allSubjects()
    try {
      const trace = values.trace ? (line: string): void => console.log(`seed ${seed}: ${line}`) : undefined
      const { subject, operation, outcome } = await runCase(subjects, seed, trace)
      add(`${subject} ${operation} ${outcome}`)
      return undefined
    } catch (error) {
      if (!(error instanceof Violation)) throw error
      return `seed ${seed}: ${error.message}\n  repeat it with: ${commandFor(seed)}`
    }
  })
}

async function fuzzLanguage(): Promise<number> {
  const { LanguageViolation, programText, runLanguageCase } = await import('./language/case.ts')
  const { languageCommandFor } = await import('./language/run.ts')
  return eachSeed(async (seed) => {
    if (values.trace) console.log(`seed ${seed}:\n${programText(seed)}`)
    try {
      const { kind, outcomes } = runLanguageCase(seed)
      for (const [outcome, n] of Object.entries(outcomes)) add(`${kind} ${outcome}`, n)
      return undefined
    } catch (error) {
      if (!(error instanceof LanguageViolation)) throw error
      return `${error.message}\n  repeat it with: ${languageCommandFor(seed)}`
    }
  })
}

/** Answers how many were violations. */
async function eachSeed(run: (seed: number) => Promise<string | undefined>): Promise<number> {
  let found = 0
  for (let seed = first; seed < first + count; seed++) {
    // Whoever watches knows by this where it hangs.
    process.stderr.write(`\rseed ${seed} `)
    const violation = await run(seed)
    if (violation === undefined) continue
    found++
    console.log(violation)
    if (!values.keepGoing) break
  }
  return found
}
