/**
 * Brings sealed pieces of the log into the archive, oldest first, one at a time. No commit waits for it: while it can't, the log keeps its files, and data segments
 * that they name stay. The work on files is done elsewhere (task.ts); what counts as archived stands in the catalog (ledger.ts).
 *
 * A failure is tried again after 1 s, then 2, 4, ... up to 5 minutes.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import { countText } from '../../runtime/print/counts.ts'
import type { Maintainer } from '../maintenance/task.ts'
import { ARCHIVE_TIMEOUT_MS, type ArchiveSettings } from '../settings/index.ts'
import type { FileStore } from '../store/file-store.ts'
import type { CommitLog, LogFileInfo } from '../wal/commit-log.ts'
import type { ArchiveLedger } from './ledger.ts'
import { type FirstCommit, firstCommitOf, type Piece, pieceOf } from './piece.ts'
import { type ArchiveStatus, archiveStatus } from './status.ts'
import type { ArchiveResult } from './task.ts'

const RETRY_MS_MIN = 1000
const RETRY_MS_MAX = 5 * 60_000
/** The same failure, and being behind, are told again after this long. */
const TELL_EVERY_MS = 60 * 60_000
/** The archive is behind when it waits for this many times `max_wal_size`. */
const BEHIND_FACTOR = 4
const EXPIRE_EVERY_MS_MIN = 60_000
const EXPIRE_EVERY_MS_MAX = 60 * 60_000
/** A process that ends waits this long for the archive. */
const CLOSE_LIMIT_MS = 10_000

export interface ArchiverParts {
  readonly settings: ArchiveSettings
  readonly ledger: ArchiveLedger
  readonly log: CommitLog
  readonly files: FileStore
  readonly now: () => number
  readonly maintain: Maintainer
  /** Makes a checkpoint. */
  readonly checkpoint: () => Promise<unknown>
  /** `max_wal_size`. */
  readonly walBytesMax: () => number
  /** Files that only the archive has kept may go. */
  readonly onArchived: () => void
  readonly say: (line: string) => void
}

export class Archiver {
  readonly #parts: ArchiverParts
  /** First commits of files that are not archived, by number. */
  readonly #firstCommits = new Map<number, FirstCommit>()
  /** The current file had no commit when it ended here. */
  #withoutCommitTo = -1
  /** Segments of the oldest piece that attempts before have archived. */
  #done: readonly string[] = []
  #running: Promise<number> | undefined
  #isStopped = false
  #retryAtMs = 0
  #failures = 0
  #told = { message: '', atMs: Number.NEGATIVE_INFINITY }
  #toldBehindMs = Number.NEGATIVE_INFINITY
  #expiredAtMs = Number.NEGATIVE_INFINITY
  #checkpointAtMs = Number.NEGATIVE_INFINITY

  constructor(parts: ArchiverParts) {
    this.#parts = parts
  }

  /** Nothing newer than this commit's garbage may be removed: a piece that is not archived may name it. */
  get pinnedCid(): number {
    const { log, ledger } = this.#parts
    for (const file of log.files()) {
      if (!ledger.isNeeded(file)) continue
      const first = this.#firstCommit(file)
      if (first !== undefined) return Math.max(first.cid, ledger.mark!.sinceCid)
    }
    return Number.POSITIVE_INFINITY
  }

  get status(): ArchiveStatus {
    const { log, ledger } = this.#parts
    const pending = this.#pending()
    const bytes = pending.length === 0 ? 0 : log.end - pending[0].firstLsn
    return archiveStatus(ledger.isEnabled, ledger.mark, { segments: pending.length, bytes })
  }

