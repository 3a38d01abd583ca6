/**
 * The states of a set, and choosing one.
 *
 * What counts: a complete folder `states/<id>` whose id sorts no later than that of the newest state, which `backup_manifest.json` names. A complete folder behind
 * the newest was never announced (its run died before it replaced `backup_manifest.json`), or its dropping was (a prune that died after that): it is no state. In a set of
 * a format before 1.3 only the newest counts. So a state appears, and the newest disappears, in the one moment in which `backup_manifest.json` is replaced; an older
 * one disappears when its folder is renamed.
 */
import { HoldfastError, inputError } from '../../runtime/errors.ts'
import type { FileStore } from '../store/file-store.ts'
import { MANIFEST_FILE, parseStateFolder, STATES_FOLDER, stateFolder, timeOfStateId } from './layout.ts'
import { type Manifest, readManifest, readStateManifest } from './manifest.ts'

/** Which state of a set is meant: the newest, one by its id, or the newest of those that were taken at or before a time. */
export type StateChoice =
  | { readonly kind: 'latest' }
  | { readonly kind: 'id'; readonly id: string }
  | { readonly kind: 'time'; readonly atMs: number }

export const LATEST: StateChoice = { kind: 'latest' }

/** A state as it stands in a set. */
export interface KnownState {
  readonly id: string
  /** When it was taken: everything that was committed before is in it. Of a damaged one, when its run began. */
  readonly takenMs: number
  /** undefined: `damage` says why it cannot be read, so nobody knows what it names. */
  readonly manifest: Manifest | undefined
  readonly damage: HoldfastError | undefined
}

/** Ids of the states of a set, oldest first. */
export function stateIds(store: FileStore, newest: Manifest | undefined = readManifest(store)): readonly string[] {
  if (newest === undefined) return []
  if (newest.retention === undefined) return [newest.id]
  const ids = store.list(STATES_FOLDER).flatMap(({ name }) => {
    const folder = parseStateFolder(name)
    return folder?.kind === 'complete' && folder.id < newest.id ? [folder.id] : []
  })
  return [...ids.sort(), newest.id]
}

/** The states of a set, oldest first. One that is damaged is among them; others can still be used. */
export function listStates(store: FileStore): readonly KnownState[] {
  const newest = readManifest(store)
  return stateIds(store, newest).map((id) => (id === newest!.id ? known(newest!) : knownState(store, id)))
}

const known = (manifest: Manifest): KnownState => ({
  id: manifest.id,
  takenMs: takenMsOf(manifest),
  manifest,
  damage: undefined,
})

function knownState(store: FileStore, id: string): KnownState {
  try {
    return known(readStateManifest(store, id))
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.kind !== 'data') throw error
    return { id, takenMs: timeOfStateId(id), manifest: undefined, damage: error }
  }
}

const takenMsOf = ({ startedAt, id }: Manifest): number => {
  const ms = Date.parse(startedAt)
  return Number.isNaN(ms) ? timeOfStateId(id) : ms
}

/** The manifest of the state that is meant; undefined for a set without any, whatever is meant. Throws for one that is not there, or is damaged. */
export function chooseState(store: FileStore, choice: StateChoice): Manifest | undefined {
  const newest = readManifest(store)
  if (newest === undefined) return undefined
  switch (choice.kind) {
    case 'latest':
      return newest
    case 'id':
      return choice.id === newest.id ? newest : readStateManifest(store, requireId(store, newest, choice.id))
    case 'time': {
      const states = listStates(store)
      const found = states.findLast((s) => s.takenMs <= choice.atMs)
      if (found === undefined) throw noneThen(store, choice.atMs, states[0])
      if (found.damage !== undefined) throw found.damage
      return found.manifest
    }
  }
}

function requireId(store: FileStore, newest: Manifest, id: string): string {
  const ids = stateIds(store, newest)
  if (ids.includes(id)) return id
  throw inputError(`The backup in ${store.root} has no state ${id}; it has ${listed(ids)}.`, {
    code: 'backupState',
    where: { file: store.root, state: id },
    hint: 'listBackupStates lists them',
  })
}

const LISTED_MAX = 5

const listed = (ids: readonly string[]): string =>
  ids.length <= LISTED_MAX
    ? ids.join(', ')
    : `${ids.length} states, the newest of which are ${ids.slice(-LISTED_MAX).join(', ')}`

function noneThen(store: FileStore, atMs: number, oldest: KnownState): HoldfastError {
  const printed = (ms: number): string => new Date(ms).toISOString()
  return inputError(
    `The backup in ${store.root} has no state of ${printed(atMs)} or before: the oldest, ${oldest.id}, was taken at ${printed(oldest.takenMs)}.`,
    { code: 'backupState', where: { file: store.root }, hint: 'listBackupStates lists the states and their times' },
  )
}

/** Whether a state that was there still is. */
export function isState(store: FileStore, id: string): boolean {
  const newest = readManifest(store)
  if (newest === undefined || newest.id === id) return newest !== undefined
  return newest.retention !== undefined && id < newest.id && store.stat(stateFolder(id)) !== undefined
}

/** For messages: what a set is missing in which nothing was ever completed. */
export function noBackupIn(store: FileStore): string {
  if (store.stat('')?.kind !== 'directory') return `There is no backup in ${store.root}: there is no such folder.`
  const hasStates = store.list(STATES_FOLDER).some(({ name }) => parseStateFolder(name)?.kind === 'complete')
  const states = hasStates ? `, though there are states; checkBackup(backupDir, dbPath, repair=true) puts it back` : ''
  return `There is no backup in ${store.root}: ${MANIFEST_FILE} is missing${states}.`
}
