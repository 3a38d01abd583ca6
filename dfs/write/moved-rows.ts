/** Rows whose partition column was updated: they leave their chunk and are appended to the one of their new value, in the same transaction. */
import { inputError } from '../../runtime/errors.ts'
import { concatVectors } from '../../runtime/ops/cast.ts'
import type { RowEdit, Vector } from '../../runtime/values/index.ts'
import type { SegmentRef } from '../catalog/types.ts'
import type { NewValues } from '../engine/commands.ts'
import { routeRows } from '../partition/route.ts'
import type { DfsSession } from '../session.ts'
import type { LockedTable } from './transaction.ts'

export interface MovedSegments {
  readonly append: readonly { readonly path: string; readonly segments: readonly SegmentRef[] }[]
  readonly newValues: readonly NewValues[]
}

export class MovedRows {
  readonly #dfs: DfsSession
  readonly #locked: LockedTable
  readonly #keys: readonly number[]
  /** Rows on their way, by target. */
  readonly #rows = new Map<string, Vector[][]>()
  readonly #newValues = new Map<number, NewValues>()

  constructor(dfs: DfsSession, locked: LockedTable) {
    this.#dfs = dfs
    this.#locked = locked
    const { columns, partitionColumns } = locked.table
    this.#keys = partitionColumns.map((name) => columns.findIndex((c) => c.name === name))
  }

  /** Takes the rows that no longer belong to the chunk and returns their positions, ascending. `columns` have their new values. */
  take(path: string, columns: readonly Vector[], { changes }: RowEdit): Int32Array | undefined {
    const { table, database } = this.#locked
    const touched = Int32Array.from(new Set(changes?.flatMap((c) => [...c.rows]) ?? [])).sort()
    if (touched.length === 0) return undefined
    const keys = this.#keys.map((k) => columns[k].gather(touched))
    const { parts, kept, newValues } = routeRows(database, keys, this.#dfs.config)
    if (kept < touched.length)
      throw inputError(
        `${touched.length - kept} of the updated rows would belong to no partition of ${database.url}: the new values of [${table.partitionColumns.join(', ')}] are not in its scheme. Nothing was written.`,
        { code: 'missingPartition', where: { db: database.url, table: table.name } },
      )
    for (const { level, scheme } of newValues) {
      const known = this.#newValues.get(level)?.values.values ?? []
      const values = [...known, ...scheme.values.filter((v) => !known.includes(v))]
      this.#newValues.set(level, { level, values: { ...scheme, values } })
    }
    const gone = new Uint8Array(columns[0].length)
    let count = 0
    for (const part of parts) {
      if (part.path === path) continue
      const positions = part.rows === undefined ? touched : part.rows.map((k) => touched[k])
      for (const row of positions) gone[row] = 1
      count += positions.length
      const pieces = this.#rows.get(part.path) ?? []
      pieces.push(columns.map((v) => v.gather(positions)))
      this.#rows.set(part.path, pieces)
    }
    const out = new Int32Array(count)
    for (let k = 0, m = 0; k < gone.length; k++) if (gone[k] === 1) out[m++] = k
    return out
  }

  /** The segments of all rows that were taken; undefined if there are none. */
  write(): MovedSegments | undefined {
    if (this.#rows.size === 0) return undefined
    const { columns } = this.#locked.table
    const append = Array.from(this.#rows, ([path, pieces]) => {
      const whole = columns.map(({ type, scale }, k) =>
        concatVectors(
          pieces.map((p) => p[k]),
          type,
          scale,
        ),
      )
      return { path, segments: [this.#locked.segments.write(path, whole)] }
    })
    return { append, newValues: [...this.#newValues.values()] }
  }
}
