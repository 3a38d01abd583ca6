/** How handles of the store cross threads: by name, found again in the other thread's session. */
import { HoldfastError } from '../runtime/errors.ts'
import type { Session } from '../runtime/session.ts'
import { Resource, T } from '../runtime/values/index.ts'
import { registerResourceCodec, setSourceCodec, type TransferOptions } from '../runtime/values/transfer.ts'
import { type BackupTablePlace, BackupTableSource } from './backup-table/source.ts'
import { openBackupTable } from './builtins/backup-open.ts'
import { type DfsSession, databaseHandle, dfsService } from './session.ts'
import { ChunkTableSource } from './table-source.ts'

let done = false

/** Once per thread. */
export function registerDfsCodecs(): void {
  if (done) return
  done = true
  setSourceCodec({
    encode: (source) => {
      if (source instanceof BackupTableSource) return { backup: source.place }
      if (!(source instanceof ChunkTableSource))
        throw new HoldfastError('input', `The table ${source.name} can't be used in another session.`)
      return { db: source.db, table: source.tableName }
    },
    decode: (data, options) => {
      const { db, table, backup } = data as { db: string; table: string; backup?: BackupTablePlace }
      if (backup !== undefined) return openBackupTable(sessionOf(options), backup)
      return storeOf(options).source(db, table)
    },
  })
  registerResourceCodec('database', {
    encode: (handle) => (handle.payload as { url: string }).url,
    decode: (url) => databaseHandle(url as string),
  })
  registerResourceCodec('scheme', {
    encode: (handle) => ({ text: handle.text, payload: handle.payload }),
    decode: (data) => {
      const { text, payload } = data as { text: string; payload: unknown }
      return new Resource(T.HANDLE, 'scheme', text, payload)
    },
  })
}

const storeOf = (options: TransferOptions): DfsSession => sessionOf(options).service(dfsService)

function sessionOf(options: TransferOptions): Session {
  if (options.session === undefined) throw new HoldfastError('bug', 'a stored table crosses threads without a session')
  return options.session
}
