/**
 * Values between threads: a structured-clonable form of every value.
 *
 * - A column buffer of SHARE_BYTES or more is promoted once, in place: the vector's own `data` becomes a SharedArrayBuffer view and the
 *   vector is frozen, so that a second crossing copies nothing. A table of 40 million rows handed to 300 queued jobs costs one copy in all.
 * - Smaller buffers are cut to their length and cloned with the message.
 * - Strings cross as UTF-8 with offsets, and so do the symbols behind SYMBOL codes; both forms are kept with their owner for the next crossing.
 *   Columns that share a symbol base share it on the other side too.
 * - Functions, metacode, sources and resources belong to other rooms, which register a codec here.
 *
 * With `share: false` nothing is promoted or frozen: the form for a file (`v8.serialize` writes just the bytes of each view).
 */
import { HoldfastError } from '../errors.ts'
import type { Session } from '../session.ts'
import { allocateShared, toShared } from './allocator.ts'
import { CodeValue, Dict, type Key, Matrix, Pair, type Resource, SetValue } from './forms.ts'
import type { FunctionValue } from './function.ts'
import { Scalar, type Value } from './scalar.ts'
import { SourceTable, Table, type TableSource } from './table.ts'
import type { Raw, TypeId } from './types.ts'
import {
  AnyVector,
  ArrayVector,
  type FixedArray,
  FixedVector,
  StringVector,
  SymbolBase,
  SymbolVector,
  type Utf8Strings,
  type Vector,
  WideVector,
} from './vector.ts'

/** Buffers below this are cheaper to clone than to share. */
export const SHARE_BYTES = 4096
/** String vectors below this many elements cross as plain strings. */
const UTF8_ELEMENTS = 128

export type Transfer =
  | { readonly form: 'scalar'; readonly type: TypeId; readonly value: Raw; readonly scale: number }
  | { readonly form: 'nothing' }
  | VectorTransfer
  | {
      readonly form: 'pair'
      readonly type: TypeId
      readonly first: Raw
      readonly second: Raw
      readonly scale: number
    }
  | {
      readonly form: 'matrix'
      readonly data: VectorTransfer
      readonly rows: number
      readonly cols: number
      readonly rowLabels: VectorTransfer | undefined
      readonly colLabels: VectorTransfer | undefined
      readonly indexed: Matrix['indexed']
    }
  | { readonly form: 'set'; readonly type: TypeId; readonly members: readonly Key[] }
  | {
      readonly form: 'dict'
      readonly keyType: TypeId
      readonly valueType: TypeId
      readonly ordered: boolean
      readonly scale: number
      readonly keys: readonly Key[]
      readonly values: readonly Transfer[]
    }
  | {
      readonly form: 'table'
      readonly names: readonly string[]
      readonly columns: readonly VectorTransfer[]
      readonly sharedName: string | undefined
      readonly keyColumns: readonly number[] | undefined
    }
  | { readonly form: 'source'; readonly data: unknown }
  | { readonly form: 'function'; readonly data: unknown }
  | { readonly form: 'code'; readonly data: unknown; readonly captured: readonly (readonly [string, Transfer])[] }
  | {
      readonly form: 'resource'
      readonly type: TypeId
      readonly resourceType: string
      readonly text: string
      readonly data: unknown
    }

export type VectorTransfer = { readonly label: string | undefined } & (
  | { readonly form: 'fixed'; readonly type: TypeId; readonly data: FixedArray; readonly scale: number }
  | { readonly form: 'wide'; readonly type: TypeId; readonly data: WideVector['data']; readonly scale: number }
  | { readonly form: 'symbol'; readonly data: Int32Array; readonly base: SymbolTransfer }
  | { readonly form: 'string'; readonly type: TypeId; readonly text: readonly string[] | Utf8Strings }
  | { readonly form: 'any'; readonly values: readonly Transfer[]; readonly columnar: boolean }
  | { readonly form: 'array'; readonly offsets: Int32Array; readonly flat: VectorTransfer }
)

/** The symbols of a base in code order. One object per base and message, so that its columns find each other again. */
interface SymbolTransfer {
  readonly count: number
  readonly text: readonly string[] | Utf8Strings
}

export interface TransferOptions {
  /** Whose functions, sources and resources these are; needed for those forms only. */
  readonly session?: Session
  /** false: leave the value as it is, for a form that goes to a file. */
  readonly share?: boolean
}

