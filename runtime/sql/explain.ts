/** `[HINT_EXPLAIN]`: what a query on a stored table did, as JSON text. */
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
