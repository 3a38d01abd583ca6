/** Catalogs: second names for databases, as catalog and schema (specification of the store, section 1). Kept in the store's catalog; for administrators. */
import { textArg } from '../../runtime/builtins/args.ts'
import { HoldfastError, inputError } from '../../runtime/errors.ts'
import { topicTable } from '../../runtime/registry.ts'
import type { Session } from '../../runtime/session.ts'
import { Scalar, Table } from '../../runtime/values/index.ts'
import { StringVector } from '../../runtime/values/vector.ts'
import { type CatalogRecord, catalogOf, catalogsOf } from '../catalog/named-objects.ts'
import { viewOf } from '../catalog/records.ts'
import { databaseUrl } from '../set/names.ts'
import { dfsOf, requireAdministrator, stringVector } from './store-args.ts'

const { entries, define } = topicTable('Databases')
export const catalogFunctions = entries

function catalogNamed(session: Session, name: string): CatalogRecord {
  const { catalog } = dfsOf(session)
  catalog.refresh()
  const record = catalogOf(catalog, name)
  if (record === undefined)
    throw inputError("The catalog doesn't exist.", { code: 'catalogMissing', where: { catalog: name } })
  return record
}

define('createCatalog(catalog)', {
  doc: 'Makes an empty catalog, which gives databases a second name; one that is there already is an error. For administrators.',
  call: ([catalog], session) => {
    requireAdministrator(session, 'createCatalog')
    const name = textArg(catalog, 'createCatalog(catalog)', 'catalog')
    if (!/^[\p{L}][\p{L}\p{N}_]*$/u.test(name))
      throw inputError(`The name of a catalog must be letters, digits and _, a letter first: [${name}].`)
    const dfs = dfsOf(session)
    dfs.catalog.refresh()
    if (catalogOf(dfs.catalog, name) !== undefined)
      throw new HoldfastError('conflict', `The catalog [${name}] already exists.`, { code: 'catalogExists' })
    dfs.request({ kind: 'putObject', family: 'catalog', name, value: { name, schemas: [] } })
    return Scalar.VOID
  },
})

const SCHEMA = 'createSchema(catalog, dbUrl, schema)'
define(SCHEMA, {
  doc: 'Registers a database in a catalog under the name of a schema. For administrators.',
  call: ([catalog, dbUrl, schema], session) => {
    requireAdministrator(session, 'createSchema')
    const record = catalogNamed(session, textArg(catalog, SCHEMA, 'catalog'))
    const url = databaseUrl(textArg(dbUrl, SCHEMA, 'dbUrl'))
    const name = textArg(schema, SCHEMA, 'schema')
    const dfs = dfsOf(session)
    if (viewOf(dfs.catalog).database(url) === undefined)
      throw inputError(`Database [${url}] does not exist.`, { code: 'databaseMissing', where: { db: url } })
    if (record.schemas.some((s) => s.name === name))
      throw new HoldfastError('conflict', `The schema [${name}] already exists in the catalog [${record.name}].`, {
        code: 'schemaExists',
      })
    const schemas = [...record.schemas, { name, dbUrl: url }]
    dfs.request({ kind: 'putObject', family: 'catalog', name: record.name, value: { ...record, schemas } })
    return Scalar.VOID
  },
})

define('getAllCatalogs()', {
  doc: 'The names of all catalogs.',
  call: (_, session) => {
    const { catalog } = dfsOf(session)
    catalog.refresh()
    return stringVector(catalogsOf(catalog).map((c) => c.name))
  },
})

define('getSchemaByCatalog(catalog)', {
  doc: 'The schemas of a catalog: schema, dbUrl.',
  call: ([catalog], session) => {
    const { schemas } = catalogNamed(session, textArg(catalog, 'getSchemaByCatalog(catalog)', 'catalog'))
    return new Table(
      ['schema', 'dbUrl'],
      [new StringVector(schemas.map((s) => s.name)), new StringVector(schemas.map((s) => s.dbUrl))],
    )
  },
})

define('addAccessControl(table)', {
  doc: 'Not supported: shared tables live in one process and have no access control of their own. Keep rows that not everybody may see in a table of a database, on which privileges are granted.',
  call: () => {
    throw inputError('addAccessControl: access control of shared tables is not supported.', {
      code: 'notSupported',
      hint: 'keep the rows in a table of a database and grant TABLE_READ on it',
    })
  },
})
