/**
 * Making a data directory of a backup. The directory is new or empty. A marker stands in it from before the first file until after the last: whoever opens the
 * directory refuses one with the marker, so a restore that was cut off can never be taken for a store. Every byte is compared while it is copied.
 *
 * The store goes on by itself: on the next timeline, with a log of its own, and with commit ids that the store it comes from cannot have given since.
 */
import { HoldfastError, inputError } from '../../runtime/errors.ts'
import type { CatalogStore } from '../catalog/key-value.ts'
import type { StoreMark } from '../catalog/records.ts'
import { LOCK_FILE } from '../engine/lock.ts'
import { beginLog, fillCatalog, flushInto, splitEntries } from '../external-copy/adopt.ts'
import type { CatalogEntry } from '../external-copy/format.ts'
import { ProgressMeter, type ProgressSink } from '../progress.ts'
import { requireRoom } from '../restore/room.ts'
import { FileWork } from '../set/file-work.ts'
import type { BackupKey } from '../set/key.ts'
import { explain, type FileCheck, type OnBytes } from '../set/pipeline.ts'
import type { FileStore } from '../store/file-store.ts'
import { foldersUpFrom, parentOf } from '../store/paths.ts'
import { VOLUME_FOLDER } from '../store/volume-folder.ts'
import { type Dispensable, readCatalog, readConfig, readFiles, readScheduledJobs, refuseOtherData } from './contents.ts'
import { droppedMeanwhile, isDropped } from './dropped.ts'
import type { IndexedFile } from './file-index.ts'
import { type NodeManifest, requireManifest } from './manifest.ts'
import { RESTORE_MARKER } from './marker.ts'
import { nextCid } from './next-cid.ts'
import { openSet } from './open.ts'
import { type PackedJob, writeScheduledJobs } from './scheduled-jobs.ts'
import { originalOf, readCoding } from './stored-file.ts'

export interface NodeRestoreParts {
  readonly set: FileStore
  /** Default: the newest backup. */
  readonly id?: string | undefined
  /** Of an encrypted set. */
  readonly key?: BackupKey | undefined
  /** Parts that are not even read. */
  readonly without?: readonly Dispensable[] | undefined
  /** The new data directory. */
  readonly target: FileStore
  /** Makes the catalog of the new directory; durable when it returns. */
  readonly makeCatalog: (fill: (catalog: CatalogStore) => void) => void
  readonly progress: ProgressSink
  readonly now: () => number
}

const CONFIG_FILE = 'holdfast.toml'

export function restoreNode(parts: NodeRestoreParts): NodeManifest {
  const manifest = requireManifest(parts.set, parts.id)
  try {
    return restoreOf(parts, manifest)
  } catch (error) {
    throw isDropped(parts.set, manifest.id) ? droppedMeanwhile(parts.set, manifest.id, 'restored') : error
  }
}

/** Looks for all that would keep a restore from being made, damage of data files excepted. Changes nothing. */
export function planNode(parts: Omit<NodeRestoreParts, 'makeCatalog' | 'progress' | 'now'>): NodeManifest {
  const manifest = requireManifest(parts.set, parts.id)
  const { set, files } = prepare(parts, manifest)
  for (const { path, stored } of files) {
    const found = set.stat(path)
    if (found?.bytes === stored.bytes) continue
    const problem = found === undefined ? 'is missing' : `has ${found.bytes} bytes instead of ${stored.bytes}`
    throw new HoldfastError('data', `The file ${path} of the backup ${problem}.`, {
      code: 'backupFile',
      where: { file: path },
      hint: 'restore another backup; verify-backup lists all damage',
    })
  }
  return manifest
}

interface Prepared {
  readonly set: FileStore
  readonly entries: readonly CatalogEntry[]
  readonly files: readonly IndexedFile[]
  readonly config: Uint8Array | undefined
  readonly jobs: readonly PackedJob[]
}

