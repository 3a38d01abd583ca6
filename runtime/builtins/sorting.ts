/** Sorting, ranking, distinct values and searching. */
import { inputError, operatorError } from '../errors.ts'
import { groupIds } from '../kernels/hash.ts'
import { selectKth } from '../kernels/quantile.ts'
import { BulkRandom } from '../kernels/random.ts'
import { ranksOf } from '../kernels/rank.ts'
import { isSortedVector, sortIndices, sortVector } from '../kernels/sort.ts'
import { castScalar, castVector, concatVectors, relabel, scalarToVector } from '../ops/cast.ts'
import { toDoubles } from '../ops/doubles.ts'
import { finerTemporal } from '../ops/temporal.ts'
import { compareText } from '../ops/text.ts'
import { topicTable } from '../registry.ts'
import { Dict, Matrix } from '../values/forms.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { Table } from '../values/table.ts'
import { elementType, isDecimal, isLiteral, isNumeric, isTemporal, T, type TypeId, typeName } from '../values/types.ts'
import { AnyVector, ArrayVector, FixedVector, type Vector } from '../values/vector.ts'
import { type Arg, boolArg, intArg, isGiven, required, textArg } from './args.ts'
import { rankOptions, rankVector } from './cumulative.ts'
import { overwrite } from './nulls.ts'
import { asVector, vectorOver } from './shapes.ts'
import { keyIndexOf, rowKey } from './table-keys.ts'

const { entries, define } = topicTable('Vector, tuple and matrix manipulation')

for (const bang of ['', '!']) {
  const usage = `sort${bang}(X, [ascending=true])`
  define(usage, {
    kind: bang === '' ? 'vector' : 'general',
    mutates: bang === '!',
    doc: `X in order, nulls smallest, texts by bytes; a matrix column by column${bang === '' ? '' : '; X itself changes'}.`,
    call: ([x, ascending]) => {
      const up = boolArg(ascending, usage, 'ascending', true)
      const source = required(x, usage, 'X')
      const sorted = vectorOver('sort', source, (v) => sortVector(v, up))
      return bang === '' ? sorted : overwrite(source, sorted)
    },
  })
}

/** Sort keys of isort: one vector, or a tuple of vectors with one direction each. */
function sortKeys(x: Value, ascending: Arg, usage: string): { columns: Vector[]; directions: boolean[] } {
  const columns =
    x.kind === 'vector' && x.storage === 'any' && x.values.every((v) => v.kind === 'vector')
      ? (x.values as Vector[])
      : x.kind === 'table'
        ? x.columns
        : [asVector(x)]
  if (columns.some((c) => c === undefined))
    throw inputError(`Usage: ${usage}. X must be a vector or a tuple of vectors.`)
  const vectors = columns as Vector[]
  if (vectors.some((v) => v.length !== vectors[0].length))
    throw operatorError('Incompatible vector size', { code: 'vectorSize' })
  if (ascending?.kind === 'vector') {
    if (ascending.length !== vectors.length)
      throw inputError(`Usage: ${usage}. ascending must have one element for each vector of X.`)
    return { columns: vectors, directions: vectors.map((_, k) => boolArg(ascending.get(k), usage, 'ascending', true)) }
  }
  const up = boolArg(ascending, usage, 'ascending', true)
  return { columns: vectors, directions: vectors.map(() => up) }
}

const indices = (positions: Int32Array): FixedVector => new FixedVector(T.INT, positions as Int32Array<ArrayBuffer>)

define('isort(X, [ascending=true])', {
  kind: 'vector',
  doc: 'The positions of the elements in sorted order, so that X[isort(X)] is sorted. X may be a tuple of vectors, ascending then a vector of directions.',
  call: ([x, ascending]) => {
    const { columns, directions } = sortKeys(
      required(x, 'isort(X, [ascending=true])', 'X'),
      ascending,
      'isort(X, [ascending=true])',
    )
    return indices(sortIndices(columns, directions))
  },
})
define('isort!(X, [ascending=true], indices)', {
  doc: 'Writes the positions of the elements in sorted order into the INT vector indices, which must be as long as X, and returns it. X stays as it is; it may be a tuple of vectors, ascending then a vector of directions.',
  mutates: true,
  mutatedAt: 2,
  call: ([x, ascending, target]) => {
    const usage = 'isort!(X, [ascending=true], indices)'
    const { columns, directions } = sortKeys(required(x, usage, 'X'), ascending, usage)
    if (target?.kind !== 'vector' || target.storage !== 'fixed' || target.type !== T.INT)
      throw inputError(`Usage: ${usage}. indices must be an INT vector.`)
    if (target.length !== columns[0].length) throw operatorError('Incompatible vector size', { code: 'vectorSize' })
    target.data.set(sortIndices(columns, directions) as never)
    return target
  },
})
define('isortTop(X, top, [ascending=true])', {
  doc: 'The first `top` positions of isort.',
  call: ([x, top, ascending]) => {
    const usage = 'isortTop(X, top, [ascending=true])'
    const { columns, directions } = sortKeys(required(x, usage, 'X'), ascending, usage)
    return indices(sortIndices(columns, directions).slice(0, Math.max(0, intArg(top, usage, 'top'))))
  },
})

