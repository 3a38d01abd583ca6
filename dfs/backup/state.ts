/**
 * Making the next state of a set: its metadata files in the partial folder, then the renames that make it the newest.
 *
 * Order, so that power loss at any point leaves the old state or the new: files of the data are synced and in their synced folders; metadata is written and synced;
 * every named file is there with its size; the partial folder is renamed and `states/` synced; the manifest is replaced. Only then the old state may go.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import type { DatabaseRecord } from '../catalog/types.ts'
import {
  domainFile,
  MANIFEST_FILE,
  partialFolder,
  STATES_FOLDER,
  stateFolder,
  stateManifestFile,
  tableIndexFile,
} from '../set/layout.ts'
import type { SetLock } from '../set/lock.ts'
import { encodeManifest, type Manifest, type ManifestDatabase, type ManifestTable } from '../set/manifest.ts'
import { digestOf, encodeDomain, encodeTableIndex, type SetChunk, type TableIndex } from '../set/meta.ts'
import { type BackupSet, setFilePath } from '../set/open.ts'
import type { FileStore } from '../store/file-store.ts'
import { foldersUpFrom } from '../store/paths.ts'

export class StateDraft {
  readonly #store: FileStore
  readonly #id: string
  readonly #previous: BackupSet
  readonly #note: (text: string) => void
  readonly #databases = new Map<string, { domain: ManifestDatabase['domain']; tables: ManifestTable[] }>()

  constructor(store: FileStore, id: string, previous: BackupSet, note: (text: string) => void) {
    this.#store = store
    this.#id = id
    this.#previous = previous
    this.#note = note
  }

  putDomain(database: DatabaseRecord): void {
    const bytes = encodeDomain(database)
    this.#write(domainFile(this.#folder, database.url), bytes)
    this.#databases.set(database.url, { domain: digestOf(bytes), tables: [] })
  }

  putTable(index: TableIndex): void {
    const { url } = index.database
    requireRows(index)
    const bytes = encodeTableIndex(index)
    this.#write(tableIndexFile(this.#folder, url, index.table.name), bytes)
    this.#databases.get(url)!.tables.push({
      name: index.table.name,
      mode: index.query === undefined ? 'copy' : 'sql',
      cid: index.cid,
      takenAt: new Date(index.takenMs).toISOString(),
      chunks: index.chunks.length,
      rows: index.chunks.reduce((sum, c) => sum + c.rows, 0),
      files: index.chunks.reduce((sum, c) => sum + c.files.length, 0),
      bytes: index.chunks.reduce((sum, c) => sum + c.files.reduce((s, f) => s + f.bytes, 0), 0),
      index: digestOf(bytes),
    })
  }

  /** A database of the set that the call is not about. */
  carryDatabase(database: ManifestDatabase): void {
    this.#carry(this.#previous.domainFile(database.url), domainFile(this.#folder, database.url))
    this.#databases.set(database.url, { domain: database.domain, tables: [] })
    for (const table of database.tables) this.carryTable(database.url, table)
  }

  carryTable(url: string, table: ManifestTable): void {
    this.#carry(this.#previous.indexFile(url, table.name), tableIndexFile(this.#folder, url, table.name))
    this.#databases.get(url)!.tables.push(table)
  }

  /** Writes the state's manifest, which completes the partial folder. */
  complete(facts: Omit<Manifest, 'id' | 'databases'>): Manifest {
    const byName = <N extends { readonly name: string }>(a: N, b: N): number => (a.name < b.name ? -1 : 1)
    const databases = [...this.#databases]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([url, d]): ManifestDatabase => ({ url, domain: d.domain, tables: d.tables.sort(byName) }))
    const manifest: Manifest = { ...facts, id: this.#id, databases }
    this.#write(stateManifestFile(this.#folder), encodeManifest(manifest, this.#store.seal))
    const folders = new Set<string>([this.#folder])
    for (const url of this.#databases.keys()) {
      const file = domainFile(this.#folder, url)
      folders.add(file.slice(0, file.lastIndexOf('/')))
    }
    for (const folder of folders) this.#store.syncDirectory(folder)
    return manifest
  }

  get #folder(): string {
    return partialFolder(this.#id)
  }

  #write(file: string, bytes: Uint8Array): void {
    const writer = this.#store.openWrite(file)
    try {
      writer.write(bytes)
      writer.sync()
    } finally {
      writer.close()
    }
  }

  // Carried as it is, even if it is damaged: the manifest goes on naming its true digest, so every check still finds the damage, and one table's damage does not
  // keep the others from being backed up.
  #carry(from: string, to: string): void {
    try {
      this.#write(to, this.#previous.store.readFile(from))
    } catch (error) {
      if (!(error instanceof HoldfastError) || (error.code !== 'ENOENT' && error.code !== 'sealBroken')) throw error
      const what = error.code === 'ENOENT' ? `The set misses ${from}` : error.message
      this.#note(`${what}; back up that table with force=true.`)
    }
  }
}

/** Syncs the folders of new files, and the folders above them, once each. */
export function syncFolders(store: FileStore, folders: ReadonlySet<string>): void {
  const all = new Set<string>()
  for (const folder of folders) for (const f of foldersUpFrom(folder)) all.add(f)
  for (const folder of all) store.syncDirectory(folder)
}

/** What no reader would take must not be published: the rows of a chunk are those of its files. */
function requireRows({ database, table, chunks }: TableIndex): void {
  for (const { path, rows, files } of chunks)
    if (files.reduce((n, f) => n + f.rows, 0) !== rows)
      throw new HoldfastError(
        'bug',
        `the files of ${database.url}${path}, table ${table.name}, do not have its ${rows} rows`,
      )
}

/** Throws unless every file that the index names is there with its size: "done" means restorable. Those of the chunks in `found` were just looked at. */
export function requireFiles(store: FileStore, index: TableIndex, found: ReadonlySet<SetChunk> = new Set()): void {
  for (const chunk of index.chunks) {
    if (found.has(chunk)) continue
    for (const file of chunk.files) {
      const path = setFilePath(index.database.url, index.table.name, chunk, file)
      const stat = store.stat(path)
      if (stat?.kind === 'file' && stat.bytes === file.bytes) continue
      throw new HoldfastError(
        'data',
        `The backup cannot be completed: ${path} of chunk ${chunk.chunkId} (${chunk.path}) ${stat === undefined ? 'is missing' : `has ${stat.bytes} bytes instead of ${file.bytes}`}.`,
        {
          code: 'backupFile',
          where: { db: index.database.url, table: index.table.name, partition: chunk.path, file: path },
          hint: 'back up the whole table: its partition is copied again, or leaves the backup if it is no more in the database',
        },
      )
    }
  }
}

/** Makes a completed partial state the newest. */
export function publish(store: FileStore, manifest: Manifest, lock: SetLock): void {
  lock.assertHeld()
  store.rename(partialFolder(manifest.id), stateFolder(manifest.id))
  store.syncDirectory(STATES_FOLDER)
  store.syncDirectory('')
  store.writeFileAtomic(MANIFEST_FILE, store.readFile(stateManifestFile(stateFolder(manifest.id))))
}
