/**
 * Removing what no state names, after a new state was published. Nothing here can harm the state: only files that it does not name go. What a failure leaves goes with
 * the next run, because the old state's folder, which goes last, tells that run to look everywhere.
 */

import {
  DATA_FOLDER,
  MANIFEST_FILE,
  parseFinishedLog,
  parseStateFolder,
  planFile,
  STATES_FOLDER,
  stateFolder,
} from '../set/layout.ts'
import type { FileStore } from '../store/file-store.ts'
import { parentOf } from '../store/paths.ts'

/** Removes the files that are not named, and the folders that this empties. */
export function removeFiles(store: FileStore, files: Iterable<string>, named: ReadonlySet<string>): void {
  const folders = new Set<string>()
  for (const file of files) {
    if (named.has(file)) continue
    store.remove(file)
    folders.add(parentOf(file))
  }
  for (const folder of folders) removeEmptyUp(store, folder)
}

/** Looks through all of `data/` for files that are not named: after a run that did not end well. */
export function removeAllUnnamed(store: FileStore, named: ReadonlySet<string>): void {
  removeFiles(store, walk(store, DATA_FOLDER), named)
}

function* walk(store: FileStore, folder: string): Generator<string> {
  for (const entry of store.list(folder)) {
    const path = `${folder}/${entry.name}`
    if (entry.kind === 'directory') yield* walk(store, path)
    else if (entry.kind === 'file') yield path
  }
}

function removeEmptyUp(store: FileStore, folder: string): void {
  for (let at = folder; at !== '' && at !== DATA_FOLDER; at = parentOf(at)) {
    if (store.list(at).length > 0) return
    store.removeEmptyDirectory(at)
  }
}

/** Whether a run before this one left anything: a partial state, a state that is not the newest, logs in the newest, or temporary files. */
export function hasRemains(store: FileStore, newestId: string | undefined): boolean {
  for (const entry of store.list(STATES_FOLDER)) {
    const state = parseStateFolder(entry.name)
    if (state !== undefined && (state.kind !== 'complete' || state.id !== newestId)) return true
  }
  if (newestId === undefined) return false
  return store.list(stateFolder(newestId)).some((e) => e.name === 'plan.json' || parseFinishedLog(e.name) !== undefined)
}

/** Removes all states but the newest, the newest's plan and logs, and temporary files of the manifest. Last step of a run. */
export function removeOtherStates(store: FileStore, newestId: string): void {
  const newest = stateFolder(newestId)
  for (const entry of store.list(''))
    if (entry.kind === 'file' && entry.name.startsWith(`${MANIFEST_FILE}.`)) store.remove(entry.name)
  for (const entry of store.list(STATES_FOLDER)) {
    const state = parseStateFolder(entry.name)
    if (state !== undefined && (state.kind !== 'complete' || state.id !== newestId))
      store.removeTree(`${STATES_FOLDER}/${entry.name}`)
  }
  store.remove(planFile(newest))
  for (const entry of store.list(newest))
    if (parseFinishedLog(entry.name) !== undefined || entry.name.endsWith('.tmp'))
      store.remove(`${newest}/${entry.name}`)
}