const usageRank =
  "rank(X, [ascending=true], [groupNum], [ignoreNA=true], [tiesMethod='min'], [percent=false], [precision])"

/** Rank, or with groupNum the group of each element: groups of equal size, the first n mod groupNum one larger. */
export function rankOf(v: Vector, args: readonly Arg[], usage: string): FixedVector {
  const [, ascending, groupNum, ignoreNA, ties, percent, precision] = args
  const options = rankOptions(usage, ascending, ignoreNA, ties, percent)
  const source = isGiven(precision) ? roundedTo(v, intArg(precision, usage, 'precision')) : v
  if (!isGiven(groupNum)) return rankVector(ranksOf(source, options), options)
  const groups = intArg(groupNum, usage, 'groupNum')
  if (groups < 1) throw inputError(`Usage: ${usage}. groupNum must be positive.`)
  const ranks = ranksOf(source, { ...options, ties: 'min', percent: false })
  let count = 0
  for (const r of ranks) if (!Number.isNaN(r)) count++
  const size = Math.floor(count / groups)
  const larger = count % groups
  for (let k = 0; k < ranks.length; k++) {
    const r = ranks[k]
    if (Number.isNaN(r)) continue
    ranks[k] =
      r < larger * (size + 1) ? Math.floor(r / (size + 1)) : larger + Math.floor((r - larger * (size + 1)) / size)
  }
  return rankVector(ranks, { ...options, ties: 'min', percent: false })
}

function roundedTo(v: Vector, digits: number): Vector {
  const scale = 10 ** digits
  return new FixedVector(
    T.DOUBLE,
    toDoubles('rank', v).map((x) => Math.round(x * scale) / scale) as Float64Array<ArrayBuffer>,
  )
}

define(usageRank, {
  kind: 'vector',
  doc: '0-based rank of each element. Nulls have none (lowest with ignoreNA=false); ties take the min, max, average or first rank; groupNum gives group numbers instead; percent gives (rank+1)/n.',
  call: (args) => {
    const x = required(args[0], usageRank, 'X')
    return vectorOver('rank', ranked(x), (v) => rankOf(v, args, usageRank))
  },
})
/** Of a dictionary its values. */
function ranked(x: Value): Value {
  return x.kind === 'dict' ? (asVector(new AnyVector([...x.entries.values()])) ?? x) : x
}

const usageDense = 'denseRank(X, [ascending=true], [ignoreNA=true], [percent=false])'
define(usageDense, {
  kind: 'vector',
  doc: '0-based rank without gaps after ties.',
  call: ([x, ascending, ignoreNA, percent]) => {
    const options = { ...rankOptions(usageDense, ascending, ignoreNA, undefined, percent), dense: true }
    return vectorOver('denseRank', ranked(required(x, usageDense, 'X')), (v) =>
      rankVector(ranksOf(v, options), options),
    )
  },
})

define('distinct(X)', {
  doc: 'The distinct elements in order of first appearance, null included. An array vector is flattened.',
  call: ([x]) => {
    const source = required(x, 'distinct(X)', 'X')
    if (source.kind === 'vector' && source.storage === 'any' && source.values.every((v) => v.kind === 'vector')) {
      const columns = source.values as Vector[]
      const { firstRows } = groupIds(columns)
      return new AnyVector(columns.map((c) => c.gather(firstRows)))
    }
    const v =
      source.kind === 'matrix' ? source.data : (asVector(source) ?? (source.kind === 'vector' ? source : undefined))
    if (v === undefined) throw inputError('Usage: distinct(X). X must be a vector.')
    return v.gather(groupIds([v]).firstRows)
  },
})

