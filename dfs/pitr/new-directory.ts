/**
 * The directory that a recovery fills. It is new or empty. A marker stands in it from before the first file until after the last, and whoever opens a directory with the marker
 * refuses it. A recovery that fails leaves the directory as it found it; one that was killed leaves the marker, which says that everything beside it is of the
 * recovery, so the next one removes it and begins anew.
 */
import { inputError } from '../../runtime/errors.ts'
import { LOCK_FILE } from '../engine/lock.ts'
import { RESTORE_MARKER } from '../node-backup/marker.ts'
import type { FileStore } from '../store/file-store.ts'
import { VOLUME_FOLDER } from '../store/volume-folder.ts'

/** What the marker of a recovery holds; that of a plain restore holds the id of a backup. */
const CONTENT = 'point-in-time recovery\n'

const isMarkerBeingMade = (name: string): boolean => name.startsWith(`${RESTORE_MARKER}.`) && name.endsWith('.tmp')

export class NewDirectory {
  readonly #files: FileStore
  #isMarked = false

  /** Throws `targetNotEmpty` for a directory that holds anything else than the remains of a recovery. Changes nothing. */
  constructor(files: FileStore) {
    this.#files = files
    const found = files.stat('')
    if (found === undefined) return
    const names = found.kind === 'directory' ? files.list('').map((e) => e.name) : []
    const hasMarker = names.includes(RESTORE_MARKER)
    const isOurs = hasMarker && Buffer.from(files.readFile(RESTORE_MARKER)).toString('utf8') === CONTENT
    const isEmpty = names.every((name) => [LOCK_FILE, VOLUME_FOLDER].includes(name) || isMarkerBeingMade(name))
    if (found.kind === 'directory' && (isEmpty || isOurs)) return
    throw inputError(
      hasMarker
        ? `${files.root} holds a restore that was cut off.`
        : `${files.root} is not empty; a recovery needs a new directory.`,
      {
        code: 'targetNotEmpty',
        where: { file: files.root },
        hint: hasMarker ? 'remove the directory, then call again' : 'name a directory that does not exist yet',
      },
    )
  }

  /** Takes it. What a killed recovery has left is removed. */
  begin(): void {
    this.#files.makeDirectory('')
    this.#isMarked = true
    this.#mark()
    this.#empty()
  }

  /** It is a data directory from here on. */
  complete(): void {
    this.#files.syncDirectory('')
    this.#files.remove(RESTORE_MARKER)
    this.#files.syncDirectory('')
  }

  /** Leaves it empty again. */
  giveBack(): void {
    if (!this.#isMarked) return
    // It may be that the marker was removed already.
    this.#mark()
    this.#empty()
    // Everything else is gone for good before the marker goes.
    this.#files.syncDirectory('')
    this.#files.remove(RESTORE_MARKER)
    this.#files.syncDirectory('')
  }

  #mark(): void {
    if (this.#files.stat(RESTORE_MARKER) === undefined) this.#files.writeFileAtomic(RESTORE_MARKER, CONTENT)
  }

  #empty(): void {
    for (const { name, kind } of this.#files.list('')) {
      if ([RESTORE_MARKER, LOCK_FILE, VOLUME_FOLDER].includes(name)) continue
      if (kind === 'directory') this.#files.removeTree(name)
      else this.#files.remove(name)
    }
  }
}
