/** An error as a person reads it: where it happened, the line with a caret, the calls on the way, what to do. */
import type { SourceText } from '../../lang/source.ts'
import type { HoldfastError } from '../errors.ts'

/**
 *   Incompatible vector size
 *     at daily.dos:3:7
 *     3 | z = x + y
 *       |     ^
 *     in function total, line 3: z = x + y
 *   hint: ...
 */
export function formatRuntimeError(error: HoldfastError, source?: SourceText): string {
  const lines = [error.message]
  const at = error.position
  if (at !== undefined) {
    lines.push(`  at ${at.file ?? 'line'}${at.file === undefined ? ' ' : ':'}${at.line}:${at.column}`)
    // The position may lie in another file (a module): then its text is not at hand.
    if (source !== undefined && (at.file === undefined || at.file === source.name)) lines.push(...excerpt(source, at))
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
    const text = `  in ${frame.name}, line ${frame.line}: ${frame.statement}`
    if (lines[lines.length - 1] === text) repeated++
    else {
      note()
      lines.push(text)
    }
  }
  note()
  return lines
}

function excerpt(source: SourceText, at: { line: number; column: number }): string[] {
  const text = source.lineText(at.line)
  const number = `${at.line}`
  const indent = text.slice(0, at.column - 1).replace(/[^\t]/g, ' ')
  return [`  ${number} | ${text}`, `  ${' '.repeat(number.length)} | ${indent}^`]
}

/** `z = total(x) => total: return x + y => Incompatible vector size`: the chain of the documented run-phase message. */
export function runtimeMessage(error: HoldfastError, statement: string): string {
  const frames = [...error.frames].reverse().map((f) => `${f.name}: ${f.statement}`)
  return [statement, ...frames, error.message].filter((part) => part !== '').join(' => ')
}