  /** Looks after everything that is due; cheap when nothing is. */
  tick(): void {
    if (this.#isStopped || !this.#parts.ledger.isEnabled) return
    if (this.#parts.now() < this.#retryAtMs) this.#tellIfBehind()
    else if (this.#running === undefined) void this.run()
  }

  /** Seals what is due, and archives what is sealed until all is, or one piece fails; answers how many pieces were archived. Never throws. */
  run(): Promise<number> {
    if (this.#isStopped || !this.#parts.ledger.isEnabled) return Promise.resolve(0)
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /**
   * The store ends in order: what was committed last is sealed too, so that the archive has everything. One more attempt, unless the last one failed; then nothing
   * changes any more.
   */
  async close(limitMs = CLOSE_LIMIT_MS): Promise<void> {
    if (this.#parts.ledger.isEnabled) this.#seal(() => true)
    let timer: NodeJS.Timeout | undefined
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, limitMs)
    })
    const work = async (): Promise<void> => {
      // A run that is going on may have looked for the last time before the seal.
      await this.#running
      if (this.#failures > 0) return
      await this.run()
      // With two files, nothing is sealed while the piece before waits.
      if (this.#failures > 0 || this.#isStopped) return
      this.#seal(() => true)
      await this.run()
    }
    await Promise.race([work(), limit])
    clearTimeout(timer)
    this.#isStopped = true
  }

  async #run(): Promise<number> {
    await this.#sealOverdue()
    this.#tellIfBehind()
    let count = 0
    for (let [file] = this.#pending(); file !== undefined && !this.#isStopped; [file] = this.#pending()) {
      const failure = await this.#archive(pieceOf(file))
      if (this.#isStopped) return count
      if (failure !== undefined) {
        this.#failed(failure, pieceOf(file))
        return count
      }
      count++
    }
    await this.#expire()
    return count
  }

  /** Answers why it failed. */
  async #archive(piece: Piece): Promise<string | undefined> {
    const { settings, ledger, maintain, now } = this.#parts
    let result: ArchiveResult
    try {
      const answer = await maintain({
        kind: 'archive',
        target: { dir: settings.dir, command: settings.command },
        piece,
        ...(ledger.mark!.lastName === '' ? {} : { after: ledger.mark!.lastName }),
        sinceCid: ledger.mark!.sinceCid,
        done: this.#done,
      })
      if (answer.kind !== 'archive') throw new HoldfastError('bug', `archiving was answered with ${answer.kind}`)
      result = answer
      if (this.#isStopped) return undefined
      this.#done = result.failure === undefined ? [] : result.done
      if (result.failure !== undefined) return result.failure
      ledger.archived(piece, now(), result.bytes, result.elapsedMs)
    } catch (error) {
      return (error as Error).message
    }
    this.#firstCommits.delete(piece.sequence)
    if (this.#failures > 0) this.#parts.say(`The archive of the log works again: ${piece.name} is archived`)
    this.#failures = 0
    this.#retryAtMs = 0
    this.#told = { message: '', atMs: Number.NEGATIVE_INFINITY }
    this.#release()
    return undefined
  }

  /** What only the archive has kept may go now. If it can't, the next checkpoint tries again. */
  #release(): void {
    const { log, onArchived, say } = this.#parts
    try {
      log.endCheckpoint(0)
    } catch (error) {
      say(`A log file that is archived could not be removed yet: ${(error as Error).message}`)
    }
    onArchived()
  }

  #failed(message: string, piece: Piece): void {
    const { ledger, now, say } = this.#parts
    const waitMs = Math.min(RETRY_MS_MIN * 2 ** this.#failures, RETRY_MS_MAX)
    this.#failures++
    this.#retryAtMs = now() + waitMs
    if (this.#told.message !== message || now() - this.#told.atMs >= TELL_EVERY_MS) {
      say(`Archiving ${piece.name} failed, the next attempt is in ${waitMs / 1000} s: ${message}`)
      this.#told = { message, atMs: now() }
    }
    try {
      ledger.failed(message, now())
    } catch (error) {
      say(`The catalog could not note that archiving failed: ${(error as Error).message}`)
    }
  }

  /** Sealed and not archived, oldest first. */
  #pending(): readonly LogFileInfo[] {
    const { log, ledger } = this.#parts
    return log.files().filter((file) => file.state !== 'current' && ledger.isNeeded(file))
  }

  #firstCommit(file: LogFileInfo): FirstCommit | undefined {
    const known = this.#firstCommits.get(file.sequence)
    if (known !== undefined || file.endLsn === this.#withoutCommitTo) return known
    const first = firstCommitOf(this.#parts.files, file)
    if (first !== undefined) this.#firstCommits.set(file.sequence, first)
    else if (file.state === 'current') this.#withoutCommitTo = file.endLsn
    return first
  }

  /** Seals what has waited for as long as it may. */
  async #sealOverdue(): Promise<void> {
    const { settings, now, checkpoint } = this.#parts
    const timeoutMs = settings.timeoutMs ?? ARCHIVE_TIMEOUT_MS
    const isOverdue = (first: FirstCommit): boolean => now() - first.timeMs >= timeoutMs
    if (this.#seal(isOverdue)) return
    // There is no other file: those before stay until a checkpoint lets go of them, which may be long after they were archived. While they wait for the archive, none helps.
    if (this.#pending().length > 0 || now() - this.#checkpointAtMs < timeoutMs) return
    this.#checkpointAtMs = now()
    try {
      await checkpoint()
    } catch (error) {
      this.#notSealed(error)
      return
    }
    this.#seal(isOverdue)
  }

  /** Seals the current file if it has a commit and is due by its first one. false: it is due and can't be sealed now. */
  #seal(isDue: (first: FirstCommit) => boolean): boolean {
    const { log } = this.#parts
    try {
      const current = log.files().at(-1)
      if (current === undefined) return true
      const first = this.#firstCommit(current)
      return first === undefined || !isDue(first) || log.seal()
    } catch (error) {
      this.#notSealed(error)
      return true
    }
  }

  #notSealed(error: unknown): void {
    const { now, say } = this.#parts
    const { message } = error as Error
    if (this.#told.message !== message) say(`The log could not be sealed for the archive: ${message}`)
    this.#told = { message, atMs: now() }
  }

  #tellIfBehind(): void {
    const { now, say, walBytesMax } = this.#parts
    const { segmentsPending: segments, bytesPending: bytes } = this.status
    if (bytes <= BEHIND_FACTOR * walBytesMax() || now() - this.#toldBehindMs < TELL_EVERY_MS) return
    this.#toldBehindMs = now()
    say(
      `The archive of the log is behind: ${segments} pieces and ${countText(bytes)} bytes of log wait for it and take room until they are archived`,
    )
  }

  /** Only when nothing is half archived. */
  async #expire(): Promise<void> {
    const { settings, now, maintain, say } = this.#parts
    const { retentionMs, dir } = settings
    if (retentionMs === undefined || dir === undefined || this.#isStopped) return
    const everyMs = Math.min(Math.max(retentionMs / 10, EXPIRE_EVERY_MS_MIN), EXPIRE_EVERY_MS_MAX)
    if (now() - this.#expiredAtMs < everyMs) return
    this.#expiredAtMs = now()
    try {
      await maintain({ kind: 'expireArchive', dir, beforeMs: now() - retentionMs })
    } catch (error) {
      say(`Old pieces of the archive could not be removed: ${(error as Error).message}`)
    }
  }
}
