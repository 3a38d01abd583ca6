/**
 * A session's side of the store. It reads the catalog and the segments itself; what changes anything goes to the engine. Nothing is opened before the first
 * use: a script that only computes leaves no data directory behind.
 */
import { join } from 'node:path'
import { PRODUCT_VERSION } from '../runtime/builtins/session-functions.ts'
import { HoldfastError } from '../runtime/errors.ts'
import { protectFiles } from '../runtime/protected-files.ts'
import { type ServiceKey, type Session, serviceKey } from '../runtime/session.ts'
import { Resource, T } from '../runtime/values/index.ts'
import {
  backupAccess,
  type Operation,
  PermissionCache,
  type Permissions,
  requireOperation,
  UserDirectory,
} from './access/index.ts'
import { type BackupHost, backupHostService } from './builtins/backup-host.ts'
import { provideSqlCatalogs } from './builtins/catalog-names.ts'
import { provideFunctionViews } from './builtins/function-views.ts'
import type { CatalogStore } from './catalog/key-value.ts'
import { LmdbCatalogStore } from './catalog/lmdb-store.ts'
import { RecordCache } from './catalog/record-cache.ts'
import { keys, runsOf, viewOf } from './catalog/records.ts'
import type { CatalogRecords, CatalogView, DatabaseRecord, TableRecord } from './catalog/types.ts'
import { DeltaReader } from './delta/reader.ts'
import { type EngineClient, type EngineCommand, type EngineReply, sendTo } from './engine/commands.ts'
import type { SessionTicket } from './engine/engine.ts'
import { CommitClock, commitLatencyOf, pauseEpochOf, SnapshotAnnouncer } from './engine/snapshot-slots.ts'
import type { StorePressure } from './pace/backup-pace.ts'
import type { RouteConfig } from './partition/route.ts'
import { progressOf } from './progress.ts'
import { NO_START_SETTINGS, type StartSettings, type StoreSettings, settingsOf } from './settings/index.ts'
import { storeFilesOf } from './store/data-directory.ts'
import type { FileStore } from './store/file-store.ts'
import { LocalFileStore } from './store/local-store.ts'
import { TableCache } from './table-cache.ts'
import { ChunkTableSource } from './table-source.ts'

export interface StoreConfig extends RouteConfig {
  /** Product and version, written into manifests. */
  readonly product: string
  /** How long a rewrite waits for locked partitions in databases of atomic level CHUNK. */
  readonly chunkLockWaitMs: number
  /** Whether the statement insert into may append to stored tables. */
  readonly enableInsertStatementForDFSTable: boolean
  /** What the file and the environment set. */
  readonly settings: StartSettings
  /** Absolute path of the configuration file, whether it is there or not. Default: `holdfast.toml` in the data directory. */
  readonly configFile?: string
  /** Absolute path of the folder of nodelocal://1/... Default: `export` in the data directory. */
  readonly exportDir?: string
}

export const DEFAULT_CONFIG: StoreConfig = {
  newValuePartitionPolicy: 'skip',
  allowMissingPartitions: true,
  product: `holdfast ${PRODUCT_VERSION}`,
  chunkLockWaitMs: 30_000,
  enableInsertStatementForDFSTable: false,
  settings: NO_START_SETTINGS,
}

/** How the session reaches the engine. */
export interface StoreLink extends EngineClient {
  /** Opens the data directory if it is not open yet, and gives the session its slot. */
  open(): SessionTicket
}

export interface DfsSessionOptions {
  readonly session: Session
  /** The data directory. */
  readonly home: string
  readonly link: StoreLink
  readonly config?: Partial<StoreConfig>
  /** Tests give their own; default: the directory's. */
  readonly catalog?: CatalogStore
  readonly files?: FileStore
}

interface OpenedStore {
  readonly slots: SharedArrayBuffer
  readonly catalog: CatalogStore
  readonly records: RecordCache
  readonly files: FileStore
  readonly announcer: SnapshotAnnouncer
  readonly clock: CommitClock
  readonly deltas: DeltaReader
}

export const dfsService: ServiceKey<DfsSession> = serviceKey<DfsSession>('dfs')

export class DfsSession {
  readonly home: string
  readonly config: StoreConfig
  readonly users: UserDirectory
  readonly tables = new TableCache()
  readonly #permissions = new PermissionCache()
  readonly #options: DfsSessionOptions
  readonly #session: Session
  #opened: OpenedStore | undefined
  /** Commits of pinned views. */
  readonly #pinned: number[] = []
  #settings: { readonly cid: number; readonly values: StoreSettings } | undefined

  constructor(options: DfsSessionOptions) {
    this.#options = options
    this.#session = options.session
    this.home = options.home
    this.config = { ...DEFAULT_CONFIG, ...options.config }
    this.users = new UserDirectory({
      reader: () => {
        this.catalog.refresh()
        return this.catalog
      },
      request: (command) => this.request(command),
    })
  }

  #open(): OpenedStore {
    if (this.#opened === undefined) {
      const { link, files } = this.#options
      const { slots, slot } = link.open()
      const catalog = this.#options.catalog ?? new LmdbCatalogStore(join(this.home, 'catalog.mdb'))
      const clock = new CommitClock(slots)
      const announcer = new SnapshotAnnouncer(slots, slot)
      this.#opened = {
        slots,
        catalog,
        records: new RecordCache(catalog),
        files: files ?? new LocalFileStore(this.home),
        announcer,
        clock,
        deltas: new DeltaReader({
          lastEvent: () => clock.deltaEvent,
          fetch: (tableId, after) => {
            const { cid, delta } = link.request({ kind: 'fetchDelta', tableId, after }, this.#session.user)
            return { cid, news: delta! }
          },
          oldestHeld: () => Math.min(announcer.oldest, ...this.#pinned),
        }),
      }
    }
    return this.#opened
  }

  get catalog(): CatalogStore {
    return this.#open().catalog
  }

  get files(): FileStore {
    return this.#open().files
  }

  /** Which databases and tables there are now. */
  view(): CatalogRecords {
    return this.#look()
  }

  /** Looks at the store as of now, chunks included; what the body sees stays as long as it runs. */
  looking<R>(body: (view: CatalogView) => R): R {
    const { view, release } = this.heldView()
    try {
      return body(view)
    } finally {
      release()
    }
  }

