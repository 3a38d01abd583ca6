/** panel: a column over two dimensions as a labelled matrix. */
import { inputError, usageError } from '../errors.ts'
import { groupIds } from '../kernels/hash.ts'
import { isSortedVector, sortVector } from '../kernels/sort.ts'
import { appendsTo, concatVectors, convertForAppend } from '../ops/cast.ts'
import { topicTable } from '../registry.ts'
import { Matrix } from '../values/forms.ts'
import type { Value } from '../values/scalar.ts'
import { AnyVector, type Vector } from '../values/vector.ts'
import { type Arg, isGiven, required, sizeError, vectorArg } from './args.ts'

const { entries, define } = topicTable('Matrices')
export const panelBuiltins = entries

const PANEL = 'panel(row, col, metrics, [rowLabel], [colLabel], [parallel=false])'

define(PANEL, {
  doc: 'A matrix of a metric with the distinct values of row and col as labels, in ascending order; a tuple of matrices for a tuple of metrics. Cells without an element are null, and the last element of a cell counts. rowLabel and colLabel, ascending and distinct, say which rows and columns there are. parallel changes no result.',
  call: ([row, col, metrics, rowLabel, colLabel]) => {
    const rows = dimension(vectorArg(row, PANEL, 'row'), rowLabel, 'rowLabel')
    const cols = dimension(vectorArg(col, PANEL, 'col'), colLabel, 'colLabel')
    if (rows.of.length !== cols.of.length) throw sizeError()
    // Several matrices have the same labels.
    rows.labels.frozen = true
    cols.labels.frozen = true
    const cells = cellRows(rows, cols)
    const asMatrix = (metric: Value): Matrix => {
      const vector = vectorArg(metric, PANEL, 'metrics')
      if (vector.length !== rows.of.length) throw sizeError()
      return new Matrix(vector.gather(cells), rows.labels.length, cols.labels.length, rows.labels, cols.labels)
    }
    const given = required(metrics, PANEL, 'metrics')
    if (given.kind === 'vector' && given.storage === 'any') return new AnyVector(given.values.map(asMatrix))
    return asMatrix(given)
  },
})

interface Dimension {
  readonly labels: Vector
  /** Position of each element's label, -1 for one that is not wanted. */
  readonly of: Int32Array
}

function dimension(values: Vector, wanted: Arg, name: string): Dimension {
  if (isGiven(wanted)) return among(values, vectorArg(wanted, PANEL, name), name)
  const { ids, firstRows } = groupIds([values])
  const labels = sortVector(values.gather(firstRows))
  const { ids: order } = groupIds([concatVectors([values, labels], values.type)])
  const position = new Int32Array(firstRows.length)
  for (let k = 0; k < labels.length; k++) position[order[values.length + k]] = k
  return { labels, of: ids.map((id) => position[id]) }
}

/** Only elements that are among the labels. */
function among(values: Vector, labels: Vector, name: string): Dimension {
  if (!isSortedVector(labels, true, true)) throw usageError(PANEL, `${name} must be ascending and distinct.`)
  if (!appendsTo(labels.type, values.type))
    throw inputError(`The type of ${name} does not fit the values that it labels.`, { code: 'panelLabel' })
  const kept = convertForAppend(labels, values.type)
  // Labels first: their group numbers are their positions.
  const { ids } = groupIds([concatVectors([kept, values], values.type)])
  const of = ids.slice(kept.length)
  for (let k = 0; k < of.length; k++) if (of[k] >= kept.length) of[k] = -1
  return { labels: kept, of }
}

/** The element that each cell shows, column by column; -1 for none. */
function cellRows(rows: Dimension, cols: Dimension): Int32Array {
  const cells = new Int32Array(rows.labels.length * cols.labels.length).fill(-1)
  for (let k = 0; k < rows.of.length; k++)
    if (rows.of[k] >= 0 && cols.of[k] >= 0) cells[cols.of[k] * rows.labels.length + rows.of[k]] = k
  return cells
}
