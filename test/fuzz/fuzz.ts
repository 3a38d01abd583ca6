/**
 * `npx node test/fuzz/fuzz.ts [--seed N] [--count M] [--trace] [--keepGoing]`: changed files of backup sets, node backups, copies and archives, one case a seed. Ends
 * with 1 at the first that is a violation.
 */
import { parseArgs } from 'node:util'
import { runCase, Violation } from './case.ts'
import { allSubjects, commandFor } from './run.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    count: { type: 'string', default: '1' },
    trace: { type: 'boolean', default: false },
    keepGoing: { type: 'boolean', default: false },
  },
})
const first = Number(values.seed)
const count = Number(values.count)
const began = performance.now()
const counts = new Map<string, number>()
let violations = 0
let subjects = await allSubjects()
for (let seed = first; seed < first + count; seed++) {
  // What backups leave in the source's records of runs grows.
  if ((seed - first) % 1000 === 999) subjects = await allSubjects()
  // Whoever watches knows by this where it hangs.
  process.stderr.write(`\rseed ${seed} `)
  try {
    const { subject, operation, outcome } = await runCase(
      subjects,
      seed,
      values.trace ? (line) => console.log(`seed ${seed}: ${line}`) : undefined,
    )
    const key = `${subject} ${operation} ${outcome}`
    counts.set(key, (counts.get(key) ?? 0) + 1)
  } catch (error) {
    if (!(error instanceof Violation)) throw error
    violations++
    console.log(`seed ${seed}: ${error.message}\n  repeat it with: ${commandFor(seed)}`)
    if (!values.keepGoing) break
  }
}
const seconds = (performance.now() - began) / 1000
process.stderr.write('\r')
for (const [key, n] of [...counts].sort()) console.log(`${key}: ${n}`)
console.log(
  `${count} cases, ${violations} violations, in ${seconds.toFixed(1)} s, ${process.resourceUsage().maxRSS >> 10} MiB at most`,
)
process.exitCode = violations > 0 ? 1 : 0
