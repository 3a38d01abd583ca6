/** The copying part of a backup: every file is hashed on its way and synced, then its chunk goes into the log of finished chunks. */
import { HoldfastError } from '../../runtime/errors.ts'
import type { BackupContext } from '../set/context.ts'
import type { FinishedLog } from '../set/finished-log.ts'
import { chunkFolder } from '../set/layout.ts'
import type { SetLock } from '../set/lock.ts'
import { setFilePath } from '../set/open.ts'
import { PendingWrites } from '../set/pending-writes.ts'
import { explain, Pipeline } from '../set/pipeline.ts'
import type { FileStore } from '../store/file-store.ts'
import type { ChunkStep, FileStep, TablePlan } from './plan.ts'

export interface CopyListener {
  bytes(bytes: number): void
  chunk(): void
}

export class ChunkCopier {
  readonly #context: BackupContext
  readonly #set: FileStore
  readonly #log: FinishedLog
  readonly #lock: SetLock
  readonly #pipeline = new Pipeline()
  readonly #pending = new PendingWrites()
  /** Folders whose entries may not be durable. */
  readonly folders = new Set<string>()

  constructor(context: BackupContext, set: FileStore, log: FinishedLog, lock: SetLock) {
    this.#context = context
    this.#set = set
    this.#log = log
    this.#lock = lock
  }

  /** An interrupted run copied the chunk; it may have died before it synced the folders. */
  resume(plan: TablePlan, step: ChunkStep & { kind: 'resume' }): void {
    this.#touch(plan, step)
  }

  copy(plan: TablePlan, step: ChunkStep & { kind: 'copy' }, listener: CopyListener): void {
    this.#touch(plan, step)
    for (const file of step.files) if (file.kind === 'copy') this.#copyFile(plan, step, file, listener)
    this.#pending.afterwards(() => {
      this.#log.add({ db: plan.database.url, table: plan.table.name, tableId: plan.table.id, chunk: step.chunk })
      listener.chunk()
    })
    this.#pending.flushIfDue()
  }

  /** Makes all that was copied durable and logs it. */
  finish(): void {
    this.#pending.flush()
  }

  /** Closes what a failure left open; what was not logged is copied again by the next run. */
  abandon(): void {
    this.#pending.abandon()
  }

  #touch(plan: TablePlan, step: ChunkStep): void {
    if (step.chunk.files.length > 0) this.folders.add(chunkFolder(plan.database.url, step.chunk.path, plan.table.name))
  }

  #copyFile(
    plan: TablePlan,
    step: ChunkStep & { kind: 'copy' },
    file: FileStep & { kind: 'copy' },
    listener: CopyListener,
  ): void {
    const { url } = plan.database
    const target = setFilePath(url, plan.table.name, step.chunk, file.file)
    const written = file.replaces ? `${target}.new` : target
    const onBytes = (bytes: number): void => {
      listener.bytes(bytes)
      this.#lock.sign()
    }
    const check = this.#pipeline.copy(
      this.#context.data,
      file.from,
      this.#set,
      written,
      file.file,
      onBytes,
      this.#pending,
    )
    if (check.kind !== 'ok')
      throw new HoldfastError(
        'data',
        `The segment ${file.from} of chunk ${step.chunk.chunkId} (${url}${step.chunk.path}, table ${plan.table.name}) is damaged in the database: ${explain(check)}.`,
        {
          code: 'chunkChecksum',
          where: {
            db: url,
            table: plan.table.name,
            partition: step.chunk.path,
            chunk: step.chunk.chunkId,
            file: file.from,
          },
          hint: 'the backup keeps its previous state; restore this partition from it with restore(..., force=true), then back up again',
        },
      )
    if (file.replaces) this.#pending.afterwards(() => this.#set.rename(written, target))
  }
}
