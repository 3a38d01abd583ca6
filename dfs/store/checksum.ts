/**
 * XXH64, seed 0: the checksum of segments, column buffers, manifests and backup sets. Printed as 16 hex digits, most significant first, so that
 * `xxhsum -H64` gives the same text. It finds damage, not forgery.
 */
import { type Hasher, input, ownHasher, PIECE_BYTES, STATE_BYTES, xxh64 } from './xxh64.ts'

const SEED = 0n

/**
 * Where bytes that are only read to be hashed and passed on are best read to: `Checksum.update` needs no copy of what lies here. One a thread, of
 * `PIECE_BYTES`; valid until anything else is hashed.
 */
export const hashedPiece: Uint8Array<ArrayBuffer> = input

/** A running hash of what lies in its hasher's memory. */
export class RunningHash {
  readonly #hasher: Hasher
  readonly #state = new Uint8Array(STATE_BYTES)
  #bytes = 0

  constructor(hasher: Hasher) {
    this.#hasher = hasher
    const { state, stateAt } = hasher
    // It sets what is not zero.
    state.fill(0)
    hasher.init64(stateAt, SEED)
    this.#state.set(state)
  }

  /** Adds bytes at addresses of the memory; pieces of any size, in order. */
  updateAt(at: number, bytes: number): void {
    const { state, stateAt } = this.#hasher
    state.set(this.#state)
    this.#hasher.update64(stateAt, at, bytes)
    this.#state.set(state)
    this.#bytes += bytes
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
    const { state, stateAt } = this.#hasher
    state.set(this.#state)
    return BigInt.asUintN(64, this.#hasher.digest64(stateAt))
  }
}

/** A running hash of bytes from anywhere. */
export class Checksum extends RunningHash {
  constructor() {
    super(ownHasher)
  }

  /** Adds bytes; pieces of any size, in order. Shared memory is fine. */
  update(bytes: Uint8Array): this {
    if (bytes.buffer === input.buffer) this.updateAt(bytes.byteOffset, bytes.length)
    else
      for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
        const piece = bytes.subarray(at, Math.min(at + PIECE_BYTES, bytes.length))
        input.set(piece)
        this.updateAt(STATE_BYTES, piece.length)
      }
    return this
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

/** Checksum of bytes that lie in a hasher's memory. */
export const checksumAt = (hasher: Hasher, at: number, bytes: number): string =>
  hexOf(BigInt.asUintN(64, hasher.xxh64(at, bytes, SEED)))

const hexOf = (digest: bigint): string => digest.toString(16).padStart(16, '0')