/** Everything that is read before the first file is copied. */
function prepare(
  { set: stored, target, key, without = [] }: Pick<NodeRestoreParts, 'set' | 'target' | 'key' | 'without'>,
  manifest: NodeManifest,
): Prepared {
  const set = openSet(stored, key, manifest)
  refuseOtherData(manifest)
  refuseUsed(target)
  const entries = readCatalog(set, manifest)
  const files = readFiles(set, manifest, entries)
  const config = without.includes('config') ? undefined : readConfig(set, manifest)
  const jobs = without.includes('jobs') ? [] : readScheduledJobs(set, manifest)
  const bytes = files.reduce((sum, f) => sum + originalOf(f).bytes, 0)
  requireRoom(target, bytes, { hint: 'name a directory on a disk with more room' })
  return { set, entries, files, config, jobs }
}

function restoreOf(parts: NodeRestoreParts, manifest: NodeManifest): NodeManifest {
  const { target, now } = parts
  const { set, entries, files, config, jobs } = prepare(parts, manifest)
  target.makeDirectory('')
  target.writeFileAtomic(RESTORE_MARKER, `${manifest.id}\n`)
  copyFiles({ ...parts, set }, manifest, files)
  const { records, deltas } = splitEntries(entries)
  flushInto(target, records, deltas)
  if (config !== undefined) target.writeFileAtomic(CONFIG_FILE, config)
  writeScheduledJobs(target, jobs)
  const store: StoreMark = { id: manifest.storeId, timeline: manifest.timeline + 1 }
  beginLog(target, store, manifest)
  const start = { lsn: manifest.lsn, cid: nextCid(manifest.cid, now()) }
  parts.makeCatalog((catalog) => fillCatalog(catalog, records.values(), store, start, now()))
  target.syncDirectory('')
  target.remove(RESTORE_MARKER)
  target.syncDirectory('')
  return manifest
}

function refuseUsed(target: FileStore): void {
  const found = target.stat('')
  if (
    found === undefined ||
    (found.kind === 'directory' && target.list('').every(({ name }) => name === VOLUME_FOLDER || name === LOCK_FILE))
  )
    return
  const isUnfinished = target.stat(RESTORE_MARKER) !== undefined
  throw inputError(
    isUnfinished
      ? `${target.root} holds a restore that was cut off.`
      : `${target.root} is not empty; a backup is restored into a new directory.`,
    {
      code: 'targetNotEmpty',
      where: { file: target.root },
      hint: isUnfinished ? 'remove the directory, then call again' : 'name a directory that does not exist yet',
    },
  )
}

function copyFiles(
  { set, target, progress, now }: NodeRestoreParts,
  manifest: NodeManifest,
  files: readonly IndexedFile[],
): void {
  const meter = new ProgressMeter(
    progress,
    { verb: 'restore', subject: manifest.id, bytesTotal: manifest.bytes, chunksTotal: 0 },
    now,
  )
  const onBytes: OnBytes = (bytes) => meter.addBytes(bytes)
  const work = new FileWork({ source: set, target, onBytes })
  try {
    for (const f of files) {
      const refuse = (check: FileCheck): never => {
        throw damagedFile(f, check)
      }
      work.copy(f.path, f.file, originalOf(f), refuse, { coding: readCoding(f) })
    }
    work.flush()
  } finally {
    work.end()
    meter.done()
  }
  const folders = new Set<string>()
  for (const { file } of files) for (const folder of foldersUpFrom(parentOf(file))) folders.add(folder)
  for (const folder of folders) target.syncDirectory(folder)
}

const damagedFile = ({ path, file }: IndexedFile, check: FileCheck): HoldfastError =>
  new HoldfastError('data', `The file ${path} of the backup is damaged: ${explain(check)}.`, {
    code: 'backupFile',
    where: { file: path, segment: file },
    hint: 'restore another backup; verify-backup lists all damage',
  })
