/**
 * Reads a Parquet file as batches of typed columns, one row group at a time, one column after another. Columns are found by name. The memory that it takes is that of a row
 * group and does not grow with the file.
 */
import { isUtf8 } from 'node:buffer'
import type { ColumnMetaData, DecodedArray, FileMetaData, RowGroup, SchemaElement, SchemaTree } from 'hyparquet'
import { HoldfastError, inputError } from '../../../runtime/errors.ts'
import { checkInterrupt } from '../../../runtime/interrupt.ts'
import {
  ArrayVector,
  type ColumnSchema,
  elementType,
  isArrayType,
  isNullRaw,
  nullRaw,
  type Raw,
  type TypeId,
  typeName,
  type Vector,
  vectorOf,
} from '../../../runtime/values/index.ts'
import type { FileReader } from '../../store/file-store.ts'
import type { FileBatch } from '../batch.ts'
import type { Rejection } from '../csv/format.ts'
import { converterTo, kindOf, type ToRaw, withoutSign } from './kinds.ts'
import { parquetReading } from './library.ts'

const MAGIC = 'PAR1'
const VALUE_TEXT_MAX = 60

export function* readParquet(
  reader: FileReader,
  file: string,
  columns: readonly ColumnSchema[],
  batchRows: number,
): Generator<FileBatch> {
  const parquet = new ParquetFile(reader, file)
  const sources = columns.map((column) => parquet.source(column))
  let row = 0
  for (const [k, group] of parquet.metadata.row_groups.entries()) {
    checkInterrupt()
    const values = sources.map((source) => parquet.values(group, source))
    const rows = Number(group.num_rows)
    const bytesDone = parquet.endOf(k)
    for (let from = 0; from < rows; from += batchRows) {
      checkInterrupt()
      const to = Math.min(rows, from + batchRows)
      yield batchOf(columns, sources, values, { from, to, firstRow: row, bytesDone })
    }
    row += rows
  }
}

/** A column of the file, for a column of the table. */
interface Source {
  readonly path: readonly string[]
  readonly tree: SchemaTree
  readonly toRaw: ToRaw
}

class ParquetFile {
  readonly metadata: FileMetaData
  readonly #reader: FileReader
  readonly #file: string
  readonly #root: SchemaTree