const usageDuplicated = 'isDuplicated(X, [keep=FIRST])'
define(usageDuplicated, {
  kind: 'vector',
  doc: 'Whether an element (or a row of a tuple of columns) repeats another: FIRST keeps the first occurrence, LAST the last, NONE marks all of them.',
  call: ([x, keep]) => {
    const { columns } = sortKeys(required(x, usageDuplicated, 'X'), undefined, usageDuplicated)
    const mode = textArg(keep, usageDuplicated, 'keep', 'FIRST').toUpperCase()
    const { ids, count, firstRows } = groupIds(columns)
    const out = new Int8Array(ids.length)
    if (mode === 'FIRST') for (let k = 0; k < out.length; k++) out[k] = firstRows[ids[k]] === k ? 0 : 1
    else if (mode === 'LAST') {
      const seen = new Uint8Array(count)
      for (let k = out.length - 1; k >= 0; k--) {
        out[k] = seen[ids[k]]
        seen[ids[k]] = 1
      }
    } else if (mode === 'NONE') {
      const counts = new Int32Array(count)
      for (const id of ids) counts[id]++
      for (let k = 0; k < out.length; k++) out[k] = counts[ids[k]] > 1 ? 1 : 0
    } else throw inputError(`Usage: ${usageDuplicated}. keep must be FIRST, LAST or NONE.`)
    return new FixedVector(T.BOOL, out)
  },
})

// ---------------------------------------------------------------------------------------------------------------------
// Searching

/** Both sides in one type in which their elements compare. */
function comparable(usage: string, x: Vector, y: Value): { keys: Vector; probes: Vector; scalar: boolean } {
  const scalar = y.kind === 'scalar'
  const probe = scalar ? (y.type === T.VOID ? Scalar.nullOf(x.type) : y) : asVector(y)
  if (probe === undefined) throw inputError(`Usage: ${usage}. Y must be a scalar or a vector.`)
  const type = meetingType(usage, x.type, probe.type)
  return {
    keys: castVector(x, type),
    probes: probe.kind === 'scalar' ? scalarToVector(castScalar(probe, type), 1) : castVector(probe, type),
    scalar,
  }
}

function meetingType(usage: string, a: TypeId, b: TypeId): TypeId {
  if (isLiteral(a) && isLiteral(b)) return T.STRING
  if (a === b) return a
  if ((a === T.CHAR && isLiteral(b)) || (b === T.CHAR && isLiteral(a))) return T.STRING
  if (isTemporal(a) && isTemporal(b)) return finerTemporal(a, b)
  if (isNumeric(a) && isNumeric(b))
    return Math.max(a, b) > T.LONG ? T.DOUBLE : Math.max(a, b) === T.LONG ? T.LONG : T.INT
  if ((isDecimal(a) || isNumeric(a)) && (isDecimal(b) || isNumeric(b))) return T.DOUBLE
  throw operatorError(`Usage: ${usage}. ${typeName(a)} and ${typeName(b)} can not be compared.`)
}

const answer = (positions: Int32Array, scalar: boolean): Value =>
  scalar ? Scalar.int(positions[0]) : new FixedVector(T.INT, positions as Int32Array<ArrayBuffer>)

/** First position of each Y in X, -1 where it does not occur. */
export function findPositions(x: Vector, y: Value): Value {
  const flat = x.storage === 'array' ? castVector(x.flat, elementType(x.type)) : x
  const { keys, probes, scalar } = comparable('find(X, Y)', flat, y)
  const { ids, firstRows } = groupIds([concatVectors([keys, probes], keys.type)])
  const out = new Int32Array(probes.length)
  for (let k = 0; k < out.length; k++) {
    const row = firstRows[ids[keys.length + k]]
    out[k] = row < keys.length ? row : -1
  }
  return answer(out, scalar)
}

/** Rows of a table with several key columns; Y is a tuple of what is looked for in each. */
function findKeyRows(t: Table, y: Value): Value {
  const keys = t.keyColumns!.map((c) => t.columns[c])
  if (y.kind !== 'vector' || y.storage !== 'any' || y.length !== keys.length)
    throw inputError('Usage: find(X, Y). Y must be a tuple with one element for each key column.')
  const scalar = y.values.every((v) => v.kind === 'scalar')
  const rows = y.values.reduce((n, v) => (v.kind === 'vector' ? Math.max(n, v.length) : n), 1)
  const columns = y.values.map((v, c) => {
    const type = keys[c].type === T.SYMBOL ? T.STRING : keys[c].type
    if (v.kind === 'vector' && v.length === rows) return castVector(v, type)
    if (v.kind !== 'scalar') throw operatorError('Incompatible vector size', { code: 'vectorSize' })
    return scalarToVector(castScalar(v, type), rows)
  })
  const index = keyIndexOf(t)
  return answer(
    Int32Array.from({ length: rows }, (_, k) => index.get(rowKey(columns, k)) ?? -1),
    scalar,
  )
}

