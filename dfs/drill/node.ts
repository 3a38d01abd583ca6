/**
 * The drill of a node backup: the whole of it is restored, every byte compared on the way, the store is started, and each partition is read as queries read it. What the
 * rows must be is known from the first drill of a partition's version on; before that, how many there are.
 */
import type { ChunkRecord, TableRecord } from '../catalog/types.ts'
import { digestConflict } from '../digest/rows-digest.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { type NodeManifest, requireManifest } from '../node-backup/manifest.ts'
import { openSet } from '../node-backup/open.ts'
import { restoreNode } from '../node-backup/restore.ts'
import type { ProgressSink } from '../progress.ts'
import type { BackupKey } from '../set/key.ts'
import { checksumOf } from '../store/checksum.ts'
import type { FileStore } from '../store/file-store.ts'
import { digestOfChunk } from './chunk-digest.ts'
import { CONFLICTS_MAX, type Comparison } from './databases.ts'
import type { DrilledTable } from './evidence.ts'
import type { ScratchStore } from './scratch-store.ts'

export interface NodeBackupChoice {
  readonly set: FileStore
  /** Default: the newest. */
  readonly id: string | undefined
  readonly key: BackupKey | undefined
}

/** The backup that is meant, after its key was found to be the right one. */
export function nodeManifestOf({ set, id, key }: NodeBackupChoice): NodeManifest {
  const manifest = requireManifest(set, id)
  openSet(set, key, manifest)
  return manifest
}

export function restoreNodeInto(
  store: ScratchStore,
  choice: NodeBackupChoice,
  progress: ProgressSink,
  now: () => number,
): void {
  restoreNode({ ...choice, target: store.files, makeCatalog: (fill) => store.fillCatalog(fill), progress, now })
}

export function compareNode(
  store: ScratchStore,
  manifest: NodeManifest,
  ledger: Ledger,
  now: () => number,
): Comparison {
  const conflicts: string[] = []
  const tables: DrilledTable[] = []
  const view = store.view()
  let stored = 0
  for (const { url } of view.databases())
    for (const table of view.tables(url)) {
      const chunks = [...view.chunks(url, table.name)]
      stored += chunks.reduce((sum, c) => sum + c.rows, 0)
      let rows = 0
      for (const chunk of chunks) {
        const digest = digestOfChunk(store.files, table, chunk)
        rows += digest.rows
        const content = contentOfVersion(table, chunk)
        const known = ledger.rowsOf({ url, table: table.name, path: chunk.path }, content)
        const conflict = known === undefined ? undefined : digestConflict(known, digest)
        if (conflict !== undefined && conflicts.length < CONFLICTS_MAX)
          conflicts.push(`${url}${chunk.path}, table ${table.name}: ${conflict}`)
        if (known === undefined)
          ledger.addRows({ url, table: table.name, path: chunk.path, content, computedMs: now(), digest })
      }
      const bytes = chunks.reduce((sum, c) => sum + c.segments.reduce((n, s) => n + s.bytes, 0), 0)
      tables.push({ db: url, table: table.name, partitions: chunks.length, rows, bytes, detail: '' })
    }
  if (stored !== manifest.rows)
    conflicts.push(`the restored store holds ${stored} rows and the backup ${manifest.rows}`)
  return { tables, conflicts }
}

/** Stands for the rows of one version of a partition, in whichever files they are. */
function contentOfVersion(
  { columns, sortColumns, primaryKey, keepDuplicates }: TableRecord,
  chunk: ChunkRecord,
): string {
  const way = [columns.map((c) => [c.name, c.stored, c.type, c.scale]), sortColumns, primaryKey, keepDuplicates]
  return checksumOf(Buffer.from(JSON.stringify([way, chunk.chunkId, chunk.cid, chunk.rows, chunk.updateTimeMs])))
}
