/**
 * WebAssembly modules from instructions, byte by byte: just what loops over vector registers need. A module has one function `run`, no memory of its
 * own (it imports `lanes.0`, `lanes.1` and so on), and locals of any number type. Instructions are lists of bytes that are put one behind the other; what each takes
 * from the stack and leaves there is as the WebAssembly specification (3.0: with vector instructions, and several memories) has it.
 */

export type Code = readonly number[]
export type WasmType = 'i32' | 'i64' | 'f64' | 'v128'

const TYPE_CODES: Readonly<Record<WasmType, number>> = { i32: 0x7f, i64: 0x7e, f64: 0x7c, v128: 0x7b }

/** An unsigned number in groups of seven bits, least significant first. */
function unsigned(n: number): number[] {
  const out: number[] = []
  let rest = n
  while (rest > 127) {
    out.push((rest & 127) | 128)
    rest >>>= 7
  }
  out.push(rest)
  return out
}

/** A signed number of at most 32 bits in the same form. */
function signed(n: number): number[] {
  const out: number[] = []
  let rest = n
  while (rest < -64 || rest > 63) {
    out.push((rest & 127) | 128)
    rest >>= 7
  }
  out.push(rest & 127)
  return out
}

const vector = (code: number): Code => [0xfd, ...unsigned(code)]
const bytesOf = (data: Float64Array): number[] => [...new Uint8Array(data.buffer)]

export const localGet = (index: number): Code => [0x20, ...unsigned(index)]
export const localSet = (index: number): Code => [0x21, ...unsigned(index)]
export const localTee = (index: number): Code => [0x22, ...unsigned(index)]
export const i32Const = (value: number): Code => [0x41, ...signed(value)]
/** Sixteen bytes as they stand in memory. */
export const v128Const = (bytes: readonly number[]): Code => [0xfd, 12, ...bytes]
/** Bytes of two vectors by position: 0 to 15 of the first, 16 to 31 of the second. */
export const shuffle = (positions: readonly number[]): Code => [0xfd, 13, ...positions]
/** Loads and stores in one of the memories: the address is on the stack, `offset` is added to it. */
const memoryArgument = (offset: number, memory: number): Code =>
  memory === 0 ? [0, ...unsigned(offset)] : [0x40, ...unsigned(memory), ...unsigned(offset)]
export const v128Load = (offset: number, memory = 0): Code => [0xfd, 0, ...memoryArgument(offset, memory)]
export const v128Store = (offset: number, memory = 0): Code => [0xfd, 11, ...memoryArgument(offset, memory)]
export const v128Load16Splat = (offset: number, memory = 0): Code => [0xfd, 8, ...memoryArgument(offset, memory)]
export const i32Load = (offset: number, memory = 0): Code => [0x28, ...memoryArgument(offset, memory)]
export const f64Load = (offset: number, memory = 0): Code => [0x2b, ...memoryArgument(offset, memory)]
export const i32Store = (offset: number): Code => [0x36, ...memoryArgument(offset, 0)]
export const f64Store = (offset: number): Code => [0x39, ...memoryArgument(offset, 0)]
export const i64Store = (offset: number): Code => [0x37, ...memoryArgument(offset, 0)]
export const extractF64 = (lane: number): Code => [...vector(0x21), lane]
export const extractI64 = (lane: number): Code => [...vector(0x1d), lane]

