/**
 * The first reading of the log behind a backup: where the recovery ends, and which transactions count. Every record is compared with its checksum; data is not looked at.
 *
 * A TSROLLBACK takes a transaction back even after its TSCOMMIT, if the catalog could not be written. It is the next thing in the log then, maybe in the next piece, so
 * reading goes on behind the target until a record shows that the last transaction was followed by something else. That is so as soon as a record says that the
 * transaction was on disk when the record was written: a catalog is written after the sync of the log, and the TSROLLBACK before anything else.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import type { NodeManifest } from '../node-backup/manifest.ts'
import type { LogRecord } from '../wal/record.ts'
import { momentOf } from './base.ts'
import { type ChainPiece, readRecords } from './chain-piece.ts'
import { logDamaged, type Moment, pastTheEnd } from './errors.ts'
import type { LogChain } from './log-chain.ts'
import { commitIdOf } from './log-record.ts'
import { isAfter, type RecoveryTarget } from './target.ts'

export interface Analysis {
  /** Those that have something to be replayed. */
  readonly pieces: readonly ChainPiece[]
  /** TSCOMMITs below this LSN count. */
  readonly stopLsn: number
  /** The last transaction that counts, and the end of its TSCOMMIT; without one the moment of the backup. */
  readonly recoveredTo: Moment
  /** Taken back after their TSCOMMIT. */
  readonly takenBack: ReadonlySet<number>
  /** In progress at the target. */
  readonly open: number
  /** The highest id of a transaction. */
  readonly lastTransaction: number
}

/** The backup has a transaction that committed after the target: an older one has to do. */
export class BackupAfterTarget extends Error {}

/** `see` is shown every record, in order. Throws what keeps the recovery from its target. */
export function analyse(
  base: NodeManifest,
  chain: LogChain,
  target: RecoveryTarget,
  see: (record: LogRecord) => void = () => {},
): Analysis {
  const reading = new Reading(base, target, see)
  const readNext = (): boolean => {
    const piece = chain.next(chain.pieces.length === 0 ? undefined : reading.end)
    if (piece === undefined) return false
    readRecords(
      piece,
      base.lsn,
      (record) => reading.take(record),
      (offset, lsn, problem) => logDamaged({ file: piece.name, offset, lsn }, problem, momentOf(base), reading.end),
    )
    return !reading.isSettled
  }
  try {
    while (readNext());
  } catch (error) {
    // What is missing or damaged behind the target keeps nobody from it.
    if (!(error instanceof HoldfastError) || error.kind === 'cancelled' || !reading.isPast) throw error
  }
  return reading.result(chain.pieces)
}

class Reading {
  readonly #base: NodeManifest
  readonly #target: RecoveryTarget
  readonly #see: (record: LogRecord) => void
  /** Transactions that have begun and not ended, with the moment of their TSBEGIN. */
  readonly #open = new Map<number, Moment>()
  readonly #takenBack = new Set<number>()
  #recoveredTo: Moment
  /** What `#recoveredTo` was before the transactions that may still be taken back. */
  #committed: { readonly transaction: number; readonly before: Moment; readonly endLsn: number }[] = []
  #stopLsn = Number.POSITIVE_INFINITY
  /** A commit after the target was seen. */
  #isFollowed = false
  #isReached: boolean
  #openAtStop = 0
  #lastTransaction = 0
  #seen: Moment
  isSettled = false

  constructor(base: NodeManifest, target: RecoveryTarget, see: (record: LogRecord) => void) {
    this.#base = base
    this.#target = target
    this.#see = see
    this.#recoveredTo = momentOf(base)
    this.#seen = momentOf(base)
    this.#isReached = target.kind === 'latest'
  }

  /** The target was passed. */
  get isStopped(): boolean {
    return this.#stopLsn !== Number.POSITIVE_INFINITY
  }

