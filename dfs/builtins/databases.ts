/** Databases: creating, opening, dropping, listing (specification of the store, section 1). */
import { randomUUID } from 'node:crypto'
import { type Arg, isGiven, textArg } from '../../runtime/builtins/args.ts'
import { inputError, usageError } from '../../runtime/errors.ts'
import { topicTable } from '../../runtime/registry.ts'
import type { Session } from '../../runtime/session.ts'
import { Dict, isIntegral, isLiteral, Resource, Scalar, T, type Value } from '../../runtime/values/index.ts'
import { maySeeDatabase, maySeeTable, requireCreateDatabase } from '../access/index.ts'
import type { DatabaseRecord, EngineType, Scheme } from '../catalog/types.ts'
import { partitionNames } from '../partition/names.ts'
import { schemeOf } from '../partition/scheme.ts'
import { databaseHandle } from '../session.ts'
import { databaseUrl, isSafeName } from '../set/names.ts'
import { urlArg } from './backup-host.ts'
import { forgetDatabase } from './catalogs.ts'
import { comingFeature, databaseArg, dfsOf, stringVector } from './store-args.ts'

const { entries, define } = topicTable('Databases')
export const databaseFunctions = entries

const DATABASE =
  "database([directory], [partitionType], [partitionScheme], [locations], [engine='OLAP'], [atomic='TRANS'], [chunkGranularity='TABLE'])"

define(DATABASE, {
  doc: `Creates the database of a "dfs://name" url, or opens it when only the url is given, and returns a handle. partitionType is VALUE, RANGE, LIST, HASH or COMPO; partitionScheme a vector of values (VALUE), ascending bounds (RANGE), a tuple of value groups (LIST), [type, buckets] (HASH), or two or three handles of database("", type, scheme), one a level (COMPO). Creating a database that exists returns its handle if the scheme is the same, and is an error if not. Creating takes an administrator or DB_OWNER. locations is ignored.`,
  call: ([directory, type, scheme, , engine, atomic, granularity], session) => {
    const path = isGiven(directory) ? textArg(directory, DATABASE, 'directory') : ''
    if (path === '') return new Resource(T.HANDLE, 'scheme', 'DB[]', { schemes: schemesOf(type, scheme) })
    if (path.startsWith('oltp://')) throw comingFeature('An in-memory OLTP database (oltp://)')
    if (!path.startsWith('dfs://'))
      throw comingFeature(`A database in a local folder (${path})`, 'use a url like dfs://name')
    const url = databaseUrl(path)
    const existing = dfsOf(session).view().database(url)
    if (!isGiven(type)) {
      if (existing !== undefined) return databaseHandle(url)
      throw inputError(`Database [${url}] does not exist.`, { code: 'databaseMissing', where: { db: url } })
    }
    const schemes = schemesOf(type, scheme)
    if (existing !== undefined) {
      requireSame(existing, schemes, isGiven(engine) ? engineOf(engine) : existing.engine)
      return databaseHandle(url)
    }
    create(session, {
      url,
      schemes,
      compo: schemes.length > 1,
      engine: engineOf(engine),
      atomic: wordOf(atomic, 'atomic', ['TRANS', 'CHUNK']),
      chunkGranularity: wordOf(granularity, 'chunkGranularity', ['TABLE', 'DATABASE']),
    })
    return databaseHandle(url)
  },
})

function create(session: Session, parts: Omit<DatabaseRecord, 'id' | 'owner' | 'createdMs'>): void {
  requireCreateDatabase(dfsOf(session).permissions, parts.url)
  if (parts.schemes.some((s) => s.kind === 'SEQ'))
    throw inputError('A SEQ partition scheme is for local databases only.', { code: 'partitionScheme' })
  checkDatabaseName(parts.url)
  const database = { ...parts, id: randomUUID(), owner: session.user, createdMs: session.now() }
  dfsOf(session).request({ kind: 'createDatabase', database })
}

