/** `holdfast stats`: what a directory that nobody has open holds, small appends that are in the log only included. */

import { HoldfastError } from '../../runtime/errors.ts'
import type { CatalogReader } from '../catalog/key-value.ts'
import { type CheckpointMark, type CopyMark, keys, type StoreMark, viewOf } from '../catalog/records.ts'
import type { CatalogView, ChunkRecord } from '../catalog/types.ts'
import { NO_DELTAS } from '../delta/merge.ts'
import { liveByTable } from './check-directory.ts'
import { CATALOG_FILE, type InspectedDirectory } from './open.ts'
import { readLog, replay } from './replay.ts'

export interface StoreStats {
  readonly format: number
  readonly storeId: string
  readonly timeline: number
  readonly cid: number
  readonly wasUnclean: boolean
  /** False: a process may have opened it meanwhile, because nothing can be written there. */
  readonly isHeld: boolean
  readonly checkpoint: CheckpointMark | undefined
  readonly log: {
    readonly end: number
    readonly oldest: number
    readonly bytes: number
    /** What a recovery would read. */
    readonly recoveryBytes: number
    readonly transactions: number
  }
  readonly copy: CopyMark | undefined
  readonly tables: readonly TableStats[]
}

export interface TableStats extends Sizes {
  readonly db: string
  readonly table: string
  readonly chunks: number
}

export interface ChunkStats extends Sizes {
  readonly db: string
  readonly table: string
  readonly partition: string
  readonly chunkId: string
  readonly cid: number
  readonly updateTimeMs: number
}

interface Sizes {
  /** Small appends counted. */
  readonly rows: number
  readonly segments: number
  readonly bytes: number
  readonly deltaRows: number
  readonly deltaBytes: number
}

/** Throws if the catalog or the log can't be read: `holdfast check` says more then. */
export function statsOf(directory: InspectedDirectory): {
  readonly stats: StoreStats
  readonly chunks: () => Iterable<ChunkStats>
} {
  const { files, wasUnclean, isHeld } = directory
  const catalog = requireCatalog(directory)
  const store = catalog.get(keys.store) as StoreMark | undefined
  if (store === undefined)
    throw new HoldfastError(
      'data',
      `The catalog in ${files.root} is of an older format without a log; the next start converts it.`,
      {
        code: 'catalogOld',
      },
    )
  const { log, scan, from } = readLog(files, catalog, store)
  const { catalog: state, deltas, recovered } = replay(files, catalog, log, from)
  const waiting = liveByTable(deltas)
  const view = viewOf(state, { cid: recovered.lastCid, deltas: (tableId) => waiting.get(tableId) ?? NO_DELTAS })
  return {
    stats: {
      format: catalog.get(keys.format) as number,
      storeId: store.id,
      timeline: store.timeline,
      cid: recovered.lastCid,
      wasUnclean,
      isHeld,
      checkpoint: catalog.get(keys.checkpoint) as CheckpointMark | undefined,
      log: {
        end: scan.end,
        oldest: log.oldest,
        bytes: log.bytes,
        recoveryBytes: scan.end - from,
        transactions: recovered.committed + recovered.rolledBack,
      },
      copy: catalog.get(keys.copy) as CopyMark | undefined,
      tables: tablesOf(view),
    },
    chunks: () => chunksOf(view),
  }
}

function requireCatalog({ catalog, catalogError, files }: InspectedDirectory): CatalogReader {
  if (catalog !== undefined) return catalog
  if (catalogError !== undefined) throw catalogError
  throw new HoldfastError('input', `There is no ${CATALOG_FILE} in ${files.root}: it is no data directory.`, {
    code: 'catalogMissing',
    where: { file: CATALOG_FILE },
  })
}

function tablesOf(view: CatalogView): TableStats[] {
  return view.databases().flatMap(({ url }) =>
    view.tables(url).map(({ name }) => {
      const sum = { db: url, table: name, chunks: 0, rows: 0, segments: 0, bytes: 0, deltaRows: 0, deltaBytes: 0 }
      for (const chunk of view.chunks(url, name)) {
        const sizes = sizesOf(chunk)
        sum.chunks++
        sum.rows += sizes.rows
        sum.segments += sizes.segments
        sum.bytes += sizes.bytes
        sum.deltaRows += sizes.deltaRows
        sum.deltaBytes += sizes.deltaBytes
      }
      return sum
    }),
  )
}

function* chunksOf(view: CatalogView): Iterable<ChunkStats> {
  for (const { url } of view.databases())
    for (const { name } of view.tables(url))
      for (const chunk of view.chunks(url, name))
        yield {
          db: url,
          table: name,
          partition: chunk.path,
          chunkId: chunk.chunkId,
          cid: chunk.cid,
          updateTimeMs: chunk.updateTimeMs,
          ...sizesOf(chunk),
        }
}

function sizesOf({ rows, segments, delta = [] }: ChunkRecord): Sizes {
  return {
    rows,
    segments: segments.length,
    bytes: segments.reduce((n, s) => n + s.bytes, 0),
    deltaRows: delta.reduce((n, b) => n + b.rows, 0),
    deltaBytes: delta.reduce((n, b) => n + b.data.length, 0),
  }
}
