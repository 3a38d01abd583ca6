/** Metacode: making CODE values, and evaluating them with or without the columns of a table in scope. */
import type { MetacodeItem, SqlExpr, SqlStatement } from '../../lang/ast.ts'
import { SourceText } from '../../lang/source.ts'
import { inputError } from '../errors.ts'
import type { Session } from '../session.ts'
import { AnyVector, CodeValue, Scalar, type Table, type Value } from '../values/index.ts'
import { Emitter } from './emitter.ts'
import { emitExpr } from './expressions.ts'
import type { Host } from './host.ts'
import { freeze } from './ownership.ts'
import type { ColumnResolver, SqlScope } from './scope.ts'
import { LexicalScope } from './sql-scope.ts'

/** What a CodeValue made here holds. */
export interface CodeNode {
  readonly item: MetacodeItem
  /** The text that the spans of the expression refer to; empty for code that was built from values. */
  readonly source: SourceText
}

const isCodeNode = (node: unknown): node is CodeNode => typeof node === 'object' && node !== null && 'item' in node

export function codeNode(code: CodeValue): CodeNode {
  if (!isCodeNode(code.node)) throw inputError('This metacode was not made by this session.')
  return code.node
}

const NO_SOURCE = new SourceText('')

/** Code from an expression that was built rather than written. */
export const codeOf = (item: MetacodeItem, captured: ReadonlyMap<string, Value> = new Map()): CodeValue =>
  new CodeValue({ item, source: NO_SOURCE } satisfies CodeNode, captured)

/** `<expr>` where it stands: remembers the locals that it mentions. A local without a value is left to be found at evaluation. */
export function code(
  item: MetacodeItem,
  source: SourceText,
  names: readonly string[],
  values: readonly (Value | undefined)[],
): CodeValue {
  const captured = new Map<string, Value>()
  names.forEach((name, k) => {
    const value = values[k]
    if (value !== undefined) captured.set(name, freeze(value))
  })
  return new CodeValue({ item, source } satisfies CodeNode, captured)
}

/** `<[a, b as x]>`. */
export function codeList(
  items: readonly MetacodeItem[],
  source: SourceText,
  names: readonly string[],
  values: readonly (Value | undefined)[],
): AnyVector {
  return new AnyVector(items.map((item) => code(item, source, names, values)))
}

/** The statement of `<select ...>` and the scope that it runs in; undefined for code that is no statement. */
export function statementOf(
  host: Host,
  value: CodeValue,
): { readonly statement: SqlStatement; readonly scope: SqlScope } | undefined {
  const { item, source } = codeNode(value)
  if (item.expr.kind !== 'sql') return undefined
  return { statement: (item.expr as SqlExpr).statement, scope: codeScope(host, value, source) }
}

/** Where code is evaluated: in its captured locals, and the session that evaluates it. */
export const codeScope = (host: Host, value: CodeValue, source: SourceText): LexicalScope =>
  new LexicalScope(
    host,
    { module: '', source, seesSession: true },
    [...value.captured.keys()],
    [...value.captured.values()],
  )

/** `eval(code)`: captured locals, session variables, shared objects, functions. */
export function evaluateCode(host: Host, value: CodeValue, columns?: ColumnResolver): Value {
  const { item, source } = codeNode(value)
  const origin = { module: '', source, seesSession: true }
  const scope = codeScope(host, value, source)
  if (columns !== undefined) return scope.compileInScope(item.expr, columns)()
  if (item.expr.kind === 'sql') return host.runSql((item.expr as SqlExpr).statement, scope)
  const em = new Emitter({ host, ...origin })
  for (const [name, captured] of value.captured)
    em.bindings.set(name, { js: em.value(captured), definite: true, writable: false, local: false })
  const body = `${em.mark(item.expr.span)} return ${emitExpr(em, item.expr)};`
  return em.build([], body, { source, spans: em.spans, functionName: undefined })()
}

/** Evaluates code with the columns of an in-memory table in scope; names of columns ignore case. */
export function evaluateOverTable(session: Session, value: CodeValue, table: Table): Value {
  return evaluateCode(session as Host, value, (name, qualifier) => {
    if (qualifier !== undefined) return undefined
    const at = table.columnIndex(name, true)
    return at < 0 ? undefined : () => table.columns[at]
  })
}

/** The value of an argument that may be metacode: itself, or what it evaluates to. */
export const evaluated = (host: Host, value: Value): Value =>
  value instanceof CodeValue ? evaluateCode(host, value) : value

export const NOT_GIVEN = Scalar.NOTHING
