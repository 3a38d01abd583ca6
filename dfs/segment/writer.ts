/**
 * Writes segment files: the chosen rows of a table, batch by batch, straight from the column buffers. Memory needed is that of one batch, whatever the
 * number of rows; one writer serves all the segments of an append and keeps its buffers. A merge, which has its rows in pieces, writes through a `SegmentStream`.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import { type ColumnSchema, type Raw, type SymbolVector, typeName, type Vector } from '../../runtime/values/index.ts'
import type { SegmentRef } from '../catalog/types.ts'
import { Checksum, checksumOf } from '../store/checksum.ts'
import type { FileStore, FileWriter } from '../store/file-store.ts'
import type { Regions } from '../store/regions.ts'
import type { UnsyncedFiles } from '../store/unsynced-files.ts'
import { isHashing, type WriteBehind } from '../store/write-behind.ts'
import { SLOT_BYTES } from '../store/write-ring.ts'
import { type Block, batchMessage, dictionaryMessage, footerBytes, schemaMessage } from './arrow-metadata.ts'
import { Body } from './body.ts'
import { isStorable } from './column-type.ts'
import { type ColumnEncoder, columnEncoder, type RowRange, type SegmentCodes } from './encode.ts'
import {
  ALIGNMENT,
  BATCH_ROWS,
  type BatchLayout,
  type DictionaryLayout,
  KEY_BODY,
  KEY_FOOTER,
  KEY_LAYOUT,
  layoutTypeName,
  MAGIC,
  NO_CHECKSUM,
  type RangeLayout,
  rangeText,
  type SegmentLayout,
} from './layout.ts'
import { ColumnStatistics } from './statistics.ts'
import { BaseCodes, SymbolCodes } from './symbol-codes.ts'
import { encodeStrings } from './text.ts'

/** Text of a batch stays below this, so that 32-bit offsets always suffice. */
const BATCH_TEXT_BYTES_MAX = 64 << 20

export class SegmentWriter {
  readonly #store: FileStore
  readonly #columns: readonly ColumnSchema[]
  readonly #schema: Uint8Array
  readonly #unsynced: UnsyncedFiles | undefined
  readonly #behind: WriteBehind | undefined
  readonly #body = new Body()

  /**
   * Columns as the table has them; the vectors given to `write` must have these types. Files go to `unsynced` when they are complete, or are synced one by one
   * without it. `behind` may do the writing.
   */
  constructor(store: FileStore, columns: readonly ColumnSchema[], unsynced?: UnsyncedFiles, behind?: WriteBehind) {
    for (const c of columns)
      if (!isStorable(c.type))
        throw new HoldfastError(
          'input',
          `The column [${c.name}] of type ${typeName(c.type)} can't be stored in a database.`,
          {
            code: 'notStorable',
          },
        )
    this.#store = store
    this.#columns = columns
    this.#schema = schemaMessage(columns)
    this.#unsynced = unsynced
    this.#behind = behind
  }

  /**
   * Writes rows[from..to) (or from..to without `rows`) to a new file; the folder is the caller's to sync. If it throws, the file may be there in part.
   */
  write(file: string, vectors: readonly Vector[], range: RowRange): SegmentRef {
    const out = this.#begin(file, vectors, (v) => new SymbolCodes(v, range))
    try {
      out.add(vectors, range)
      return out.finish()
    } finally {
      out.close()
    }
  }

  /** The same, up to the end of the rows. */
  writeLater(file: string, vectors: readonly Vector[], range: RowRange): UnfinishedSegment {
    const out = this.#begin(file, vectors, (v) => new SymbolCodes(v, range))
    try {
      out.add(vectors, range)
      return out.finishLater()
    } catch (error) {
      out.close()
      throw error
    }
  }

  /** Begins a file whose rows come in pieces. `like` are vectors as the pieces have them; those of SYMBOL columns have bases that know all symbols to come. */
  stream(file: string, like: readonly Vector[]): SegmentStream {
    return this.#begin(file, like, (v) => new BaseCodes(v.base))
  }

