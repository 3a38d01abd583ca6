/** Opening a store that another thread told of. */
import type { FileStore, StoreAddress } from '../store/file-store.ts'
import { LocalFileStore } from '../store/local-store.ts'
import { SealedFileStore } from './sealed-store.ts'

export function openStore(address: StoreAddress): FileStore {
  const local = new LocalFileStore(address.root, address)
  return address.kind === 'local' ? local : new SealedFileStore(local, address.key, address.names)
}
