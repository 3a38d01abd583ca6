/** For tests: scripts against a store in memory, with as many sessions as wanted. */
import { createInterpreter, createRegistry, type Interpreter } from '../../runtime/index.ts'
import { DEFAULT_ROWS, displayValue } from '../../runtime/print/index.ts'
import { Table } from '../../runtime/values/index.ts'
import { backupHostService } from '../builtins/backup-host.ts'
import type { CatalogStore } from '../catalog/key-value.ts'
import { MemoryCatalogStore } from '../catalog/memory-store.ts'
import type { EngineCommand } from '../engine/commands.ts'
import { Engine } from '../engine/engine.ts'
import { connectDfs, dfsBuiltins, type StoreConfig } from '../index.ts'
import type { FileStore } from '../store/file-store.ts'
import { MemoryFileStore } from '../store/memory-store.ts'

const registry = createRegistry(dfsBuiltins)

/** The records of a new store: hashing the first password for each test would take most of the time. */
const fresh = new MemoryCatalogStore()
new Engine({ catalog: fresh, files: new MemoryFileStore() }).recover(false)

export interface TestWorld {
  readonly catalog: CatalogStore
  readonly disk: MemoryFileStore
  readonly engine: Engine
  /** Backup sets by folder. */
  readonly backups: Map<string, FileStore>
}

export interface TestSession {
  readonly session: Interpreter
  readonly owner: string
  run(script: string): void
  /** What the last expression of a script shows. */
  show(script: string): string
  /** The message with which a script fails. */
  fails(script: string): string
}

/** `wrapped`: what the engine sees of the disk. */
export function newWorld(wrapped?: (disk: MemoryFileStore) => FileStore): TestWorld {
  const catalog = new MemoryCatalogStore()
  catalog.transaction((w) => {
    for (const prefix of ['meta', 'user']) for (const [key, value] of fresh.entries([prefix])) w.put(key, value)
  })
  return boot(catalog, new MemoryFileStore(), false, wrapped)
}

export function boot(
  catalog: CatalogStore,
  disk: MemoryFileStore,
  wasUnclean = false,
  wrapped: (disk: MemoryFileStore) => FileStore = (d) => d,
): TestWorld {
  const engine = new Engine({ catalog, files: wrapped(disk), now: () => 1_600_000_000_000 })
  engine.recover(wasUnclean)
  return { catalog, disk, engine, backups: new Map() }
}

let sessions = 0

export function connect(
  { catalog, disk, engine, backups }: TestWorld,
  options: {
    readonly config?: Partial<StoreConfig>
    readonly files?: FileStore
    /** What the session sees of the catalog. */
    readonly catalog?: CatalogStore
    readonly print?: (text: string) => void
    /** Runs before the engine does what the session asks for. */
    readonly before?: (command: EngineCommand) => void
  } = {},
): TestSession {
  const owner = `session ${sessions++}`
  const session = createInterpreter({ registry, print: options.print ?? (() => {}) })
  const dfs = connectDfs({
    session,
    home: '/data',
    link: {
      open: () => engine.openSession(owner),
      request: (command, user) => {
        options.before?.(command)
        return engine.request(command, user, owner)
      },
    },
    config: options.config,
    catalog: options.catalog ?? catalog,
    files: options.files ?? disk,
  })
  session.user = 'admin'
  // Backups of tests stay in memory.
  const openSet = (folder: string): FileStore => {
    const known = backups.get(folder) ?? new MemoryFileStore()
    backups.set(folder, known)
    return known
  }
  session.provide(backupHostService, { ...dfs.backupHost(), openSet })
  return {
    session,
    owner,
    run: (script) => void session.run(script),
    show(script) {
      const value = session.run(script)
      // All rows: a comparison of what fits on a screen would not see the rest.
      return value instanceof Table && value.rows > DEFAULT_ROWS
        ? displayValue(value, { rows: value.rows })
        : session.display(value)
    },
    fails: (script) => {
      try {
        session.run(script)
      } catch (error) {
        return (error as Error).message
      }
      return 'no error'
    },
  }
}

export function filesBelow(files: FileStore, folder: string): string[] {
  return files.list(folder).flatMap(({ kind, name }) => {
    const path = `${folder}/${name}`
    return kind === 'directory' ? filesBelow(files, path) : [path]
  })
}
