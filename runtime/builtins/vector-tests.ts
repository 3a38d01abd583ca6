/** Questions about vectors, and replacing or grouping by value. */
import { usageError } from '../errors.ts'
import { sortIndices } from '../kernels/sort.ts'
import { castScalar } from '../ops/cast.ts'
import { type Builtin, topicTable } from '../registry.ts'
import { Dict, type Key, keyOf, Matrix } from '../values/forms.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { Table } from '../values/table.ts'
import { categoryOf, type Raw, T } from '../values/types.ts'
import { AnyVector, ArrayVector, FixedVector, type Vector } from '../values/vector.ts'
import { type Arg, boolArg, intArg, isGiven, required, sizeError, textArg } from './args.ts'
import { mapVectors, matrixColumn, matrixOf, reduceVectors } from './columns.ts'
import { writeElement } from './growth.ts'
import { anyOrAll } from './higher-order.ts'
import { isNumericColumn } from './shapes.ts'
import { tableGather } from './table-rows.ts'

const { entries, define } = topicTable('Vectors and matrices')
export const vectorTestBuiltins: readonly Builtin[] = entries

// Truth of elements.

/** -1 for null, else whether the element is not zero. */
const truth = (v: Vector, k: number): number => (v.isNullAt(k) ? -1 : Number(v.raw(k)) !== 0 ? 1 : 0)

for (const [name, doc, wanted] of [
  [
    'any',
    'Whether any element is true (not zero); nulls are skipped. Matrix and table by columns, a tuple by rows. any(func, args...) calls func with the items of the arguments, as each does, until one result is true.',
    1,
  ],
  [
    'all',
    'Whether all elements are true (not zero); nulls are skipped. Matrix and table by columns, a tuple by rows. all(func, args...) calls func with the items of the arguments, as each does, until one result is false.',
    0,
  ],
] as const) {
  const signature = `${name}(X, args...)`
  const test = (v: Vector): Scalar => {
    for (let k = 0; k < v.length; k++) if (truth(v, k) === wanted) return Scalar.bool(wanted === 1)
    return Scalar.bool(wanted === 0)
  }
  define(signature, {
    doc,
    kind: 'aggregate',
    call: ([x, ...args], session) => {
      if (x?.kind === 'function' && args.length > 0) return anyOrAll(session, x, args.filter(isGiven), wanted === 1)
      if (args.length > 0) throw usageError(signature, 'With several arguments the first must be a function.')
      if (
        x?.kind === 'vector' &&
        x.storage === 'any' &&
        x.values.length > 0 &&
        x.values.every((e) => e.kind === 'vector')
      ) {
        const columns = x.values as Vector[]
        if (columns.some((c) => c.length !== columns[0].length)) throw sizeError()
        const out = new Int8Array(columns[0].length)
        for (let k = 0; k < out.length; k++) {
          const found = columns.some((c) => truth(c, k) === wanted)
          out[k] = found === (wanted === 1) ? 1 : 0
        }
        return new FixedVector(T.BOOL, out)
      }
      return reduceVectors(signature, x, test)
    },
  })
}

// Order.

/** Order of raw elements of one type: nulls, being the minimum, come first; text compares by bytes as UTF-16 nearly does. */
export function compareRaw(a: Raw, b: Raw): number {
  if (typeof a === 'string') return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b as string))
  return (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0
}

function isOrdered(v: Vector, direction: 1 | -1): boolean {
  for (let k = 1; k < v.length; k++) if (compareRaw(v.raw(k - 1), v.raw(k)) * direction > 0) return false
  return true
}

const oneVector = (x: Arg, signature: string): Vector => {
  if (x?.kind === 'vector') return x
  throw usageError(signature, 'X must be a vector.')
}

