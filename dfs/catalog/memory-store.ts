/** The catalog in memory: the twin of LMDB for tests. A transaction that throws leaves nothing behind. */
import type { CatalogKey, CatalogStore, CatalogWriter } from './key-value.ts'

const SEPARATOR = '\u0000'
const textOf = (key: CatalogKey): string =>
  key.map((part) => (typeof part === 'number' ? `#${String(part).padStart(20, '0')}` : `$${part}`)).join(SEPARATOR)

interface Entry {
  readonly key: CatalogKey
  readonly value: unknown
}

export class MemoryCatalogStore implements CatalogStore {
  #entries = new Map<string, Entry>()

  refresh(): void {
    // Reads always see the newest state.
  }

  get(key: CatalogKey): unknown {
    return this.#entries.get(textOf(key))?.value
  }

  entries(prefix: CatalogKey): Iterable<readonly [CatalogKey, unknown]> {
    return entriesOf(this.#entries, prefix)
  }

  transaction<R>(body: (writer: CatalogWriter) => R): R {
    const next = new Map(this.#entries)
    const result = body({
      get: (key) => next.get(textOf(key))?.value,
      entries: (prefix) => entriesOf(next, prefix),
      put: (key, value) => void next.set(textOf(key), { key, value: structuredClone(value) }),
      remove: (key) => void next.delete(textOf(key)),
    })
    this.#entries = next
    return result
  }

  close(): void {
    // Nothing is held.
  }
}

function entriesOf(entries: ReadonlyMap<string, Entry>, prefix: CatalogKey): (readonly [CatalogKey, unknown])[] {
  const start = prefix.length === 0 ? '' : textOf(prefix) + SEPARATOR
  return [...entries]
    .filter(([text]) => text.startsWith(start))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { key, value }]) => [key, value])
}
