/** The checkpoint for copies that other tools make of the directory (CHECKPOINT CREATE and RELEASE): one at a time, over restarts. */
import { HoldfastError } from '../../runtime/errors.ts'
import type { CatalogStore } from '../catalog/key-value.ts'
import { type CopyMark, keys } from '../catalog/records.ts'
import type { DeltaStore } from '../delta/store.ts'
import { createCopyPoint, removeCopyPoint } from '../external-copy/create.ts'
import type { FileStore } from '../store/file-store.ts'

export class Copies {
  readonly #catalog: CatalogStore
  readonly #files: FileStore

  constructor(catalog: CatalogStore, files: FileStore) {
    this.#catalog = catalog
    this.#files = files
  }

  get mark(): CopyMark | undefined {
    return this.#catalog.get(keys.copy) as CopyMark | undefined
  }

  requireNone(): void {
    const active = this.mark
    if (active === undefined) return
    throw new HoldfastError(
      'conflict',
      `A checkpoint for copies is active since ${new Date(active.startedMs).toISOString()}.`,
      { code: 'copyActive', hint: 'end it with CHECKPOINT RELEASE first' },
    )
  }

  create(deltas: DeltaStore, moment: { readonly cid: number; readonly lsn: number; readonly nowMs: number }): CopyMark {
    this.#catalog.refresh()
    const mark = createCopyPoint(this.#catalog, this.#files, deltas, moment)
    this.#catalog.transaction((writer) => writer.put(keys.copy, mark))
    return mark
  }

  release(): void {
    if (this.mark !== undefined) this.#catalog.transaction((writer) => writer.remove(keys.copy))
    removeCopyPoint(this.#files)
  }

  /** After a start: what a release or a creation left that was cut off. */
  removeRemains(): void {
    if (this.mark === undefined) removeCopyPoint(this.#files)
  }
}
