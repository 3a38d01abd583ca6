/** Macro variables: `_$name` stands for one column, `_$$names` for several, by the text in a STRING variable. */
import type { Alias, Expr, MacroExpr, SelectItem, SelectStatement, SortKey } from '../../lang/ast.ts'
import type { SqlScope } from '../compile/scope.ts'
import { inputError } from '../errors.ts'
import { callShape, replaced, some } from './expressions.ts'
import { stringsOf } from './from.ts'

/** The statement without macro variables. */
export function expandMacros(node: SelectStatement, scope: SqlScope): SelectStatement {
  if (!usesMacros(node)) return node
  const expand = (e: Expr): Expr => replace(e, (m) => single(m, scope))
  const keys = (list: readonly SortKey[]): SortKey[] => list.map((k) => ({ ...k, expr: expand(k.expr) }))
  const items = (list: readonly SelectItem[]): SelectItem[] => list.flatMap((i) => expandItem(i, scope))
  return {
    ...node,
    items: items(node.items),
    where: node.where.map(expand),
    cgroup: items(node.cgroup),
    group: node.group === null ? null : { ...node.group, keys: items(node.group.keys) },
    csort: keys(node.csort),
    having: node.having.map(expand),
    orderBy: keys(node.orderBy),
  }
}

function usesMacros(node: SelectStatement): boolean {
  const items = [...node.items, ...(node.group?.keys ?? []), ...node.cgroup]
  const exprs = [...items.map((i) => i.expr), ...node.where, ...node.having]
  for (const key of [...node.csort, ...node.orderBy]) exprs.push(key.expr)
  return items.some((i) => i.alias?.kind === 'macro') || exprs.some((e) => some(e, (x) => x.kind === 'macro'))
}

/**
 * An item with a `_$$names` becomes as many items as there are names. Where all of them stand inside calls, and no `_$$aliases` name the
 * results, each is one argument: the tuple of these columns. What `f:V` makes of each column is an item of its own in any case.
 */
function expandItem(item: SelectItem, scope: SqlScope): SelectItem[] {
  const namesResults = item.alias?.kind === 'macro' && item.alias.many
  const isEach = standsOutsideCalls(item.expr) || (item.alias === null && isCallByColumn(item.expr))
  if (!isEach && !namesResults) {
    const expr = replace(item.expr, (m) => (m.many ? series(m, scope) : single(m, scope)))
    return [{ ...item, expr, alias: aliasOf(item.alias, 0, () => [], scope) }]
  }
  let size = -1
  const lists = new Map<string, string[]>()
  const listOf = (name: string): string[] => {
    let list = lists.get(name)
    if (list === undefined) {
      list = textOf(name, scope)
      lists.set(name, list)
      if (size >= 0 && list.length !== size)
        throw inputError('Macro variables of one item must have the same length.', { refId: 'S02010' })
      size = list.length
    }
    return list
  }
  const collect = (m: MacroExpr): Expr => {
    if (m.many) listOf(m.name)
    return m
  }
  replace(item.expr, collect)
  if (item.alias?.kind === 'macro' && item.alias.many) listOf(item.alias.name)
  const count = size < 0 ? 1 : size
  return Array.from({ length: count }, (_, k) => {
    const expr = replace(item.expr, (m) => (m.many ? columnRef(listOf(m.name)[k], m) : single(m, scope)))
    return { ...item, expr, alias: aliasOf(item.alias, k, listOf, scope) }
  })
}

function aliasOf(alias: Alias | null, k: number, listOf: (name: string) => string[], scope: SqlScope): Alias | null {
  if (alias?.kind !== 'macro') return alias
  return { kind: 'name', name: alias.many ? listOf(alias.name)[k] : textOf(alias.name, scope)[0] }
}

function standsOutsideCalls(expr: Expr): boolean {
  if (expr.kind === 'macro') return expr.many
  if (expr.kind === 'binary') return standsOutsideCalls(expr.left) || standsOutsideCalls(expr.right)
  return expr.kind === 'unary' && standsOutsideCalls(expr.operand)
}

function isCallByColumn(expr: Expr): boolean {
  const shape = callShape(expr)
  if (shape?.callee.kind !== 'hof' || shape.callee.suffixes.at(-1)?.symbol !== 'V') return false
  return shape.args.some(({ value }) => value?.kind === 'macro' && value.many)
}

function single(m: MacroExpr, scope: SqlScope): Expr {
  if (m.many) return series(m, scope)
  const names = textOf(m.name, scope)
  if (names.length === 1) return columnRef(names[0], m)
  throw inputError(`The macro variable ${m.name} must hold one string.`, { code: 'macro' })
}

function series(m: MacroExpr, scope: SqlScope): Expr {
  const names = textOf(m.name, scope)
  if (names.length === 0) throw inputError(`The macro variable ${m.name} holds no name.`, { code: 'macro' })
  return { kind: 'columnSeries', from: names[0], to: names[names.length - 1], names, span: m.span }
}

const columnRef = (name: string, m: MacroExpr): Expr => ({ kind: 'columnRef', name, span: m.span })

function textOf(name: string, scope: SqlScope): string[] {
  const value = scope.evaluate({ kind: 'name', name, binding: 'free', span: NOWHERE })
  const isText = value.kind === 'scalar' ? typeof value.value === 'string' : value.kind === 'vector'
  if (!isText) throw inputError(`The macro variable ${name} must hold the names of columns.`, { code: 'macro' })
  return stringsOf(value)
}

const NOWHERE = { start: 0, end: 0 } as Expr['span']

const replace = (expr: Expr, by: (m: MacroExpr) => Expr): Expr =>
  replaced(expr, (e) => (e.kind === 'macro' ? by(e) : undefined))
