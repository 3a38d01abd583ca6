// The syntax tree: plain readonly data with a literal `kind` on every node and the offsets it came from.
//
// Invariants
// - Literals are decoded: temporal values are integers in the unit of their type, 64-bit types are bigint.
// - `name.binding` says what the parser knew. 'variable' and 'function' are settled; 'free' is looked up when it runs
//   (inside SQL and metacode every name that is not called is 'free': a column may hide it).
// - Parentheses leave no node behind; every ambiguity of section 1.6 of the language is decided here.

import type { SelectItem, SortKey, SqlStatement } from './ast-sql.ts'
import type { Block } from './ast-statements.ts'
import type { Span } from './source.ts'

export type * from './ast-sql.ts'
export type * from './ast-statements.ts'
export type { Position, Span } from './source.ts'

// ---------------------------------------------------------------------------------------------------------------------
// Literals

export type LiteralType =
  | 'VOID'
  | 'BOOL'
  | 'CHAR'
  | 'SHORT'
  | 'INT'
  | 'LONG'
  | 'FLOAT'
  | 'DOUBLE'
  | 'DECIMAL64'
  | 'DATE'
  | 'MONTH'
  | 'TIME'
  | 'MINUTE'
  | 'SECOND'
  | 'DATETIME'
  | 'TIMESTAMP'
  | 'NANOTIME'
  | 'NANOTIMESTAMP'
  | 'DURATION'
  | 'STRING'

export interface DecimalValue {
  readonly unscaled: bigint
  readonly scale: number
}

/** `unit` as written: ns us ms s m H d B w M y, or four capital letters of a trading calendar. */
export interface DurationValue {
  readonly count: number
  readonly unit: string
}

/**
 * null is the typed null. BOOL: boolean. CHAR SHORT INT DATE MONTH TIME MINUTE SECOND DATETIME: number.
 * LONG TIMESTAMP NANOTIME NANOTIMESTAMP: bigint. FLOAT DOUBLE: number. STRING: string. DECIMAL64, DURATION: objects.
 */
export type LiteralValue = number | bigint | string | boolean | null | DecimalValue | DurationValue

export interface LiteralExpr {
  readonly kind: 'literal'
  readonly type: LiteralType
  readonly value: LiteralValue
  readonly span: Span
}

/** A run of constants separated by blanks: `1 2 3`, `` `A`B ``. At least two items; the evaluator unifies their types. */
export interface ConstVectorExpr {
  readonly kind: 'constVector'
  readonly items: readonly LiteralExpr[]
  readonly span: Span
}

/** A value that the runtime puts into a tree (never parsed); `text` is how it prints inside code. */
export interface ValueExpr {
  readonly kind: 'value'
  readonly value: unknown
  readonly text: string
  readonly span: Span
}

/** A data type in the place of a value or of a column type: `INT`, `INT[]`, `DECIMAL32(3)`, `DECIMAL32(3)[]`. */
export interface TypeNameExpr {
  readonly kind: 'typeName'
  /** In upper case. */
  readonly name: string
  readonly array: boolean
  readonly scale: Expr | null
  readonly span: Span
}

/** A reserved constant that is no data type: `pi`, `e`, `VALUE`, `COMPO`, `TABLE`, `DFLT`, `SHARED`, `HINT_HASH` ... */
export interface ConstantExpr {
  readonly kind: 'constant'
  readonly name: string
  readonly span: Span
}

// ---------------------------------------------------------------------------------------------------------------------
// Names

export type Binding = 'variable' | 'function' | 'free'

export interface NameExpr {
  readonly kind: 'name'
  readonly name: string
  readonly binding: Binding
  readonly span: Span
}

/** `a::b::f`, `::f`, `&f`: always the function. */
export interface FunctionRefExpr {
  readonly kind: 'functionRef'
  /** Module path and name; one element for `::f` and `&f`. */
  readonly path: readonly string[]
  readonly form: 'qualified' | 'root' | 'ampersand'
  readonly span: Span
}

/** An operator symbol used as a value: `reduce(+, x)`. */
export interface OperatorRefExpr {
  readonly kind: 'operatorRef'
  readonly op: BinaryOperator | UnaryOperator
  readonly span: Span
}

/** `_"any text"`. */
export interface ColumnRefExpr {
  readonly kind: 'columnRef'
  readonly name: string
  readonly span: Span
}

/** `_$name` (one column) or `_$$name` (many). */
export interface MacroExpr {
  readonly kind: 'macro'
  readonly name: string
  readonly many: boolean
  readonly span: Span
}

/** `price1...price5`; `names` holds the whole series in written direction. */
export interface ColumnSeriesExpr {
  readonly kind: 'columnSeries'
  readonly from: string
  readonly to: string
  readonly names: readonly string[]
  readonly span: Span
}

/** `*` or `t.*` as an item of a select, or the sole argument of `count(*)`. */
export interface StarExpr {
  readonly kind: 'star'
  readonly qualifier: string | null
  readonly span: Span
}

