/**
 * Taking a backup of the whole node, while it is written to: the state of one commit. In order: look where the log ends, pin a commit, lock the set, dump the catalog,
 * copy the log, copy segments, complete, publish, sweep. Killed in any of them, the set still has the backups that it had, and the next run keeps what was copied.
 */
import { HoldfastError, inputError } from '../../runtime/errors.ts'
import { underSetLock } from '../backup/locked-set.ts'
import type { CatalogReader } from '../catalog/key-value.ts'
import { CATALOG_FORMAT, keys, type StoreMark } from '../catalog/records.ts'
import type { CatalogView } from '../catalog/types.ts'
import type { EngineStatus } from '../engine/commands.ts'
import { type PaceLimits, paceOf } from '../pace/backup-pace.ts'
import { ProgressMeter } from '../progress.ts'
import type { BackupContext } from '../set/context.ts'
import type { BackupKey } from '../set/key.ts'
import { MANIFEST_FILE, partialFolder, STATES_FOLDER, stateFolder, stateManifestFile } from '../set/layout.ts'
import { removeLockRemains, type SetLock } from '../set/lock.ts'
import type { MetadataDigest } from '../set/manifest.ts'
import { CIPHER } from '../set/seal.ts'
import { checksumOf } from '../store/checksum.ts'
import type { FileStore } from '../store/file-store.ts'
import { planCopy, runCopy } from './copy.ts'
import { type CatalogDump, dumpCatalog } from './dump.ts'
import { type IndexedFile, writeFileIndex } from './file-index.ts'
import {
  catalogFile,
  configFile,
  indexFile,
  isIdTaken,
  newBackupId,
  scheduledJobsFile,
  stateFoldersOf,
} from './layout.ts'
import { type CopiedPiece, copyLog, placePieces } from './log-copy.ts'
import { encodeNodeManifest, type LogPiece, type NodeManifest, readNewestManifest } from './manifest.ts'
import { openSet } from './open.ts'
import { NodeRun } from './run.ts'
import { packScheduledJobs } from './scheduled-jobs.ts'
import { type KeptState, keptStates, type NamedFiles, namedFiles } from './states.ts'
import type { Coding } from './stored-file.ts'
import { sweepSet } from './sweep.ts'

export interface NodeBackupRequest {
  readonly includeWal: boolean
  readonly compress: boolean
  /** So many backups stay in the set, this one included; undefined: all. */
  readonly keep: number | undefined
  /** `holdfast.toml` as it is. */
  readonly config: Uint8Array | undefined
  /** Everything is encrypted with it. */
  readonly key?: BackupKey | undefined
  /** Absent: those of the settings. */
  readonly limits?: PaceLimits | undefined
}

export interface NodeBackupParts {
  readonly context: BackupContext
  /** What the views of `context` are made of. */
  readonly catalog: CatalogReader
  readonly set: FileStore
}

export interface NodeBackupResult {
  readonly manifest: NodeManifest
  /** Of the data, before compression: segments, and small appends that are in none. */
  readonly bytesEstimated: number
  readonly filesCopied: number
  readonly filesResumed: number
  readonly filesKept: number
}

const ATTEMPTS = 5

export function takeNodeBackup(parts: NodeBackupParts, request: NodeBackupRequest): NodeBackupResult {
  const { context } = parts
  const set = openSet(parts.set, request.key, newestManifest(parts))
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    // Before the view: what is committed later stands in the log behind this.
    const from = statusOf(context).log.end
    const { view, pin, release } = context.pinnedView('backup of the node')
    try {
      const result = underSetLock(context, set, 'backup of the node', pin, (lock) =>
        new NodeBackupTask({ ...parts, set }, request, lock, view, from).run(),
      )
      if (result !== undefined) return result
    } finally {
      release()
    }
  }
  throw new HoldfastError('conflict', 'The log was cut faster than it could be copied.', {
    code: 'logMoved',
    hint: 'call again, or leave the log out',
  })
}

export const statusOf = ({ client, user }: BackupContext): EngineStatus =>
  client.request({ kind: 'status' }, user).status!

/** The newest backup in the set. Throws for a set of another kind, or of another release. */
export function newestManifest({ context, set }: NodeBackupParts): NodeManifest | undefined {
  try {
    return readNewestManifest(set)
  } catch (error) {
    // The backups in it have manifests of their own, and this run writes a new one.
    if (!(error instanceof HoldfastError) || error.code !== 'backupMetadata') throw error
    context.progress.note(error.message)
    return keptStates(set, () => {}).findLast((s) => s.manifest !== undefined)?.manifest
  }
}