  constructor(reader: FileReader, file: string) {
    this.#reader = reader
    this.#file = file
    this.metadata = this.#understood(() => {
      const tail = this.#bytes(Math.max(0, reader.bytes - 8), Math.min(8, reader.bytes))
      if (tail.length < 8 || tail.toString('latin1', 4) !== MAGIC)
        throw new Error('it does not end as such a file does')
      const length = tail.readUInt32LE(0) + 8
      if (length > reader.bytes) throw new Error('its footer is larger than the file')
      const footer = this.#bytes(reader.bytes - length, length)
      return parquetReading().parquetMetadata(footer, { geoparquet: false })
    })
    this.#root = parquetReading().parquetSchema(this.metadata)
  }

  source(column: ColumnSchema): Source {
    const { name, type, scale = 0 } = column
    const children = this.#root.children
    const tree =
      children.find((c) => c.element.name === name) ??
      children.find((c) => c.element.name.toLowerCase() === name.toLowerCase())
    if (tree === undefined)
      throw inputError(`The file ${this.#file} has no column [${name}].`, {
        code: 'parquetColumn',
        where: { file: this.#file, column: name },
        hint: `its columns are ${children.map((c) => c.element.name).join(', ')}`,
      })
    const leaf = leafOf(tree, isArrayType(type))
    const kind = leaf === undefined ? undefined : kindOf(leaf.element)
    const toRaw = kind === undefined ? undefined : converterTo(kind, elementType(type), scale)
    if (leaf === undefined || toRaw === undefined)
      throw inputError(
        `The column [${name}] of ${this.#file} is ${describe(tree.element)}, which can't become ${typeName(type, scale)}.`,
        { code: 'parquetColumn', where: { file: this.#file, column: name } },
      )
    return { path: leaf.path, tree, toRaw }
  }

  /** The values of a column in a row group: undefined or null for nulls, arrays for lists. */
  values(group: RowGroup, { path, tree }: Source): readonly ArrayLike<unknown>[] {
    return this.#understood(() => {
      const { readColumn, assembleNested, getTreePath, defaultParsers, compressors } = parquetReading()
      const rows = Number(group.num_rows)
      const meta = metaOf(group, path)
      const schemaPath = getTreePath(this.#root, [...path])
      const { element } = schemaPath[schemaPath.length - 1]
      const start = Number(
        meta.dictionary_page_offset !== undefined && meta.dictionary_page_offset > 0n
          ? meta.dictionary_page_offset
          : meta.data_page_offset,
      )
      const bytes = this.#bytes(start, Number(meta.total_compressed_size))
      const kind = kindOf(element)?.kind
      const isText = kind === 'text'
      const { data: stored } = readColumn(
        { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), offset: 0 },
        { groupStart: 0, selectStart: 0, selectEnd: rows, groupRows: rows },
        {
          pathInSchema: [...path],
          type: meta.type,
          element: physical(element, isText),
          schemaPath: schemaPath.map((node) =>
            node.element === element ? { ...node, element: physical(element, isText) } : node,
          ),
          codec: meta.codec,
          parsers: { ...defaultParsers, stringFromBytes: textOf, timestampFromNanoseconds: (nanos) => nanos },
          compressors,
          utf8: false,
        },
      )
      const data = kind === 'unsigned' ? stored.map((chunk) => Array.from(chunk, withoutSign)) : stored
      if (tree.children.length === 0) return data
      const joined: unknown[] = []
      for (const chunk of data) for (let k = 0; k < chunk.length; k++) joined.push(chunk[k])
      const columns = new Map<string, DecodedArray>([[path.join('.'), joined]])
      assembleNested(columns, tree, defaultParsers)
      return [columns.get(tree.path.join('.')) ?? []]
    })
  }

  /** Where the bytes of a row group end, as far as its columns say. */
  endOf(group: number): number {
    return this.metadata.row_groups
      .slice(0, group + 1)
      .flatMap((g) => g.columns)
      .reduce((sum, c) => sum + Number(c.meta_data?.total_compressed_size ?? 0), 0)
  }

  #bytes(offset: number, length: number): Buffer {
    const bytes = Buffer.alloc(length)
    if (this.#reader.read(bytes, offset) < length) throw new Error('it ends too early')
    return bytes
  }

  /** What the library says of a file that it does not understand, as an error of the file. */
  #understood<R>(body: () => R): R {
    try {
      return body()
    } catch (error) {
      if (error instanceof HoldfastError) throw error
      throw new HoldfastError('data', `${this.#file} can't be read as Parquet: ${(error as Error).message}.`, {
        code: 'parquetFile',
        where: { file: this.#file },
        cause: error,
      })
    }
  }
}

/** Values as they are stored; what they mean is known from the schema. Texts are decoded where a dictionary holds each of them once. */
const physical = (element: SchemaElement, isText: boolean): SchemaElement => ({
  ...element,
  converted_type: isText ? 'UTF8' : undefined,
  logical_type: undefined,
})

/** Bytes that are no text stay bytes, and their row is rejected. */
function textOf(value: Uint8Array): string | Uint8Array {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.length)
  return isUtf8(bytes) ? bytes.toString() : value
}

function metaOf(group: RowGroup, path: readonly string[]): ColumnMetaData {
  const found = group.columns.find(({ meta_data: meta }) => meta?.path_in_schema.join('.') === path.join('.'))
  if (found?.meta_data === undefined) throw new Error(`a row group lacks the column ${path.join('.')}`)
  return found.meta_data
}

/** The values of a column: itself, or the elements of a list. */
function leafOf(tree: SchemaTree, isList: boolean): SchemaTree | undefined {
  if (!isList) return tree.children.length === 0 && tree.element.repetition_type !== 'REPEATED' ? tree : undefined
  const inner = tree.children.length === 1 ? tree.children[0] : undefined
  if (inner === undefined || inner.element.repetition_type !== 'REPEATED') return undefined
  if (inner.children.length === 0) return inner
  return inner.children.length === 1 && inner.children[0].children.length === 0 ? inner.children[0] : undefined
}

const describe = ({ type, converted_type: converted, logical_type: logical }: SchemaElement): string =>
  logical?.type ?? converted ?? type ?? 'a group'

// ---------------------------------------------------------------------------------------------------------------------
// Batches

interface Piece {
  readonly from: number
  readonly to: number
  /** Rows of the file before the row group. */
  readonly firstRow: number
  readonly bytesDone: number
}

