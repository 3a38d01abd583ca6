/**
 * Memory that threads share and WebAssembly works on in place. The functions of a library bring a memory of their own, which no other thread can see; a module is
 * rewritten here so that it takes the memory it is given.
 */

import {
  PAGE_BYTES,
  type SharedMemory,
  type WasmImports,
  type WasmInstance,
  type WasmModule,
  WebAssembly,
} from '../../runtime/values/wasm-api.ts'

/** A module may ask for this much at most: 4 GiB. */
const PAGES_MAX = 65536

export const newModule = (code: Uint8Array): WasmModule => new WebAssembly.Module(code)
export const newInstance = (module: WasmModule, imports?: WasmImports): WasmInstance =>
  new WebAssembly.Instance(module, imports)

/** So many bytes at first and at most; undefined where the system has no room for that. */
export function newSharedMemory(bytes: number, bytesMax: number): SharedMemory | undefined {
  const pages = (n: number): number => Math.ceil(n / PAGE_BYTES)
  try {
    return new WebAssembly.Memory({ initial: pages(bytes), maximum: pages(bytesMax), shared: true })
  } catch {
    return undefined
  }
}

const IMPORTS = 2
const MEMORIES = 5
const HEADER_BYTES = 8

/**
 * The module with `shared.memory` imported in the place of the one memory that it makes. Numbers of functions stay as they are, because a memory has numbers of its
 * own. Sections: WebAssembly core specification, 5.5.
 */
export function withImportedMemory(code: Uint8Array): WasmModule {
  const parts: number[][] = [[...code.subarray(0, HEADER_BYTES)]]
  const limits = { flags: 3, min: 0, max: PAGES_MAX }
  const memory = [2, limits.flags, ...leb(limits.min), ...leb(limits.max)]
  const imports = section(IMPORTS, [1, ...text('shared'), ...text('memory'), ...memory])
  let isPlaced = false
  for (let at = HEADER_BYTES; at < code.length; ) {
    const id = code[at]
    const size = readLeb(code, at + 1)
    const body = [...code.subarray(size.end, size.end + size.value)]
    at = size.end + size.value
    if (id === IMPORTS) throw new TypeError('a module with imports cannot take a shared memory')
    if (id > IMPORTS && !isPlaced) {
      parts.push(imports)
      isPlaced = true
    }
    if (id !== MEMORIES) parts.push(section(id, body))
  }
  return newModule(Uint8Array.from(parts.flat()))
}

const section = (id: number, body: readonly number[]): number[] => [id, ...leb(body.length), ...body]
const text = (name: string): number[] => [...leb(name.length), ...Buffer.from(name)]

function leb(value: number): number[] {
  const out: number[] = []
  let rest = value
  do {
    const low = rest & 127
    rest >>>= 7
    out.push(rest > 0 ? low | 128 : low)
  } while (rest > 0)
  return out
}

function readLeb(code: Uint8Array, at: number): { readonly value: number; readonly end: number } {
  let value = 0
  for (let shift = 0; ; shift += 7) {
    const byte = code[at++]
    value |= (byte & 127) << shift
    if ((byte & 128) === 0) return { value, end: at }
  }
}
