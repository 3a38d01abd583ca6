/** What one command of a batch writes, kept apart from the batch's transaction until the command has succeeded. */
import type { CatalogKey, CatalogReader, CatalogWriter } from './key-value.ts'

const textOf = (key: CatalogKey): string => JSON.stringify(key)

export class CatalogOverlay implements CatalogWriter {
  readonly #below: CatalogReader
  readonly #writes = new Map<string, { readonly key: CatalogKey; readonly value: unknown }>()

  constructor(below: CatalogReader) {
    this.#below = below
  }

  get(key: CatalogKey): unknown {
    const written = this.#writes.get(textOf(key))
    return written === undefined ? this.#below.get(key) : written.value
  }

  *entries(prefix: CatalogKey): Iterable<readonly [CatalogKey, unknown]> {
    const mine = [...this.#writes.values()].filter(
      ({ key }) => key.length > prefix.length && prefix.every((p, k) => p === key[k]),
    )
    if (mine.length === 0) {
      yield* this.#below.entries(prefix)
      return
    }
    const written = new Set(mine.map(({ key }) => textOf(key)))
    const merged: (readonly [CatalogKey, unknown])[] = []
    for (const entry of this.#below.entries(prefix)) if (!written.has(textOf(entry[0]))) merged.push(entry)
    for (const { key, value } of mine) if (value !== undefined) merged.push([key, value])
    yield* merged.sort(([a], [b]) => compareKeys(a, b))
  }

  put(key: CatalogKey, value: unknown): void {
    this.#writes.set(textOf(key), { key, value })
  }

  remove(key: CatalogKey): void {
    this.#writes.set(textOf(key), { key, value: undefined })
  }

  get isEmpty(): boolean {
    return this.#writes.size === 0
  }

  /** Hands everything down. */
  writeTo(writer: CatalogWriter): void {
    for (const { key, value } of this.#writes.values()) {
      if (value === undefined) writer.remove(key)
      else writer.put(key, value)
    }
  }
}

/** Element by element; numbers before texts, as in the catalog. */
function compareKeys(a: CatalogKey, b: CatalogKey): number {
  for (let k = 0; k < Math.min(a.length, b.length); k++) {
    const [x, y] = [a[k], b[k]]
    if (x === y) continue
    if (typeof x !== typeof y) return typeof x === 'number' ? -1 : 1
    return x < y ? -1 : 1
  }
  return a.length - b.length
}
