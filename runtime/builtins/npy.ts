/**
 * NumPy's array files. npy (format 1.0 to 3.0): `\x93NUMPY`, version, length of the header, a Python dictionary with descr, fortran_order and shape, the elements. npz: a zip
 * archive of npy files, stored or deflated. NaN stands for null both ways.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { HoldfastError, inputError, usageError } from '../errors.ts'
import { requireUnprotected } from '../protected-files.ts'
import { type Builtin, topicTable } from '../registry.ts'
import { Dict, type Key, Matrix } from '../values/forms.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { NULL_F32, NULL_F64, T, type TypeId, typeInfo, typeName } from '../values/types.ts'
import { type FixedArray, FixedVector, newFixedArray, type Vector } from '../values/vector.ts'
import { textArg } from './args.ts'

const { entries, define } = topicTable('Files')
export const npyBuiltins: readonly Builtin[] = entries

const TYPES: Readonly<Record<string, TypeId | undefined>> = {
  b1: T.BOOL,
  i1: T.CHAR,
  i2: T.SHORT,
  i4: T.INT,
  i8: T.LONG,
  f4: T.FLOAT,
  f8: T.DOUBLE,
}

const damaged = (where: string, why: string): HoldfastError =>
  new HoldfastError('data', `${where} can't be read as a NumPy array: ${why}.`, { code: 'npy' })

/** A vector of a 1-dimensional array, a matrix of a 2-dimensional one. */
function parseNpy(bytes: Buffer, where: string): Value {
  if (bytes.length < 10 || bytes.toString('latin1', 0, 6) !== '\x93NUMPY') throw damaged(where, 'it has no npy header')
  const long = bytes[6] >= 2
  const start = long ? 12 : 10
  const length = long ? bytes.readUInt32LE(8) : bytes.readUInt16LE(8)
  if (start + length > bytes.length) throw damaged(where, 'the header is cut off')
  const header = bytes.toString('latin1', start, start + length)
  const descr = /'descr':\s*'([<>|=])(\w+)'/.exec(header)
  const fortran = /'fortran_order':\s*(True|False)/.exec(header)
  const shape = /'shape':\s*\(([\d\s,]*)\)/.exec(header)
  if (descr === null || fortran === null || shape === null) throw damaged(where, 'the header is not understood')
  const type = TYPES[descr[2]]
  if (type === undefined || descr[1] === '>')
    throw inputError(`${where}: arrays of type ${descr[1]}${descr[2]} are not supported.`, {
      code: 'npyType',
      hint: 'little-endian bool, int8 to int64, float32 and float64 are',
    })
  const dims = shape[1].split(',').flatMap((d) => (d.trim() === '' ? [] : [Number(d)]))
  if (dims.length < 1 || dims.length > 2)
    throw inputError(`${where}: arrays of ${dims.length} dimensions are not supported, only of 1 or 2.`, {
      code: 'npyShape',
    })
  const count = dims.reduce((a, b) => a * b, 1)
  const data = newFixedArray(typeInfo(type).storage, count)
  const body = bytes.subarray(start + length)
  if (body.length < data.byteLength) throw damaged(where, `${data.byteLength - body.length} bytes are missing`)
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength).set(body.subarray(0, data.byteLength))
  if (data instanceof Float64Array) replaceNumber(data, Number.isNaN, NULL_F64)
  else if (data instanceof Float32Array) replaceNumber(data, Number.isNaN, NULL_F32)
  const v = new FixedVector(type, data)
  if (dims.length === 1) return v
  const [rows, cols] = dims
  return new Matrix(fortran[1] === 'True' ? v : v.gather(transposing(rows, cols)), rows, cols)
}

function replaceNumber(data: Float64Array | Float32Array, is: (x: number) => boolean, by: number): void {
  for (let k = 0; k < data.length; k++) if (is(data[k])) data[k] = by
}

/** Positions in rows of what stands in columns. */
function transposing(rows: number, cols: number): Int32Array {
  const out = new Int32Array(rows * cols)
  let at = 0
  for (let c = 0; c < cols; c++) for (let r = 0; r < rows; r++) out[at++] = r * cols + c
  return out
}

function fileBytes(path: string): Buffer {
  requireUnprotected(path)
  try {
    return readFileSync(path)
  } catch (cause) {
    throw inputError(`Failed to open file [${path}]: ${(cause as Error).message}`, { code: 'fileOpen', cause })
  }
}

define('loadNpy(fileName)', {
  doc: 'The array of a NumPy file: a vector, or a matrix of a 2-dimensional array. bool, int8 to int64, float32 and float64 become BOOL, CHAR to LONG, FLOAT and DOUBLE; NaN becomes null.',
  call: ([fileName]) => {
    const path = textArg(fileName, 'loadNpy(fileName)', 'fileName')
    return parseNpy(fileBytes(path), `The file [${path}]`)
  },
})

