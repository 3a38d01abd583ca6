/**
 * Changing vectors in place. The caller owns the vector (it is not frozen). Growing doubles the capacity, so n appends of one element cost
 * O(n) in all; sources have the target's type already (see `convertForAppend`).
 */

import { freezeOwned } from '../compile/ownership.ts'
import { HoldfastError, inputError } from '../errors.ts'
import { convertForAppend, withoutEmptyRows } from '../ops/cast.ts'
import { formName } from '../values/form-name.ts'
import type { Value } from '../values/scalar.ts'
import { isArrayType, typeInfo } from '../values/types.ts'
import {
  AnyVector,
  type ArrayVector,
  type FixedArray,
  newFixedArray,
  type SymbolVector,
  thawed,
  type Vector,
} from '../values/vector.ts'

/** Capacity for `needed` elements, growing by at least half of what is there. */
const capacityFor = (have: number, needed: number): number => Math.max(needed, have * 2, 8)

function grown<A extends FixedArray>(data: A, v: Vector, slots: number, neededSlots: number): A {
  if (data.length >= neededSlots) return data
  const out = newFixedArray(
    isArrayType(v.type) ? 'i32' : typeInfo(v.type).storage,
    Math.ceil(capacityFor(slots, neededSlots) / (v.storage === 'wide' ? 2 : 1)),
  )
  out.set(data.subarray(0, slots) as never)
  return out as A
}

/** Appends the elements of a vector of the same type. The source is not kept, except values inside a tuple, which are frozen. */
export function appendElements(target: Vector, source: Vector): void {
  if (target.type !== source.type) throw new HoldfastError('bug', 'appendElements needs vectors of one type')
  const from = target.length
  const added = source.length
  switch (target.storage) {
    case 'fixed':
      target.data = grown(target.data, target, from, from + added)
      target.data.set((source as typeof target).data.subarray(0, added) as never, from)
      break
    case 'wide':
      target.data = grown(target.data, target, 2 * from, 2 * (from + added))
      target.data.set((source as typeof target).data.subarray(0, 2 * added) as never, 2 * from)
      break
    case 'symbol':
      target.data = grown(target.data, target, from, from + added)
      encodeSymbols(target, source as SymbolVector, from)
      break
    case 'string': {
      const { strings } = target
      const more = (source as typeof target).strings
      for (let k = 0; k < added; k++) strings.push(more[k])
      break
    }
    case 'any':
      for (let k = 0; k < added; k++) pushValue(target, (source as AnyVector).values[k])
      return
    case 'array':
      appendRows(target, source as ArrayVector)
      break
  }
  target.length = from + added
}

/** Writes the source's symbols as codes of the target's base. */
function encodeSymbols(target: SymbolVector, source: SymbolVector, from: number): void {
  const { data, base } = target
  if (source.base === base) {
    data.set(source.data.subarray(0, source.length), from)
    return
  }
  const { symbols } = source.base
  if (source.length * 2 < symbols.length) {
    for (let k = 0; k < source.length; k++) data[from + k] = base.encode(symbols[source.data[k]])
    return
  }
  const codes = new Int32Array(symbols.length).fill(-1)
  for (let k = 0; k < source.length; k++) {
    const code = source.data[k]
    if (codes[code] < 0) codes[code] = base.encode(symbols[code])
    data[from + k] = codes[code]
  }
}

function appendRows(target: ArrayVector, source: ArrayVector): void {
  const from = target.length
  const start = target.offsets[from]
  const sourceStart = source.offsets[0]
  const sourceEnd = source.offsets[source.length]
  target.offsets = grown(target.offsets, target, from + 1, from + 1 + source.length)
  for (let k = 1; k <= source.length; k++) target.offsets[from + k] = start + source.offsets[k] - sourceStart
  target.flat = target.flat.length === start ? thawed(target.flat) : target.flat.slice(0, start)
  const whole = sourceStart === 0 && sourceEnd === source.flat.length
  appendElements(target.flat, whole ? source.flat : source.flat.slice(sourceStart, sourceEnd))
}

