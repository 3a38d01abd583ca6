/**
 * Checking a backup: every byte that a state names is read and compared. Damage of data is listed chunk by chunk; damage of metadata is thrown, with the
 * file named, because nothing that stands in it could be trusted.
 *
 * With a ledger it is remembered which files were read and what came of it, and a run may be told to read only what is due.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import { type Ledger, placeOf } from '../ledger/ledger.ts'
import { ProgressMeter, type ProgressSink } from '../progress.ts'
import { footerChecksum } from '../segment/footer.ts'
import { expectFileWork, FileWork } from '../set/file-work.ts'
import { checkStateManifest } from '../set/manifest.ts'
import type { SetChunk, SetFile, TableIndex } from '../set/meta.ts'
import { pathIndexOf } from '../set/names.ts'
import { BackupSet, type SetOptions } from '../set/open.ts'
import type { FileCheck } from '../set/pipeline.ts'
import type { FileStore } from '../store/file-store.ts'
import {
  type CheckScope,
  coverageOf,
  type FileToCheck,
  filesDue,
  filesInScope,
  percentProven,
  type UnprovenOnly,
} from './files-to-check.ts'

export interface CheckRequest extends CheckScope {
  /** Only what is due by the ledger, which then must be given. */
  readonly due?: UnprovenOnly
}

export interface DamagedFile {
  /** In the set. */
  readonly file: string
  readonly expected: SetFile
  readonly check: FileCheck
}

export interface DamagedChunk {
  readonly url: string
  readonly table: string
  /** The last element of the chunk's path. */
  readonly physicalIndex: string
  readonly index: TableIndex
  readonly chunk: SetChunk
  readonly files: readonly DamagedFile[]
}

export interface CheckListener {
  readonly progress: ProgressSink
  now(): number
  readonly ledger?: Ledger
}

/** Read between two looks at the clock, where the time is limited. */
const ROUND_BYTES = 256 << 20
/** An interrupted run has read for so long in vain. */
const LEDGER_EVERY_MS = 20_000
/** Reading a smaller file whole takes no longer than reading its footer. */
const FOOTER_OF_BYTES = 1 << 16

export function checkBackupSet(
  store: FileStore,
  request: CheckRequest,
  listener: CheckListener,
  options: SetOptions = {},
): readonly DamagedChunk[] {
  const set = new BackupSet(store, options)
  try {
    const damaged = checkOpened(set, request, listener)
    if (damaged.length > 0) set.assertCurrent()
    return damaged
  } catch (error) {
    throw set.explainFailure(error)
  }
}

function checkOpened(set: BackupSet, request: CheckRequest, listener: CheckListener): readonly DamagedChunk[] {
  const { tables } = set.requireDatabase(request.url)
  if (request.due === undefined) expectFileWork(set.store, tables)
  checkStateManifest(set.store, set.manifest!)
  set.domain(request.url)
  const all = filesInScope(set, request)
  const { due } = request
  const { ledger } = listener
  if (due !== undefined && ledger === undefined) throw new HoldfastError('bug', 'what is due is in a ledger')
  const files = due === undefined ? all : filesDue(all, ledger!, due)
  const damaged = new FileChecker(set, listener, request).run(files)
  if (due !== undefined) listener.progress.note(shareText(all, ledger!, due.sinceMs))
  return damaged
}

/** What an operator asks after a verification that did not read everything. */
function shareText(all: readonly FileToCheck[], ledger: Ledger, sinceMs: number): string {
  const share = coverageOf(all, ledger, sinceMs)
  const since = new Date(sinceMs).toISOString()
  return `Proven since ${since}: ${percentProven(share)}% of ${share.bytes} bytes, ${share.filesProven} of ${share.files} files.`
}

class FileChecker {
  readonly #set: BackupSet
  readonly #listener: CheckListener
  readonly #request: CheckRequest
  readonly #where: string
  readonly #damaged = new Map<SetChunk, { readonly of: FileToCheck; readonly files: DamagedFile[] }>()
  /** Files of a chunk that are still to be read. */
  readonly #left = new Map<SetChunk, number>()

