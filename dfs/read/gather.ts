/** Rows of several batches put together in a new order, column by column. Text that came as UTF-8 stays UTF-8. */
import { concatVectors } from '../../runtime/ops/cast.ts'
import {
  allocate,
  FixedVector,
  newFixedArray,
  StringVector,
  SymbolVector,
  typeInfo,
  type Utf8Strings,
  type Vector,
  WideVector,
} from '../../runtime/values/index.ts'

/** Rows [from, to) of a batch. */
export interface Piece {
  readonly columns: readonly Vector[]
  readonly from: number
  readonly to: number
}

/** One column of the pieces' rows, one after another. */
export function joinPieces(pieces: readonly Piece[], column: number): Vector {
  const first = pieces[0].columns[column]
  if (pieces.length === 1) return sliceOf(first, pieces[0].from, pieces[0].to)
  let rows = 0
  for (const { from, to } of pieces) rows += to - from
  switch (first.storage) {
    case 'fixed':
    case 'wide': {
      const width = first.storage === 'wide' ? 2 : 1
      const out = newFixedArray(typeInfo(first.type).storage, rows)
      let at = 0
      for (const { columns, from, to } of pieces) {
        out.set((columns[column] as FixedVector).data.subarray(from * width, to * width) as never, at)
        at += (to - from) * width
      }
      return first.storage === 'wide'
        ? new WideVector(first.type, out as WideVector['data'], rows, first.scale)
        : new FixedVector(first.type, out, rows, first.scale)
    }
    case 'symbol': {
      if (!pieces.every(({ columns }) => (columns[column] as SymbolVector).base === first.base)) break
      const out = new Int32Array(allocate(rows * 4))
      let at = 0
      for (const { columns, from, to } of pieces) {
        out.set((columns[column] as SymbolVector).data.subarray(from, to), at)
        at += to - from
      }
      return new SymbolVector(out, first.base)
    }
    case 'string': {
      const texts = pieces.map(({ columns }) => columns[column] as StringVector)
      if (texts.every((v) => v.utf8 !== undefined)) return joinUtf8(pieces, texts, first, rows)
      break
    }
  }
  return concatVectors(
    pieces.map(({ columns, from, to }) => sliceOf(columns[column], from, to)),
    first.type,
    scaleOf(first),
  )
}

function scaleOf(v: Vector): number {
  if (v.storage === 'array') return scaleOf(v.flat)
  return 'scale' in v ? v.scale : 0
}

function joinUtf8(
  pieces: readonly Piece[],
  texts: readonly StringVector[],
  like: StringVector,
  rows: number,
): StringVector {
  let total = 0
  pieces.forEach(({ from, to }, k) => {
    const { offsets } = texts[k].utf8!
    total += offsets[to] - offsets[from]
  })
  const offsets = new Int32Array(allocate((rows + 1) * 4))
  const bytes = new Uint8Array(allocate(total))
  let row = 0
  let end = 0
  pieces.forEach(({ from, to }, k) => {
    const source = texts[k].utf8!
    const shift = end - source.offsets[from]
    for (let r = from; r < to; r++) offsets[++row] = source.offsets[r + 1] + shift
    bytes.set(source.bytes.subarray(source.offsets[from], source.offsets[to]), end)
    end = offsets[row]
  })
  return new StringVector({ offsets, bytes }, like.type)
}

export function sliceOf(v: Vector, from: number, to: number): Vector {
  if (from === 0 && to === v.length) return v
  if (v.storage !== 'string' || v.utf8 === undefined || !v.isUtf8Only) return v.slice(from, to)
  const { offsets, bytes } = v.utf8
  const start = offsets[from]
  const own = new Int32Array(allocate((to - from + 1) * 4))
  for (let k = 0; k <= to - from; k++) own[k] = offsets[from + k] - start
  return new StringVector({ offsets: own, bytes: bytes.subarray(start, offsets[to]) }, v.type)
}

/** Elements at positions that all exist. */
export function gatherOf(v: Vector, rows: Int32Array): Vector {
  return v.storage === 'string' && v.utf8 !== undefined && v.isUtf8Only
    ? new StringVector(gatherUtf8(v.utf8, rows), v.type)
    : v.gather(rows)
}

function gatherUtf8({ offsets, bytes }: Utf8Strings, rows: Int32Array): Utf8Strings {
  const own = new Int32Array(allocate((rows.length + 1) * 4))
  let total = 0
  for (let k = 0; k < rows.length; k++) {
    total += offsets[rows[k] + 1] - offsets[rows[k]]
    own[k + 1] = total
  }
  const out = new Uint8Array(allocate(total))
  for (let k = 0; k < rows.length; k++) {
    const start = offsets[rows[k]]
    const at = own[k]
    const length = own[k + 1] - at
    if (length < 32) for (let i = 0; i < length; i++) out[at + i] = bytes[start + i]
    else out.set(bytes.subarray(start, start + length), at)
  }
  return { offsets: own, bytes: out }
}
