/** Strings into Arrow's utf8 layout: joined and encoded in blocks, one native call for thousands of short strings. */
import type { StringVector, Utf8Strings } from '../../runtime/values/index.ts'
import type { Body } from './body.ts'

const BLOCK_STRINGS = 4096
const encoder = new TextEncoder()

/** Places offsets and bytes of the chosen rows; fills `lengths` with the byte lengths; returns how many are empty (null). */
export function writeText(
  body: Body,
  v: StringVector,
  rows: Int32Array | undefined,
  from: number,
  count: number,
  lengths: Int32Array,
): number {
  return v.isUtf8Only && v.utf8 !== undefined
    ? copyUtf8(body, v.utf8.offsets, v.utf8.bytes, rows, from, count, lengths)
    : encodeStrings(body, pick(v.strings, rows, from, count), lengths)
}

/** Places the offsets and bytes of a list of strings. */
export function encodeStrings(body: Body, strings: readonly string[], lengths: Int32Array): number {
  const count = strings.length
  const blocks: { text: string; bytes: number; from: number; to: number; joined: boolean }[] = []
  let total = 0
  for (let from = 0; from < count; from += BLOCK_STRINGS) {
    const to = Math.min(from + BLOCK_STRINGS, count)
    const text = strings.slice(from, to).join('')
    const bytes = Buffer.byteLength(text)
    let sum = 0
    if (bytes === text.length)
      for (let k = from; k < to; k++) {
        lengths[k] = strings[k].length
        sum += lengths[k]
      }
    else
      for (let k = from; k < to; k++) {
        lengths[k] = Buffer.byteLength(strings[k])
        sum += lengths[k]
      }
    // A surrogate pair that is split over two strings joins into one character of another size.
    blocks.push({ text, bytes: sum, from, to, joined: sum === bytes })
    total += sum
  }
  const nulls = placeOffsets(body, lengths, count)
  const at = body.place(total)
  const out = body.view(Uint8Array, at, total)
  let done = 0
  for (const block of blocks) {
    if (block.joined) encoder.encodeInto(block.text, out.subarray(done, done + block.bytes))
    else
      for (let k = block.from, p = done; k < block.to; k++) {
        encoder.encodeInto(strings[k], out.subarray(p, p + lengths[k]))
        p += lengths[k]
      }
    done += block.bytes
  }
  return nulls
}

function copyUtf8(
  body: Body,
  offsets: Int32Array,
  bytes: Uint8Array,
  rows: Int32Array | undefined,
  from: number,
  count: number,
  lengths: Int32Array,
): number {
  let total = 0
  for (let k = 0; k < count; k++) {
    const j = rows === undefined ? from + k : rows[from + k]
    lengths[k] = offsets[j + 1] - offsets[j]
    total += lengths[k]
  }
  const nulls = placeOffsets(body, lengths, count)
  const at = body.place(total)
  const out = body.view(Uint8Array, at, total)
  if (rows === undefined) out.set(bytes.subarray(offsets[from], offsets[from + count]))
  else
    for (let k = 0, p = 0; k < count; k++) {
      const start = offsets[rows[from + k]]
      const length = lengths[k]
      if (length < 32) for (let i = 0; i < length; i++) out[p + i] = bytes[start + i]
      else out.set(bytes.subarray(start, start + length), p)
      p += length
    }
  return nulls
}

function placeOffsets(body: Body, lengths: Int32Array, count: number): number {
  const at = body.place((count + 1) * 4)
  const out = body.view(Int32Array, at, count + 1)
  let sum = 0
  let nulls = 0
  out[0] = 0
  for (let k = 0; k < count; k++) {
    if (lengths[k] === 0) nulls++
    sum += lengths[k]
    out[k + 1] = sum
  }
  return nulls
}

/** Upper bound of the bytes of the chosen rows. */
export function textBytesMax(v: StringVector, rows: Int32Array | undefined, from: number, to: number): number {
  let sum = 0
  if (v.isUtf8Only && v.utf8 !== undefined) {
    const { offsets } = v.utf8
    for (let k = from; k < to; k++) {
      const j = rows === undefined ? k : rows[k]
      sum += offsets[j + 1] - offsets[j]
    }
    return sum
  }
  const { strings } = v
  for (let k = from; k < to; k++) sum += strings[rows === undefined ? k : rows[k]].length
  return sum * 3
}

function pick(
  strings: readonly string[],
  rows: Int32Array | undefined,
  from: number,
  count: number,
): readonly string[] {
  if (rows === undefined) return strings.slice(from, from + count)
  const out: string[] = new Array(count)
  for (let k = 0; k < count; k++) out[k] = strings[rows[from + k]]
  return out
}

/** The smallest and the largest text that is not empty, by the bytes. */
export function utf8Range(
  { offsets, bytes }: Utf8Strings,
  rows: Int32Array | undefined,
  from: number,
  count: number,
): readonly [string, string] | undefined {
  const compare = (a: number, b: number): number => {
    const endA = offsets[a + 1]
    const endB = offsets[b + 1]
    let p = offsets[a]
    let q = offsets[b]
    while (p < endA && q < endB) {
      const d = bytes[p++] - bytes[q++]
      if (d !== 0) return d
    }
    return endA - p - (endB - q)
  }
  let low = -1
  let high = -1
  for (let k = 0; k < count; k++) {
    const j = rows === undefined ? from + k : rows[from + k]
    if (offsets[j + 1] === offsets[j]) continue
    if (low < 0) low = high = j
    else if (compare(j, low) < 0) low = j
    else if (compare(j, high) > 0) high = j
  }
  if (low < 0) return undefined
  const text = (j: number): string =>
    Buffer.from(bytes.buffer, bytes.byteOffset + offsets[j], offsets[j + 1] - offsets[j]).toString()
  return [text(low), text(high)]
}
