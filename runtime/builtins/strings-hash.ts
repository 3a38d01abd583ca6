/** Digests, checksums, encodings and buckets. */
import { inputError, operatorError, usageError } from '../errors.ts'
import { hashBucketOf, hashBuckets } from '../kernels/murmur.ts'
import { type Builtin, topicTable } from '../registry.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { isFloating, isLiteral, T, type TypeId, typeInfo } from '../values/types.ts'
import { FixedVector, StringVector } from '../values/vector.ts'
import { boolArg, intArg, required, textArg } from './args.ts'
import { elementBytes } from './element-bytes.ts'
import { mapText } from './text-map.ts'

const { entries, define } = topicTable('Strings')
export const stringHashBuiltins: readonly Builtin[] = entries

/** Loaded with the first digest: it takes a thread longer than all of this room's functions together. */
const crypto = (): typeof import('node:crypto') => process.getBuiltinModule('node:crypto')

const md5Bits = (text: string): bigint => BigInt(`0x${crypto().createHash('md5').update(text).digest('hex')}`)

define('md5(X)', {
  doc: 'MD5 digest as INT128.',
  kind: 'element',
  call: ([x]) => mapText('md5(X)', x, T.INT128, md5Bits),
})

define('gmd5(X)', {
  doc: 'One MD5 digest (INT128) over all elements of a scalar, vector, tuple, array vector, pair or matrix: over numbers and temporals as they lie in memory, over texts with a zero byte after each.',
  call: ([x]) => {
    const bytes = elementBytes(required(x, 'gmd5(X)', 'X'), '\0')
    return new Scalar(T.INT128, BigInt(`0x${crypto().createHash('md5').update(bytes).digest('hex')}`))
  },
})

for (const [name, what] of [
  ['makeKey', 'The values'],
  ['makeSortedKey', 'The values, in one order with those of makeKey,'],
] as const)
  define(`${name}(args...)`, {
    doc: `${what} at each position put together as one BLOB, for keys of dictionaries and sets: texts as they are, numbers and temporals by their bytes. args are scalars or vectors of one length.`,
    kind: 'element',
    call: (args) => {
      const usage = `${name}(args...)`
      if (args.length === 0) throw usageError(usage, 'At least one argument is needed.')
      const given = args.map((a) => required(a, usage, 'args'))
      const rows = given.reduce((n, v) => (v.kind === 'vector' ? Math.max(n, v.length) : n), 1)
      for (const v of given)
        if (v.kind !== 'scalar' && v.kind !== 'vector') throw usageError(usage, 'args must be scalars or vectors.')
        else if (v.kind === 'vector' && v.length !== rows)
          throw operatorError('Incompatible vector size', { code: 'vectorSize' })
      const keyAt = (k: number): string => given.map((v) => keyPart(v.kind === 'vector' ? v.get(k) : v)).join('')
      if (given.every((v) => v.kind === 'scalar')) return new Scalar(T.BLOB, keyAt(0))
      return new StringVector(
        Array.from({ length: rows }, (_, k) => keyAt(k)),
        T.BLOB,
      )
    },
  })

/** Texts stay texts; of anything else each byte is a character. */
const keyPart = (v: Value): string =>
  v.kind === 'scalar' && isLiteral(v.type) ? String(v.value) : elementBytes(v, '').toString('latin1')

define('crc32(str, [cksum=0])', {
  doc: 'CRC-32 as INT, continuing from `cksum`.',
  kind: 'element',
  call: ([x, start]) => {
    const from = intArg(start, 'crc32(str, [cksum=0])', 'cksum', 0)
    const { crc32 } = process.getBuiltinModule('node:zlib')
    return mapText('crc32(str, [cksum=0])', x, T.INT, (s) => crc32(s, from >>> 0) | 0)
  },
})

