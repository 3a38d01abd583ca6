/**
 * The catalog as LMDB would have it, in memory. A commit that has returned is on the disk, whatever happens after. Each thread's reads are of one snapshot until it
 * refreshes; values are copied in and out as MessagePack. Faults: the process dies in a commit, before or after it counts; a commit fails and nothing of it counts.
 */
import type { CatalogKey, CatalogStore, CatalogWriter } from '../../dfs/catalog/key-value.ts'
import { StoreDied } from '../../dfs/store/faulty-store.ts'
import { lazyPackr } from '../../dfs/store/message-pack.ts'
import { storeErrorOf } from '../../dfs/store/store-error.ts'

const packr = lazyPackr({ useRecords: false, int64AsType: 'bigint', useBigIntExtension: true })

interface Entry {
  readonly key: CatalogKey
  readonly bytes: Uint8Array
}

const textOf = (key: CatalogKey): string =>
  key.map((part) => (typeof part === 'number' ? `#${String(part).padStart(20, '0')}` : `$${part}`)).join('\u0000')

class Snapshot {
  readonly entries: ReadonlyMap<string, Entry>
  #sorted: readonly string[] | undefined

  constructor(entries: ReadonlyMap<string, Entry>) {
    this.entries = entries
  }

  get(key: CatalogKey): unknown {
    const entry = this.entries.get(textOf(key))
    return entry === undefined ? undefined : packr().unpack(entry.bytes)
  }

  *below(prefix: CatalogKey): Iterable<readonly [CatalogKey, unknown]> {
    this.#sorted ??= [...this.entries.keys()].sort()
    const start = prefix.length === 0 ? '' : `${textOf(prefix)}\u0000`
    for (const text of this.#sorted) {
      if (!text.startsWith(start)) continue
      const { key, bytes } = this.entries.get(text)!
      yield [key, packr().unpack(bytes)]
    }
  }
}

/** What is on the disk. */
export class CatalogDisk {
  snapshot = new Snapshot(new Map())

  reset(entries: ReadonlyMap<string, Entry>): void {
    this.snapshot = new Snapshot(entries)
  }
}

export interface CatalogFaults {
  /** Calls of `transaction` until the process dies in one, counted down. */
  dieIn?: number
  /** Whether the commit in which it dies counts. */
  diesAfterCommit?: boolean
  /** Commits until one fails, counted down. */
  failIn?: number
}

export class SimulatedCatalog implements CatalogStore {
  readonly #disk: CatalogDisk
  readonly #faults: CatalogFaults
  readonly #process: { readonly isDead: boolean; die(): void }
  #snapshot: Snapshot
  commits = 0

  constructor(disk: CatalogDisk, process: { readonly isDead: boolean; die(): void }, faults: CatalogFaults = {}) {
    this.#disk = disk
    this.#process = process
    this.#faults = faults
    this.#snapshot = disk.snapshot
  }

  refresh(): void {
    this.#requireLife()
    this.#snapshot = this.#disk.snapshot
  }

  get(key: CatalogKey): unknown {
    this.#requireLife()
    return this.#snapshot.get(key)
  }

  entries(prefix: CatalogKey): Iterable<readonly [CatalogKey, unknown]> {
    this.#requireLife()
    return this.#snapshot.below(prefix)
  }

  transaction<R>(body: (writer: CatalogWriter) => R): R {
    this.#requireLife()
    const faults = this.#faults
    const next = new Map(this.#disk.snapshot.entries)
    const now = (): Snapshot => new Snapshot(next)
    const result = body({
      get: (key) => now().get(key),
      entries: (prefix) => [...now().below(prefix)],
      put: (key, value) => void next.set(textOf(key), { key: [...key], bytes: packr().pack(value) }),
      remove: (key) => void next.delete(textOf(key)),
    })
    const dies = faults.dieIn !== undefined && --faults.dieIn === 0
    if (dies && faults.diesAfterCommit !== true) this.#die()
    if (faults.failIn !== undefined && --faults.failIn === 0) throw storeErrorOf('EIO', 'commit', 'catalog.mdb')
    this.#disk.snapshot = new Snapshot(next)
    this.commits++
    if (dies) this.#die()
    this.#snapshot = this.#disk.snapshot
    return result
  }

  close(): void {
    // Nothing is held.
  }

  #die(): never {
    this.#process.die()
    throw new StoreDied('died in a commit of the catalog')
  }

  #requireLife(): void {
    if (this.#process.isDead) throw new StoreDied('the process is dead')
  }
}
