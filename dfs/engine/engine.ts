/**
 * The store's engine: everything that is one per data directory. It runs on the main thread, orders commits, keeps pins, and removes files that no
 * version, reader or backup needs.
 *
 * Layout of a data directory: `catalog.mdb`, `chunks/<db>/<partition path>/<table>/<segment>.arrow`, `holdfast.lock`, `batchJobs/`.
 */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { HoldfastError } from '../../runtime/errors.ts'
import type { CatalogStore, CatalogWriter } from '../catalog/key-value.ts'
import { LmdbCatalogStore } from '../catalog/lmdb-store.ts'
import { CATALOG_FORMAT, keys, runsOf, usersOf } from '../catalog/records.ts'
import type { ChunkRecord } from '../catalog/types.ts'
import { NO_START_SETTINGS, type StartSettings, type StoreSettings, settingsOf } from '../settings/index.ts'
import type { FileStore } from '../store/file-store.ts'
import { LocalFileStore } from '../store/local-store.ts'
import { parentOf } from '../store/paths.ts'
import { hashPassword } from '../users.ts'
import { applyCommand } from './apply.ts'
import { ChunkLocks } from './chunk-locks.ts'
import type { EngineClient, EngineCommand, EngineReply } from './commands.ts'
import { type DirectoryLock, lockDirectory } from './lock.ts'
import { newSlotTable, SnapshotSlots } from './snapshot-slots.ts'

export const DEFAULT_USER = 'admin'
export const DEFAULT_PASSWORD = '123456'

/** Copies of a restore that was cut off are kept this long for its next run, which verifies and uses them. */
const RESTORED_KEPT_MS = 7 * 86_400_000

const GARBAGE_EVERY_MS = 5000

export interface EngineParts {
  readonly catalog: CatalogStore
  readonly files: FileStore
  readonly lock?: DirectoryLock
  readonly now?: () => number
  /** What the file and the environment set. */
  readonly settings?: StartSettings
}

/** What a session needs to reach the store. */
export interface SessionTicket {
  readonly slots: SharedArrayBuffer
  readonly slot: number
}

export class Engine implements EngineClient {
  readonly files: FileStore
  readonly #catalog: CatalogStore
  readonly #lock: DirectoryLock | undefined
  readonly #now: () => number
  readonly #startSettings: StartSettings
  readonly #slotTable = newSlotTable()
  readonly #slots = new SnapshotSlots(this.#slotTable)
  readonly #pins = new Map<number, { readonly cid: number; readonly why: string }>()
  #lastPin = 0
  readonly #locks = new ChunkLocks()
  #lastTid = 0
  /** A session was ended while it wrote. Its files can't be told from those that others are writing now, so they go when all have ended. */
  #hasStrays = false
  #timer: NodeJS.Timeout | undefined

  /** Opens a data directory, made if missing. Throws `directoryInUse` if another process has it. */
  static open(dataDir: string, options: { readonly settings?: StartSettings } = {}): Engine {
    const lock = lockDirectory(dataDir)
    try {
      const engine = new Engine({
        catalog: new LmdbCatalogStore(join(dataDir, 'catalog.mdb')),
        files: new LocalFileStore(dataDir),
        lock,
        settings: options.settings,
      })
      engine.recover(lock.wasUnclean)
      return engine
    } catch (error) {
      lock.release()
      throw error
    }
  }

  constructor(parts: EngineParts) {
    this.#catalog = parts.catalog
    this.files = parts.files
    this.#lock = parts.lock
    this.#now = parts.now ?? Date.now
    this.#startSettings = parts.settings ?? NO_START_SETTINGS
  }

  /** Brings the directory into order after a start: first records, interrupted runs, files that nobody names. */
  recover(wasUnclean: boolean): void {
    const format = this.#catalog.get(keys.format) as number | undefined
    if (format === undefined)
      this.#catalog.transaction((writer) => {
        writer.put(keys.format, CATALOG_FORMAT)
        writer.put(keys.cid, 1)
        writer.put(keys.user(DEFAULT_USER), { name: DEFAULT_USER, isAdmin: true, ...hashPassword(DEFAULT_PASSWORD) })
      })
    else if (format > CATALOG_FORMAT)
      throw new HoldfastError(
        'data',
        `The catalog in ${this.files.root} has format ${format}; this release knows formats up to ${CATALOG_FORMAT}.`,
        {
          code: 'catalogFormat',
          where: { file: 'catalog.mdb' },
          hint: 'open it with the release that wrote it, or a newer one',
        },
      )
    const running = runsOf(this.#catalog).filter((run) => run.state === 'running')
    for (const run of running)
      this.request({
        kind: 'putRun',
        run: { ...run, state: 'interrupted', endMs: this.#now(), error: 'The process ended before the run did.' },
      })
    if (wasUnclean) this.#sweepOrphans()
    this.collectGarbage()
  }

  /** The settings in force, as of the last commit. */
  get settings(): StoreSettings {
    return settingsOf(this.#catalog, this.#startSettings).values
  }

  request(command: EngineCommand, owner = ''): EngineReply {
    switch (command.kind) {
      case 'begin': {
        const tid = ++this.#lastTid
        this.#locks.begin(tid, owner, command, command.paths)
        return { cid: this.#catalog.get(keys.cid) as number, tid }
      }
      case 'rollback':
        this.#locks.end(command.tid)
        return { cid: this.#catalog.get(keys.cid) as number }
      case 'fetchDelta':
        return { cid: this.#catalog.get(keys.cid) as number, delta: [] }
      case 'insertRows':
        throw new HoldfastError('bug', 'small appends need the log')
      case 'pin': {
        const pin = ++this.#lastPin
        const cid = this.#catalog.get(keys.cid) as number
        this.#pins.set(pin, { cid, why: command.why })
        return { cid, pin }
      }
      case 'unpin':
        this.#pins.delete(command.pin)
        this.collectGarbage()
        return { cid: this.#catalog.get(keys.cid) as number }
      default: {
        if (command.kind === 'replaceChunks') this.#requireFiles(command.put)
        const reply = this.#catalog.transaction((writer) => {
          if (command.kind === 'replaceChunks') keepFiles(writer, command.put)
          return applyCommand(writer, command, {
            cid: (writer.get(keys.cid) as number) + (command.kind === 'putRun' ? 0 : 1),
            timeMs: this.#now(),
            newId: randomUUID,
            deltaChunkId: () => undefined,
          })
        })
        if ((command.kind === 'rewrite' || command.kind === 'alterTable') && command.tid !== undefined)
          this.#locks.end(command.tid)
        this.collectGarbage()
        return reply
      }
    }
  }

  /** A restore may use again what an earlier one had copied; files go on this thread only, so what is here now is here at the commit. */
  #requireFiles(chunks: readonly ChunkRecord[]): void {
    for (const chunk of chunks)
      for (const { file, bytes } of chunk.segments)
        if (this.files.stat(file)?.bytes !== bytes)
          throw new HoldfastError('conflict', `The segment ${file} is gone or changed; nothing was replaced.`, {
            code: 'segmentMissing',
            where: { partition: chunk.path, file },
            hint: 'call again',
          })
  }

  openSession(owner: string): SessionTicket {
    return { slots: this.#slotTable, slot: this.#slots.slotOf(owner) }
  }

  closeSession(owner: string): void {
    if (this.#slots.free(owner)) this.#hasStrays = true
    this.collectGarbage()
  }

  get usesDefaultPassword(): boolean {
    return usersOf(this.#catalog).some(
      (u) => u.name === DEFAULT_USER && hashPassword(DEFAULT_PASSWORD, u.salt).hash === u.hash,
    )
  }

  /** Removes what nobody reads any more. What is still read is tried again in a while. */
  collectGarbage(): void {
    const pinned = [...this.#pins.values()].map((p) => p.cid)
    const oldest = Math.min(this.#slots.oldest(), ...pinned)
    const due: number[] = []
    let waiting = false
    for (const [key, files] of this.#catalog.entries(keys.garbages)) {
      const cid = key[1] as number
      if (cid > oldest) {
        waiting = true
        continue
      }
      this.#removeFiles(files as string[])
      due.push(cid)
    }
    if (due.length > 0)
      this.#catalog.transaction((writer) => {
        for (const cid of due) writer.remove(keys.garbage(cid))
      })
    if (waiting && this.#timer === undefined) {
      this.#timer = setTimeout(() => {
        this.#timer = undefined
        this.collectGarbage()
      }, GARBAGE_EVERY_MS)
      this.#timer.unref()
    }
  }

  async close(): Promise<void> {
    if (this.#timer !== undefined) clearTimeout(this.#timer)
    if (this.#hasStrays && this.#slots.isEmpty) this.#sweepOrphans()
    this.collectGarbage()
    await this.#catalog.close()
    this.#lock?.release()
  }

  #removeFiles(files: readonly string[]): void {
    const folders = new Set<string>()
    for (const file of files) {
      this.files.remove(file)
      folders.add(parentOf(file))
    }
    for (let folder of folders)
      for (; folder !== 'chunks' && folder !== ''; folder = parentOf(folder)) this.files.removeEmptyDirectory(folder)
  }

  /** After a crash: files below chunks/ that no record names are the remains of writes that were never committed. */
  #sweepOrphans(): void {
    const named = new Set<string>()
    for (const [, value] of this.#catalog.entries(['chunk']))
      for (const s of (value as ChunkRecord).segments) named.add(s.file)
    for (const [, files] of this.#catalog.entries(keys.garbages)) for (const file of files as string[]) named.add(file)
    const orphans: string[] = []
    const walk = (folder: string): void => {
      for (const entry of this.files.list(folder)) {
        const path = `${folder}/${entry.name}`
        if (entry.kind === 'directory') walk(path)
        else if (!named.has(path) && !this.#isKeptForRestore(path, entry.name)) orphans.push(path)
      }
    }
    walk('chunks')
    this.#removeFiles(orphans)
  }

  #isKeptForRestore(path: string, name: string): boolean {
    return name.startsWith('restored-') && this.#now() - (this.files.stat(path)?.modifiedMs ?? 0) < RESTORED_KEPT_MS
  }
}

/** Files that are named again are no garbage, even if the commit that dropped them is not forgotten yet. */
function keepFiles(writer: CatalogWriter, chunks: readonly ChunkRecord[]): void {
  const named = new Set(chunks.flatMap((c) => c.segments.map((s) => s.file)))
  for (const [key, value] of writer.entries(keys.garbages)) {
    const files = value as string[]
    const rest = files.filter((f) => !named.has(f))
    if (rest.length < files.length) writer.put(key, rest)
  }
}
