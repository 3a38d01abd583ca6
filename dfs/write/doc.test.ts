import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { connect, newWorld } from './testing.ts'

it('the example of docs/changing-data.md runs, with the result that it shows', () => {
  const text = readFileSync(new URL('../../docs/changing-data.md', import.meta.url), 'utf8')
  const [script] = text.split('```')[1].split('   // ')
  const s = connect(newWorld())
  expect(s.show(script)).toBe('0 : 1')
  expect(s.show('exec item from pt order by item')).toBe('[101,201,301,302]')
  expect(s.show('exec price from pt order by item')).toBe('[9.9,0,0,2.75]')
})
