/**
 * Mending damaged data files of a set: a file is replaced by a copy that has the size and the checksum which the state names, from the live store or from another
 * place of the set. Nothing else will do, so that mending can not make anything wrong; what has no such copy stays as it is, and is reported.
 *
 * A copy is hashed on its way, synced under another name and renamed onto the damaged file. Killed at any moment the set has the old file or the mended one; a
 * copy that was cut off has a name that no state names, and the next mending of that file writes over it, or removes it.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import { underSetLock } from '../backup/locked-set.ts'
import type { CatalogView } from '../catalog/types.ts'
import { type Ledger, placeOf } from '../ledger/ledger.ts'
import type { BackupContext } from '../set/context.ts'
import type { SetLock } from '../set/lock.ts'
import { isCurrent, type TableIndex } from '../set/meta.ts'
import { BackupSet, setFilePath } from '../set/open.ts'
import { Pipeline } from '../set/pipeline.ts'
import { listStates } from '../set/states.ts'
import type { FileStore, FileWriter } from '../store/file-store.ts'
import { foldersUpFrom, parentOf } from '../store/paths.ts'
import { type DamagedChunk, type DamagedFile, footerOf } from './check.ts'

/** What became of a damaged chunk. */
export interface MendedChunk {
  readonly chunk: DamagedChunk
  /** All of its files are as the state names them. */
  readonly isMended: boolean
  /** For people: where the copies came from, or what is missing. */
  readonly detail: string
}

/** A file that may have the content that is looked for. */
interface Candidate {
  readonly store: FileStore
  readonly path: string
  /** For people. */
  readonly what: string
}

const MEND_SUFFIX = '.mend'

export function mendChunks(
  context: BackupContext,
  set: BackupSet,
  damaged: readonly DamagedChunk[],
  ledger: Ledger,
): readonly MendedChunk[] {
  if (damaged.length === 0) return []
  for (const { index } of damaged) context.access.readBackup(index)
  const { view, pin, release } = context.pinnedView(`mending ${set.store.root}`)
  try {
    return underSetLock(context, set.store, `mending of ${damaged[0].url}`, pin, (lock) => {
      set.assertCurrent()
      return new Mender(context, set, view, lock, ledger).mend(damaged)
    })
  } finally {
    release()
    ledger.flush(context.now())
  }
}

class Mender {
  readonly #context: BackupContext
  readonly #set: BackupSet
  readonly #view: CatalogView
  readonly #lock: SetLock
  readonly #ledger: Ledger
  readonly #pipeline = new Pipeline()
  #inSet: ReadonlyMap<string, readonly string[]> | undefined

  constructor(context: BackupContext, set: BackupSet, view: CatalogView, lock: SetLock, ledger: Ledger) {
    this.#context = context
    this.#set = set
    this.#view = view
    this.#lock = lock
    this.#ledger = ledger
  }

