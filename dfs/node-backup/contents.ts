/** What a backup holds, read with its checksums and compared: the records of its catalog, and the files that they need. */

import { HoldfastError } from '../../runtime/errors.ts'
import { CATALOG_FORMAT } from '../catalog/records.ts'
import type { ChunkRecord } from '../catalog/types.ts'
import { checkEntries } from '../external-copy/checked-entries.ts'
import { type CatalogEntry, decodeCatalogCopy } from '../external-copy/format.ts'
import { readMetadata } from '../set/bounded.ts'
import { damagedMetadata } from '../set/checked.ts'
import { MANIFEST_FILE, stateFolder, stateManifestFile } from '../set/layout.ts'
import type { MetadataDigest } from '../set/manifest.ts'
import { checksumOf } from '../store/checksum.ts'
import type { FileStore } from '../store/file-store.ts'
import type { IndexedFile } from './file-index.ts'
import { catalogFile, configFile, scheduledJobsFile } from './layout.ts'
import { type NodeManifest, readNewestManifest } from './manifest.ts'
import { type PackedJob, unpackScheduledJobs } from './scheduled-jobs.ts'
import { filesOfState } from './states.ts'

const HINT = 'use another backup'

/** Both copies of the newest backup's manifest hold the same bytes. */
export function checkManifestCopies(set: FileStore, { id }: NodeManifest): void {
  const file = stateManifestFile(stateFolder(id))
  const bytes = readMetadata(set, file)
  if (readNewestManifest(set)?.id === id && !Buffer.from(bytes).equals(readMetadata(set, MANIFEST_FILE)))
    throw damagedMetadata(file, `it differs from ${MANIFEST_FILE}`, HINT)
}

/** Throws for a data format of another release. */
export function refuseOtherData({ id, dataFormat }: NodeManifest): void {
  if (dataFormat === CATALOG_FORMAT) return
  throw new HoldfastError(
    'data',
    `The backup ${id} is of data format ${dataFormat}; this release restores format ${CATALOG_FORMAT}.`,
    {
      code: 'backupFormat',
      where: { file: stateManifestFile(stateFolder(id)) },
      hint: 'restore it with the release that made it, and start the result with this one',
    },
  )
}

function readVouched(set: FileStore, file: string, { bytes, digest }: MetadataDigest, hint = HINT): Buffer {
  const content = readMetadata(set, file, bytes)
  if (checksumOf(content) !== digest) throw damagedMetadata(file, 'its content does not match its digest', hint)
  return Buffer.from(content.buffer, content.byteOffset, content.byteLength)
}

export function readCatalog(set: FileStore, { id, cid, catalog }: NodeManifest): readonly CatalogEntry[] {
  const file = catalogFile(stateFolder(id))
  const entries = decodeCatalogCopy(readVouched(set, file, catalog))
  if (entries === undefined || entries.length !== catalog.records)
    throw damagedMetadata(file, 'it is not the copy of a catalog', HINT)
  checkEntries(entries, cid, file)
  return entries
}

/** What a restore can do without. */
export const DISPENSABLE = ['config', 'jobs'] as const
export type Dispensable = (typeof DISPENSABLE)[number]

const hintFor = (part: Dispensable): string => `${HINT}, or restore everything else with --without ${part}`

/** `holdfast.toml` as it was. */
export const readConfig = (set: FileStore, { id, config }: NodeManifest): Uint8Array | undefined =>
  config === undefined ? undefined : readVouched(set, configFile(stateFolder(id)), config, hintFor('config'))

/** Those of the store, checked. */
export function readScheduledJobs(set: FileStore, { id, scheduledJobs }: NodeManifest): readonly PackedJob[] {
  if (scheduledJobs === undefined) return []
  const file = scheduledJobsFile(stateFolder(id))
  return unpackScheduledJobs(readVouched(set, file, scheduledJobs, hintFor('jobs')), file)
}

/** The data files of a backup, after it was found that they are those that its catalog names. */
export function readFiles(
  set: FileStore,
  manifest: NodeManifest,
  entries: readonly CatalogEntry[],
): readonly IndexedFile[] {
  const file = catalogFile(stateFolder(manifest.id))
  const files = new Map<string, IndexedFile>()
  for (const indexed of filesOfState(set, manifest)) files.set(indexed.file, indexed)
  if (files.size !== manifest.files) throw damagedMetadata(file, 'its files are not as many as the manifest says', HINT)
  const used = new Set<string>()
  for (const [key, value] of entries) {
    if (key[0] !== 'chunk') continue
    for (const segment of (value as ChunkRecord).segments) {
      const found = files.get(segment.file)
      if (found === undefined || found.bytes !== segment.bytes || found.checksum !== segment.checksum)
        throw damagedMetadata(file, `it names ${segment.file}, which is not among the files of the backup`, HINT)
      used.add(segment.file)
    }
  }
  if (used.size !== files.size) throw damagedMetadata(file, 'the backup has files that it does not name', HINT)
  return [...files.values()]
}
