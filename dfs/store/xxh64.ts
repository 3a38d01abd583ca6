/**
 * The WebAssembly functions of xxhash-wasm together with their memory. The library copies whatever it hashes into that memory and does not show it; here files can be
 * read straight into it (`input`), which saves copying every byte once more, and the functions can be had over memory that threads share (`hasherOn`).
 *
 * Layout of the memory: a running state at 0, its input behind it. The states of all running hashes are kept outside and copied in for each call, so one
 * memory serves a thread.
 */
import xxhash from 'xxhash-wasm'
import { type SharedMemory, WebAssembly } from '../../runtime/values/wasm-api.ts'
import { newInstance, newModule, withImportedMemory } from './shared-memory.ts'

export const STATE_BYTES = 88
/** Bytes hashed at once: they stay in the processor's cache between being read and hashed. */
export const PIECE_BYTES = 1 << 17

interface Functions {
  /** One call for bytes at an address. */
  xxh64(at: number, bytes: number, seed: bigint): bigint
  init64(state: number, seed: bigint): void
  update64(state: number, at: number, bytes: number): void
  digest64(state: number): bigint
}

interface Exports extends Functions {
  readonly mem: { readonly buffer: ArrayBuffer; grow(pages: number): number }
}

/** The functions, and where in their memory a running state goes for each call. */
export interface Hasher extends Functions {
  readonly state: Uint8Array
  readonly stateAt: number
}

/**
 * The library's code, taken here because there is no other way to its memory. The library hands it over in the moment it is called, so there is nothing to await: sessions are
 * synchronous and may load this file in the middle of a statement.
 */
function libraryCode(): Uint8Array {
  const { instantiate } = WebAssembly
  let code: Uint8Array | undefined
  WebAssembly.instantiate = async (given, imports) => {
    code = given as Uint8Array
    return { instance: newInstance(newModule(code), imports) }
  }
  try {
    void xxhash()
  } finally {
    WebAssembly.instantiate = instantiate
  }
  if (code === undefined) throw new TypeError('xxhash-wasm does not start as it did')
  return code
}

const code = libraryCode()
const own = newInstance(newModule(code)).exports as unknown as Exports
const { mem } = own
if (mem === undefined) throw new TypeError('xxhash-wasm does not make its memory as it did')

// Never grown again, so views of it stay valid.
mem.grow(Math.ceil((STATE_BYTES + PIECE_BYTES) / 65536))

export const { xxh64 } = own

export const ownHasher: Hasher = { ...own, state: new Uint8Array(mem.buffer, 0, STATE_BYTES), stateAt: 0 }

/** What is to be hashed goes here. Whoever puts something else there, or hashes something else, overwrites it. */
export const input: Uint8Array<ArrayBuffer> = new Uint8Array(mem.buffer, STATE_BYTES, PIECE_BYTES)

/** A hasher of what lies in shared memory. Each thread has its own, with a place for the state that no other thread uses. */
export function hasherOn(memory: SharedMemory, stateAt: number): Hasher {
  const functions = newInstance(withImportedMemory(code), { shared: { memory } }).exports as unknown as Functions
  return { ...functions, state: new Uint8Array(memory.buffer, stateAt, STATE_BYTES), stateAt }
}