define('isSorted(X, [ascending=true])', {
  doc: 'Whether the vector is sorted; equal neighbours are allowed.',
  kind: 'aggregate',
  call: ([x, ascending]) => {
    const signature = 'isSorted(X, [ascending=true])'
    return Scalar.bool(isOrdered(oneVector(x, signature), boolArg(ascending, signature, 'ascending', true) ? 1 : -1))
  },
})
define('isMonotonicIncreasing(X)', {
  doc: 'Whether no element is smaller than the one before it.',
  kind: 'aggregate',
  aliases: ['isMonotonic'],
  call: ([x]) => Scalar.bool(isOrdered(oneVector(x, 'isMonotonicIncreasing(X)'), 1)),
})
define('isMonotonicDecreasing(X)', {
  doc: 'Whether no element is greater than the one before it.',
  kind: 'aggregate',
  call: ([x]) => Scalar.bool(isOrdered(oneVector(x, 'isMonotonicDecreasing(X)'), -1)),
})

for (const [name, direction, word] of [
  ['isPeak', 1, 'greater'],
  ['isValley', -1, 'smaller'],
] as const) {
  const signature = `${name}(X, [strict=true])`
  define(signature, {
    doc: `Whether each element is ${word} than both neighbours; with strict=false a flat run counts as one element. A null neighbour gives false. Of a table the columns that are no numbers stay as they are.`,
    kind: 'vector',
    call: ([x, strict]) => {
      const exact = boolArg(strict, signature, 'strict', true)
      if (x?.kind === 'table')
        return new Table(
          x.names.slice(),
          x.columns.map((c) => (isNumericColumn(c) ? extremes(c, direction, exact) : c)),
        )
      return mapVectors(signature, x, (v) => extremes(v, direction, exact))
    },
  })
}

function extremes(v: Vector, direction: number, strict: boolean): FixedVector {
  const out = new Int8Array(v.length)
  for (let from = 0; from < v.length; ) {
    let to = from + 1
    while (!strict && to < v.length && compareRaw(v.raw(from), v.raw(to)) === 0) to++
    const inner = from > 0 && to < v.length && ![from - 1, from, to].some((k) => v.isNullAt(k))
    if (
      inner &&
      compareRaw(v.raw(from), v.raw(from - 1)) * direction > 0 &&
      compareRaw(v.raw(from), v.raw(to)) * direction > 0
    )
      out.fill(1, from, to)
    from = to
  }
  return new FixedVector(T.BOOL, out)
}

define('valueChanged(X, [mode="prev"])', {
  doc: 'Whether each element differs from its neighbour: "prev", "next", "either" or "both"; a missing neighbour gives false.',
  kind: 'vector',
  call: ([x, mode]) => {
    const signature = 'valueChanged(X, [mode="prev"])'
    const how = textArg(mode, signature, 'mode', 'prev')
    if (!['prev', 'next', 'either', 'both'].includes(how))
      throw usageError(signature, 'mode must be prev, next, either or both.')
    return mapVectors(signature, x, (v) => {
      const changed = (a: number, b: number): boolean => a >= 0 && b < v.length && compareRaw(v.raw(a), v.raw(b)) !== 0
      const out = Int8Array.from({ length: v.length }, (_, k) => {
        const before = changed(k - 1, k)
        const after = changed(k, k + 1)
        if (how === 'prev') return before ? 1 : 0
        if (how === 'next') return after ? 1 : 0
        return (how === 'either' ? before || after : before && after) ? 1 : 0
      })
      return new FixedVector(T.BOOL, out)
    })
  },
})

// Replacing.

function replaced(v: Vector, from: Scalar, to: Scalar, signature: string): Vector {
  const out = v.copy()
  replaceIn(out, from, to, signature)
  return out
}

/** Writes over equal elements; old and new value are converted to the vector's type. */
function replaceIn(v: Vector, from: Scalar, to: Scalar, signature: string): void {
  if (v.storage === 'any' || v.storage === 'array') throw usageError(signature, 'X must be a typed vector or a matrix.')
  for (const s of [from, to])
    if (s.type !== T.VOID && categoryOf(s.type) !== categoryOf(v.type) && !convertible(s.type, v.type))
      throw usageError(signature, 'oldValue and newValue must be of the category of X.')
  const scale = 'scale' in v ? v.scale : undefined
  const old = keyOf(castScalar(from, v.type, scale))
  const source = v.slice(0, 0)
  const one = castScalar(to, v.type, scale)
  const replacement = source.type === T.SYMBOL || source.type === T.STRING ? undefined : one
  for (let k = 0; k < v.length; k++) {
    if (keyOfRaw(v.raw(k)) !== old) continue
    if (replacement === undefined) writeElement(v, k, textVector(v, one.value as string), 0)
    else if (v.storage === 'fixed') v.data[k] = one.value as never
    else if (v.storage === 'wide') v.set(k, one.value)
  }
}

