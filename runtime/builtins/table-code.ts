/**
 * Metacode over the columns of a table (`update!(t, ..., <qty*2>)`, `erase!(t, <x<=3>)`, `sortBy!(t, <date>)`). Evaluating expressions in the
 * scope of a table belongs to the SQL part; it registers itself here.
 */
import { HoldfastError } from '../errors.ts'
import type { Session } from '../session.ts'
import { type CodeValue, Matrix } from '../values/forms.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import type { Table } from '../values/table.ts'
import { isNumeric } from '../values/types.ts'
import type { Vector } from '../values/vector.ts'
import { sizeError } from './args.ts'

/** Values of the expressions of a piece of metacode, one for `<expr>`, several for `<[a, b]>`, with columns by name in scope. */
export type TableCode = (code: CodeValue, table: Table, session: Session) => readonly Value[]

let evaluator: TableCode | undefined

export function setTableCode(evaluate: TableCode): void {
  evaluator = evaluate
}

export function evaluateOnTable(code: CodeValue, table: Table, session: Session): readonly Value[] {
  if (evaluator === undefined) throw new HoldfastError('bug', 'no evaluator of metacode over tables is registered')
  return evaluator(code, table, session)
}

/** Positions of the rows that every condition selects. A condition is metacode, or a BOOL vector as long as the table. */
export function selectedRows(conditions: readonly Value[], table: Table, session: Session): Int32Array {
  let keep: Uint8Array | undefined
  for (const condition of conditions) {
    const values = condition.kind === 'code' ? evaluateOnTable(condition, table, session) : [condition]
    for (const v of values) keep = narrowed(keep, v, table.rows)
  }
  const out: number[] = []
  for (let k = 0; k < table.rows; k++) if (keep === undefined || keep[k] === 1) out.push(k)
  return Int32Array.from(out)
}

function narrowed(keep: Uint8Array | undefined, v: Value, rows: number): Uint8Array {
  const out = keep ?? new Uint8Array(rows).fill(1)
  if (v instanceof Scalar && isNumeric(v.type)) {
    if (v.isNull() || Number(v.value) === 0) out.fill(0)
    return out
  }
  const column: Vector | undefined = v instanceof Matrix ? v.data : v.kind === 'vector' ? v : undefined
  if (column === undefined || column.length !== rows) throw sizeError()
  for (let k = 0; k < rows; k++) if (column.isNullAt(k) || Number(column.raw(k)) === 0) out[k] = 0
  return out
}
