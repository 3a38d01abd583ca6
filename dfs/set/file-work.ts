/**
 * Files to be copied, or checked, by this thread and its helpers. The caller lists tasks and, between them, what is to happen when all before are durable: a final
 * name, an entry in the log of finished chunks. Those steps run on the caller's thread, in the order in which they were listed.
 *
 * Tasks go out in batches. While batch n is copied, batch n-1 is synced: by then most of it is on the disk, since its writing was started when each file was
 * complete (FileWriter.startWriteback). Files are synced by the thread that wrote them.
 *
 * Nothing runs on helpers unless both stores can be opened there; a few small files are not worth waking them. Results do not depend on them: without any,
 * the same batches are done here.
 */
import { decodeError } from '../../runtime/error-message.ts'
import { HoldfastError } from '../../runtime/errors.ts'
import { checkInterrupt, INTERRUPT_CANCEL } from '../../runtime/interrupt.ts'
import type { BackupPace } from '../pace/backup-pace.ts'
import type { FileStore } from '../store/file-store.ts'
import { type FileHelper, type FileHelpers, sessionHelpers } from './file-helpers.ts'
import {
  type FileTask,
  type RefusalMessage,
  TASK_COPIED,
  TASK_DONE,
  TASK_REFUSED,
  TASK_TAKEN,
  TaskBatch,
  type TaskRefusal,
  WORK_BYTES_64,
  WORK_CHANGES,
  WORK_CONTROL_BYTES,
  WORK_INTERRUPT,
  WORK_REFUSALS,
} from './file-task.ts'
import type { Coding, ExpectedFile, FileCheck, OnBytes } from './pipeline.ts'
import { TaskRunner } from './task-runner.ts'

/** Enough to keep the disk busy, little enough that an interrupted run loses little; as many files are open unsynced, three times. */
const BATCH_BYTES = 256 << 20
const BATCH_FILES = 128
const PACED_BATCH_SECONDS = 0.5
/** So much is read before somebody hears of it, unless there is a rate to be kept. */
const TOLD_BYTES = 1 << 20
/** Less than this is done before a helper has started. */
const HELPED_BYTES = 16 << 20
const HELPED_FILES = 64
/** A wait looks at the interrupt word at least this often. */
const WAIT_MS = 50

/** The source is missing or damaged. */
export type OnRefused = (check: FileCheck) => void

/** Hears what lies in the set of a file that was compressed or expanded, when it is done. */
export type OnStored = (stored: ExpectedFile) => void

/** A file that is not simply copied, or checked, as it is. */
export interface CodedTask {
  readonly coding: Coding
  readonly onStored?: OnStored
}

interface ListedTask {
  readonly task: FileTask
  readonly onRefused: OnRefused
  readonly onStored: OnStored | undefined
  /** Once it is handed out. */
  batch: TaskBatch | undefined
  /** In its batch. */
  readonly index: number
}

type Step = ListedTask | { readonly then: () => void }

interface Batch {
  readonly shared: TaskBatch
  readonly listed: readonly ListedTask[]
}

/** Why a task was refused: the state of its source, or what failed. */
interface Refusal {
  readonly check?: FileCheck
  readonly failure?: HoldfastError
}

export interface FileWorkOptions {
  readonly source: FileStore
  /** Where copies go; without it files can only be checked. */
  readonly target?: FileStore
  /** Hears how many bytes were read, on this thread or another. */
  readonly onBytes: OnBytes
  readonly helpers?: FileHelpers
  /** Slows the work down, or holds it. `onBytes` hears of 0 bytes while it waits. */
  readonly pace?: BackupPace | undefined
}

/** Starts the helpers of this thread's session for work on these tables, while it is still being found out what exactly. */
export function expectFileWork(source: FileStore, tables: readonly { readonly bytes: number }[]): void {
  if (source.address !== undefined && tables.reduce((n, t) => n + t.bytes, 0) >= HELPED_BYTES) sessionHelpers.start()
}

/**
 * Starts them for a script that will want them, when it is not known yet on what: a thread needs as long to start as reading half a gigabyte takes. They end by
 * themselves when nothing comes.
 */
export const startFileHelpers = (): void => void sessionHelpers.start()

let lastWork = 0

export class FileWork {
  readonly #number = ++lastWork
  readonly #options: FileWorkOptions
  readonly #runner: TaskRunner
  readonly #control = new Int32Array(new SharedArrayBuffer(WORK_CONTROL_BYTES))
  readonly #helperBytes = new BigInt64Array(this.#control.buffer)
  #bytesTold = 0
  #helpers: readonly FileHelper[] = []

  /** The batch that is being listed. */
  #open: ListedTask[] = []
  #openBytes = 0
  #openId = 0
  /** Batches that are not done, oldest first. */
  #batches: Batch[] = []
  #steps: Step[] = []
  /** Steps before this one have run. */
  #stepsDone = 0
  /** By batch and task. */
  readonly #refusals = new Map<string, Refusal>()

  constructor(options: FileWorkOptions) {
    this.#options = options
    this.#runner = new TaskRunner(options.source, options.target)
  }

