/**
 * Rows of matrices, array vectors and columnar tuples (each element a row): picking by index, alignment of price levels, merging; digests of rows; and
 * the sum of the results of several map calls.
 */
import { operatorError, usageError } from '../errors.ts'
import { sortIndices } from '../kernels/sort.ts'
import { elementwise } from '../ops/binary.ts'
import { castVector, concatVectors, relabel } from '../ops/cast.ts'
import { fromDoubles, toDoubles } from '../ops/doubles.ts'
import { topicTable } from '../registry.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { isIntegral, NULL_I32, T, typeName } from '../values/types.ts'
import { AnyVector, ArrayVector, FixedVector, type Vector } from '../values/vector.ts'
import { type Arg, boolArg, isGiven, required, textArg } from './args.ts'
import { elementBytes } from './element-bytes.ts'
import { collect, matrixColumns, matrixFrom, rowsOf } from './shapes.ts'
import { vectorTexts } from './strings.ts'

const { entries, define } = topicTable('Row-wise')
export const rowSelectBuiltins = entries

interface Rows {
  readonly rows: readonly Vector[]
  readonly form: 'matrix' | 'array' | 'tuple'
}

/** The rows of a matrix, an array vector, or a tuple of vectors (each element a row). */
function rowsIn(x: Value): Rows | undefined {
  if (x.kind === 'matrix') return { rows: rowsOf(matrixColumns(x)), form: 'matrix' }
  if (x.kind !== 'vector') return undefined
  if (x.storage === 'array') return { rows: Array.from({ length: x.length }, (_, k) => x.get(k)), form: 'array' }
  if (x.storage === 'any' && x.length > 0 && x.values.every((v) => v.kind === 'vector'))
    return { rows: x.values as Vector[], form: 'tuple' }
  return undefined
}

function rowsArg(v: Arg, usage: string, name: string): Rows {
  const found = rowsIn(required(v, usage, name))
  if (found === undefined) throw usageError(usage, `${name} must be a matrix, an array vector or a columnar tuple.`)
  return found
}

/** Rows as an array vector, or as a columnar tuple where the argument was one. An empty row holds one null. */
function rowsLike(rows: readonly Vector[], tuple: boolean): Value {
  if (tuple) {
    const out = new AnyVector(rows.slice())
    out.columnar = true
    return out
  }
  const filled = rows.map((r) => (r.length === 0 ? r.gather(Int32Array.of(-1)) : r))
  const offsets = new Int32Array(filled.length + 1)
  for (let k = 0; k < filled.length; k++) offsets[k + 1] = offsets[k] + filled[k].length
  const type = filled.length === 0 ? T.INT : filled[0].type
  return new ArrayVector(
    offsets,
    concatVectors(
      filled.map((r) => castVector(r, type)),
      type,
    ),
  )
}

const positionsOf = (flags: Vector): Int32Array => {
  const out: number[] = []
  for (let k = 0; k < flags.length; k++) if (flags.raw(k) === 1) out.push(k)
  return Int32Array.from(out)
}

const usageAt = 'rowAt(X, [Y])'
define(usageAt, {
  kind: 'element',
  doc: 'Elements picked from each row of X (a matrix, an array vector or a columnar tuple). Y an integral vector: one column index per row, giving a vector; an integral array vector or columnar tuple: several per row, giving the like; an index outside of the row gives null. Y of BOOL (same shape as X): the elements where it is true, an array vector; a row without any is null. Without Y, X is BOOL and the result holds the indices of its true elements.',
  call: ([x, y]) => {
    const source = rowsArg(x, usageAt, 'X')
    const first = (rows: readonly Vector[]): number | undefined => rows[0]?.type
    const tuple = source.form === 'tuple'
    if (!isGiven(y)) {
      if (first(source.rows) !== T.BOOL) throw usageError(usageAt, 'without Y, X must be BOOL.')
      return rowsLike(
        source.rows.map((r) => new FixedVector(T.INT, positionsOf(r) as Int32Array<ArrayBuffer>)),
        tuple,
      )
    }
    const wanted = rowsIn(y)
    if (wanted === undefined) {
      if (y.kind !== 'vector' || !isIntegral(y.type))
        throw usageError(
          usageAt,
          'Y must be integral or BOOL: a vector, a matrix, an array vector or a columnar tuple.',
        )
      if (y.length !== source.rows.length) throw operatorError('Incompatible vector size', { code: 'vectorSize' })
      return collect(
        source.rows.map((r, k) => r.gather(Int32Array.of(indexIn(r, y.isNullAt(k) ? -1 : Number(y.raw(k))))).get(0)),
      )
    }
    if (wanted.rows.length !== source.rows.length)
      throw operatorError('Incompatible vector size', { code: 'vectorSize' })
    const type = first(wanted.rows)
    if (type === T.BOOL) {
      if (wanted.rows.some((w, k) => w.length !== source.rows[k].length))
        throw operatorError('Incompatible vector size', { code: 'vectorSize' })
      return rowsLike(
        source.rows.map((r, k) => r.gather(positionsOf(wanted.rows[k]))),
        tuple,
      )
    }
    if (type === undefined || !isIntegral(type) || wanted.form === 'matrix')
      throw usageError(usageAt, `Y must be integral or BOOL, not ${typeName(type ?? T.ANY)}.`)
    return rowsLike(
      source.rows.map((r, k) => {
        const w = wanted.rows[k]
        return r.gather(
          Int32Array.from({ length: w.length }, (_, j) => indexIn(r, w.isNullAt(j) ? -1 : Number(w.raw(j)))),
        )
      }),
      wanted.form === 'tuple',
    )
  },
})

