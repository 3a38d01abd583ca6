/** For tests that are scripts: runs one and gives what the prompt would have shown. */
import { createInterpreter, formatRuntimeError, HoldfastError } from '../index.ts'
import type { Interpreter } from '../interpreter.ts'

export interface Ran {
  /** What print wrote and expression statements showed, line by line. */
  readonly output: string
  readonly session: Interpreter
}

/** Runs a script in a new session; values of expression statements are printed, VOID is not. */
export function runScript(script: string, session?: Interpreter): Ran {
  const lines: string[] = []
  const interpreter =
    session ?? createInterpreter({ print: (text) => void lines.push(text), now: () => Date.UTC(2024, 0, 2) })
  interpreter.run(script, {
    onExpression: (value) => {
      if (value.kind !== 'scalar' || value.type !== 0) lines.push(interpreter.display(value))
    },
  })
  return { output: lines.join('\n'), session: interpreter }
}

export const printed = (script: string): string => runScript(script).output

/** The error that a script ends with. */
export function failure(script: string): HoldfastError {
  try {
    runScript(script)
  } catch (error) {
    if (error instanceof HoldfastError) return error
    throw error
  }
  throw new Error(`no error from: ${script}`)
}

/** The message as a person would see it. */
export const failureText = (script: string): string => formatRuntimeError(failure(script))