/** Two numbers, or a character for text. */
const convertible = (a: number, b: number): boolean =>
  (['logical', 'integral', 'floating'].includes(categoryOf(a)) &&
    ['logical', 'integral', 'floating'].includes(categoryOf(b))) ||
  (a === T.CHAR && categoryOf(b) === 'literal')

/** A vector of one text in the storage of v. */
function textVector(v: Vector, text: string): Vector {
  const out = v.slice(0, 0)
  if (out.storage === 'string') {
    out.strings.push(text)
    out.length = 1
  } else if (out.storage === 'symbol') {
    out.data = Int32Array.of(out.base.encode(text))
    out.length = 1
  }
  return out
}

export const keyOfRaw = (raw: Raw): Key => (typeof raw === 'object' ? String(raw) : raw)

const oneScalar = (v: Arg, signature: string, name: string): Scalar => {
  if (v instanceof Scalar) return v
  throw usageError(signature, `${name} must be a scalar.`)
}

define('replace(X, oldValue, newValue)', {
  doc: 'A copy with every element equal to oldValue replaced.',
  call: ([x, from, to]) => {
    const signature = 'replace(X, oldValue, newValue)'
    const [a, b] = [oneScalar(from, signature, 'oldValue'), oneScalar(to, signature, 'newValue')]
    return mapVectors(signature, x, (v) => replaced(v, a, b, signature))
  },
})
define('replace!(X, oldValue, newValue)', {
  doc: 'Replaces every element equal to oldValue in place.',
  mutates: true,
  call: ([x, from, to]) => {
    const signature = 'replace!(X, oldValue, newValue)'
    const [a, b] = [oneScalar(from, signature, 'oldValue'), oneScalar(to, signature, 'newValue')]
    if (x?.kind === 'vector') replaceIn(x, a, b, signature)
    else if (x?.kind === 'matrix') x.data = replaced(x.data, a, b, signature)
    else throw usageError(signature, 'X must be a vector or a matrix.')
    return x
  },
})

define('mask(X, Y)', {
  doc: 'X with null where Y is true.',
  kind: 'element',
  call: ([x, y]) => {
    const signature = 'mask(X, Y)'
    const flags = y?.kind === 'matrix' ? y.data : y
    if (x?.kind === 'scalar' && flags?.kind === 'scalar')
      return Number(flags.value) === 1 ? Scalar.nullOf(x.type, x.scale) : x
    const source = x?.kind === 'matrix' ? x.data : x
    if (source?.kind !== 'vector' || flags?.kind !== 'vector')
      throw usageError(signature, 'X and Y must be vectors or matrices.')
    if (source.length !== flags.length) throw sizeError()
    const out = source.gather(Int32Array.from({ length: source.length }, (_, k) => (truth(flags, k) === 1 ? -1 : k)))
    return x?.kind === 'matrix' ? new Matrix(out, x.rows, x.cols, x.rowLabels, x.colLabels) : out
  },
})