const indexIn = (row: Vector, index: number): number => (index >= 0 && index < row.length ? index : -1)

const usageAlign = 'rowAlign(left, right, how)'
define(usageAlign, {
  doc: "Aligns the rows of two array vectors (or columnar tuples) of price levels, strictly descending for how 'bid' and 'allBid', ascending for 'ask' and 'allAsk' (in any case): the tuple of the positions in left and in right at each level of either, INT, -1 where a side does not have it. 'bid' ends with the higher of the two lowest levels, 'ask' with the lower of the two highest; the others take all levels. rowAt picks by these positions. Nulls are no levels.",
  call: ([left, right, how]) => {
    const a = rowsArg(left, usageAlign, 'left')
    const b = rowsArg(right, usageAlign, 'right')
    const mode = textArg(how, usageAlign, 'how').toLowerCase()
    if (!['bid', 'allbid', 'ask', 'allask'].includes(mode))
      throw usageError(usageAlign, "how must be 'bid', 'allBid', 'ask' or 'allAsk'.")
    if (a.form === 'matrix' || b.form === 'matrix')
      throw usageError(usageAlign, 'left and right must be array vectors or columnar tuples.')
    if (a.rows.length !== b.rows.length) throw operatorError('Incompatible vector size', { code: 'vectorSize' })
    const sides: [Vector[], Vector[]] = [[], []]
    a.rows.forEach((row, k) => {
      const [x, y] = alignLevels(levels(row), levels(b.rows[k]), mode.endsWith('bid'), !mode.startsWith('all'))
      sides[0].push(new FixedVector(T.INT, Int32Array.from(x)))
      sides[1].push(new FixedVector(T.INT, Int32Array.from(y)))
    })
    return new AnyVector(sides.map((rows) => rowsLike(rows, a.form === 'tuple')))
  },
})

const levels = (row: Vector): number[] =>
  Array.from({ length: row.length }, (_, k) => (row.isNullAt(k) ? Number.NaN : Number(row.raw(k)))).filter(
    (n) => !Number.isNaN(n),
  )

function alignLevels(a: readonly number[], b: readonly number[], down: boolean, cut: boolean): [number[], number[]] {
  const x: number[] = []
  const y: number[] = []
  const before = (p: number, q: number): boolean => (down ? p > q : p < q)
  // The last level that both sides reach.
  const ends = [a, b].filter((side) => side.length > 0).map((side) => side[side.length - 1])
  const last = down ? Math.max(...ends) : Math.min(...ends)
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const takeA = i < a.length && (j >= b.length || !before(b[j], a[i]))
    const takeB = j < b.length && (i >= a.length || !before(a[i], b[j]))
    const level = takeA ? a[i] : b[j]
    if (cut && before(last, level)) break
    x.push(takeA ? i++ : -1)
    y.push(takeB ? j++ : -1)
  }
  return [x, y]
}

const usageMerge = 'rowMergeAndSort(sortVec, asc, args...)'

/** All elements of all rows, one after another. */
function merged(v: Value | undefined, usage: string, name: string): Vector {
  const { rows, form } = rowsArg(v, usage, name)
  if (form === 'matrix') throw usageError(usage, `${name} must be an array vector or a columnar tuple.`)
  const type = rows.length === 0 ? T.INT : rows[0].type
  return concatVectors(
    rows.map((r) => castVector(r, type)),
    type,
  )
}

