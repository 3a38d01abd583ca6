/**
 * Merging of small segments, in the background: chunk by chunk, at a bounded rate, in a thread of its own so that checkpoints never wait for it. Whoever
 * changes the chunk meanwhile wins; what was merged is thrown away then.
 */
import { HoldfastError, toHoldfastError } from '../../runtime/errors.ts'
import type { CatalogStore } from '../catalog/key-value.ts'
import { changedAt } from '../catalog/records.ts'
import type { CatalogView, DatabaseRecord, TableRecord } from '../catalog/types.ts'
import type { CompactionCandidate } from '../compaction/choose.ts'
import type { Maintainer } from '../maintenance/task.ts'
import type { StoreSettings } from '../settings/index.ts'
import type { CatalogCommand } from './apply.ts'
import { isCommitUnknown } from './commit-unknown.ts'

export interface CompactorParts {
  readonly catalog: CatalogStore
  /** The store as of now, small appends included. */
  readonly view: () => CatalogView
  readonly settings: () => StoreSettings
  readonly maintain: Maintainer
  readonly commit: (command: CatalogCommand) => void
  readonly discard: (files: readonly string[]) => void
  readonly isLocked: (tableId: string, path: string) => boolean
  /** While other tools copy the directory nothing is merged: the old files would have to stay anyway. */
  readonly isPaused: () => boolean
}

export class Compactor {
  readonly #parts: CompactorParts
  /** The commit that last changed a table in which nothing was left to merge. */
  readonly #tidyAt = new Map<string, number>()
  #running: Promise<number> | undefined
  #isStopped = false
  /** The commit as of which a merge is reading; its files stay until the merge has ended. */
  readsCid = Number.POSITIVE_INFINITY

  constructor(parts: CompactorParts) {
    this.#parts = parts
  }

  /** Merges until nothing is worth it; answers how many times. One such run at a time. */
  run(): Promise<number> {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** Ends after the merge that is going on. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#running?.catch(() => undefined)
  }

  async #run(): Promise<number> {
    const { choose } = await import('../compaction/index.ts').then((c) => ({ choose: c.compactionCandidates }))
    let merges = 0
    const refused = new Set<string>()
    try {
      while (!this.#isStopped && this.#parts.settings().compactionEnabled && !this.#parts.isPaused()) {
        const candidate = this.#next(choose, refused)
        if (candidate === undefined) break
        if (await this.#merge(candidate)) merges++
        else refused.add(candidate.chunk.chunkId)
      }
    } finally {
      this.readsCid = Number.POSITIVE_INFINITY
    }
    return merges
  }

  #next(
    candidates: (
      view: CatalogView,
      database: DatabaseRecord,
      table: TableRecord,
      policy: { readonly minSegments: number; readonly maxBytes: number },
    ) => Iterable<CompactionCandidate>,
    refused: ReadonlySet<string>,
  ): CompactionCandidate | undefined {
    const { catalog, view, settings, isLocked } = this.#parts
    const now = view()
    this.readsCid = now.cid
    const policy = { minSegments: settings().compactionSegmentsMin, maxBytes: MERGE_BYTES_MAX }
    for (const database of now.databases())
      for (const table of now.tables(database.url)) {
        const changed = changedAt(catalog, table.db, table.name)
        if (this.#tidyAt.get(table.id) === changed) continue
        let isTidy = true
        for (const candidate of candidates(now, database, table, policy)) {
          isTidy = false
          const { chunkId, path } = candidate.chunk
          if (!refused.has(chunkId) && !isLocked(table.id, path)) return candidate
        }
        if (isTidy) this.#tidyAt.set(table.id, changed)
      }
    return undefined
  }

  async #merge({ database, table, chunk }: CompactionCandidate): Promise<boolean> {
    const { settings, maintain, commit, discard } = this.#parts
    const { compactionBytesPerSecond, compactionSegmentsMin } = settings()
    const result = await maintain({
      kind: 'compact',
      database,
      table,
      chunk,
      bytesPerSecond: compactionBytesPerSecond,
      minSegments: compactionSegmentsMin,
      maxBytes: MERGE_BYTES_MAX,
    })
    if (result.kind !== 'compact') throw new HoldfastError('bug', `a merge was answered with ${result.kind}`)
    if (result.merged === undefined) return false
    const { drop, add } = result.merged
    try {
      commit({ kind: 'compact', db: table.db, table: table.name, tableId: table.id, path: chunk.path, drop, add })
      return true
    } catch (error) {
      if (!isCommitUnknown(error)) discard(add.map((s) => s.file))
      const { kind, code } = toHoldfastError(error)
      if (kind === 'conflict' || code === 'tableMissing') return false
      throw error
    }
  }
}

/** No merge reads more than this, so that none takes long or needs much room beside the old files. */
const MERGE_BYTES_MAX = 256 << 20