define('loadNpz(fileName)', {
  doc: 'The arrays of a NumPy archive: a dictionary of names to vectors and matrices, as loadNpy makes them.',
  call: ([fileName]) => {
    const path = textArg(fileName, 'loadNpz(fileName)', 'fileName')
    const found = new Map<Key, Value>()
    for (const { name, bytes } of zipEntries(fileBytes(path), `The file [${path}]`))
      found.set(name.replace(/\.npy$/, ''), parseNpy(bytes, `[${name}] in the file [${path}]`))
    return new Dict(T.STRING, T.ANY, found, true)
  },
})

const CENTRAL = 0x02014b50
const END = 0x06054b50

/** What a zip archive holds, by its central directory. */
function* zipEntries(zip: Buffer, where: string): Generator<{ name: string; bytes: Buffer }> {
  const { crc32, inflateRawSync } = process.getBuiltinModule('node:zlib')
  let end = zip.length - 22
  while (end >= 0 && zip.readUInt32LE(end) !== END) end--
  if (end < 0) throw damaged(where, 'it is no zip archive')
  const count = zip.readUInt16LE(end + 10)
  let at = zip.readUInt32LE(end + 16)
  for (let k = 0; k < count; k++) {
    if (at + 46 > zip.length || zip.readUInt32LE(at) !== CENTRAL) throw damaged(where, 'its directory is damaged')
    const method = zip.readUInt16LE(at + 10)
    const crc = zip.readUInt32LE(at + 16)
    const packed = zip.readUInt32LE(at + 20)
    const nameLength = zip.readUInt16LE(at + 28)
    const local = zip.readUInt32LE(at + 42)
    const name = zip.toString('utf8', at + 46, at + 46 + nameLength)
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32)
    if (local + 30 > zip.length) throw damaged(where, `the entry ${name} is cut off`)
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28)
    if (start + packed > zip.length) throw damaged(where, `the entry ${name} is cut off`)
    const raw = zip.subarray(start, start + packed)
    if (method !== 0 && method !== 8) throw damaged(where, `the entry ${name} is packed by method ${method}`)
    const bytes = method === 0 ? raw : inflateRawSync(raw)
    if (crc32(bytes) !== crc) throw damaged(where, `the checksum of the entry ${name} is wrong`)
    yield { name, bytes }
  }
}

const saveUsage = 'saveAsNpy(obj, fileName)'
define(saveUsage, {
  doc: 'Writes a vector or matrix of BOOL, CHAR, SHORT, INT, LONG, FLOAT or DOUBLE as a NumPy file, matrices in column order. Nulls of FLOAT and DOUBLE become NaN; an integer null keeps the smallest value of its type, which NumPy shows as such.',
  call: ([obj, fileName]) => {
    const path = textArg(fileName, saveUsage, 'fileName')
    if (obj?.kind !== 'vector' && obj?.kind !== 'matrix')
      throw usageError(saveUsage, 'obj must be a vector or a matrix.')
    const v: Vector = obj.kind === 'matrix' ? obj.data : obj
    const code = Object.keys(TYPES).find((name) => TYPES[name] === v.type)
    if (code === undefined || v.storage !== 'fixed')
      throw usageError(saveUsage, `obj must be numeric or BOOL, not ${typeName(v.type)}.`)
    const shape = obj.kind === 'matrix' ? `(${obj.rows}, ${obj.cols})` : `(${v.length},)`
    const descr = `${code.endsWith('1') ? '|' : '<'}${code}`
    const dictionary = `{'descr': '${descr}', 'fortran_order': ${obj.kind === 'matrix' ? 'True' : 'False'}, 'shape': ${shape}, }`
    // The header ends at a multiple of 64 bytes, as NumPy writes it.
    const padded = `${dictionary.padEnd(Math.ceil((dictionary.length + 11) / 64) * 64 - 11)}\n`
    const head = Buffer.alloc(10)
    head.write('\x93NUMPY\x01\x00', 'latin1')
    head.writeUInt16LE(padded.length, 8)
    requireUnprotected(path)
    try {
      writeFileSync(path, Buffer.concat([head, Buffer.from(padded, 'latin1'), elementBytes(v.view() as FixedArray)]))
    } catch (cause) {
      throw new HoldfastError('io', `Failed to write file [${path}]: ${(cause as Error).message}`, { cause })
    }
    return Scalar.VOID
  },
})

function elementBytes(data: FixedArray): Uint8Array {
  const copy = data.slice() as FixedArray
  if (copy instanceof Float64Array) replaceNumber(copy, (x) => x === NULL_F64, Number.NaN)
  else if (copy instanceof Float32Array) replaceNumber(copy, (x) => x === NULL_F32, Number.NaN)
  return new Uint8Array(copy.buffer, copy.byteOffset, copy.byteLength)
}