/** How a form that another room owns becomes plain data and back. `inner` carries values nested in it. */
export interface TransferCodec<V> {
  encode(value: V, options: TransferOptions, inner: (value: Value) => Transfer): unknown
  decode(data: unknown, options: TransferOptions, inner: (transfer: Transfer) => Value): V
}

let functionCodec: TransferCodec<FunctionValue> | undefined
let codeCodec: TransferCodec<unknown> | undefined
let sourceCodec: TransferCodec<TableSource> | undefined
const resourceCodecs = new Map<string, TransferCodec<Resource>>()

export function setFunctionCodec(codec: TransferCodec<FunctionValue>): void {
  functionCodec = codec
}
/** For the syntax tree of metacode. Without a codec the node itself is cloned. */
export function setCodeCodec(codec: TransferCodec<unknown>): void {
  codeCodec = codec
}
export function setSourceCodec(codec: TransferCodec<TableSource>): void {
  sourceCodec = codec
}
export function registerResourceCodec(resourceType: string, codec: TransferCodec<Resource>): void {
  resourceCodecs.set(resourceType, codec)
}

/** The form of a value that may be posted to another thread. Promotes and freezes large columns in place (see above). */
export function encodeValue(value: Value, options: TransferOptions = {}): Transfer {
  const inner = (v: Value): Transfer => encodeValue(v, options)
  switch (value.kind) {
    case 'scalar':
      if (value === Scalar.NOTHING) return { form: 'nothing' }
      return { form: 'scalar', type: value.type, value: value.value, scale: value.scale }
    case 'vector':
      return encodeVector(value, options)
    case 'pair':
      return { form: 'pair', type: value.type, first: value.first, second: value.second, scale: value.scale }
    case 'matrix':
      return {
        form: 'matrix',
        data: encodeVector(value.data, options),
        rows: value.rows,
        cols: value.cols,
        rowLabels: value.rowLabels && encodeVector(value.rowLabels, options),
        colLabels: value.colLabels && encodeVector(value.colLabels, options),
        indexed: value.indexed,
      }
    case 'set':
      return { form: 'set', type: value.type, members: [...value.members] }
    case 'dict':
      return {
        form: 'dict',
        keyType: value.keyType,
        valueType: value.valueType,
        ordered: value.ordered,
        scale: value.scale,
        keys: [...value.entries.keys()],
        values: Array.from(value.entries.values(), inner),
      }
    case 'table':
      return {
        form: 'table',
        names: value.names.slice(),
        columns: value.columns.map((column) => encodeVector(column, options)),
        sharedName: value.sharedName,
        keyColumns: value.keyColumns,
      }
    case 'source':
      return { form: 'source', data: known(sourceCodec, 'partitioned tables').encode(value.source, options, inner) }
    case 'function':
      return { form: 'function', data: known(functionCodec, 'functions').encode(value, options, inner) }
    case 'code':
      return {
        form: 'code',
        data: codeCodec === undefined ? value.node : codeCodec.encode(value.node, options, inner),
        captured: Array.from(value.captured, ([name, v]) => [name, inner(v)] as const),
      }
    case 'resource':
      return {
        form: 'resource',
        type: value.type,
        resourceType: value.resourceType,
        text: value.text,
        data: known(resourceCodecs.get(value.resourceType), value.resourceType).encode(value, options, inner),
      }
  }
}

/** The value behind a form made by `encodeValue` in this or another thread. Columns on shared memory come frozen. */
export function decodeValue(transfer: Transfer, options: TransferOptions = {}): Value {
  return decode(transfer, { options, bases: new Map() })
}

interface Decoding {
  readonly options: TransferOptions
  readonly bases: Map<SymbolTransfer, SymbolBase>
}

