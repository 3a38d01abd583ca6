/**
 * The log as one table needs it: what it did to that table, and what it did to the database around it (schemes, names and columns of tables), but no rows of other
 * tables. Users, privileges, settings and other databases are left out.
 */
import { unreachable } from '../../runtime/errors.ts'
import type { CatalogReader } from '../catalog/key-value.ts'
import { keys } from '../catalog/records.ts'
import type { TableRecord } from '../catalog/types.ts'
import type { CatalogCommand } from '../engine/apply.ts'
import type { CatalogEntry } from '../external-copy/format.ts'

export interface NarrowTo {
  readonly url: string
  readonly tableId: string
}

/** Whether a record of the base's catalog is needed. `names`: under which the table stands there. */
export function isNeededEntry(
  [key, value]: CatalogEntry,
  { url, tableId }: NarrowTo,
  name: string | undefined,
): boolean {
  switch (key[0]) {
    case 'meta':
    case 'setting':
      return true
    case 'db':
    case 'table':
      return key[1] === url
    case 'chunk':
      return key[1] === url && name !== undefined && key[2] === name
    case 'delta':
      return key[1] === tableId && value !== undefined
    default:
      return false
  }
}

/** The command as far as it is needed; undefined: not at all. `catalog`: as it is before the command. */
export function narrowed(command: CatalogCommand, to: NarrowTo, catalog: CatalogReader): CatalogCommand | undefined {
  switch (command.kind) {
    case 'createDatabase':
      return command.database.url === to.url ? command : undefined
    case 'dropDatabase':
      return command.url === to.url ? command : undefined
    case 'createTable':
      return command.table.db === to.url ? command : undefined
    case 'dropTable':
    case 'renameTable':
    case 'extendSchemes':
    case 'setAtomic':
    case 'dropValues':
      return command.db === to.url ? command : undefined
    case 'append':
      if (command.db !== to.url || command.tableId === to.tableId) return inDatabase(command, to)
      return { ...command, chunks: [] }
    case 'rewrite': {
      if (command.db !== to.url || command.tableId === to.tableId) return inDatabase(command, to)
      const { db, table, tableId, expectedSchemaVersion, newValues, fillsColumns } = command
      const base = { kind: 'append', db, table, tableId, expectedSchemaVersion, chunks: [], newValues } as const
      return fillsColumns === undefined ? base : { ...base, fillsColumns }
    }
    case 'alterTable': {
      if (command.db !== to.url || command.tableId === to.tableId) return inDatabase(command, to)
      const { chunks: _, ...schema } = command
      return schema
    }
    case 'insertRows':
    case 'flush':
    case 'compact':
      return command.db === to.url && command.tableId === to.tableId ? command : undefined
    case 'dropChunks':
      return command.db === to.url && idOf(catalog, command.db, command.table) === to.tableId ? command : undefined
    case 'replaceChunks': {
      if (command.db !== to.url) return undefined
      const id = idOf(catalog, command.db, command.table) ?? command.createTable?.id
      return id === to.tableId ? command : { ...command, put: [], remove: [] }
    }
    case 'createUser':
    case 'changeUser':
    case 'removeUser':
    case 'createGroup':
    case 'removeGroup':
    case 'changeMembers':
    case 'changeAccess':
    case 'restoreAccess':
    case 'putSetting':
    case 'removeSetting':
    case 'putObject':
    case 'removeObject':
    case 'putRun':
      return undefined
    default:
      return unreachable(command)
  }
}

const inDatabase = <C extends CatalogCommand & { readonly db: string }>(
  command: C,
  { url }: NarrowTo,
): C | undefined => (command.db === url ? command : undefined)

const idOf = (catalog: CatalogReader, url: string, name: string): string | undefined =>
  (catalog.get(keys.table(url, name)) as TableRecord | undefined)?.id
