/**
 * Small things of the whole store that have a name: function views and catalogs. Records `['object', family, name]`; made, replaced and removed by one command each
 * (engine/commands.ts), in the log like every definition.
 */
import type { CatalogReader } from './key-value.ts'
import { keys } from './records.ts'

export type ObjectFamily = 'view' | 'catalog'

/** A function that every session may call, with the rights of its owner. */
export interface ViewRecord {
  readonly name: string
  readonly owner: string
  readonly createdMs: number
  /** The definition as it is listed. */
  readonly body: string
  /** The transfer form of the function (runtime/values/transfer.ts) by v8.serialize, in base64. */
  readonly definition: string
}

/** A second name for databases: catalog, then schema. */
export interface CatalogRecord {
  readonly name: string
  readonly schemas: readonly { readonly name: string; readonly dbUrl: string }[]
}

export type NamedObject = ViewRecord | CatalogRecord

const objectsOf = <R extends NamedObject>(reader: CatalogReader, family: ObjectFamily): R[] =>
  Array.from(reader.entries(keys.objects(family)), ([, value]) => value as R)

export const viewsOf = (reader: CatalogReader): ViewRecord[] => objectsOf(reader, 'view')
export const catalogsOf = (reader: CatalogReader): CatalogRecord[] => objectsOf(reader, 'catalog')

export const functionViewOf = (reader: CatalogReader, name: string): ViewRecord | undefined =>
  reader.get(keys.object('view', name)) as ViewRecord | undefined
export const catalogOf = (reader: CatalogReader, name: string): CatalogRecord | undefined =>
  reader.get(keys.object('catalog', name)) as CatalogRecord | undefined
