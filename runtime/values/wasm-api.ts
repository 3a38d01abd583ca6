/** What is used of WebAssembly: the compiler's library has its types for browsers only. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer
  /** By so many pages; by none, it detaches the buffer and has a new one. */
  grow(pages: number): number
}

interface WebAssemblyApi {
  readonly Memory: new (limits: { initial: number; maximum?: number }) => WasmMemory
  readonly Module: new (code: Uint8Array) => WasmModule
  readonly Instance: new (module: WasmModule, imports: unknown) => { readonly exports: { readonly run: unknown } }
}

/** Compiled code, which instances share. */
export interface WasmModule {
  readonly [Symbol.toStringTag]: 'WebAssembly.Module'
}

export const wasm = (): WebAssemblyApi => (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly
