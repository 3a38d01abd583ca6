/**
 * A table of a backup as the runtime sees it: read like a table of the store, from the files of one state of a set, and never written.
 *
 * The state is the one that was chosen when the handle was made. Readers take no lock, so the state may leave the set (a renewal, a prune): then the next
 * statement, or the one that misses a file, fails and says so. A file that is there is compared with the state before anything of it is used (vouched-files.ts).
 */
import { type ColumnSchema, SymbolBase, type TableSource } from '../../runtime/values/index.ts'
import type { ReadAccess } from '../read/segment-blocks.ts'
import { ChunkSnapshot } from '../read/snapshot.ts'
import type { TableIndex } from '../set/meta.ts'
import type { BackupSet } from '../set/open.ts'
import { type ReadableTable, readableTable } from './readable-table.ts'
import { type KnownFooter, VouchedFiles } from './vouched-files.ts'

/** A base that has grown beyond this is left to the vectors that use it. */
const SYMBOLS_MAX = 1 << 20

/** Where a handle's table lies: what another session needs to open it again. */
export interface BackupTablePlace {
  /** Of the set. */
  readonly folder: string
  readonly url: string
  readonly table: string
  readonly state: string
  /** Of an encrypted set: its key file. */
  readonly keyPath?: string
}

export interface BackupTableParts {
  readonly place: BackupTablePlace
  readonly set: BackupSet
  readonly index: TableIndex
  readonly knownFooter?: KnownFooter
  /** Throws if the user may not read the table; asked at each statement. */
  readonly requireAccess: () => void
}

export class BackupTableSource implements TableSource {
  readonly name: string
  readonly tableName: string
  readonly place: BackupTablePlace
  readonly readable: ReadableTable
  readonly #parts: BackupTableParts
  readonly #access: ReadAccess

  constructor(parts: BackupTableParts) {
    const { set, index } = parts
    this.place = parts.place
    this.#parts = parts
    this.tableName = index.table.name
    this.name = `${index.database.url}/${this.tableName} of the backup ${set.store.root}`
    this.readable = readableTable(index)
    const bases = new Map<string, SymbolBase>()
    this.#access = {
      files: new VouchedFiles(set, this.readable.files, parts.knownFooter),
      verify: true,
      baseOf: (column) => {
        let base = bases.get(column)
        if (base === undefined || base.symbols.length > SYMBOLS_MAX) {
          base = new SymbolBase()
          bases.set(column, base)
        }
        return base
      },
    }
  }

  schema(): readonly ColumnSchema[] {
    return this.readable.table.columns
  }

  partitionColumns(): readonly string[] {
    return this.readable.table.partitionColumns
  }

  snapshot(): ChunkSnapshot {
    this.#parts.requireAccess()
    this.#parts.set.assertCurrent()
    const { database, table, chunks } = this.readable
    // A state stays in its set, or not, whoever reads it.
    return new ChunkSnapshot(this.#access, database, table, chunks, () => {})
  }
}
