import { describe, expect, it } from 'vitest'
import { createInterpreter } from '../index.ts'

const session = createInterpreter({ print: () => {} })
session.run('t = table(1 1 2 2 2 3 3 as id, 2020.09.01 + 1 3 1 2 3 2 3 as date, 1..7 as value)')
const show = (script: string): string => session.display(session.run(script))

describe('panel', () => {
  it.each([
    [
      'panel(t.date, t.id, t.value)',
      '           1 2 3\n           - - -\n2020.09.02|1 3  \n2020.09.03|  4 6\n2020.09.04|2 5 7',
    ],
    [
      'panel(t.date, t.id, t.value, 2020.09.02 2020.09.03, 1 2)',
      '           1 2\n           - -\n2020.09.02|1 3\n2020.09.03|  4',
    ],
    ['panel(`b`a`b`a, `y`y`x`x, 1..4)', '  x y\n  - -\na|4 2\nb|3 1'],
    ['panel(symbol(`b`a`b), 1 1 2, [1.5, 2.5, 3.5])', '  1   2  \n  --- ---\na|2.5    \nb|1.5 3.5'],
    ['panel(1 1 1, 1 1 1, 5 6 7)', '  1\n  -\n1|7'],
    ['panel(1 2, 1 2, 5 6, 2 3)', '  1 2\n  - -\n2|  6\n3|   '],
  ])('%s', (script, text) => {
    expect(show(script).replace(/ +$/gm, '')).toBe(text.replace(/ +$/gm, ''))
  })
  it('gives a matrix for each of several metrics', () => {
    expect(show('size(panel(t.date, t.id, [t.value, t.value > 3]))')).toBe('2')
    expect(show('panel(t.date, t.id, [t.value, t.value > 3])[1][2, 1]')).toBe('true')
  })
  it.each([
    ['panel(1 2, 1 2 3, 1 2)', 'Incompatible vector size'],
    ['panel(1 2, 1 2, 1 2 3)', 'Incompatible vector size'],
    ['panel(1 2, 1 2, 1 2, 2 1)', 'rowLabel must be ascending and distinct'],
    ['panel(1 2, 1 2, 1 2, , 1 1)', 'colLabel must be ascending and distinct'],
    ['panel(1 2, 1 2, 1 2, `a`b)', 'The type of rowLabel does not fit'],
    ['panel(1 2, 1 2, 3)', 'metrics must be a vector'],
  ])('%s: %s', (script, message) => {
    expect(() => session.run(script)).toThrow(message)
  })
})