  /** Nothing that is still to come can count. */
  get isPast(): boolean {
    const target = this.#target
    // A piece begins with the begin of a transaction, or with data: a TSCOMMIT at the very target would have been read.
    return this.isStopped || (target.kind === 'lsn' && this.#seen.lsn >= target.lsn)
  }

  /** The last record that counts. */
  get end(): Moment {
    return this.#seen
  }

  /** Answers whether more is needed. */
  take(record: LogRecord): boolean {
    const { transaction, kind } = record
    if (kind !== 'TSROLLBACK') this.#settle(record.syncedLsn)
    if (this.isStopped) return this.#behind(record)
    if (isAfter(this.#target, record)) {
      this.#isReached = true
      if (this.#target.kind === 'lsn' || kind === 'TSCOMMIT') return this.#stop(record)
    }
    this.#see(record)
    this.#seen = { timeMs: Math.max(this.#seen.timeMs, record.timeMs), lsn: record.endLsn }
    this.#lastTransaction = Math.max(this.#lastTransaction, transaction)
    if (kind === 'TSBEGIN') this.#open.set(transaction, { timeMs: record.timeMs, lsn: record.lsn })
    else if (kind === 'TSCOMMIT') this.#commit(record)
    else if (kind === 'TSROLLBACK' && !this.#open.delete(transaction)) this.#takeBack(transaction)
    return true
  }

  result(pieces: readonly ChainPiece[]): Analysis {
    const target = this.#target
    if (target.kind === 'lsn' && this.#seen.lsn >= target.lsn) this.#isReached = true
    if (!this.#isReached) throw pastTheEnd(target, this.#base.timeline, momentOf(this.#base), this.#seen)
    if (!this.isStopped) this.#openAtStop = this.#countOpen()
    const used = pieces.filter((p) => p.firstLsn < Math.min(this.#stopLsn, this.#seen.lsn))
    return {
      pieces: used,
      stopLsn: this.#stopLsn,
      recoveredTo: this.#recoveredTo,
      takenBack: this.#takenBack,
      open: this.#openAtStop,
      lastTransaction: this.#lastTransaction,
    }
  }

  #commit(record: LogRecord): void {
    const { transaction, endLsn, timeMs } = record
    this.#open.delete(transaction)
    const cid = commitIdOf(record)
    this.#committed.push({ transaction, before: this.#recoveredTo, endLsn })
    const isInBackup = cid <= this.#base.cid
    this.#recoveredTo = { timeMs: isInBackup ? this.#recoveredTo.timeMs : timeMs, lsn: endLsn }
  }

  #takeBack(transaction: number): void {
    this.#takenBack.add(transaction)
    const at = this.#committed.findIndex((c) => c.transaction === transaction)
    if (at < 0) return
    // All of a batch are taken back, one after the other.
    if (at === this.#committed.length - 1) this.#recoveredTo = this.#committed[at]!.before
    else this.#committed[at + 1] = { ...this.#committed[at + 1]!, before: this.#committed[at]!.before }
    this.#committed.splice(at, 1)
  }

  /** Those that were on disk when something else was written are not taken back any more. */
  #settle(syncedLsn: number): void {
    const open = this.#committed.findIndex((c) => c.endLsn > syncedLsn)
    if (open !== 0) this.#committed = open < 0 ? [] : this.#committed.slice(open)
  }

  #stop(record: LogRecord): boolean {
    this.#stopLsn = record.lsn
    this.#openAtStop = this.#countOpen()
    return this.#behind(record)
  }

  /** A record after the target. Commits of the backup may not be among them. */
  #behind(record: LogRecord): boolean {
    if (record.kind === 'TSROLLBACK') this.#takeBack(record.transaction)
    if (record.kind === 'TSCOMMIT') {
      if (commitIdOf(record) <= this.#base.cid) throw new BackupAfterTarget()
      this.#isFollowed = true
    }
    this.isSettled = this.#isFollowed && this.#committed.length === 0
    return !this.isSettled
  }

  /** What began after the target was not in progress then. */
  #countOpen(): number {
    const target = this.#target
    let count = 0
    for (const begun of this.#open.values())
      if (target.kind === 'lsn' ? begun.lsn < target.lsn : !isAfter(target, begun)) count++
    return count
  }
}