define(usageMerge, {
  doc: 'The rows of an array vector (or columnar tuple) as one sorted vector, ascending or descending by asc. sortVec may be a tuple of two of them, sorted by the first, equal ones by the second; asc is then one BOOL or two. Further arguments of the same shape are merged and put into the same order: the result is then a tuple of all the vectors. The sort is stable.',
  call: ([sortVec, asc, ...args]) => {
    const source = required(sortVec, usageMerge, 'sortVec')
    const several =
      source.kind === 'vector' &&
      source.storage === 'any' &&
      source.values.some((v) => v.kind === 'vector' && (v.storage === 'array' || v.storage === 'any'))
    const keys = (several ? (source as AnyVector).values : [source]).map((v) => merged(v, usageMerge, 'sortVec'))
    if (keys.length > 2) throw usageError(usageMerge, 'sortVec must be one or two columns.')
    const up =
      asc?.kind === 'vector'
        ? Array.from({ length: asc.length }, (_, k) => Number(asc.raw(k)) === 1)
        : keys.map(() => boolArg(asc, usageMerge, 'asc', true))
    if (up.length !== keys.length) throw operatorError('Incompatible vector size', { code: 'vectorSize' })
    const rest = args.map((v) => merged(v, usageMerge, 'args'))
    if ([...keys, ...rest].some((v) => v.length !== keys[0].length))
      throw operatorError('Incompatible vector size', { code: 'vectorSize' })
    const order = sortIndices(keys, up)
    const out = [...keys, ...rest].map((v) => v.gather(order))
    return out.length === 1 ? out[0] : new AnyVector(out)
  },
})

/** One array vector or columnar tuple, or a tuple of several. */
function columnsIn(v: Arg, usage: string, name: string): Value[] {
  const source = required(v, usage, name)
  const several =
    source.kind === 'vector' &&
    source.storage === 'any' &&
    !source.columnar &&
    source.values.some((c) => c.kind === 'vector' && (c.storage === 'array' || c.storage === 'any'))
  return several ? [...(source as AnyVector).values] : [source]
}

const usageFilter = 'rowFilterAndSort(sortVec, filterVec, orderedFilters, args...)'

/** The wanted texts of each filter column, with their places in its order. */
function wantedTexts(v: Arg, columns: number): Map<string, number>[] {
  const source = required(v, usageFilter, 'orderedFilters')
  const lists = columns === 1 || source.kind !== 'vector' || source.storage !== 'any' ? [source] : [...source.values]
  if (lists.length !== columns) throw usageError(usageFilter, 'orderedFilters must have one list for each filterVec.')
  return lists.map((list) => {
    const texts = list.kind === 'scalar' ? [list.value] : list.kind === 'vector' ? vectorTexts(list) : undefined
    if (texts === undefined) throw usageError(usageFilter, 'orderedFilters must be texts.')
    return new Map(texts.map((t, k) => [String(t), k] as const))
  })
}

define(usageFilter, {
  doc: 'Of each row the elements whose texts in filterVec (a columnar tuple, or a tuple of up to 3) stand in orderedFilters (a vector, or one for each filterVec). The rows of sortVec (an array vector or a columnar tuple, or a tuple of up to 3) are sorted already: elements that are equal in them come in the order of orderedFilters, others stay in their order. args are filtered and put into the same order. The tuple of all columns, in the order sortVec, filterVec, args.',
  call: ([sortVec, filterVec, orderedFilters, ...args]) => {
    const keys = columnsIn(sortVec, usageFilter, 'sortVec')
    const filters = columnsIn(filterVec, usageFilter, 'filterVec')
    if (keys.length > 3 || filters.length > 3)
      throw usageError(usageFilter, 'sortVec and filterVec must be at most 3 columns.')
    const wanted = wantedTexts(orderedFilters, filters.length)
    const columns = [
      ...keys.map((v) => rowsArg(v, usageFilter, 'sortVec')),
      ...filters.map((v) => rowsArg(v, usageFilter, 'filterVec')),
      ...args.map((v) => rowsArg(v, usageFilter, 'args')),
    ]
    const rows = columns[0].rows.length
    if (columns.some((c) => c.rows.length !== rows))
      throw operatorError('Incompatible vector size', { code: 'vectorSize' })
    const picked = Array.from({ length: rows }, (_, r) => {
      const row = columns.map((c) => c.rows[r])
      if (row.some((v) => v.length !== row[0].length))
        throw operatorError('Incompatible vector size', { code: 'vectorSize' })
      return keptOrder(row.slice(0, keys.length), row.slice(keys.length, keys.length + filters.length), wanted)
    })
    return new AnyVector(
      columns.map((c) =>
        rowsLike(
          c.rows.map((row, r) => row.gather(picked[r])),
          c.form === 'tuple',
        ),
      ),
    )
  },
})

