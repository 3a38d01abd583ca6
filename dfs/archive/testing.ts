/** For tests: a store in memory that archives into another one, and the store that the archive alone gives back. */
import { MemoryCatalogStore } from '../catalog/memory-store.ts'
import { Engine } from '../engine/engine.ts'
import type { MaintenanceTask } from '../maintenance/task.ts'
import { runTask } from '../maintenance/task.ts'
import type { ArchiveSettings, SettingValues } from '../settings/index.ts'
import { checksumOfFile } from '../store/checksum-file.ts'
import type { FileStore } from '../store/file-store.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { parsePieceName } from '../wal/piece-name.ts'
import { connect, filesBelow, type TestSession, type TestWorld } from '../write/testing.ts'
import { decodeSegmentList, SEGMENT_LIST_SUFFIX } from './segment-list.ts'
import { runArchiveTask, runExpireTask } from './task.ts'

/** The records of a new store: hashing the first password for each test would take most of the time. */
const fresh = new MemoryCatalogStore()
new Engine({ catalog: fresh, files: new MemoryFileStore() }).recover(false)

export function freshCatalog(): MemoryCatalogStore {
  const catalog = new MemoryCatalogStore()
  catalog.transaction((w) => {
    for (const prefix of ['meta', 'user']) for (const [key, value] of fresh.entries([prefix])) w.put(key, value)
  })
  return catalog
}

export interface ArchivedWorld extends TestWorld {
  readonly catalog: MemoryCatalogStore
  readonly said: string[]
  /** The tasks that the archive was given. */
  readonly tasks: MaintenanceTask[]
  readonly clock: { nowMs: number }
  readonly session: TestSession
}

export interface WorldOptions {
  readonly catalog?: MemoryCatalogStore
  readonly disk?: MemoryFileStore
  /** What the engine sees of the disk. */
  readonly files?: FileStore
  /** Where the pieces go. */
  readonly archive: FileStore
  readonly settings?: SettingValues
  readonly archiveSettings?: Partial<ArchiveSettings>
  readonly wasUnclean?: boolean
  readonly nowMs?: number
}

export function archivedWorld(options: WorldOptions): ArchivedWorld {
  const { catalog = freshCatalog(), disk = new MemoryFileStore(), archive, settings = {} } = options
  const files = options.files ?? disk
  const clock = { nowMs: options.nowMs ?? 1_600_000_000_000 }
  const said: string[] = []
  const tasks: MaintenanceTask[] = []
  const engine = new Engine({
    catalog,
    files,
    now: () => clock.nowMs++,
    say: (line) => said.push(line),
    settings: {
      file: settings,
      environment: {},
      archive: { enabled: true, dir: '/archive', ...options.archiveSettings },
    },
    maintain: (task) => {
      tasks.push(task)
      if (task.kind === 'archive') return runArchiveTask(files, task, { directory: archive })
      if (task.kind === 'expireArchive') return runExpireTask(task, { directory: archive })
      return runTask(files, task)
    },
  })
  engine.recover(options.wasUnclean === true)
  const world: TestWorld = { catalog, disk, engine, backups: new Map() }
  return { ...world, catalog, said, tasks, clock, session: connect(world) }
}

export const piecesOf = (archive: FileStore): string[] =>
  archive
    .list('')
    .map((e) => e.name)
    .filter((name) => parsePieceName(name) !== undefined)

/** Throws unless every piece has its list, and every segment on it is there as it was. */
export function requireComplete(archive: FileStore): void {
  for (const piece of piecesOf(archive))
    for (const { file, bytes, checksum } of decodeSegmentList(archive.readFile(piece + SEGMENT_LIST_SUFFIX), piece)) {
      const path = `data/${file}`
      if (archive.stat(path)?.bytes !== bytes) throw new Error(`${piece} names ${file}, which is not there`)
      if (checksumOfFile(archive, path) !== checksum) throw new Error(`${file} is not what ${piece} names`)
    }
}

/** The store that the pieces and segments of an archive give that has everything from the first record on. */
export function restoredFrom(archive: FileStore): TestSession {
  const disk = new MemoryFileStore()
  for (const [k, piece] of piecesOf(archive).entries())
    disk.writeFileAtomic(`wal/kwdb_wal${k}`, archive.readFile(piece))
  for (const path of filesBelow(archive, 'data'))
    disk.writeFileAtomic(path.slice('data/'.length), archive.readFile(path))
  const catalog = freshCatalog()
  const engine = new Engine({ catalog, files: disk, now: () => 1_700_000_000_000 })
  engine.recover(true)
  return connect({ catalog, disk, engine, backups: new Map() })
}
