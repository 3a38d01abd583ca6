/** Reading a metadata file whole, with its size checked before any memory is taken for it. */
import { HoldfastError } from '../../runtime/errors.ts'
import type { FileStore } from '../store/file-store.ts'
import { damagedMetadata } from './checked.ts'

/** No metadata file is larger: the index of ten million chunks fits. */
const METADATA_BYTES_MAX = 2 ** 31

/** The bytes of a metadata file, which must be there and, if `bytes` is given, have exactly this size. */
export function readMetadata(store: FileStore, file: string, bytes?: number): Uint8Array {
  const found = store.stat(file)
  if (found === undefined || found.kind !== 'file') throw damagedMetadata(file, 'it is missing')
  if (found.bytes > METADATA_BYTES_MAX) throw damagedMetadata(file, `it has ${found.bytes} bytes, too many to be true`)
  if (bytes !== undefined && found.bytes !== bytes)
    throw damagedMetadata(file, `it has ${found.bytes} bytes instead of ${bytes}`)
  try {
    return store.readFile(file)
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'sealBroken')
      throw damagedMetadata(file, 'it is not what was encrypted under this name')
    throw error
  }
}
