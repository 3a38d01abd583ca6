/**
 * Binary files of fixed-width rows: each row holds one value of each column, little-endian, without gaps. BOOL and CHAR take 1 byte, SHORT 2, LONG, DOUBLE and the
 * 64-bit temporal types 8, the others 4; text (loadRecord only) takes the bytes that the schema states and ends at its first zero byte. Files are read a block at a
 * time.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { inputError, usageError } from '../errors.ts'
import { checkInterrupt } from '../interrupt.ts'
import { requireUnprotected } from '../protected-files.ts'
import { type Builtin, topicTable } from '../registry.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { Table } from '../values/table.ts'
import { isArrayType, T, type TypeId, typeInfo, typeName } from '../values/types.ts'
import { AnyVector, FixedVector, newFixedArray, StringVector, SymbolVector, type Vector } from '../values/vector.ts'
import { type Arg, intArg, isGiven, textArg } from './args.ts'
import { columnType } from './column-type.ts'
import { handleOf } from './files.ts'
import { appendElements, replaceContent } from './growth.ts'

const { entries, define } = topicTable('Files')
export const recordBuiltins: readonly Builtin[] = entries

const BLOCK_BYTES = 1 << 20

interface Field {
  readonly name: string
  readonly type: TypeId
  readonly scale: number
  readonly width: number
}

const rowWidth = (fields: readonly Field[]): number => fields.reduce((sum, f) => sum + f.width, 0)

function fixedField(name: string, type: TypeId, scale: number, usage: string): Field {
  const storage = isArrayType(type) ? 'any' : typeInfo(type).storage
  if (storage === 'string' || storage === 'symbol' || storage === 'any' || storage.startsWith('x2'))
    throw usageError(usage, `A column of type ${typeName(type)} has no fixed width in a file.`)
  return { name, type, scale, width: newFixedArray(storage, 1).BYTES_PER_ELEMENT }
}

/** Fills columns from blocks of rows. */
class RowReader {
  readonly #fields: readonly Field[]
  readonly #width: number
  readonly #parts: (Uint8Array | string[])[]
  #rows = 0

  constructor(fields: readonly Field[]) {
    this.#fields = fields
    this.#width = rowWidth(fields)
    this.#parts = fields.map((f) => (isText(f) ? [] : new Uint8Array(0)))
  }

  get rows(): number {
    return this.#rows
  }

  /** Whole rows. */
  add(block: Buffer): void {
    const rows = block.length / this.#width
    let offset = 0
    this.#fields.forEach((field, c) => {
      const part = this.#parts[c]
      if (Array.isArray(part)) {
        for (let r = 0; r < rows; r++) {
          const from = r * this.#width + offset
          const end = block.indexOf(0, from)
          part.push(block.toString('utf8', from, end < 0 || end > from + field.width ? from + field.width : end))
        }
      } else this.#parts[c] = this.#appended(part, block, rows, field.width, offset)
      offset += field.width
    })
    this.#rows += rows
  }

  #appended(part: Uint8Array, block: Buffer, rows: number, width: number, offset: number): Uint8Array {
    const used = this.#rows * width
    let out = part
    if (used + rows * width > out.length) {
      out = new Uint8Array(Math.max(used + rows * width, out.length * 2))
      out.set(part)
    }
    for (let r = 0, at = used; r < rows; r++) {
      const from = r * this.#width + offset
      for (let b = 0; b < width; b++) out[at++] = block[from + b]
    }
    return out
  }

  columns(): Vector[] {
    return this.#fields.map((field, c) => {
      const part = this.#parts[c]
      if (Array.isArray(part)) return field.type === T.SYMBOL ? SymbolVector.encode(part) : new StringVector(part)
      const data = newFixedArray(typeInfo(field.type).storage, this.#rows)
      new Uint8Array(data.buffer, data.byteOffset, data.byteLength).set(part.subarray(0, data.byteLength))
      return new FixedVector(field.type, data, this.#rows, field.scale)
    })
  }
}

const isText = (f: Field): boolean => f.type === T.STRING || f.type === T.SYMBOL