/** Positions of the elements that stay; where the keys are equal, in the order of the filters. */
function keptOrder(
  keys: readonly Vector[],
  filters: readonly Vector[],
  wanted: readonly ReadonlyMap<string, number>[],
): Int32Array {
  const places = filters.map((f, c) => vectorTexts(f).map((text) => wanted[c].get(text) ?? -1))
  // Numbers of the runs of equal keys: the rows come sorted, and only inside of a run the order changes.
  const run = new Int32Array(keys[0].length)
  for (let k = 1; k < run.length; k++) run[k] = run[k - 1] + (keys.some((v) => v.raw(k) !== v.raw(k - 1)) ? 1 : 0)
  const kept = Array.from({ length: run.length }, (_, k) => k).filter((k) => places.every((p) => p[k] >= 0))
  const order = (a: number, b: number): number => {
    if (run[a] !== run[b]) return run[a] - run[b]
    const differing = places.find((p) => p[a] !== p[b])
    return differing === undefined ? a - b : differing[a] - differing[b]
  }
  return Int32Array.from(kept.sort(order))
}

const usageCumulative = 'rowCumwsum(X, Y)'
define(usageCumulative, {
  kind: 'element',
  doc: 'The running sum of X times Y along each row, DOUBLE, in the form of X: a matrix, an array vector or a columnar tuple; where either is null the sum so far.',
  call: ([x, y]) => {
    const a = rowsArg(x, usageCumulative, 'X')
    const b = rowsArg(y, usageCumulative, 'Y')
    if (a.rows.length !== b.rows.length) throw operatorError('Incompatible vector size', { code: 'vectorSize' })
    const rows = a.rows.map((row, r) => {
      const p = toDoubles('rowCumwsum', row)
      const q = toDoubles('rowCumwsum', b.rows[r])
      if (p.length !== q.length) throw operatorError('Incompatible vector size', { code: 'vectorSize' })
      let sum = Number.NaN
      return fromDoubles(
        p.map((v, k) => {
          const product = v * q[k]
          if (!Number.isNaN(product)) sum = Number.isNaN(sum) ? product : sum + product
          return sum
        }),
      )
    })
    if (a.form !== 'matrix' || x?.kind !== 'matrix') return rowsLike(rows, a.form === 'tuple')
    return rows.length === 0 ? x : relabel(x, matrixFrom(rowsOf(rows)).data)
  },
})

define('rowGmd5(args...)', {
  kind: 'element',
  doc: 'The MD5 digest (INT128) of each row over all arguments (vectors, tuples of vectors, array vectors, columnar tuples, matrices, tables): the one that gmd5 gives for its elements.',
  call: (args) => {
    const usage = 'rowGmd5(args...)'
    const columns: Vector[] = []
    const add = (v: Value): void => {
      if (v.kind === 'matrix') columns.push(...matrixColumns(v))
      else if (v.kind === 'table') columns.push(...v.columns)
      else if (v.kind === 'vector' && v.storage === 'any' && !v.columnar) v.values.forEach(add)
      else if (v.kind === 'vector') columns.push(v)
      else throw usageError(usage, 'The arguments must be vectors, tuples of vectors, matrices or tables.')
    }
    for (const arg of args) add(required(arg, usage, 'X'))
    if (columns.length === 0) throw usageError(usage, 'At least one column is needed.')
    if (columns.some((c) => c.length !== columns[0].length))
      throw operatorError('Incompatible vector size', { code: 'vectorSize' })
    const { createHash } = process.getBuiltinModule('node:crypto')
    return collect(
      Array.from({ length: columns[0].length }, (_, k) => {
        const hash = createHash('md5')
        for (const c of columns) hash.update(elementBytes(c.get(k), '\0'))
        return new Scalar(T.INT128, BigInt(`0x${hash.digest('hex')}`))
      }),
    )
  },
})

define('tupleSum(X)', {
  doc: 'X is the tuple of the results of several map calls, each a tuple over the calls: the sums of each of them, element by element, as a tuple; a single one is given as it is.',
  call: ([x]) => {
    const source = required(x, 'tupleSum(X)', 'X')
    if (source.kind !== 'vector' || source.storage !== 'any' || source.length === 0)
      throw usageError('tupleSum(X)', 'X must be a tuple.')
    const sums = source.values.map(sumOf)
    return sums.length === 1 ? sums[0] : collectTuple(sums)
  },
})

function sumOf(v: Value): Value {
  const parts: readonly Value[] =
    v.kind === 'vector' && v.storage === 'any'
      ? v.values
      : v.kind === 'vector'
        ? Array.from({ length: v.length }, (_, k) => v.get(k) as Value)
        : [v]
  if (parts.length === 0) return new Scalar(T.INT, NULL_I32)
  return parts.reduce((a, b) => elementwise('add', a, b))
}

const collectTuple = (values: readonly Value[]): Value => new AnyVector(values.slice())
