/**
 * The drill of a backup of databases: partitions are restored into a scratch store by the code that restores them anywhere, the store is started again, and what it
 * shows of each partition is compared with what the backup holds. Files are restored only after their checksums were compared, so each is proven by it, too.
 */

import { readableTable } from '../backup-table/readable-table.ts'
import { VouchedFiles } from '../backup-table/vouched-files.ts'
import type { ChunkRecord, DatabaseRecord, TableRecord } from '../catalog/types.ts'
import { digestConflict, type RowsDigest } from '../digest/rows-digest.ts'
import { contentOf, type Ledger, placeOf } from '../ledger/ledger.ts'
import { planRestore } from '../restore/plan.ts'
import { restoreRows } from '../restore/rows.ts'
import { restoreByPlan } from '../restore/table.ts'
import { targetOrNew } from '../restore/target.ts'
import type { BackupContext } from '../set/context.ts'
import { bytesOfChunk, type SetChunk, type TableIndex } from '../set/meta.ts'
import { type BackupSet, setFilePath } from '../set/open.ts'
import { rowsConflict, schemeConflict } from '../set/structure.ts'
import { footerOf } from '../verify/check.ts'
import { digestOfChunk } from './chunk-digest.ts'
import type { DrilledTable } from './evidence.ts'
import type { ScratchStore } from './scratch-store.ts'

/** A table of the state and the partitions of it that are restored. */
export interface TableToDrill {
  readonly index: TableIndex
  readonly chunks: readonly SetChunk[]
  /** Why it can be read and not restored: the rows of a query that are not rows of a table. */
  readonly onlyRead: string | undefined
}

/** What a drill is about. `fraction` of the bytes of each table, 1 for all; at least one partition of each. */
export function tablesToDrill(set: BackupSet, db: string | undefined, fraction: number): TableToDrill[] {
  const databases = db === undefined ? set.databases() : [set.requireDatabase(db)]
  return databases.flatMap(({ url, tables }) =>
    tables.map(({ name }) => {
      const index = set.index(url, name)
      const { database, table, query } = index
      const onlyRead = query === undefined ? undefined : rowsConflict(index, query, database, table)
      return { index, chunks: sampleOf(index.chunks, fraction), onlyRead }
    }),
  )
}

/** Partitions picked at random until they have the wanted part of the bytes; in the order of the index. */
function sampleOf(chunks: readonly SetChunk[], fraction: number): readonly SetChunk[] {
  if (fraction >= 1) return chunks
  const wanted = fraction * chunks.reduce((sum, c) => sum + bytesOfChunk(c), 0)
  const left = [...chunks]
  const picked = new Set<SetChunk>()
  for (let bytes = 0; left.length > 0 && (bytes < wanted || picked.size === 0); ) {
    const [chunk] = left.splice(Math.floor(Math.random() * left.length), 1)
    picked.add(chunk)
    bytes += bytesOfChunk(chunk)
  }
  return chunks.filter((c) => picked.has(c))
}

/** Restores the partitions; each table by one transaction, as `restoreDB` does. */
export function restoreTables(set: BackupSet, tables: readonly TableToDrill[], context: BackupContext): void {
  for (const { index, chunks, onlyRead } of tables) {
    if (onlyRead !== undefined) continue
    const whole = { ...index, database: newestDatabase(set, index) }
    const { url } = index.database
    const target = targetOrNew(context, context.view(), whole, url, index.table.name)
    if (index.query !== undefined)
      restoreRows(context, set, { index: whole, target, chunks, way: 'replace', force: false })
    else
      restoreByPlan(
        context,
        set,
        context.looking((view) => planRestore(view, whole, target, { chunks, force: false, removeOthers: true })),
      )
  }
}

/** As restoreDB sees it: the database as the newest backup of any of its tables did, unless it has become another one. */
function newestDatabase(set: BackupSet, { database }: TableIndex): DatabaseRecord {
  const domain = set.domain(database.url)
  return schemeConflict(database, domain) === undefined ? domain : database
}

export interface Comparison {
  readonly tables: readonly DrilledTable[]
  /** What differs, in words, at most so many as a person reads; empty if all is well. */
  readonly conflicts: readonly string[]
}

export const CONFLICTS_MAX = 20