/** Reads up to `count` rows from `read`, which answers at most so many bytes. A row that ends early is an error. */
function readRows(
  reader: RowReader,
  width: number,
  count: number,
  read: (bytes: number) => Buffer,
  what: string,
): void {
  const perBlock = Math.max(1, Math.floor(BLOCK_BYTES / width))
  while (reader.rows < count) {
    checkInterrupt()
    const wanted = Math.min(perBlock, count - reader.rows)
    const block = read(wanted * width)
    if (block.length % width !== 0)
      throw inputError(
        `${what} ends within a row: ${block.length % width} bytes are left, and a row has ${width} bytes.`,
        { code: 'recordWidth' },
      )
    reader.add(block)
    if (block.length < wanted * width) break
  }
}

const loadUsage = 'loadRecord(filename, schema, [skipBytes=0], [count])'
define(loadUsage, {
  doc: 'A table from a binary file of fixed-width, little-endian rows. schema: a tuple with (name, type) for each column, and (name, type, length) for STRING and SYMBOL columns, whose text ends at the first zero byte. skipBytes are passed over first; count is the most rows that are read. A file that ends within a row is an error.',
  call: ([filename, schema, skipBytes, count]) => {
    const path = textArg(filename, loadUsage, 'filename')
    const fields = schemaFields(schema)
    const skip = intArg(skipBytes, loadUsage, 'skipBytes', 0)
    const most = isGiven(count) ? intArg(count, loadUsage, 'count') : Number.POSITIVE_INFINITY
    if (skip < 0 || most <= 0)
      throw usageError(loadUsage, 'skipBytes must not be negative, and count must be positive.')
    requireUnprotected(path)
    const reader = new RowReader(fields)
    const fd = openFile(path)
    try {
      let at = skip
      const size = fstatSync(fd).size
      const read = (bytes: number): Buffer => {
        const block = Buffer.alloc(Math.max(0, Math.min(bytes, size - at)))
        let got = 0
        for (let n = -1; got < block.length && n !== 0; got += n)
          n = readSync(fd, block, got, block.length - got, at + got)
        at += got
        return block.subarray(0, got)
      }
      readRows(reader, rowWidth(fields), most, read, `The file [${path}]`)
    } finally {
      closeSync(fd)
    }
    return new Table(
      fields.map((f) => f.name),
      reader.columns(),
    )
  },
})

function openFile(path: string): number {
  try {
    return openSync(path, 'r')
  } catch (cause) {
    throw inputError(`Failed to open file [${path}]: ${(cause as Error).message}`, { code: 'fileOpen', cause })
  }
}

function schemaFields(schema: Arg): Field[] {
  const wrong = (): Error =>
    usageError(loadUsage, 'schema must be a tuple with (name, type) or (name, type, length) for each column.')
  if (!(schema instanceof AnyVector) || schema.length === 0) throw wrong()
  return schema.values.map((column) => {
    if (column.kind !== 'vector' || column.length < 2 || column.length > 3) throw wrong()
    const name = textArg(column.get(0), loadUsage, 'name')
    const { type, scale } = columnType(column.get(1))
    if (type !== T.STRING && type !== T.SYMBOL) return fixedField(name, type, scale, loadUsage)
    if (column.length < 3) throw usageError(loadUsage, `The length of the text column ${name} is missing.`)
    const length = column.get(2)
    const width =
      length.kind === 'scalar' && typeof length.value === 'string'
        ? Number(length.value)
        : intArg(length, loadUsage, 'length')
    if (!(width > 0)) throw usageError(loadUsage, `The length of the text column ${name} must be positive.`)
    return { name, type, scale: 0, width }
  })
}

/** The columns of a table, or of a tuple of vectors of one length. */
function columnsOf(v: Arg, usage: string, name: string): { names: readonly string[]; columns: readonly Vector[] } {
  const columns = v?.kind === 'table' ? v.columns : v instanceof AnyVector ? v.values : undefined
  if (columns === undefined || columns.length === 0 || columns.some((c) => c.kind !== 'vector'))
    throw usageError(usage, `${name} must be a table or a tuple of vectors.`)
  const vectors = columns as Vector[]
  if (vectors.some((c) => c.length !== vectors[0].length))
    throw usageError(usage, `The vectors of ${name} must be of one length.`)
  return { names: v?.kind === 'table' ? v.names : vectors.map((_, k) => `${k}`), columns: vectors }
}

