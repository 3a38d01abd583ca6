/** Appending more rows than fit in memory in one transaction: each batch becomes segments at once, and all of them are committed together at the end. */
import { checkInterrupt } from '../../runtime/interrupt.ts'
import type { Table } from '../../runtime/values/index.ts'
import type { DatabaseRecord, SegmentRef, TableRecord } from '../catalog/types.ts'
import type { NewValues } from '../engine/commands.ts'
import { releaseRows } from '../partition/route.ts'
import type { DfsSession } from '../session.ts'
import { ownWriteBehind } from '../store/write-behind.ts'
import { aboutBytes, convertRows, routeToPartitions } from './incoming.ts'
import { NewSegments } from './new-segments.ts'
import { retryWhenStale, whenUnlocked } from './retry.ts'
import { requireTable } from './transaction.ts'

/** `batches` is asked again if the table changes meanwhile. Returns the number of rows that have a partition and were written. */
export function appendBatches(dfs: DfsSession, db: string, tableName: string, batches: () => Iterable<Table>): number {
  return retryWhenStale(() => {
    const { database, table } = requireTable(dfs.view(), db, tableName)
    dfs.requireAccess('write', database, table)
    return whenUnlocked(dfs, database, () => dfs.writing(() => new BatchedAppend(dfs, database, table).run(batches())))
  })
}

class BatchedAppend {
  readonly #dfs: DfsSession
  readonly #table: TableRecord
  /** With the values that batches so far add to its schemes. */
  #database: DatabaseRecord
  readonly #segments: NewSegments
  /** By partition path, in the order of the batches. */
  readonly #written = new Map<string, SegmentRef[]>()
  readonly #newValues: NewValues[] = []
  #fillsColumns = false
  #rows = 0

  constructor(dfs: DfsSession, database: DatabaseRecord, table: TableRecord) {
    this.#dfs = dfs
    this.#table = table
    this.#database = database
    this.#segments = new NewSegments(dfs.files, table, ownWriteBehind)
  }

  run(batches: Iterable<Table>): number {
    try {
      for (const batch of batches) this.#write(batch)
      if (this.#written.size > 0) this.#commit()
    } catch (error) {
      this.#segments.removeAfter(error)
      throw error
    }
    return this.#rows
  }

  #write(batch: Table): void {
    ownWriteBehind.expect(aboutBytes(batch))
    const { columns, fillsColumns } = convertRows(this.#table, batch)
    if (batch.rows === 0) return
    const routing = routeToPartitions(this.#database, this.#table, columns, this.#dfs.config)
    for (const { path, rows } of routing.parts) {
      checkInterrupt()
      const refs = this.#written.get(path) ?? []
      this.#written.set(path, refs)
      refs.push(this.#segments.write(path, columns, rows))
    }
    releaseRows(routing)
    this.#rows += routing.kept
    if (fillsColumns) this.#fillsColumns = true
    for (const { level, scheme } of routing.newValues) this.#addValues({ level, values: scheme })
  }

  #addValues(added: NewValues): void {
    this.#newValues.push(added)
    const schemes = this.#database.schemes.map((scheme, level) =>
      level === added.level && scheme.kind === 'VALUE'
        ? { ...scheme, values: [...scheme.values, ...added.values.values] }
        : scheme,
    )
    this.#database = { ...this.#database, schemes }
  }

  #commit(): void {
    this.#segments.syncFolders()
    this.#dfs.request({
      kind: 'append',
      db: this.#table.db,
      table: this.#table.name,
      tableId: this.#table.id,
      expectedSchemaVersion: this.#table.schemaVersion,
      chunks: Array.from(this.#written, ([path, segments]) => ({ path, segments })),
      newValues: this.#newValues,
      fillsColumns: this.#fillsColumns,
    })
  }
}