define('dropna(X, [byRow=true], [thresh])', {
  doc: 'A vector without its nulls; a matrix or table without the rows (columns) that have a null, or fewer than `thresh` valid values.',
  call: ([x, byRow, thresh]) => {
    const signature = 'dropna(X, [byRow=true], [thresh])'
    const positions = (n: number, keep: (k: number) => boolean): Int32Array =>
      Int32Array.from(Array.from({ length: n }, (_, k) => k).filter(keep))
    if (x?.kind === 'vector') return x.gather(positions(x.length, (k) => !x.isNullAt(k)))
    if (x?.kind !== 'matrix' && x?.kind !== 'table')
      throw usageError(signature, 'X must be a vector, a matrix or a table.')
    const columns = x.kind === 'table' ? x.columns : Array.from({ length: x.cols }, (_, c) => matrixColumn(x, c))
    const rows = x.rows
    if (boolArg(byRow, signature, 'byRow', true)) {
      const least = isGiven(thresh) ? intArg(thresh, signature, 'thresh') : columns.length
      const kept = positions(rows, (k) => columns.filter((c) => !c.isNullAt(k)).length >= least)
      if (x.kind === 'table') return tableGather(x, kept)
      const out = matrixOf(
        columns.map((c) => c.gather(kept)),
        kept.length,
        x,
      )
      out.rowLabels = x.rowLabels?.gather(kept)
      return out
    }
    const least = isGiven(thresh) ? intArg(thresh, signature, 'thresh') : rows
    const kept = positions(columns.length, (c) => {
      let valid = 0
      for (let k = 0; k < rows; k++) if (!columns[c].isNullAt(k)) valid++
      return valid >= least
    })
    const left = Array.from(kept, (c) => columns[c])
    if (x.kind === 'table')
      return new Table(
        Array.from(kept, (c) => x.names[c]),
        left,
      )
    const out = left.length === 0 ? new Matrix(x.data.slice(0, 0), rows, 0, x.rowLabels) : matrixOf(left, rows, x)
    out.colLabels = x.colLabels?.gather(kept)
    return out
  },
})

// Grouping.

define("groups(X, [mode='dict'])", {
  doc: 'Positions of each distinct value: a dictionary (in order of first appearance), or by ascending value a table (key, index), an array vector or a tuple. Null is a value, the smallest.',
  call: ([x, mode]) => {
    const signature = "groups(X, [mode='dict'])"
    const v = oneVector(x, signature)
    if (v.storage === 'any' || v.storage === 'array') throw usageError(signature, 'X must be a vector of scalars.')
    const found = new Map<Key, number[]>()
    for (let k = 0; k < v.length; k++) {
      const key = keyOfRaw(v.raw(k))
      const list = found.get(key)
      if (list === undefined) found.set(key, [k])
      else list.push(k)
    }
    const form = textArg(mode, signature, 'mode', 'dict')
    const inOrder = [...found.values()]
    const firsts = v.gather(Int32Array.from(inOrder, (list) => list[0]))
    const order = form === 'dict' ? inOrder.map((_, k) => k) : Array.from(sortIndices([firsts], [true]))
    const lists = order.map((k) => new FixedVector(T.INT, Int32Array.from(inOrder[k])))
    switch (form) {
      case 'dict':
        return new Dict(
          v.type === T.SYMBOL ? T.STRING : v.type,
          T.ANY,
          new Map<Key, Value>([...found.keys()].map((k, n) => [k, lists[n]])),
        )
      case 'tuple':
        return new AnyVector(lists)
      case 'vector':
        return indexRowsOf(lists)
      case 'table':
        return new Table(['key', 'index'], [firsts.gather(Int32Array.from(order)), indexRowsOf(lists)])
      default:
        throw usageError(signature, "mode must be 'dict', 'table', 'vector' or 'tuple'.")
    }
  },
})

function indexRowsOf(lists: readonly FixedVector[]): ArrayVector {
  const offsets = new Int32Array(lists.length + 1)
  for (let k = 0; k < lists.length; k++) offsets[k + 1] = offsets[k] + lists[k].length
  const flat = new Int32Array(offsets[lists.length])
  for (let k = 0; k < lists.length; k++) flat.set(lists[k].data as Int32Array, offsets[k])
  return new ArrayVector(offsets, new FixedVector(T.INT, flat))
}

define('segment(X, [segmentOffset=true])', {
  doc: 'For each element the start of its run of equal values, or the number of the run; nulls are equal.',
  kind: 'vector',
  call: ([x, offset]) => {
    const signature = 'segment(X, [segmentOffset=true])'
    const v = oneVector(required(x, signature, 'X'), signature)
    const starts = boolArg(offset, signature, 'segmentOffset', true)
    const out = new Int32Array(v.length)
    let start = 0
    let run = 0
    for (let k = 1; k < v.length; k++) {
      if (keyOfRaw(v.raw(k)) !== keyOfRaw(v.raw(k - 1))) {
        start = k
        run++
      }
      out[k] = starts ? start : run
    }
    return new FixedVector(T.INT, out)
  },
})
