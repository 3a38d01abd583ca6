/** Programs of fixed seeds; test/fuzz/fuzz.long.test.ts has many thousands. */
import { describe, expect, it } from 'vitest'
import { inputError, toHoldfastError } from '../../../runtime/index.ts'
import { checkError, LanguageViolation, newProgram } from './case.ts'
import { runLanguageCases } from './run.ts'

const PROGRAMS = 120

describe('programs that are made up, or changed', () => {
  it('come to a value or to an error of the script with a place', () => {
    const { value, error } = runLanguageCases(1, PROGRAMS)
    // Were all of one kind, the other would not have been tried.
    expect(value).toBeGreaterThan(PROGRAMS)
    expect(error).toBeGreaterThan(PROGRAMS)
  })

  it('that meet an internal error, or one without a place, are violations', () => {
    expect(() => checkError(toHoldfastError(new TypeError('of no object')), '')).toThrow(LanguageViolation)
    expect(() => checkError(inputError('without a place'), '')).toThrow(LanguageViolation)
  })

  it('are stopped when they do not end', () => {
    expect(newProgram()('while(true){ x = 1 }')).toBe('interrupted')
  })
})