/** Two stores would count, and remove, each other's backups, and the newest one would be now of this store, now of that. A restored store is the same one, on another timeline. */
export function requireSameStore(set: FileStore, { storeId, id }: NodeManifest, store: StoreMark): void {
  if (storeId === store.id) return
  throw inputError(
    `The directory ${set.root} holds backups of another store: ${id} is of ${storeId}, this is ${store.id}.`,
    {
      code: 'backupOfOtherStore',
      where: { file: set.root },
      hint: 'give each store a directory of its own; nothing was changed',
    },
  )
}

class NodeBackupTask {
  readonly #parts: NodeBackupParts
  readonly #request: NodeBackupRequest
  readonly #lock: SetLock
  readonly #view: CatalogView
  readonly #from: number
  readonly #set: FileStore
  readonly #coding: Coding
  readonly #startedMs: number

  constructor(parts: NodeBackupParts, request: NodeBackupRequest, lock: SetLock, view: CatalogView, from: number) {
    this.#parts = parts
    this.#request = request
    this.#lock = lock
    this.#view = view
    this.#from = from
    this.#set = parts.set
    this.#coding = request.compress ? 'zstd' : 'plain'
    this.#startedMs = parts.context.now()
  }

  /** undefined: the log was cut before it could be copied. */
  run(): NodeBackupResult | undefined {
    const { context, catalog } = this.#parts
    // Another run may have put the first backup into the set while this one waited.
    const newest = newestManifest(this.#parts)
    openSet(this.#set, this.#request.key, newest)
    if (newest !== undefined) requireSameStore(this.#set, newest, catalog.get(keys.store) as StoreMark)
    removeLockRemains(this.#set, context.lockWorld)
    for (const { id, isPartial } of stateFoldersOf(this.#set)) if (isPartial) this.#set.removeTree(partialFolder(id))
    const store = catalog.get(keys.store) as StoreMark
    const isKnownRun = (id: string): boolean => catalog.get(keys.run(id)) !== undefined
    const id = newBackupId(this.#startedMs, (name) => isIdTaken(this.#set, name) || isKnownRun(name))
    this.#set.makeDirectory(partialFolder(id))
    // First of all, as long as the catalog shows what the view shows.
    const dump = dumpCatalog(this.#set, catalogFile(partialFolder(id)), catalog, this.#view)
    // By its folder the next run knows that files in data/ and wal/ are those of a backup (set/own-folder.ts).
    for (const folder of [STATES_FOLDER, '']) this.#set.syncDirectory(folder)
    const pieces = this.#copyLog(id)
    if (pieces === 'moved') return undefined
    const run = new NodeRun(context.client, () => context.now(), { id, user: context.user, db: this.#set.root })
    try {
      const states = keptStates(this.#set, (text) => context.progress.note(text))
      const named = namedFiles(this.#set, states, (text) => context.progress.note(text))
      const outcome = this.#copyFiles(id, dump, named, run)
      const manifest = this.#complete(id, store, dump, outcome.files, this.#placeLog(pieces, states, named))
      this.#publish(manifest)
      run.complete()
      const { files } = outcome
      const paths = new Set([...named.paths, ...files.map((f) => f.path), ...(manifest.log ?? []).map((p) => p.path)])
      const result = {
        manifest,
        bytesEstimated: manifest.bytes + dump.appends.bytes,
        filesCopied: outcome.copied,
        filesResumed: outcome.resumed,
        filesKept: outcome.files.length - outcome.copied - outcome.resumed,
      }
      this.#tellOutcome(result)
      this.#sweep({ paths, isIncomplete: named.isIncomplete })
      return result
    } catch (error) {
      // A thread that is being ended has nobody to tell.
      if (error instanceof HoldfastError) run.fail(error)
      throw error
    }
  }

  #copyLog(id: string): CopiedPiece[] | undefined | 'moved' {
    if (!this.#request.includeWal) return undefined
    const { context } = this.#parts
    const pieces = copyLog(
      {
        data: context.data,
        set: this.#set,
        folder: partialFolder(id),
        coding: this.#coding,
        onBytes: () => this.#lock.sign(),
        status: () => statusOf(context),
      },
      this.#from,
    )
    return pieces ?? 'moved'
  }

  #copyFiles(id: string, dump: CatalogDump, named: NamedFiles, run: NodeRun): ReturnType<typeof runCopy> {
    const { context } = this.#parts
    const plan = planCopy(this.#set, dump.segments, named, this.#coding)
    const subject = `node ${this.#set.root}`
    const meter = new ProgressMeter(
      context.progress,
      { verb: 'backup', subject, bytesTotal: plan.bytes, chunksTotal: 0 },
      () => context.now(),
    )
    run.planned(plan.bytes)
    const pace = paceOf(context, this.#request.limits, id, [run])
    const onBytes = (bytes: number): void => {
      meter.addBytes(bytes)
      run.addBytes(bytes)
      this.#lock.sign()
    }
    try {
      return runCopy({ data: context.data, set: this.#set, id, coding: this.#coding, onBytes, pace }, plan)
    } finally {
      meter.done()
    }
  }

  #placeLog(
    pieces: readonly CopiedPiece[] | undefined,
    states: readonly KeptState[],
    named: NamedFiles,
  ): LogPiece[] | undefined {
    if (pieces === undefined) return undefined
    const before = states.flatMap(({ manifest }) => manifest?.log ?? [])
    // A backup that is damaged may name a piece that nobody knows of.
    return placePieces(this.#set, pieces, before, (path) =>
      named.isIncomplete ? this.#set.stat(path) !== undefined : named.paths.has(path),
    )
  }

  /** Writes what makes the folder of the run a backup. */
  #complete(
    id: string,
    store: StoreMark,
    dump: CatalogDump,
    files: readonly IndexedFile[],
    log: readonly LogPiece[] | undefined,
  ): NodeManifest {
    const { context } = this.#parts
    const folder = partialFolder(id)
    const { config, key } = this.#request
    const jobs = packScheduledJobs(context.data)
    for (const { path, stored } of [...files, ...(log ?? [])]) this.#requireFile(path, stored.bytes)
    const index = writeFileIndex(this.#set, indexFile(folder), files)
    const { segments: _, appends: __, ...counts } = dump
    const manifest: NodeManifest = {
      product: context.product,
      id,
      startedAt: new Date(this.#startedMs).toISOString(),
      completedAt: new Date(context.now()).toISOString(),
      storeId: store.id,
      timeline: store.timeline,
      dataFormat: CATALOG_FORMAT,
      cid: this.#view.cid,
      lsn: this.#from,
      ...counts,
      files: files.length,
      bytes: files.reduce((sum, f) => sum + f.bytes, 0),
      storedBytes: files.reduce((sum, f) => sum + f.stored.bytes, 0),
      index,
      encryption: key === undefined ? undefined : { cipher: CIPHER, keyId: key.id },
      config: config === undefined ? undefined : this.#write(configFile(folder), config),
      scheduledJobs: jobs === undefined ? undefined : this.#write(scheduledJobsFile(folder), jobs),
      log,
    }
    this.#write(stateManifestFile(folder), encodeNodeManifest(manifest))
    this.#set.syncDirectory(folder)
    return manifest
  }

  #write(file: string, bytes: Uint8Array): MetadataDigest {
    const writer = this.#set.openWrite(file)
    try {
      writer.write(bytes)
      writer.sync()
    } finally {
      writer.close()
    }
    return { bytes: bytes.length, digest: checksumOf(bytes) }
  }

  /** "Done" means restorable. */
  #requireFile(path: string, bytes: number): void {
    const found = this.#set.stat(path)
    if (found?.kind === 'file' && found.bytes === bytes) return
    throw new HoldfastError(
      'data',
      `The backup cannot be completed: ${path} ${found === undefined ? 'is missing' : `has ${found.bytes} bytes instead of ${bytes}`}.`,
      { code: 'backupFile', where: { file: path }, hint: 'somebody else changes the directory of backups; call again' },
    )
  }

  #publish({ id }: NodeManifest): void {
    this.#lock.assertHeld()
    this.#set.rename(partialFolder(id), stateFolder(id))
    this.#set.syncDirectory(STATES_FOLDER)
    this.#set.syncDirectory('')
    this.#set.writeFileAtomic(MANIFEST_FILE, this.#set.readFile(stateManifestFile(stateFolder(id))))
  }

  /** For the log of a job. */
  #tellOutcome({ manifest, filesCopied, filesResumed, filesKept }: NodeBackupResult): void {
    const { id, rows, bytes } = manifest
    const before = filesResumed === 0 ? '' : `, ${filesResumed} copied by the interrupted run`
    this.#parts.context.progress.outcome?.(
      `${this.#set.root}: backup ${id} is complete (${rows} rows, ${bytes} bytes): ${filesCopied} files copied${before}, ${filesKept} unchanged`,
    )
  }

  #sweep(named: Omit<NamedFiles, 'bySegment'>): void {
    const { progress } = this.#parts.context
    try {
      const dropped = sweepSet(this.#set, this.#request.keep, (text) => progress.note(text), named)
      if (dropped > 0) progress.outcome?.(`${this.#set.root}: ${dropped} older backups dropped`)
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.kind !== 'io') throw error
      progress.note(`The backup is complete, but old files could not be removed: ${error.message}`)
    }
  }
}
