/** Making tables: from columns, from a column list with types, keyed ones. */
import { freezeOwned } from '../compile/ownership.ts'
import { inputError, usageError } from '../errors.ts'
import { columnOf } from '../indexing/read.ts'
import { scalarToVector } from '../ops/cast.ts'
import { rawText } from '../print/scalars.ts'
import { formName } from '../values/form-name.ts'
import { Pair } from '../values/forms.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { Table } from '../values/table.ts'
import { isIntegral, T } from '../values/types.ts'
import { AnyVector, type Vector } from '../values/vector.ts'
import { textListArg } from './args.ts'
import { columnTypes } from './column-type.ts'
import { newColumn } from './table-append.ts'

/**
 * A table from named values, as `table(v as a, w)` makes it: an empty name stands for an unnamed expression. A matrix and a tuple of vectors of
 * one type and length spread to several columns, any other tuple is one ANY column, scalars repeat.
 */
export function makeTable(names: readonly string[], values: readonly Value[]): Table {
  const columns: { name: string; value: Vector | Scalar }[] = []
  const add = (name: string, value: Vector | Scalar): void => {
    columns.push({ name: name === '' ? `C${columns.length}` : name, value })
  }
  const rowsOfOthers = values.find((v) => v.kind === 'vector' && !(v instanceof AnyVector))
  const rowCount = rowsOfOthers?.kind === 'vector' ? rowsOfOthers.length : undefined
  for (let k = 0; k < values.length; k++) spread(names[k] ?? '', values[k], add, rowCount)
  const vectors = columns.flatMap((c) => (c.value.kind === 'vector' ? [c.value] : []))
  const rows = vectors.length === 0 ? 1 : vectors[0].length
  for (const v of vectors)
    if (v.length !== rows) throw inputError('All columns must be of the same length.', { refId: 'S02010' })
  return namedTable(
    columns.map((c) => c.name),
    columns.map((c) => column(c.value, rows)),
  )
}

/** A table of columns that it keeps; names must differ. */
export function namedTable(names: readonly string[], columns: readonly Vector[]): Table {
  checkNames(names)
  for (const c of columns) freezeOwned(c)
  return new Table(names.slice(), columns.slice())
}

export function checkNames(names: readonly string[]): void {
  const seen = new Set<string>()
  for (const name of names) {
    if (seen.has(name)) throw inputError(`Duplicate column name: [${name}].`, { refId: 'S02001' })
    seen.add(name)
  }
}

function spread(
  name: string,
  value: Value,
  add: (name: string, value: Vector | Scalar) => void,
  rows: number | undefined,
): void {
  switch (value.kind) {
    case 'scalar':
      add(name, value)
      return
    case 'vector':
      if (value instanceof AnyVector && spreads(value, rows)) for (const v of value.values) add('', v as Vector)
      else add(name === '' ? (value.label ?? '') : name, value)
      return
    case 'matrix':
      for (let c = 0; c < value.cols; c++) {
        const label = value.colLabels?.get(c)
        const text = label?.kind === 'scalar' ? rawText(label.type, label.value, label.scale) : ''
        add(text, columnOf(value, c))
      }
      return
    case 'table':
      for (let c = 0; c < value.columns.length; c++) add(value.names[c], value.columns[c])
      return
    default:
      throw usageError('table(X, [X1], ...)', `A ${formName(value)} can't be a column.`)
  }
}

/** Vectors of one length, and not marked as a column of rows; of different types only where the tuple could not be a column beside the others. */
function spreads(v: AnyVector, rows: number | undefined): boolean {
  const first = v.values[0]
  if (v.columnar || first?.kind !== 'vector') return false
  if (!v.values.every((e) => e.kind === 'vector' && e.length === first.length)) return false
  if (v.values.every((e) => (e as Vector).type === first.type)) return true
  return (rows === undefined || rows === first.length) && v.length !== first.length
}

function column(value: Vector | Scalar, rows: number): Vector {
  if (value.type === T.DURATION) throw noDurations()
  if (value instanceof Scalar) {
    if (value.type === T.VOID) throw inputError('Not allowed to create void vector', { refId: 'S05005' })
    return scalarToVector(value, rows)
  }
  return value instanceof AnyVector && !value.columnar && isUniform(value) ? columnarCopy(value) : value
}

/** Vectors of one type, or such and scalars of it: rows of a column, which is a columnar tuple then. */
function isUniform(v: AnyVector): boolean {
  const first = v.values.find((e) => e.kind === 'vector')
  return (
    first?.kind === 'vector' &&
    first.type < T.ANY &&
    v.values.every((e) => (e.kind === 'vector' || e.kind === 'scalar') && e.type === first.type)
  )
}

function columnarCopy(v: AnyVector): AnyVector {
  const out = v.copy()
  out.columnar = true
  return out
}

const noDurations = (): Error =>
  inputError('DURATION data is not allowed in a table.', { code: 'columnType', hint: 'keep it as text: string(x)' })

/** `table(capacity:size, colNames, colTypes)`. */
export function tableOfTypes(shape: Value, names: Value, types: Value, signature: string): Table {
  if (!(shape instanceof Pair) || !isIntegral(shape.type))
    throw usageError(signature, 'The first argument must be capacity:size.')
  const rows = Number(shape.second)
  if (rows < 0) throw usageError(signature, 'size must be a non-negative integer.')
  const columnNames = textListArg(names, signature, 'colNames')
  const list = columnTypes(types)
  if (columnNames.length !== list.length)
    throw usageError(signature, 'colNames and colTypes must be of the same length.')
  if (list.some((t) => t.type === T.DURATION)) throw noDurations()
  return namedTable(
    columnNames,
    list.map((t) => newColumn(t.type, rows, t.scale)),
  )
}

/** Whether the arguments are those of `table(capacity:size, names, types)`. */
export const isTypedForm = (args: readonly (Value | undefined)[]): boolean =>
  args.length >= 3 && args[0] instanceof Pair && args[1]?.kind === 'vector'
