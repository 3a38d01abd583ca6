/** A set as a backup finds it: its newest state, and what interrupted runs left. Nothing is changed here. */
import { HoldfastError } from '../../runtime/errors.ts'
import type { BackupContext } from '../set/context.ts'
import { readFinished } from '../set/finished-log.ts'
import { parseStateFolder, STATES_FOLDER, stateFolder } from '../set/layout.ts'
import type { SetChunk, TableIndex } from '../set/meta.ts'
import { BackupSet } from '../set/open.ts'
import type { FileStore } from '../store/file-store.ts'

export class PreviousState {
  readonly store: FileStore
  readonly set: BackupSet
  readonly #context: BackupContext
  /** Indexes that were read, by table. */
  readonly indexes = new Map<string, TableIndex>()
  /** An index was damaged and is replaced: nobody knows which files it named. */
  lostIndex = false

  constructor(context: BackupContext, store: FileStore) {
    this.#context = context
    this.store = store
    this.set = new BackupSet(store)
  }

  /** What interrupted runs finished, and the partial state to go on with. */
  interrupted(): { readonly finished: ReadonlyMap<string, SetChunk>; readonly id: string | undefined } {
    const finished = new Map<string, SetChunk>()
    let id: string | undefined
    for (const entry of this.store.list(STATES_FOLDER)) {
      const state = parseStateFolder(entry.name)
      if (state === undefined || state.id === this.set.manifest?.id) continue
      // Complete but never published: its logs are still in it.
      readFinished(this.store, `${STATES_FOLDER}/${entry.name}`, finished)
      if (state.kind === 'partial' && this.store.stat(stateFolder(state.id)) === undefined) id = state.id
    }
    return { finished, id }
  }

  /** A table of the state. `mayStartAnew`: undefined instead of an error if its index is damaged. */
  index(url: string, name: string, mayStartAnew: boolean): TableIndex | undefined {
    try {
      const index = this.set.index(url, name)
      this.indexes.set(name, index)
      return index
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.kind !== 'data' || !mayStartAnew) throw error
      this.#context.progress.note(`${error.message} The table is backed up from the beginning.`)
      this.lostIndex = true
      return undefined
    }
  }
}
