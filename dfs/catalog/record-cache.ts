/**
 * Records of databases and tables, read once for each state of the catalog: a feed looks at the same two with every row. While nothing changes they are the same
 * objects, so that what is made of them (names of partitions, layouts of rows) can be kept by identity.
 */
import type { CatalogKey, CatalogReader } from './key-value.ts'

export class RecordCache implements CatalogReader {
  readonly #reader: CatalogReader
  readonly #records = new Map<string, unknown>()
  #cid = -1

  constructor(reader: CatalogReader) {
    this.#reader = reader
  }

  /** Says which commit the catalog is at. Whatever changes a database or a table moves it. */
  at(cid: number): void {
    if (cid === this.#cid) return
    this.#records.clear()
    this.#cid = cid
  }

  get(key: CatalogKey): unknown {
    if (key[0] !== 'db' && key[0] !== 'table') return this.#reader.get(key)
    const name = key.join('\u0000')
    let record = this.#records.get(name)
    if (record === undefined) {
      record = this.#reader.get(key)
      if (record !== undefined) this.#records.set(name, record)
    }
    return record
  }

  entries(prefix: CatalogKey): Iterable<readonly [CatalogKey, unknown]> {
    return this.#reader.entries(prefix)
  }
}
