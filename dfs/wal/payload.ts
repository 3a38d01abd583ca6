/**
 * What a record carries, as MessagePack: plain objects, lists, strings, numbers, bigints of any size, Uint8Array. Maps are written as maps, so any MessagePack
 * reader can read them; a bigint beyond 64 bits is msgpackr's extension 0x42 (two's complement, big endian). MessagePack has no negative zero: values of columns
 * travel as bytes of typed arrays, not as numbers.
 */
import { HoldfastError } from '../../runtime/errors.ts'
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

/** Throws a data error for bytes that no store wrote: a log may come from an archive. */
export function unpackPayload(bytes: Uint8Array): unknown {
  try {
    return packr().unpack(bytes as Buffer)
  } catch (cause) {
    throw new HoldfastError('data', `the record holds no MessagePack (${(cause as Error).message})`, {
      code: 'logEntry',
      cause,
    })
  }
}
