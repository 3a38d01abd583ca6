/**
 * A state of a backup set, for reading: the newest, unless another one is chosen. Opening reads the manifest; the index of a table is read, and checked against the
 * manifest, when it is asked for.
 */
import { HoldfastError, inputError } from '../../runtime/errors.ts'
import type { DatabaseRecord } from '../catalog/types.ts'
import type { FileStore } from '../store/file-store.ts'
import { damagedMetadata } from './checked.ts'
import { chunkFolder, domainFile, stateFolder, tableIndexFile } from './layout.ts'
import type { Manifest, ManifestDatabase, ManifestTable } from './manifest.ts'
import { decodeDomain, decodeTableIndex, readVouched, type SetChunk, type SetFile, type TableIndex } from './meta.ts'
import { dbNameOf } from './names.ts'
import { chooseState, isState, LATEST, noBackupIn, type StateChoice } from './states.ts'
import { matchesPartition } from './wildcard.ts'

/** How a set is read. */
export interface SetOptions {
  /** Default: the newest. */
  readonly state?: StateChoice
}

export class BackupSet {
  readonly store: FileStore
  /** Of the chosen state. undefined: nothing was ever backed up into this folder. */
  readonly manifest: Manifest | undefined

  /** Throws if the set has states and not the one that is chosen. */
  constructor(store: FileStore, { state = LATEST }: SetOptions = {}) {
    this.store = store
    this.manifest = chooseState(store, state)
  }

  databases(): readonly ManifestDatabase[] {
    return this.manifest?.databases ?? []
  }

  database(url: string): ManifestDatabase | undefined {
    return this.databases().find((d) => d.url === url)
  }

  table(url: string, name: string): ManifestTable | undefined {
    return this.database(url)?.tables.find((t) => t.name === name)
  }

  /** The database in the set, or an error that says what the set has. */
  requireDatabase(url: string): ManifestDatabase {
    const found = this.database(url)
    if (found !== undefined) return found
    const has = this.databases().map((d) => d.url)
    throw inputError(
      this.manifest === undefined
        ? noBackupIn(this.store)
        : `The backup in ${this.store.root} does not contain the database [${url}]; it holds ${has.join(', ') || 'none'}.`,
      { code: 'backupMissing', where: { file: this.store.root, db: url } },
    )
  }

  requireTable(url: string, name: string): ManifestTable {
    const found = this.requireDatabase(url).tables.find((t) => t.name === name)
    if (found !== undefined) return found
    const has = this.requireDatabase(url).tables.map((t) => t.name)
    throw inputError(
      `The backup in ${this.store.root} does not contain the table [${name}] of [${url}]; it holds ${has.join(', ') || 'none'}.`,
      { code: 'backupMissing', where: { file: this.store.root, db: url, table: name } },
    )
  }

  domain(url: string): DatabaseRecord {
    const file = domainFile(this.#folder(), url)
    const database = decodeDomain(readVouched(this.store, file, this.requireDatabase(url).domain), file)
    if (database.url !== url) throw damagedMetadata(file, `it describes ${database.url} instead of ${url}`)
    return database
  }

  /** Schema, scheme and chunks of a table of the set. */
  index(url: string, name: string): TableIndex {
    const listed = this.requireTable(url, name)
    const file = this.indexFile(url, name)
    const index = decodeTableIndex(readVouched(this.store, file, listed.index), file)
    if (index.database.url !== url || index.table.name !== name)
      throw damagedMetadata(file, `it describes ${index.database.url}/${index.table.name} instead of ${url}/${name}`)
    if (index.chunks.length !== listed.chunks)
      throw damagedMetadata(file, 'its chunks are not as many as the manifest says')
    if ((index.query === undefined) !== (listed.mode === 'copy'))
      throw damagedMetadata(file, `the manifest says that it was made by ${listed.mode}`)
    return index
  }

  indexFile(url: string, name: string): string {
    return tableIndexFile(this.#folder(), url, name)
  }

  domainFile(url: string): string {
    return domainFile(this.#folder(), url)
  }

  /**
   * Throws if the state has left the set since it was opened: a backup that ends, or a prune, removes the files that only such states name, and readers take no lock
   * (the set may lie on a medium that cannot be written). For a reader that found files missing.
   */
  assertCurrent(): void {
    if (this.manifest !== undefined && !isState(this.store, this.manifest.id)) throw this.#replaced()
  }

  /** A failure to read something of this state, or "it left the set while it was read" if that is the reason. */
  explainFailure(error: unknown): unknown {
    if (!(error instanceof HoldfastError) || (error.kind !== 'data' && error.kind !== 'io')) return error
    try {
      this.assertCurrent()
      return error
    } catch (second) {
      return second instanceof HoldfastError && second.code === 'backupReplaced' ? this.#replaced(error) : error
    }
  }

  #replaced(cause?: unknown): HoldfastError {
    return new HoldfastError(
      'conflict',
      `The backup in ${this.store.root} was renewed while it was read: the state ${this.manifest?.id} has left it; call again.`,
      {
        code: 'backupReplaced',
        where: { file: this.store.root },
        cause,
      },
    )
  }

  #folder(): string {
    return stateFolder(this.manifest!.id)
  }
}

/** Where a file of a chunk lies in the set. */
export const setFilePath = (
  url: string,
  table: string,
  chunk: Pick<SetChunk, 'path'>,
  file: Pick<SetFile, 'name'>,
): string => `${chunkFolder(url, chunk.path, table)}/${file.name}`

/** Every file that a table's index names. */
export function* filesOf(index: TableIndex): Generator<string> {
  for (const chunk of index.chunks)
    for (const file of chunk.files) yield setFilePath(index.database.url, index.table.name, chunk, file)
}

/** Chunks of a table in a set that a pattern of restore or checkBackup means. */
export function chunksMatching(index: TableIndex, pattern: string): readonly SetChunk[] {
  if (pattern === '%') return index.chunks
  const dbName = dbNameOf(index.database.url)
  return index.chunks.filter((c) => matchesPartition(pattern, dbName, c.path, index.table.physicalIndex))
}
