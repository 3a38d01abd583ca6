/** Reading every byte of a backup and comparing it. Damage is a result, not an error; that there is no backup is an error. */
import { HoldfastError } from '../../runtime/errors.ts'
import { ProgressMeter, type ProgressSink } from '../progress.ts'
import { FileWork } from '../set/file-work.ts'
import type { BackupKey } from '../set/key.ts'
import { MANIFEST_FILE } from '../set/layout.ts'
import { explain, type FileCheck, type OnBytes } from '../set/pipeline.ts'
import type { FileStore } from '../store/file-store.ts'
import { checkManifestCopies, readCatalog, readConfig, readFiles, readScheduledJobs } from './contents.ts'
import { droppedMeanwhile, isDropped } from './dropped.ts'
import type { IndexedFile } from './file-index.ts'
import { type NodeManifest, requireManifest } from './manifest.ts'
import { openSet } from './open.ts'
import { checkStored, originalOf, readCoding } from './stored-file.ts'

export interface VerifyFailure {
  /** In the set. */
  readonly file: string
  readonly problem: string
}

export interface VerifyReport {
  /** undefined: the manifest cannot be read. */
  readonly manifest: NodeManifest | undefined
  readonly segments: number
  readonly segmentsVerified: number
  readonly logPieces: number
  readonly logPiecesVerified: number
  readonly failures: readonly VerifyFailure[]
}

export interface VerifyParts {
  readonly set: FileStore
  /** Default: the newest backup. */
  readonly id?: string | undefined
  /** Of an encrypted set. */
  readonly key?: BackupKey | undefined
  readonly progress: ProgressSink
  readonly now: () => number
}

/** Another backup may drop the one that is verified: what is missing then is no damage, and the newest is verified in its place. */
const ATTEMPTS = 3

export function verifyNodeBackup(parts: VerifyParts): VerifyReport {
  const { set, id, progress } = parts
  for (let attempt = 1; ; attempt++) {
    const report = verifyOnce(parts)
    const { manifest, failures } = report
    if (failures.length === 0 || manifest === undefined || !isDropped(set, manifest.id)) return report
    if (id !== undefined || attempt === ATTEMPTS) throw droppedMeanwhile(set, manifest.id, 'verified')
    progress.note(`The backup ${manifest.id} was dropped by a newer one while it was verified: verifying the newest.`)
  }
}

function verifyOnce({ set: files, id, key, progress, now }: VerifyParts): VerifyReport {
  const failures: VerifyFailure[] = []
  /** Runs a step whose failure, if it is about the set, is a finding. */
  const attempt = <R>(file: string, body: () => R): R | undefined => {
    try {
      return body()
    } catch (error) {
      if (!(error instanceof HoldfastError) || (error.kind !== 'data' && error.kind !== 'io')) throw error
      failures.push({ file: String(error.where?.file ?? file), problem: error.message })
      return undefined
    }
  }
  const manifest = attempt(MANIFEST_FILE, () => requireManifest(files, id))
  if (manifest === undefined)
    return { manifest, segments: 0, segmentsVerified: 0, logPieces: 0, logPiecesVerified: 0, failures }
  const set = openSet(files, key, manifest)
  attempt(MANIFEST_FILE, () => checkManifestCopies(set, manifest))
  attempt('holdfast.toml', () => readConfig(set, manifest))
  attempt('scheduled-jobs.json', () => readScheduledJobs(set, manifest))
  const entries = attempt('catalog', () => readCatalog(set, manifest))
  const indexed = entries === undefined ? undefined : attempt('files', () => readFiles(set, manifest, entries))
  const pieces = manifest.log ?? []
  const meter = new ProgressMeter(
    progress,
    { verb: 'verify', subject: manifest.id, bytesTotal: manifest.bytes, chunksTotal: 0 },
    now,
  )
  const onBytes: OnBytes = (bytes) => meter.addBytes(bytes)
  try {
    const before = failures.length
    if (indexed !== undefined) checkFiles(set, indexed, failures, onBytes)
    const damagedFiles = failures.length - before
    let logPiecesVerified = 0
    for (const piece of pieces) {
      const check = checkStored(set, piece, () => {})
      if (check.kind === 'ok') logPiecesVerified++
      else failures.push({ file: piece.path, problem: explain(check) })
    }
    return {
      manifest,
      segments: manifest.files,
      segmentsVerified: indexed === undefined ? 0 : indexed.length - damagedFiles,
      logPieces: pieces.length,
      logPiecesVerified,
      failures,
    }
  } finally {
    meter.done()
  }
}

function checkFiles(set: FileStore, files: readonly IndexedFile[], failures: VerifyFailure[], onBytes: OnBytes): void {
  const work = new FileWork({ source: set, onBytes })
  try {
    for (const file of files) {
      const refuse = (check: FileCheck): void => void failures.push({ file: file.path, problem: explain(check) })
      work.check(file.path, originalOf(file), refuse, { coding: readCoding(file) })
    }
    work.flush()
  } finally {
    work.end()
  }
}
