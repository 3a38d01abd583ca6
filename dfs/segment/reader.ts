/**
 * Reads segment files: opens, checks the layout, then hands out batches with the wanted columns only, each buffer by one range read into memory of its own.
 * Whatever the bytes are, a reader answers with rows or with a data error that names file and offset; it allocates no more than the file is long.
 */
import {
  ArrayVector,
  allocate,
  type ColumnSchema,
  elementType,
  type FixedArray,
  FixedVector,
  isArrayType,
  type Raw,
  StringVector,
  SymbolBase,
  SymbolVector,
  T,
  Table,
  type TypeId,
  typeInfo,
  type Vector,
  WideVector,
} from '../../runtime/values/index.ts'
import type { SegmentRef } from '../catalog/types.ts'
import { checksumOf } from '../store/checksum.ts'
import type { FileReader, FileSource } from '../store/file-store.ts'
import type { ReadMemory } from './batch-memory.ts'
import { elementBytes } from './column-type.ts'
import { readFooter, requireWholeFooter } from './footer.ts'
import { type BufferLayout, KEY_LAYOUT, parseLayout, rangeValue, type SegmentLayout, segmentError } from './layout.ts'
import { FOOTER, type VerifiedBuffers } from './verified-buffers.ts'

export interface ReadOptions {
  /** Gives the symbol base that a SYMBOL column shall use, so that the columns of many segments share one. Default: one of its own. */
  readonly baseOf?: (column: string) => SymbolBase
  /** Checks the XXH64 of the footer and of each buffer that is read; not of those that are known to be whole. */
  readonly verify?: boolean | VerifiedBuffers
  /** Columns of a batch are read to where those of the last one were. Default: memory of its own for each. */
  readonly memory?: ReadMemory
}

interface ArrayKind<A> {
  new (buffer: ArrayBufferLike, at: number, length: number): A
  readonly BYTES_PER_ELEMENT: number
}

export class SegmentReader {
  readonly file: string
  readonly rows: number
  readonly schema: readonly ColumnSchema[]
  readonly #reader: FileReader
  readonly #layout: SegmentLayout
  readonly #options: ReadOptions
  /** Codes of a segment to codes of the base, by column. */
  readonly #dictionaries = new Map<number, { base: SymbolBase; codes: Int32Array; identity: boolean }>()