const fieldsOf = (names: readonly string[], columns: readonly Vector[], usage: string): Field[] =>
  columns.map((c, k) => fixedField(names[k], c.type, 'scale' in c ? c.scale : 0, usage))

const readUsage = 'readRecord!(handle, holder, [offset=0], [length])'
define(readUsage, {
  doc: 'Reads fixed-width, little-endian rows from a file into a table or a tuple of vectors, from row offset on; the number of rows read. The types of the holder are those of the file. Without length a table takes all rows that are left and grows with them, a tuple as many as it has room for. Text has no fixed width: see loadRecord.',
  mutates: true,
  mutatedAt: 1,
  call: ([handle, holder, offset, length]) => {
    const { names, columns } = columnsOf(holder, readUsage, 'holder')
    const from = intArg(offset, readUsage, 'offset', 0)
    const rows = columns[0].length
    if (from < 0 || from > rows) throw usageError(readUsage, 'offset must be within the rows of the holder.')
    const room = holder?.kind === 'table' ? Number.POSITIVE_INFINITY : rows - from
    const most = isGiven(length) ? intArg(length, readUsage, 'length') : room
    if (most < 0 || most > room) throw usageError(readUsage, 'The optional argument length is invalid.')
    const fields = fieldsOf(names, columns, readUsage)
    const reader = new RowReader(fields)
    const file = handleOf(handle, readUsage)
    readRows(reader, rowWidth(fields), most, (bytes) => file.read(bytes), `The file [${file.path}]`)
    place(holder as Table | AnyVector, reader.columns(), from, reader.rows)
    return Scalar.int(reader.rows)
  },
})

/** Puts new rows over those from `from` on; a table may get longer. */
function place(holder: Table | AnyVector, read: readonly Vector[], from: number, rows: number): void {
  const written = (old: Vector, k: number): Vector => {
    const out = old.slice(0, from)
    appendElements(out, read[k])
    if (from + rows < old.length) appendElements(out, old.slice(from + rows, old.length))
    return out
  }
  if (holder.kind === 'table') {
    holder.columns = holder.columns.map(written)
    holder.keyIndex = undefined
    return
  }
  holder.values.forEach((v, k) => {
    const old = v as Vector
    const now = written(old, k)
    if (old.frozen) holder.values[k] = now as Value
    else replaceContent(old, now)
  })
}

const writeUsage = 'writeRecord(handle, object, [offset=0], [length])'
define(writeUsage, {
  doc: 'Writes the rows of a table, or of a tuple of vectors of one length, in binary: fixed-width, little-endian, column after column in each row; the number of rows written. offset and length choose rows. Text has no fixed width and is refused.',
  call: ([handle, object, offset, length]) => {
    const { names, columns } = columnsOf(object, writeUsage, 'object')
    const fields = fieldsOf(names, columns, writeUsage)
    const rows = columns[0].length
    const from = intArg(offset, writeUsage, 'offset', 0)
    if (from < 0 || from > rows) throw usageError(writeUsage, 'The optional argument offset is invalid.')
    const count = isGiven(length) ? intArg(length, writeUsage, 'length') : rows - from
    if (count < 0 || from + count > rows) throw usageError(writeUsage, 'The optional argument length is invalid.')
    const file = handleOf(handle, writeUsage)
    const width = rowWidth(fields)
    const perBlock = Math.max(1, Math.floor(BLOCK_BYTES / width))
    const sources = columns.map((c) => {
      const { data } = c as FixedVector
      return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    })
    for (let done = 0; done < count; done += perBlock) {
      checkInterrupt()
      const n = Math.min(perBlock, count - done)
      const block = Buffer.allocUnsafe(n * width)
      let at = 0
      fields.forEach((field, c) => {
        const source = sources[c]
        for (let r = 0; r < n; r++) {
          const start = (from + done + r) * field.width
          for (let b = 0; b < field.width; b++) block[r * width + at + b] = source[start + b]
        }
        at += field.width
      })
      file.write(block)
    }
    return Scalar.int(count)
  },
})
