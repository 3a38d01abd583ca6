/** What a session reads a table with: its files, and the symbol bases that all its queries share. */
import type { SymbolBase } from '../../runtime/values/index.ts'
import type { TableRecord } from '../catalog/types.ts'
import type { VerifiedBuffers } from '../segment/index.ts'
import type { FileStore } from '../store/file-store.ts'
import type { ReadAccess } from './segment-blocks.ts'

interface Reader {
  readonly files: FileStore
  readonly tables: { readonly verified: VerifiedBuffers; base(tableId: string, column: string): SymbolBase }
}

export const readAccess = (session: Reader, table: TableRecord): ReadAccess => ({
  files: session.files,
  address: session.files.address,
  baseOf: (column) => session.tables.base(table.id, column),
  verify: session.tables.verified,
})
