/** A query that does not fit into the memory of its session says which one it was and what would make it smaller. */
import type { SqlStatement } from '../../lang/ast.ts'
import { sqlText } from '../compile/code-text.ts'
import { HoldfastError } from '../errors.ts'

const TEXT_MAX = 160

/** Runs a statement; an error about memory is named after the innermost query that ran into it. */
export function namedInMemoryErrors<R>(node: SqlStatement, run: () => R): R {
  try {
    return run()
  } catch (thrown) {
    if (!(thrown instanceof HoldfastError) || thrown.code !== 'memoryLimit' || thrown.where?.query !== undefined)
      throw thrown
    const query = shortened(sqlText(node))
    const named = new HoldfastError(
      thrown.kind,
      thrown.message.replace(/^Out of memory:/, `Out of memory in [${query}]:`),
      {
        code: thrown.code,
        where: { ...thrown.where, query },
        hint: `${adviceFor(node)}, or raise the limit (--memory-limit)`,
        cause: thrown,
      },
    )
    named.position = thrown.position
    named.frames.push(...thrown.frames)
    throw named
  }
}

const shortened = (text: string): string => {
  const line = text.replace(/\s+/g, ' ')
  return line.length <= TEXT_MAX ? line : `${line.slice(0, TEXT_MAX - 3)}...`
}

/** What of a query needs memory, and what to do about it: the first that applies. */
function adviceFor(node: SqlStatement): string {
  const narrower = 'take fewer rows at a time with a condition on the partitioning column'
  if (node.kind !== 'select') return narrower
  if (node.from?.kind === 'join') return `a join holds the rows of both sides: join fewer columns, or ${narrower}`
  switch (node.group?.kind) {
    case 'group':
      return `every group is held until the end: group by fewer values, add the partitioning column to the keys and the keyword map, or ${narrower}`
    case 'context':
    case 'pivot':
      return `the rows of all groups are held together: ${narrower}`
  }
  if (node.orderBy.length > 0) return `sorting holds all rows: keep the first with top or limit, or ${narrower}`
  return `the result itself does not fit: select fewer columns, or ${narrower}`
}
