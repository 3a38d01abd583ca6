/**
 * Taking states out of a set. An older state leaves when its folder is renamed; the newest when the one before it is announced in its place. Files that no state needs any
 * more go afterwards, and the renamed folder last: killed anywhere, the next run finds it and looks for what is left.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import { droppedFolder, MANIFEST_FILE, STATES_FOLDER, stateFolder, stateManifestFile } from '../set/layout.ts'
import { type Retention, statesToKeep } from '../set/retention.ts'
import type { StateFiles } from '../set/state-files.ts'
import type { KnownState } from '../set/states.ts'
import type { FileStore } from '../store/file-store.ts'
import { filesOnlyIn, NOTHING_SWEPT, removeAllUnnamed, removeFiles, type Swept } from './sweep.ts'

export interface StateDrop {
  readonly gone: readonly KnownState[]
  /** Oldest first; at least one. */
  readonly stay: readonly KnownState[]
}

/** Which states a rule wants to stay. A damaged state stays as long as if it were sound, for it may be mended; the others count without it. `states`: oldest first. */
export function byRetention(states: readonly KnownState[], retention: Retention): StateDrop {
  const amongSound = statesToKeep(
    states.filter((s) => s.damage === undefined),
    retention,
  )
  const amongAll = statesToKeep(states, retention)
  const stays = ({ id, damage }: KnownState): boolean => (damage === undefined ? amongSound : amongAll).has(id)
  return { stay: states.filter(stays), gone: states.filter((s) => !stays(s)) }
}

/**
 * Takes them out and removes the files that only they named. `everywhere`: a run before left something, so all of the set is looked through, for files that neither a
 * state nor `alsoNamed` has.
 */
export function dropStates(
  store: FileStore,
  drop: StateDrop,
  files: StateFiles,
  everywhere: boolean,
  note: (text: string) => void,
  alsoNamed: Iterable<string> = [],
): Swept {
  const { gone, stay } = drop
  if (gone.length === 0 && !everywhere) return NOTHING_SWEPT
  // Read while they are states.
  const only = everywhere ? undefined : filesOnlyIn(gone, stay, files)
  takeOut(store, drop)
  return only === undefined
    ? removeAllUnnamed(store, stay, files, alsoNamed, note)
    : removeFiles(store, only.keys(), NONE)
}

/** When this returns they are no states of the set, whatever happens. */
function takeOut(store: FileStore, { gone, stay }: StateDrop): void {
  const newest = stay.at(-1)
  if (newest === undefined) throw new HoldfastError('bug', 'a set would be left without a state')
  if (gone.some((s) => s.id > newest.id)) {
    if (newest.damage !== undefined) throw newest.damage
    store.writeFileAtomic(MANIFEST_FILE, store.readFile(stateManifestFile(stateFolder(newest.id))))
  }
  for (const { id } of gone) {
    store.removeTree(droppedFolder(id))
    store.rename(stateFolder(id), droppedFolder(id))
  }
  if (gone.length > 0) store.syncDirectory(STATES_FOLDER)
}

const NONE: ReadonlySet<string> = new Set()
