/** Catalogs: second names for databases, as catalog and schema (specification of the store, section 1). Kept in the store's catalog; for administrators. */
import { textArg } from '../../runtime/builtins/args.ts'
import { HoldfastError, inputError } from '../../runtime/errors.ts'
import { topicTable } from '../../runtime/registry.ts'
import { type Session, sqlCatalogService } from '../../runtime/session.ts'
import { Scalar, Table } from '../../runtime/values/index.ts'
import { StringVector } from '../../runtime/values/vector.ts'
import { type CatalogRecord, catalogsOf } from '../catalog/named-objects.ts'
import { viewOf } from '../catalog/records.ts'
import { databaseUrl } from '../set/names.ts'
import { catalogMissing, sameName } from './catalog-names.ts'
import { dfsOf, requireAdministrator, stringVector } from './store-args.ts'

const { entries, define } = topicTable('Databases')
export const catalogFunctions = entries

function catalogNamed(session: Session, name: string): CatalogRecord {
  const record = findCatalog(session, name)
  if (record === undefined) throw catalogMissing(name)
  return record
}

function findCatalog(session: Session, name: string): CatalogRecord | undefined {
  const { catalog } = dfsOf(session)
  catalog.refresh()
  return catalogsOf(catalog).find((c) => sameName(c.name, name))
}

function schemaNamed(record: CatalogRecord, name: string): CatalogRecord['schemas'][number] {
  const found = record.schemas.find((s) => sameName(s.name, name))
  if (found === undefined)
    throw inputError(`The catalog [${record.name}] has no schema [${name}].`, { code: 'schemaMissing' })
  return found
}

const catalogExists = (name: string): HoldfastError =>
  new HoldfastError('conflict', `The catalog [${name}] already exists.`, { code: 'catalogExists' })

const schemaExists = (name: string, catalog: string): HoldfastError =>
  new HoldfastError('conflict', `The schema [${name}] already exists in the catalog [${catalog}].`, {
    code: 'schemaExists',
  })

/** Names of catalogs and schemas are written without quotes in queries. */
function checkName(name: string, what: string): string {
  if (!/^[\p{L}][\p{L}\p{N}_]*$/u.test(name))
    throw inputError(`The name of a ${what} must be letters, digits and _, a letter first: [${name}].`)
  return name
}

const put = (session: Session, record: CatalogRecord): void => {
  dfsOf(session).request({ kind: 'putObject', family: 'catalog', name: record.name, value: record })
}

/** A database that is dropped leaves the catalogs. */
export function forgetDatabase(session: Session, url: string): void {
  const { catalog } = dfsOf(session)
  catalog.refresh()
  for (const record of catalogsOf(catalog))
    if (record.schemas.some((s) => s.dbUrl === url))
      put(session, { ...record, schemas: record.schemas.filter((s) => s.dbUrl !== url) })
}

define('createCatalog(catalog)', {
  doc: 'Makes an empty catalog, which gives databases a second name; one that is there already is an error. For administrators.',
  call: ([catalog], session) => {
    requireAdministrator(session, 'createCatalog')
    const name = checkName(textArg(catalog, 'createCatalog(catalog)', 'catalog'), 'catalog')
    if (findCatalog(session, name) !== undefined) throw catalogExists(name)
    put(session, { name, schemas: [] })
    return Scalar.VOID
  },
})

define('dropCatalog(catalog)', {
  doc: 'Removes a catalog; its databases stay. For administrators.',
  call: ([catalog], session) => {
    requireAdministrator(session, 'dropCatalog')
    const { name } = catalogNamed(session, textArg(catalog, 'dropCatalog(catalog)', 'catalog'))
    dfsOf(session).request({ kind: 'removeObject', family: 'catalog', name })
    const names = session.service(sqlCatalogService)
    if (names.current !== undefined && sameName(names.current, name)) names.use(undefined)
    return Scalar.VOID
  },
})

define('existsCatalog(catalog)', {
  doc: 'Whether there is a catalog of that name.',
  call: ([catalog], session) =>
    Scalar.bool(findCatalog(session, textArg(catalog, 'existsCatalog(catalog)', 'catalog')) !== undefined),
})