define('find(X, Y)', {
  doc: 'The first position of each Y in the vector X, -1 if it does not occur; in a dictionary the value of the key. In a table with one column the first row, in a keyed or indexed table the row of the key: of several key columns Y is a tuple with one element for each.',
  call: ([x, y]) => {
    const source = required(x, 'find(X, Y)', 'X')
    const probe = required(y, 'find(X, Y)', 'Y')
    if (source.kind === 'dict') {
      const lookup = (s: Scalar): Value =>
        source.entries.get(castScalar(s, source.keyType).value as never) ??
        Scalar.nullOf(source.valueType, source.scale)
      if (probe.kind === 'scalar') return lookup(probe)
      const v = asVector(probe)
      if (v === undefined) throw inputError('Usage: find(X, Y). Y must be a scalar or a vector.')
      const values = Array.from({ length: v.length }, (_, k) => lookup(v.get(k) as Scalar))
      return source.valueType === T.ANY
        ? new AnyVector(values)
        : castVector(new AnyVector(values), source.valueType, source.scale)
    }
    if (source.kind === 'table') {
      const keys = source.keyColumns ?? (source.columns.length === 1 ? [0] : [])
      if (keys.length === 0)
        throw inputError('Usage: find(X, Y). X must be a vector, a dictionary, a table with one column or with keys.')
      if (keys.length > 1) return findKeyRows(source, probe)
      return findPositions(source.columns[keys[0]], probe)
    }
    const v = asVector(source)
    if (v === undefined) throw inputError('Usage: find(X, Y). X must be a vector or a dictionary.')
    return findPositions(v, probe)
  },
})

/** Number of keys that are smaller than (or, with `orEqual`, not greater than) each probe; the keys ascend. */
function bounds(keys: Vector, probes: Vector, orEqual: boolean): Int32Array {
  const out = new Int32Array(probes.length)
  const less = comparator(keys, probes)
  for (let k = 0; k < out.length; k++) {
    let low = 0
    let high = keys.length
    while (low < high) {
      const mid = (low + high) >> 1
      const order = less(mid, k)
      if (order < 0 || (orEqual && order === 0)) low = mid + 1
      else high = mid
    }
    out[k] = low
  }
  return out
}

function comparator(keys: Vector, probes: Vector): (i: number, j: number) => number {
  if (keys.storage === 'fixed' && probes.storage === 'fixed') {
    const a = keys.data
    const b = probes.data
    return (i, j) => (a[i] < b[j] ? -1 : a[i] > b[j] ? 1 : 0)
  }
  if (keys.storage === 'string' && probes.storage === 'string') {
    const a = keys.strings
    const b = probes.strings
    return (i, j) => compareText(a[i], b[j])
  }
  return (i, j) => {
    const x = keys.raw(i) as bigint
    const y = probes.raw(j) as bigint
    return x < y ? -1 : x > y ? 1 : 0
  }
}

/** The answer for every element of Y, in the form Y has. */
function inForm(y: Value, search: (probe: Value) => Value): Value {
  switch (y.kind) {
    case 'matrix':
      return relabel(y, search(y.data) as Vector)
    case 'table':
      return new Table(
        y.names.slice(),
        y.columns.map((c) => inForm(c, search) as Vector),
      )
    case 'dict':
      return new Dict(
        y.keyType,
        T.INT,
        new Map([...y.entries].map(([key, v]) => [key, inForm(v, search)] as const)),
        y.ordered,
      )
    case 'vector':
      if (y.storage === 'any' && y.values.some((v) => v.kind !== 'scalar'))
        return new AnyVector(y.values.map((v) => inForm(v, search)))
      if (y.storage === 'array') return new ArrayVector(y.offsets, search(y.flat) as Vector)
      return search(y)
    default:
      return search(y)
  }
}

