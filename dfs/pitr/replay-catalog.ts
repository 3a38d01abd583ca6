/**
 * The catalog of the base in memory, on which the log is replayed. Whatever is thrown while it is, nothing of it is kept, so there are no transactions. Files that nobody
 * names any more are of no interest here, so records of garbage are not kept.
 */
import type { CatalogKey, CatalogWriter } from '../catalog/key-value.ts'
import { keys } from '../catalog/records.ts'
import type { CatalogEntry } from '../external-copy/format.ts'

const textOf = (key: CatalogKey): string => JSON.stringify(key)

/** Records that are asked for together lie together: the chunks of a table, and all of another kind. */
const bucketOf = (key: CatalogKey): string =>
  key[0] === 'chunk' && key.length >= 3 ? textOf(key.slice(0, 3)) : String(key[0])

export class ReplayCatalog implements CatalogWriter {
  readonly #buckets = new Map<string, Map<string, CatalogEntry>>()

  constructor(entries: Iterable<CatalogEntry>) {
    for (const [key, value] of entries) this.put(key, value)
  }

  /** Everything, by the text of the key. */
  records(): Map<string, CatalogEntry> {
    const all = new Map<string, CatalogEntry>()
    for (const bucket of this.#buckets.values()) for (const [text, entry] of bucket) all.set(text, entry)
    return all
  }

  get(key: CatalogKey): unknown {
    return this.#buckets.get(bucketOf(key))?.get(textOf(key))?.[1]
  }

  entries(prefix: CatalogKey): Iterable<CatalogEntry> {
    const isWhole = prefix.length > 0 && (prefix[0] !== 'chunk' || prefix.length >= 3)
    const buckets = isWhole ? [this.#buckets.get(bucketOf(prefix))] : this.#buckets.values()
    const found: CatalogEntry[] = []
    for (const bucket of buckets)
      for (const entry of bucket?.values() ?? [])
        if (entry[0].length > prefix.length && prefix.every((part, k) => part === entry[0][k])) found.push(entry)
    return found.sort(([a], [b]) => compareKeys(a, b))
  }

  put(key: CatalogKey, value: unknown): void {
    if (key[0] === keys.garbages[0]) return
    const name = bucketOf(key)
    let bucket = this.#buckets.get(name)
    if (bucket === undefined) {
      bucket = new Map()
      this.#buckets.set(name, bucket)
    }
    bucket.set(textOf(key), [key, value])
  }

  remove(key: CatalogKey): void {
    this.#buckets.get(bucketOf(key))?.delete(textOf(key))
  }
}

function compareKeys(a: CatalogKey, b: CatalogKey): number {
  for (let k = 0; k < Math.min(a.length, b.length); k++) {
    const [x, y] = [a[k]!, b[k]!]
    if (x === y) continue
    if (typeof x !== typeof y) return typeof x === 'number' ? -1 : 1
    return x < y ? -1 : 1
  }
  return a.length - b.length
}
