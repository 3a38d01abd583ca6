import { describe, expect, it } from 'vitest'
import { createInterpreter, formatRuntimeError, toHoldfastError } from './index.ts'

describe('an error at the prompt', () => {
  const session = createInterpreter({ print: () => undefined })
  const shown = (text: string): string => {
    try {
      session.run(text)
    } catch (thrown) {
      return formatRuntimeError(toHoldfastError(thrown))
    }
    return ''
  }

  it('is shown with the line that failed, not with an earlier one', () => {
    session.run('x = 1..5')
    expect(shown('noSuchFunction(x)')).toContain('noSuchFunction(x)\n')
    expect(shown('throw "later"')).toContain('throw "later"')
  })

  it('is shown with the outer line when a nested script went well before', () => {
    session.run('runScript("y = 1")')
    expect(shown('noSuchFunction(y)')).toContain('noSuchFunction(y)\n')
  })
})
