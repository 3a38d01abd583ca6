/** The scope of a query: the place in the script where it stands, seen through `SqlScope`. */
import type { Expr, Span, SqlExpr } from '../../lang/ast.ts'
import type { SourceText } from '../../lang/source.ts'
import { type ErrorPosition, inputError, operatorError } from '../errors.ts'
import { formName, type SourceTable, type Table, type Value } from '../values/index.ts'
import { Emitter } from './emitter.ts'
import { emitExpr } from './expressions.ts'
import { positionIn } from './failure.ts'
import type { Host } from './host.ts'
import { writable } from './ownership.ts'
import type { ColumnResolver, Getter, Interceptor, SqlScope } from './scope.ts'

/** Where compiled code stands: what names it can see. */
export interface Place {
  readonly module: string
  readonly source: SourceText
  readonly seesSession: boolean
}

export class LexicalScope implements SqlScope {
  readonly session: Host
  readonly #place: Place
  /** Locals of the enclosing function that the query mentions; `#values` is shared with the code that runs the query. */
  readonly #names: readonly string[]
  readonly #values: (Value | undefined)[]
  /** Tables of `with` clauses. */
  readonly #tables: ReadonlyMap<string, Value>
  /** Columns of the enclosing queries. */
  readonly #outer: ColumnResolver | undefined

  constructor(
    host: Host,
    place: Place,
    names: readonly string[],
    values: (Value | undefined)[],
    tables: ReadonlyMap<string, Value> = new Map(),
    outer?: ColumnResolver,
  ) {
    this.session = host
    this.#place = place
    this.#names = names
    this.#values = values
    this.#tables = tables
    this.#outer = outer
  }

  compileInScope(expr: Expr, columns: ColumnResolver, intercept?: Interceptor): Getter {
    const em = this.#emitter()
    const outer = this.#outer
    const resolve: ColumnResolver =
      outer === undefined ? columns : (name, qualifier) => columns(name, qualifier) ?? outer(name, qualifier)
    em.sql = { scope: this, columns: resolve, intercept }
    return this.#build(em, expr)
  }

  evaluate(expr: Expr): Value {
    if (expr.kind === 'sql') return this.session.runSql(expr.statement, this)
    const em = this.#emitter()
    if (this.#outer !== undefined) em.sql = { scope: this, columns: this.#outer, intercept: undefined }
    return this.#build(em, expr)()
  }

  #emitter(): Emitter {
    const em = new Emitter({ host: this.session, ...this.#place })
    em.keepsText = true
    const values = em.constant(this.#values)
    this.#names.forEach((name, k) => {
      em.bindings.set(name, { js: `${values}[${k}]`, definite: false, writable: false, local: false })
    })
    for (const [name, table] of this.#tables)
      em.bindings.set(name, { js: em.constant(table), definite: true, writable: false, local: false })
    return em
  }

  #build(em: Emitter, expr: Expr): Getter {
    const body = `${em.mark(expr.span)} return ${emitExpr(em, expr)};`
    return em.build([], body, { source: this.#place.source, spans: em.spans, functionName: undefined }) as Getter
  }

  writableTable(expr: Expr): Table | SourceTable {
    const table = this.#tableToWrite(expr)
    this.session.transaction?.remember(table)
    return table
  }

  #tableToWrite(expr: Expr): Table | SourceTable {
    const table = expr.kind === 'name' ? this.#writableVariable(expr.name) : this.evaluate(expr)
    if (table.kind === 'table' || table.kind === 'source') return table
    if (table.kind === 'scalar' && typeof table.value === 'string') {
      const named = this.session.variable(table.value)
      if (named?.kind === 'table' || named?.kind === 'source') return named
    }
    throw inputError(`A ${formName(table)} can't be changed by SQL: a table is needed.`)
  }

  #writableVariable(name: string): Value {
    const at = this.#names.indexOf(name)
    const local = at < 0 ? undefined : this.#values[at]
    if (local !== undefined) {
      const thawed = writable(local)
      this.#values[at] = thawed
      return thawed
    }
    if (this.#place.seesSession) {
      const cell = this.session.cell(name)
      if (cell.value !== undefined) {
        if (cell.constant) throw operatorError(`Constant variable [${name}] can't be modified.`, { code: 'constant' })
        cell.value = writable(cell.value)
        return cell.value
      }
    }
    const shared = this.session.shared.get(name)
    if (shared !== undefined) return shared
    throw inputError(`Can't recognize table ${name}`, { code: 'tableMissing' })
  }

  withNames(names: ReadonlyMap<string, Value>): SqlScope {
    const tables = new Map([...this.#tables, ...names])
    return new LexicalScope(this.session, this.#place, this.#names, this.#values, tables, this.#outer)
  }

  positionOf(span: Span): ErrorPosition | undefined {
    return this.#place.source.text === '' ? undefined : positionIn(this.#place.source, span.start)
  }

  executeNested(query: SqlExpr, columns: ColumnResolver): Value {
    const outer = this.#outer
    const resolve: ColumnResolver =
      outer === undefined ? columns : (name, qualifier) => columns(name, qualifier) ?? outer(name, qualifier)
    const inner = new LexicalScope(this.session, this.#place, this.#names, this.#values, this.#tables, resolve)
    return this.session.runSql(query.statement, inner)
  }
}
