/**
 * Delta-of-delta coding of whole numbers: the change of the difference between neighbours, as a zigzag varint; a run of r zeros is the byte 0 and the varint
 * r. A regular series (1, 2, 3...) so becomes a few bytes. Differences wrap at the width of the type, so every value comes back.
 */
import { HoldfastError } from '../errors.ts'

type Whole = Int8Array | Int16Array | Int32Array | BigInt64Array

class Writer {
  bytes = new Uint8Array(1024)
  length = 0

  byte(b: number): void {
    if (this.length === this.bytes.length) {
      const larger = new Uint8Array(this.bytes.length * 2)
      larger.set(this.bytes)
      this.bytes = larger
    }
    this.bytes[this.length++] = b
  }

  /** An unsigned number below 2^53. */
  varint(value: number): void {
    let left = value
    for (; left >= 128; left = Math.floor(left / 128)) this.byte((left % 128) | 128)
    this.byte(left)
  }

  wide(value: bigint): void {
    let left = value
    for (; left >= 128n; left >>= 7n) this.byte(Number(left & 127n) | 128)
    this.byte(Number(left))
  }
}

export function deltaEncode(data: Whole): Uint8Array {
  const out = new Writer()
  let zeros = 0
  const flush = (): void => {
    if (zeros === 0) return
    out.byte(0)
    out.varint(zeros)
    zeros = 0
  }
  if (data instanceof BigInt64Array) {
    let last = 0n
    let delta = 0n
    for (const x of data) {
      const next = BigInt.asIntN(64, x - last)
      const change = BigInt.asIntN(64, next - delta)
      if (change === 0n) zeros++
      else {
        flush()
        out.wide(BigInt.asUintN(64, (change << 1n) ^ (change >> 63n)))
      }
      last = x
      delta = next
    }
  } else {
    let last = 0
    let delta = 0
    for (const x of data) {
      const next = (x - last) | 0
      const change = (next - delta) | 0
      if (change === 0) zeros++
      else {
        flush()
        out.varint(((change << 1) ^ (change >> 31)) >>> 0)
      }
      last = x
      delta = next
    }
  }
  flush()
  return out.bytes.slice(0, out.length)
}

/** Fills `data`; damaged input is an error. */
export function deltaDecode(bytes: Uint8Array, data: Whole): void {
  let at = 0
  let zeros = 0
  const take = (): number => {
    if (at >= bytes.length) throw damaged()
    return bytes[at++]
  }
  const varint = (): number => {
    let value = 0
    let factor = 1
    for (;;) {
      const b = take()
      value += (b & 127) * factor
      if (b < 128) return value
      factor *= 128
    }
  }
  const wide = (): bigint => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const b = take()
      value |= BigInt(b & 127) << shift
      if (b < 128) return value
    }
  }
  const atRun = (): boolean => {
    if (zeros === 0 && bytes[at] === 0) {
      at++
      zeros = varint()
      if (zeros === 0) throw damaged()
    }
    if (zeros === 0) return false
    zeros--
    return true
  }
  if (data instanceof BigInt64Array) {
    let last = 0n
    let delta = 0n
    for (let k = 0; k < data.length; k++) {
      if (!atRun()) {
        const code = wide()
        delta = BigInt.asIntN(64, delta + ((code >> 1n) ^ -(code & 1n)))
      }
      last = BigInt.asIntN(64, last + delta)
      data[k] = last
    }
  } else {
    let last = 0
    let delta = 0
    for (let k = 0; k < data.length; k++) {
      if (!atRun()) {
        const code = varint()
        delta = (delta + ((code >>> 1) ^ -(code & 1))) | 0
      }
      last = (last + delta) | 0
      data[k] = last
    }
  }
  if (at !== bytes.length || zeros !== 0) throw damaged()
}

const damaged = (): HoldfastError => new HoldfastError('data', 'The delta block is damaged.', { code: 'delta' })
