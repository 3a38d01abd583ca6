/** grant, deny, revoke (specification of the store, section 9). */
import { type Arg, textArg, textListArg } from '../../runtime/builtins/args.ts'
import { type HoldfastError, inputError, unreachable, usageError } from '../../runtime/errors.ts'
import { topicTable } from '../../runtime/registry.ts'
import { type Session, sqlCatalogService } from '../../runtime/session.ts'
import { Scalar } from '../../runtime/values/index.ts'
import {
  ACCESS_TYPES,
  type AccessChange,
  type AccessType,
  EVERYWHERE,
  objectMissing,
  requireGrantor,
  type Scope,
} from '../access/index.ts'
import { databaseUrl } from '../set/names.ts'
import { isMissing } from './backup-host.ts'
import { comingFeature, dfsOf } from './store-args.ts'

const { entries, define } = topicTable('Users')
export const grantFunctions = entries

const DOCS: Readonly<Record<AccessChange, string>> = {
  grant:
    'Gives a user or a group a privilege on objects: TABLE_READ, TABLE_INSERT, TABLE_UPDATE, TABLE_DELETE, TABLE_WRITE (the last three) on tables ("dfs://db/tb"); DB_READ, DB_INSERT, DB_UPDATE, DB_DELETE, DB_WRITE, DB_MANAGE, DBOBJ_CREATE, DBOBJ_DELETE on databases ("dfs://db"), or as SCHEMA_READ, ..., SCHEMA_MANAGE, SCHEMAOBJ_CREATE, SCHEMAOBJ_DELETE on the databases of schemas ("catalog.schema"; tables, too, may be named "catalog.schema.table"); DB_OWNER, creating databases, everywhere or by a prefix ("dfs://abc*"); VIEW_EXEC on function views ("f", "ns::f", "ns::*"); VIEW_OWNER, SCRIPT_EXEC, TEST_EXEC, CREATE_SHARED_VARS without objects. "*" stands for all. What was said before of the same objects, and of what lies in them, is replaced; to grant a part of what is denied is an error. Administrators may grant everything; who owns a database or has DB_MANAGE on it, the privileges on its tables, DB_READ to DB_WRITE, DBOBJ_CREATE and DBOBJ_DELETE there.',
  deny: 'Denies a user or a group a privilege on objects, as for grant. A denial wins over every grant, also of other groups, and over the ownership of a table. DB_OWNER can be denied everywhere only.',
  revoke:
    'Takes back what grant or deny said of objects and of what lies in them. To revoke a part of a wider grant or denial changes nothing: deny it instead.',
}

for (const change of ['grant', 'deny', 'revoke'] as const) {
  const signature = `${change}(userId, accessType, [objs])`
  define(signature, {
    doc: DOCS[change],
    call: ([userId, accessType, objs], session) => {
      const dfs = dfsOf(session)
      const name = textArg(userId, signature, 'userId')
      const type = typeArg(accessType, signature)
      const command = {
        kind: 'changeAccess',
        change,
        name,
        rights: type.rights,
        scopes: scopesArg(session, objs, type, change, signature),
      } as const
      dfs.catalog.refresh()
      requireGrantor(dfs.catalog, dfs.permissions, command)
      dfs.request(command)
      return Scalar.VOID
    },
  })
}

const LIMITS = ['QUERY_RESULT_MEM_LIMIT', 'TASK_GROUP_MEM_LIMIT', 'MAX_PARTITION_NUM_PER_QUERY']
const OF_LATER_LAYERS = /^CATALOG_|^COMPUTE_GROUP_EXEC$|_SENSITIVE_VIEW$/

function typeArg(v: Arg, signature: string): AccessType {
  const name = textArg(v, signature, 'accessType')
  const type = ACCESS_TYPES.get(name)
  if (type !== undefined) return type
  if (LIMITS.includes(name) || OF_LATER_LAYERS.test(name)) throw comingFeature(`The privilege ${name}`)
  throw usageError(signature, `accessType must be one of ${[...ACCESS_TYPES.keys()].join(', ')}.`)
}

function scopesArg(
  session: Session,
  v: Arg,
  type: AccessType,
  change: AccessChange,
  signature: string,
): readonly Scope[] {
  if (isMissing(v)) {
    if (type.defaultsToAll) return [EVERYWHERE]
    throw usageError(signature, `objs is required for ${type.name}.`)
  }
  const names = textListArg(v, signature, 'objs')
  if (names.length === 0) throw usageError(signature, 'objs must not be empty.')
  return names.map((name) => (name === '*' ? EVERYWHERE : scopeOf(session, name, type, change, signature)))
}

function scopeOf(session: Session, name: string, type: AccessType, change: AccessChange, signature: string): Scope {
  switch (type.objects) {
    case 'table':
      return tableScope(session, name)
    case 'database':
      return { kind: 'database', db: name.startsWith('dfs://') ? databaseUrl(name) : missingDatabase(name) }
    case 'schema':
      return { kind: 'database', db: schemaDatabase(session, name.split('.'), name) }
    case 'prefix':
      return prefixScope(name, change)
    case 'view':
      return { kind: 'view', name }
    case 'none':
      throw usageError(signature, `${type.name} has no objs.`)
    default:
      return unreachable(type.objects)
  }
}

/** The database that a schema is a name of. */
function schemaDatabase(session: Session, path: readonly string[], name: string): string {
  if (path.length !== 2)
    throw inputError(`The schema [${name}] must be written as catalog.schema.`, { code: 'schemaMissing' })
  const url = session.service(sqlCatalogService).databaseOf(path)
  if (url !== undefined) return url
  throw inputError(`The catalog [${path[0]}] has no schema [${path[1]}].`, { code: 'schemaMissing' })
}

function tableScope(session: Session, name: string): Scope {
  const path = name.split('.')
  if (path.length === 3 && !name.includes('/'))
    return { kind: 'table', db: schemaDatabase(session, path.slice(0, 2), name), table: path[2] }
  if (!name.startsWith('dfs://')) throw comingFeature(`A privilege on the shared table [${name}]`)
  const slash = name.lastIndexOf('/')
  if (slash <= 'dfs://'.length || slash === name.length - 1) throw objectMissing('table', name)
  return { kind: 'table', db: databaseUrl(name.slice(0, slash)), table: name.slice(slash + 1) }
}

function missingDatabase(name: string): never {
  throw objectMissing('database', name)
}

function prefixScope(name: string, change: AccessChange): Scope {
  if (!name.startsWith('dfs://') || !name.endsWith('*'))
    throw prefixError(
      "The parameter objs must be a string that begins with 'dfs://' and ends with '*'. For example, 'dfs://db1*'.",
    )
  if (change === 'deny')
    throw prefixError('DB_OWNER can be denied everywhere only, not for databases of a prefix: leave objs out.')
  return { kind: 'prefix', prefix: name.slice(0, -1) }
}

const prefixError = (message: string): HoldfastError => inputError(message, { refId: 'S04003' })
