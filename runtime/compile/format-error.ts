/** An error as a person reads it: where it happened, the line with a caret, the calls on the way, what to do. */
import { excerpt } from '../../lang/index.ts'
import type { ErrorFrame, ErrorPosition, HoldfastError } from '../errors.ts'

/**
 *   Incompatible vector size
 *     at lib/sums.dos:3:3
 *     3 |   return x + y
 *       |   ^
 *     in total at lib/sums.dos:3: return x + y
 *     called at daily.dos:7: total(a, b)
 *   hint: ...
 */
export function formatRuntimeError(error: HoldfastError): string {
  const lines = [error.message]
  const at = error.position
  if (at !== undefined) {
    lines.push(`  at ${at.file ?? 'line'}${at.file === undefined ? ' ' : ':'}${at.line}:${at.column}`)
    if (at.text !== undefined) lines.push(...excerptLines(at, at.text))
  }
  lines.push(...frameLines(error))
  if (error.hint !== undefined) lines.push(`  hint: ${error.hint}`)
  return lines.join('\n')
}

/** Calls on the way, innermost first; a recursion is shown once with its count. */
function frameLines(error: HoldfastError): string[] {
  const lines: string[] = []
  let repeated = 0
  const note = (): void => {
    if (repeated > 0) lines.push(`    (and ${repeated} more)`)
    repeated = 0
  }
  for (const frame of error.frames) {
    const text = frameLine(frame)
    if (lines[lines.length - 1] === text) repeated++
    else {
      note()
      lines.push(text)
    }
  }
  note()
  return lines
}

function frameLine({ name, file, line, statement }: ErrorFrame): string {
  if (name === undefined) return `  called at ${file === undefined ? 'line ' : `${file}:`}${line}: ${statement}`
  return `  in ${name}${file === undefined ? `, line ${line}` : ` at ${file}:${line}`}: ${statement}`
}

function excerptLines(at: ErrorPosition, line: string): string[] {
  const number = `${at.line}`
  const [text, caret] = excerpt(line, at.column)
  return [`  ${number} | ${text}`, `  ${' '.repeat(number.length)} | ${caret}`]
}

/** `z = total(x) => total: return x + y => Incompatible vector size`: the chain of the documented run-phase message. */
export function runtimeMessage(error: HoldfastError, statement: string): string {
  const frames = error.frames
    .filter((f) => f.name !== undefined)
    .reverse()
    .map((f) => `${f.name}: ${f.statement}`)
  return [statement, ...frames, error.message].filter((part) => part !== '').join(' => ')
}
