/** `[HINT_EXPLAIN]`: what a query did, as JSON text. */
import { Scalar } from '../values/index.ts'

export interface Explained {
  readonly table: string
  readonly method: string
  readonly columns: readonly string[]
  readonly partitionsScanned: number
  readonly partitionsTotal: number
  readonly rowsInPartitions: number
  /** Rows of the result. */
  readonly rows: number
  /** Microseconds. */
  readonly cost: number
}

/** Steps of a query in memory, in their order; costs in microseconds. */
export interface Step {
  readonly name: 'from' | 'where'
  /** Rows that the step left. */
  readonly rows: number
  readonly cost: number
}

export function explainSteps(steps: readonly Step[], rows: number, cost: number): Scalar {
  const done = Object.fromEntries(steps.map((s) => [s.name, { rows: s.rows, cost: s.cost }]))
  return Scalar.string(JSON.stringify({ measurement: 'microsecond', explain: { ...done, rows, cost } }))
}

/** Microseconds since a moment. */
export const costSince = (started: number): number => Math.round((performance.now() - started) * 1000)

export function explain(e: Explained): Scalar {
  return Scalar.string(
    JSON.stringify({
      measurement: 'microsecond',
      explain: {
        from: { table: e.table, columns: e.columns },
        where: {
          partitions: {
            total: e.partitionsTotal,
            scanned: e.partitionsScanned,
            pruned: e.partitionsTotal - e.partitionsScanned,
          },
          rowsInPartitions: e.rowsInPartitions,
        },
        method: e.method,
        rows: e.rows,
        cost: e.cost,
      },
    }),
  )
}