// ---------------------------------------------------------------------------------------------------------------------
// Composite values

/** `[a, , b]`; null is a blank element. */
export interface VectorExpr {
  readonly kind: 'vector'
  readonly items: readonly (Expr | null)[]
  readonly span: Span
}

/** `(a, b)`, `()`. */
export interface TupleExpr {
  readonly kind: 'tuple'
  readonly items: readonly (Expr | null)[]
  readonly span: Span
}

export interface DictEntry {
  /** A STRING, INT, LONG or DOUBLE literal; a bare identifier has become a STRING. */
  readonly key: LiteralExpr
  readonly value: Expr
}

export interface DictExpr {
  readonly kind: 'dict'
  readonly entries: readonly DictEntry[]
  readonly span: Span
}

/** `a:b`; null is an end that was left open. */
export interface PairExpr {
  readonly kind: 'pair'
  readonly lower: Expr | null
  readonly upper: Expr | null
  readonly span: Span
}

/** `a..b`. */
export interface RangeExpr {
  readonly kind: 'range'
  readonly from: Expr
  readonly to: Expr
  readonly span: Span
}

// ---------------------------------------------------------------------------------------------------------------------
// Operators

export type UnaryOperator = 'neg' | 'not'
export type CompareOperator = 'lt' | 'le' | 'gt' | 'ge' | 'eq' | 'ne'
export type BinaryOperator =
  | CompareOperator
  | 'or'
  | 'and'
  | 'bitOr'
  | 'bitXor'
  | 'bitAnd'
  | 'lshift'
  | 'rshift'
  | 'add'
  | 'sub'
  | 'mul'
  | 'dot'
  | 'div'
  | 'ratio'
  | 'mod'
  | 'cast'
  | 'join'
  | 'pair'
  | 'seq'

export interface UnaryExpr {
  readonly kind: 'unary'
  readonly op: UnaryOperator
  readonly operand: Expr
  readonly span: Span
}

/** One operator between two operands; `word` is set when the operator was written as a word (`x add y`, `a and b`). */
export interface BinaryExpr {
  readonly kind: 'binary'
  readonly op: BinaryOperator
  readonly left: Expr
  readonly right: Expr
  readonly word: boolean
  readonly span: Span
}

/** `a < b <= c`: two or more comparisons; `operands` has one more element than `ops`. */
export interface CompareChainExpr {
  readonly kind: 'compareChain'
  readonly operands: readonly Expr[]
  readonly ops: readonly CompareOperator[]
  readonly span: Span
}

/** `x in y`, `x not like y`, `x between a:b`; SQL's `between a and b` has become a pair. */
export interface PredicateExpr {
  readonly kind: 'predicate'
  readonly op: 'in' | 'between' | 'like'
  readonly negated: boolean
  readonly left: Expr
  readonly right: Expr
  readonly span: Span
}

/** SQL: `x is null`, `x is not null`. */
export interface IsNullExpr {
  readonly kind: 'isNull'
  readonly operand: Expr
  readonly negated: boolean
  readonly span: Span
}

/** SQL: `x > any(q)`, `x = all(q)`. */
export interface QuantifiedExpr {
  readonly kind: 'quantified'
  readonly op: CompareOperator
  readonly quantifier: 'any' | 'all'
  readonly left: Expr
  readonly right: Expr
  readonly span: Span
}

/** A function between its two operands: `x join y`, `3 f 4`, `x {a,b->a+b} y`, `x +:L y`. */
export interface InfixExpr {
  readonly kind: 'infix'
  readonly func: Expr
  readonly left: Expr
  readonly right: Expr
  readonly span: Span
}

/** `c ? a : b`. */
export interface TernaryExpr {
  readonly kind: 'ternary'
  readonly condition: Expr
  readonly then: Expr
  readonly otherwise: Expr
  readonly span: Span
}

// ---------------------------------------------------------------------------------------------------------------------
// Calls and access

export interface Argument {
  /** Set for `f(b=2)`. */
  readonly name: string | null
  /** null: the slot was left empty, the argument is not given. */
  readonly value: Expr | null
  /** Set for `table(x as a)`, `ej(t as a, t as b, ...)`. */
  readonly alias: string | null
  readonly span: Span
}

/** `f(a, , b=2)` and `f x`; `juxtaposed` tells the second. */
export interface CallExpr {
  readonly kind: 'call'
  readonly callee: Expr
  readonly args: readonly Argument[]
  readonly juxtaposed: boolean
  readonly span: Span
}

/** `x.f(a)`: f(x, a) unless x is an object with its own f. `method` is a name, a lambda, a partial application or a hof. */
export interface MethodCallExpr {
  readonly kind: 'methodCall'
  readonly object: Expr
  readonly method: Expr
  readonly args: readonly Argument[]
  readonly span: Span
}