  mend(damaged: readonly DamagedChunk[]): MendedChunk[] {
    return damaged.map((chunk) => {
      const sources: string[] = []
      const missing: string[] = []
      for (const file of chunk.files) {
        const source = this.#mendFile(chunk, file)
        if (source === undefined) missing.push(file.file)
        else sources.push(source)
      }
      return missing.length === 0
        ? { chunk, isMended: true, detail: `mended from ${[...new Set(sources)].join(', ')}` }
        : { chunk, isMended: false, detail: this.#whyNot(chunk, missing) }
    })
  }

  /** Where the content came from; undefined if it was found nowhere. */
  #mendFile(chunk: DamagedChunk, { file, expected }: DamagedFile): string | undefined {
    // Somebody may have mended or renewed it since it was read.
    if (this.#check(file, expected)) {
      // A copy that was cut off is not needed any more.
      this.#set.store.remove(`${file}${MEND_SUFFIX}`)
      return 'another run'
    }
    for (const candidate of this.#candidates(chunk, { file, expected })) {
      if (!this.#copy(candidate, file, expected)) continue
      if (!this.#check(file, expected)) return undefined
      this.#remember(file, expected)
      return candidate.what
    }
    return undefined
  }

  #check(file: string, expected: DamagedFile['expected']): boolean {
    return this.#pipeline.check(this.#set.store, file, expected, () => this.#lock.sign()).kind === 'ok'
  }

  /** False if the candidate is not what the catalog, or the set, says that it is. */
  #copy(from: Candidate, file: string, expected: DamagedFile['expected']): boolean {
    const { store } = this.#set
    const copy = `${file}${MEND_SUFFIX}`
    const written: FileWriter[] = []
    const check = this.#pipeline.copy(
      from.store,
      from.path,
      store,
      copy,
      expected,
      () => this.#lock.sign(),
      (writer) => written.push(writer),
    )
    if (check.kind !== 'ok') return false
    for (const writer of written)
      try {
        writer.sync()
      } finally {
        writer.close()
      }
    this.#lock.assertHeld()
    store.rename(copy, file)
    for (const folder of foldersUpFrom(parentOf(file))) store.syncDirectory(folder)
    return true
  }

  *#candidates(
    { url, table, chunk }: DamagedChunk,
    { file, expected }: Omit<DamagedFile, 'check'>,
  ): Generator<Candidate> {
    const { data } = this.#context
    for (const segment of this.#view.chunk(url, table, chunk.path)?.segments ?? [])
      if (segment.bytes === expected.bytes && segment.checksum === expected.checksum)
        yield { store: data, path: segment.file, what: 'the live table' }
    this.#inSet ??= pathsByContent(this.#set)
    for (const path of this.#inSet.get(contentKey(expected)) ?? [])
      if (path !== file) yield { store: this.#set.store, path, what: 'another copy in the backup' }
  }

  #remember(file: string, { bytes, checksum }: DamagedFile['expected']): void {
    const footer = footerOf(this.#set.store, file, bytes)
    this.#ledger.addFile({
      ...{ path: file, bytes, checksum, isSound: true, how: 'mend' },
      ...{ where: placeOf(this.#set.store), provenMs: this.#context.now() },
      ...(footer === undefined ? {} : { footer }),
    })
  }

  #whyNot({ url, table, chunk, index }: DamagedChunk, missing: readonly string[]): string {
    const none = `no copy with its checksum is in the live table or in the backup: ${missing.join(', ')}`
    const live = this.#view.chunk(url, table, chunk.path)
    if (live === undefined) return `${none}; the live table has no such partition`
    if (index.query !== undefined) return `${none}; back up the query again with force=true`
    const call = `backup("${this.#set.store.root}", "${url}", force=true, tableName="${table}", partition="${chunk.path}")`
    return isCurrent(chunk, live)
      ? `${none}; the live partition holds the same rows in other files, ${call} backs it up again`
      : `${none}; the live partition has changed since, ${call} backs it up as it is now`
  }
}

const contentKey = ({ bytes, checksum }: DamagedFile['expected']): string => `${checksum}/${bytes}`

/** The paths of all files that the states of the set name, by content. What cannot be read names nothing. */
function pathsByContent({ store }: BackupSet): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  const seen = new Set<string>()
  for (const { id, manifest } of listStates(store))
    for (const { url, tables } of manifest?.databases ?? [])
      for (const { name, index } of tables) {
        // States share the index of a table that did not change between them.
        const key = `${url}\n${name}\n${index.digest}`
        const table = seen.has(key) ? undefined : readableIndex(store, id, url, name)
        if (table === undefined) continue
        seen.add(key)
        for (const chunk of table.chunks)
          for (const file of chunk.files) {
            const paths = found.get(contentKey(file)) ?? []
            paths.push(setFilePath(url, name, chunk, file))
            found.set(contentKey(file), paths)
          }
      }
  return found
}

function readableIndex(store: FileStore, id: string, url: string, name: string): TableIndex | undefined {
  try {
    return new BackupSet(store, { state: { kind: 'id', id } }).index(url, name)
  } catch (error) {
    if (!(error instanceof HoldfastError) || (error.kind !== 'data' && error.kind !== 'io')) throw error
    return undefined
  }
}
