/** Loops, calls and strings of scalars beside CPython: the same programs, word by word as far as the languages allow (peers/loops.py). */
import { contest, type Peer, showTime } from '../contest.ts'
import { type Row, sizeOf } from '../measure.ts'
import { noPython, python, runPython, versionOf } from './python.ts'
import { checker, runSteps, type Step, stepsScript } from './script.ts'

const FUNCTIONS = `
def fib(n){
	if(n < 2) return n
	return fib(n - 1) + fib(n - 2)
}
def sieve(n){
	isPrime = take(true, n + 1)
	isPrime[0] = false
	isPrime[1] = false
	i = 2
	while(i * i <= n){
		if(isPrime[i]){
			j = i * i
			while(j <= n){
				isPrime[j] = false
				j += i
			}
		}
		i += 1
	}
	count = 0
	for(k in 0..n) if(isPrime[k]) count += 1
	return count
}
def nested(n){
	total = 0
	for(i in 0:n){
		for(j in 0:n){
			if((i + j) % 3 == 0) total += i * j % 7
		}
	}
	return total
}
def integrate(n){
	step = 1.0 \\ n
	area = 0.0
	for(k in 0:n){
		x = (k + 0.5) * step
		area += 4.0 \\ (1.0 + x * x)
	}
	return area * step
}
def bigSteps(n){
	x = 12345l
	i = 0
	while(i < n){
		x = (x * 1103515245l + 12345l) % 2147483648l
		i += 1
	}
	return x
}
def build(n){
	text = ""
	for(k in 0:n) text += string(k % 1000) + ","
	return strlen(text)
}
def collect(n){
	values = array(DOUBLE, 0)
	for(k in 0:n) values.append!(k * 0.5)
	total = 0.0
	for(v in values) total += v
	return total
}
`

export async function benchLoops(): Promise<readonly Row[]> {
  const fib = sizeOf('HOLDFAST_BENCH_FIB', 32)
  const turns = sizeOf('HOLDFAST_BENCH_TURNS', 5_000_000)
  const side = Math.round(Math.sqrt(turns))
  const count = turns.toLocaleString('en')
  const steps: Step[] = [
    { what: `fib(${fib}), recursive`, script: `r = fib(${fib})`, answer: 'r' },
    { what: `sieve up to ${count}`, script: `r = sieve(${turns})`, answer: 'r' },
    { what: `nested loops, ${count} turns of whole numbers`, script: `r = nested(${side})`, answer: 'r' },
    { what: `a loop of ${count} turns of doubles`, script: `r = integrate(${turns})`, answer: 'r' },
    { what: `a loop of ${count} turns of 64-bit numbers`, script: `r = bigSteps(${turns})`, answer: 'r' },
    { what: `a text made of ${count} pieces`, script: `r = build(${turns})`, answer: 'r' },
    { what: `${count} values appended, then visited`, script: `r = collect(${turns})`, answer: 'r' },
    {
      what: `nested loops outside functions, ${count} turns`,
      script: `r = 0
for(i in 0:${side}){
	for(j in 0:${side}){
		if((i + j) % 3 == 0) r += i * j % 7
	}
}`,
      answer: 'r',
    },
  ]
  const named = checker(steps)
  const peer: Peer = {
    name: noPython === undefined ? `CPython ${versionOf(python, 'sys.version.split()[0]')}` : 'CPython',
    missing: noPython,
    run: async () => named(await runPython(python, 'loops.py', [fib, turns])),
  }
  // Once: a script that loops does so in one go, and compiling it is part of that.
  const script = stepsScript(FUNCTIONS, steps, 1)
  return contest(sizeOf('HOLDFAST_BENCH_ROUNDS', 3), async () => named(await runSteps(script)), [peer], showTime)
}
