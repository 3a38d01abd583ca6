/**
 * The LZ4 block format (lz4_Block_format.md of the LZ4 project): sequences of a token, literals, a two-byte offset and a match length. The last five
 * bytes are always literals and a match never starts in the last twelve, as the format asks. Greedy matching over a table of four-byte hashes.
 */
import { HoldfastError } from '../errors.ts'

const HASH_BITS = 14
const MIN_MATCH = 4
const LAST_LITERALS = 5
const MATCH_LIMIT = 12
const MAX_OFFSET = 65_535

/** Most bytes that `length` bytes can become. */
const bound = (length: number): number => length + Math.floor(length / 255) + 16

export function lz4Compress(source: Uint8Array): Uint8Array {
  const n = source.length
  const out = new Uint8Array(bound(n))
  const table = new Int32Array(1 << HASH_BITS).fill(-1)
  const read32 = (k: number): number => source[k] | (source[k + 1] << 8) | (source[k + 2] << 16) | (source[k + 3] << 24)
  let at = 0
  let anchor = 0
  for (let k = 0; k + MATCH_LIMIT <= n; ) {
    const word = read32(k)
    const slot = Math.imul(word, -1640531535) >>> (32 - HASH_BITS)
    const candidate = table[slot]
    table[slot] = k
    if (candidate < 0 || k - candidate > MAX_OFFSET || read32(candidate) !== word) {
      k++
      continue
    }
    let length = MIN_MATCH
    while (k + length < n - LAST_LITERALS && source[candidate + length] === source[k + length]) length++
    at = literals(out, at, source, anchor, k, length - MIN_MATCH)
    out[at++] = (k - candidate) & 255
    out[at++] = (k - candidate) >> 8
    at = more(out, at, length - MIN_MATCH - 15)
    k += length
    anchor = k
  }
  at = literals(out, at, source, anchor, n, 0)
  return out.slice(0, at)
}

/** Token and literals; the caller adds offset and further match length. */
function literals(out: Uint8Array, at: number, source: Uint8Array, from: number, to: number, match: number): number {
  const count = to - from
  out[at++] = (Math.min(count, 15) << 4) | Math.min(match, 15)
  const next = more(out, at, count - 15)
  out.set(source.subarray(from, to), next)
  return next + count
}

/** The part of a length beyond 15; nothing when it is below. */
function more(out: Uint8Array, at: number, rest: number): number {
  let left = rest
  let k = at
  for (; left >= 255; left -= 255) out[k++] = 255
  if (left >= 0) out[k++] = left
  return k
}

/** The `length` bytes behind a block. Damaged input is an error, never a read outside. */
export function lz4Decompress(block: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length)
  let at = 0
  let k = 0
  const extended = (base: number): number => {
    let total = base
    if (base !== 15) return total
    for (;;) {
      const byte = block[k++]
      if (byte === undefined) throw damaged()
      total += byte
      if (byte !== 255) return total
    }
  }
  while (k < block.length) {
    const token = block[k++]
    const count = extended(token >> 4)
    if (k + count > block.length || at + count > length) throw damaged()
    out.set(block.subarray(k, k + count), at)
    k += count
    at += count
    if (k === block.length) break
    const offset = block[k] | (block[k + 1] << 8)
    k += 2
    const match = extended(token & 15) + MIN_MATCH
    if (k > block.length || offset === 0 || offset > at || at + match > length) throw damaged()
    for (let j = 0; j < match; j++, at++) out[at] = out[at - offset]
  }
  if (at !== length) throw damaged()
  return out
}

const damaged = (): HoldfastError => new HoldfastError('data', 'The LZ4 block is damaged.', { code: 'lz4' })
