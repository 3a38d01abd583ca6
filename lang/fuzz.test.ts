import { expect, it } from 'vitest'
import { fuzz } from './testing-fuzz.ts'

it('scripts made from the grammar parse; damaged ones parse or end in syntax errors with a place', () => {
  const { texts, refused } = fuzz(1, 500)
  expect(texts).toBe(1500)
  // If nothing were refused, nothing would have been damaged.
  expect(refused).toBeGreaterThan(300)
})
