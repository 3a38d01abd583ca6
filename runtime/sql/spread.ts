/** Building result tables: items whose value is a vector or dictionary can be spread over several columns. */
import { inputError } from '../errors.ts'
import { Table, type Value, type Vector } from '../values/index.ts'
import { shared } from './columns.ts'
import { assembleScalars } from './evaluate.ts'

export interface Spread {
  readonly names: string[]
  readonly columns: Vector[]
}

/** One result (vector or dictionary) a group as columns; an empty name drops that element. */
export function spreadNames(names: readonly string[], values: readonly Value[], count: number): Spread {
  const out: Spread = { names: [], columns: [] }
  const rows = values.slice(0, count).map((v) => elementsOf(v, names.length))
  names.forEach((name, k) => {
    if (name === '') return
    out.names.push(name)
    out.columns.push(assembleScalars(rows.map((r) => r[k])))
  })
  return out
}

/** Elements of a vector, tuple or dictionary. */
export function elementsOf(value: Value, expected: number): Value[] {
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

/** A result table: its columns may be columns of the source, so nobody writes to them. Two columns may be one vector. */
export function resultOf(names: string[], columns: readonly Vector[]): Table {
  return new Table(names, columns.map(shared))
}
