/** Walking the syntax tree without knowing every node: for the few questions that are about names only. */
import type { Expr, SqlStatement, Statement } from '../../lang/ast.ts'

type Node = { readonly kind: string }
const isNode = (x: unknown): x is Node =>
  typeof x === 'object' && x !== null && 'kind' in x && typeof x.kind === 'string'

/** Calls `visit` for the node and everything below it; `visit` returns false to skip what is below. */
export function walk(root: unknown, visit: (node: Node) => boolean): void {
  if (Array.isArray(root)) {
    for (const item of root) walk(item, visit)
    return
  }
  if (typeof root !== 'object' || root === null) return
  if (isNode(root)) {
    // A value that the runtime put into the tree is no syntax.
    if (root.kind === 'value' || !visit(root)) return
  }
  for (const child of Object.values(root)) if (typeof child === 'object' && child !== null) walk(child, visit)
}

/**
 * Every name that the syntax may read as a variable or column, called names included (a variable may hold a function). Names that a lambda
 * binds itself are included too: the caller intersects with what it knows.
 */
export function namesIn(root: Expr | SqlStatement | Statement | readonly unknown[]): Set<string> {
  const names = new Set<string>()
  walk(root, (node) => {
    if (node.kind === 'name') names.add((node as unknown as { name: string }).name)
    else if (node.kind === 'macro') names.add((node as unknown as { name: string }).name)
    else if (node.kind === 'lambda') for (const c of (node as unknown as { captures: string[] }).captures) names.add(c)
    return true
  })
  return names
}
