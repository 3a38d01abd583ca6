/**
 * `test`: runs the cases of test scripts (language specification, 5.11).
 *
 * A file is cut at its lines `@testing: case="name", exception=1`. What stands before the first case runs once and may define what the cases share. A case
 * is parsed and run on its own, so that one that can't even be parsed harms no other. It passes when
 *   - all its assertions hold and nothing is raised, or
 *   - with exception=1, it can be parsed and something is raised while it runs, or
 *   - with syntaxError=1, it can't be parsed or names something that nobody knows.
 * Variables that a file made are gone when it has been tested; functions and shared objects stay.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Host } from '../compile/host.ts'
import { type HoldfastError, inputError, toHoldfastError } from '../errors.ts'
import { requireUnprotected } from '../protected-files.ts'
import { topicTable } from '../registry.ts'
import { allocatedBytes, collectGarbage } from '../values/allocator.ts'
import { Scalar } from '../values/index.ts'
import { boolArg, isGiven, textArg } from './args.ts'
import { scriptAccess } from './session-functions.ts'

const { entries, define } = topicTable('Session and introspection')

const SIGNATURE = 'test(scriptFile, [outputFile], [testMemLeaking=false])'

interface TestCase {
  readonly name: string
  readonly expects: 'success' | 'exception' | 'syntaxError'
  /** Of the file, from 1. */
  readonly line: number
  readonly text: string
}

interface Count {
  passed: number
  failed: number
}

define(SIGNATURE, {
  doc: 'Runs the test cases of a script file, or of all .dos and .txt files of a folder (not of folders in it), and returns nothing. A case begins with a line @testing: case="name" and passes when its assertions hold and nothing is raised; with exception=1 something must be raised while it runs, with syntaxError=1 it must not be parsable. Each failure is one line, and so is the count of each file; they are printed or, with outputFile, written to that file. testMemLeaking adds how many bytes more are in use after the file than before. Needs a login and TEST_EXEC. Failures count for the script that calls test: it ends as failed.',
  call: ([script, output, leaking], session) => {
    scriptAccess(session, 'test')
    const host = session as Host
    const path = textArg(script, SIGNATURE, 'scriptFile')
    const showMemory = boolArg(leaking, SIGNATURE, 'testMemLeaking', false)
    const files = scriptsAt(path)
    if (!isGiven(output)) {
      for (const file of files) testFile(host, file, showMemory)
      return Scalar.VOID
    }
    const target = textArg(output, SIGNATURE, 'outputFile')
    requireUnprotected(target)
    const lines: string[] = []
    host.printingTo(
      (text) => void lines.push(text),
      () => {
        for (const file of files) testFile(host, file, showMemory)
      },
    )
    writeFileSync(target, lines.map((line) => `${line}\n`).join(''))
    return Scalar.VOID
  },
})

function scriptsAt(path: string): string[] {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined)
    throw inputError(`The test script ${path} was not found.`, { code: 'scriptMissing', where: { file: path } })
  if (!found.isDirectory()) return [path]
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(dos|txt)$/.test(entry.name))
    .map((entry) => join(path, entry.name))
    .sort()
}

function testFile(host: Host, file: string, showMemory: boolean): void {
  const { preamble, cases } = casesOf(readFileSync(file, 'utf8'))
  const before = new Set(host.variableNames())
  if (showMemory) collectGarbage()
  const bytes = allocatedBytes()
  const count: Count = { passed: 0, failed: 0 }
  try {
    const trouble = preamble.trim() === '' ? undefined : failureOf(host, preamble, file)
    if (trouble === undefined) for (const c of cases) runCase(host, c, file, count)
    else {
      // Without what they share no case means anything.
      count.failed = cases.length
      host.assertionFailed(`Testing script ${file} failed before its first case: ${trouble.message}`)
    }
  } finally {
    for (const name of host.variableNames()) if (!before.has(name)) host.removeVariable(name)
  }
  host.print(`#Testing cases: ${cases.length}. Passed: ${count.passed}. Failed: ${count.failed}. Script: ${file}`)
  if (!showMemory) return
  collectGarbage()
  host.print(`#Bytes in use: ${allocatedBytes() - bytes} more than before. Script: ${file}`)
}

/** Lines stay where they are in the file, so that positions in messages are right. */
function casesOf(text: string): { readonly preamble: string; readonly cases: readonly TestCase[] } {
  const lines = text.split('\n')
  const starts = lines.flatMap((line, k) => (/^\s*@testing\s*:/.test(line) ? [k] : []))
  const cases = starts.map((start, k): TestCase => {
    const head = lines[start]
    const flag = (name: string): boolean => new RegExp(`\\b${name}\\s*=\\s*(1|true)\\b`).test(head)
    const name = /\bcase\s*=\s*(?:"([^"]*)"|'([^']*)'|`?(\w+))/.exec(head)
    return {
      name: name?.[1] ?? name?.[2] ?? name?.[3] ?? 'adhocTesting',
      expects: flag('syntaxError') ? 'syntaxError' : flag('exception') ? 'exception' : 'success',
      line: start + 1,
      text: '\n'.repeat(start) + lines.slice(start, starts[k + 1]).join('\n'),
    }
  })
  return { preamble: lines.slice(0, starts[0]).join('\n'), cases }
}

function runCase(host: Host, { name, expects, line, text }: TestCase, file: string, count: Count): void {
  const failedBefore = host.failedAssertions
  const error = failureOf(host, text, file)
  const isSyntax = error?.message.startsWith('Syntax Error') === true
  const raised = error === undefined ? 'nothing was raised' : error.message
  const wrong =
    expects === 'success'
      ? error && raised
      : expects === 'syntaxError'
        ? isSyntax
          ? undefined
          : `a syntax error was expected, but ${raised}`
        : error !== undefined && !isSyntax
          ? undefined
          : `an exception was expected, but ${raised}`
  if (wrong !== undefined) host.assertionFailed(`Testing case ${name} failed [line #${line}]: ${wrong}`)
  if (host.failedAssertions === failedBefore) count.passed++
  else count.failed++
}

function failureOf(host: Host, text: string, file: string): HoldfastError | undefined {
  try {
    host.run(text, file)
    return undefined
  } catch (thrown) {
    const error = toHoldfastError(thrown)
    if (error.kind === 'cancelled') throw error
    return error
  }
}

export const unitTestBuiltins = entries