define("hmac(key, message, [digest='sha256'])", {
  doc: 'Keyed digest of the message as hexadecimal text.',
  call: ([key, message, digest]) => {
    const signature = "hmac(key, message, [digest='sha256'])"
    const algorithm = textArg(digest, signature, 'digest', 'sha256').toLowerCase()
    if (!crypto().getHashes().includes(algorithm)) throw usageError(signature, `digest ${algorithm} is not known.`)
    const secret = textArg(key, signature, 'key')
    return mapText(signature, message, T.STRING, (s) => crypto().createHmac(algorithm, secret).update(s).digest('hex'))
  },
})

define('base64Encode(X)', {
  doc: 'Base64 text of the UTF-8 bytes.',
  kind: 'element',
  call: ([x]) => mapText('base64Encode(X)', x, T.STRING, (s) => Buffer.from(s).toString('base64')),
})

define('base64Decode(X)', {
  doc: 'The decoded bytes as BLOB. Characters outside the alphabet are an error.',
  kind: 'element',
  call: ([x]) =>
    mapText('base64Decode(X)', x, T.BLOB, (s) => {
      if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(s))
        throw inputError(`Invalid base64 text [${s.slice(0, 40)}].`, { code: 'base64' })
      return Buffer.from(s, 'base64').toString()
    }),
})

define('hex(X, [reverse=false])', {
  doc: 'Hexadecimal text of the stored bits, lower case, as wide as the type; `reverse` lists the bytes low first.',
  kind: 'element',
  call: ([x, reverse]) => {
    const signature = 'hex(X, [reverse=false])'
    const low = boolArg(reverse, signature, 'reverse', false)
    const v = required(x, signature, 'X')
    if (v.kind === 'scalar') return Scalar.string(hexText(v.type, v.value, low, signature))
    if (v.kind !== 'vector') throw usageError(signature, 'X must be a scalar or a vector.')
    return new StringVector(Array.from({ length: v.length }, (_, k) => hexText(v.type, v.raw(k), low, signature)))
  },
})

/** The bits of a floating number as an integer. */
function floatBits(type: TypeId, raw: number): bigint {
  const view = new DataView(new ArrayBuffer(8))
  if (type === T.FLOAT) {
    view.setFloat32(0, raw)
    return BigInt(view.getUint32(0))
  }
  view.setFloat64(0, raw)
  return view.getBigUint64(0)
}

const HEX_BYTES: Readonly<Record<string, number>> = { i8: 1, i16: 2, i32: 4, i64: 8, x2i64: 16, f32: 4, f64: 8 }

function hexText(type: TypeId, raw: unknown, lowFirst: boolean, signature: string): string {
  const bytes = type >= 64 ? undefined : HEX_BYTES[typeInfo(type).storage]
  if (bytes === undefined || (typeof raw !== 'number' && typeof raw !== 'bigint'))
    throw usageError(signature, 'X must be a number, a temporal value or a 128-bit value.')
  const bits = isFloating(type) ? floatBits(type, Number(raw)) : BigInt(raw)
  const text = BigInt.asUintN(bytes * 8, bits)
    .toString(16)
    .padStart(bytes * 2, '0')
  return lowFirst ? (text.match(/../g) as string[]).reverse().join('') : text
}

define('hashBucket(X, buckets)', {
  doc: 'Partition bucket of each value, 0 to buckets-1: strings by MurmurHash2, integers and temporals modulo, null gives -1.',
  kind: 'element',
  call: ([x, n]) => {
    const signature = 'hashBucket(X, buckets)'
    const buckets = intArg(n, signature, 'buckets')
    if (buckets <= 0) throw usageError(signature, 'buckets must be a positive integer.')
    const v: Value = required(x, signature, 'X')
    if (v.kind === 'scalar')
      return v.type === T.VOID ? Scalar.int(-1) : Scalar.int(hashBucketOf(v.type, v.value, buckets))
    if (v.kind === 'vector') return new FixedVector(T.INT, hashBuckets(v, buckets))
    throw usageError(signature, 'X must be a scalar or a vector.')
  },
})
