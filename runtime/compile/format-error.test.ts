/** Errors of scripts that other scripts run: the failing line belongs to the inner one, the calls on the way to all of them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createInterpreter, formatRuntimeError, toHoldfastError } from '../index.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-errors-'))
  mkdirSync(join(folder, 'modules'))
  write('inner.dos', 'def inner(a){\n  b = a + 1\n  return b + (1 2 3 + 1 2)\n}\nz = inner(3)\n')
  write('typo.dos', '\n\nz = 1 + typo\n')
  write('bad.dos', 'x = 1\ny = = 2\n')
  write('plain.dos', 'q = 1\n  throw "stop"\n')
  write('modules/m.dos', 'module m\n\ndef deep(a){\n  return a + (1 2 3 + 1 2)\n}\n')
  write('modules/broken.dos', 'module broken\ndef f(a){\n  return (a\n}\n')
})
afterAll(() => rmSync(folder, { recursive: true }))

const write = (name: string, text: string): void => writeFileSync(join(folder, name), text)

/** What a person sees when the script fails; the folder of the test is cut away. */
function shown(script: string, file: string | null = 'main.dos'): string {
  const session = createInterpreter({ print: () => undefined, folder })
  try {
    session.run(script, file === null ? {} : { file: join(folder, file) })
  } catch (thrown) {
    return formatRuntimeError(toHoldfastError(thrown)).replaceAll(`${folder}/`, '')
  }
  return 'no error'
}

describe('an error inside', () => {
  it('a file that was run shows the line of that file and the calls on the way', () => {
    expect(shown(`x = 1\n\nrun("${join(folder, 'inner.dos')}")\n`)).toBe(`Incompatible vector size
  at inner.dos:3:3
  3 |   return b + (1 2 3 + 1 2)
    |   ^
  in inner at inner.dos:3: return b + (1 2 3 + 1 2)
  called at inner.dos:5: z = inner(3)
  called at main.dos:3: run("inner.dos")
  hint: on the left: 3 elements of type INT; on the right: 2 elements of type INT`)
  })

  it('an included file shows the line of that file', () => {
    expect(shown('x = 1\n#include "plain.dos"')).toBe(`stop
  at plain.dos:2:3
  2 |   throw "stop"
    |   ^
  called at main.dos:2: #include "plain.dos"`)
  })

  it('a function of a module shows the line of the module', () => {
    expect(shown('use m\ndef outer(v){\n  return m::deep(v)\n}\nouter(5)')).toBe(`Incompatible vector size
  at modules/m.dos:4:3
  4 |   return a + (1 2 3 + 1 2)
    |   ^
  in deep at modules/m.dos:4: return a + (1 2 3 + 1 2)
  in outer at main.dos:3: return m::deep(v)
  called at main.dos:5: outer(5)
  hint: on the left: 3 elements of type INT; on the right: 2 elements of type INT`)
  })

  it('text that was run shows the line of that text', () => {
    expect(shown('x = 1\n\n\nrunScript("y = 1\\nz = 1 2 + 1 2 3")')).toBe(`Incompatible vector size
  at line 2:1
  2 | z = 1 2 + 1 2 3
    | ^
  called at main.dos:4: runScript("y = 1\\nz = 1 2 + 1 2 3")
  hint: on the left: 2 elements of type INT; on the right: 3 elements of type INT`)
  })

  it('a file that does not parse shows where', () => {
    expect(shown('x = 1\n#include "bad.dos"')).toContain(`at bad.dos:2:5
  2 | y = = 2
    |     ^
  called at main.dos:2: #include "bad.dos"`)
    expect(shown('use broken')).toContain(`at modules/broken.dos:4:1
  4 | }
    | ^
  called at main.dos:1: use broken`)
  })

  it('a file with an unknown name shows where', () => {
    expect(shown('x = 1\n#include "typo.dos"')).toContain('at typo.dos:3:9\n  3 | z = 1 + typo\n    |         ^\n')
  })

  it('a block of the top level names the line that ran', () => {
    expect(shown('def f(a){\n  throw "no"\n}\nfor(i in 0:2){\n  x = i\n  f(i)\n}')).toContain(
      'called at main.dos:6: f(i)',
    )
  })
})

describe('an error of operands', () => {
  it('says what stood on either side', () => {
    expect(shown('x = "a"\ny = x / 1 2')).toContain(
      'hint: on the left: one STRING; on the right: 2 elements of type INT',
    )
  })
})

describe('an error of a script without a file', () => {
  it('needs no line about the call when the text is what was typed', () => {
    expect(shown('f = def(a){ return a + (1 2 + 1 2 3) }\nf(1)', null)).toBe(`Incompatible vector size
  at line 1:13
  1 | f = def(a){ return a + (1 2 + 1 2 3) }
    |             ^
  in lambda, line 1: return a + (1 2 + 1 2 3)
  hint: on the left: 2 elements of type INT; on the right: 3 elements of type INT`)
  })

  it('in a function of an earlier text shows the line of that text', () => {
    const session = createInterpreter({ print: () => undefined })
    session.run('def later(a){\n  return a + (1 2 + 1 2 3)\n}')
    try {
      session.run('x = 1; later(x)')
    } catch (thrown) {
      expect(formatRuntimeError(toHoldfastError(thrown))).toContain('  2 |   return a + (1 2 + 1 2 3)\n')
    }
  })
})
