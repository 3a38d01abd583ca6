/** The catalog in LMDB: `catalog.mdb`. Every thread of the process opens the same environment. Values are MessagePack. */
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import type * as Lmdb from 'lmdb'
import { STORE_FILE_MODE } from '../store/data-directory.ts'
import { lazyPackr } from '../store/message-pack.ts'
import { storeError } from '../store/store-error.ts'
import type { CatalogKey, CatalogStore, CatalogWriter } from './key-value.ts'
import { requireWholeFile } from './lmdb-file.ts'

/** Address space kept for the file; it takes no disk until it is used. */
const MAP_BYTES = 64 * 1024 ** 3

// Numbers stay numbers and bigints bigints, 128-bit ones included.
const packr = lazyPackr({ useRecords: false, int64AsType: 'bigint', useBigIntExtension: true })

const require = createRequire(import.meta.url)

export class LmdbCatalogStore implements CatalogStore {
  readonly #db: Lmdb.RootDatabase<Buffer, string[]>
  readonly #file: string

  /** `file` is the path of catalog.mdb, whose folder exists; `isReadOnly`: the file exists, too, and stays as it is. */
  constructor(file: string, { isReadOnly = false }: { readonly isReadOnly?: boolean } = {}) {
    this.#file = file
    requireWholeFile(file, !isReadOnly)
    // Loaded here, not at the head: a script that touches no database does not pay for it.
    const { open } = require('lmdb') as typeof Lmdb
    const options = {
      path: file,
      encoding: 'binary' as const,
      keyEncoding: 'ordered-binary' as const,
      mapSize: MAP_BYTES,
      // A commit that has returned is on the disk.
      overlappingSync: false,
      noMemInit: true,
      maxReaders: 512,
      readOnly: isReadOnly,
      // Of a new file; the types of the library do not know it.
      permissionsMode: STORE_FILE_MODE,
    }
    this.#db = open<Buffer, string[]>(options)
  }

  refresh(): void {
    this.#db.resetReadTxn()
  }

  get(key: CatalogKey): unknown {
    const bytes = this.#db.get(key as string[])
    return bytes === undefined ? undefined : packr().unpack(bytes)
  }

  *entries(prefix: CatalogKey): Iterable<readonly [CatalogKey, unknown]> {
    // No element of a key is above U+FFFF, so this is the end of the prefix.
    const range = this.#db.getRange(
      prefix.length === 0 ? {} : { start: prefix as string[], end: [...(prefix as string[]), '\uffff'] },
    )
    for (const { key, value } of range) yield [key as CatalogKey, packr().unpack(value)]
  }

  transaction<R>(body: (writer: CatalogWriter) => R): R {
    const db = this.#db
    let result: R
    try {
      result = db.transactionSync(() =>
        body({
          get: (key) => this.get(key),
          entries: (prefix) => [...this.entries(prefix)],
          put: (key, value) => void db.putSync(key as string[], packr().pack(value)),
          remove: (key) => void db.removeSync(key as string[]),
        }),
      )
    } catch (error) {
      throw refusal(this.#file, error)
    }
    this.refresh()
    return result
  }

  close(): Promise<void> {
    return this.#db.close()
  }
}

/** What the operating system refuses comes with its number as the code, such as 28 for a full disk. */
function refusal(file: string, error: unknown): unknown {
  const number = (error as { readonly code?: unknown } | null)?.code
  const code = Object.entries(constants.errno).find(([, n]) => n === number)?.[0]
  return code === undefined ? error : storeError('write', file, Object.assign(new Error(), { code, cause: error }))
}