/** The rows of an indexed series or matrix at the labels that the search finds; null where there is none. */
function rowsAtLabels(
  usage: string,
  m: Matrix,
  y: Value,
  find: (keys: Vector, probes: Vector) => ArrayLike<number>,
): Value {
  if (m.rowLabels === undefined) throw inputError(`Usage: ${usage}. X must have row labels.`)
  const { keys, probes } = comparable(usage, m.rowLabels, y)
  const rows = Array.from(find(keys, probes), (n) => (n < m.rows ? n : -1))
  const positions = new Int32Array(rows.length * m.cols)
  for (let k = 0; k < positions.length; k++) {
    const row = rows[k % rows.length]
    positions[k] = row < 0 ? -1 : Math.floor(k / rows.length) * m.rows + row
  }
  const labels = asVector(y)
  const out = new Matrix(m.data.gather(positions), rows.length, m.cols, labels, m.colLabels)
  out.indexed = labels !== undefined && isSortedVector(labels, true, true) ? m.indexed : 'no'
  return out
}

const searcher = (name: string, doc: string, f: (keys: Vector, probes: Vector) => Int32Array): void =>
  define(`${name}(X, Y)`, {
    doc,
    call: ([x, y]) => {
      const usage = `${name}(X, Y)`
      const sought = required(y, usage, 'Y')
      const source = required(x, usage, 'X')
      if (source.kind === 'matrix' && source.indexed !== 'no' && name !== 'binsrch')
        return rowsAtLabels(usage, source, sought, f)
      const v = asVector(source)
      if (v === undefined) throw inputError(`Usage: ${usage}. X must be a vector.`)
      return inForm(sought, (probe) => {
        const { keys, probes, scalar } = comparable(usage, v, probe)
        return answer(f(keys, probes), scalar)
      })
    },
  })
searcher(
  'asof',
  'The last position in the ascending vector X whose element is not greater than Y; -1 if there is none. Of an indexed series or matrix the row at that label instead, null if there is none.',
  (keys, probes) => bounds(keys, probes, true).map((n) => n - 1),
)
searcher('binsrch', 'The position of Y in the ascending vector X, -1 if it does not occur.', (keys, probes) => {
  const order = comparator(keys, probes)
  return bounds(keys, probes, false).map((n, k) => (n < keys.length && order(n, k) === 0 ? n : -1))
})
searcher(
  'lowerBound',
  'The first position in the ascending vector X whose element is not less than Y; size(X) if there is none. Of an indexed series or matrix the row at that label instead, null if there is none.',
  (keys, probes) => bounds(keys, probes, false),
)

define('searchK(X, k)', {
  kind: 'aggregate',
  doc: 'The k-th smallest element (from 1), nulls ignored.',
  call: ([x, k]) => {
    const v = asVector(required(x, 'searchK(X, k)', 'X'))
    if (v === undefined || !isNumeric(v.type)) throw inputError('Usage: searchK(X, k). X must be a numeric vector.')
    const valid = toDoubles('searchK', v).filter((n) => !Number.isNaN(n))
    const n = intArg(k, 'searchK(X, k)', 'k')
    if (n < 1 || n > valid.length) return Scalar.nullOf(v.type)
    return castScalar(Scalar.double(selectKth(valid, n - 1)), v.type)
  },
})

// ---------------------------------------------------------------------------------------------------------------------

for (const bang of ['', '!'])
  define(`shuffle${bang}(X)`, {
    mutates: bang === '!',
    doc: `A random permutation of the elements of a vector or matrix${bang === '' ? '' : '; X itself changes'}.`,
    call: ([x], session) => {
      const source = required(x, `shuffle${bang}(X)`, 'X')
      const random = new BulkRandom(session.random)
      const permuted = (v: Vector): Vector => {
        const positions = Int32Array.from({ length: v.length }, (_, k) => k)
        for (let k = positions.length - 1; k > 0; k--) {
          const j = random.below(k + 1)
          const p = positions[k]
          positions[k] = positions[j]
          positions[j] = p
        }
        return v.gather(positions)
      }
      if (source.kind !== 'matrix' && source.kind !== 'vector')
        throw inputError(`Usage: shuffle${bang}(X). X must be a vector or a matrix.`)
      const result =
        source.kind === 'matrix'
          ? new Matrix(permuted(source.data), source.rows, source.cols, source.rowLabels, source.colLabels)
          : permuted(source)
      return bang === '' ? result : overwrite(source, result)
    },
  })

export const sortingBuiltins = entries