function decode(t: Transfer, state: Decoding): Value {
  const inner = (x: Transfer): Value => decode(x, state)
  switch (t.form) {
    case 'nothing':
      return Scalar.NOTHING
    case 'scalar':
      return t.type === Scalar.VOID.type ? Scalar.VOID : new Scalar(t.type, t.value, t.scale)
    case 'pair':
      return new Pair(t.type, t.first, t.second, t.scale)
    case 'matrix': {
      const matrix = new Matrix(
        decodeVector(t.data, state),
        t.rows,
        t.cols,
        t.rowLabels && decodeVector(t.rowLabels, state),
        t.colLabels && decodeVector(t.colLabels, state),
      )
      matrix.indexed = t.indexed
      return matrix
    }
    case 'set':
      return new SetValue(t.type, new Set(t.members))
    case 'dict': {
      const entries = new Map<Key, Value>()
      t.keys.forEach((key, k) => {
        entries.set(key, inner(t.values[k]))
      })
      return new Dict(t.keyType, t.valueType, entries, t.ordered, t.scale)
    }
    case 'table': {
      const table = new Table(
        t.names.slice(),
        t.columns.map((column) => decodeVector(column, state)),
      )
      table.sharedName = t.sharedName
      table.keyColumns = t.keyColumns?.slice()
      return table
    }
    case 'source':
      return new SourceTable(known(sourceCodec, 'partitioned tables').decode(t.data, state.options, inner))
    case 'function':
      return known(functionCodec, 'functions').decode(t.data, state.options, inner)
    case 'code':
      return new CodeValue(
        codeCodec === undefined ? t.data : codeCodec.decode(t.data, state.options, inner),
        new Map(t.captured.map(([name, v]) => [name, inner(v)])),
      )
    case 'resource':
      return known(resourceCodecs.get(t.resourceType), t.resourceType).decode(t.data, state.options, inner)
    default:
      return decodeVector(t, state)
  }
}

function known<C>(codec: C | undefined, what: string): C {
  if (codec === undefined)
    throw new HoldfastError('input', `A value of this kind (${what}) can't be passed to another session.`, {
      code: 'notTransferable',
    })
  return codec
}

function encodeVector(v: Vector, options: TransferOptions): VectorTransfer {
  const share = options.share !== false
  const label = v.label
  switch (v.storage) {
    case 'fixed':
      if (share && promotes(v.data, v.length * v.data.BYTES_PER_ELEMENT)) {
        v.data = onShared(v.view())
        v.frozen = true
      }
      return { form: 'fixed', label, type: v.type, data: crossing(v.data, v.length, share), scale: v.scale }
    case 'wide':
      if (share && promotes(v.data, v.length * 16)) {
        v.data = onShared(v.data.subarray(0, v.length * 2) as WideVector['data'])
        v.frozen = true
      }
      return { form: 'wide', label, type: v.type, data: crossing(v.data, v.length * 2, share), scale: v.scale }
    case 'symbol':
      if (share && promotes(v.data, v.length * 4)) {
        v.data = onShared(v.data.subarray(0, v.length))
        v.frozen = true
      }
      return { form: 'symbol', label, data: crossing(v.data, v.length, share), base: encodeBase(v.base, share) }
    case 'string':
      return { form: 'string', label, type: v.type, text: encodeStrings(v, share) }
    case 'any':
      return {
        form: 'any',
        label,
        values: v.values.map((x) => encodeValue(x, options)),
        columnar: v.columnar,
      }
    case 'array': {
      if (share && promotes(v.offsets, (v.length + 1) * 4)) {
        v.offsets = onShared(v.offsets.subarray(0, v.length + 1))
        v.frozen = true
      }
      const flat = encodeVector(v.flat, options)
      if (v.flat.frozen) v.frozen = true
      return { form: 'array', label, offsets: crossing(v.offsets, v.length + 1, share), flat }
    }
  }
}

function decodeVector(t: VectorTransfer, state: Decoding): Vector {
  const v = bareVector(t, state)
  v.label = t.label
  return v
}

function bareVector(t: VectorTransfer, state: Decoding): Vector {
  switch (t.form) {
    case 'fixed':
      return frozenIfShared(new FixedVector(t.type, t.data, t.data.length, t.scale), t.data)
    case 'wide':
      return frozenIfShared(new WideVector(t.type, t.data, t.data.length / 2, t.scale), t.data)
    case 'symbol':
      return frozenIfShared(new SymbolVector(t.data, decodeBase(t.base, state)), t.data)
    case 'string':
      return isUtf8(t.text)
        ? frozenIfShared(new StringVector(t.text, t.type), t.text.bytes)
        : new StringVector(t.text.slice(), t.type)
    case 'any': {
      const tuple = new AnyVector(t.values.map((x) => decode(x, state)))
      tuple.columnar = t.columnar
      return tuple
    }
    case 'array': {
      const flat = decodeVector(t.flat, state)
      const v = frozenIfShared(new ArrayVector(t.offsets, flat), t.offsets)
      if (flat.frozen) v.frozen = true
      return v
    }
  }
}

const isUtf8 = (text: readonly string[] | Utf8Strings): text is Utf8Strings => 'bytes' in text

function frozenIfShared<V extends Vector>(v: V, data: ArrayBufferView): V {
  if (data.buffer instanceof SharedArrayBuffer) v.frozen = true
  return v
}

