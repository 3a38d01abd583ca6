/**
 * Who is rewriting which chunk. Rewriters of one chunk exclude each other; appends never lock, and only an exclusive transaction makes them wait. A lock ends
 * with its transaction, or with the session that holds it.
 */
import { HoldfastError } from '../../runtime/errors.ts'

export interface Transaction {
  readonly tid: number
  readonly owner: string
  readonly tableId: string
  /** undefined: the whole table. */
  readonly paths: ReadonlySet<string> | undefined
  /** Nobody may append to the table. */
  readonly isExclusive: boolean
  readonly startMs: number
}

export class ChunkLocks {
  readonly #transactions = new Map<number, Transaction>()

  /** Throws S00002 if another transaction holds one of the chunks. */
  begin(
    tid: number,
    owner: string,
    table: LockedTable,
    paths: readonly string[] | undefined,
    startMs: number,
    isExclusive = false,
  ): void {
    const wanted = paths === undefined ? undefined : new Set(paths)
    for (const other of this.#transactions.values()) {
      const path = overlap(other, table.tableId, wanted)
      if (path === undefined) continue
      throw chunkLocked(table, path, other.tid)
    }
    this.#transactions.set(tid, { tid, owner, tableId: table.tableId, paths: wanted, isExclusive, startMs })
  }

  /** Throws S00002 if a transaction that bears no appends beside it holds the table. */
  requireOpen(table: LockedTable): void {
    for (const t of this.#transactions.values())
      if (t.isExclusive && t.tableId === table.tableId) throw chunkLocked(table, ALL, t.tid)
  }

  /** Whether the transaction is open, and the owner's if one is given. */
  has(tid: number, owner?: string): boolean {
    const found = this.#transactions.get(tid)
    return found !== undefined && (owner === undefined || found.owner === owner)
  }

  end(tid: number): void {
    this.#transactions.delete(tid)
  }

  ofOwner(owner: string): number[] {
    return [...this.#transactions.values()].filter((t) => t.owner === owner).map((t) => t.tid)
  }

  transactions(): readonly Transaction[] {
    return [...this.#transactions.values()]
  }

  /** The transaction that holds the chunk, if any; without a path: any chunk of the table. */
  holder(tableId: string, path?: string): number | undefined {
    for (const t of this.#transactions.values())
      if (overlap(t, tableId, path === undefined ? undefined : new Set([path])) !== undefined) return t.tid
    return undefined
  }
}

export interface LockedTable {
  readonly db: string
  readonly table: string
  readonly tableId: string
}

/** Stands for every chunk of the table. */
const ALL = '*'

function chunkLocked({ db, table }: LockedTable, path: string, tid: number): HoldfastError {
  const place = path === ALL ? `/${table}` : `${path}/${table}`
  return new HoldfastError(
    'conflict',
    `<ChunkInTransaction>The openChunks operation failed because the chunk '/${db.slice('dfs://'.length)}${place}' is currently locked and in use by transaction ${tid}.`,
    {
      code: 'chunkLocked',
      refId: 'S00002',
      where: { db, table, ...(path === ALL ? {} : { partition: path }) },
      hint: 'repeat the statement when that transaction has ended',
    },
  )
}

/** A chunk that both have, or ALL if both have all that the other may name. */
function overlap(t: Transaction, tableId: string, wanted: ReadonlySet<string> | undefined): string | undefined {
  if (t.tableId !== tableId) return undefined
  if (wanted === undefined) return t.paths === undefined ? ALL : [...t.paths][0]
  if (t.paths === undefined) return [...wanted][0]
  for (const path of wanted) if (t.paths.has(path)) return path
  return undefined
}
