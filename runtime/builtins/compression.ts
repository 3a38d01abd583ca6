/**
 * compress and decompress. The bytes of a COMPRESSED vector:
 *
 *   'HFC1'  4 bytes
 *   method  1 byte: 1 lz4, 2 zstd, 3 delta
 *   type    1 byte, scale 1 byte: of the elements (delta only, else 0); 1 byte 0
 *   length  uint32, little-endian: lz4, zstd: bytes before compression; delta: elements
 *   crc     uint32: CRC-32 of the rest
 *   rest    lz4 block or zstd frame of the value's bytes (textfile/value-bytes.ts), or delta-of-delta codes
 */
import { HoldfastError, inputError, usageError } from '../errors.ts'
import { deltaDecode, deltaEncode } from '../kernels/delta-of-delta.ts'
import { lz4Compress, lz4Decompress } from '../kernels/lz4.ts'
import { type Builtin, topicTable } from '../registry.ts'
import { VALUE_HEADER_BYTES, valueFromBytes, valueToBytes } from '../textfile/value-bytes.ts'
import type { Value } from '../values/scalar.ts'
import { isIntegral, isTemporal, T, typeInfo, typeName } from '../values/types.ts'
import { FixedVector, newFixedArray, type Vector } from '../values/vector.ts'
import { textArg } from './args.ts'

const { entries, define } = topicTable('Vectors and matrices')
export const compressionBuiltins: readonly Builtin[] = entries

const signature = "compress(X, [method='lz4'])"
const METHODS = { lz4: 1, zstd: 2, delta: 3 } as const
const HEADER_BYTES = 16

define(signature, {
  doc: "A vector or table in compressed form: a COMPRESSED vector, whose size is its number of bytes; decompress gives the original back. method: lz4, zstd, or delta (delta-of-delta) for integer and temporal vectors. 'chimp' is not supported.",
  call: ([x, method], session) => {
    if (x?.kind !== 'vector' && x?.kind !== 'table') throw usageError(signature, 'X must be a vector or a table.')
    if (x.kind === 'vector' && x.type === T.COMPRESSED) throw usageError(signature, 'X is compressed already.')
    const name = textArg(method, signature, 'method', 'lz4').toLowerCase()
    if (name === 'delta') return compressed(METHODS.delta, ...deltaParts(x))
    if (name !== 'lz4' && name !== 'zstd') throw usageError(signature, "method must be 'lz4', 'zstd' or 'delta'.")
    const bytes = valueToBytes(x, session, 'compress')
    if (name === 'lz4') return compressed(METHODS.lz4, lz4Compress(bytes), bytes.length)
    const { zstdCompressSync } = process.getBuiltinModule('node:zlib')
    return compressed(METHODS.zstd, zstdCompressSync(bytes), bytes.length)
  },
})

function deltaParts(x: Value): [Uint8Array, number, number] {
  if (x.kind !== 'vector' || x.storage !== 'fixed' || !(isIntegral(x.type) || isTemporal(x.type)))
    throw usageError(signature, "The method 'delta' is for integer and temporal vectors.")
  return [deltaEncode(x.view() as Int32Array | BigInt64Array), x.length, x.type]
}

function compressed(method: number, rest: Uint8Array, length: number, type = 0): FixedVector {
  const { crc32 } = process.getBuiltinModule('node:zlib')
  if (length >= 2 ** 32) throw inputError('compress: at most 4 GB can be compressed at once.', { code: 'compressSize' })
  const out = newFixedArray('i8', HEADER_BYTES + rest.length) as Int8Array
  const bytes = Buffer.from(out.buffer, out.byteOffset, out.length)
  bytes.write('HFC1', 'latin1')
  bytes[4] = method
  bytes[5] = type
  bytes.writeUInt32LE(length, 8)
  bytes.writeUInt32LE(crc32(rest), 12)
  bytes.set(rest, HEADER_BYTES)
  return new FixedVector(T.COMPRESSED, out)
}

define('decompress(X)', {
  doc: 'The vector or table that compress made X of. Damaged bytes are an error.',
  call: ([x], session) => {
    if (x?.kind !== 'vector' || x.type !== T.COMPRESSED || x.storage !== 'fixed')
      throw usageError('decompress(X)', 'X must be a COMPRESSED vector.')
    const data = x.view()
    // Copied, because zlib refuses shared memory.
    const bytes = Buffer.from(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    const rest = bytes.subarray(HEADER_BYTES)
    const { crc32, zstdDecompressSync } = process.getBuiltinModule('node:zlib')
    if (
      bytes.length < HEADER_BYTES ||
      bytes.toString('latin1', 0, 4) !== 'HFC1' ||
      bytes.readUInt32LE(12) !== crc32(rest)
    )
      throw new HoldfastError('data', 'The compressed vector is damaged.', { code: 'compressed' })
    const length = bytes.readUInt32LE(8)
    if (bytes[4] === METHODS.delta) return undelta(rest, length, bytes[5])
    const plain = bytes[4] === METHODS.lz4 ? lz4Decompress(rest, length) : zstdDecompressSync(rest)
    return valueFromBytes(
      plain.subarray(0, VALUE_HEADER_BYTES),
      plain.subarray(VALUE_HEADER_BYTES),
      session,
      `the ${typeName(T.COMPRESSED)} vector`,
    )
  },
})

function undelta(rest: Uint8Array, length: number, type: number): Vector {
  const data = newFixedArray(typeInfo(type).storage, length)
  deltaDecode(rest, data as Int32Array | BigInt64Array)
  return new FixedVector(type, data)
}
