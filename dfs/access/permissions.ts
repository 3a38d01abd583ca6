/** What a user may do: the rules of the user and of all groups, indexed by right. */
import { isInNamespace, type Right } from './rights.ts'
import type { AccessRule } from './rules.ts'

/** The first administrator, who can not be deleted, denied or locked. */
export const DEFAULT_USER = 'admin'

/** What the first administrator of every store can log in with until it is changed. */
export const DEFAULT_PASSWORD = '123456'

export const GUEST = 'guest'

export type AccessState = 'allow' | 'deny' | 'none'

/** Rules about one right. A denial stays when both are said. */
interface RightIndex {
  all: AccessState
  readonly databases: Map<string, AccessState>
  /** By database, then table. */
  readonly tables: Map<string, Map<string, AccessState>>
  readonly prefixes: { readonly prefix: string; readonly state: AccessState }[]
  readonly views: { readonly name: string; readonly state: AccessState }[]
}

export interface PermissionSource {
  readonly user: string
  /** False for guests, for deleted users in sessions that are still open, and for locked ones: they have no rights, not even those of owners. */
  readonly isActive: boolean
  readonly isAdmin: boolean
  readonly rules: Iterable<AccessRule>
}

export class Permissions {
  readonly user: string
  readonly isActive: boolean
  readonly isAdmin: boolean
  readonly #index = new Map<Right, RightIndex>()

  constructor({ user, isActive, isAdmin, rules }: PermissionSource) {
    this.user = user
    this.isActive = isActive && user !== GUEST
    this.isAdmin = isAdmin && this.isActive
    if (user !== DEFAULT_USER) for (const rule of rules) this.#add(rule)
  }

  #add({ right, scope, allow }: AccessRule): void {
    let index = this.#index.get(right)
    if (index === undefined) {
      index = { all: 'none', databases: new Map(), tables: new Map(), prefixes: [], views: [] }
      this.#index.set(right, index)
    }
    const state: AccessState = allow ? 'allow' : 'deny'
    switch (scope.kind) {
      case 'all':
        index.all = joined(index.all, state)
        return
      case 'prefix':
        index.prefixes.push({ prefix: scope.prefix, state })
        return
      case 'view':
        index.views.push({ name: scope.name, state })
        return
      case 'database':
        index.databases.set(scope.db, joined(index.databases.get(scope.db) ?? 'none', state))
        return
      case 'table': {
        const tables = index.tables.get(scope.db) ?? new Map<string, AccessState>()
        index.tables.set(scope.db, tables)
        tables.set(scope.table, joined(tables.get(scope.table) ?? 'none', state))
      }
    }
  }

  /** What the rules say of a right: on everything, on a database, or on a table. Any denial wins. Administrators have what nothing denies them. */
  state(right: Right, db?: string, table?: string): AccessState {
    if (!this.isActive) return 'none'
    const said = this.#said(right, db, table)
    return said === 'none' && this.isAdmin ? 'allow' : said
  }

  #said(right: Right, db: string | undefined, table: string | undefined): AccessState {
    const index = this.#index.get(right)
    if (index === undefined) return 'none'
    let state = index.all
    if (db === undefined || state === 'deny') return state
    state = joined(state, index.databases.get(db) ?? 'none')
    for (const p of index.prefixes) if (db.startsWith(p.prefix)) state = joined(state, p.state)
    return table === undefined ? state : joined(state, index.tables.get(db)?.get(table) ?? 'none')
  }

  /** What the rules say of executing a function view. */
  viewState(name: string): AccessState {
    if (!this.isActive) return 'none'
    const index = this.#index.get('VIEW_EXEC')
    let state = index?.all ?? 'none'
    for (const v of index?.views ?? [])
      if (v.name === name || isInNamespace(name, v.name)) state = joined(state, v.state)
    return state === 'none' && this.isAdmin ? 'allow' : state
  }

  allows(right: Right, db?: string, table?: string): boolean {
    return this.state(right, db, table) === 'allow'
  }
}

const joined = (a: AccessState, b: AccessState): AccessState =>
  a === 'deny' || b === 'deny' ? 'deny' : a === 'allow' || b === 'allow' ? 'allow' : 'none'