  #begin(file: string, vectors: readonly Vector[], codes: (v: SymbolVector) => SegmentCodes): SegmentStream {
    for (let c = 0; c < this.#columns.length; c++)
      if (vectors[c].type !== this.#columns[c].type)
        throw new HoldfastError(
          'bug',
          `column ${this.#columns[c].name} of a segment has type ${typeName(vectors[c].type)}`,
        )
    const encoders = vectors.map((v) => columnEncoder(v, v.storage === 'symbol' ? codes(v) : undefined))
    const out = this.#store.openWrite(file, this.#behind)
    return new SegmentStream(out, file, this.#columns, this.#schema, this.#body, encoders, this.#unsynced)
  }
}

/** A segment whose batches are written. Each step may wait for the ones before; each is done once. */
export interface UnfinishedSegment {
  /** Writes what follows the batches and hands the file over to be synced. */
  seal(): void
  /** Seals it and tells what the catalog needs to know. */
  ref(): SegmentRef
  /** Gives an unsealed one up. */
  close(): void
}

/** One segment file while it is written. */
export class SegmentStream {
  readonly #file: string
  readonly #columns: readonly ColumnSchema[]
  readonly #body: Body
  readonly #encoders: readonly ColumnEncoder[]
  readonly #out: HashedWriter
  readonly #unsynced: UnsyncedFiles | undefined
  readonly #dictionaryBlocks: Block[] = []
  readonly #dictionaries: DictionaryLayout[] = []
  readonly #batchBlocks: Block[] = []
  readonly #batches: BatchLayout[] = []
  readonly #statistics: ColumnStatistics
  #rows = 0

  constructor(
    out: FileWriter,
    file: string,
    columns: readonly ColumnSchema[],
    schema: Uint8Array,
    body: Body,
    encoders: readonly ColumnEncoder[],
    unsynced: UnsyncedFiles | undefined,
  ) {
    this.#file = file
    this.#unsynced = unsynced
    this.#columns = columns
    this.#body = body
    this.#encoders = encoders
    this.#statistics = new ColumnStatistics(columns)
    this.#out = new HashedWriter(out)
    try {
      this.#out.write(magicBytes(8))
      this.#out.write(schema)
      this.#writeDictionaries()
    } catch (error) {
      this.#out.close()
      throw error
    }
  }

  /** Bytes written so far. */
  get bytes(): number {
    return this.#out.bytes
  }

  /** Adds rows, as one batch or several. */
  add(vectors: readonly Vector[], range: RowRange): void {
    for (let from = range.from; from < range.to; ) {
      const to = batchEnd(this.#encoders, vectors, range, from)
      this.#writeBatch(vectors, { rows: range.rows, from, to })
      from = to
    }
  }

  /** Ends the file, which is synced now or with others. */
  finish(): SegmentRef {
    return this.finishLater().ref()
  }

  /**
   * Ends the batches. What follows them holds a checksum that another thread may be about to make: who has other segments to write writes those first.
   */
  finishLater(): UnfinishedSegment {
    const out = this.#out
    out.write(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0))
    const bodyChecksum = out.checksumLater()
    let fileChecksum: (() => string) | undefined
    let written: SegmentRef | undefined
    const seal = (): (() => string) => {
      if (fileChecksum !== undefined) return fileChecksum
      this.#writeEnd(bodyChecksum())
      fileChecksum = out.checksumLater()
      out.finish(this.#unsynced)
      return fileChecksum
    }
    return {
      seal,
      ref: () => {
        const checksum = seal()
        written ??= {
          file: this.#file,
          rows: this.#rows,
          bytes: out.bytes,
          checksum: checksum(),
          ...this.#statistics.totals(),
        }
        return written
      },
      close: () => out.close(),
    }
  }

  #writeEnd(bodyChecksum: string): void {
    const columns = this.#columns.map((c) => ({ name: c.name, type: layoutTypeName(c.type), scale: c.scale ?? 0 }))
    // One batch has the ranges of the whole segment, which the catalog knows.
    const batches =
      this.#batches.length > 1 ? this.#batches : this.#batches.map(({ rows, columns }) => ({ rows, columns }))
    const layout = { format: 1, rows: this.#rows, columns, dictionaries: this.#dictionaries, batches } as const
    this.#writeFooter(layout, bodyChecksum)
  }

  close(): void {
    this.#body.release()
    this.#out.close()
  }

  #writeDictionaries(): void {
    this.#encoders.forEach(({ dictionary }, column) => {
      if (dictionary === undefined) return
      const body = this.#body
      body.begin()
      body.place(0)
      encodeStrings(body, dictionary, new Int32Array(dictionary.length))
      body.hash()
      const node = { rows: dictionary.length, nulls: 0 }
      const block = this.#out.message(dictionaryMessage(column, node, body.spans, body.length), body)
      this.#dictionaryBlocks.push(block)
      const buffers = body.layout(block.offset + block.metadataBytes)
      this.#dictionaries.push({ column, values: dictionary.length, buffers })
    })
  }

