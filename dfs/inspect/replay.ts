/** What a start would make of a directory: the log is applied to the catalog in memory, and nothing on disk is changed. */
import type { CatalogKey, CatalogReader, CatalogStore, CatalogWriter } from '../catalog/key-value.ts'
import { CatalogOverlay } from '../catalog/overlay.ts'
import { type CheckpointMark, keys, type StoreMark } from '../catalog/records.ts'
import { DeltaStore } from '../delta/store.ts'
import { keepFiles } from '../engine/garbage.ts'
import { bootIdOf } from '../engine/lock.ts'
import { type Recovered, recover } from '../engine/recovery.ts'
import type { FileStore } from '../store/file-store.ts'
import type { CommitLog } from '../wal/commit-log.ts'
import { readCommitLog } from '../wal/read-only-log.ts'
import type { ScanEnd } from '../wal/survey.ts'

export interface Replayed {
  readonly catalog: CatalogReader
  readonly deltas: DeltaStore
  readonly recovered: Recovered
}

/** The log of a directory, as a start would find it. Throws if it is damaged. */
export function readLog(
  files: FileStore,
  catalog: CatalogReader,
  store: StoreMark,
): { readonly log: CommitLog; readonly scan: ScanEnd; readonly from: number } {
  const mark = catalog.get(keys.checkpoint) as CheckpointMark | undefined
  const applied = catalog.get(keys.lsn) as number | undefined
  const from = mark?.lsn ?? 0
  const { log, scan } = readCommitLog(files, {
    // Which strategy writes next does not matter to who only reads.
    rotation: 'dual',
    groupFiles: 0,
    groupFileBytes: 0,
    timeline: store.timeline,
    storeId: store.id,
    bootId: bootIdOf(),
    from,
    ...(applied === undefined ? {} : { reached: applied - 1 }),
  })
  return { log, scan, from: Math.max(from, log.oldest) }
}

/** Throws what would stop the start. */
export function replay(files: FileStore, catalog: CatalogReader, log: CommitLog, from: number): Replayed {
  const copy = new CatalogInMemory(catalog)
  const deltas = new DeltaStore()
  const recovered = recover(
    {
      catalog: copy,
      log,
      deltas,
      files,
      from,
      now: Date.now,
      say: () => {},
      beforeApply: (writer, command) => {
        if (command.kind === 'replaceChunks') keepFiles(writer, command.put)
      },
    },
    true,
  )
  return { catalog: copy, deltas, recovered }
}

/** Takes writes without handing them down. */
class CatalogInMemory implements CatalogStore {
  readonly #overlay: CatalogOverlay

  constructor(below: CatalogReader) {
    this.#overlay = new CatalogOverlay(below)
  }

  get(key: CatalogKey): unknown {
    return this.#overlay.get(key)
  }

  entries(prefix: CatalogKey): Iterable<readonly [CatalogKey, unknown]> {
    return this.#overlay.entries(prefix)
  }

  transaction<R>(body: (writer: CatalogWriter) => R): R {
    return body(this.#overlay)
  }

  refresh(): void {
    // Nobody else writes.
  }

  close(): void {
    // What is below belongs to somebody else.
  }
}
