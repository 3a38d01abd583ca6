/** Makes the checkpoint that copies by other tools start from. Runs on the engine thread, in one turn, so that what it writes is of one commit. */
import type { CatalogReader } from '../catalog/key-value.ts'
import { CATALOG_FORMAT, type CopyMark, keys, type StoreMark } from '../catalog/records.ts'
import type { ChunkRecord } from '../catalog/types.ts'
import type { DeltaStore } from '../delta/store.ts'
import type { FileStore } from '../store/file-store.ts'
import { type CatalogEntry, COPY_FOLDER, COPY_MANIFEST, type CopyManifest, writeCatalogCopy } from './format.ts'

export function createCopyPoint(
  catalog: CatalogReader,
  files: FileStore,
  deltas: DeltaStore,
  moment: { readonly cid: number; readonly lsn: number; readonly nowMs: number },
): CopyMark {
  const { cid, lsn, nowMs } = moment
  files.removeTree(COPY_FOLDER)
  files.makeDirectory(COPY_FOLDER)
  let pinnedFiles = 0
  let pinnedBytes = 0
  function* entries(): Iterable<CatalogEntry> {
    for (const [key, value] of catalog.entries([])) {
      // Files that wait to be removed or that a restore left are not part of the moment; the mark of the mode itself is not either.
      if (
        key[0] === keys.garbages[0] ||
        key[0] === keys.remains[0] ||
        (key[0] === keys.copy[0] && key[1] === keys.copy[1])
      )
        continue
      if (key[0] === 'chunk')
        for (const { bytes } of (value as ChunkRecord).segments) {
          pinnedFiles++
          pinnedBytes += bytes
        }
      yield [key, value]
    }
    for (const [tableId, chunks] of deltas.live(Number.POSITIVE_INFINITY))
      for (const { path, ...delta } of chunks) yield [['delta', tableId, path], { path, ...delta }]
  }
  const written = writeCatalogCopy(files, entries())
  const store = catalog.get(keys.store) as StoreMark
  const manifest: CopyManifest = {
    product: 'holdfast',
    format: CATALOG_FORMAT,
    storeId: store.id,
    timeline: store.timeline,
    cid,
    lsn,
    startedAt: new Date(nowMs).toISOString(),
    ...written,
    files: pinnedFiles,
    fileBytes: pinnedBytes,
  }
  files.writeFileAtomic(COPY_MANIFEST, `${JSON.stringify(manifest, undefined, 2)}\n`)
  files.syncDirectory('')
  return { cid, lsn, startedMs: nowMs, pinnedFiles, pinnedBytes }
}

/** Nobody may copy the directory any more. */
export function removeCopyPoint(files: FileStore): void {
  if (files.stat(COPY_FOLDER) !== undefined) files.removeTree(COPY_FOLDER)
}