  #writeBatch(vectors: readonly Vector[], range: RowRange): void {
    const body = this.#body
    const { regions } = this.#out
    if (regions === undefined) body.begin()
    else body.begin(regions, bodyBytesMax(this.#encoders, vectors, range))
    const ranges: RangeLayout[] = []
    const starts = this.#encoders.map((e, c) => {
      const start = body.spans.length
      const found = e.encode(body, vectors[c], range)
      body.hash()
      this.#statistics.add(c, found, range.to - range.from)
      if (found.range?.every(hasText))
        ranges.push([c, rangeText(found.range[0]), rangeText(found.range[1]), found.nulls])
      return start
    })
    const rows = range.to - range.from
    const block = this.#out.message(batchMessage(rows, body.nodes, body.spans, body.length), body)
    this.#batchBlocks.push(block)
    const layout = body.layout(block.offset + block.metadataBytes)
    this.#batches.push({ rows, columns: starts.map((start, c) => layout.slice(start, starts[c + 1])), ranges })
    this.#rows += rows
  }

  #writeFooter(layout: SegmentLayout, bodyChecksum: string): void {
    const out = this.#out
    const make = (checksum: string): Uint8Array =>
      footerBytes(this.#columns, this.#dictionaryBlocks, this.#batchBlocks, [
        [KEY_LAYOUT, JSON.stringify(layout)],
        [KEY_BODY, bodyChecksum],
        [KEY_FOOTER, checksum],
      ])
    const footer = make(NO_CHECKSUM)
    // The digits are patched in place. Flatbuffers are built backwards, so the value that was added last comes before any other text.
    const at = Buffer.from(footer.buffer, footer.byteOffset, footer.length).indexOf(NO_CHECKSUM)
    footer.set(Buffer.from(checksumOf(footer)), at)
    const tail = new Uint8Array(4 + MAGIC.length)
    new DataView(tail.buffer).setInt32(0, footer.length, true)
    tail.set(magicBytes(MAGIC.length), 4)
    out.write(footer)
    out.write(tail)
  }
}

/** The end of the batch that starts at a row: a fixed number of rows, fewer where they hold much text. */
function batchEnd(
  encoders: readonly ColumnEncoder[],
  vectors: readonly Vector[],
  range: RowRange,
  from: number,
): number {
  let to = Math.min(from + BATCH_ROWS, range.to)
  encoders.forEach((e, c) => {
    while (to - from > 1 && e.variableBytes(vectors[c], { rows: range.rows, from, to }) > BATCH_TEXT_BYTES_MAX)
      to = from + ((to - from) >> 1)
  })
  return to
}

/** What the body of a batch takes at most, about: validity bits, and buffers that begin at multiples of the alignment. */
function bodyBytesMax(encoders: readonly ColumnEncoder[], vectors: readonly Vector[], range: RowRange): number {
  const rows = range.to - range.from
  return encoders.reduce(
    (sum, e, c) => sum + rows * (e.fixedBytes + 0.125) + e.variableBytes(vectors[c], range) + 4 * ALIGNMENT,
    0,
  )
}

/** JSON has no infinity. */
const hasText = (raw: Raw): boolean => typeof raw !== 'number' || Number.isFinite(raw)

function magicBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let k = 0; k < MAGIC.length; k++) bytes[k] = MAGIC.charCodeAt(k)
  return bytes
}

/** A file writer that hashes what passes, unless the writer does so itself. */
class HashedWriter {
  readonly #writer: FileWriter
  readonly #hash: Checksum | undefined
  #isHandedOver = false

  constructor(writer: FileWriter) {
    this.#writer = writer
    this.#hash = isHashing(writer) ? undefined : new Checksum()
  }
  get bytes(): number {
    return this.#writer.bytesWritten
  }
  write(bytes: Uint8Array): void {
    this.#writer.write(bytes)
    this.#hash?.update(bytes)
  }
  /** Where bodies are best built; undefined: anywhere. */
  get regions(): Regions | undefined {
    return isHashing(this.#writer) ? this.#writer.regions : undefined
  }
  message(metadata: Uint8Array, body: Body): Block {
    const offset = this.bytes
    this.write(metadata)
    // A small one would keep others from its region until it is written.
    const region = body.length > SLOT_BYTES ? body.takeRegion() : undefined
    if (region !== undefined && isHashing(this.#writer)) this.#writer.writeRegion(region, body.length)
    else this.write(body.bytes())
    return { offset, metadataBytes: metadata.length, bodyBytes: body.length }
  }
  /** Of what was written up to now. */
  checksumLater(): () => string {
    if (isHashing(this.#writer)) return this.#writer.checksumLater()
    const checksum = this.#hash!.hex()
    return () => checksum
  }
  finish(unsynced: UnsyncedFiles | undefined): void {
    if (unsynced === undefined) {
      this.#writer.sync()
      return
    }
    this.#isHandedOver = true
    unsynced.add(this.#writer)
  }
  close(): void {
    if (!this.#isHandedOver) this.#writer.close()
  }
}
