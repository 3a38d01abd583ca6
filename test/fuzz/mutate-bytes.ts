/** Bytes changed without regard to what they mean, as disks, networks and people do. */
import type { Random } from '../simulation/random.ts'
import { layoutOf } from './segment.ts'

const NUMBERS: readonly (readonly number[])[] = [
  [0, 0, 0, 0],
  [255, 255, 255, 255],
  [255, 255, 255, 127],
  [0, 0, 0, 128],
  [1, 0, 0, 0],
  [0, 0, 0, 0, 0, 0, 0, 0],
  [255, 255, 255, 255, 255, 255, 255, 127],
  [0xdd, 0xff, 0xff, 0xff, 0xff],
  [0xdf, 0xff, 0xff, 0xff, 0xff],
  [0xc9, 0xff, 0xff, 0xff, 0xff, 0x62],
  [0xd4, 0x72, 0x40],
]

/** Answers other bytes, and what was done. */
export function mutateBytes(original: Uint8Array, random: Random): readonly [bytes: Uint8Array, what: string] {
  const bytes = Buffer.from(original)
  if (bytes.length === 0) return [Buffer.from([random.int(256)]), 'a byte in an empty file']
  const at = random.int(bytes.length)
  const way = random.weighted({
    flip: 5,
    byte: 3,
    number: 5,
    cut: 3,
    grow: 2,
    zeros: 1,
    swap: 2,
    repeat: 2,
    drop: 2,
    digit: 4,
  })
  switch (way) {
    case 'flip':
      for (let k = random.between(1, 3); k > 0; k--) bytes[random.int(bytes.length)] ^= 1 << random.int(8)
      return [bytes, 'bits flipped']
    case 'byte':
      bytes[at] = random.int(256)
      return [bytes, `byte ${at} changed`]
    case 'number':
      bytes.set(Buffer.from(random.pick(NUMBERS)).subarray(0, bytes.length - at), at)
      return [bytes, `a number at ${at}`]
    case 'cut':
      return [bytes.subarray(0, at), `cut at ${at}`]
    case 'grow':
      return [Buffer.concat([bytes, Buffer.alloc(random.between(1, 100), random.int(256))]), 'bytes added']
    case 'zeros':
      bytes.fill(0, at, Math.min(at + random.between(1, 200), bytes.length))
      return [bytes, `zeros at ${at}`]
    case 'swap': {
      const other = random.int(bytes.length)
      const length = Math.min(random.between(1, 64), bytes.length - Math.max(at, other))
      const a = Buffer.from(bytes.subarray(at, at + length))
      bytes.set(Buffer.from(bytes.subarray(other, other + length)), at)
      bytes.set(a, other)
      return [bytes, `${length} bytes at ${at} and ${other} exchanged`]
    }
    case 'repeat': {
      const part = bytes.subarray(at, at + random.between(1, 64))
      return [Buffer.concat([bytes.subarray(0, at), part, bytes.subarray(at)]), `bytes at ${at} twice`]
    }
    case 'drop':
      return [Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + random.between(1, 64))]), `bytes at ${at} gone`]
    case 'digit':
      return changeDigit(bytes, random)
  }
}

/** Another digit in the text of a file, of a segment in its layout: sizes, offsets and counts that look like others. */
function changeDigit(bytes: Buffer, random: Random): readonly [Uint8Array, string] {
  const layout = layoutOf(bytes)
  const from = layout?.at ?? 0
  const text = layout?.text ?? bytes.toString('latin1')
  const digits = [...text.matchAll(/[0-9]/g)].map((m) => from + m.index)
  if (digits.length === 0) return [bytes.subarray(1), 'first byte gone']
  const at = random.pick(digits)
  bytes[at] = random.pick([...'0123456789-e.']).charCodeAt(0)
  return [bytes, `the digit at ${at} changed`]
}