/** Compares what the started scratch store shows with what the backup holds, partition by partition. */
export function compareTables(
  set: BackupSet,
  tables: readonly TableToDrill[],
  store: ScratchStore,
  ledger: Ledger,
  now: () => number,
): Comparison {
  const conflicts: string[] = []
  const found = tables.map((drilled) => new TableComparison(set, drilled, store, ledger, now).run(conflicts))
  return { tables: found, conflicts }
}

class TableComparison {
  readonly #set: BackupSet
  readonly #drilled: TableToDrill
  readonly #store: ScratchStore
  readonly #ledger: Ledger
  readonly #now: () => number
  readonly #files: VouchedFiles
  readonly #table: TableRecord
  /** As they lie in the set. */
  readonly #chunks: ReadonlyMap<string, ChunkRecord>

  constructor(set: BackupSet, drilled: TableToDrill, store: ScratchStore, ledger: Ledger, now: () => number) {
    this.#set = set
    this.#drilled = drilled
    this.#store = store
    this.#ledger = ledger
    this.#now = now
    const { table, chunks, files } = readableTable(drilled.index)
    this.#table = table
    this.#chunks = new Map(chunks.map((c) => [c.path, c]))
    this.#files = new VouchedFiles(set, files)
  }

  run(conflicts: string[]): DrilledTable {
    const { index, chunks, onlyRead } = this.#drilled
    let rows = 0
    for (const chunk of chunks) {
      const inSet = this.#digestInSet(chunk)
      rows += inSet.rows
      const conflict = onlyRead === undefined ? this.#compare(chunk, inSet) : undefined
      if (conflict !== undefined && conflicts.length < CONFLICTS_MAX)
        conflicts.push(`${index.database.url}${chunk.path}, table ${index.table.name}: ${conflict}`)
      this.#remember(chunk)
    }
    return {
      db: index.database.url,
      table: index.table.name,
      partitions: chunks.length,
      rows,
      bytes: chunks.reduce((sum, c) => sum + bytesOfChunk(c), 0),
      detail: onlyRead === undefined ? '' : `rows of a query, read and not restored: ${onlyRead}`,
    }
  }

  /** What the ledger says of these files, or else what they say; then the ledger is told. */
  #digestInSet(chunk: SetChunk): RowsDigest {
    const { index } = this.#drilled
    const known = this.#ledger.rows(index, chunk)
    // Rows that are only read are what the drill is about.
    if (known !== undefined && this.#drilled.onlyRead === undefined) return known
    const digest = digestOfChunk(this.#files, this.#table, this.#chunks.get(chunk.path)!)
    const { url } = index.database
    this.#ledger.addRows({
      ...{ url, table: index.table.name, path: chunk.path, content: contentOf(index, chunk) },
      ...{ computedMs: this.#now(), digest },
    })
    return digest
  }

  #compare(chunk: SetChunk, inSet: RowsDigest): string | undefined {
    const { index } = this.#drilled
    const { url } = index.database
    const view = this.#store.view()
    const table = view.table(url, index.table.name)
    const restored = view.chunk(url, index.table.name, chunk.path)
    if (table === undefined) return 'the table is not in the restored store'
    if (restored === undefined) return chunk.rows === 0 ? undefined : 'the partition is not in the restored store'
    const found = digestOfChunk(this.#store.files, table, restored)
    // Columns of a query go by position: its names are not those of the table.
    const named = { ...found, columns: found.columns.map((c, k) => ({ ...c, name: inSet.columns[k]?.name ?? c.name })) }
    return digestConflict(inSet, index.query === undefined ? found : named)
  }

  /** Every file of the chunk was compared while it was restored, or read whole before its rows were. */
  #remember(chunk: SetChunk): void {
    const { index } = this.#drilled
    const where = placeOf(this.#set.store)
    for (const file of chunk.files) {
      const path = setFilePath(index.database.url, index.table.name, chunk, file)
      const { bytes, checksum } = file
      const footer = footerOf(this.#set.store, path, bytes)
      this.#ledger.addFile({
        ...{ path, bytes, checksum, where, isSound: true, how: 'drill', provenMs: this.#now() },
        ...(footer === undefined ? {} : { footer }),
      })
    }
  }
}
