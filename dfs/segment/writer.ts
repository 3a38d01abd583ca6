/**
 * Writes segment files: the chosen rows of a table, batch by batch, straight from the column buffers. Memory needed is that of one batch, whatever the
 * number of rows; one writer serves all the segments of an append and keeps its buffers.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import { type ColumnSchema, type Raw, typeName, type Vector } from '../../runtime/values/index.ts'
import type { SegmentRef } from '../catalog/types.ts'
import { Checksum, checksumOf } from '../store/checksum.ts'
import type { FileStore, FileWriter } from '../store/file-store.ts'
import { type Block, batchMessage, dictionaryMessage, footerBytes, schemaMessage } from './arrow-metadata.ts'
import { Body } from './body.ts'
import { isStorable } from './column-type.ts'
import { type ColumnEncoder, columnEncoder, type RowRange } from './encode.ts'
import {
  BATCH_ROWS,
  type BatchLayout,
  type DictionaryLayout,
  KEY_BODY,
  KEY_FOOTER,
  KEY_LAYOUT,
  layoutTypeName,
  MAGIC,
  NO_CHECKSUM,
  type SegmentLayout,
} from './layout.ts'
import { encodeStrings } from './text.ts'

/** Text of a batch stays below this, so that 32-bit offsets always suffice. */
const BATCH_TEXT_BYTES_MAX = 64 << 20

export class SegmentWriter {
  readonly #store: FileStore
  readonly #columns: readonly ColumnSchema[]
  readonly #schema: Uint8Array
  readonly #body = new Body()

  /** Columns as the table has them; the vectors given to `write` must have these types. */
  constructor(store: FileStore, columns: readonly ColumnSchema[]) {
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
  }

  /**
   * Writes rows[from..to) (or from..to without `rows`) to a new file and syncs it; the folder is the caller's to sync. If it throws, the file may be there
   * in part.
   */
  write(file: string, vectors: readonly Vector[], range: RowRange): SegmentRef {
    for (let c = 0; c < this.#columns.length; c++)
      if (vectors[c].type !== this.#columns[c].type)
        throw new HoldfastError(
          'bug',
          `column ${this.#columns[c].name} of a segment has type ${typeName(vectors[c].type)}`,
        )
    const out = new HashedWriter(this.#store.openWrite(file))
    try {
      const encoders = vectors.map((v) => columnEncoder(v, range))
      out.write(magicBytes(8))
      out.write(this.#schema)
      const dictionaryBlocks: Block[] = []
      const dictionaries = this.#writeDictionaries(out, encoders, dictionaryBlocks)
      const batchBlocks: Block[] = []
      const batches: BatchLayout[] = []
      for (let from = range.from; from < range.to; ) {
        const to = batchEnd(encoders, range, from)
        batches.push(this.#writeBatch(out, encoders, { rows: range.rows, from, to }, batchBlocks))
        from = to
      }
      out.write(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0))
      const rows = range.to - range.from
      this.#writeFooter(
        out,
        { format: 1, rows, columns: this.#layoutColumns(), dictionaries, batches },
        dictionaryBlocks,
        batchBlocks,
      )
      out.sync()
      const minMax: Record<string, readonly [Raw, Raw]> = {}
      encoders.forEach((e, c) => {
        const found = e.minMax()
        if (found !== undefined) minMax[this.#columns[c].name] = found
      })
      return { file, rows, bytes: out.bytes, checksum: out.checksum(), minMax }
    } finally {
      out.close()
    }
  }

  #layoutColumns(): SegmentLayout['columns'] {
    return this.#columns.map((c) => ({ name: c.name, type: layoutTypeName(c.type), scale: c.scale ?? 0 }))
  }

  #writeDictionaries(out: HashedWriter, encoders: readonly ColumnEncoder[], blocks: Block[]): DictionaryLayout[] {
    const layouts: DictionaryLayout[] = []
    encoders.forEach(({ dictionary }, column) => {
      if (dictionary === undefined) return
      const body = this.#body
      body.reset()
      body.place(0)
      encodeStrings(body, dictionary, new Int32Array(dictionary.length))
      const node = { rows: dictionary.length, nulls: 0 }
      const block = out.message(dictionaryMessage(column, node, body.spans, body.length), body)
      blocks.push(block)
      layouts.push({ column, values: dictionary.length, buffers: body.layout(0, block.offset + block.metadataBytes) })
    })
    return layouts
  }

  #writeBatch(out: HashedWriter, encoders: readonly ColumnEncoder[], range: RowRange, blocks: Block[]): BatchLayout {
    const body = this.#body
    body.reset()
    const starts = encoders.map((e) => {
      const start = body.spans.length
      e.encode(body, range)
      return start
    })
    const rows = range.to - range.from
    const block = out.message(batchMessage(rows, body.nodes, body.spans, body.length), body)
    blocks.push(block)
    const layout = body.layout(0, block.offset + block.metadataBytes)
    return { rows, columns: starts.map((start, c) => layout.slice(start, starts[c + 1])) }
  }

  #writeFooter(
    out: HashedWriter,
    layout: SegmentLayout,
    dictionaries: readonly Block[],
    batches: readonly Block[],
  ): void {
    const make = (checksum: string): Uint8Array =>
      footerBytes(this.#columns, dictionaries, batches, [
        [KEY_LAYOUT, JSON.stringify(layout)],
        [KEY_BODY, out.checksum()],
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
function batchEnd(encoders: readonly ColumnEncoder[], range: RowRange, from: number): number {
  let to = Math.min(from + BATCH_ROWS, range.to)
  for (const e of encoders)
    while (to - from > 1 && e.variableBytes({ rows: range.rows, from, to }) > BATCH_TEXT_BYTES_MAX)
      to = from + ((to - from) >> 1)
  return to
}

function magicBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let k = 0; k < MAGIC.length; k++) bytes[k] = MAGIC.charCodeAt(k)
  return bytes
}

/** A file writer that hashes what passes. */
class HashedWriter {
  readonly #writer: FileWriter
  readonly #hash = new Checksum()

  constructor(writer: FileWriter) {
    this.#writer = writer
  }
  get bytes(): number {
    return this.#hash.bytes
  }
  write(bytes: Uint8Array): void {
    this.#writer.write(bytes)
    this.#hash.update(bytes)
  }
  message(metadata: Uint8Array, body: Body): Block {
    const offset = this.bytes
    this.write(metadata)
    this.write(body.bytes())
    return { offset, metadataBytes: metadata.length, bodyBytes: body.length }
  }
  checksum(): string {
    return this.#hash.hex()
  }
  sync(): void {
    this.#writer.sync()
  }
  close(): void {
    this.#writer.close()
  }
}
