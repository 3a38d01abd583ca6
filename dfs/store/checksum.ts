/**
 * XXH64, seed 0: the checksum of segments, column buffers, manifests and backup sets. Printed as 16 hex digits, most significant first, so that
 * `xxhsum -H64` gives the same text. It finds damage, not forgery.
 */
import xxhash from 'xxhash-wasm'

// Sessions are synchronous; awaiting here, once per thread while the module loads, spares every caller a promise. It takes about a millisecond.
const api = await xxhash()

/** The hasher copies its input into WebAssembly memory; pieces of this size stay in the processor's cache on the way. */
const PIECE_BYTES = 1 << 17

/** A running hash. */
export class Checksum {
  #state = api.create64()
  #bytes = 0

  /** Adds bytes; pieces of any size, in order. Shared memory is fine. */
  update(bytes: Uint8Array): this {
    if (bytes.length <= PIECE_BYTES) this.#state.update(bytes)
    else
      for (let at = 0; at < bytes.length; at += PIECE_BYTES)
        this.#state.update(bytes.subarray(at, Math.min(at + PIECE_BYTES, bytes.length)))
    this.#bytes += bytes.length
    return this
  }

  /** Bytes hashed so far. */
  get bytes(): number {
    return this.#bytes
  }

  /** 16 hex digits of what was added so far; more may be added after. */
  hex(): string {
    return hexOf(this.#state.digest())
  }

  /** The same as a number. */
  digest(): bigint {
    return this.#state.digest()
  }
}

/** Checksum of bytes that are all there. */
export function checksumOf(bytes: Uint8Array): string {
  return bytes.length <= PIECE_BYTES ? hexOf(api.h64Raw(bytes)) : new Checksum().update(bytes).hex()
}

/** The same as a number: an unsigned 64-bit integer. About 0.2 us for the size of a log record. */
export function digestOf(bytes: Uint8Array): bigint {
  return bytes.length <= PIECE_BYTES ? api.h64Raw(bytes) : new Checksum().update(bytes).digest()
}

const hexOf = (digest: bigint): string => digest.toString(16).padStart(16, '0')