function batchOf(
  columns: readonly ColumnSchema[],
  sources: readonly Source[],
  values: readonly (readonly ArrayLike<unknown>[])[],
  { from, to, firstRow, bytesDone }: Piece,
): FileBatch {
  const bad = new Int32Array(to - from)
  const vectors = columns.map((column, c): Vector => {
    const rows = piece(values[c], from, to)
    return isArrayType(column.type)
      ? arrays(rows, column, sources[c].toRaw, bad, c + 1)
      : plain(rows, column.type, column.scale, sources[c].toRaw, bad, c + 1)
  })
  const lines = Int32Array.from({ length: to - from }, (_, k) => firstRow + from + k + 1)
  if (!bad.some((mark) => mark !== 0)) return { columns: vectors, rows: to - from, lines, rejected: [], bytesDone }
  const rejected: Rejection[] = []
  const kept: number[] = []
  for (let k = 0; k < bad.length; k++) {
    if (bad[k] === 0) kept.push(k)
    else rejected.push(rejection(columns, values, from + k, lines[k], bad[k] - 1))
  }
  const keep = Int32Array.from(kept)
  return {
    columns: vectors.map((v) => v.gather(keep)),
    rows: keep.length,
    lines: keep.map((k) => lines[k]),
    rejected,
    bytesDone,
  }
}

/** Values [from, to) of a column that comes in chunks. */
function piece(chunks: readonly ArrayLike<unknown>[], from: number, to: number): ArrayLike<unknown> {
  if (chunks.length === 1 && from === 0 && to === chunks[0].length) return chunks[0]
  const out: unknown[] = []
  let start = 0
  for (const chunk of chunks) {
    const end = Math.min(chunk.length, to - start)
    for (let k = Math.max(0, from - start); k < end; k++) out.push(chunk[k])
    start += chunk.length
  }
  return out
}

function plain(
  rows: ArrayLike<unknown>,
  type: TypeId,
  scale: number | undefined,
  toRaw: ToRaw,
  bad: Int32Array,
  mark: number,
): Vector {
  const nothing = nullRaw(type)
  const raws: Raw[] = new Array(rows.length)
  for (let k = 0; k < rows.length; k++) {
    const value = rows[k]
    if (value === null || value === undefined) {
      raws[k] = nothing
      continue
    }
    const raw = toRaw(value)
    raws[k] = raw ?? nothing
    if ((raw === undefined || isLostNull(type, raw, value)) && bad[k] === 0) bad[k] = mark
  }
  return vectorOf(type, raws, scale)
}

/** A value that is null here and was none there: the smallest integer. Empty texts, NaN and the zero of identifiers are nulls. */
const isLostNull = (type: TypeId, raw: Raw, value: unknown): boolean =>
  (typeof value === 'number' || typeof value === 'bigint') && !Number.isNaN(value) && isNullRaw(type, raw)

function arrays(
  rows: ArrayLike<unknown>,
  { type, scale }: ColumnSchema,
  toRaw: ToRaw,
  bad: Int32Array,
  mark: number,
): Vector {
  const element = elementType(type)
  const nothing = nullRaw(element)
  const raws: Raw[] = []
  const ends = new Int32Array(rows.length + 1)
  for (let k = 0; k < rows.length; k++) {
    for (const value of (rows[k] ?? []) as readonly unknown[]) {
      const raw = value === null || value === undefined ? nothing : toRaw(value)
      if (raw === undefined && bad[k] === 0) bad[k] = mark
      raws.push(raw ?? nothing)
    }
    ends[k + 1] = raws.length
  }
  return new ArrayVector(ends, vectorOf(element, raws, scale))
}

function rejection(
  columns: readonly ColumnSchema[],
  values: readonly (readonly ArrayLike<unknown>[])[],
  row: number,
  line: number,
  at: number,
): Rejection {
  const cells = columns.map(({ name }, c) => [name, piece(values[c], row, row + 1)[0]] as const)
  const text = jsonOf(cells[at][1])
  const shown = text.length > VALUE_TEXT_MAX ? `${text.slice(0, VALUE_TEXT_MAX)}...` : text
  const { name, type, scale } = columns[at]
  return {
    line,
    column: name,
    reason: `${shown} is no ${typeName(type, scale)}`,
    record: jsonOf(Object.fromEntries(cells)),
  }
}

const jsonOf = (value: unknown): string =>
  JSON.stringify(value, (_, v: unknown) =>
    typeof v === 'bigint' ? String(v) : v instanceof Uint8Array ? Buffer.from(v).toString('hex') : v,
  ) ?? 'null'
