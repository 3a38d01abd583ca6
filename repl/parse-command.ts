/** `holdfast parse FILE [--json]`: checks the syntax of a script without running it. */
import { readFileSync } from 'node:fs'
import { dfsBuiltins } from '../dfs/index.ts'
// Not through the entrance of jobs: it leaves out what the main thread of a running session must not load.
import { jobBuiltins } from '../jobs/builtins.ts'
import { formatError, parseScript, SourceText } from '../lang/index.ts'
import { createRegistry } from '../runtime/index.ts'

/**
 * Answers the exit code: 0 if the file parses, 1 if it does not or cannot be read. Every syntax error goes to stderr. With `json` the syntax
 * tree goes to stdout; integers of 64 bits are text in it, because JSON numbers would round them.
 */
export function parseFile(file: string, json: boolean): number {
  let text: string
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8')
  } catch (error) {
    process.stderr.write(`holdfast: cannot read ${file}: ${(error as Error).message}\n`)
    return 1
  }
  // Which words are functions decides how the text around them reads.
  const registry = createRegistry(dfsBuiltins, jobBuiltins)
  const isBuiltin = (name: string): boolean => registry.has(name)
  const source = new SourceText(text, file)
  const { statements, errors } = parseScript(source, { isFunction: isBuiltin, isVariable: () => false, isBuiltin })
  for (const error of errors) process.stderr.write(`${formatError(error, source)}\n`)
  if (errors.length > 0) return 1
  if (json) process.stdout.write(`${JSON.stringify(statements, plainNumbers, 2)}\n`)
  return 0
}

const plainNumbers = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value)
