/** A set as a backup finds it: its states, the newest of which the backup goes on from, and what interrupted runs left. Nothing is changed here. */
import { HoldfastError } from '../../runtime/errors.ts'
import type { BackupContext } from '../set/context.ts'
import { readFinished } from '../set/finished-log.ts'
import { parseStateFolder, STATES_FOLDER, stateFolder } from '../set/layout.ts'
import type { SetChunk, TableIndex } from '../set/meta.ts'
import { BackupSet, filesOf, setFilePath } from '../set/open.ts'
import { isDamage, StateFiles, tablesOfStates } from '../set/state-files.ts'
import { type KnownState, listStates } from '../set/states.ts'
import type { FileStore } from '../store/file-store.ts'
import type { NamedFile } from './plan.ts'

export class PreviousState {
  readonly store: FileStore
  /** Its newest state. */
  readonly set: BackupSet
  /** All of them, oldest first. */
  readonly states: readonly KnownState[]
  readonly #context: BackupContext
  /** Indexes of the newest state that were read, by table. */
  readonly indexes = new Map<string, TableIndex>()
  /** An index was damaged and is replaced: nobody knows which files it named. */
  lostIndex = false
  #hasUnknownFiles: boolean

  constructor(context: BackupContext, store: FileStore) {
    this.#context = context
    this.store = store
    this.set = new BackupSet(store)
    this.states = listStates(store)
    this.#hasUnknownFiles = this.states.some((s) => s.damage !== undefined)
  }

  /** A state cannot be read: files that no other state names may be its. */
  get hasUnknownFiles(): boolean {
    return this.#hasUnknownFiles
  }

  /** What interrupted runs finished, and the partial state to go on with. */
  interrupted(): { readonly finished: ReadonlyMap<string, SetChunk>; readonly id: string | undefined } {
    const finished = new Map<string, SetChunk>()
    const states = new Set(this.states.map((s) => s.id))
    let id: string | undefined
    for (const entry of this.store.list(STATES_FOLDER)) {
      const folder = parseStateFolder(entry.name)
      if (folder === undefined || folder.kind === 'dropped' || states.has(folder.id)) continue
      // Also one that is complete and was never announced: its logs are still in it.
      readFinished(this.store, `${STATES_FOLDER}/${entry.name}`, finished)
      if (folder.kind === 'partial' && this.store.stat(stateFolder(folder.id)) === undefined) id = folder.id
    }
    return { finished, id }
  }

  /** What was backed up leaves the newest state, and with it, unless states are kept, the set: nobody should have to find that out later. */
  tellLeaving(text: string): void {
    this.#context.progress.note(text)
  }

  /** A table of the newest state. `mayStartAnew`: undefined instead of an error if its index is damaged. */
  index(url: string, name: string, mayStartAnew: boolean): TableIndex | undefined {
    try {
      const index = this.set.index(url, name)
      this.indexes.set(name, index)
      return index
    } catch (error) {
      if (!isDamage(error) || !mayStartAnew) throw error
      this.#context.progress.note(`${error.message} The table is backed up from the beginning.`)
      this.lostIndex = true
      this.#hasUnknownFiles = true
      return undefined
    }
  }

  /**
   * The files that states name for a table, by partition path; those of `previous`, what the backup goes on from, left out. Reads indexes.
   */
  otherFiles(url: string, name: string, previous: TableIndex | undefined): ReadonlyMap<string, readonly NamedFile[]> {
    const known = previous === undefined ? undefined : this.set.table(url, name)?.index.digest
    const inPrevious = new Set(previous === undefined ? [] : filesOf(previous))
    const files = new Map<string, Map<string, NamedFile>>()
    const reader = new StateFiles(this.store)
    for (const table of tablesOfStates(this.states))
      if (table.url === url && table.name === name)
        for (const [digest, states] of table.states)
          if (digest !== known)
            try {
              for (const chunk of reader.index(table, digest, states).chunks)
                for (const file of chunk.files) {
                  if (inPrevious.has(setFilePath(url, name, chunk, file))) continue
                  const ofChunk = files.get(chunk.path) ?? new Map<string, NamedFile>()
                  files.set(chunk.path, ofChunk)
                  const { bytes, checksum } = file
                  ofChunk.set(file.name, { name: file.name, bytes, checksum })
                }
            } catch (error) {
              if (!isDamage(error)) throw error
              this.#hasUnknownFiles = true
            }
    return new Map(Array.from(files, ([path, named]) => [path, [...named.values()]]))
  }
}

/** Whether an error is a HoldfastError of the disk. */
export const isDiskFailure = (error: unknown): error is HoldfastError =>
  error instanceof HoldfastError && error.kind === 'io'
