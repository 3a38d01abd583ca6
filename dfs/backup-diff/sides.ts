/** The two sides of a comparison in one shape: a state of a set, and the live database or another state. */
import type { SymbolBase } from '../../runtime/values/index.ts'
import { SymbolBase as NewSymbolBase } from '../../runtime/values/index.ts'
import { readableTable } from '../backup-table/readable-table.ts'
import { VouchedFiles } from '../backup-table/vouched-files.ts'
import type { CatalogView, ChunkRecord, TableRecord } from '../catalog/types.ts'
import type { ReadAccess } from '../read/segment-blocks.ts'
import type { BackupContext } from '../set/context.ts'
import type { BackupSet } from '../set/open.ts'
import type { FileSource } from '../store/file-store.ts'

export interface DiffTable {
  readonly table: TableRecord
  /** By path. */
  readonly chunks: ReadonlyMap<string, ChunkRecord>
  /** Rows of a query say nothing of the rows that the table has beside them. */
  readonly isOfQuery: boolean
  readonly access: ReadAccess
}

export interface DiffSide {
  tableNames(): readonly string[]
  /** undefined: this side has no such table. Throws if the user may not read it. */
  table(name: string): DiffTable | undefined
}

export function sideOfState(set: BackupSet, url: string, context: BackupContext): DiffSide {
  const { tables } = set.requireDatabase(url)
  return {
    tableNames: () => tables.map((t) => t.name),
    table(name) {
      if (!tables.some((t) => t.name === name)) return undefined
      const index = set.index(url, name)
      context.access.readBackup(index)
      const { table, chunks, files } = readableTable(index)
      const byPath = new Map(chunks.map((c) => [c.path, c]))
      const isOfQuery = index.query !== undefined
      return { table, chunks: byPath, isOfQuery, access: accessOf(new VouchedFiles(set, files)) }
    },
  }
}

/** `view`: pinned, for as long as the side is used. A database that is gone has no tables. */
export function sideOfStore(view: CatalogView, url: string, context: BackupContext): DiffSide {
  const database = view.database(url)
  return {
    tableNames: () => (database === undefined ? [] : view.tables(url).map((t) => t.name)),
    table(name) {
      const table = database === undefined ? undefined : view.table(url, name)
      if (database === undefined || table === undefined) return undefined
      context.access.backup(database, table)
      const chunks = new Map<string, ChunkRecord>()
      for (const chunk of view.chunks(url, name)) chunks.set(chunk.path, chunk)
      return { table, chunks, isOfQuery: false, access: accessOf(context.data) }
    },
  }
}

/** Hashes do not depend on codes: a base of its own for each column will do. */
function accessOf(files: FileSource): ReadAccess {
  const bases = new Map<string, SymbolBase>()
  return {
    files,
    verify: true,
    baseOf: (column) => {
      const base = bases.get(column) ?? new NewSymbolBase()
      bases.set(column, base)
      return base
    },
  }
}
