/** Catalogs as scripts name them: the catalog of a session, and what `catalog.schema.table` leads to. Names that differ in case only are the same. */
import { HoldfastError, inputError } from '../../runtime/errors.ts'
import { type Session, type SqlCatalogs, sqlCatalogService } from '../../runtime/session.ts'
import { namePath, Scalar, type Value } from '../../runtime/values/index.ts'
import { type CatalogRecord, catalogsOf } from '../catalog/named-objects.ts'
import { dfsOf } from './store-args.ts'

export const sameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

export const catalogMissing = (name: string | undefined): HoldfastError =>
  inputError("The catalog doesn't exist.", {
    code: 'catalogMissing',
    where: name === undefined ? undefined : { catalog: name },
    hint: name === undefined ? 'choose one (use catalog c), or write catalog.schema' : undefined,
  })

class StoredCatalogs implements SqlCatalogs {
  current: string | undefined
  readonly #session: Session
  readonly #exists: () => boolean

  constructor(session: Session, exists: () => boolean) {
    this.#session = session
    this.#exists = exists
  }

  use(catalog: string | undefined): void {
    this.current = catalog === undefined ? undefined : this.#record(catalog).name
  }

  root(name: string): Value | undefined {
    const schema = this.current === undefined ? undefined : this.#schema(this.current, name)
    const isCatalog = this.#find(name) !== undefined
    if (schema === undefined && !isCatalog) return undefined
    // A table of the schema comes before a schema of the catalog of that name.
    return namePath(name, (member) => {
      const table = schema === undefined ? undefined : this.#table(schema, member)
      if (table !== undefined) return table
      if (isCatalog) return this.#schemaPath(name, member)
      throw missingTable(`${name}.${member}`)
    })
  }

  #schemaPath(catalog: string, name: string): Value {
    const url = this.#schema(catalog, name)
    if (url === undefined)
      throw inputError(`The catalog [${catalog}] has no schema [${name}].`, { code: 'schemaMissing' })
    return namePath(`${catalog}.${name}`, (table) => {
      const found = this.#table(url, table)
      if (found === undefined) throw missingTable(`${catalog}.${name}.${table}`)
      return found
    })
  }

  databaseOf(path: readonly string[]): string | undefined {
    const { catalog, schema } = this.#place(path)
    return this.#schema(catalog, schema)
  }

  newDatabase(path: readonly string[]): { readonly catalog: string; readonly schema: string; readonly url: string } {
    const { catalog, schema } = this.#place(path)
    if (this.#schema(catalog, schema) !== undefined)
      throw new HoldfastError('conflict', `The schema [${schema}] already exists in the catalog [${catalog}].`, {
        code: 'schemaExists',
      })
    return { catalog, schema, url: `dfs://${catalog}_${schema}_${this.#session.now()}` }
  }

  #place(path: readonly string[]): { readonly catalog: string; readonly schema: string } {
    const [catalog, schema] = path.length === 1 ? [this.current, path[0]] : path
    if (path.length > 2) throw inputError(`[${path.join('.')}] is not of the form catalog.schema.`, { code: 'schema' })
    if (catalog === undefined) throw catalogMissing(undefined)
    return { catalog: this.#record(catalog).name, schema }
  }

  #record(name: string): CatalogRecord {
    const record = this.#find(name)
    if (record === undefined) throw catalogMissing(name)
    return record
  }

  #find(name: string): CatalogRecord | undefined {
    if (!this.#exists()) return undefined
    const { catalog } = dfsOf(this.#session)
    catalog.refresh()
    return catalogsOf(catalog).find((c) => sameName(c.name, name))
  }

  #schema(catalog: string, name: string): string | undefined {
    return this.#find(catalog)?.schemas.find((s) => sameName(s.name, name))?.dbUrl
  }

  #table(url: string, name: string): Value | undefined {
    const view = dfsOf(this.#session).view()
    const table = view.tables(url).find((t) => t.name === name) ?? view.tables(url).find((t) => sameName(t.name, name))
    if (table === undefined) return undefined
    const load = this.#session.registry.get('loadTable')!
    return this.#session.call(load, [Scalar.string(url), Scalar.string(table.name)])
  }
}

const missingTable = (path: string): HoldfastError =>
  inputError(`Can't recognize table ${path}`, { code: 'tableMissing' })

export const provideSqlCatalogs = (session: Session, exists: () => boolean): void =>
  session.provide(sqlCatalogService, new StoredCatalogs(session, exists))
