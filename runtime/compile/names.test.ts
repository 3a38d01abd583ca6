/** What names mean, as far as the session decides it while a script is parsed. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createInterpreter } from '../index.ts'
import { failure } from './script-testing.ts'

/** What the script printed before it failed, and how it failed. */
function failing(script: string): { printed: string[]; message: string } {
  const printed: string[] = []
  const session = createInterpreter({ print: (text) => void printed.push(text) })
  try {
    session.run(script)
  } catch (error) {
    return { printed, message: (error as Error).message }
  }
  throw new Error(`no error from: ${script}`)
}

describe('a builtin', () => {
  it('is not redefined, which is noticed before anything runs', () => {
    const { printed, message } = failing('print(1)\ndef sum(x){ return x }')
    expect(printed).toEqual([])
    expect(message).toBe(
      'Syntax Error: [line #2] Not allowed to overwrite existing built-in functions/procedures. RefId: S06005',
    )
  })

  it('may be a name of a module', () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-names-'))
    try {
      mkdirSync(join(folder, 'modules'))
      writeFileSync(join(folder, 'modules', 'm.dos'), 'module m\ndef sum(x){ return 42 }\n')
      const session = createInterpreter({ folder })
      expect(session.display(session.run('use m\ngo\nm::sum(1 2)'))).toBe('42')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('has its error where the name stands', () => {
    expect(failure('x = 1\n  def abs(x){ return x }').position).toMatchObject({ line: 2, column: 7 })
  })
})
