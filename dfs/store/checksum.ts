/**
 * XXH64, seed 0: the checksum of segments, column buffers, manifests and backup sets. Printed as 16 hex digits, most significant first, so that
 * `xxhsum -H64` gives the same text. It finds damage, not forgery.
 */
import { digest64, init64, input, PIECE_BYTES, STATE_BYTES, state, update64, xxh64 } from './xxh64.ts'

const SEED = 0n

/**
 * Where bytes that are only read to be hashed and passed on are best read to: `Checksum.update` needs no copy of what lies here. One a thread, of
 * `PIECE_BYTES`; valid until anything else is hashed.
 */
export const hashedPiece: Uint8Array<ArrayBuffer> = input

/** A running hash. */
export class Checksum {
  readonly #state = new Uint8Array(STATE_BYTES)
  #bytes = 0

  constructor() {
    // It sets what is not zero.
    state.fill(0)
    init64(0, SEED)
    this.#state.set(state)
  }

  /** Adds bytes; pieces of any size, in order. Shared memory is fine. */
  update(bytes: Uint8Array): this {
    state.set(this.#state)
    if (bytes.buffer === input.buffer) update64(0, bytes.byteOffset, bytes.length)
    else
      for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
        const piece = bytes.subarray(at, Math.min(at + PIECE_BYTES, bytes.length))
        input.set(piece)
        update64(0, STATE_BYTES, piece.length)
      }
    this.#state.set(state)
    this.#bytes += bytes.length
    return this
  }

  /** Bytes hashed so far. */
  get bytes(): number {
    return this.#bytes
  }

  /** 16 hex digits of what was added so far; more may be added after. */
  hex(): string {
    return hexOf(this.digest())
  }

  /** The same as a number. */
  digest(): bigint {
    state.set(this.#state)
    return BigInt.asUintN(64, digest64(0))
  }
}

/** Checksum of bytes that are all there. */
export const checksumOf = (bytes: Uint8Array): string => hexOf(digestOf(bytes))

/** The same as a number: an unsigned 64-bit integer. About 0.2 us for the size of a log record. */
export function digestOf(bytes: Uint8Array): bigint {
  if (bytes.length > PIECE_BYTES) return new Checksum().update(bytes).digest()
  input.set(bytes)
  return BigInt.asUintN(64, xxh64(STATE_BYTES, bytes.length, SEED))
}

const hexOf = (digest: bigint): string => digest.toString(16).padStart(16, '0')