  /** Reads a file of the source and compares it; `onRefused` hears of a file that is not as expected, and may throw. */
  check(file: string, expected: ExpectedFile, onRefused: OnRefused, coded?: CodedTask): void {
    this.#list({ file, target: undefined, expected }, onRefused, coded)
  }

  /** Copies a file and compares it on the way. `onRefused` must throw: all ends with it. A target that is not complete is removed. */
  copy(file: string, target: string, expected: ExpectedFile, onRefused: OnRefused, coded?: CodedTask): void {
    this.#list({ file, target, expected }, onRefused, coded)
  }

  /** Runs when everything listed before is checked, or copied and durable. */
  afterwards(then: () => void): void {
    this.#steps.push({ then })
  }

  /** Does everything that is listed. */
  flush(): void {
    const last = this.#closeBatch()
    if (last !== undefined) {
      this.#tellHelpers(last)
      for (const { shared } of this.#batches) this.#runShare(shared)
      this.#syncShare(last)
      this.#await(last)
    }
    this.#advance()
    if (this.#stepsDone < this.#steps.length) throw new HoldfastError('bug', 'file work ended with tasks undone')
  }

  /** Ends the work, done or not. When it returns no thread writes to any file; what was not synced and what waited for it never happens. */
  end(): void {
    Atomics.store(this.#control, WORK_INTERRUPT, INTERRUPT_CANCEL)
    for (const helper of this.#helpers) helper.post({ kind: 'end', work: this.#number })
    for (;;) {
      const seen = Atomics.load(this.#control, WORK_CHANGES)
      if (!this.#helpers.some((h) => !h.isGone && h.isWriting)) break
      Atomics.wait(this.#control, WORK_CHANGES, seen, WAIT_MS)
    }
    this.#helpers = []
    this.#open = []
    this.#batches = []
    this.#steps = []
    this.#stepsDone = 0
    this.#runner.abandon()
  }

  #list(plain: FileTask, onRefused: OnRefused, coded: CodedTask | undefined): void {
    const task = coded === undefined ? plain : { ...plain, coding: coded.coding }
    const onStored = coded?.onStored
    const listed: ListedTask = { task, onRefused, onStored, batch: undefined, index: this.#open.length }
    this.#steps.push(listed)
    this.#open.push(listed)
    this.#openBytes += task.expected.bytes
    if (this.#openBytes < this.#batchBytes && this.#open.length < BATCH_FILES) return
    const id = this.#closeBatch()!
    // This thread stays a batch behind, so that the helpers have the next one before this one ends.
    const before = this.#batches.at(-2)
    if (before !== undefined) this.#runShare(before.shared)
    this.#syncShare(id - 2)
    this.#await(id - 2)
    this.#advance()
  }

  /** Where a rate is set, a batch takes half a second: it is what an interrupted run loses, and how often there is progress to tell. */
  get #batchBytes(): number {
    const rate = this.#options.pace?.brake.bytesPerSecond ?? 0
    return rate === 0 ? BATCH_BYTES : Math.min(BATCH_BYTES, rate * PACED_BATCH_SECONDS)
  }

  /** Hands the open batch out; answers the number of the newest batch that is not done. */
  #closeBatch(): number | undefined {
    if (this.#open.length > 0) {
      const shared = TaskBatch.of(
        this.#openId,
        this.#open.map((l) => l.task),
      )
      for (const listed of this.#open) listed.batch = shared
      this.#batches.push({ shared, listed: this.#open })
      if (this.#openBytes >= HELPED_BYTES || this.#open.length >= HELPED_FILES) this.#startHelpers()
      // What the helpers copied before the batch that is now under way is synced first.
      this.#tellHelpers(this.#openId - 2)
      for (const helper of this.#helpers) helper.post({ kind: 'batch', work: this.#number, batch: shared.message() })
      this.#openId++
      this.#open = []
      this.#openBytes = 0
    }
    return this.#batches.at(-1)?.shared.id
  }

  #startHelpers(): void {
    const { source, target, helpers = sessionHelpers } = this.#options
    if (this.#helpers.length > 0 || source.address === undefined) return
    if (target !== undefined && target.address === undefined) return
    this.#helpers = [...helpers.start()]
    const control = this.#control.buffer as SharedArrayBuffer
    for (const helper of this.#helpers)
      helper.post({
        kind: 'begin',
        work: this.#number,
        control,
        source: source.address,
        target: target?.address,
        pace: this.#options.pace?.brake.shared,
      })
  }

  #tellHelpers(upTo: number): void {
    if (upTo >= 0) for (const helper of this.#helpers) helper.post({ kind: 'sync', work: this.#number, upTo })
  }

  /** This thread's share of a batch: takes tasks until none is left. */
  #runShare(batch: TaskBatch): void {
    for (let task = batch.take(0); task !== undefined; task = batch.take(0)) this.#runTask(batch, task)
  }

  #runTask(batch: TaskBatch, task: number): void {
    const { onBytes, pace } = this.#options
    const onWait = (): void => {
      checkInterrupt()
      onBytes(0)
      this.#look()
    }
    let untold = 0
    const tell = (): void => {
      if (untold > 0) onBytes(untold)
      pace?.count(untold)
      this.#look()
      pace?.pass(untold, onWait)
      untold = 0
    }
    const check = this.#runner.run(batch, task, (bytes) => {
      untold += bytes
      if (pace !== undefined || untold >= TOLD_BYTES) tell()
    })
    tell()
    if (check.kind === 'ok') return
    this.#refusals.set(keyOf(batch.id, task), { check })
    batch.setState(task, TASK_REFUSED)
    this.#endCopyAt(batch.id, task)
  }

  #syncShare(upTo: number): void {
    while (this.#runner.nextUnsynced(upTo) !== undefined) {
      checkInterrupt()
      this.#runner.syncNext()
      this.#advance()
      this.#look()
    }
  }

  /** Waits until a batch and those before it are done, or refused. What a helper that is gone had taken is done here. */
  #await(upTo: number): void {
    for (;;) {
      const seen = Atomics.load(this.#control, WORK_CHANGES)
      checkInterrupt()
      this.#look()
      this.#batches = this.#batches.filter(({ shared }) => !isDone(shared))
      const [first] = this.#batches
      if (first === undefined || first.shared.id > upTo) return
      if (this.#takeOver(first.shared)) continue
      if (this.#options.pace !== undefined) this.#options.onBytes(0)
      Atomics.wait(this.#control, WORK_CHANGES, seen, WAIT_MS)
    }
  }

  /** Does again what was taken by helpers that ended. Answers whether there was any. */
  #takeOver(batch: TaskBatch): boolean {
    const gone = new Set(this.#helpers.filter((h) => h.isGone).map((h) => h.worker))
    if (gone.size === 0) return false
    let any = false
    for (let task = 0; task < batch.tasks.length; task++) {
      const state = batch.state(task)
      if ((state !== TASK_TAKEN && state !== TASK_COPIED) || !gone.has(batch.workerOf(task))) continue
      any = true
      batch.takeOver(task, 0)
      this.#runTask(batch, task)
    }
    if (any) this.#syncShare(batch.id)
    return any
  }

  /** Looks at what the helpers have done: tells of their bytes, and ends a copy that one of them could not do. */
  #look(): void {
    this.#options.pace?.look()
    if (this.#helpers.length === 0) return
    const bytes = Number(Atomics.load(this.#helperBytes, WORK_BYTES_64))
    if (bytes > this.#bytesTold) {
      const more = bytes - this.#bytesTold
      this.#bytesTold = bytes
      this.#options.onBytes(more)
      this.#options.pace?.count(more)
    }
    if (Atomics.load(this.#control, WORK_REFUSALS) > 0)
      for (const { batch, task } of this.#receive()) this.#endCopyAt(batch, task)
  }

  #receive(): RefusalMessage[] {
    const news: RefusalMessage[] = []
    for (const helper of this.#helpers)
      for (const message of helper.received()) {
        if (message.work !== this.#number) continue
        this.#refusals.set(keyOf(message.batch, message.task), refusalOf(message.refusal))
        news.push(message)
      }
    return news
  }

  /** A copy ends with the first refusal, in whatever order files are done; of a check, each is a result among others. */
  #endCopyAt(batch: number, task: number): void {
    const listed = this.#batches.find((b) => b.shared.id === batch)?.listed[task]
    if (listed?.task.target !== undefined) this.#refuse(listed)
  }

  #refuse(listed: ListedTask): void {
    const key = keyOf(listed.batch!.id, listed.index)
    // A helper tells first and then sets the state.
    if (!this.#refusals.has(key)) this.#receive()
    const { check, failure } = this.#refusals.get(key)!
    if (failure !== undefined) throw failure
    listed.onRefused(check!)
    if (listed.task.target !== undefined)
      throw new HoldfastError('bug', `the copy of ${listed.task.file} was refused and nobody objected`)
  }

  /** Runs the steps whose turn has come. */
  #advance(): void {
    for (; this.#stepsDone < this.#steps.length; this.#stepsDone++) {
      const step = this.#steps[this.#stepsDone]
      if ('then' in step) step.then()
      else {
        const state = step.batch?.state(step.index)
        if (state === TASK_REFUSED) this.#refuse(step)
        else if (state !== TASK_DONE) break
        else step.onStored?.(step.batch!.stored(step.index))
      }
    }
    if (this.#stepsDone >= BATCH_FILES) {
      this.#steps = this.#steps.slice(this.#stepsDone)
      this.#stepsDone = 0
    }
  }
}

function isDone(batch: TaskBatch): boolean {
  for (let task = 0; task < batch.tasks.length; task++) {
    const state = batch.state(task)
    if (state !== TASK_DONE && state !== TASK_REFUSED) return false
  }
  return true
}

const keyOf = (batch: number, task: number): string => `${batch}/${task}`

function refusalOf(refusal: TaskRefusal): Refusal {
  if (refusal.kind === 'failed') return { failure: decodeError(refusal.error) }
  return { check: refusal.kind === 'unreadable' ? { kind: 'unreadable', error: decodeError(refusal.error) } : refusal }
}