/** One element more for a tuple. */
export function pushValue(target: AnyVector, value: Value): void {
  freezeOwned(value)
  target.values.push(value)
  target.length = target.values.length
}

/** Appends any data to a vector, converting it to the vector's type. A tuple receives it as one element, a columnar one a tuple of rows row by row. */
export function appendValue(target: Vector, data: Value): void {
  const isRows = data.kind === 'vector' && (data.storage === 'any' || data.storage === 'array')
  if (target.storage === 'any' && target.columnar && isRows)
    for (let k = 0; k < data.length; k++) pushValue(target, data.get(k))
  else if (target.storage === 'any') pushValue(target, data)
  else if (data.kind === 'scalar' || data.kind === 'vector') {
    const scale = 'scale' in target ? target.scale : undefined
    const rows =
      target.storage === 'array' && data instanceof AnyVector
        ? withoutEmptyRows(data, target.flat.type, target.scale)
        : data
    appendElements(target, convertForAppend(rows, target.type, scale))
  } else if (data.kind === 'matrix') appendValue(target, data.data)
  else throw inputError('Failed to append data', { code: 'append', hint: `a ${formName(data)} can't go into a vector` })
}

/** Keeps the first `length` elements. */
export function truncate(target: Vector, length: number): void {
  if (length >= target.length) return
  if (target.storage === 'string') target.strings.length = length
  else if (target.storage === 'any') target.values.length = length
  else if (target.storage === 'array') target.flat = target.flat.slice(0, target.offsets[length])
  target.length = length
}

/** Drops the first `count` elements. */
export function dropFirst(target: Vector, count: number): void {
  const length = Math.max(target.length - count, 0)
  const from = target.length - length
  switch (target.storage) {
    case 'fixed':
    case 'symbol':
      target.data.copyWithin(0, from, target.length)
      break
    case 'wide':
      target.data.copyWithin(0, 2 * from, 2 * target.length)
      break
    case 'string':
      target.strings.splice(0, from)
      break
    case 'any':
      target.values.splice(0, from)
      break
    case 'array': {
      const rest = target.slice(from, target.length)
      target.offsets = rest.offsets
      target.flat = rest.flat
      break
    }
  }
  target.length = length
}

/** Replaces the content by that of another vector of the same type, which is given away. */
export function replaceContent(target: Vector, source: Vector): void {
  switch (target.storage) {
    case 'fixed':
    case 'wide':
      target.data = (source as typeof target).data
      break
    case 'symbol':
      target.data = Int32Array.from({ length: source.length }, (_, k) => target.base.encode(source.raw(k) as string))
      break
    case 'string': {
      const { strings } = target
      strings.length = 0
      for (const s of (source as typeof target).strings) strings.push(s)
      break
    }
    case 'any':
      target.values.length = 0
      for (const v of (source as AnyVector).values) target.values.push(v)
      break
    case 'array':
      target.offsets = (source as ArrayVector).offsets
      target.flat = (source as ArrayVector).flat
      break
  }
  target.length = source.length
}

/** target[k] = source[j], both of one type. Array vectors have no element writes. */
export function writeElement(target: Vector, k: number, source: Vector, j: number): void {
  switch (target.storage) {
    case 'fixed':
      target.data[k] = (source as typeof target).data[j] as never
      break
    case 'wide':
      target.data[2 * k] = (source as typeof target).data[2 * j] as never
      target.data[2 * k + 1] = (source as typeof target).data[2 * j + 1] as never
      break
    case 'symbol':
      target.data[k] = target.base.encode(source.raw(j) as string)
      break
    case 'string':
      target.strings[k] = source.raw(j) as string
      break
    case 'any': {
      const value = source.get(j)
      freezeOwned(value)
      target.values[k] = value
      break
    }
    case 'array': {
      const rest = target.slice(k + 1, target.length)
      truncate(target, k)
      appendRows(target, (source as ArrayVector).slice(j, j + 1))
      target.length = k + 1
      appendRows(target, rest)
      target.length = k + 1 + rest.length
      break
    }
  }
}
