/**
 * Dual file: records go to `current_file`. A checkpoint renames it to `checkpoint_file` and starts a new `current_file`; when the checkpoint is complete,
 * `checkpoint_file` is deleted. While there is one, the next checkpoint goes on in `current_file`.
 *
 * The new file is complete under another name before the first rename, and each rename is durable before the next, so a crash finds one of: current;
 * checkpoint; checkpoint and current.
 */
import {
  CHECKPOINT_FILE,
  CURRENT_FILE,
  LOG_FOLDER,
  type LogFileSet,
  logPath,
  NEW_SUFFIX,
  type Rotation,
} from './file-set.ts'

export class DualFile implements Rotation {
  makeRoom(): void {}

  atCheckpoint(set: LogFileSet): void {
    if (set.end > set.current!.firstLsn) this.#rotate(set)
  }

  seal(set: LogFileSet): boolean {
    const before = set.current
    this.#rotate(set)
    return set.current !== before
  }

  adopt(set: LogFileSet): void {
    if (set.current?.name !== CURRENT_FILE) this.#rotate(set)
  }

  recycles(): boolean {
    return false
  }

  #rotate(set: LogFileSet): void {
    const holder = set.files.find((file) => file.name === CURRENT_FILE)
    if (holder !== undefined && set.files.some((file) => file.name === CHECKPOINT_FILE)) return
    const name = CURRENT_FILE + NEW_SUFFIX
    const handle = set.prepareNew(name)
    set.critical(() => {
      if (holder !== undefined) set.rename(holder, CHECKPOINT_FILE)
      set.store.rename(logPath(name), logPath(CURRENT_FILE))
      set.store.syncDirectory(LOG_FOLDER)
      set.advance(CURRENT_FILE, handle)
    })
  }
}
