/**
 * Conformance scripts: `test/scripts/<topic>/<name>.dos`, with what a person would see on the line.
 *
 *   1 + 2                      // => 3
 *   x = 1 2 3                  (no expectation: it must run)
 *   undefined + 1              // !! Cannot recognize the token
 *   select * from t            // =>
 *   //| a b
 *   //| - -
 *   //| 1 2
 *
 * `=>`: printed lines and the value of the last expression, as the prompt shows them; with `//|` lines after it, all of these. `!!`: a part of the message of
 * the error. Lines before an expectation belong to it, back to the expectation before. All of a file runs in one session, logged in as admin, with a store
 * in memory; `scratch` is a folder for files, and the file's own folder is where modules and includes are found.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Expectation {
  /** Of the file, from 1: where the expectation stands. */
  readonly line: number
  readonly code: string
  readonly expected: { readonly kind: 'shows' | 'fails'; readonly text: string }
}

export interface ConformanceScript {
  readonly topic: string
  /** Below test/scripts. */
  readonly file: string
  readonly expectations: readonly Expectation[]
  /** What stands after the last expectation. */
  readonly rest: string
}

const ON_THE_LINE = /^(.*?)\s*\/\/ (=>|!!)(?: (.*))?$/

export function readScript(topic: string, file: string, text: string): ConformanceScript {
  const expectations: Expectation[] = []
  const lines = text.split('\n')
  let code: string[] = []
  for (let k = 0; k < lines.length; k++) {
    const found = ON_THE_LINE.exec(lines[k])
    if (found === null) {
      code.push(lines[k])
      continue
    }
    const [, statement, sign, onLine = ''] = found
    const line = k + 1
    const block: string[] = []
    while (/^\s*\/\/\|/.test(lines[k + 1] ?? '')) block.push(lines[++k].replace(/^\s*\/\/\| ?/, ''))
    code.push(statement)
    const expected = [...(onLine === '' ? [] : [onLine]), ...block].map((l) => l.trimEnd()).join('\n')
    expectations.push({
      line,
      code: code.join('\n'),
      expected: { kind: sign === '=>' ? 'shows' : 'fails', text: expected },
    })
    code = []
  }
  return { topic, file, expectations, rest: code.join('\n') }
}

/** All of them, in order of their names. */
export function conformanceScripts(folder: string): ConformanceScript[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
    .flatMap((topic) =>
      readdirSync(join(folder, topic))
        .filter((name) => name.endsWith('.dos'))
        .sort()
        .map((name) => readScript(topic, `${topic}/${name}`, readFileSync(join(folder, topic, name), 'utf8'))),
    )
}
