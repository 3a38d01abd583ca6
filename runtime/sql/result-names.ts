/** Names that a query gives itself stand for nothing in the clauses that run before its items: the error says so. */
import type { Expr, SelectStatement } from '../../lang/ast.ts'
import { HoldfastError } from '../errors.ts'
import { mentionedNames } from './expressions.ts'

/** Runs a select; an unknown name that is one of its own leaves with a hint. */
export function withNameHint<R>(node: SelectStatement, run: () => R): R {
  try {
    return run()
  } catch (error) {
    const hint =
      error instanceof HoldfastError && error.code === 'unknownName' ? hintFor(node, error.where?.name) : undefined
    if (hint === undefined) throw error
    throw withHint(error as HoldfastError, hint)
  }
}

function hintFor(node: SelectStatement, name: string | number | bigint | undefined): string | undefined {
  if (typeof name !== 'string') return undefined
  const isMentioned = (exprs: readonly Expr[]): boolean => {
    const names = new Set<string>()
    for (const e of exprs) mentionedNames(e, names)
    return names.has(name.toLowerCase())
  }
  const keys = [...(node.group?.keys ?? []), ...node.cgroup, ...node.csort].map((k) => k.expr)
  if (node.items.some(({ alias }) => alias?.kind === 'name' && alias.name === name)) {
    if (isMentioned([...node.where, ...node.having, ...keys]))
      return `${name} names an item of the result: where, having and the keys see columns of the table, so write the expression`
  } else if (node.group !== null && isMentioned(node.orderBy.map((k) => k.expr)))
    return 'order by of a grouped query sees the columns of its result: select what it sorts by'
  return undefined
}

function withHint(error: HoldfastError, hint: string): HoldfastError {
  const { kind, message, code, where, position, frames, category } = error
  const hinted = new HoldfastError(kind, message, { code, where, hint, cause: error })
  hinted.position = position
  hinted.category = category
  hinted.frames.push(...frames)
  return hinted
}
