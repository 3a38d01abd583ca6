/** Data segments wherever they still are: in the store, or else below `data/` in the archive. */
import { HoldfastError } from '../../runtime/errors.ts'
import { DATA_FOLDER } from '../archive/segment-list.ts'
import type { FileReader, FileSource, FileStore } from '../store/file-store.ts'
import type { SearchedArchive } from './searched-archive.ts'

export class StoredFiles implements FileSource {
  readonly #data: FileStore
  readonly #archive: SearchedArchive | undefined

  constructor(data: FileStore, archive: SearchedArchive | undefined) {
    this.#data = data
    this.#archive = archive
  }

  openRead(path: string): FileReader {
    const live = opened(() => this.#data.openRead(path))
    if (live !== undefined) return live
    const archive = this.#archive
    const archived =
      archive === undefined
        ? undefined
        : opened(() => {
            const place = archive.locate(`${DATA_FOLDER}/${path}`)
            return place.files.openRead(place.path)
          })
    if (archived !== undefined) return archived
    throw new HoldfastError('io', `${path} is gone${this.#archive === undefined ? '' : ', also from the archive'}`, {
      code: 'segmentGone',
      where: { file: path },
    })
  }
}

function opened(open: () => FileReader): FileReader | undefined {
  try {
    return open()
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'ENOENT') return undefined
    throw error
  }
}
