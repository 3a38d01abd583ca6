/** Removing data files that no state names. Nothing here can harm a state: only files that none names go. */
import { DATA_FOLDER } from '../set/layout.ts'
import { isDamage, type StateFiles, type StatesOfTable, tablesOfStates } from '../set/state-files.ts'
import type { KnownState } from '../set/states.ts'
import type { FileStore } from '../store/file-store.ts'
import { parentOf } from '../store/paths.ts'
import { VOLUME_FOLDER } from '../store/volume-folder.ts'

/** What was removed. */
export interface Swept {
  readonly files: number
  readonly bytes: number
}

export const NOTHING_SWEPT: Swept = { files: 0, bytes: 0 }

/** Removes the files that are not named, and the folders that this empties; durable when it returns, so that what told of them may go. */
export function removeFiles(store: FileStore, files: Iterable<string>, named: ReadonlySet<string>): Swept {
  const folders = new Set<string>()
  let count = 0
  let bytes = 0
  for (const file of files) {
    if (named.has(file)) continue
    count++
    bytes += store.stat(file)?.bytes ?? 0
    store.remove(file)
    folders.add(parentOf(file))
  }
  for (const folder of folders) removeEmptyUp(store, folder)
  const changed = new Set(Array.from(folders, (folder) => nearestThere(store, folder)))
  for (const folder of changed) store.syncDirectory(folder)
  return { files: count, bytes }
}

/**
 * Looks through all of `data/` for files that no state names, nor the caller: after a run that did not end well. Nothing goes while a state is damaged: it may need
 * them. That run may have removed files and not synced their folders, and what tells of it goes next: so all folders are synced, or a loss of power could bring files back
 * that nobody looks for any more.
 */
export function removeAllUnnamed(
  store: FileStore,
  states: readonly KnownState[],
  files: StateFiles,
  alsoNamed: Iterable<string>,
  note: (text: string) => void,
): Swept {
  const named = new Set<string>(alsoNamed)
  const damage = states.find((s) => s.damage !== undefined)?.damage
  try {
    if (damage !== undefined) throw damage
    for (const table of tablesOfStates(states))
      for (const [digest, owners] of table.states)
        for (const { path } of files.filesOf(files.index(table, digest, owners))) named.add(path)
  } catch (error) {
    if (!isDamage(error)) throw error
    note(`${error.message} Old files stay in the set.`)
    return NOTHING_SWEPT
  }
  const folders: string[] = []
  const swept = removeFiles(store, walk(store, DATA_FOLDER, folders), named)
  for (const folder of folders) if (store.stat(folder) !== undefined) store.syncDirectory(folder)
  return swept
}

/** A file that goes: its size, and the newest state that named it. */
export interface GoneFile {
  readonly bytes: number
  readonly state: string
}

/**
 * The files that only states which leave the set name, by path. `undefined`: an index of theirs is damaged, so that all of the set has to be looked through; or one of
 * a state that stays, so that nobody knows what it needs.
 */
export function filesOnlyIn(
  gone: readonly KnownState[],
  stay: readonly KnownState[],
  files: StateFiles,
): ReadonlyMap<string, GoneFile> | undefined {
  if ([...gone, ...stay].some((s) => s.damage !== undefined)) return undefined
  const staying = new Map<string, StatesOfTable>()
  for (const table of tablesOfStates(stay)) staying.set(`${table.url}\n${table.name}`, table)
  const found = new Map<string, GoneFile>()
  try {
    for (const table of tablesOfStates(gone)) {
      const kept = staying.get(`${table.url}\n${table.name}`)
      const only = new Map<string, GoneFile>()
      for (const [digest, states] of table.states)
        if (kept?.states.has(digest) !== true)
          for (const { path, file } of files.filesOf(files.index(table, digest, states)))
            only.set(path, { bytes: file.bytes, state: states.at(-1)!.id })
      if (only.size > 0 && kept !== undefined)
        for (const [digest, states] of kept.states) {
          if (only.size === 0) break
          for (const { path } of files.filesOf(files.index(kept, digest, states))) only.delete(path)
        }
      for (const [path, file] of only) found.set(path, file)
    }
  } catch (error) {
    if (!isDamage(error)) throw error
    return undefined
  }
  return found
}

/** The files below a folder, and in `folders` all folders. */
function* walk(store: FileStore, folder: string, folders: string[]): Generator<string> {
  folders.push(folder)
  for (const entry of store.list(folder)) {
    if (entry.name === VOLUME_FOLDER && folder === DATA_FOLDER) continue
    const path = `${folder}/${entry.name}`
    if (entry.kind === 'directory') yield* walk(store, path, folders)
    else if (entry.kind === 'file') yield path
  }
}

function removeEmptyUp(store: FileStore, folder: string): void {
  for (let at = folder; at !== '' && at !== DATA_FOLDER; at = parentOf(at)) {
    if (store.list(at).length > 0) return
    store.removeEmptyDirectory(at)
  }
}

function nearestThere(store: FileStore, folder: string): string {
  let at = folder
  while (at !== '' && store.stat(at) === undefined) at = parentOf(at)
  return at
}
