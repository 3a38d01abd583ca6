/** The copying part of a backup: every file is hashed on its way and synced, then its chunk goes into the log of finished chunks. */
import { HoldfastError } from '../../runtime/errors.ts'
import type { BackupPace } from '../pace/backup-pace.ts'
import type { BackupContext } from '../set/context.ts'
import { FileWork } from '../set/file-work.ts'
import type { FinishedLog } from '../set/finished-log.ts'
import { chunkFolder } from '../set/layout.ts'
import type { SetLock } from '../set/lock.ts'
import { setFilePath } from '../set/open.ts'
import { explain, type OnBytes } from '../set/pipeline.ts'
import type { FileStore } from '../store/file-store.ts'
import type { ChunkStep, FileStep, TablePlan } from './plan.ts'

export interface CopyListener {
  /** Complete; so many bytes were copied for it. */
  chunk(bytes: number): void
}

export class ChunkCopier {
  readonly #set: FileStore
  readonly #log: FinishedLog
  readonly #work: FileWork
  /** Folders whose entries may not be durable. */
  readonly folders = new Set<string>()

  constructor(
    context: BackupContext,
    set: FileStore,
    log: FinishedLog,
    lock: SetLock,
    pace: BackupPace,
    onBytes: OnBytes,
  ) {
    this.#set = set
    this.#log = log
    this.#work = new FileWork({
      source: context.data,
      target: set,
      pace,
      onBytes(bytes) {
        onBytes(bytes)
        lock.sign()
      },
    })
  }

  /** An interrupted run copied the chunk; it may have died before it synced the folders. */
  resume(plan: TablePlan, step: ChunkStep & { kind: 'resume' }): void {
    this.#touch(plan, step)
  }

  copy(plan: TablePlan, step: ChunkStep & { kind: 'copy' }, listener: CopyListener): void {
    this.#touch(plan, step)
    for (const file of step.files) if (file.kind === 'copy') this.#copyFile(plan, step, file)
    this.#work.afterwards(() => {
      this.#log.add({ db: plan.database.url, table: plan.table.name, tableId: plan.table.id, chunk: step.chunk })
      listener.chunk(step.files.reduce((sum, f) => sum + (f.kind === 'copy' ? f.file.bytes : 0), 0))
    })
  }

  /** Makes all that was copied durable and logs it. */
  finish(): void {
    this.#work.flush()
  }

  /** Ends the copying, complete or not; what was not logged is copied again by the next run. */
  end(): void {
    this.#work.end()
  }

  #touch(plan: TablePlan, step: ChunkStep): void {
    if (step.chunk.files.length > 0) this.folders.add(chunkFolder(plan.database.url, step.chunk.path, plan.table.name))
  }

  #copyFile(plan: TablePlan, step: ChunkStep & { kind: 'copy' }, file: FileStep & { kind: 'copy' }): void {
    const { url } = plan.database
    const target = setFilePath(url, plan.table.name, step.chunk, file.file)
    const written = file.replaces ? `${target}.new` : target
    this.#work.copy(file.from, written, file.file, (check) => {
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
    })
    if (file.replaces) this.#work.afterwards(() => this.#set.rename(written, target))
  }
}
