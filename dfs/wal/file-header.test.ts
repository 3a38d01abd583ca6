import { describe, expect, it } from 'vitest'
import { checksumOf } from '../store/checksum.ts'
import { BOOT_OFFSET, decodeHeader, encodeHeader, type FileHeader, HEADER_BYTES, identityOf } from './file-header.ts'

const header: FileHeader = {
  ...identityOf(3, 'store-1', 'boot-a'),
  isReused: true,
  sequence: 2 ** 33,
  firstLsn: 2 ** 40 + 64,
}

describe('the header of a log file', () => {
  it('has these bytes', () => {
    const hex = Buffer.from(encodeHeader(header)).toString('hex')
    const number = (text: string) =>
      Buffer.from(checksumOf(new TextEncoder().encode(text)), 'hex')
        .reverse()
        .toString('hex')
    expect(hex.slice(0, 80)).toBe(
      `${Buffer.from('HFWALLOG').toString('hex')}0100010003000000${number('store-1')}00000000020000004000000000010000`,
    )
    expect(hex.slice(96, 112)).toBe(number('boot-a'))
  })
  it('is read as it was written', () => {
    expect(decodeHeader(encodeHeader(header))).toEqual(header)
    const unknown = { ...header, boot: undefined }
    expect(decodeHeader(encodeHeader(unknown))).toEqual(unknown)
    expect(identityOf(3, 'store-1', '').boot).toBeUndefined()
  })
  it('is not valid with any bit flipped, except that the boot is unknown then', () => {
    for (let bit = 0; bit < HEADER_BYTES * 8; bit++) {
      const bytes = encodeHeader(header)
      bytes[bit >> 3]! ^= 1 << (bit & 7)
      const expected = bit >> 3 < BOOT_OFFSET ? undefined : { ...header, boot: undefined }
      expect(decodeHeader(bytes)).toEqual(expected)
    }
  })
  it('of a newer release is told from a damaged one', () => {
    const bytes = encodeHeader(header)
    bytes[8] = 2
    new DataView(bytes.buffer).setBigUint64(40, BigInt(`0x${checksumOf(bytes.subarray(0, 40))}`), true)
    expect(decodeHeader(bytes)).toEqual({ format: 2 })
  })
})
