/**
 * Paths of an encrypted set. Some files are as they are, because they are read before the key is known, or are about nobody's data: the manifests (which seal what is secret
 * themselves) and the lock. All others are encrypted, and bound to their name.
 *
 * In a set of databases names are encrypted too: those below `data/`, and those below the folder of a state but for `manifest.json`, `plan.json` and `finished-<n>.log`,
 * as are all others below the first level. Sets of node backups have plain names.
 */

import { LOCK_FOLDER, MANIFEST_FILE, parseFinishedLog, STATES_FOLDER } from './layout.ts'
import type { Seal } from './seal.ts'

/** Whether a file is not encrypted. The logs of finished chunks seal each of their records. */
export function isPlainFile(path: string): boolean {
  if (path.startsWith(MANIFEST_FILE) || path.startsWith(LOCK_FOLDER)) return true
  const names = path.split('/')
  if (names[0] !== STATES_FOLDER || names.length !== 3) return false
  return names[2].startsWith('manifest.json') || parseFinishedLog(names[2]) !== undefined
}

/** What is authenticated with a file: its path once it is complete, and its state. */
export const boundName = (path: string): Buffer => Buffer.from(settled(path).replace(/\.(new|part)$/, ''))

/** The folder of a state is that of its run, whatever it is called at the moment. */
const settled = (path: string): string => path.replace(/^(states\/[^/]+)\.(partial|dropped)(?=\/|$)/, '$1')

/** Below the folder of a state, names that say nothing. */
const isOpenName = (folder: string, name: string): boolean =>
  /^states\/[^/]+$/.test(folder) && /^(manifest\.json|plan\.json|finished-[0-9]+\.log)/.test(name)

/** Marks a name in a list that was not made with this key: left by a run without one, or with another. No name has such a character. */
const FOREIGN = '\u0001'

const FOLDERS_MAX = 1 << 14

/** Between the names that the set's users know and those that the file system has. */
export class SealedNames {
  readonly #seal: Seal
  /** Folders that were asked for, as they lie there. */
  #folders = new Map<string, string>()

  constructor(seal: Seal) {
    this.#seal = seal
  }

  /** Where a path lies. */
  place(path: string): string {
    if (path === '') return ''
    const known = this.#folders.get(path)
    if (known !== undefined) return known
    const slash = path.lastIndexOf('/')
    return this.#join(
      this.#folder(slash < 0 ? '' : path.slice(0, slash)),
      path.slice(slash + 1),
      path.slice(0, Math.max(0, slash)),
    )
  }

  #folder(path: string): string {
    if (path === '') return ''
    const known = this.#folders.get(path)
    if (known !== undefined) return known
    const place = this.place(path)
    if (this.#folders.size >= FOLDERS_MAX) this.#folders = new Map()
    this.#folders.set(path, place)
    return place
  }

  #join(placeOfFolder: string, name: string, folder: string): string {
    const sealed = this.#sealed(folder, name)
    return placeOfFolder === '' ? sealed : `${placeOfFolder}/${sealed}`
  }

  #sealed(folder: string, name: string): string {
    if (name.startsWith(FOREIGN)) return name.slice(FOREIGN.length)
    if (isOpen(folder, name)) return name
    return this.#seal.sealName(settled(folder), name)
  }

  /** The name of an entry of a folder. */
  nameOf(folder: string, entry: string): string {
    if (isOpen(folder, entry)) return entry
    return this.#seal.openName(settled(folder), entry) ?? `${FOREIGN}${entry}`
  }
}

const isOpen = (folder: string, name: string): boolean =>
  folder === '' || folder === STATES_FOLDER || folder.startsWith(LOCK_FOLDER) || isOpenName(folder, name)
