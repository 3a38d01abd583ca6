/**
 * A store of its own in a folder of its own, for data that is restored to be looked at and thrown away. It has an engine, a catalog and a log like any other, none of
 * its users, and no housekeeping: nothing is merged and nothing is removed.
 */
import { join } from 'node:path'
import type { CatalogStore } from '../catalog/key-value.ts'
import { LmdbCatalogStore } from '../catalog/lmdb-store.ts'
import { CATALOG_FORMAT, keys, viewOf } from '../catalog/records.ts'
import type { CatalogView } from '../catalog/types.ts'
import { Engine } from '../engine/engine.ts'
import type { BackupContext } from '../set/context.ts'
import type { FileStore } from '../store/file-store.ts'
import { LocalFileStore } from '../store/local-store.ts'

const CATALOG = 'catalog.mdb'

export class ScratchStore {
  readonly folder: string
  readonly files: FileStore
  readonly #now: () => number
  #open: { readonly catalog: LmdbCatalogStore; readonly engine: Engine } | undefined

  readonly #hasUsers: boolean

  /** `hasUsers`: a new store gets its administrator, so that somebody can log in to it later. Hashing the password takes longer than a small drill. */
  constructor(folder: string, hasUsers: boolean, now: () => number) {
    this.folder = folder
    this.#hasUsers = hasUsers
    this.files = new LocalFileStore(folder)
    this.#now = now
  }

  /** Makes its catalog, durable when this returns. Before it is started for the first time. */
  fillCatalog(fill: (catalog: CatalogStore) => void): void {
    const catalog = new LmdbCatalogStore(join(this.folder, CATALOG))
    fill(catalog)
    void catalog.close()
  }

  /** Starts it as after a crash: what the log has is compared, file by file. */
  start(wasUnclean: boolean): void {
    const catalog = new LmdbCatalogStore(join(this.folder, CATALOG))
    if (!this.#hasUsers && catalog.get(keys.format) === undefined) beginWithoutUsers(catalog)
    const engine = new Engine({ catalog, files: this.files, now: this.#now })
    this.#open = { catalog, engine }
    engine.recover(wasUnclean)
  }

  view(): CatalogView {
    const { catalog } = this.#open!
    catalog.refresh()
    return viewOf(catalog)
  }

  /** The world of a restore into it, with the clock, the progress and the product of the caller. Nobody else sees it, so everything is allowed. */
  context(caller: Pick<BackupContext, 'user' | 'progress' | 'product'>): BackupContext {
    const { engine } = this.#open!
    const { user, progress, product } = caller
    // No user: the caller is not among those of this store.
    const client = { request: (command: Parameters<Engine['request']>[0]) => engine.request(command) }
    return {
      data: this.files,
      client,
      view: () => this.view(),
      looking: (body) => body(this.view()),
      pinnedView: (why) => {
        const pin = client.request({ kind: 'pin', why }).pin!
        return { view: this.view(), pin, release: () => client.request({ kind: 'unpin', pin }) }
      },
      writing: (body) => body(),
      user,
      access: { backup: () => {}, readBackup: () => {}, createDatabase: () => {}, restore: () => {} },
      now: this.#now,
      progress,
      product,
    }
  }

  /** Lets go of everything as if the process had died; what was committed stays. */
  stop(): void {
    if (this.#open === undefined) return
    const { engine } = this.#open
    this.#open = undefined
    engine.abandon()
  }
}

function beginWithoutUsers(catalog: CatalogStore): void {
  catalog.transaction((writer) => {
    writer.put(keys.format, CATALOG_FORMAT)
    writer.put(keys.cid, 1)
  })
}
