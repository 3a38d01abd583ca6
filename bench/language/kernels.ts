/** Functions on vectors without nulls beside numpy (peers/kernels.py): one thread each. */
import { contest, type Peer, showTime } from '../contest.ts'
import { type Row, sizeOf } from '../measure.ts'
import { numpyPython, runPython, versionOf } from './python.ts'
import { checker, REPEATS, runSteps, type Step, stepsScript } from './script.ts'

/** Whole numbers below 2^31 that look random, the same ones in every language. */
export const MIXED = `
def mixed(n, factor){
	h = (long(0..(n - 1)) * factor + 12345l) % 2147483648l
	h = ((h ^ (h >> 15)) * 48271l) % 2147483648l
	return h ^ (h >> 13)
}`

const setup = (n: number): string => `${MIXED}
a = mixed(${n}, 69069l) \\ 2147483648.0
b = mixed(${n}, 40692l) \\ 2147483648.0 + 0.5
k = mixed(${n}, 16807l)
p = int(k % ${n}l)`

/** The letters a, b are vectors of doubles, k of 64-bit numbers, p of positions. */
const STEPS: readonly Step[] = [
  { what: 'a + b', script: 'r = a + b', answer: 'sum(r)' },
  { what: '(a - b) \\ (a + b) * 2.5', script: 'r = (a - b) \\ (a + b) * 2.5', answer: 'sum(r)' },
  { what: 'a > b', script: 'r = a > b', answer: 'sum(r)' },
  { what: 'a > 0.25 and a < 0.75', script: 'r = a > 0.25 and a < 0.75', answer: 'sum(r)' },
  { what: 'iif(a > b, a, b)', script: 'r = iif(a > b, a, b)', answer: 'sum(r)' },
  { what: 'abs(a - b)', script: 'r = abs(a - b)', answer: 'sum(r)' },
  { what: 'sqrt(a)', script: 'r = sqrt(a)', answer: 'sum(r)' },
  { what: 'exp(a)', script: 'r = exp(a)', answer: 'sum(r)' },
  { what: 'log(b)', script: 'r = log(b)', answer: 'sum(r)' },
  { what: 'k + 7, 64-bit', script: 'r = k + 7l', answer: 'sum(r)' },
  { what: 'int(a * 1000)', script: 'r = int(a * 1000)', answer: 'sum(r)' },
  { what: 'sum(a)', script: 'r = sum(a)', answer: 'r' },
  { what: 'sum(k), 64-bit', script: 'r = sum(k)', answer: 'r' },
  { what: 'avg(a)', script: 'r = avg(a)', answer: 'r' },
  { what: 'max(a) - min(a)', script: 'r = max(a) - min(a)', answer: 'r' },
  { what: 'std(a)', script: 'r = std(a)', answer: 'r' },
  { what: 'wavg(a, b)', script: 'r = wavg(a, b)', answer: 'r' },
  { what: 'cumsum(a)', script: 'r = cumsum(a)', answer: 'avg(r)' },
  { what: 'cummax(a)', script: 'r = cummax(a)', answer: 'sum(r)' },
  { what: 'deltas(a)', script: 'r = deltas(a)', answer: 'sum(abs(r))' },
  { what: 'a[a > 0.5]', script: 'r = a[a > 0.5]', answer: 'sum(r)' },
  { what: 'a[p], at random positions', script: 'r = a[p]', answer: 'sum(r)' },
]

export async function benchKernels(): Promise<readonly Row[]> {
  const n = sizeOf('HOLDFAST_BENCH_ELEMENTS', 20_000_000)
  const named = checker(STEPS)
  const python = numpyPython
  const peer: Peer = {
    name: python === undefined ? 'numpy' : `numpy ${versionOf(python, '__import__("numpy").__version__')}`,
    missing: python === undefined ? 'no Python here has it' : undefined,
    run: async () => named(await runPython(python!, 'kernels.py', [n, REPEATS])),
  }
  const script = stepsScript(setup(n), STEPS, REPEATS)
  return contest(sizeOf('HOLDFAST_BENCH_ROUNDS', 3), async () => named(await runSteps(script)), [peer], showTime)
}
