/** The machine that a store runs on: its disk, its catalog, and one process after another that opens them, until each ends in its own way. */

import { Engine } from '../../dfs/engine/engine.ts'
import type { MaintenanceTask } from '../../dfs/maintenance/task.ts'
import { runTask } from '../../dfs/maintenance/task.ts'
import type { SettingValues } from '../../dfs/settings/start.ts'
import { FaultyFileStore } from '../../dfs/store/faulty-store.ts'
import type { FileStore, LogFile } from '../../dfs/store/file-store.ts'
import { MemoryFileStore } from '../../dfs/store/memory-store.ts'
import { CatalogDisk, type CatalogFaults, SimulatedCatalog } from './catalog.ts'
import type { Random } from './random.ts'
import type { Stage } from './stage.ts'

export interface StartOptions {
  readonly settings: SettingValues
  readonly isAutomatic: boolean
  /** What the maintenance thread does before and after a task. */
  readonly pause: () => Promise<void>
}

export interface MachineOptions {
  readonly syncsLog?: boolean
  readonly disk?: MemoryFileStore
  readonly catalogDisk?: CatalogDisk
}

/** A fresh store's first records: hashing the first password anew for each run would take most of its time. */
const first = new CatalogDisk()
new Engine({
  catalog: new SimulatedCatalog(first, { isDead: false, die: () => {} }),
  files: new MemoryFileStore(),
}).recover(false)

export class Machine {
  readonly disk: MemoryFileStore
  readonly catalogDisk: CatalogDisk
  /** What processes reach the disk through. */
  readonly #device: FileStore
  readonly #random: Random
  readonly #stage: Stage
  #boot = 1
  /** As the directory lock would tell. */
  #wasClosed = true
  /** What the store told the operator. */
  readonly said: string[] = []

  /** `syncsLog`: false for a disk that says so and does not, which must be noticed. `disk`, `catalogDisk`: a store that is there already. */
  constructor(random: Random, stage: Stage, { syncsLog = true, disk, catalogDisk }: MachineOptions = {}) {
    this.#random = random
    this.#stage = stage
    this.disk = disk ?? new MemoryFileStore(() => stage.nowMs)
    this.#device = syncsLog ? this.disk : withoutLogSyncs(this.disk)
    this.catalogDisk = catalogDisk ?? new CatalogDisk()
    if (catalogDisk !== undefined) return
    const store = first.snapshot.entries
    const mark = [...store].filter(([, e]) => e.key[1] !== 'lsn' && e.key[1] !== 'checkpoint')
    this.catalogDisk.reset(new Map(mark))
  }

  get bootId(): string {
    return `boot-${this.#boot}`
  }

  get isUnclean(): boolean {
    return !this.#wasClosed
  }

  /** Starts a process that has not opened the store yet: `open` may fail, or die. */
  process(): Process {
    return new Process(this, this.#device, this.#random)
  }

  open(process: Process, options: StartOptions): Engine {
    const wasUnclean = !this.#wasClosed
    this.#wasClosed = false
    const engine = new Engine({
      catalog: process.catalog(),
      files: process.files,
      now: this.#stage.now,
      bootId: this.bootId,
      settings: { file: options.settings, environment: {} },
      isAutomatic: options.isAutomatic,
      say: (line) => this.said.push(line),
      maintain: async (task: MaintenanceTask) => {
        await options.pause()
        const result = runTask(process.files, task)
        await options.pause()
        return result
      },
      lock: {
        wasUnclean,
        release: () => {
          this.#wasClosed = true
        },
        leave: () => undefined,
      },
    })
    engine.recover(wasUnclean)
    return engine
  }

  losePower(): void {
    this.disk.losePower(this.#random.next)
    this.#boot++
  }
}

function withoutLogSyncs(disk: MemoryFileStore): FileStore {
  const openLog = (path: string): LogFile => {
    const log = disk.openLog(path)
    return {
      get bytes() {
        return log.bytes
      },
      read: (into, offset) => log.read(into, offset),
      writeAt: (bytes, offset) => log.writeAt(bytes, offset),
      truncate: (bytes) => log.truncate(bytes),
      sync: () => undefined,
      close: () => log.close(),
    }
  }
  return new Proxy<FileStore>(disk, {
    get(_, name) {
      if (name === 'openLog') return openLog
      const value: unknown = Reflect.get(disk, name, disk)
      return typeof value === 'function' ? value.bind(disk) : value
    },
  })
}

let processes = 0

export class Process {
  readonly number = ++processes
  readonly files: FaultyFileStore
  readonly catalogFaults: CatalogFaults = {}
  readonly #machine: Machine

  constructor(machine: Machine, device: FileStore, random: Random) {
    this.#machine = machine
    this.files = new FaultyFileStore(device, { random: random.next })
  }

  /** For one more thread. */
  catalog(): SimulatedCatalog {
    return new SimulatedCatalog(this.#machine.catalogDisk, this, this.catalogFaults)
  }

  get isDead(): boolean {
    const { dieAtCall } = this.files.faults
    return dieAtCall !== undefined && this.files.calls >= dieAtCall
  }

  die(): void {
    if (!this.isDead) this.files.faults = { ...this.files.faults, dieAtCall: this.files.calls }
  }

  /** The process will die in the n-th changing call from now. */
  dieIn(calls: number): void {
    this.files.faults = { ...this.files.faults, dieAtCall: this.files.calls + calls }
  }

  /** Something will fail soon. Answers what. */
  arm(random: Random): string {
    const { files, catalogFaults } = this
    const what = random.weighted({ call: 6, read: 2, full: 2, commit: 1 })
    const soon = random.between(1, 20)
    if (what === 'call')
      files.faults = { ...files.faults, failCall: files.calls + soon, code: random.pick(['EIO', 'ENOSPC']) }
    else if (what === 'read') files.faults = { ...files.faults, failReads: files.reads + soon }
    else if (what === 'full') files.faults = { ...files.faults, bytesMax: files.bytesWritten + random.between(0, 3000) }
    else catalogFaults.failIn = random.between(1, 5)
    return what
  }

  /** No fault but death is to come. */
  disarm(): void {
    const { dieAtCall, random } = this.files.faults
    this.files.faults = { dieAtCall, random }
    this.catalogFaults.failIn = undefined
  }

  get hasFailed(): boolean {
    const { failCall } = this.files.faults
    return failCall !== undefined && this.files.calls >= failCall
  }
}
