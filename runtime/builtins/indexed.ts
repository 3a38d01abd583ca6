/**
 * Indexed series and matrices, whose labels the operators align by (runtime/ops/align.ts), and the two functions that bring labels together on
 * request: `align` answers both sides on common labels, `merge` puts indexed objects side by side. Joins of labels follow those of tables: equal labels
 * meet in all combinations, null labels are equal to each other.
 */
import { inputError, operatorError, usageError } from '../errors.ts'
import { groupIds } from '../kernels/hash.ts'
import { isSortedVector, sortIndices } from '../kernels/sort.ts'
import { castVector } from '../ops/cast.ts'
import { type Builtin, topicTable } from '../registry.ts'
import { Matrix } from '../values/forms.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { T } from '../values/types.ts'
import { AnyVector, StringVector, type Vector } from '../values/vector.ts'
import { type Arg, boolArg, isGiven, textArg, vectorArg } from './args.ts'
import { joinedVector } from './columns.ts'

const { entries, define } = topicTable('Creating vectors, matrices, sets')
export const indexedBuiltins: readonly Builtin[] = entries

const isStrictlyIncreasing = (labels: Vector): boolean => isSortedVector(labels, true, true)

define('indexedSeries(index, value)', {
  doc: 'A matrix of one column with `index` as row labels, which operators align by: labels that one side lacks give null. index must be strictly increasing and as long as value.',
  call: ([index, value]) => {
    const signature = 'indexedSeries(index, value)'
    const labels = vectorArg(index, signature, 'index')
    const values = vectorArg(value, signature, 'value')
    if (labels.length !== values.length)
      throw usageError(signature, 'index and value must be vectors of the same length.')
    if (values.storage === 'any' || values.storage === 'array')
      throw usageError(signature, 'value must be a vector of one type.')
    if (!isStrictlyIncreasing(labels)) throw usageError(signature, 'index must be strictly increasing.')
    const out = new Matrix(values.slice(0, values.length), values.length, 1, labels.slice(0, labels.length))
    out.indexed = 'series'
    return out
  },
})

for (const form of ['matrix', 'series'] as const) {
  const series = form === 'series'
  const setter = `setIndexed${series ? 'Series' : 'Matrix'}!(X, [on=true])`
  define(setter, {
    doc: series
      ? 'Makes a matrix of one column with strictly increasing row labels an indexed series, or with on=false an ordinary matrix again. Returns X.'
      : 'Makes the row and column labels of a matrix its index: operators then align by them. The labels must be strictly increasing. on=false makes it an ordinary matrix again. Returns X.',
    mutates: true,
    call: ([x, on]) => {
      if (x?.kind !== 'matrix') throw usageError(setter, 'X must be a matrix.')
      if (!boolArg(on, setter, 'on', true)) {
        x.indexed = 'no'
        return x
      }
      if (series && x.cols !== 1) throw usageError(setter, 'X must be a matrix with only one column.')
      const needed = series ? [x.rowLabels] : [x.rowLabels, x.colLabels]
      if (needed.some((l) => l === undefined))
        throw usageError(setter, `X must have ${series ? 'row labels' : 'row labels and column labels'}.`)
      if (!needed.every((l) => isStrictlyIncreasing(l!)))
        throw usageError(setter, 'The labels must be strictly increasing.')
      x.indexed = form
      return x
    },
  })
  define(`isIndexed${series ? 'Series' : 'Matrix'}(X)`, {
    doc: `Whether X is an indexed ${form}.`,
    call: ([x]) => Scalar.bool(x?.kind === 'matrix' && x.indexed === form),
  })
}

type How = 'outer' | 'inner' | 'left' | 'right' | 'asof'
const HOW: Readonly<Record<string, How | undefined>> = {
  outer: 'outer',
  fj: 'outer',
  inner: 'inner',
  ej: 'inner',
  left: 'left',
  lj: 'left',
  right: 'right',
  asof: 'asof',
  aj: 'asof',
}

/** Positions on both sides, -1 where one has no such label. */
interface Alignment {
  readonly labels: Vector
  readonly left: Int32Array
  readonly right: Int32Array
}

