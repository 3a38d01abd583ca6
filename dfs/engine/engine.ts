/**
 * The store's engine: everything that is one per data directory. It runs on the main thread, orders commits, keeps locks and pins, holds the small appends
 * that are in no segment yet, makes checkpoints, and removes files that no version, reader or backup needs.
 *
 * Layout of a data directory: `catalog.mdb`, `wal/`, `chunks/<db>/<partition path>/<table>/<segment>.arrow`, `holdfast.lock`, `batchJobs/`.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import { DEFAULT_PASSWORD, DEFAULT_USER, hashPassword } from '../access/index.ts'
import { Archiver } from '../archive/archiver.ts'
import { ArchiveLedger } from '../archive/ledger.ts'
import { requireApart } from '../archive/require-apart.ts'
import { requireLoggedData, walLevelAfter } from '../archive/require-log.ts'
import type { CatalogStore } from '../catalog/key-value.ts'
import { type CheckpointMark, type CopyMark, keys, runsOf, usersOf, viewOf } from '../catalog/records.ts'
import type { CatalogView } from '../catalog/types.ts'
import type { Maintainer } from '../maintenance/task.ts'
import { NO_START_SETTINGS, type StartSettings, type StoreSettings, settingsOf } from '../settings/index.ts'
import type { FileStore } from '../store/file-store.ts'
import type { CatalogCommand } from './apply.ts'
import { BatchQueue } from './batch-queue.ts'
import { Checkpointer } from './checkpointer.ts'
import { ChunkLocks } from './chunk-locks.ts'
import type { BackupRun, EngineClient, EngineCommand, EngineReply, EngineStatus } from './commands.ts'
import { Committer, type Outcome, type Pending } from './committer.ts'
import { Compactor } from './compactor.ts'
import { Copies } from './copies.ts'
import { openDirectory } from './directory.ts'
import { removeGarbage, sweepOrphans } from './garbage.ts'
import { keepNamedFiles, requireFiles, requireUnlocked, transactionOf } from './guards.ts'
import type { DirectoryLock } from './lock.ts'
import { beginRecord, rollbackRecord } from './log-entry.ts'
import { noteFoundRemains, removeRemains } from './restore-remains.ts'
import { forgetOldRuns } from './run-history.ts'
import { Schedule } from './schedule.ts'
import { advancePauseEpoch, CommitClock, commitLatencyOf, newSlotTable, SnapshotSlots } from './snapshot-slots.ts'
import { prepareCatalog, type Started, startStorage } from './start.ts'

const GARBAGE_EVERY_MS = 5000
const ARCHIVE_LOOK_MS = 1000
/** Old records of runs are looked for after so many new ones. */
const RUNS_LOOKED_AFTER = 1000

export interface EngineParts {
  readonly catalog: CatalogStore
  readonly files: FileStore
  readonly lock?: DirectoryLock
  readonly now?: () => number
  /** What the file and the environment set. */
  readonly settings?: StartSettings
  /** Writes segments for the housekeeping; default: on the calling thread. */
  readonly maintain?: Maintainer
  /** The engine is being closed: work that takes long may be cut short. */
  readonly onClose?: () => void
  /** Which run of the machine this is; '' if unknown. */
  readonly bootId?: string
  /** What the operator should read, a line at a time. */
  readonly say?: (line: string) => void
  /** The same, where it must not be written into the directory, because that may stay as it is. Default: `say`. */
  readonly announce?: (line: string) => void
  /** Checkpoints by time and size, and merging, happen by themselves. Tests and simulations ask for them. Default: true with a directory of the file system. */
  readonly isAutomatic?: boolean
}

/** What a session needs to reach the store. */
export interface SessionTicket {
  readonly slots: SharedArrayBuffer
  readonly slot: number
}

