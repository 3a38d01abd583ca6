import { describe, expect, it } from 'vitest'
import fc from '../../test/properties.ts'
import { checksumOf } from '../store/checksum.ts'
import {
  decodeRecord,
  type LogRecord,
  type NewRecord,
  RECORD_BYTES_MIN,
  RECORD_KINDS,
  RecordEncoder,
  recordBytes,
  recordExtent,
} from './record.ts'

const arbitrary: fc.Arbitrary<NewRecord> = fc.record({
  kind: fc.constantFrom(...RECORD_KINDS),
  flags: fc.integer({ min: 0, max: 255 }),
  transaction: fc.maxSafeNat(),
  timeMs: fc.double({ noNaN: true, min: -8.64e15, max: 8.64e15 }),
  payload: fc.uint8Array({ maxLength: 200 }),
})

function decode(bytes: Uint8Array, at: number, lsn: number): LogRecord | string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const extent = recordExtent(view, at, bytes.length - at)
  return typeof extent === 'string' ? extent : decodeRecord(bytes, view, at, extent, lsn)
}

describe('a log record', () => {
  it('has these bytes', () => {
    const record: NewRecord = {
      kind: 'DDL_CREATE',
      flags: 7,
      transaction: 2 ** 32 + 5,
      timeMs: 1.5,
      payload: new Uint8Array([0xaa, 0xbb]),
    }
    const bytes = new RecordEncoder().encode([record], 2 ** 33 + 8, 16)
    const body =
      '32000000 08 07 0000 0800000002000000 0500000001000000 000000000000f83f 1000000000000000 aabb'.replaceAll(' ', '')
    expect(Buffer.from(bytes.subarray(0, 42)).toString('hex')).toBe(body)
    const digest = Buffer.from(bytes.subarray(42, 50)).reverse().toString('hex')
    expect(digest).toBe(checksumOf(bytes.subarray(0, 42)))
    expect([...bytes.subarray(50)]).toEqual([0, 0, 0, 0, 0, 0])
  })
  it('is one of ten kinds, numbered from 1', () => {
    const bytes = new RecordEncoder().encode(
      RECORD_KINDS.map((kind) => ({ kind, transaction: 1, timeMs: 0, payload: new Uint8Array(0) })),
      64,
      64,
    )
    expect(RECORD_KINDS.map((_, k) => bytes[k * RECORD_BYTES_MIN + 4])).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  })
  it('is read as it was written, in batches of any size, by an encoder that is used again', () => {
    const encoder = new RecordEncoder()
    fc.assert(
      fc.property(
        fc.array(arbitrary, { maxLength: 20 }),
        fc.nat().map((n) => n * 8),
        fc.maxSafeNat(),
        (batch, first, synced) => {
          const bytes = encoder.encode(batch, first, synced)
          let at = 0
          for (const record of batch) {
            const found = decode(bytes, at, first + at) as LogRecord
            expect(found).toMatchObject({
              kind: record.kind,
              flags: record.flags,
              transaction: record.transaction,
              timeMs: record.timeMs,
              lsn: first + at,
              endLsn: first + at + recordBytes(record.payload.length),
              syncedLsn: synced,
            })
            expect(Buffer.compare(found.payload, record.payload)).toBe(0)
            at = found.endLsn - first
          }
          expect(at).toBe(bytes.length)
        },
      ),
    )
  })
  it('is not valid with any bit flipped, cut anywhere, or in another place', () => {
    const payload = new Uint8Array([1, 2, 3])
    const bytes = new RecordEncoder().encode([{ kind: 'INSERT', transaction: 1, timeMs: 2, payload }], 64, 64)
    expect(decode(bytes, 0, 64)).toMatchObject({ lsn: 64 })
    expect(decode(bytes, 0, 72)).toBeTypeOf('string')
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = bytes.slice()
      damaged[bit >> 3]! ^= 1 << (bit & 7)
      expect(decode(damaged, 0, 64)).toBeTypeOf('string')
    }
    for (let length = RECORD_BYTES_MIN; length < bytes.length; length++)
      expect(decode(bytes.slice(0, length), 0, 64)).toBeTypeOf('string')
  })
  it.each([Number.NaN, Infinity, 8.65e15, -1e300])('is not valid with the time %d, whatever its checksum', (timeMs) => {
    const record: NewRecord = { kind: 'INSERT', transaction: 1, timeMs, payload: new Uint8Array(1) }
    expect(decode(new RecordEncoder().encode([record], 64, 64), 0, 64)).toMatch(/time/)
  })
  it('may be larger than the buffer of the encoder, which does not keep the memory', () => {
    const encoder = new RecordEncoder()
    const record: NewRecord = { kind: 'INSERT', transaction: 1, timeMs: 2, payload: new Uint8Array(9 << 20).fill(3) }
    expect(decode(encoder.encode([record], 64, 64), 0, 64)).toMatchObject({ transaction: 1 })
    const small = encoder.encode([{ ...record, payload: new Uint8Array(1) }], 64, 64)
    expect(small.buffer.byteLength).toBeLessThan(9 << 20)
    expect(decode(small, 0, 64)).toMatchObject({ transaction: 1 })
  })
})