/**
 * Labels joined like the keys of a table. Outer: ascending; inner and left: in the order of the left side; right: of the right side; asof: the labels of the
 * left side, each with the last label of the right side that is not greater.
 */
export function joinLabels(a: Vector, b: Vector, how: How): Alignment {
  const all = joinedVector([a, b])
  if (all === undefined)
    throw operatorError('The labels have types that do not convert to each other.', { code: 'labelTypes' })
  if (how === 'asof') return asofLabels(all, a.length)
  if (how === 'right') {
    const { labels, left, right } = joinLabels(b, a, 'left')
    return { labels, left: right, right: left }
  }
  const { ids, count } = groupIds([all])
  const rowsOfRight = Array.from({ length: count }, (): number[] => [])
  for (let k = 0; k < b.length; k++) rowsOfRight[ids[a.length + k]].push(k)
  const used = new Uint8Array(count)
  const left: number[] = []
  const right: number[] = []
  for (let k = 0; k < a.length; k++) {
    used[ids[k]] = 1
    const matches = rowsOfRight[ids[k]]
    for (const j of matches) {
      left.push(k)
      right.push(j)
    }
    if (matches.length === 0 && how !== 'inner') {
      left.push(k)
      right.push(-1)
    }
  }
  if (how === 'outer')
    for (let k = 0; k < b.length; k++) {
      if (used[ids[a.length + k]] === 1) continue
      left.push(-1)
      right.push(k)
    }
  const labels = all.gather(Int32Array.from(left, (k, at) => (k >= 0 ? k : a.length + right[at])))
  if (how !== 'outer') return { labels, left: Int32Array.from(left), right: Int32Array.from(right) }
  const order = sortIndices([labels], [true])
  const inOrder = (positions: readonly number[]): Int32Array => Int32Array.from(order, (k) => positions[k])
  return { labels: labels.gather(order), left: inOrder(left), right: inOrder(right) }
}

function asofLabels(all: Vector, count: number): Alignment {
  if (!isSortedVector(all.slice(count, all.length), true))
    throw inputError('The labels of the right side must be in ascending order for an asof join.')
  // A stable sort puts a label of the left side after equal ones of the right side.
  const rightFirst = Int32Array.from({ length: all.length }, (_, k) => (k + count) % all.length)
  const order = sortIndices([all.gather(rightFirst)], [true])
  const right = new Int32Array(count).fill(-1)
  let last = -1
  for (const k of order) {
    const at = rightFirst[k]
    if (at >= count) last = at - count
    else right[at] = last
  }
  return { labels: all.slice(0, count), left: Int32Array.from({ length: count }, (_, k) => k), right }
}

const everyPosition = (length: number): Int32Array => Int32Array.from({ length }, (_, k) => k)

function picked(m: Matrix, rows: Int32Array, cols: Int32Array, rowLabels?: Vector, colLabels?: Vector): Matrix {
  const positions = new Int32Array(rows.length * cols.length)
  let at = 0
  for (const c of cols) for (const r of rows) positions[at++] = c < 0 || r < 0 ? -1 : c * m.rows + r
  return new Matrix(m.data.gather(positions), rows.length, cols.length, rowLabels, colLabels)
}

const alignSignature = "align(left, right, [how='outer'], [byRow], [view=true])"

function labelsFor(m: Matrix, axis: 'row' | 'column', side: string): Vector {
  const labels = axis === 'row' ? m.rowLabels : m.colLabels
  if (labels === undefined) throw usageError(alignSignature, `${side} must have ${axis} labels.`)
  return labels
}

function joinKinds(how: Arg, both: boolean): How[] {
  const parts = textArg(how, alignSignature, 'how', 'outer').split(',')
  const kinds = parts.map((p) => (p === 'right' ? undefined : HOW[p]))
  if (kinds.some((k) => k === undefined) || parts.length > (both ? 2 : 1))
    throw usageError(
      alignSignature,
      `how must be 'outer', 'inner', 'left' or 'asof'${both ? ", or two of them like 'outer,inner' for rows and columns" : ''}.`,
    )
  return kinds as How[]
}

