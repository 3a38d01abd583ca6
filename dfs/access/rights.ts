/**
 * What can be granted. Scripts name access types (TABLE_READ, DB_WRITE, ...); the store keeps rights: reading a table, a database or everything is one
 * right at three scopes, and TABLE_WRITE is three rights.
 */
import { unreachable } from '../../runtime/errors.ts'

export type Right =
  | 'READ'
  | 'INSERT'
  | 'UPDATE'
  | 'DELETE'
  | 'DBOBJ_CREATE'
  | 'DBOBJ_DELETE'
  | 'DB_MANAGE'
  | 'DB_OWNER'
  | 'VIEW_EXEC'
  | 'VIEW_OWNER'
  | 'SCRIPT_EXEC'
  | 'TEST_EXEC'
  | 'CREATE_SHARED_VARS'

/** Rights to the rows of tables: granted on a table, a database, or everything. */
export const ROW_RIGHTS = ['READ', 'INSERT', 'UPDATE', 'DELETE'] as const satisfies readonly Right[]

/** Where a right holds. `prefix`: databases whose url begins with it. */
export type Scope =
  | { readonly kind: 'all' }
  | { readonly kind: 'prefix'; readonly prefix: string }
  | { readonly kind: 'database'; readonly db: string }
  | { readonly kind: 'table'; readonly db: string; readonly table: string }
  /** A function view, or with `ns::*` all of a namespace. */
  | { readonly kind: 'view'; readonly name: string }

export const EVERYWHERE: Scope = { kind: 'all' }

/** What the objects of an access type are. */
export type ObjectKind = 'table' | 'database' | 'schema' | 'prefix' | 'view' | 'none'

export interface AccessType {
  readonly name: string
  readonly rights: readonly Right[]
  readonly objects: ObjectKind
  /** Without objects it means everything. */
  readonly defaultsToAll: boolean
  /** Who manages a database may grant it there, administrator or not. */
  readonly byManagers: boolean
}

const WRITE = ['INSERT', 'UPDATE', 'DELETE'] as const

const type = (
  name: string,
  objects: ObjectKind,
  rights: readonly Right[],
  more: Partial<AccessType> = {},
): readonly [string, AccessType] => [
  name,
  {
    name,
    rights,
    objects,
    defaultsToAll: objects === 'none',
    byManagers: objects === 'table' || objects === 'database' || objects === 'schema',
    ...more,
  },
]

export const ACCESS_TYPES: ReadonlyMap<string, AccessType> = new Map([
  type('TABLE_READ', 'table', ['READ']),
  type('TABLE_INSERT', 'table', ['INSERT']),
  type('TABLE_UPDATE', 'table', ['UPDATE']),
  type('TABLE_DELETE', 'table', ['DELETE']),
  type('TABLE_WRITE', 'table', WRITE),
  type('DB_READ', 'database', ['READ']),
  type('DB_INSERT', 'database', ['INSERT']),
  type('DB_UPDATE', 'database', ['UPDATE']),
  type('DB_DELETE', 'database', ['DELETE']),
  type('DB_WRITE', 'database', WRITE),
  type('DBOBJ_CREATE', 'database', ['DBOBJ_CREATE']),
  type('DBOBJ_DELETE', 'database', ['DBOBJ_DELETE']),
  type('DB_MANAGE', 'database', ['DB_MANAGE'], { defaultsToAll: true, byManagers: false }),
  // The same rights by another name of the database: catalog.schema.
  type('SCHEMA_READ', 'schema', ['READ']),
  type('SCHEMA_INSERT', 'schema', ['INSERT']),
  type('SCHEMA_UPDATE', 'schema', ['UPDATE']),
  type('SCHEMA_DELETE', 'schema', ['DELETE']),
  type('SCHEMA_WRITE', 'schema', WRITE),
  type('SCHEMAOBJ_CREATE', 'schema', ['DBOBJ_CREATE']),
  type('SCHEMAOBJ_DELETE', 'schema', ['DBOBJ_DELETE']),
  type('SCHEMA_MANAGE', 'schema', ['DB_MANAGE'], { byManagers: false }),
  type('DB_OWNER', 'prefix', ['DB_OWNER'], { defaultsToAll: true }),
  type('VIEW_EXEC', 'view', ['VIEW_EXEC']),
  type('VIEW_OWNER', 'none', ['VIEW_OWNER']),
  type('SCRIPT_EXEC', 'none', ['SCRIPT_EXEC']),
  type('TEST_EXEC', 'none', ['TEST_EXEC']),
  type('CREATE_SHARED_VARS', 'none', ['CREATE_SHARED_VARS']),
])

/** Whether `ns::f` (or `ns::*`) is in `ns::*`. */
export const isInNamespace = (name: string, namespace: string): boolean =>
  namespace.endsWith('::*') && name.startsWith(namespace.slice(0, -1))

/** The object of a scope as scripts write it. */
export function scopeText(scope: Scope): string {
  switch (scope.kind) {
    case 'all':
      return '*'
    case 'prefix':
      return `${scope.prefix}*`
    case 'database':
      return scope.db
    case 'table':
      return `${scope.db}/${scope.table}`
    case 'view':
      return scope.name
    default:
      return unreachable(scope)
  }
}

/** Whether everything in `inner` is in `outer`. One prefix does not contain another: each stands for itself. */
export function contains(outer: Scope, inner: Scope): boolean {
  switch (outer.kind) {
    case 'all':
      return true
    case 'prefix':
      return inner.kind === 'prefix' && inner.prefix === outer.prefix
    case 'database':
      return (inner.kind === 'database' || inner.kind === 'table') && inner.db === outer.db
    case 'table':
      return inner.kind === 'table' && inner.db === outer.db && inner.table === outer.table
    case 'view':
      return inner.kind === 'view' && (inner.name === outer.name || isInNamespace(inner.name, outer.name))
    default:
      return unreachable(outer)
  }
}