  /** Opens a segment. With `expected`, size and row count must agree with the catalog. */
  constructor(
    store: FileSource,
    file: string,
    options: ReadOptions = {},
    expected?: Pick<SegmentRef, 'rows' | 'bytes'>,
  ) {
    this.file = file
    this.#options = options
    this.#reader = store.openRead(file)
    try {
      if (expected !== undefined && this.#reader.bytes !== expected.bytes)
        throw segmentError(file, `it has ${this.#reader.bytes} bytes instead of ${expected.bytes}`)
      const footer = readFooter(this.#reader, file)
      this.#verified(FOOTER, () => requireWholeFooter(footer, file))
      const text = footer.metadata.get(KEY_LAYOUT)
      if (text === undefined) throw segmentError(file, 'it is an Arrow file, but none of ours', footer.start)
      const { schema, ...layout } = parseLayout(text.text, footer.start, file, footer.start + text.at)
      if (expected !== undefined && layout.rows !== expected.rows)
        throw segmentError(file, `it has ${layout.rows} rows instead of ${expected.rows}`)
      this.#layout = layout
      this.schema = schema
      this.rows = layout.rows
    } catch (error) {
      this.#reader.close()
      throw error
    }
  }

  /** Batches of the named columns, in order. A name that the segment lacks is the caller's to fill (`addColumn`): it throws here. */
  *batches(columns: readonly string[]): Generator<Table> {
    const positions = columns.map((name) => {
      const k = this.schema.findIndex((c) => c.name === name)
      if (k < 0) throw segmentError(this.file, `it has no column ${name}`)
      return k
    })
    for (let batch = 0; batch < this.batchCount; batch++)
      yield new Table(columns.slice(), this.readBatch(batch, positions))
  }

  get batchCount(): number {
    return this.#layout.batches.length
  }

  batchRows(batch: number): number {
    return this.#layout.batches[batch].rows
  }

  /** The columns at these positions of the schema, as far as one batch has them. */
  readBatch(batch: number, positions: readonly number[]): Vector[] {
    const { rows, columns } = this.#layout.batches[batch]
    this.#options.memory?.startBatch(this.file, batch)
    return positions.map((c) => {
      const v = this.#column(c, this.schema[c].type, rows, columns[c])
      v.frozen = true
      return v
    })
  }

  /** The buffers that `readBatch` takes from the memory of its batch, as far as it is known without reading. */
  batchBuffers(batch: number, positions: readonly number[]): BufferLayout[] {
    const { columns } = this.#layout.batches[batch]
    return positions.flatMap((c) => {
      const { type } = this.schema[c]
      const own = !isArrayType(type) && typeInfo(type).storage !== 'string'
      return own && columns[c][1][1] > 0 ? [columns[c][1]] : []
    })
  }

  /** What is known of the values of one batch, by column; undefined if nothing is beyond what is known of the whole segment. */
  batchRanges(batch: number): Pick<SegmentRef, 'minMax' | 'nulls'> | undefined {
    const { ranges } = this.#layout.batches[batch]
    if (ranges === undefined) return undefined
    const minMax: Record<string, readonly [Raw, Raw]> = {}
    const nulls: Record<string, number> = {}
    for (const [c, min, max, count] of ranges) {
      const { name, type } = this.schema[c]
      const low = rangeValue(type, min)
      const high = rangeValue(type, max)
      if (low === undefined || high === undefined)
        throw segmentError(this.file, `the range of the column ${name} is not of its type`)
      minMax[name] = [low, high]
      if (count > 0) nulls[name] = count
    }
    return { minMax, nulls }
  }

  /** Makes the bases know all symbols of the SYMBOL columns at these positions. */
  readDictionaries(positions: readonly number[]): void {
    for (const c of positions) if (this.schema[c].type === T.SYMBOL) this.#dictionary(c)
  }

  close(): void {
    this.#reader.close()
  }

  #column(c: number, type: TypeId, rows: number, buffers: readonly BufferLayout[]): Vector {
    if (isArrayType(type)) {
      const offsets = this.#offsets(buffers[1], rows)
      const element = elementType(type)
      const count = offsets[rows]
      const width = elementBytes(element)
      const [at, bytes] = buffers[3]
      if (bytes !== (width > 0 ? count * width : (count + 1) * 4))
        throw segmentError(this.file, 'the elements of an array column have the wrong size', at)
      return new ArrayVector(offsets, this.#column(c, element, count, buffers.slice(2)), rows)
    }
    const { storage } = typeInfo(type)
    const scale = this.schema[c].scale ?? 0
    switch (storage) {
      case 'i8':
        return new FixedVector(type, this.#ofBatch(Int8Array, buffers[1]), rows, scale)
      case 'i16':
        return new FixedVector(type, this.#ofBatch(Int16Array, buffers[1]), rows, scale)
      case 'i32':
        return new FixedVector(type, this.#ofBatch(Int32Array, buffers[1]), rows, scale)
      case 'i64':
        return new FixedVector(type, this.#ofBatch(BigInt64Array, buffers[1]), rows, scale)
      case 'f32':
        return new FixedVector(type, this.#ofBatch(Float32Array, buffers[1]), rows, scale)
      case 'f64':
        return new FixedVector(type, this.#ofBatch(Float64Array, buffers[1]), rows, scale)
      case 'x2i64':
        return new WideVector(type, this.#ofBatch(BigInt64Array, buffers[1]), rows, scale)
      case 'x2f64':
        return new WideVector(type, this.#ofBatch(Float64Array, buffers[1]), rows, scale)
      case 'string': {
        const offsets = this.#offsets(buffers[1], rows)
        const bytes = new Uint8Array(this.#memory(buffers[2]))
        if (offsets[rows] > bytes.length)
          throw segmentError(this.file, 'the text of a column is cut off', buffers[2][0])
        return new StringVector({ offsets, bytes }, type)
      }
      case 'symbol':
        return this.#symbols(c, rows, buffers[1])
      case 'any':
        throw segmentError(this.file, 'a column has a type that cannot be stored')
    }
  }

  #symbols(c: number, rows: number, buffer: BufferLayout): SymbolVector {
    const { base, codes, identity } = this.#dictionary(c)
    const data = this.#ofBatch(Int32Array, buffer)
    const known = codes.length
    if (identity) {
      for (let k = 0; k < rows; k++)
        if (data[k] >>> 0 >= known)
          throw segmentError(this.file, 'a symbol has no entry in its dictionary', buffer[0] + 4 * k)
    } else
      for (let k = 0; k < rows; k++) {
        const code = data[k]
        if (code >>> 0 >= known)
          throw segmentError(this.file, 'a symbol has no entry in its dictionary', buffer[0] + 4 * k)
        data[k] = codes[code]
      }
    return new SymbolVector(data, base, rows)
  }

  #dictionary(c: number): { base: SymbolBase; codes: Int32Array; identity: boolean } {
    let found = this.#dictionaries.get(c)
    if (found === undefined) {
      const layout = this.#layout.dictionaries.find((d) => d.column === c)
      if (layout === undefined) throw segmentError(this.file, `the column ${this.schema[c].name} has no dictionary`)
      const offsets = this.#offsets(layout.buffers[1], layout.values)
      const bytes = new Uint8Array(this.#memory(layout.buffers[2]))
      if (offsets[layout.values] > bytes.length)
        throw segmentError(this.file, 'the text of a dictionary is cut off', layout.buffers[2][0])
      const { strings } = new StringVector({ offsets, bytes })
      const base = this.#options.baseOf?.(this.schema[c].name) ?? new SymbolBase()
      const codes = new Int32Array(strings.length)
      let identity = true
      for (let k = 0; k < strings.length; k++) {
        codes[k] = base.encode(strings[k])
        identity &&= codes[k] === k
      }
      found = { base, codes, identity }
      this.#dictionaries.set(c, found)
    }
    return found
  }

  /** Offsets that start at 0 and never fall: any of them may then be used as a position. */
  #offsets(buffer: BufferLayout, rows: number): Int32Array {
    const offsets = new Int32Array(this.#memory(buffer))
    if (offsets.length !== rows + 1 || offsets[0] !== 0)
      throw segmentError(this.file, 'the offsets of a column are wrong', buffer[0])
    for (let k = 0; k < rows; k++)
      if (offsets[k + 1] < offsets[k]) throw segmentError(this.file, 'the offsets of a column fall', buffer[0] + 4 * k)
    return offsets
  }

  #memory(buffer: BufferLayout): ArrayBuffer {
    const memory = allocate(buffer[1])
    this.#fill(buffer, new Uint8Array(memory))
    return memory
  }

  /** The elements of a buffer that belongs to its batch. */
  #ofBatch<A extends FixedArray>(kind: ArrayKind<A>, buffer: BufferLayout): A {
    const [offset, size] = buffer
    const { bytes, isFilled } = this.#options.memory?.take(offset, size) ?? {
      bytes: new Uint8Array(allocate(size)),
      isFilled: false,
    }
    if (isFilled) this.#verified(offset, () => {})
    else this.#fill(buffer, bytes)
    return new kind(bytes.buffer, bytes.byteOffset, size / kind.BYTES_PER_ELEMENT)
  }

  #fill([offset, bytes, checksum]: BufferLayout, view: Uint8Array): void {
    if (bytes === 0) return
    if (this.#reader.read(view, offset) < bytes) throw segmentError(this.file, 'it ended while being read', offset)
    this.#verified(offset, () => {
      if (checksumOf(view) !== checksum)
        throw segmentError(this.file, 'the checksum of a column buffer does not match', offset)
    })
  }

  #verified(offset: number, check: () => void): void {
    const { verify } = this.#options
    if (verify === undefined || verify === false) return
    if (verify === true) check()
    else if (!verify.has(this.file, offset)) {
      check()
      verify.add(this.file, offset)
    }
  }
}
