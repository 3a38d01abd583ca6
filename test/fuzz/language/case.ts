/**
 * One program, run in a session without a store and without functions that touch files. Allowed: a value, which can be shown; or an error of the script, with a
 * message and a place. Anything else is a violation: an internal error, a message that shows a hole in it, an error without a place, and a program that does not
 * stop when it is interrupted.
 */
import { Worker } from 'node:worker_threads'
import {
  type Builtin,
  bindInterrupt,
  clearInterrupt,
  createInterpreter,
  createRegistry,
  type HoldfastError,
  type Interpreter,
  Registry,
  setMemoryLimit,
  toHoldfastError,
} from '../../../runtime/index.ts'
import { INTERRUPT_CANCEL, INTERRUPT_LOOK, INTERRUPT_NONE } from '../../../runtime/interrupt.ts'
import { Random } from '../../simulation/random.ts'
import { makeProgram, type Program } from './programs.ts'

export type PartOutcome = 'value' | 'error' | 'interrupted'

export class LanguageViolation extends Error {}

/** They read or write files, wait, or write to the terminal of whoever runs the fuzzer. */
const LEFT_OUT_TOPICS: ReadonlySet<string> = new Set(['Files', 'Text files'])
const LEFT_OUT = /^(run|test|shell|sleep|getEnv|writeLog.*|setLogLevel|textChunkDS|save.*|load.*|getExecDir|plot)$/

/** A program that takes longer is interrupted. */
export const INTERRUPT_MS = 1500
const LOOK_MS = 100
/** Within this time it must have noticed. */
const PATIENCE_MS = 10_000
const MEMORY_LIMIT_BYTES = 192 << 20

interface Bench {
  readonly registry: Registry
  readonly builtins: readonly Builtin[]
  readonly control: Int32Array
}

let bench: Bench | undefined

function prepare(): Bench {
  if (bench !== undefined) return bench
  const builtins = [...createRegistry().entries()].filter(
    (b) => !LEFT_OUT_TOPICS.has(b.topic) && ![b.name, ...b.aliases].some((name) => LEFT_OUT.test(name)),
  )
  const registry = new Registry()
  registry.add(builtins)
  setMemoryLimit(MEMORY_LIMIT_BYTES)
  bench = { registry, builtins, control: watchdog() }
  return bench
}

/** Word 0 is the interrupt; word 1 counts cases: while it does not move, time runs, and the program is asked to look at its heap as the engine asks. */
function watchdog(): Int32Array {
  const memory = new SharedArrayBuffer(8)
  const control = new Int32Array(memory)
  const source = `
    const control = new Int32Array(require('node:worker_threads').workerData)
    let last = 0
    for (let waitedMs = 0; ; ) {
      const same = Atomics.wait(control, 1, last, ${LOOK_MS}) === 'timed-out'
      waitedMs = same ? waitedMs + ${LOOK_MS} : 0
      if (same && last % 2 === 1) Atomics.compareExchange(control, 0, ${INTERRUPT_NONE}, ${INTERRUPT_LOOK})
      if (waitedMs >= ${INTERRUPT_MS} && last % 2 === 1) Atomics.store(control, 0, ${INTERRUPT_CANCEL})
      last = Atomics.load(control, 1)
    }`
  new Worker(source, { eval: true, workerData: memory }).unref()
  bindInterrupt(memory)
  return control
}

const programOf = (seed: number, builtins: readonly Builtin[]): Program =>
  makeProgram(new Random(Math.imul(seed, 0x9e3779b1) ^ 0x1b873593), builtins)

/** The text of a seed's program. */
export const programText = (seed: number): string => programOf(seed, prepare().builtins).parts.join('\n---\n')

export interface LanguageCase {
  readonly kind: Program['kind']
  readonly outcomes: Readonly<Record<PartOutcome, number>>
}

export function runLanguageCase(seed: number): LanguageCase {
  const { kind, parts } = programOf(seed, prepare().builtins)
  const outcomes: Record<PartOutcome, number> = { value: 0, error: 0, interrupted: 0 }
  const run = newProgram()
  for (const part of parts)
    try {
      outcomes[run(part)]++
    } catch (error) {
      if (!(error instanceof LanguageViolation)) throw error
      const text = parts.slice(0, parts.indexOf(part) + 1).join('\n// and then\n')
      throw new LanguageViolation(`seed ${seed} (${kind}): ${error.message}\n---\n${text}\n---`)
    }
  return { kind, outcomes }
}

/** A session; answers how one part after the other ends. */
export function newProgram(): (part: string) => PartOutcome {
  const { registry, control } = prepare()
  const session = createInterpreter({ registry, print: () => {}, folder: '/nonexistent', now: () => 1_700_000_000_000 })
  session.random.seed(1)
  return (part) => runPart(session, control, part)
}

function runPart(session: Interpreter, control: Int32Array, text: string): PartOutcome {
  clearInterrupt()
  const start = performance.now()
  // An odd count: a program runs.
  Atomics.add(control, 1, 1)
  Atomics.notify(control, 1)
  const thrown = attempt(() => session.display(session.run(text)))
  Atomics.add(control, 1, 1)
  Atomics.notify(control, 1)
  clearInterrupt()
  const ms = performance.now() - start
  if (ms > PATIENCE_MS) throw new LanguageViolation(`it took ${Math.round(ms)} ms, although it was interrupted`)
  if (thrown === undefined) return 'value'
  if (thrown.kind === 'cancelled') return 'interrupted'
  checkError(thrown, text)
  return 'error'
}

function attempt(run: () => void): HoldfastError | undefined {
  try {
    run()
    return undefined
  } catch (thrown) {
    return toHoldfastError(thrown)
  }
}

/** Throws a violation for an error that no script may meet. */
export function checkError(error: HoldfastError, text: string): void {
  if (error.kind === 'bug') {
    const cause = error.cause instanceof Error ? error.cause.stack : error.stack
    throw new LanguageViolation(`internal error: ${error.message}\n${cause?.split('\n').slice(0, 12).join('\n')}`)
  }
  if (error.message.trim() === '' && !text.includes('throw')) throw new LanguageViolation('an error without a message')
  const { message } = error
  if (/\[object |\bundefined\b/.test(message) && !/undefined|object/.test(text))
    throw new LanguageViolation(`a hole in the message: ${message}`)
  const { position } = error
  if (position === undefined || position.line < 1 || position.column < 1)
    throw new LanguageViolation(
      `an error without a place: ${error.message}\n${error.stack?.split('\n').slice(0, 10).join('\n')}`,
    )
}