define(alignSignature, {
  doc: "The tuple of both matrices on common labels. how: outer (fj; labels ascending), inner (ej), left (lj), asof (aj: the left side's labels, each with the last label of the right side that is not greater). byRow: true rows only, false columns only, NULL both, then how may name two ways: 'outer,inner' for rows and columns. Equal labels meet in all combinations; the results are ordinary labelled matrices. view is accepted; the results never change with their sources.",
  call: ([left, right, how, byRow, view]) => {
    if (left?.kind !== 'matrix' || right?.kind !== 'matrix')
      throw usageError(alignSignature, 'left and right must be matrices with labels.')
    boolArg(view, alignSignature, 'view', true)
    const both = !isGiven(byRow) || (byRow.kind === 'scalar' && byRow.isNull())
    const rowsOnly = !both && boolArg(byRow, alignSignature, 'byRow', true)
    const kinds = joinKinds(how, both)
    const alignRows = both || rowsOnly
    const alignCols = both || !rowsOnly
    const rows = alignRows
      ? joinLabels(labelsFor(left, 'row', 'left'), labelsFor(right, 'row', 'right'), kinds[0])
      : undefined
    const cols = alignCols
      ? joinLabels(labelsFor(left, 'column', 'left'), labelsFor(right, 'column', 'right'), kinds[kinds.length - 1])
      : undefined
    return new AnyVector([
      picked(
        left,
        rows?.left ?? everyPosition(left.rows),
        cols?.left ?? everyPosition(left.cols),
        rows?.labels ?? left.rowLabels,
        cols?.labels ?? left.colLabels,
      ),
      picked(
        right,
        rows?.right ?? everyPosition(right.rows),
        cols?.right ?? everyPosition(right.cols),
        rows?.labels ?? right.rowLabels,
        cols?.labels ?? right.colLabels,
      ),
    ])
  },
})

define("merge(left, right, [how='inner'])", {
  doc: 'Two indexed series, or two indexed matrices, side by side on the row labels that how gives: inner, outer, left, right or asof (the last label of the right side that is not greater). The columns of two series are named series1 and series2.',
  call: ([left, right, how]) => {
    const signature = "merge(left, right, [how='inner'])"
    if (left?.kind !== 'matrix' || right?.kind !== 'matrix' || left.indexed === 'no' || left.indexed !== right.indexed)
      throw usageError(signature, 'left and right must be both indexed series or both indexed matrices.')
    const kind = HOW[textArg(how, signature, 'how', 'inner')]
    if (kind === undefined) throw usageError(signature, "how must be 'inner', 'outer', 'left', 'right' or 'asof'.")
    const { labels, left: l, right: r } = joinLabels(left.rowLabels!, right.rowLabels!, kind)
    const data = joinedVector([
      picked(left, l, everyPosition(left.cols)).data,
      picked(right, r, everyPosition(right.cols)).data,
    ])
    if (data === undefined) throw usageError(signature, 'The types of the values do not convert to each other.')
    const names =
      left.indexed === 'series'
        ? new StringVector(['series1', 'series2'])
        : joinedVector([left.colLabels!, right.colLabels!])
    const out = new Matrix(data, labels.length, left.cols + right.cols, labels, names)
    if (names !== undefined && isStrictlyIncreasing(names)) out.indexed = 'matrix'
    return out
  },
})

/** Moves an indexed object along its row labels: at label t stands the value of the last label that is not after `target(t)`. */
export function movedByLabel(m: Matrix, targets: Vector): Value {
  const labels = m.rowLabels!
  const { right } = asofLabels(joinedVector([castVector(targets, labels.type), labels])!, targets.length)
  const out = picked(m, right, everyPosition(m.cols), labels, m.colLabels)
  out.indexed = m.indexed
  return out
}

export const isIndexed = (x: Arg): x is Matrix => x?.kind === 'matrix' && x.indexed !== 'no' && x.type !== T.ANY
