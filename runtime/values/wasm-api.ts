/** What is used of WebAssembly: the compiler's library has its types for browsers only. */
export const PAGE_BYTES = 65536

/** A memory of this thread. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer
  /** By so many pages; by none, it detaches the buffer and has a new one. */
  grow(pages: number): number
}

/** A memory made with `shared: true`. Views of `buffer` stay valid when it grows; a new `buffer` shows what was added. */
export interface SharedMemory {
  readonly buffer: SharedArrayBuffer
  grow(pages: number): number
}

/** Compiled code, which instances share. */
export interface WasmModule {
  readonly [Symbol.toStringTag]: 'WebAssembly.Module'
}

export interface WasmInstance {
  readonly exports: Readonly<Record<string, unknown>>
}

export type WasmImports = Readonly<Record<string, Readonly<Record<string, unknown>>>>

interface WebAssemblyApi {
  readonly Memory: {
    new (limits: { initial: number; maximum: number; shared: true }): SharedMemory
    new (limits: { initial: number; maximum?: number }): WasmMemory
  }
  readonly Module: new (code: Uint8Array) => WasmModule
  readonly Instance: new (module: WasmModule, imports?: WasmImports) => WasmInstance
  instantiate: (code: unknown, imports?: WasmImports) => Promise<unknown>
}

export const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyApi }
