/** Data segments wherever they still are: in the store, or else below `data/` in the archive. */
import { HoldfastError } from '../../runtime/errors.ts'
import { DATA_FOLDER } from '../archive/segment-list.ts'
import type { FileReader, FileSource, FileStore } from '../store/file-store.ts'

export class StoredFiles implements FileSource {
  readonly #data: FileStore
  readonly #archive: FileStore | undefined

  constructor(data: FileStore, archive: FileStore | undefined) {
    this.#data = data
    this.#archive = archive
  }

  openRead(path: string): FileReader {
    const live = opened(this.#data, path)
    if (live !== undefined) return live
    const archived = this.#archive === undefined ? undefined : opened(this.#archive, `${DATA_FOLDER}/${path}`)
    if (archived !== undefined) return archived
    throw new HoldfastError('io', `${path} is gone${this.#archive === undefined ? '' : ', also from the archive'}`, {
      code: 'segmentGone',
      where: { file: path },
    })
  }
}

function opened(files: FileStore, path: string): FileReader | undefined {
  try {
    return files.openRead(path)
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'ENOENT') return undefined
    throw error
  }
}
