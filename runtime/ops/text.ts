/** Operators on text: `+` concatenates, comparisons order by bytes of UTF-8, everything else is an error. */
import { operatorError } from '../errors.ts'
import { textList } from '../values/heap.ts'
import { Scalar } from '../values/scalar.ts'
import { categoryOf, isLiteral, T, type TypeId } from '../values/types.ts'
import { FixedVector, StringVector, type SymbolVector } from '../values/vector.ts'
import { castFlat, commonLength, type Flat, operandsText, toText, unsupported } from './flat.ts'
import { type CompareOp, type ElementOp, isCompareOp } from './names.ts'
import { wideBinary } from './wide.ts'

/** Order of two strings by the bytes of their UTF-8: -1, 0 or 1. UTF-16 differs only where surrogates meet U+E000 and above. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0
  const n = Math.min(a.length, b.length)
  for (let k = 0; k < n; k++) {
    const x = a.charCodeAt(k)
    const y = b.charCodeAt(k)
    if (x !== y) {
      if (x >= 0xd800 && y >= 0xd800) {
        const left = x < 0xe000 ? x + 0x10000 : x
        const right = y < 0xe000 ? y + 0x10000 : y
        return left < right ? -1 : 1
      }
      return x < y ? -1 : 1
    }
  }
  return a.length < b.length ? -1 : 1
}

/** Whether an order (-1, 0, 1) satisfies a comparison. */
export function holds(op: CompareOp, order: number): boolean {
  switch (op) {
    case 'lt':
      return order < 0
    case 'le':
      return order <= 0
    case 'gt':
      return order > 0
    case 'ge':
      return order >= 0
    case 'eq':
      return order === 0
    case 'ne':
      return order !== 0
  }
}

/** The operation where at least one side is text. */
export function textBinary(op: ElementOp, a: Flat, b: Flat): Flat {
  if (a.type === T.BLOB || b.type === T.BLOB) {
    if (!isCompareOp(op)) throw operatorError(`BLOB data does not support the function ${op}.`)
  }
  if (op === 'add') return concatenate(toText(a), toText(b))
  if ((isCompareOp(op) || op === 'max' || op === 'min') && isText(a.type) && isText(b.type)) {
    const left = a.type === T.CHAR ? toText(a) : a
    const right = b.type === T.CHAR ? toText(b) : b
    return isCompareOp(op) ? compareTexts(op, left, right) : extremeText(op as 'max' | 'min', left, right)
  }
  if (isCompareOp(op)) {
    // Text that meets an identifier or an address is read as one.
    if (isIdentifier(b.type)) return wideBinary(op, castFlat(a, b.type), b)
    if (isIdentifier(a.type)) return wideBinary(op, a, castFlat(b, a.type))
    throw unsupported(op, a.type, b.type)
  }
  throw operatorError(`Arguments for ${op} method can not be string.`, {
    code: 'stringOperand',
    hint: operandsText(a, b),
  })
}

/** One character in single quotes is a CHAR: beside text it is text. */
const isText = (type: TypeId): boolean => isLiteral(type) || type === T.CHAR
/** UUID, IPADDR, INT128: what has one canonical text. */
export const isIdentifier = (type: TypeId): boolean =>
  categoryOf(type) === 'binary' && type !== T.COMPLEX && type !== T.POINT

function concatenate(a: Scalar | StringVector, b: Scalar | StringVector): Flat {
  if (a.kind === 'scalar' && b.kind === 'scalar') return Scalar.string((a.value as string) + (b.value as string))
  const length = commonLength(a, b)
  const out = textList(length)
  if (a.kind === 'scalar') {
    const head = a.value as string
    const tail = (b as StringVector).strings
    for (let k = 0; k < length; k++) out[k] = head + tail[k]
  } else if (b.kind === 'scalar') {
    const head = a.strings
    const tail = b.value as string
    for (let k = 0; k < length; k++) out[k] = head[k] + tail
  } else {
    const head = a.strings
    const tail = b.strings
    for (let k = 0; k < length; k++) out[k] = head[k] + tail[k]
  }
  return new StringVector(out)
}

