// Syntax tree of statements.

import type { Expr, FunctionBody, LiteralExpr, Parameter, TypeNameExpr } from './ast.ts'
import type { Span } from './source.ts'

export type Block = readonly Statement[]

/** Also every SQL statement: its expression is then of kind 'sql'. */
export interface ExpressionStatement {
  readonly kind: 'expression'
  readonly expr: Expr
  readonly span: Span
}

export type AssignTarget =
  | { readonly kind: 'name'; readonly name: string; readonly span: Span }
  | {
      readonly kind: 'index'
      readonly name: string
      /** The indices before the last: `[i]` of `a[i][j]`. */
      readonly path?: readonly (readonly (Expr | null)[])[]
      readonly slots: readonly (Expr | null)[]
      readonly span: Span
    }

/** `a, b[i] = v`; `op` is set for `+=` and its kin. Several values on the right have become a tuple node. */
export interface AssignStatement {
  readonly kind: 'assign'
  readonly targets: readonly AssignTarget[]
  readonly op: 'add' | 'sub' | 'mul' | 'div' | 'ratio' | null
  readonly value: Expr
  readonly span: Span
}

/** `&y = x`. */
export interface AliasStatement {
  readonly kind: 'alias'
  readonly name: string
  readonly source: string
  readonly span: Span
}

export interface ConstStatement {
  readonly kind: 'const'
  readonly name: string
  readonly value: Expr
  readonly span: Span
}

export interface IfStatement {
  readonly kind: 'if'
  readonly condition: Expr
  readonly then: Block
  /** null: no else. `else if` is a block that holds one if. */
  readonly otherwise: Block | null
  readonly span: Span
}

export interface ForStatement {
  readonly kind: 'for'
  readonly variable: string
  readonly source: Expr
  readonly body: Block
  readonly span: Span
}

/** `do` has its test after the body. */
export interface LoopStatement {
  readonly kind: 'while' | 'doWhile'
  readonly condition: Expr
  readonly body: Block
  readonly span: Span
}

export interface JumpStatement {
  readonly kind: 'break' | 'continue' | 'commit' | 'rollback' | 'go'
  readonly span: Span
}

export interface ReturnStatement {
  readonly kind: 'return'
  readonly value: Expr | null
  readonly span: Span
}

export interface ThrowStatement {
  readonly kind: 'throw'
  readonly value: Expr
  readonly span: Span
}

export interface TryStatement {
  readonly kind: 'try'
  readonly body: Block
  readonly variable: string
  readonly handler: Block
  readonly span: Span
}

export interface AssertStatement {
  readonly kind: 'assert'
  /** Bare words and numbers have become a STRING literal. */
  readonly subcase: Expr | null
  readonly condition: Expr
  readonly span: Span
}

export interface TimerStatement {
  readonly kind: 'timer'
  readonly count: Expr | null
  readonly body: Block
  readonly span: Span
}

export interface TransactionStatement {
  readonly kind: 'transaction'
  readonly body: Block
  readonly span: Span
}

/** `share t as name`. */
export interface ShareStatement {
  readonly kind: 'share'
  readonly value: Expr
  readonly name: string
  readonly span: Span
}

/** `undef all`, `` undef(`x`y, VAR) ``. `names` null: all. `category`: VAR, SHARED or DEF. */
export interface UndefStatement {
  readonly kind: 'undef'
  readonly names: Expr | null
  readonly category: Expr | null
  readonly span: Span
}

export interface ModuleStatement {
  readonly kind: 'module'
  readonly path: readonly string[]
  readonly span: Span
}

/** `use a::b`; with `catalog` the path is the name of a SQL catalog. */
export interface UseStatement {
  readonly kind: 'use'
  readonly path: readonly string[]
  readonly catalog: boolean
  readonly span: Span
}

export interface IncludeStatement {
  readonly kind: 'include'
  readonly path: string
  readonly span: Span
}

/** A named function; `body` null is a forward declaration. `span` covers its whole text. */
export interface DefStatement {
  readonly kind: 'def'
  readonly name: string
  readonly params: readonly Parameter[]
  readonly body: FunctionBody | null
  readonly aggregate: boolean
  /** Names of the annotation lines above it: `state`, `jit`, `gpu`. */
  readonly annotations: readonly string[]
  readonly locals: readonly string[]
  readonly span: Span
}

export interface ClassAttribute {
  readonly name: string
  readonly type: TypeNameExpr
  /** SCALAR when not written. */
  readonly form: string
  readonly span: Span
}

export interface ClassStatement {
  readonly kind: 'class'
  readonly name: string
  readonly base: string | null
  readonly attributes: readonly ClassAttribute[]
  readonly methods: readonly DefStatement[]
  readonly span: Span
}

export interface MapReduceForm {
  readonly map: readonly Expr[]
  /** A function, or an expression over the mapped values. */
  readonly reduce: Expr
}

/** How an aggregate runs: functions over the mapped values, and what makes its value of theirs; one function alone is the value. */
export interface RunningForm {
  readonly map: readonly Expr[]
  readonly reduce: Expr | null
}

/** `mapr f(x){ m1(x), m2(x) -> reduceFn ; c1, c2 -> runningFn }`. */
export interface MaprStatement {
  readonly kind: 'mapr'
  readonly name: string
  readonly params: readonly Parameter[]
  readonly distributed: MapReduceForm
  readonly running: RunningForm | null
  readonly span: Span
}

/** A test annotation: `@testing: case="x", exception=1`. */
export interface AnnotationStatement {
  readonly kind: 'annotation'
  readonly name: string
  readonly arguments: readonly { readonly name: string; readonly value: Expr }[]
  readonly span: Span
}

/** `SET CLUSTER SETTING name = value`, `SHOW CLUSTER SETTING name`, `SHOW CLUSTER SETTINGS` (a name of null). SHOW has a value, as an expression has. */
export interface SettingStatement {
  readonly kind: 'setting'
  readonly action: 'set' | 'show'
  /** With its dots. */
  readonly name: string | null
  /** null: `DEFAULT`, or nothing to set. */
  readonly value: LiteralExpr | null
  readonly span: Span
}

/** `CHECKPOINT CREATE`, `CHECKPOINT RELEASE`. */
export interface CheckpointStatement {
  readonly kind: 'checkpoint'
  readonly action: 'create' | 'release'
  readonly span: Span
}

export type Statement =
  | ExpressionStatement
  | AssignStatement
  | AliasStatement
  | ConstStatement
  | IfStatement
  | ForStatement
  | LoopStatement
  | JumpStatement
  | ReturnStatement
  | ThrowStatement
  | TryStatement
  | AssertStatement
  | TimerStatement
  | TransactionStatement
  | ShareStatement
  | UndefStatement
  | ModuleStatement
  | UseStatement
  | IncludeStatement
  | DefStatement
  | ClassStatement
  | MaprStatement
  | AnnotationStatement
  | SettingStatement
  | CheckpointStatement
