import { describe, expect, it } from 'vitest'
import { createInterpreter } from '../runtime/index.ts'
import { completions } from './completion.ts'

const session = createInterpreter({ print: () => undefined })
session.run('quantity = 1\nticks = table(1..3 as symbolOfTick, 4..6 as price)\ndef quantify(x){ return x }')
const urls = ['dfs://alpha', 'dfs://beta']
const complete = (line: string): readonly string[] => completions(line, session, () => urls).matches

describe('completion', () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['quantif', ['quantify']],
    ['1 + quantit', ['quantity']],
    ['ticks.symbolO', ['symbolOfTick']],
    ['select pri', ['price']],
    ['sort(ticks, `pri', ['price']],
    ['loadTable("dfs:', urls],
    ["loadTable('dfs://b", ['dfs://beta']],
    ['loadText("/da', []],
    ['x + ', []],
    ['', []],
  ]
  for (const [line, matches] of cases)
    it(`of ${line === '' ? 'an empty line' : line}`, () => {
      if (line === 'select pri' || line === 'sort(ticks, `pri')
        expect(complete(line)).toEqual(expect.arrayContaining([...matches]))
      else expect(complete(line)).toEqual(matches)
    })

  it('finds names in another case when there is none in this one', () => {
    expect(complete('SYMBOLOFT')).toEqual(['symbolOfTick'])
  })

  it('replaces the end of the line only', () => {
    expect(completions('abs(quantit', session, () => urls).word).toBe('quantit')
    expect(completions('f("dfs://a', session, () => urls).word).toBe('dfs://a')
  })
})
