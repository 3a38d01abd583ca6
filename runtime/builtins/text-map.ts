/**
 * Element-wise functions over text in any form: scalars, STRING and SYMBOL vectors, CHARs, tuples, matrices, dictionaries, and the text
 * columns of tables. A SYMBOL vector is mapped once per distinct symbol, not once per row.
 */
import { usageError } from '../errors.ts'
import { allocate } from '../values/allocator.ts'
import { Dict, Matrix } from '../values/forms.ts'
import { textList } from '../values/heap.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { Table } from '../values/table.ts'
import { isLiteral, type Raw, T, type TypeId } from '../values/types.ts'
import {
  AnyVector,
  FixedVector,
  StringVector,
  SymbolBase,
  SymbolVector,
  type Vector,
  vectorOf,
} from '../values/vector.ts'
import { type Arg, isGiven, sizeError } from './args.ts'

/** `k` is the element's position: functions with per-element parameters look theirs up. */
export type TextFunction = (text: string, k: number) => Raw

/**
 * Applies `f` to each text. `extraLength` is the length of vector parameters that f reads by position, -1 if all are scalars.
 * A result of type STRING keeps SYMBOL vectors as SYMBOL.
 */
export function mapText(signature: string, x: Arg, type: TypeId, f: TextFunction, extraLength = -1): Value {
  if (!isGiven(x)) throw usageError(signature, 'X must be a string or a string vector.')
  switch (x.kind) {
    case 'scalar': {
      const text = scalarOf(x, signature)
      if (extraLength < 0) return new Scalar(type, f(text, 0))
      return collect(type, extraLength, (k) => f(text, k))
    }
    case 'vector':
      return mapVector(signature, x, type, f, extraLength)
    case 'matrix':
      return new Matrix(mapVector(signature, x.data, type, f, -1), x.rows, x.cols, x.rowLabels, x.colLabels)
    case 'dict': {
      const entries = new Map([...x.entries].map(([key, v]) => [key, mapText(signature, v, type, f)] as const))
      return new Dict(x.keyType, x.valueType === T.ANY ? T.ANY : type, entries, x.ordered)
    }
    case 'table':
      return new Table(
        x.names.slice(),
        x.columns.map((c) => (isLiteral(c.type) ? mapVector(signature, c, type, f, -1) : c)),
      )
    default:
      throw usageError(signature, 'X must be a string or a string vector.')
  }
}

function mapVector(signature: string, v: Vector, type: TypeId, f: TextFunction, extraLength: number): Vector {
  if (extraLength >= 0 && extraLength !== v.length) throw sizeError()
  switch (v.storage) {
    case 'symbol':
      if (extraLength < 0) return mapSymbols(v, type, f)
      return collect(type, v.length, (k) => f(v.raw(k), k))
    case 'string': {
      const { strings } = v
      return collect(type, v.length, (k) => f(strings[k], k))
    }
    case 'any': {
      const rows = new AnyVector(
        v.values.map((e, k) => mapText(signature, e, type, extraLength < 0 ? f : (text) => f(text, k))),
      )
      rows.columnar = v.columnar
      return rows
    }
    case 'fixed':
      if (v.type === T.CHAR) return collect(type, v.length, (k) => f(charText(v.raw(k) as number), k))
  }
  throw usageError(signature, 'X must be a string or a string vector.')
}

/** Only the symbols that occur may be mapped: a base can hold far more than a short vector uses. */
function mapSymbols(v: SymbolVector, type: TypeId, f: TextFunction): Vector {
  const { symbols } = v.base
  if (type === T.STRING && symbols.length <= v.length * 2) {
    const base = new SymbolBase()
    const codes = Int32Array.from(symbols, (s) => base.encode(f(s, 0) as string))
    const data = new Int32Array(allocate(v.length * 4))
    for (let k = 0; k < v.length; k++) data[k] = codes[v.data[k]]
    return new SymbolVector(data, base)
  }
  const known = new Map<number, Raw>()
  const mapped = collect(type, v.length, (k) => {
    const code = v.data[k]
    let result = known.get(code)
    if (result === undefined) {
      result = f(symbols[code], 0)
      known.set(code, result)
    }
    return result
  })
  return type === T.STRING ? SymbolVector.encode((mapped as StringVector).strings) : mapped
}

/** A vector of `length` raw elements. */
export function collect(type: TypeId, length: number, element: (k: number) => Raw): Vector {
  if (type === T.STRING || type === T.BLOB) {
    const out = textList(length)
    for (let k = 0; k < length; k++) out[k] = element(k) as string
    return new StringVector(out, type)
  }
  if (type === T.INT) {
    const out = new Int32Array(allocate(length * 4))
    for (let k = 0; k < length; k++) out[k] = element(k) as number
    return new FixedVector(type, out)
  }
  if (type === T.BOOL || type === T.CHAR) {
    const out = new Int8Array(allocate(length))
    for (let k = 0; k < length; k++) out[k] = element(k) as number
    return new FixedVector(type, out)
  }
  return vectorOf(
    type,
    Array.from({ length }, (_, k) => element(k)),
  )
}

export const charText = (code: number): string => (code === -128 ? '' : String.fromCharCode(code & 255))

function scalarOf(s: Scalar, signature: string): string {
  if (isLiteral(s.type)) return s.value as string
  if (s.type === T.CHAR) return charText(s.value as number)
  if (s.type === T.VOID) return ''
  throw usageError(signature, 'X must be a string or a string vector.')
}

/** A parameter that is one value for all elements or one for each. `length` is -1 for a single value. */
export interface Parameter<V> {
  readonly length: number
  at(k: number): V
}

/** Reads a scalar or vector parameter; `read` turns a raw element into what the function wants. */
export function parameter<V>(v: Value, read: (s: Scalar) => V): Parameter<V> {
  if (v.kind === 'vector') {
    const all = Array.from({ length: v.length }, (_, k) => read(v.get(k) as Scalar))
    return { length: v.length, at: (k) => all[k] }
  }
  const one = read(v as Scalar)
  return { length: -1, at: () => one }
}

/** Common length of parameters: -1 if all are single values; different lengths are an error. */
export function commonLength(...parameters: readonly Parameter<unknown>[]): number {
  let length = -1
  for (const p of parameters) {
    if (p.length < 0) continue
    if (length >= 0 && length !== p.length) throw sizeError()
    length = p.length
  }
  return length
}
