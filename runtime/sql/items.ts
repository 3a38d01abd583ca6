/** The select list: which columns it makes, under which names. */
import type { Alias, Expr, SelectItem, SelectStatement, Span } from '../../lang/ast.ts'
import { inputError } from '../errors.ts'
import type { Value } from '../values/index.ts'
import { generatedName } from './names.ts'
import { arisenAt, at } from './place.ts'
import type { Field } from './relation.ts'
import { findField } from './relation.ts'

/** One item of the expanded list. */
export interface Item {
  readonly expr: Expr
  /** Name of its column; for `names` of no use. */
  readonly name: string
  /** Spreads a vector result over columns; an empty name drops the element. */
  readonly names: readonly string[] | undefined
  readonly aliased: boolean
}

/** `*` and series become columns; every item gets its name. */
export function expandItems(items: readonly SelectItem[], fields: readonly Field[]): Item[] {
  const out: Item[] = []
  const stars = items.filter((i) => i.expr.kind === 'star').length
  items.forEach((written, position) => {
    const item = columnWithAlias(written, fields)
    const { expr, alias } = item
    at(expr.span, () => {
      if (expr.kind === 'star') out.push(...starItems(expr.qualifier, expr, fields, stars === 1))
      else if (containsSeries(expr)) out.push(...seriesItems(item, fields, position))
      else out.push(itemOf(expr, alias, fields, position))
    })
  })
  return out
}

/**
 * `select r = a + 1`: where nothing is named r, neither a column nor a variable, the item has that name. It compares otherwise (SQL reference, 1.5).
 * `means` tells what a name outside of the table is.
 */
export function namedByEquals(
  node: SelectStatement,
  fields: readonly Field[],
  means: (name: Expr) => Value | undefined,
): SelectStatement {
  let changed = false
  const items = node.items.map((item) => {
    const [name, value] = item.alias === null ? sidesOfEquals(item.expr) : []
    if (name?.kind !== 'name' || findField(fields, name.name, undefined) >= 0) return item
    const meant = means(name)
    if (value === undefined || (meant !== undefined && meant.kind !== 'function')) return item
    changed = true
    return { ...item, expr: value, alias: { kind: 'name', name: name.name } as const }
  })
  return changed ? { ...node, items } : node
}

/** What stands before the first equals sign, and everything behind it. */
function sidesOfEquals(expr: Expr): [Expr, Expr] | [] {
  if (expr.kind === 'binary' && expr.op === 'eq') return [expr.left, expr.right]
  if (expr.kind !== 'compareChain' || expr.ops[0] !== 'eq') return []
  const [first, ...operands] = expr.operands
  const [, ...ops] = expr.ops
  const { span } = expr
  const rest: Expr =
    ops.length === 1
      ? { kind: 'binary', op: ops[0], left: operands[0], right: operands[1], word: false, span }
      : { ...expr, operands, ops }
  return [first, rest]
}

/** `date d` reads as date(d); where date is a column and d is none, it is the column under another name. */
function columnWithAlias(item: SelectItem, fields: readonly Field[]): SelectItem {
  const { expr, alias } = item
  if (expr.kind !== 'call' || !expr.juxtaposed || alias !== null || expr.callee.kind !== 'name') return item
  const argument = expr.args[0]?.value
  if (argument?.kind !== 'name') return item
  if (findField(fields, expr.callee.name, undefined) < 0 || findField(fields, argument.name, undefined) >= 0)
    return item
  return { ...item, expr: expr.callee, alias: { kind: 'name', name: argument.name } }
}

function itemOf(expr: Expr, alias: Alias | null, fields: readonly Field[], position: number): Item {
  const names = alias?.kind === 'names' ? alias.names : undefined
  const name = alias?.kind === 'name' ? alias.name : nameOf(expr, fields, position)
  return { expr, name, names, aliased: alias !== null }
}

/** Generated name of an expression over the fields. */
export function nameOf(expr: Expr, fields: readonly Field[], position: number): string {
  return generatedName(
    expr,
    (name, qualifier) => {
      const k = findField(fields, name, qualifier)
      if (k < 0) return undefined
      return qualifier === undefined ? fields[k].name : fields[k].sourceName
    },
    position,
  )
}

/** `alone`: the only star of the list. Then `t2.*` shows the join columns of t2 as well, which the columns of t1 stand for otherwise. */
function starItems(qualifier: string | null, expr: Expr, fields: readonly Field[], alone: boolean): Item[] {
  const chosen = fields.filter((f) => (qualifier === null ? !f.hidden : f.table === qualifier && (alone || !f.hidden)))
  if (qualifier !== null && !fields.some((f) => f.table === qualifier))
    throw inputError(`Unknown table alias [${qualifier}].`, { refId: 'S02059' })
  return chosen.map((f) => ({
    expr:
      f.hidden && qualifier !== null
        ? {
            kind: 'member',
            object: { kind: 'name', name: qualifier, binding: 'free', span: expr.span },
            name: f.sourceName,
            span: expr.span,
          }
        : { kind: 'columnRef', name: f.name, span: expr.span },
    name: f.name,
    names: undefined,
    aliased: false,
  }))
}

/** A series outside a call: `p1...p5`, `(p1...p5)*(q1...q5)`. Inside a call it is one argument, a tuple of columns. */
function containsSeries(expr: Expr): boolean {
  if (expr.kind === 'columnSeries') return true
  if (expr.kind === 'binary') return containsSeries(expr.left) || containsSeries(expr.right)
  return expr.kind === 'unary' && containsSeries(expr.operand)
}

function seriesItems(item: SelectItem, fields: readonly Field[], position: number): Item[] {
  const size = seriesSize(item.expr)
  const { alias } = item
  if (alias?.kind === 'series' && alias.names.length !== size)
    throw inputError('The series of aliases must be as long as the series of columns.', { refId: 'S02010' })
  return Array.from({ length: size }, (_, k) => {
    const expr = element(item.expr, k)
    const named: Alias | null = alias?.kind === 'series' ? { kind: 'name', name: alias.names[k] } : null
    return itemOf(expr, named, fields, position + k)
  })
}

function seriesSize(expr: Expr): number {
  if (expr.kind === 'columnSeries') return expr.names.length
  if (expr.kind === 'unary') return seriesSize(expr.operand)
  if (expr.kind !== 'binary') return 0
  const [a, b] = [seriesSize(expr.left), seriesSize(expr.right)]
  if (a > 0 && b > 0 && a !== b)
    throw inputError('Column series in one expression must have the same length.', { refId: 'S02010' })
  return Math.max(a, b)
}

function element(expr: Expr, k: number): Expr {
  if (expr.kind === 'columnSeries') return { kind: 'columnRef', name: expr.names[k], span: expr.span }
  if (expr.kind === 'unary') return { ...expr, operand: element(expr.operand, k) }
  if (expr.kind === 'binary') return { ...expr, left: element(expr.left, k), right: element(expr.right, k) }
  return expr
}

/** Two columns of one name are an error; `spanOf` tells where the columns are written, if they are. */
export function checkNames(names: readonly string[], spanOf: (k: number) => Span | undefined = () => undefined): void {
  const seen = new Set<string>()
  names.forEach((name, k) => {
    if (seen.has(name)) {
      const error = inputError(`Duplicate column name: [${name}].`, { refId: 'S02001' })
      throw arisenAt(error, spanOf(k))
    }
    seen.add(name)
  })
}
