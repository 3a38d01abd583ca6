/** Carrying file tasks out on one thread: the same for the session and for its helpers. */
import type { FileStore, FileWriter } from '../store/file-store.ts'
import { TASK_COPIED, TASK_DONE, type TaskBatch } from './file-task.ts'
import { type ExpectedFile, type FileCheck, type OnBytes, Pipeline } from './pipeline.ts'

interface Unsynced {
  readonly batch: TaskBatch
  readonly task: number
  readonly writer: FileWriter
}

export class TaskRunner {
  readonly #source: FileStore
  readonly #target: FileStore | undefined
  readonly #pipeline: Pipeline
  #unsynced: Unsynced[] = []

  constructor(source: FileStore, target: FileStore | undefined, pipeline = new Pipeline()) {
    this.#source = source
    this.#target = target
    this.#pipeline = pipeline
  }

  /** Does a task that this thread took. The state is set if the answer is `ok`; anything else is the caller's to record. */
  run(batch: TaskBatch, task: number, onBytes: OnBytes): FileCheck {
    const { file, target, expected, coding } = batch.tasks[task]
    if (target === undefined) {
      const check = this.#pipeline.check(this.#source, file, expected, onBytes, coding)
      if (check.kind === 'ok') {
        batch.setStored(task, check.stored)
        batch.setState(task, TASK_DONE)
      }
      return check
    }
    const keep = (writer: FileWriter, stored: ExpectedFile | undefined): void => {
      this.#unsynced.push({ batch, task, writer })
      batch.setStored(task, stored)
      batch.setState(task, TASK_COPIED)
    }
    return this.#pipeline.copy(this.#source, file, this.#target!, target, expected, onBytes, keep, coding)
  }

  /** The oldest file that is copied and not synced, if it belongs to this batch or one before. */
  nextUnsynced(upTo: number): Unsynced | undefined {
    const first = this.#unsynced[0]
    return first !== undefined && first.batch.id <= upTo ? first : undefined
  }

  /** Syncs the oldest file. A failure is final: the file never counts as done. */
  syncNext(): void {
    const { batch, task, writer } = this.#unsynced.shift()!
    try {
      writer.sync()
    } finally {
      writer.close()
    }
    batch.setState(task, TASK_DONE)
  }

  /** Closes what was not synced: it never counts as done. */
  abandon(): void {
    const unsynced = this.#unsynced
    this.#unsynced = []
    for (const { writer } of unsynced) writer.close()
  }
}