  #look(): CatalogView {
    const { catalog, records, clock, deltas } = this.#open()
    for (;;) {
      const { cid } = clock
      catalog.refresh()
      const stored = (catalog.get(keys.cid) as number | undefined) ?? 0
      // A commit is in the catalog a moment before it is announced: what belongs to it in memory may not be there yet.
      if (stored > cid) continue
      records.at(stored)
      return viewOf(records, { cid, deltas: (tableId) => deltas.at(tableId, cid) })
    }
  }

  /** The settings in force, as of the last statement. */
  get storeSettings(): StoreSettings {
    const { catalog } = this.#open()
    const cid = catalog.get(keys.cid) as number
    if (this.#settings?.cid !== cid) this.#settings = { cid, values: settingsOf(catalog, this.config.settings).values }
    return this.#settings.values
  }

  /** A view whose files stay until `release`. */
  heldView(): { readonly view: CatalogView; readonly release: () => void } {
    const { announcer } = this.#open()
    let view!: CatalogView
    const { release } = announcer.hold(() => {
      view = this.#look()
      return view.cid
    })
    return { view, release }
  }

  /** A view whose files stay until `release`, however long that takes: unlike a held view it holds back nothing that came after it. */
  pinnedView(why: string): { readonly view: CatalogView; readonly pin: number; readonly release: () => void } {
    const held = this.heldView()
    try {
      const { cid } = held.view
      const pin = this.request({ kind: 'pin', why, cid }).pin!
      this.#pinned.push(cid)
      const release = (): void => {
        this.#pinned.splice(this.#pinned.indexOf(cid), 1)
        this.request({ kind: 'unpin', pin })
      }
      return { view: held.view, pin, release }
    } finally {
      held.release()
    }
  }

  /** Runs a body that writes files and commits them, or removes them again: the engine tidies up if the thread is ended in the middle. */
  writing<R>(body: () => R): R {
    return this.#open().announcer.writing(body)
  }

  request(command: EngineCommand): EngineReply {
    this.#open()
    return this.#options.link.request(command, this.#session.user)
  }

  send(command: EngineCommand): () => EngineReply {
    this.#open()
    return sendTo(this.#options.link, command, this.#session.user)
  }

  /** What the session's user may do. Reads the catalog as it is: a snapshot that is being taken stays of one instant. */
  get permissions(): Permissions {
    return this.#permissions.of(this.catalog, this.#session.user)
  }

  /** Throws if the session's user may not do this with the database or the table. */
  requireAccess(operation: Operation, database: DatabaseRecord, table?: TableRecord): void {
    requireOperation(this.permissions, operation, database, table)
  }

  source(url: string, table: string): ChunkTableSource {
    const view = this.view()
    const database = view.database(url)
    if (database === undefined)
      throw new HoldfastError('input', `Database [${url}] does not exist.`, {
        code: 'databaseMissing',
        where: { db: url },
      })
    const record = view.table(url, table)
    if (record === undefined)
      throw new HoldfastError('input', `The table [${table}] of database [${url}] does not exist.`, {
        code: 'tableMissing',
        where: { db: url, table },
        hint: `getTables(database("${url}")) lists its tables`,
      })
    return new ChunkTableSource(this, record)
  }

  /** What the engine tells of commits and pauses. */
  #pressure(): StorePressure {
    return {
      commitMsP95: () => commitLatencyOf(this.#open().slots).p95(),
      pauseEpoch: () => pauseEpochOf(this.#open().slots),
      paused: () => this.request({ kind: 'pausedRuns' }).paused!,
    }
  }

  /** What the backup functions work with. */
  backupHost(): BackupHost {
    return {
      home: this.home,
      context: () => ({
        data: this.files,
        client: { request: (command) => this.request(command), send: (command) => this.send(command) },
        view: () => this.view(),
        looking: (body) => this.looking(body),
        pinnedView: (why) => this.pinnedView(why),
        writing: (body) => this.writing(body),
        user: this.#session.user,
        access: backupAccess(
          () => this.permissions,
          () => this.view(),
        ),
        now: () => this.#session.now(),
        pressure: this.#pressure(),
        settings: () => this.storeSettings,
        progress: progressOf(this.#session),
        product: this.config.product,
      }),
      openSet: (folder) => new LocalFileStore(folder, { refusesLinks: true }),
      runs: () => {
        this.catalog.refresh()
        return runsOf(this.catalog).filter((run) => run.type !== 'BACKUP_NODE')
      },
      isAdministrator: () => this.users.isAdmin(this.#session.user),
    }
  }

  close(): void {
    void this.#opened?.catalog.close()
    this.#opened = undefined
  }
}

/** Provides the store to a session. */
export function connectDfs(options: DfsSessionOptions): DfsSession {
  const dfs = new DfsSession(options)
  options.session.provide(dfsService, dfs)
  // A store that is not on the disk has no files to protect there.
  if (options.files === undefined) protectFiles(storeFilesOf(options.home))
  options.session.provide(backupHostService, dfs.backupHost())
  const exists = (): boolean =>
    options.catalog !== undefined || new LocalFileStore(options.home).stat('catalog.mdb') !== undefined
  provideFunctionViews(options.session, exists)
  provideSqlCatalogs(options.session, exists)
  return dfs
}

/** A handle that prints as `DB[dfs://x]`. */
export const databaseHandle = (url: string): Resource => new Resource(T.HANDLE, 'database', `DB[${url}]`, { url })

/** Whether the session's user may do what only administrators may. */
export const isAdministrator = (session: Session): boolean => session.service(dfsService).users.isAdmin(session.user)