/** Throws `databaseName` for a name that no database may get: each part becomes a folder. */
export function checkDatabaseName(url: string): void {
  for (const name of url.slice('dfs://'.length).split('/')) {
    const safe = isSafeName(name) && !/[:*?"<>|%]/.test(name) && Buffer.byteLength(name) <= 100
    if (!safe) throw inputError(`[${url}] is not a valid name of a database.`, { code: 'databaseName' })
  }
}

const KINDS = ['SEQ', 'VALUE', 'RANGE', 'LIST', 'COMPO', 'HASH'] as const

function schemesOf(type: Arg, scheme: Arg): readonly Scheme[] {
  if (!isGiven(type)) throw usageError(DATABASE, 'partitionType is required.')
  const kind =
    type.kind !== 'scalar'
      ? undefined
      : isIntegral(type.type)
        ? KINDS[Number(type.value)]
        : isLiteral(type.type)
          ? KINDS.find((k) => k === type.value)
          : undefined
  if (kind === undefined)
    throw usageError(DATABASE, 'partitionType must be one of SEQ, VALUE, RANGE, LIST, COMPO and HASH.')
  if (!isGiven(scheme)) throw usageError(DATABASE, 'partitionScheme is required.')
  return kind === 'COMPO' ? levelsOf(scheme) : [schemeOf(kind, scheme)]
}

function levelsOf(scheme: Value): readonly Scheme[] {
  const handles = scheme.kind === 'vector' ? Array.from({ length: scheme.length }, (_, k) => scheme.get(k)) : []
  const levels = handles.flatMap((h) =>
    h.kind === 'resource' && h.resourceType === 'scheme' ? (h.payload as { schemes: readonly Scheme[] }).schemes : [],
  )
  if (handles.length < 2 || handles.length > 3 || levels.length !== handles.length)
    throw usageError(
      DATABASE,
      'The partitionScheme of COMPO must be a vector of 2 or 3 handles made with database("", type, scheme).',
    )
  return levels
}

function engineOf(v: Arg): EngineType {
  const name = isGiven(v) ? textArg(v, DATABASE, 'engine').toUpperCase() : 'OLAP'
  if (name === 'OLAP' || name === 'TSDB' || name === 'PKEY') return name
  if (name === 'IOTDB' || name === 'IMOLTP') throw comingFeature(`The engine ${name}`)
  throw usageError(DATABASE, "engine must be 'OLAP', 'TSDB' or 'PKEY'.")
}

function wordOf<W extends string>(v: Arg, name: string, words: readonly [W, ...W[]], signature = DATABASE): W {
  if (!isGiven(v)) return words[0]
  const text = textArg(v, signature, name).toUpperCase()
  const word = words.find((w) => w === text)
  if (word === undefined) throw usageError(signature, `${name} must be ${words.map((w) => `'${w}'`).join(' or ')}.`)
  return word
}

/** VALUE and RANGE schemes grow: the one that a script creates with must be the beginning of the stored one, so to say. */
function requireSame(existing: DatabaseRecord, schemes: readonly Scheme[], engine: EngineType): void {
  const same =
    existing.engine === engine &&
    existing.schemes.length === schemes.length &&
    schemes.every((s, k) => grewFrom(existing.schemes[k], s))
  if (!same)
    throw inputError(
      `Database [${existing.url}] already exists with ${describe(existing.engine, existing.schemes)}; it can't be created with ${describe(engine, schemes)}.`,
      { code: 'databaseExists', where: { db: existing.url }, hint: `open it with database("${existing.url}")` },
    )
}

function grewFrom(stored: Scheme, given: Scheme): boolean {
  if (stored.kind !== given.kind || stored.type !== given.type) return false
  const known = new Set(partitionNames(stored))
  if (stored.kind === 'LIST') return JSON.stringify(stored) === JSON.stringify(given)
  if (stored.kind === 'HASH' && given.kind === 'HASH') return stored.buckets === given.buckets
  return partitionNames(given).every((name) => known.has(name))
}

function describe(engine: EngineType, schemes: readonly Scheme[]): string {
  const texts = schemes.map((s) => {
    const names = partitionNames(s)
    const shown =
      names.length > 4 ? `${names.slice(0, 3).join(', ')}, ... ${names[names.length - 1]}` : names.join(', ')
    return `${s.kind} (${shown})`
  })
  return `the engine ${engine} and partitions by ${texts.join(' x ')}`
}

define('existsDatabase(dbUrl)', {
  doc: 'Whether a database exists. A path below a database is no database.',
  call: ([url], session) => {
    const text = textArg(url, 'existsDatabase(dbUrl)', 'dbUrl').replace(/\/+$/, '')
    return Scalar.bool(text.startsWith('dfs://') && dfsOf(session).view().database(text) !== undefined)
  },
})

define('dropDatabase(dbDir)', {
  doc: 'Deletes a database with all its tables, and all privileges on them. Its owner, administrators and users with DB_MANAGE on it may do it.',
  call: ([dbDir], session) => {
    const db = databaseArg(session, dbDir, 'dropDatabase(dbDir)', 'dbDir')
    dfsOf(session).requireAccess('dropDatabase', db)
    dfsOf(session).request({ kind: 'dropDatabase', url: db.url })
    forgetDatabase(session, db.url)
    return Scalar.VOID
  },
})

const SET_ATOMIC = 'setAtomicLevel(dbHandle, atomic)'

define(SET_ATOMIC, {
  doc: 'Changes the atomic level of a database. Under "TRANS" a write that finds a partition locked by another transaction fails at once; under "CHUNK" it waits for its turn, and fails after half a minute. Either way a write is done whole or not at all. schema(db).atomic shows it. The owner of the database and users with DB_MANAGE on it may do it. Returns nothing.',
  call: ([handle, atomic], session) => {
    const db = databaseArg(session, handle, SET_ATOMIC)
    if (!isGiven(atomic)) throw usageError(SET_ATOMIC, 'atomic is required.')
    const level = wordOf(atomic, 'atomic', ['TRANS', 'CHUNK'], SET_ATOMIC)
    dfsOf(session).requireAccess('changeDatabase', db)
    if (level !== db.atomic) dfsOf(session).request({ kind: 'setAtomic', db: db.url, atomic: level })
    return Scalar.VOID
  },
})

function visibleDatabases(session: Session): DatabaseRecord[] {
  const dfs = dfsOf(session)
  const view = dfs.view()
  const { permissions } = dfs
  return view.databases().filter((db) => maySeeDatabase(permissions, db, () => view.tables(db.url)))
}

const urls = (session: Session): string[] => visibleDatabases(session).map((db) => db.url)

function tablePaths(session: Session, databases: readonly DatabaseRecord[]): string[] {
  const dfs = dfsOf(session)
  const view = dfs.view()
  const { permissions } = dfs
  return databases.flatMap((db) =>
    view
      .tables(db.url)
      .filter((table) => maySeeTable(permissions, db, table))
      .map((table) => `${db.url}/${table.name}`),
  )
}

define('getDFSDatabases()', {
  doc: 'The urls of the databases that the user may see: those that belong to the user, or on which, or on a table of which, the user has a privilege. Administrators see all.',
  call: (_, session) => stringVector(urls(session)),
})

define('getClusterDFSDatabases([includeSysDb=true])', {
  doc: 'As getDFSDatabases. There are no system databases.',
  call: (_, session) => stringVector(urls(session)),
})

define('getAllDBs()', {
  doc: 'A dictionary of the urls and owners of the databases that the user may see.',
  call: (_, session) => {
    const owners = visibleDatabases(session).map((db): [string, Value] => [db.url, Scalar.string(db.owner)])
    return new Dict(T.STRING, T.STRING, new Map(owners), true)
  },
})

define('getClusterDFSTables([includeSysTable=true])', {
  doc: 'The tables that the user may see, as "dfs://db/table".',
  call: (_, session) => stringVector(tablePaths(session, visibleDatabases(session))),
})

define('getDFSTablesByDatabase(dbUrl)', {
  doc: 'The tables of a database that the user may see, as "dfs://db/table".',
  call: ([url], session) => {
    const signature = 'getDFSTablesByDatabase(dbUrl)'
    return stringVector(tablePaths(session, [databaseArg(session, url, signature, 'dbUrl')]))
  },
})

define('getTables(dbHandle)', {
  doc: 'The names of the tables of a database.',
  call: ([db], session) => {
    const { url } = databaseArg(session, db, 'getTables(dbHandle)')
    return stringVector(
      dfsOf(session)
        .view()
        .tables(url)
        .map((t) => t.name),
    )
  },
})

/** The url of a database or of nothing yet, for functions that only ask. */
export const urlOrText = (v: Arg, signature: string, name: string): string =>
  v?.kind === 'resource' ? urlArg(v, signature, name) : textArg(v, signature, name)
