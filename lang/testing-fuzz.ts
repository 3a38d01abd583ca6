// What holds for every text, right or wrong: it parses, or each error is a syntax error with a place inside it.
import { formatError, isComplete, ParseError, parseScript, SourceText } from './index.ts'
import { dumpStatement, testNames } from './testing-dump.ts'
import { damaged, randomFrom, ScriptGenerator } from './testing-grammar.ts'

const names = testNames('x y z a b t i p q ex', 'f g h')

/** Why the text breaks the rule, undefined if it does not. */
export function faultOf(text: string): string | undefined {
  const source = new SourceText(text)
  const { statements, errors } = parseScript(source, names)
  for (const statement of statements) dumpStatement(statement)
  for (const error of errors) {
    if (!(error instanceof ParseError)) return `not a syntax error: ${String(error)}`
    const { start, end } = error.span
    if (!(start >= 0 && start <= end && end <= text.length)) return `a place outside: ${start} to ${end}`
    if (!/\[line #\d+\]/.test(formatError(error, source))) return 'no line'
    if (/undefined|\[object/.test(error.message) && !/undefined|object/.test(text)) return error.message
  }
  isComplete(text, names)
  return undefined
}

/** The first error of a text, to see why what the grammar made is refused. */
export function firstError(text: string): string | undefined {
  const source = new SourceText(text)
  const [error] = parseScript(source, names).errors
  return error === undefined ? undefined : formatError(error, source)
}

export interface FuzzCount {
  texts: number
  refused: number
}

/** Scripts of the seeds from `first` on, as they are and damaged. Throws with the seed and the text. */
export function fuzz(first: number, seeds: number, count: FuzzCount = { texts: 0, refused: 0 }): FuzzCount {
  for (let seed = first; seed < first + seeds; seed++) {
    const random = randomFrom(seed)
    const right = new ScriptGenerator(random).script(4)
    const refusal = firstError(right)
    if (refusal !== undefined)
      throw new Error(`seed ${seed}: the grammar's own text is refused\n${refusal}\n---\n${right}`)
    for (const text of [right, damaged(right, random), damaged(right, random)]) {
      count.texts++
      let fault: string | undefined
      try {
        fault = faultOf(text)
      } catch (error) {
        fault = `thrown: ${(error as Error).stack}`
      }
      if (fault !== undefined) throw new Error(`seed ${seed}: ${fault}\n---\n${text}`)
      if (firstError(text) !== undefined) count.refused++
    }
  }
  return count
}
