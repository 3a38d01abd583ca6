/** What backup, restore and verify use of the world: the data directory, the engine, the clock, and somebody to tell how far they are. */
import type { BackupAccess } from '../access/index.ts'
import type { CatalogRecords, CatalogView } from '../catalog/types.ts'
import type { EngineClient } from '../engine/commands.ts'
import type { StorePressure } from '../pace/backup-pace.ts'
import type { ProgressSink } from '../progress.ts'
import type { StoreSettings } from '../settings/index.ts'
import type { FileStore } from '../store/file-store.ts'
import type { LockWorld } from './lock.ts'

export interface BackupContext {
  /** The data directory: segments lie below `chunks/`. */
  readonly data: FileStore
  readonly client: EngineClient
  /** A fresh look at the catalog, with everything that was committed before the call. */
  view(): CatalogRecords
  /** The same with the chunks, as long as the body runs. */
  looking<R>(body: (view: CatalogView) => R): R
  /** The same, of one commit whose files stay until `release`. Read it before the next call of `view` or of a command. */
  pinnedView(why: string): { readonly view: CatalogView; readonly pin: number; readonly release: () => void }
  readonly user: string
  /** Runs a body that writes files into the data directory which no commit names, and removes them again: the engine tidies up if the thread is ended. */
  writing<R>(body: () => R): R
  /** What the user may do of it. */
  readonly access: BackupAccess
  now(): number
  /** What others suffer, for work that keeps out of their way; absent where there are no others. */
  readonly pressure?: StorePressure
  /** Those in force; absent: the defaults. */
  settings?(): StoreSettings
  readonly progress: ProgressSink
  /** Product and version, for the manifest. */
  readonly product: string
  readonly lockWorld?: LockWorld
}
