/** `npm run simulate -- [--seed N] [--count M] [--steps K] [--trace] [--keepGoing]`: runs of the simulated store, one a seed. Ends with 1 at the first that fails. */
import { parseArgs } from 'node:util'
import { commandFor } from './seeds.ts'
import { noCounts, simulate } from './simulation.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    count: { type: 'string', default: '1' },
    steps: { type: 'string' },
    trace: { type: 'boolean', default: false },
    keepGoing: { type: 'boolean', default: false },
  },
})

const first = Number(values.seed)
const count = Number(values.count)
const steps = values.steps === undefined ? undefined : Number(values.steps)
const counts = noCounts()
const began = performance.now()
let failures = 0

for (let seed = first; seed < first + count; seed++) {
  try {
    await simulate({ seed, steps, trace: values.trace ? (line) => console.log(line) : undefined }, counts)
  } catch (error) {
    failures++
    console.log(`seed ${seed}: ${(error as Error).message.slice(0, values.keepGoing ? 300 : 5000)}`)
    if (!values.keepGoing) {
      console.log((error as Error).stack)
      if ((error as Error).cause !== undefined) console.log((error as Error).cause)
    }
    console.log(`  repeat it with: ${commandFor(seed, steps)}`)
    if (!values.keepGoing) break
  }
  if ((seed - first) % 100 === 99) console.log(`${seed - first + 1} runs, ${JSON.stringify(counts)}`)
}
const seconds = (performance.now() - began) / 1000
console.log(`${count} runs, ${failures} failed, in ${seconds.toFixed(1)} s: ${JSON.stringify(counts)}`)
process.exitCode = failures > 0 ? 1 : 0
