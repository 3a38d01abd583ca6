/** The expectations of the scripts in this folder (read.ts) as tests. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect, newWorld } from '../../dfs/write/testing.ts'
import { type Interpreter, Scalar, T, toHoldfastError } from '../../runtime/index.ts'
import { type ConformanceScript, conformanceScripts } from './read.ts'

const folder = dirname(fileURLToPath(import.meta.url))

interface Outcome {
  readonly kind: 'shows' | 'fails'
  readonly text: string
}

function outcomesOf(script: ConformanceScript, scratch: string): Outcome[] {
  const printed: string[] = []
  const { session } = connect(newWorld(), { print: (text) => printed.push(text) })
  session.setVariable('scratch', Scalar.string(scratch))
  const file = join(folder, script.file)
  const outcomes = script.expectations.map(({ code, line }) => {
    printed.length = 0
    // Positions in messages are those of the file.
    const above = '\n'.repeat(line - code.split('\n').length)
    return run(session, `${above}${code}`, file, printed)
  })
  if (script.rest.trim() !== '') outcomes.push(run(session, script.rest, file, printed))
  return outcomes
}

function run(session: Interpreter, code: string, file: string, printed: readonly string[]): Outcome {
  try {
    const value = session.run(code, { file })
    const isNothing = value.kind === 'scalar' && value.type === T.VOID && value !== Scalar.NOTHING
    const lines = [...printed, ...(isNothing ? [] : [session.display(value)])].join('\n').split('\n')
    return { kind: 'shows', text: lines.map((l) => l.trimEnd()).join('\n') }
  } catch (thrown) {
    const error = toHoldfastError(thrown)
    return { kind: 'fails', text: error.kind === 'bug' ? `internal error: ${error.stack}` : error.message }
  }
}

/** One test an expectation. */
export function describeConformance(): void {
  describe.each(conformanceScripts(folder))('$file', (script) => {
    let outcomes: Outcome[] = []
    let scratch = ''
    beforeAll(() => {
      scratch = mkdtempSync(join(tmpdir(), 'holdfast-conformance-'))
      outcomes = outcomesOf(script, scratch)
    })
    afterAll(() => rmSync(scratch, { recursive: true, force: true }))

    it.each(script.expectations.map((e, k) => ({ ...e, k, title: `${e.line}: ${e.code.trim().split('\n').at(-1)}` })))(
      '$title',
      ({ expected, k }) => {
        const outcome = outcomes[k]
        if (expected.kind === 'fails' && outcome.kind === 'fails') expect(outcome.text).toContain(expected.text)
        else expect(outcome).toEqual(expected)
      },
    )

    if (script.rest.trim() !== '') it('runs to its end', () => expect(outcomes.at(-1)).toMatchObject({ kind: 'shows' }))
  })
}