export class Engine implements EngineClient {
  readonly files: FileStore
  readonly #catalog: CatalogStore
  readonly #copies: Copies
  readonly #lock: DirectoryLock | undefined
  readonly #now: () => number
  readonly #parts: EngineParts
  readonly #slotTable = newSlotTable()
  readonly #slots = new SnapshotSlots(this.#slotTable)
  readonly #clock = new CommitClock(this.#slotTable)
  readonly #latency = commitLatencyOf(this.#slotTable)
  /** Runs and calls of backups that somebody holds. */
  readonly #paused = new Set<string>()
  readonly #pins = new Map<number, { readonly cid: number; readonly why: string; readonly owner: string }>()
  readonly #locks = new ChunkLocks()
  readonly #queue = new BatchQueue(
    (batch) => this.#commit(batch),
    () => this.#running.schedule.makeRoom(),
  )
  #started:
    | (Started & {
        readonly committer: Committer
        readonly checkpointer: Checkpointer
        readonly compactor: Compactor
        readonly archiver: Archiver
        readonly schedule: Schedule
      })
    | undefined
  #settings: StoreSettings | undefined
  /** Recovery might find small appends in the log. */
  #logHoldsRows = true
  #lastPin = 0
  /** A session was ended while it wrote. Its files can't be told from those that others are writing now, so they go when all have ended. */
  #hasStrays = false
  #garbageTimer: NodeJS.Timeout | undefined
  #archiveTimer: NodeJS.Timeout | undefined
  /** Runs of backups and restores that ended since old ones were forgotten. */
  #runsEnded = 0

  /** Opens a data directory, made if missing. Throws `directoryInUse` if another process has it. */
  static open(
    dataDir: string,
    options: Pick<EngineParts, 'settings' | 'maintain' | 'say' | 'announce' | 'onClose'> = {},
  ): Engine {
    const { say = () => {}, announce = say } = options
    const directory = openDirectory(dataDir, say, announce)
    try {
      const { wasUnclean, ...parts } = directory
      const engine = new Engine({ ...parts, isAutomatic: true, ...options })
      engine.recover(wasUnclean)
      return engine
    } catch (error) {
      void directory.catalog.close()
      directory.lock.leave()
      throw error
    }
  }

  constructor(parts: EngineParts) {
    this.#parts = parts
    this.#catalog = parts.catalog
    this.files = parts.files
    this.#copies = new Copies(parts.catalog, parts.files)
    this.#lock = parts.lock
    this.#now = parts.now ?? Date.now
  }

  /** Brings the directory into order after a start: first records, what the log has and the catalog lacks, interrupted runs, files that nobody names. */
  recover(wasUnclean: boolean): void {
    const { say = () => {}, bootId = '', maintain, isAutomatic = false } = this.#parts
    const store = prepareCatalog(this.#catalog, this.files.root)
    const { archive = { enabled: false } } = this.#startSettings
    if (archive.enabled) requireLoggedData(this.settings.walLevel)
    if (archive.enabled) requireApart(this.files.root, archive.dir)
    const ledger = new ArchiveLedger(this.#catalog, store.timeline, archive.enabled)
    const started = startStorage(
      {
        catalog: this.#catalog,
        files: this.files,
        settings: this.settings,
        now: this.#now,
        bootId,
        wasUnclean,
        say,
        beforeApply: keepNamedFiles,
        retain: (file) => ledger.isNeeded(file),
      },
      store,
    )
    this.#settings = undefined
    const { log, deltas, recovered } = started
    const committer = new Committer({
      catalog: this.#catalog,
      log,
      deltas,
      now: this.#now,
      level: () => this.settings.walLevel,
      logsRows: () => {
        if (this.settings.walLevel > 0) this.#logHoldsRows = true
        return this.#logHoldsRows
      },
      publish: (cid) => this.#clock.announce(cid, deltas.lastEvent),
      beforeApply: (writer, command) => {
        this.#requireOpen(transactionOf(command))
        requireUnlocked(this.#catalog, this.#locks, command)
        if (archive.enabled) requireLoggedData(walLevelAfter(command, this.#startSettings))
        if (command.kind === 'append') this.#locks.requireOpen(command)
        requireFiles(this.files, command)
        keepNamedFiles(writer, command)
      },
      beforeInsert: (command) => this.#locks.requireOpen(command),
      lastCid: recovered.lastCid,
      lastTransaction: recovered.lastTransaction,
    })
    // Not loaded at the start: it brings the whole of segments and kernels along.
    const work: Maintainer =
      maintain ?? (async (task) => (await import('../maintenance/task.ts')).runTask(this.files, task))
    const commit = (command: CatalogCommand): void => void this.#commitOne({ command, user: DEFAULT_USER })
    const discard = (names: readonly string[]): void => {
      for (const file of names) this.files.remove(file)
    }
    const isLocked = (tableId: string, path: string): boolean => this.#locks.holder(tableId, path) !== undefined
    const checkpointer = new Checkpointer({
      catalog: this.#catalog,
      log,
      deltas,
      settings: () => this.settings,
      now: this.#now,
      maintain: work,
      commit,
      discard,
      isLocked,
      logHoldsNoRows: () => {
        this.#logHoldsRows = this.settings.walLevel > 0
      },
      state: () => ({
        cid: committer.lastCid,
        lastTransaction: committer.lastTransaction,
        active: this.#locks.transactions().map((t) => t.tid),
      }),
    })
    const compactor = new Compactor({
      catalog: this.#catalog,
      view: () => this.#view(),
      settings: () => this.settings,
      maintain: work,
      commit,
      discard,
      isLocked,
      isPaused: () => this.#copies.mark !== undefined,
    })
    ledger.begin({ timeline: store.timeline, lsn: log.end, cid: recovered.lastCid })
    const archiver = new Archiver({
      settings: archive,
      ledger,
      log,
      files: this.files,
      now: this.#now,
      maintain: work,
      checkpoint: () => this.checkpoint(),
      walBytesMax: () => this.settings.checkpointWalBytesMax,
      onArchived: () => this.collectGarbage(),
      say,
    })
    const schedule = new Schedule(
      {
        log,
        deltas,
        checkpointer,
        settings: () => this.settings,
        checkpoint: () => this.checkpoint(),
        compact: () => this.compact(),
        say,
      },
      checkpointMark(this.#catalog)?.lsn ?? log.oldest,
    )
    this.#started = { ...started, committer, checkpointer, compactor, archiver, schedule }
    this.#clock.announce(recovered.lastCid, deltas.lastEvent)
    for (const run of runsOf(this.#catalog).filter((r) => r.state === 'running'))
      this.request({
        kind: 'putRun',
        run: { ...run, state: 'interrupted', endMs: this.#now(), error: 'The process ended before the run did.' },
      })
    forgetOldRuns(this.#catalog)
    this.#copies.removeRemains()
    if (wasUnclean) this.#sweepOrphans()
    this.#removeRemains()
    this.collectGarbage()
    if (isAutomatic) schedule.begin()
    if (isAutomatic && archive.enabled) this.#archiveTimer = setInterval(() => archiver.tick(), ARCHIVE_LOOK_MS).unref()
  }

  /** The settings in force, as of the last commit. */
  get settings(): StoreSettings {
    this.#settings ??= settingsOf(this.#catalog, this.#startSettings).values
    return this.#settings
  }

  get #startSettings(): StartSettings {
    return this.#parts.settings ?? NO_START_SETTINGS
  }

  get #running() {
    if (this.#started === undefined) throw new HoldfastError('bug', 'the engine was not started')
    return this.#started
  }

  /** Does what is asked, now. `owner`: the session that asks, whose locks and pins end with it. */
  request(command: EngineCommand, user = '', owner = ''): EngineReply {
    const own = this.#answerItself(command, user, owner)
    return own ?? this.#commitOne(this.#pendingOf(command as CatalogCommand, user, owner))
  }

  /** The same, but together with what others ask at the same time: they share a write and a sync of the log. */
  submit(command: EngineCommand, user: string, owner: string): Promise<EngineReply> {
    const cid = this.#running.committer.lastCid
    if (command.kind === 'checkpoint') return this.checkpoint().then((lsn) => ({ cid, lsn }))
    if (command.kind === 'beginCopy') return this.beginCopy().then((copy) => ({ cid, copy }))
    const own = this.#answerItself(command, user, owner)
    if (own !== undefined) return Promise.resolve(own)
    const pending = this.#pendingOf(command as CatalogCommand, user, owner)
    if (command.kind === 'putRun') return this.#queue.add(pending)
    const askedMs = performance.now()
    return this.#admitted(pending)
      .then(() => this.#queue.add(pending))
      .finally(() => this.#latency.note(performance.now() - askedMs))
  }

  /** What must happen before a command may be committed: room for its rows, a checkpoint before the log is switched off. */
  #admitted({ command }: Pending): Promise<unknown> {
    if (command.kind === 'insertRows' && this.#running.deltas.bytes > this.settings.deltaBytesMax)
      return this.#running.schedule.makeRoom()
    const switchesOff = command.kind === 'putSetting' && command.name === 'ts.wal.wal_level' && command.value === 0
    return switchesOff ? this.checkpoint() : READY
  }

  /** Forces a checkpoint; answers the LSN from which a recovery would begin. */
  checkpoint(): Promise<number> {
    const { checkpointer, schedule } = this.#running
    return checkpointer.checkpoint().finally(() => {
      schedule.noteCheckpoint()
      this.collectGarbage()
      this.#removeRemains()
    })
  }

  /** Merges small segments until nothing is worth it; answers how many times. */
  compact(): Promise<number> {
    return this.#running.compactor.run().finally(() => this.collectGarbage())
  }

  /** Seals the log when it is due, and archives what is sealed; answers how many pieces of log were archived. With a directory of the file system it happens by itself. */
  archive(): Promise<number> {
    return this.#running.archiver.run()
  }

  #view(): CatalogView {
    const { committer, deltas } = this.#running
    this.#catalog.refresh()
    return viewOf(this.#catalog, { cid: committer.lastCid, deltas: (tableId) => deltas.table(tableId) })
  }

  #answerItself(command: EngineCommand, user: string, owner: string): EngineReply | undefined {
    const { committer, deltas, log } = this.#running
    const cid = committer.lastCid
    switch (command.kind) {
      case 'pin': {
        const pin = ++this.#lastPin
        this.#pins.set(pin, { cid: command.cid ?? cid, why: command.why, owner })
        return { cid: command.cid ?? cid, pin }
      }
      case 'unpin':
        this.#pins.delete(command.pin)
        this.collectGarbage()
        return { cid }
      case 'fetchDelta':
        return { cid, delta: deltas.news(command.tableId, command.after) }
      case 'begin': {
        const tid = committer.nextTransaction()
        this.#locks.begin(tid, owner, command, command.paths, this.#now(), command.isExclusive)
        try {
          log.append([beginRecord(tid, this.#now(), user)])
        } catch (error) {
          this.#locks.end(tid)
          throw error
        }
        return { cid, tid }
      }
      case 'rollback':
        if (this.#locks.has(command.tid, owner)) this.#rollBack(command.tid)
        return { cid }
      case 'endCopy':
        this.#copies.release()
        this.collectGarbage()
        return { cid }
      case 'pauseRun':
        if (command.isPaused) this.#paused.add(command.run)
        else this.#paused.delete(command.run)
        advancePauseEpoch(this.#slotTable)
        return { cid, paused: [...this.#paused] }
      case 'pausedRuns':
        return { cid, paused: [...this.#paused] }
      case 'status':
        return { cid, status: this.status() }
      case 'checkpoint':
      case 'beginCopy':
        throw new HoldfastError('bug', `${command.kind} takes time and is only for submit`)
      default:
        return undefined
    }
  }

  /** Lets other tools copy the directory as of now. Throws if that is going on already. */
  async beginCopy(): Promise<CopyMark> {
    this.#copies.requireNone()
    const { committer, log, deltas } = this.#running
    // What is left in memory after it is little, and goes into the copy of the catalog.
    await this.checkpoint()
    this.#copies.requireNone()
    return this.#copies.create(deltas, { cid: committer.lastCid, lsn: log.end, nowMs: this.#now() })
  }

  /** What stands in no catalog. */
  status(): EngineStatus {
    const { committer, log, deltas, archiver } = this.#running
    const mark = checkpointMark(this.#catalog)
    return {
      cid: committer.lastCid,
      log: { end: log.end, durable: log.durable, oldest: log.oldest, bytes: log.bytes, files: log.files() },
      checkpoint: mark,
      settings: this.settings,
      deltas: deltas.summary(),
      deltaBytes: deltas.bytes,
      transactions: this.#locks.transactions().map(({ paths, ...t }) => ({ ...t, chunks: paths?.size })),
      pins: Array.from(this.#pins, ([pin, { cid, why }]) => ({ pin, cid, why })),
      copy: this.#copies.mark,
      archive: archiver.status,
    }
  }

  #rollBack(transaction: number): void {
    this.#locks.end(transaction)
    try {
      this.#running.log.append([rollbackRecord(transaction, this.#now())])
    } catch {
      // The log takes no more. A transaction without a TSCOMMIT is rolled back by the next start, so nothing is missing.
    }
  }

  #pendingOf(command: CatalogCommand, user: string, owner: string): Pending {
    const transaction = transactionOf(command)
    this.#requireOpen(transaction, owner)
    return transaction === undefined ? { command, user } : { command, user, transaction }
  }

  /** A transaction ends with its session, even if its last command waits to be committed. */
  #requireOpen(transaction: number | undefined, owner?: string): void {
    if (transaction === undefined || this.#locks.has(transaction, owner)) return
    throw new HoldfastError('conflict', `The transaction ${transaction} has ended; nothing was written.`, {
      code: 'transactionEnded',
    })
  }

  #commitOne(pending: Pending): EngineReply {
    const [outcome] = this.#commit([pending])
    if ('error' in outcome) throw outcome.error
    return outcome.reply
  }

  #commit(batch: readonly Pending[]): Outcome[] {
    const { committer, schedule } = this.#running
    const outcomes = committer.commit(batch)
    const done = batch.filter((_, k) => !('error' in outcomes[k]))
    for (const { command, transaction } of done) {
      if (transaction !== undefined) this.#locks.end(transaction)
      if (command.kind === 'putSetting' || command.kind === 'removeSetting') this.#settings = undefined
      if (command.kind === 'putRun' && command.run.state !== 'running') this.#noteEnded(command.run)
    }
    if (batch.some(({ command }) => command.kind !== 'insertRows' && command.kind !== 'putRun')) this.collectGarbage()
    schedule.noteCommits(done.map(({ command }) => command))
    return outcomes
  }

  #noteEnded(run: BackupRun): void {
    for (const id of [run.id, run.call ?? '']) this.#paused.delete(id)
    if (++this.#runsEnded < RUNS_LOOKED_AFTER) return
    this.#runsEnded = 0
    forgetOldRuns(this.#catalog)
  }

  openSession(owner: string): SessionTicket {
    return { slots: this.#slotTable, slot: this.#slots.slotOf(owner) }
  }

  /** Whatever the session left behind ends with it: its snapshot, its transactions, its pins. */
  closeSession(owner: string): void {
    if (this.#slots.free(owner)) this.#hasStrays = true
    for (const transaction of this.#locks.ofOwner(owner)) this.#rollBack(transaction)
    for (const [pin, { owner: holder }] of this.#pins) if (holder === owner) this.#pins.delete(pin)
    this.collectGarbage()
  }

  get usesDefaultPassword(): boolean {
    return usersOf(this.#catalog).some(
      (u) => u.name === DEFAULT_USER && hashPassword(DEFAULT_PASSWORD, u.salt).hash === u.hash,
    )
  }

  /** Removes what nobody reads any more. What is still read, or could not be removed, is tried again in a while: no commit fails because of it. */
  collectGarbage(): void {
    let waiting = true
    try {
      waiting = this.#removeGarbage()
    } catch (error) {
      this.#parts.say?.(`Files that nobody needs could not be removed yet: ${(error as Error).message}`)
    }
    if (!waiting || this.#garbageTimer !== undefined) return
    this.#garbageTimer = setTimeout(() => {
      this.#garbageTimer = undefined
      this.collectGarbage()
    }, GARBAGE_EVERY_MS)
    this.#garbageTimer.unref()
  }

  #sweepOrphans(): void {
    const { kept } = sweepOrphans(this.#catalog, this.files, this.#now())
    if (kept > 0) noteFoundRemains(this.#catalog, this.#now())
  }

  /** What restores left that were cut off a week ago. */
  #removeRemains(): void {
    removeRemains(this.#catalog, this.files, this.#now(), this.#parts.say)
  }

  /** Answers whether more waits for readers. */
  #removeGarbage(): boolean {
    const pinned = [...this.#pins.values()].map((p) => p.cid)
    const sessions = this.#slots.oldest()
    this.#running.deltas.forget(sessions, pinned)
    const copied = this.#copies.mark?.cid ?? Number.POSITIVE_INFINITY
    const { archiver, compactor } = this.#running
    const oldest = Math.min(sessions, copied, archiver.pinnedCid, compactor.readsCid, ...pinned)
    return removeGarbage(this.#catalog, this.files, oldest)
  }

  /** Ends without a checkpoint, as if the process died; for a store that is thrown away, or started again at once. */
  abandon(): void {
    clearTimeout(this.#garbageTimer)
    this.#started?.schedule.end()
    clearInterval(this.#archiveTimer)
    this.#started?.log.close()
    // Every commit is durable when it returns; nothing is left to wait for.
    void this.#catalog.close()
    this.#lock?.leave()
  }

  /** Ends in order: a last checkpoint, so that the next start has nothing to recover. */
  async close(): Promise<void> {
    clearTimeout(this.#garbageTimer)
    this.#started?.schedule.end()
    clearInterval(this.#archiveTimer)
    const { log } = this.#running
    let isClean = true
    try {
      this.#parts.onClose?.()
      await this.#running.compactor.stop()
      await this.#running.checkpointer.settled()
      await this.checkpoint()
      if (this.#hasStrays && this.#slots.isEmpty) this.#sweepOrphans()
      this.collectGarbage()
    } catch (error) {
      isClean = false
      this.#parts.say?.(`The last checkpoint failed, the next start recovers from the log: ${(error as Error).message}`)
    }
    await this.#running.archiver.close()
    clearTimeout(this.#garbageTimer)
    log.close()
    await this.#catalog.close()
    if (isClean) this.#lock?.release()
    else this.#lock?.leave()
  }
}

const checkpointMark = (catalog: CatalogStore): CheckpointMark | undefined =>
  catalog.get(keys.checkpoint) as CheckpointMark | undefined

const READY: Promise<unknown> = Promise.resolve()
