/**
 * A map with more entries than a `Map` can have (2^24). Entries beyond that go to further ones, which a lookup asks in turn; until there are any it costs the
 * same. Entries are not removed.
 */
const ENTRIES_MAX = 1 << 24

export class WideMap<V extends {}> {
  readonly #first = new Map<string, V>()
  readonly #more: Map<string, V>[] = []
  readonly #entriesMax: number

  /** A smaller `entriesMax` is for tests. */
  constructor(entriesMax = ENTRIES_MAX) {
    this.#entriesMax = entriesMax
  }

  get size(): number {
    return this.#more.reduce((n, map) => n + map.size, this.#first.size)
  }

  get(key: string): V | undefined {
    const value = this.#first.get(key)
    return value !== undefined || this.#more.length === 0 ? value : this.#homeOf(key)?.get(key)
  }

  has(key: string): boolean {
    return this.get(key) !== undefined
  }

  /** A key that it does not have yet. */
  add(key: string, value: V): void {
    if (this.#first.size < this.#entriesMax) this.#first.set(key, value)
    else this.#roomy().set(key, value)
  }

  copy(): WideMap<V> {
    const copy = new WideMap<V>(this.#entriesMax)
    for (const map of [this.#first, ...this.#more]) for (const [key, value] of map) copy.add(key, value)
    return copy
  }

  #homeOf(key: string): Map<string, V> | undefined {
    return this.#more.find((map) => map.has(key))
  }

  #roomy(): Map<string, V> {
    const last = this.#more.at(-1)
    if (last !== undefined && last.size < this.#entriesMax) return last
    const map = new Map<string, V>()
    this.#more.push(map)
    return map
  }
}
