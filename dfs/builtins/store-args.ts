/** Reading the arguments of functions on databases, and who may do what with them. */
import type { Arg } from '../../runtime/builtins/args.ts'
import { HoldfastError, inputError } from '../../runtime/errors.ts'
import { scalarToVector } from '../../runtime/ops/cast.ts'
import type { Session } from '../../runtime/session.ts'
import { type Scalar, StringVector, Table, type Vector } from '../../runtime/values/index.ts'
import { requireDatabase } from '../backup/select.ts'
import type { CatalogRecords, DatabaseRecord, TableRecord } from '../catalog/types.ts'
import { type DfsSession, dfsService } from '../session.ts'
import { urlArg } from './backup-host.ts'

export const dfsOf = (session: Session): DfsSession => session.service(dfsService)

/** The record of the database that a handle or a url names. */
export function databaseArg(session: Session, value: Arg, signature: string, name = 'dbHandle'): DatabaseRecord {
  return requireDatabase(dfsOf(session).view(), urlArg(value, signature, name))
}

export function tableOfDatabase(view: CatalogRecords, db: DatabaseRecord, name: string): TableRecord {
  const table = view.table(db.url, name)
  if (table === undefined)
    throw inputError(`The table [${name}] of database [${db.url}] does not exist.`, {
      code: 'tableMissing',
      where: { db: db.url, table: name },
      hint: `getTables(database("${db.url}")) lists its tables`,
    })
  return table
}

export function requireAdministrator(session: Session, name: string): void {
  if (session.user === 'guest' || !dfsOf(session).users.isAdmin(session.user))
    throw inputError(`<NoPrivilege>Only administrators may call ${name}.`, { code: 'noPrivilege' })
}

/** Something that this release does not do, by name, instead of doing something else. */
export const comingFeature = (what: string, hint?: string): HoldfastError =>
  new HoldfastError('input', `${what} is not supported by this release.`, { code: 'unsupported', hint })

export interface Place {
  readonly db: DatabaseRecord
  /** Names of the path below the database. */
  readonly names: readonly string[]
}

/** The database that a path lies in (`dfs://a/b/20170807` -> `dfs://a/b` or `dfs://a`): the longest one that exists. */
export function placeOf(view: CatalogRecords, path: string): Place | undefined {
  let url = path.replace(/\/+$/, '')
  const names: string[] = []
  while (url.length > 'dfs://'.length) {
    const db = view.database(url)
    if (db !== undefined) return { db, names }
    const slash = url.lastIndexOf('/')
    names.unshift(url.slice(slash + 1))
    url = url.slice(0, slash)
  }
  return undefined
}

export const stringVector = (texts: Iterable<string>): StringVector => new StringVector([...texts])

/** A table of one row. */
export const rowTable = (cells: Readonly<Record<string, Scalar>>): Table =>
  new Table(
    Object.keys(cells),
    Object.values(cells).map((cell): Vector => scalarToVector(cell, 1)),
  )
