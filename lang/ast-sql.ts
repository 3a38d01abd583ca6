// Syntax tree of SQL: queries, modifications and definitions. Clauses stand in the order in which they are written.

import type { Expr, TypeNameExpr } from './ast.ts'
import type { Span } from './source.ts'

/** `as a`; ``as `a`b`` spreads a result over columns (an empty name drops it); `as _$x`, `as _$$x`; `as a1...a5`. */
export type Alias =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'names'; readonly names: readonly string[] }
  | { readonly kind: 'macro'; readonly name: string; readonly many: boolean }
  | { readonly kind: 'series'; readonly from: string; readonly to: string; readonly names: readonly string[] }

export interface SelectItem {
  readonly expr: Expr
  readonly alias: Alias | null
  readonly span: Span
}

export interface SortKey {
  readonly expr: Expr
  readonly descending: boolean
  /** null: not written. */
  readonly nulls: 'first' | 'last' | null
}

export type JoinType = 'inner' | 'left' | 'leftSemi' | 'right' | 'full' | 'cross' | 'comma'

export type TableSource =
  /** A table expression (a name, a member path, a call, a sub-select of kind 'sql') with its alias. */
  | { readonly kind: 'table'; readonly expr: Expr; readonly alias: string | null; readonly span: Span }
  | {
      readonly kind: 'join'
      readonly type: JoinType
      readonly left: TableSource
      readonly right: TableSource
      readonly on: Expr | null
      readonly span: Span
    }

/** `top n` is start 0, end n; `top a:b` is rows a to b - 1. */
export interface TopClause {
  readonly start: number
  readonly end: number
  readonly range: boolean
}

export interface LimitClause {
  readonly offset: Expr | null
  readonly count: Expr
}

export interface GroupClause {
  readonly kind: 'group' | 'context' | 'pivot'
  readonly keys: readonly SelectItem[]
}

export interface SelectStatement {
  readonly kind: 'select'
  readonly exec: boolean
  /** Sum of the hint numbers of sql.md 18.11 (HINT_KEEPORDER is 128); 0 without. */
  readonly hint: number
  readonly distinct: boolean
  readonly top: TopClause | null
  readonly items: readonly SelectItem[]
  readonly from: TableSource | null
  /** Conditions between commas, applied left to right. */
  readonly where: readonly Expr[]
  readonly group: GroupClause | null
  readonly cgroup: readonly SelectItem[]
  readonly csort: readonly SortKey[]
  readonly having: readonly Expr[]
  readonly orderBy: readonly SortKey[]
  readonly limit: LimitClause | null
  readonly map: boolean
  readonly span: Span
}

/** `left union [all] right`; a trailing order by or limit belongs to the whole. */
export interface UnionStatement {
  readonly kind: 'union'
  readonly all: boolean
  readonly left: QueryStatement
  readonly right: QueryStatement
  readonly orderBy: readonly SortKey[]
  readonly limit: LimitClause | null
  readonly span: Span
}

export interface WithStatement {
  readonly kind: 'with'
  readonly tables: readonly {
    readonly name: string
    readonly columns: readonly string[] | null
    readonly query: QueryStatement
  }[]
  readonly body: QueryStatement
  readonly span: Span
}

export type QueryStatement = SelectStatement | UnionStatement | WithStatement

export interface UpdateStatement {
  readonly kind: 'update'
  readonly table: Expr
  readonly sets: readonly { readonly column: string; readonly value: Expr }[]
  /** The join of `update t set ... from ej(t, u, ...)`. */
  readonly from: TableSource | null
  readonly where: readonly Expr[]
  readonly context: readonly SelectItem[]
  readonly csort: readonly SortKey[]
  readonly having: readonly Expr[]
  readonly map: boolean
  readonly span: Span
}

export interface DeleteStatement {
  readonly kind: 'delete'
  /** Null for `delete from t`, the table to delete from in `delete t2 from ej(t2, t1, ...)`. */
  readonly table: Expr | null
  readonly from: TableSource
  readonly where: readonly Expr[]
  readonly map: boolean
  readonly span: Span
}

export type InsertSource =
  /** One row of values each; the values of a single row may be vectors (one per column). */
  | { readonly kind: 'values'; readonly rows: readonly (readonly Expr[])[] }
  | { readonly kind: 'query'; readonly query: QueryStatement }
  | { readonly kind: 'table'; readonly expr: Expr }

export interface InsertStatement {
  readonly kind: 'insert'
  readonly table: Expr
  readonly columns: readonly string[] | null
  readonly source: InsertSource
  readonly span: Span
}

export interface DdlOption {
  readonly name: string
  readonly value: Expr
}

/** `create database "dfs://x" partitioned by VALUE(1..10), engine='TSDB'`. Schemes are calls: constant(args). */
export interface CreateDatabaseStatement {
  readonly kind: 'createDatabase'
  readonly path: Expr
  readonly schemes: readonly { readonly scheme: string; readonly args: readonly Expr[] }[]
  readonly options: readonly DdlOption[]
  readonly span: Span
}

export interface ColumnDefinition {
  readonly name: string
  readonly type: TypeNameExpr
  /** `[comment="c", compress="delta"]`. */
  readonly options: readonly DdlOption[]
  readonly span: Span
}

export interface CreateTableStatement {
  readonly kind: 'createTable'
  /** `"dfs://x"."pt"`: the database; null for a table in memory or in the current schema. */
  readonly database: Expr | null
  readonly name: string
  readonly temporary: boolean
  readonly columns: readonly ColumnDefinition[]
  /** Columns, or calls `f(col, consts)`. */
  readonly partitionedBy: readonly Expr[]
  readonly options: readonly DdlOption[]
  readonly span: Span
}

export type AlterAction =
  | { readonly kind: 'addColumn'; readonly name: string; readonly type: TypeNameExpr }
  | { readonly kind: 'dropColumn'; readonly name: string }
  | { readonly kind: 'renameColumn'; readonly name: string; readonly to: string }

export interface AlterTableStatement {
  readonly kind: 'alterTable'
  readonly table: Expr
  readonly action: AlterAction
  readonly span: Span
}

export interface DropStatement {
  readonly kind: 'dropDatabase' | 'dropTable'
  readonly ifExists: boolean
  /** For a database its path. For a table the database (`"dfs://x"."pt"`), or null. */
  readonly database: Expr | null
  /** Null for a database. */
  readonly table: string | null
  readonly span: Span
}

export type SqlStatement =
  | QueryStatement
  | UpdateStatement
  | DeleteStatement
  | InsertStatement
  | CreateDatabaseStatement
  | CreateTableStatement
  | AlterTableStatement
  | DropStatement
