/**
 * A value of any form in bytes, for files of scripts and for compress: the transfer form (values/transfer.ts) written by v8.serialize.
 *
 *   'HFO1'  4 bytes
 *   length  uint32, little-endian: bytes of the body
 *   crc     uint32: CRC-32 of the body
 *   body
 */
import { HoldfastError, inputError } from '../errors.ts'
import type { Session } from '../session.ts'
import type { Value } from '../values/scalar.ts'
import { decodeValue, encodeValue, type Transfer } from '../values/transfer.ts'

const MAGIC = Buffer.from('HFO1')
export const VALUE_HEADER_BYTES = 12

/** `what` names the function in messages. */
export function valueToBytes(value: Value, session: Session, what: string): Buffer {
  if (value.kind === 'source' || value.kind === 'resource')
    throw inputError(`${what} can't write a ${value.kind === 'source' ? 'partitioned table' : value.resourceType}.`, {
      code: 'valueForm',
    })
  const { serialize } = process.getBuiltinModule('node:v8')
  const { crc32 } = process.getBuiltinModule('node:zlib')
  const body = serialize(encodeValue(value, { session, share: false }))
  const header = Buffer.alloc(VALUE_HEADER_BYTES)
  MAGIC.copy(header)
  header.writeUInt32LE(body.length, 4)
  header.writeUInt32LE(crc32(body), 8)
  return Buffer.concat([header, body])
}

/** Bytes of the body that follows a header. `where` names the file in messages. */
export function bodyLength(header: Uint8Array, where: string): number {
  const bytes = Buffer.from(header.buffer, header.byteOffset, header.byteLength)
  if (bytes.length < VALUE_HEADER_BYTES || !bytes.subarray(0, 4).equals(MAGIC)) throw damaged(where)
  return bytes.readUInt32LE(4)
}

export function valueFromBytes(header: Uint8Array, body: Uint8Array, session: Session, where: string): Value {
  const { deserialize } = process.getBuiltinModule('node:v8')
  const { crc32 } = process.getBuiltinModule('node:zlib')
  const bytes = Buffer.from(header.buffer, header.byteOffset, header.byteLength)
  if (body.length !== bodyLength(header, where) || crc32(body) !== bytes.readUInt32LE(8)) throw damaged(where)
  return decodeValue(deserialize(body) as Transfer, { session })
}

const damaged = (where: string): HoldfastError =>
  new HoldfastError(
    'data',
    `There is no readable object in ${where}: it was not written by writeObject, saveModel or compress, or it is damaged.`,
    {
      code: 'valueBytes',
    },
  )
