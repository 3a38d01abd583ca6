/** Appending rows to a stored table, in one transaction over all touched partitions: many rows as new segments, a few through the log. */
import { checkInterrupt } from '../../runtime/interrupt.ts'
import type { Table, Vector } from '../../runtime/values/index.ts'
import type { DatabaseRecord, TableRecord } from '../catalog/types.ts'
import { encodeRows, layoutOf } from '../delta/codec.ts'
import { type Routing, releaseRows } from '../partition/route.ts'
import type { DfsSession } from '../session.ts'
import { ownWriteBehind } from '../store/write-behind.ts'
import { aboutBytes, convertRows, routeToPartitions } from './incoming.ts'
import { NewSegments } from './new-segments.ts'
import { retryWhenStale, whenUnlocked } from './retry.ts'
import { requireTable } from './transaction.ts'

/** Returns the number of rows that have a partition and were written. */
export function appendRows(dfs: DfsSession, db: string, tableName: string, rows: Table): number {
  return retryWhenStale(() => {
    const { database, table } = requireTable(dfs.view(), db, tableName)
    dfs.requireAccess('write', database, table)
    return whenUnlocked(dfs, database, () => dfs.writing(() => new Append(dfs, database, table).run(rows)))
  })
}

/** One append: route, write, commit. If anything fails, no file of it stays. */
class Append {
  readonly #dfs: DfsSession
  readonly #database: DatabaseRecord
  readonly #table: TableRecord

  constructor(dfs: DfsSession, database: DatabaseRecord, table: TableRecord) {
    this.#dfs = dfs
    this.#database = database
    this.#table = table
  }

  run(rows: Table): number {
    ownWriteBehind.expect(aboutBytes(rows))
    const { columns, fillsColumns } = convertRows(this.#table, rows)
    if (rows.rows === 0) return 0
    const routing = routeToPartitions(this.#database, this.#table, columns, this.#dfs.config)
    if (routing.parts.length === 0) return 0
    const { appendSmallRows, walLevel } = this.#dfs.storeSettings
    // Rows in memory that no log has would be lost with the process, those of one append in part.
    const isSmall = routing.kept <= appendSmallRows && walLevel > 0
    // What changes the catalog does not go through the log alone.
    if (isSmall && routing.newValues.length === 0 && !fillsColumns) {
      this.#insert(columns, routing.parts)
      return routing.kept
    }
    const segments = new NewSegments(this.#dfs.files, this.#table, ownWriteBehind)
    try {
      const written = routing.parts.map(({ path, rows: positions }) => {
        checkInterrupt()
        return { path, ref: segments.writeLater(path, columns, positions) }
      })
      releaseRows(routing)
      const chunks = written.map(({ path, ref }) => ({ path, segments: [ref()] }))
      segments.syncFolders()
      this.#dfs.request({
        kind: 'append',
        db: this.#table.db,
        table: this.#table.name,
        tableId: this.#table.id,
        expectedSchemaVersion: this.#table.schemaVersion,
        chunks,
        newValues: routing.newValues.map(({ level, scheme }) => ({ level, values: scheme })),
        fillsColumns,
      })
    } catch (error) {
      segments.removeAfter(error)
      throw error
    }
    return routing.kept
  }

  /** A few rows go through the log, and become segments together with others later. */
  #insert(columns: readonly Vector[], parts: Routing['parts']): void {
    this.#dfs.request({
      kind: 'insertRows',
      db: this.#table.db,
      table: this.#table.name,
      tableId: this.#table.id,
      expectedSchemaVersion: this.#table.schemaVersion,
      layout: layoutOf(this.#table.columns),
      chunks: parts.map(({ path, rows }) => ({
        path,
        rows: rows?.length ?? columns[0].length,
        data: encodeRows(columns, rows),
      })),
    })
  }
}
