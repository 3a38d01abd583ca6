/**
 * What a record carries, as MessagePack: plain objects, lists, strings, numbers, bigints of any size, Uint8Array. Maps are written as maps, so any MessagePack
 * reader can read them; a bigint beyond 64 bits is msgpackr's extension 0x42 (two's complement, big endian). MessagePack has no negative zero: values of columns
 * travel as bytes of typed arrays, not as numbers.
 */
import { lazyPackr } from '../store/message-pack.ts'

// Unpacked bytes are copies: the record they came from lies in a buffer that is used again.
const packr = lazyPackr({
  useRecords: false,
  variableMapSize: true,
  int64AsType: 'bigint',
  useBigIntExtension: true,
  copyBuffers: true,
})

export const packPayload = (value: unknown): Uint8Array => packr().pack(value)

export const unpackPayload = (bytes: Uint8Array): unknown => packr().unpack(bytes as Buffer)
