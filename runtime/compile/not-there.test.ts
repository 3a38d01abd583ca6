import { describe, expect, it } from 'vitest'
import { createInterpreter, toHoldfastError } from '../index.ts'
import { missingFeature } from './not-there.ts'

function hintOf(script: string): string | undefined {
  try {
    createInterpreter().run(script)
  } catch (thrown) {
    return toHoldfastError(thrown).hint
  }
  return 'no error'
}

describe('a function of a part of the dialect that is not there', () => {
  it.each([
    ['share streamTable(1:0, `a, [INT]) as st', 'streamTable belongs to streaming, which is not a part of Holdfast'],
    ['x = 1\ncreateReactiveStateEngine("e")', 'createReactiveStateEngine belongs to streaming'],
    ['def f(){ return getStreamingStat().pubTables }\nf()', 'getStreamingStat belongs to streaming'],
    ['conn = xdb("localhost", 8848)', 'xdb belongs to servers and clusters'],
    ['bondDirtyPrice(2020.01.01, 2021.01.01)', 'belongs to pricing of financial instruments'],
    ['mysql::connect("localhost")', 'mysql is a plugin'],
    ['def g(){ Backtest::submitOrder(1) }\ng()', 'Backtest is a plugin'],
  ])('is named with that part: %s', (script, hint) => {
    expect(hintOf(script)).toContain(hint)
  })

  it('is none that is there', () => {
    const there = createInterpreter().registry.names()
    expect([...there].filter((name) => missingFeature(name) !== undefined)).toEqual([])
  })

  it('does not hide what a misspelt name may have meant', () => {
    expect(hintOf('summ(1 2)')).toContain('did you mean sum')
  })
})
