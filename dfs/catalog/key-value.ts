/**
 * What the catalog is kept in: ordered keys, one writer, readers with snapshots. LMDB on disk; a twin in memory for tests.
 *
 * Keys are short tuples of texts and numbers, ordered element by element. Values are plain data.
 */
export type CatalogKey = readonly (string | number)[]

export interface CatalogReader {
  get(key: CatalogKey): unknown
  /** Entries whose key begins with the prefix, in key order. */
  entries(prefix: CatalogKey): Iterable<readonly [CatalogKey, unknown]>
}

export interface CatalogWriter extends CatalogReader {
  put(key: CatalogKey, value: unknown): void
  remove(key: CatalogKey): void
}

export interface CatalogStore extends CatalogReader {
  /** Lets following reads see everything that was committed before. Until then they see one snapshot. */
  refresh(): void
  /**
   * Runs the body against the newest state and commits what it wrote, durably, or nothing if it throws. Only the engine thread writes. After a crash a
   * prefix of the committed transactions is there, whole.
   */
  transaction<R>(body: (writer: CatalogWriter) => R): R
  close(): void | Promise<void>
}