/** Instructions without operands, by their name in the specification. */
export const op = {
  'i32.eqz': [0x45],
  'i32.lt_s': [0x48],
  'i32.lt_u': [0x49],
  'i32.add': [0x6a],
  'i32.sub': [0x6b],
  'i32.shl': [0x74],
  'i32.shr_u': [0x76],
  'i64.add': [0x7c],
  'f64.add': [0xa0],
  'f64.min': [0xa4],
  'f64.max': [0xa5],
  'f64.convert_i32_s': [0xb7],
  'i8x16.splat': vector(0x0f),
  'i64x2.splat': vector(0x12),
  'f64x2.splat': vector(0x14),
  'i8x16.eq': vector(0x23),
  'i8x16.ne': vector(0x24),
  'i32x4.ne': vector(0x38),
  'f64x2.eq': vector(0x47),
  'f64x2.ne': vector(0x48),
  'f64x2.lt': vector(0x49),
  'f64x2.gt': vector(0x4a),
  'f64x2.le': vector(0x4b),
  'f64x2.ge': vector(0x4c),
  'v128.not': vector(0x4d),
  'v128.and': vector(0x4e),
  'v128.andnot': vector(0x4f),
  'v128.or': vector(0x50),
  'v128.xor': vector(0x51),
  'v128.bitselect': vector(0x52),
  'v128.any_true': vector(0x53),
  'i8x16.all_true': vector(0x63),
  'i8x16.narrow_i16x8_s': vector(0x65),
  'f64x2.trunc': vector(0x7a),
  'i16x8.narrow_i32x4_s': vector(0x85),
  'i16x8.extend_low_i8x16_s': vector(0x87),
  'i32x4.extend_low_i16x8_s': vector(0xa7),
  'i32x4.shr_s': vector(0xac),
  'i64x2.neg': vector(0xc1),
  'i64x2.extend_low_i32x4_s': vector(0xc7),
  'i64x2.extend_high_i32x4_s': vector(0xc8),
  'i64x2.shl': vector(0xcb),
  'i64x2.shr_u': vector(0xcd),
  'i64x2.add': vector(0xce),
  'i64x2.sub': vector(0xd1),
  'i64x2.eq': vector(0xd6),
  'i64x2.ne': vector(0xd7),
  'i64x2.lt': vector(0xd8),
  'i64x2.gt': vector(0xd9),
  'i64x2.le': vector(0xda),
  'i64x2.ge': vector(0xdb),
  'f64x2.abs': vector(0xec),
  'f64x2.sqrt': vector(0xef),
  'f64x2.add': vector(0xf0),
  'f64x2.sub': vector(0xf1),
  'f64x2.mul': vector(0xf2),
  'f64x2.div': vector(0xf3),
  'f64x2.pmin': vector(0xf6),
  'f64x2.pmax': vector(0xf7),
  'i32x4.trunc_sat_f64x2_s_zero': vector(0xfc),
} as const satisfies Readonly<Record<string, Code>>

/** Sixteen bytes that repeat a few. */
export const repeated = (bytes: readonly number[]): Code =>
  v128Const(Array.from({ length: 16 }, (_, k) => bytes[k % bytes.length]))
export const doubles = (value: number): Code => repeated(bytesOf(Float64Array.of(value)))
/** The null of 64-bit integers, which is the sign of doubles too. */
export const NULL_LONGS = repeated([0, 0, 0, 0, 0, 0, 0, 0x80])
/** Doubles from here on are not ordinary: the null, what is not finite, and the largest number, which it costs nothing to be careful with. */
export const ORDINARY_LIMIT = doubles(Number.MAX_VALUE)

/** `body` again and again while it leaves a number other than 0 on the stack. */
export const loopWhile = (body: Code): Code => [0x03, 0x40, ...body, 0x0d, 0, 0x0b]

/** `body` if there is a number other than 0 on the stack. */
export const ifThen = (body: Code): Code => [0x04, 0x40, ...body, 0x0b]

export interface FunctionShape {
  /** Memories that it works in. */
  readonly memories: number
  readonly params: readonly WasmType[]
  readonly locals: readonly WasmType[]
  readonly result: WasmType
  readonly body: Code
}

/** The most that a memory may have, 4 GiB: one that is shared says it. */
const PAGES_MAX = 65536

/** The bytes of a module that imports the memories and exports the function as `run`. */
export function moduleBytes(shape: FunctionShape, isShared = false): Uint8Array {
  const types = (list: readonly WasmType[]): number[] => [...unsigned(list.length), ...list.map((t) => TYPE_CODES[t])]
  const name = (text: string): number[] => [text.length, ...Buffer.from(text)]
  const section = (id: number, content: readonly number[]): number[] => [id, ...unsigned(content.length), ...content]
  const locals = [...unsigned(shape.locals.length), ...shape.locals.flatMap((t) => [1, TYPE_CODES[t]])]
  const limits = isShared ? [3, 1, ...unsigned(PAGES_MAX)] : [0, 1]
  const imports = Array.from({ length: shape.memories }, (_, k) => [...name('lanes'), ...name(String(k)), 2, ...limits])
  const code = [...locals, ...shape.body, 0x0b]
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, ...types(shape.params), ...types([shape.result])]),
    ...section(2, [shape.memories, ...imports.flat()]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...name('run'), 0, 0]),
    ...section(10, [1, ...unsigned(code.length), ...code]),
  ])
}