/** `x.name` and `x."odd name"`. */
export interface MemberExpr {
  readonly kind: 'member'
  readonly object: Expr
  readonly name: string
  readonly span: Span
}

/** `d.2`, `d.(3 5)`. */
export interface MemberKeyExpr {
  readonly kind: 'memberKey'
  readonly object: Expr
  readonly key: Expr
  readonly span: Span
}

/** `x[i]`, `m[1,]`, `x[1:]`: null is an omitted slot, slices are pairs. */
export interface IndexExpr {
  readonly kind: 'index'
  readonly object: Expr
  readonly slots: readonly (Expr | null)[]
  readonly span: Span
}

/** `f @ x`, `x @ (0, 1)`. */
export interface EachAtExpr {
  readonly kind: 'eachAt'
  readonly func: Expr
  readonly arg: Expr
  readonly span: Span
}

/** `f{1,,2}`; for `obj.f{a}` the function is a member node, and obj becomes the first fixed argument (or a bound method). */
export interface PartialExpr {
  readonly kind: 'partial'
  readonly func: Expr
  readonly args: readonly Argument[]
  readonly span: Span
}

export interface Parameter {
  readonly name: string
  readonly mutable: boolean
  readonly default: Expr | null
  readonly span: Span
}

export type FunctionBody =
  | { readonly kind: 'expression'; readonly expr: Expr; readonly span: Span }
  | { readonly kind: 'block'; readonly statements: Block; readonly span: Span }

/** Every anonymous function, however it was written. */
export interface LambdaExpr {
  readonly kind: 'lambda'
  readonly params: readonly Parameter[]
  readonly body: FunctionBody
  /** Written with `defg`. */
  readonly aggregate: boolean
  /** Variables of enclosing functions, lambdas or the session that the body reads, in order of first use. */
  readonly captures: readonly string[]
  /** Names assigned in the body (not parameters), in order of first assignment. */
  readonly locals: readonly string[]
  /** A body of statements as it is written, its braces included: metacode prints it. */
  readonly blockText?: string
  readonly span: Span
}

export interface HofSuffix {
  /** One of E U L R P O A T C G X H V. */
  readonly symbol: string
  /** Assembly rule D C U K, or null. */
  readonly rule: string | null
}

/** `f:E`, `+:E:L`: a function value; calling it, putting it before or between operands are call and infix nodes. */
export interface HofExpr {
  readonly kind: 'hof'
  readonly func: Expr
  readonly suffixes: readonly HofSuffix[]
  readonly span: Span
}

export interface MetacodeItem {
  readonly expr: Expr
  readonly alias: SelectItem['alias']
}

/** `<expr>`, `<expr as name>`, `<[a, b as x]>` (`list`). */
export interface MetacodeExpr {
  readonly kind: 'metacode'
  readonly items: readonly MetacodeItem[]
  readonly list: boolean
  readonly span: Span
}

/** Any SQL statement where an operand stands, or as a statement of its own inside an expression statement. */
export interface SqlExpr {
  readonly kind: 'sql'
  readonly statement: SqlStatement
  readonly span: Span
}

/** `case when c then v ... else v end`. */
export interface CaseExpr {
  readonly kind: 'case'
  readonly whens: readonly { readonly condition: Expr; readonly value: Expr }[]
  readonly otherwise: Expr | null
  readonly span: Span
}

export type FrameBound =
  | { readonly kind: 'unboundedPreceding' | 'unboundedFollowing' | 'currentRow' }
  | { readonly kind: 'preceding' | 'following'; readonly offset: Expr }

export interface WindowFrame {
  readonly unit: 'rows' | 'range'
  readonly lower: FrameBound
  readonly upper: FrameBound
}

/** `f(x) over (partition by ... order by ... rows between ... and ...)`. */
export interface OverExpr {
  readonly kind: 'over'
  readonly call: Expr
  readonly partitionBy: readonly Expr[]
  readonly orderBy: readonly SortKey[]
  readonly frame: WindowFrame | null
  readonly span: Span
}

export type Expr =
  | LiteralExpr
  | ConstVectorExpr
  | ValueExpr
  | TypeNameExpr
  | ConstantExpr
  | NameExpr
  | FunctionRefExpr
  | OperatorRefExpr
  | ColumnRefExpr
  | MacroExpr
  | ColumnSeriesExpr
  | StarExpr
  | VectorExpr
  | TupleExpr
  | DictExpr
  | PairExpr
  | RangeExpr
  | UnaryExpr
  | BinaryExpr
  | CompareChainExpr
  | PredicateExpr
  | IsNullExpr
  | QuantifiedExpr
  | InfixExpr
  | TernaryExpr
  | CallExpr
  | MethodCallExpr
  | MemberExpr
  | MemberKeyExpr
  | IndexExpr
  | EachAtExpr
  | PartialExpr
  | LambdaExpr
  | HofExpr
  | MetacodeExpr
  | SqlExpr
  | CaseExpr
  | OverExpr
