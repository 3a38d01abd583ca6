import { expect, test } from 'vitest'
import fc from '../../test/properties.ts'
import { WideMap } from './wide-map.ts'

test('more entries than one map can have are found like the others', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string()), fc.integer({ min: 1, max: 5 }), fc.string(), (keys, most, other) => {
      const wide = new WideMap<number>(most)
      keys.forEach((key, k) => void wide.add(key, k))
      for (const map of [wide, wide.copy()]) {
        expect(map.size).toBe(keys.length)
        expect(keys.map((key) => map.get(key))).toEqual(keys.map((_, k) => k))
        expect(map.has(other)).toBe(keys.includes(other))
      }
    }),
  )
})

test('a copy grows alone', () => {
  const one = new WideMap<number>(2)
  one.add('a', 0)
  const other = one.copy()
  other.add('b', 1)
  expect([one.size, one.get('b'), other.size, other.get('b')]).toEqual([1, undefined, 2, 1])
})
