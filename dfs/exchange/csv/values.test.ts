import { expect, it } from 'vitest'
import { floatText } from './values.ts'

it.each([
  [16777216, '16777216'],
  [16777218, '16777218'],
  [-3.4e38, '-3.4e+38'],
  [3.4028234663852886e38, '3.4028235e+38'],
  [1e30, '1e+30'],
  [3.3e10, '33000000000'],
  [0.1, '0.1'],
  [123456.79, '123456.79'],
  [-0, '-0'],
])('a FLOAT %s is the shortest text that reads back as it', (x, text) => {
  const stored = Math.fround(x)
  expect(floatText(stored)).toBe(text)
  expect(Object.is(Math.fround(Number(text)), stored)).toBe(true)
})
