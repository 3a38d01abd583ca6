/** What is known of the columns of a whole segment: the ranges and nulls of its batches joined. */
import type { ColumnSchema, Raw } from '../../runtime/values/index.ts'
import type { SegmentRef } from '../catalog/types.ts'
import type { BatchStatistics } from './encode.ts'

export class ColumnStatistics {
  readonly #columns: readonly ColumnSchema[]
  readonly #low: (Raw | undefined)[] = []
  readonly #high: (Raw | undefined)[] = []
  readonly #nulls: number[]
  /** A batch had values, but no range. */
  readonly #unknown = new Set<number>()

  constructor(columns: readonly ColumnSchema[]) {
    this.#columns = columns
    this.#nulls = columns.map(() => 0)
  }

  add(column: number, { range, nulls }: BatchStatistics, rows: number): void {
    this.#nulls[column] += nulls
    if (range === undefined) {
      if (nulls < rows) this.#unknown.add(column)
      return
    }
    const low = this.#low[column]
    const high = this.#high[column]
    if (low === undefined || range[0]! < low!) this.#low[column] = range[0]
    if (high === undefined || range[1]! > high!) this.#high[column] = range[1]
  }

  totals(): Pick<SegmentRef, 'minMax' | 'nulls'> {
    const minMax: Record<string, readonly [Raw, Raw]> = {}
    const nulls: Record<string, number> = {}
    this.#columns.forEach(({ name }, c) => {
      const low = this.#low[c]
      const high = this.#high[c]
      if (low === undefined || high === undefined || this.#unknown.has(c)) return
      minMax[name] = [low, high]
      if (this.#nulls[c] > 0) nulls[name] = this.#nulls[c]
    })
    return { minMax, nulls }
  }
}
