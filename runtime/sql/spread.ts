/** Building result tables: items whose value is a vector or dictionary can be spread over several columns. */
import { inputError } from '../errors.ts'
import { AnyVector, Table, type Value, type Vector } from '../values/index.ts'
import { asColumn, nullColumn, shared, stack } from './columns.ts'
import { assembleScalars } from './evaluate.ts'

export interface Spread {
  readonly names: string[]
  readonly columns: Vector[]
}

/** One result (vector or dictionary) a group as columns; an empty name drops that element. */
export function spreadNames(names: readonly string[], values: readonly Value[], count: number): Spread {
  const out: Spread = { names: [], columns: [] }
  const rows = values.slice(0, count).map((v) => elementsOf(v, names.length).map(single))
  names.forEach((name, k) => {
    if (name === '') return
    out.names.push(name)
    out.columns.push(assembleScalars(rows.map((r) => r[k])))
  })
  return out
}

const single = (v: Value): Value => (v.kind === 'vector' && v.length === 1 ? v.get(0) : v)

/**
 * One result a group as columns with a value for each row: an element that is as long as the group stands row by row, a scalar is repeated. `sizes` are the
 * rows of the groups, which stand one behind the other. Undefined if an element has another length.
 */
export function spreadRows(
  names: readonly string[],
  values: readonly Value[],
  sizes: readonly number[],
): Spread | undefined {
  const out: Spread = { names: [], columns: [] }
  const groups = values.map((v, g) => columnsOfRows(v, names.length, sizes[g]) ?? elementsOf(v, names.length))
  for (let k = 0; k < names.length; k++) {
    if (names[k] === '') continue
    const parts: Vector[] = []
    for (let g = 0; g < sizes.length; g++) {
      const part = asColumn(groups[g][k], sizes[g])
      if (part === undefined) return undefined
      parts.push(part)
    }
    out.names.push(names[k])
    out.columns.push(sizes.length === 0 ? emptyLike(groups[0][k]) : shared(stack(parts)))
  }
  return out
}

const emptyLike = (v: Value): Vector =>
  v.kind === 'vector' ? v.slice(0, 0) : v.kind === 'scalar' ? nullColumn(v.type, 0, v.scale) : new AnyVector([])

/** Elements of a vector, tuple or dictionary; columns of a matrix or table. */
export function elementsOf(value: Value, expected: number): Value[] {
  if (value.kind === 'matrix' && value.cols === expected)
    return Array.from({ length: expected }, (_, k) => value.data.slice(k * value.rows, (k + 1) * value.rows))
  if (value.kind === 'table' && value.columns.length === expected) return value.columns.slice()
  const elements =
    value.kind === 'vector'
      ? Array.from({ length: value.length }, (_, k) => value.get(k))
      : value.kind === 'dict'
        ? [...value.entries.values()]
        : [value]
  if (elements.length !== expected)
    throw inputError(`The item has ${expected} names, but its result has ${elements.length} elements.`, {
      refId: 'S02010',
    })
  return elements
}

/**
 * Columns of a result that stands row by row, as moving gives it of a function with several results: a tuple with a vector of `expected` elements, or null,
 * for each row. Undefined if the value is no such tuple.
 */
export function columnsOfRows(value: Value, expected: number, rows: number): Value[] | undefined {
  if (value.kind !== 'vector' || value.storage !== 'any' || value.length !== rows || rows === expected) return undefined
  const isRow = (v: Value): boolean => (v.kind === 'vector' ? v.length === expected : v.kind === 'scalar' && v.isNull())
  if (!value.values.every(isRow) || value.values.every((v) => v.kind === 'scalar')) return undefined
  return Array.from({ length: expected }, (_, k) =>
    assembleScalars(value.values.map((v) => (v.kind === 'vector' ? v.get(k) : v))),
  )
}

/** A result table: its columns may be columns of the source, so nobody writes to them. Two columns may be one vector. */
export function resultOf(names: string[], columns: readonly Vector[]): Table {
  return new Table(names, columns.map(shared))
}
