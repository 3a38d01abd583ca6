/** Opening a store that another thread told of. */
import type { FileStore, StoreAddress } from './file-store.ts'
import { LocalFileStore } from './local-store.ts'

export const openStore = (address: StoreAddress): FileStore => new LocalFileStore(address.root)
