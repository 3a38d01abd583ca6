import { expect, test } from 'vitest'
import fc from '../../test/properties.ts'
import { countText } from './counts.ts'

test('a count has a comma before every three digits, as in English', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (n) => {
      expect(countText(n)).toBe(n.toLocaleString('en-US'))
    }),
  )
})
