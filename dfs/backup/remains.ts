/**
 * What runs leave in a set that did not end well, and how the next one finds and removes it:
 * - `states/<id>.partial`: a backup that was interrupted; it is continued.
 * - a complete folder that is no state (states.ts): a backup that died before it announced its state, or a prune that died after it had taken back the announcement of the
 *   newest. Before a run changes anything it gets its suffix back, because a newer state would make a state of it.
 * - `states/<id>.dropped`: a state that was dropped; files that it named may be there still.
 * - a plan or logs in a state's folder, temporary files of the manifest.
 * As long as any of these is there, the next run looks through all of `data/` when it is done.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import {
  droppedFolder,
  MANIFEST_FILE,
  parseFinishedLog,
  parseStateFolder,
  partialFolder,
  planFile,
  STATES_FOLDER,
  stateFolder,
} from '../set/layout.ts'
import { stateIds } from '../set/states.ts'
import type { FileStore } from '../store/file-store.ts'

export interface Remains {
  readonly partial: boolean
  readonly dropped: boolean
  /** A state has a plan or logs. */
  readonly runFiles: boolean
}

/** Makes what is no state look so, and what is one durably so. Answers what is left of runs before. */
export function settleRemains(store: FileStore): Remains {
  const states = new Set(stateIds(store))
  const newest = [...states].at(-1)
  const remains = { partial: false, dropped: false, runFiles: false }
  for (const entry of store.list(STATES_FOLDER)) {
    const folder = parseStateFolder(entry.name)
    if (folder === undefined) continue
    const { id, kind } = folder
    if (kind !== 'complete') remains[kind] = true
    else if (states.has(id)) remains.runFiles ||= hasRunFiles(store, id)
    else {
      // A backup that died has its plan still; and a state that was replaced in a set of one state is not to be gone on with.
      const isRun = hasRunFiles(store, id) && (newest === undefined || id > newest)
      const goesOn = isRun && store.stat(partialFolder(id)) === undefined
      const target = goesOn ? partialFolder(id) : droppedFolder(id)
      store.removeTree(target)
      store.rename(stateFolder(id), target)
      remains[goesOn ? 'partial' : 'dropped'] = true
    }
  }
  if (newest !== undefined && (remains.partial || remains.dropped || remains.runFiles)) {
    // A run that died may have replaced the manifest and not synced it: what follows builds on it. One that ended well left nothing.
    store.syncDirectory(STATES_FOLDER)
    store.syncDirectory('')
  }
  return remains
}

/**
 * Throws for a set that has lost `backup_manifest.json`: its states would be taken for what runs left that died, and removed. Only a first backup that died before it announced
 * its state leaves a complete one without it, and with the files of its run.
 */
export function requireAnnounced(store: FileStore): void {
  if (store.stat(MANIFEST_FILE) !== undefined) return
  const lost = store.list(STATES_FOLDER).filter(({ name }) => {
    const folder = parseStateFolder(name)
    return folder?.kind === 'complete' && !hasRunFiles(store, folder.id)
  })
  if (lost.length === 0) return
  throw new HoldfastError(
    'data',
    `${MANIFEST_FILE} is missing in ${store.root}, where ${lost.length === 1 ? 'a state is' : `${lost.length} states are`} that it should name.`,
    {
      code: 'backupMetadata',
      where: { file: MANIFEST_FILE },
      hint: 'put the file back, or checkBackup(backupDir, dbPath, repair=true), which makes the newest whole state the newest again; nothing was changed',
    },
  )
}

const hasRunFiles = (store: FileStore, id: string): boolean =>
  store.list(stateFolder(id)).some((e) => e.name === 'plan.json' || parseFinishedLog(e.name) !== undefined)

/** Removes what is left of states that were dropped. Last step of dropping: until then it tells the next run to look everywhere. */
export function removeDropped(store: FileStore): void {
  for (const entry of store.list(STATES_FOLDER))
    if (parseStateFolder(entry.name)?.kind === 'dropped') store.removeTree(`${STATES_FOLDER}/${entry.name}`)
}

/** Removes interrupted runs, and what runs left in their states. Last step of a backup. */
export function removeRunRemains(store: FileStore): void {
  for (const entry of store.list(''))
    if (entry.kind === 'file' && entry.name.startsWith(`${MANIFEST_FILE}.`)) store.remove(entry.name)
  const states = new Set(stateIds(store))
  for (const entry of store.list(STATES_FOLDER)) {
    const folder = parseStateFolder(entry.name)
    if (folder?.kind === 'partial') store.removeTree(`${STATES_FOLDER}/${entry.name}`)
    else if (folder?.kind === 'complete' && states.has(folder.id)) removeRunFiles(store, folder.id)
  }
}

function removeRunFiles(store: FileStore, id: string): void {
  const folder = stateFolder(id)
  store.remove(planFile(folder))
  for (const entry of store.list(folder))
    if (parseFinishedLog(entry.name) !== undefined || entry.name.endsWith('.tmp'))
      store.remove(`${folder}/${entry.name}`)
}
