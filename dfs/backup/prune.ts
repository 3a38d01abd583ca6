/** Dropping states of a set that are not to stay, without a backup: by numbers, or by name. An interrupted backup in the set can still be continued afterwards. */
import { inputError } from '../../runtime/errors.ts'
import type { BackupContext } from '../set/context.ts'
import { readFinished } from '../set/finished-log.ts'
import { parseStateFolder, STATES_FOLDER } from '../set/layout.ts'
import { removeLockRemains } from '../set/lock.ts'
import type { SetChunk } from '../set/meta.ts'
import { setFilePath } from '../set/open.ts'
import { ONE_STATE, type Retention } from '../set/retention.ts'
import { StateFiles } from '../set/state-files.ts'
import { type KnownState, listStates, noBackupIn } from '../set/states.ts'
import type { FileStore } from '../store/file-store.ts'
import { byRetention, dropStates, type StateDrop } from './drop-states.ts'
import { underSetLock } from './locked-set.ts'
import { removeDropped, settleRemains } from './remains.ts'
import { filesOnlyIn } from './sweep.ts'

export type PruneChoice =
  /** undefined: the numbers that the set has. */
  | { readonly kind: 'retention'; readonly retention: Retention | undefined }
  | { readonly kind: 'states'; readonly ids: readonly string[] }

export interface PrunedState extends KnownState {
  readonly action: 'keep' | 'drop'
  /** Of data files that go with it; one that several of the dropped states named counts for the newest of them. undefined: a damaged state hides it. */
  readonly bytesFreed: number | undefined
}

/** What pruning would do. Changes nothing and takes no lock. */
export function planPrune(store: FileStore, choice: PruneChoice): readonly PrunedState[] {
  const states = listStates(store)
  return described(states, select(store, states, choice), new StateFiles(store))
}

/** Drops states; answers all that the set had, oldest first. */
export function pruneSet(context: BackupContext, store: FileStore, choice: PruneChoice): readonly PrunedState[] {
  select(store, listStates(store), choice)
  const { pin, release } = context.pinnedView(`pruning of ${store.root}`)
  try {
    return underSetLock(context, store, 'pruning', pin, (lock) => {
      removeLockRemains(store, context.lockWorld)
      const { dropped, runFiles } = settleRemains(store)
      const states = listStates(store)
      const drop = select(store, states, choice)
      const files = new StateFiles(store)
      const pruned = described(states, drop, files)
      lock.assertHeld()
      const note = (text: string): void => context.progress.note(text)
      // What tells of an unfinished run may stand in a state that goes.
      dropStates(store, drop, files, dropped || runFiles, note, filesToGoOnWith(store))
      removeDropped(store)
      context.progress.outcome?.(`${store.root}: ${drop.gone.length} states dropped, ${drop.stay.length} stay`)
      return pruned
    })
  } finally {
    release()
  }
}

function select(store: FileStore, states: readonly KnownState[], choice: PruneChoice): StateDrop {
  const newest = states.at(-1)
  if (newest === undefined) throw inputError(noBackupIn(store), { code: 'backupMissing', where: { file: store.root } })
  if (choice.kind === 'retention') {
    const retention = choice.retention ?? newest.manifest?.retention ?? ONE_STATE
    return byRetention(states, retention)
  }
  const ids = new Set(choice.ids)
  const missing = choice.ids.find((id) => states.every((s) => s.id !== id))
  if (missing !== undefined)
    throw inputError(`The backup in ${store.root} has no state ${missing}.`, {
      code: 'backupState',
      where: { file: store.root, state: missing },
      hint: 'listBackupStates lists them',
    })
  const drop = { gone: states.filter((s) => ids.has(s.id)), stay: states.filter((s) => !ids.has(s.id)) }
  if (drop.stay.every((s) => s.damage !== undefined))
    throw inputError(`The backup in ${store.root} would be left without a state that can be restored.`, {
      code: 'backupState',
      where: { file: store.root },
      hint: 'to remove all of it, remove the directory',
    })
  return drop
}

function described(states: readonly KnownState[], drop: StateDrop, files: StateFiles): PrunedState[] {
  const only = filesOnlyIn(drop.gone, drop.stay, files)
  const freed = new Map<string, number>()
  for (const { state, bytes } of only?.values() ?? []) freed.set(state, (freed.get(state) ?? 0) + bytes)
  return states.map((s) => {
    if (drop.stay.includes(s)) return { ...s, action: 'keep', bytesFreed: 0 }
    return { ...s, action: 'drop', bytesFreed: only === undefined ? undefined : (freed.get(s.id) ?? 0) }
  })
}

/** The files that an interrupted backup has copied. */
function* filesToGoOnWith(store: FileStore): Generator<string> {
  const finished = new Map<string, SetChunk>()
  for (const entry of store.list(STATES_FOLDER))
    if (parseStateFolder(entry.name)?.kind === 'partial')
      readFinished(store, `${STATES_FOLDER}/${entry.name}`, finished)
  for (const [key, chunk] of finished) {
    const [url, table] = key.split('\n')
    for (const file of chunk.files) yield setFilePath(url, table, chunk, file)
  }
}
