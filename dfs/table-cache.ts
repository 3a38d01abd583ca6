/**
 * What a session remembers of the tables that it reads: the chunk list as of the commit that last changed it, because decoding thousands of records takes longer than
 * most queries, and one symbol base per column, so that the columns of all segments compare by code.
 */
import { SymbolBase } from '../runtime/values/index.ts'
import type { CatalogReader } from './catalog/key-value.ts'
import { changedAt } from './catalog/records.ts'
import type { CatalogView, ChunkRecord, DatabaseRecord, TableRecord } from './catalog/types.ts'
import { mergeDeltas, type TableDeltas } from './delta/merge.ts'
import { schemeOrder } from './partition/prune.ts'
import { VerifiedBuffers } from './segment/index.ts'

const TABLES_MAX = 64
/** A base that has grown beyond this is left to the vectors that use it. */
const SYMBOLS_MAX = 1 << 20

interface CachedTable {
  changed: number
  /** The order of partitions depends on the schemes: they grow, and lose values, only by count. */
  schemeSizes: string
  chunks: readonly ChunkRecord[]
  /** The chunks with the small appends that they were last asked with. */
  merged: { readonly deltas: TableDeltas; readonly chunks: readonly ChunkRecord[] } | undefined
  readonly bases: Map<string, SymbolBase>
}

export class TableCache {
  /** Parts of segments that were found to be whole. */
  readonly verified = new VerifiedBuffers()
  readonly #tables = new Map<string, CachedTable>()

  /** All chunks of the table in the order of its schemes, as of the view, which must be the reader's newest. */
  chunks(
    reader: CatalogReader,
    view: CatalogView,
    database: DatabaseRecord,
    table: TableRecord,
  ): readonly ChunkRecord[] {
    const cached = this.#table(table.id)
    const changed = changedAt(reader, table.db, table.name)
    const schemeSizes = database.schemes.map((s) => (s.kind === 'VALUE' ? s.values.length : 0)).join()
    if (cached.changed !== changed || cached.schemeSizes !== schemeSizes) {
      const order = schemeOrder(database)
      cached.chunks = [...view.storedChunks(table.db, table.name)].sort((a, b) => order(a.path, b.path))
      cached.changed = changed
      cached.schemeSizes = schemeSizes
      cached.merged = undefined
    }
    const deltas = view.deltas(table.id)
    if (deltas.size === 0) return cached.chunks
    if (cached.merged?.deltas !== deltas) {
      const order = schemeOrder(database)
      const chunks = [...mergeDeltas(cached.chunks, deltas)].sort((a, b) => order(a.path, b.path))
      cached.merged = { deltas, chunks }
    }
    return cached.merged.chunks
  }

  /** The base that SYMBOL columns of this name share. */
  base(tableId: string, column: string): SymbolBase {
    const { bases } = this.#table(tableId)
    let base = bases.get(column)
    if (base === undefined || base.symbols.length > SYMBOLS_MAX) {
      base = new SymbolBase()
      bases.set(column, base)
    }
    return base
  }

  #table(id: string): CachedTable {
    let found = this.#tables.get(id)
    if (found === undefined) {
      for (const oldest of this.#tables.keys()) if (this.#tables.size >= TABLES_MAX) this.#tables.delete(oldest)
      found = { changed: -1, schemeSizes: '', chunks: [], merged: undefined, bases: new Map() }
      this.#tables.set(id, found)
    }
    return found
  }
}