const isSymbol = (x: Flat): x is SymbolVector => x.kind === 'vector' && x.storage === 'symbol'

function compareTexts(op: CompareOp, a: Flat, b: Flat): Flat {
  if (a.kind === 'scalar' && b.kind === 'scalar')
    return Scalar.bool(holds(op, compareText(a.value as string, b.value as string)))
  const length = commonLength(a, b)
  const out = new Int8Array(length)
  if (isSymbol(a) && b.kind === 'scalar') byTable(symbolTable(op, a, b.value as string, false), a, out)
  else if (isSymbol(b) && a.kind === 'scalar') byTable(symbolTable(op, b, a.value as string, true), b, out)
  else if (isSymbol(a) && isSymbol(b) && (op === 'eq' || op === 'ne')) sameSymbols(a, b, op === 'eq' ? 1 : 0, out)
  else compareStrings(op, a, b, out)
  return new FixedVector(T.BOOL, out)
}

/** The answer for every symbol of the base: a comparison with a constant then costs one look-up an element. */
function symbolTable(op: CompareOp, v: SymbolVector, constant: string, constantFirst: boolean): Int8Array {
  const { symbols } = v.base
  const table = new Int8Array(symbols.length)
  if (op === 'eq' || op === 'ne') {
    const code = v.base.find(constant)
    if (op === 'ne') table.fill(1)
    if (code >= 0) table[code] = op === 'eq' ? 1 : 0
    return table
  }
  for (let k = 0; k < symbols.length; k++) {
    const order = compareText(symbols[k], constant)
    table[k] = holds(op, constantFirst ? -order : order) ? 1 : 0
  }
  return table
}

function byTable(table: Int8Array, v: SymbolVector, out: Int8Array): void {
  const codes = v.data
  for (let k = 0; k < out.length; k++) out[k] = table[codes[k]]
}

function sameSymbols(a: SymbolVector, b: SymbolVector, whenEqual: number, out: Int8Array): void {
  const left = a.data
  const right = b.data
  if (a.base === b.base) {
    for (let k = 0; k < out.length; k++) out[k] = left[k] === right[k] ? whenEqual : 1 - whenEqual
    return
  }
  const map = Int32Array.from(b.base.symbols, (s) => a.base.find(s))
  for (let k = 0; k < out.length; k++) out[k] = left[k] === map[right[k]] ? whenEqual : 1 - whenEqual
}

function compareStrings(op: CompareOp, a: Flat, b: Flat, out: Int8Array): void {
  const left = toText(a)
  const right = toText(b)
  const p = left.kind === 'scalar' ? undefined : left.strings
  const q = right.kind === 'scalar' ? undefined : right.strings
  const x0 = left.kind === 'scalar' ? (left.value as string) : ''
  const y0 = right.kind === 'scalar' ? (right.value as string) : ''
  if (op === 'eq' || op === 'ne') {
    const whenEqual = op === 'eq' ? 1 : 0
    for (let k = 0; k < out.length; k++)
      out[k] = (p === undefined ? x0 : p[k]) === (q === undefined ? y0 : q[k]) ? whenEqual : 1 - whenEqual
    return
  }
  for (let k = 0; k < out.length; k++)
    out[k] = holds(op, compareText(p === undefined ? x0 : p[k], q === undefined ? y0 : q[k])) ? 1 : 0
}

function extremeText(op: 'max' | 'min', a: Flat, b: Flat): Flat {
  const left = toText(a)
  const right = toText(b)
  const pick = (x: string, y: string): string => (compareText(x, y) >= 0 === (op === 'max') ? x : y)
  if (left.kind === 'scalar' && right.kind === 'scalar')
    return Scalar.string(pick(left.value as string, right.value as string))
  const out = textList(commonLength(left, right))
  for (let k = 0; k < out.length; k++)
    out[k] = pick(
      left.kind === 'scalar' ? (left.value as string) : left.strings[k],
      right.kind === 'scalar' ? (right.value as string) : right.strings[k],
    )
  return new StringVector(out)
}
