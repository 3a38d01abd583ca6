/**
 * The WebAssembly functions of xxhash-wasm together with their memory. The library copies whatever it hashes into that memory and does not show it; here files can be
 * read straight into it (`input`), which saves copying every byte once more.
 *
 * Layout of the memory: a running state at 0, its input behind it. The states of all running hashes are kept outside and copied in for each call, so one
 * memory serves a thread.
 */
import xxhash from 'xxhash-wasm'

export const STATE_BYTES = 88
/** Bytes hashed at once: they stay in the processor's cache between being read and hashed. */
export const PIECE_BYTES = 1 << 17

interface Memory {
  readonly buffer: ArrayBuffer
  grow(pages: number): number
}

interface Exports {
  readonly mem: Memory
  /** One call for bytes at an address. */
  xxh64(at: number, bytes: number, seed: bigint): bigint
  init64(state: number, seed: bigint): void
  update64(state: number, at: number, bytes: number): void
  digest64(state: number): bigint
}

/** The compiler's library has these types for browsers only. */
interface WebAssemblyApi {
  readonly Module: new (code: unknown) => unknown
  readonly Instance: new (module: unknown, imports?: unknown) => { readonly exports: Partial<Exports> }
  instantiate: (code: unknown, imports?: unknown) => Promise<unknown>
}

/**
 * An instance of the library's code, made here because there is no other way to its memory. The library hands over its code in the moment it is called, so there is
 * nothing to await: sessions are synchronous and may load this file in the middle of a statement.
 */
function instance(): Exports {
  const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyApi }
  const { instantiate } = WebAssembly
  let exports: Partial<Exports> | undefined
  WebAssembly.instantiate = async (code, imports) => {
    const made = new WebAssembly.Instance(new WebAssembly.Module(code), imports)
    exports = made.exports
    return { instance: made }
  }
  try {
    void xxhash()
  } finally {
    WebAssembly.instantiate = instantiate
  }
  if (exports?.mem === undefined) throw new TypeError('xxhash-wasm does not make its memory as it did')
  return exports as Exports
}

export const { mem, xxh64, init64, update64, digest64 } = instance()

// Never grown again, so views of it stay valid.
mem.grow(Math.ceil((STATE_BYTES + PIECE_BYTES) / 65536))

/** A running state goes here for each call. */
export const state = new Uint8Array(mem.buffer, 0, STATE_BYTES)
/** What is to be hashed goes here. Whoever puts something else there, or hashes something else, overwrites it. */
export const input: Uint8Array<ArrayBuffer> = new Uint8Array(mem.buffer, STATE_BYTES, PIECE_BYTES)