const promotes = (data: ArrayBufferView, bytes: number): boolean =>
  bytes >= SHARE_BYTES && !(data.buffer instanceof SharedArrayBuffer)

type TypedArray = FixedArray | Uint8Array

function onShared<A extends TypedArray>(data: A): A {
  const ArrayClass = data.constructor as new (buffer: SharedArrayBuffer) => A
  return new ArrayClass(toShared(data))
}

/** The elements in use, on a buffer that is shared or holds nothing else: cloning a view clones the whole buffer behind it. */
function crossing<A extends FixedArray>(data: A, length: number, share: boolean): A {
  const used = (data.length === length ? data : data.subarray(0, length)) as A
  if (!share || used.buffer instanceof SharedArrayBuffer || used.buffer.byteLength === used.byteLength) return used
  return used.slice() as A
}

/** Shared forms of frozen string vectors and of symbol bases (which only grow: a form of all its symbols stays right). */
const stringForms = new WeakMap<StringVector, Utf8Strings>()
const baseForms = new WeakMap<SymbolBase, SymbolTransfer>()

function encodeStrings(v: StringVector, share: boolean): readonly string[] | Utf8Strings {
  if (v.length < UTF8_ELEMENTS) return v.strings.slice(0, v.length)
  if (!share) return v.isUtf8Only && v.utf8 !== undefined ? v.utf8 : utf8Of(v.strings, v.length, false)
  if (v.isUtf8Only && v.utf8?.bytes.buffer instanceof SharedArrayBuffer) return v.utf8
  const cached = v.frozen ? stringForms.get(v) : undefined
  if (cached !== undefined) return cached
  const form =
    v.isUtf8Only && v.utf8 !== undefined
      ? { offsets: onShared(v.utf8.offsets), bytes: onShared(v.utf8.bytes) }
      : utf8Of(v.strings, v.length, true)
  v.frozen = true
  stringForms.set(v, form)
  return form
}

function encodeBase(base: SymbolBase, share: boolean): SymbolTransfer {
  const cached = baseForms.get(base)
  if (cached !== undefined && cached.count === base.symbols.length && share) return cached
  const count = base.symbols.length
  const text = count < UTF8_ELEMENTS ? base.symbols.slice() : utf8Of(base.symbols, count, share)
  const form = { count, text }
  if (share) baseForms.set(base, form)
  return form
}

function decodeBase(t: SymbolTransfer, state: Decoding): SymbolBase {
  let base = state.bases.get(t)
  if (base === undefined) {
    base = new SymbolBase(isUtf8(t.text) ? new StringVector(t.text).strings : t.text)
    state.bases.set(t, base)
    if (isUtf8(t.text) && t.text.bytes.buffer instanceof SharedArrayBuffer) baseForms.set(base, t)
  }
  return base
}

/** Strings joined and encoded a block at a time: one native call for thousands of short strings. */
const BLOCK = 4096

function utf8Of(strings: readonly string[], length: number, share: boolean): Utf8Strings {
  const blocks: { text: string; bytes: number }[] = []
  const offsets = new Int32Array(share ? allocateShared((length + 1) * 4) : new ArrayBuffer((length + 1) * 4))
  let total = 0
  for (let from = 0; from < length; from += BLOCK) {
    const to = Math.min(from + BLOCK, length)
    const text = strings.slice(from, to).join('')
    const bytes = Buffer.byteLength(text)
    const ascii = bytes === text.length
    let at = total
    for (let k = from; k < to; k++) {
      at += ascii ? strings[k].length : Buffer.byteLength(strings[k])
      offsets[k + 1] = at
    }
    // A surrogate pair split over two strings joins into one character of another size: encode those one by one.
    if (at - total === bytes) blocks.push({ text, bytes })
    else for (let k = from; k < to; k++) blocks.push({ text: strings[k], bytes: Buffer.byteLength(strings[k]) })
    total = at
  }
  if (total > 0x7fffffff)
    throw new HoldfastError('input', 'A string column of more than 2 GB of text cannot be passed to another session.', {
      code: 'notTransferable',
    })
  const out = share ? Buffer.from(allocateShared(total)) : Buffer.alloc(total)
  let at = 0
  for (const { text, bytes } of blocks) {
    out.write(text, at, bytes, bytes === text.length ? 'latin1' : 'utf8')
    at += bytes
  }
  return { offsets, bytes: new Uint8Array(out.buffer, out.byteOffset, total) }
}