const RENAME = 'renameCatalog(oldName, newName)'
define(RENAME, {
  doc: 'Gives a catalog another name; the urls of its databases stay. For administrators.',
  call: ([oldName, newName], session) => {
    requireAdministrator(session, 'renameCatalog')
    const record = catalogNamed(session, textArg(oldName, RENAME, 'oldName'))
    const name = checkName(textArg(newName, RENAME, 'newName'), 'catalog')
    if (record.name === name) return Scalar.VOID
    const other = findCatalog(session, name)
    if (other !== undefined && other.name !== record.name) throw catalogExists(name)
    // The new name first: at no moment is the catalog gone.
    put(session, { ...record, name })
    dfsOf(session).request({ kind: 'removeObject', family: 'catalog', name: record.name })
    const names = session.service(sqlCatalogService)
    if (names.current !== undefined && sameName(names.current, record.name)) names.use(name)
    return Scalar.VOID
  },
})

define('setDefaultCatalog(catalog)', {
  doc: 'The catalog in which this session looks up schema.table, as the statement use catalog; an empty text for none.',
  call: ([catalog], session) => {
    const name = textArg(catalog, 'setDefaultCatalog(catalog)', 'catalog')
    session.service(sqlCatalogService).use(name === '' ? undefined : name)
    return Scalar.VOID
  },
})

define('getCurrentCatalog()', {
  doc: 'The name of the catalog of this session, an empty text without one.',
  call: (_, session) => Scalar.string(session.service(sqlCatalogService).current ?? ''),
})

const SCHEMA = 'createSchema(catalog, dbUrl, schema)'
define(SCHEMA, {
  doc: 'Registers a database in a catalog under the name of a schema. For administrators.',
  call: ([catalog, dbUrl, schema], session) => {
    requireAdministrator(session, 'createSchema')
    const record = catalogNamed(session, textArg(catalog, SCHEMA, 'catalog'))
    const url = databaseUrl(textArg(dbUrl, SCHEMA, 'dbUrl'))
    const name = checkName(textArg(schema, SCHEMA, 'schema'), 'schema')
    const dfs = dfsOf(session)
    if (viewOf(dfs.catalog).database(url) === undefined)
      throw inputError(`Database [${url}] does not exist.`, { code: 'databaseMissing', where: { db: url } })
    if (record.schemas.some((s) => sameName(s.name, name))) throw schemaExists(name, record.name)
    put(session, { ...record, schemas: [...record.schemas, { name, dbUrl: url }] })
    return Scalar.VOID
  },
})

const DROP_SCHEMA = 'dropSchema(catalog, schema)'
define(DROP_SCHEMA, {
  doc: 'Takes a schema out of a catalog; its database stays. For administrators.',
  call: ([catalog, schema], session) => {
    requireAdministrator(session, 'dropSchema')
    const record = catalogNamed(session, textArg(catalog, DROP_SCHEMA, 'catalog'))
    const dropped = schemaNamed(record, textArg(schema, DROP_SCHEMA, 'schema'))
    put(session, { ...record, schemas: record.schemas.filter((s) => s !== dropped) })
    return Scalar.VOID
  },
})

const RENAME_SCHEMA = 'renameSchema(catalog, oldName, newName)'
define(RENAME_SCHEMA, {
  doc: 'Gives a schema of a catalog another name; the url of its database stays. For administrators.',
  call: ([catalog, oldName, newName], session) => {
    requireAdministrator(session, 'renameSchema')
    const record = catalogNamed(session, textArg(catalog, RENAME_SCHEMA, 'catalog'))
    const renamed = schemaNamed(record, textArg(oldName, RENAME_SCHEMA, 'oldName'))
    const name = checkName(textArg(newName, RENAME_SCHEMA, 'newName'), 'schema')
    if (record.schemas.some((s) => s !== renamed && sameName(s.name, name))) throw schemaExists(name, record.name)
    put(session, { ...record, schemas: record.schemas.map((s) => (s === renamed ? { ...s, name } : s)) })
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