  constructor(set: BackupSet, listener: CheckListener, request: CheckRequest) {
    this.#set = set
    this.#listener = listener
    this.#request = request
    this.#where = placeOf(set.store)
  }

  run(files: readonly FileToCheck[]): DamagedChunk[] {
    const { progress, ledger, now } = this.#listener
    for (const { chunk } of files) this.#left.set(chunk, (this.#left.get(chunk) ?? 0) + 1)
    const meter = new ProgressMeter(
      progress,
      {
        verb: 'verify',
        subject: this.#request.url,
        bytesTotal: files.reduce((sum, f) => sum + f.file.bytes, 0),
        chunksTotal: this.#left.size,
      },
      () => now.call(this.#listener),
    )
    const work = new FileWork({ source: this.#set.store, onBytes: (bytes) => meter.addBytes(bytes) })
    try {
      this.#readAll(work, files, meter)
    } finally {
      work.end()
      meter.done()
      ledger?.flush(this.#listener.now())
    }
    return [...this.#damaged.values()].map(({ of: { index, chunk }, files }) => ({
      url: index.database.url,
      table: index.table.name,
      physicalIndex: pathIndexOf(index),
      index,
      chunk,
      files,
    }))
  }

  #readAll(work: FileWork, files: readonly FileToCheck[], meter: ProgressMeter): void {
    const { ledger } = this.#listener
    const msMax = this.#request.due?.msMax
    const beginMs = this.#listener.now()
    let flushedMs = beginMs
    let bytes = 0
    for (const file of files) {
      const nowMs = this.#listener.now()
      if (nowMs - flushedMs >= LEDGER_EVERY_MS) {
        ledger?.flush(nowMs)
        flushedMs = nowMs
      }
      if (msMax !== undefined) {
        // Files are listed faster than they are read: now and then this waits until all that is listed is read.
        if (bytes >= ROUND_BYTES) {
          work.flush()
          bytes = 0
        }
        if (this.#listener.now() - beginMs >= msMax) break
        bytes += file.file.bytes
      }
      this.#list(work, file, meter)
    }
    work.flush()
  }

  #list(work: FileWork, file: FileToCheck, meter: ProgressMeter): void {
    let refused: FileCheck | undefined
    work.check(file.path, file.file, (check) => {
      refused = check
    })
    work.afterwards(() => {
      if (refused !== undefined) this.#addDamaged(file, refused)
      this.#remember(file, refused === undefined)
      const left = this.#left.get(file.chunk)! - 1
      this.#left.set(file.chunk, left)
      if (left === 0) meter.addChunk()
    })
  }

  #addDamaged(of: FileToCheck, check: FileCheck): void {
    // A file that went with its state is not damaged, and nothing of it is to be remembered.
    this.#set.assertCurrent()
    const found = this.#damaged.get(of.chunk) ?? { of, files: [] }
    found.files.push({ file: of.path, expected: of.file, check })
    this.#damaged.set(of.chunk, found)
  }

  #remember({ path, file }: FileToCheck, isSound: boolean): void {
    const { ledger } = this.#listener
    if (ledger === undefined) return
    const { bytes, checksum } = file
    // A footer that was found in the same file before is that of this one.
    const footer = isSound ? (ledger.file(path, file)?.footer ?? footerOf(this.#set.store, path, bytes)) : undefined
    ledger.addFile({
      ...{ path, bytes, checksum, isSound, how: 'check', where: this.#where, provenMs: this.#listener.now() },
      ...(footer === undefined ? {} : { footer }),
    })
  }
}

/** The checksum of the footer of a sound file, so that `openBackup` need not read the file whole; undefined for one that has none, or that is small. */
export function footerOf(store: FileStore, path: string, bytes: number): string | undefined {
  if (bytes <= FOOTER_OF_BYTES) return undefined
  try {
    const reader = store.openRead(path)
    try {
      return footerChecksum(reader, path)
    } finally {
      reader.close()
    }
  } catch (error) {
    if (!(error instanceof HoldfastError) || (error.kind !== 'data' && error.kind !== 'io')) throw error
    return undefined
  }
}
