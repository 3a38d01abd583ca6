/** Data of a model piece by piece: a table, a stored table by partitions, a data source, or a tuple of any of these. */
import { inputError, usageError } from '../errors.ts'
import { checkInterrupt } from '../interrupt.ts'
import { concatVectors } from '../ops/cast.ts'
import type { Session } from '../session.ts'
import { Resource } from '../values/forms.ts'
import type { Value } from '../values/scalar.ts'
import type { Table } from '../values/table.ts'
import { isDecimal, isNumeric } from '../values/types.ts'
import type { Vector } from '../values/vector.ts'

/** What the payload of a data source can do. */
interface Materializes {
  materialize(session: Session): Value
}

const isDataSource = (v: Value): v is Resource & { readonly payload: Materializes } =>
  v instanceof Resource &&
  v.resourceType === 'dataSource' &&
  typeof (v.payload as Partial<Materializes> | undefined)?.materialize === 'function'

/** One table after the other; a piece is valid until the next is asked for. */
export function* tablesOf(ds: Value, session: Session, usage: string): Generator<Table> {
  checkInterrupt()
  if (ds.kind === 'table') yield ds
  else if (ds.kind === 'source') {
    const names = ds.source.schema().map((c) => c.name)
    const snapshot = ds.source.snapshot()
    try {
      for (const partition of snapshot.partitions()) {
        for (const batch of snapshot.scan(partition, names)) {
          checkInterrupt()
          yield batch
        }
      }
    } finally {
      snapshot.release()
    }
  } else if (isDataSource(ds)) yield* tablesOf(ds.payload.materialize(session), session, usage)
  else if (ds.kind === 'vector' && ds.storage === 'any')
    for (const part of ds.values) yield* tablesOf(part, session, usage)
  else throw usageError(usage, `${firstParameter(usage)} must be a table, a data source or a tuple of them.`)
}

const firstParameter = (usage: string): string => /\((\w+)/.exec(usage)?.[1] ?? 'ds'

export function columnNamed(table: Table, name: string): Vector {
  const at = table.columnIndex(name, true)
  if (at < 0) throw inputError(`The column [${name}] does not exist.`, { code: 'columnMissing' })
  return table.columns[at]
}

/** The named columns (all without names) of all pieces, joined. They must be numeric. */
export function gatherColumns(
  ds: Value,
  session: Session,
  usage: string,
  names?: readonly string[],
): { readonly names: readonly string[]; readonly columns: Vector[] } {
  let wanted = names
  const parts: Vector[][] = []
  for (const table of tablesOf(ds, session, usage)) {
    wanted ??= table.names
    // A piece of a stored table may map memory that the next one takes.
    parts.push(wanted.map((name) => columnNamed(table, name).copy()))
  }
  if (wanted === undefined || parts.length === 0) throw usageError(usage, 'ds must hold at least one table.')
  const columns = wanted.map((name, c) => {
    const first = parts[0][c]
    if (!isNumeric(first.type) && !isDecimal(first.type)) throw usageError(usage, `The column ${name} must be numeric.`)
    if (parts.length === 1) return first
    return concatVectors(
      parts.map((p) => p[c]),
      first.type,
      'scale' in first ? first.scale : 0,
    )
  })
  return { names: wanted, columns }
}
