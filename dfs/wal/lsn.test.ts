import { describe, expect, it } from 'vitest'
import fc from '../../test/properties.ts'
import { formatLsn, parseLsn } from './lsn.ts'

describe('an LSN', () => {
  it.each([
    [0, '0/00000000'],
    [64, '0/00000040'],
    [0x1a3b4c5d, '0/1A3B4C5D'],
    [0xffffffff, '0/FFFFFFFF'],
    [0x100000000, '1/00000000'],
    [2 ** 53 - 1, '1FFFFF/FFFFFFFF'],
  ])('%d is printed %s', (lsn, text) => {
    expect(formatLsn(lsn)).toBe(text)
    expect(parseLsn(text)).toBe(lsn)
  })
  it('is read back as it was printed, in any case', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (lsn) => {
        expect(parseLsn(formatLsn(lsn))).toBe(lsn)
        expect(parseLsn(formatLsn(lsn).toLowerCase())).toBe(lsn)
      }),
    )
  })
  it.each(['', '0', '0/', '/0', '0/123456789', '0/XYZ', '200000/00000000', '0x1/00000000', ' 0/0', '-1/0'])(
    'refuses %j',
    (text) => {
      expect(() => parseLsn(text)).toThrow(expect.objectContaining({ kind: 'input', code: 'lsn' }))
    },
  )
})
