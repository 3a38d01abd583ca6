/**
 * Names that nobody knows, found before anything of a unit runs (language specification, section 5.7).
 *
 * Only the statements of the top level are looked at. Function bodies and queries may name objects that exist when they run, and so may
 * whatever follows a statement that brings in other scripts. A name that the unit shares, creates or mentions in quotes is given the benefit of
 * the doubt: ``share(t, `st)`` and its kin define it while the unit runs.
 */
import type { NameExpr, Statement } from '../../lang/ast.ts'
import { walk } from './walk.ts'

/** Functions that run other scripts, which may define anything. */
const RUNS_SCRIPTS: ReadonlySet<string> = new Set(['run', 'runScript', 'loadModule', 'loadPlugin'])

/** Nodes whose names are looked up when they run. */
const LATER: ReadonlySet<string> = new Set(['def', 'lambda', 'class', 'mapr', 'metacode', 'sql', 'case'])

type Node = { readonly kind: string }

/** The first unknown name of a unit, and the names that its statements define up to there. */
export interface UnknownName {
  readonly node: NameExpr
  readonly defined: ReadonlySet<string>
}

/** `isFound`: whether a name that the session does not know is known elsewhere after all. */
export function findUnknownName(
  unit: readonly Statement[],
  isFound: (name: string) => boolean = () => false,
): UnknownName | undefined {
  const doubtful = mentionedNames(unit)
  const defined = new Set<string>()
  for (const statement of unit) {
    let unknown: NameExpr | undefined
    let runsScripts = statement.kind === 'use' || statement.kind === 'include'
    walk(statement, (node) => {
      if (unknown !== undefined || LATER.has(node.kind)) return false
      // A later statement of a loop may have assigned in the round before.
      if (node.kind === 'for' || node.kind === 'while' || node.kind === 'doWhile') addAssigned(node, doubtful)
      if (node.kind !== 'name') return true
      const name = node as NameExpr
      if (RUNS_SCRIPTS.has(name.name)) runsScripts = true
      if (name.binding !== 'free' || doubtful.has(name.name) || name.name.startsWith('testing_')) return true
      if (isFound(name.name)) doubtful.add(name.name)
      else unknown = name
      return true
    })
    if (unknown !== undefined) return { node: unknown, defined }
    if (runsScripts) return undefined
    addAssigned(statement, defined)
    if (statement.kind === 'def') defined.add(statement.name)
  }
  return undefined
}

/** Names that stand in quotes or are made by `share` and `create table`. */
function mentionedNames(unit: readonly Statement[]): Set<string> {
  const names = new Set<string>()
  walk(unit, (node: Node) => {
    if (node.kind === 'literal') {
      const { value } = node as unknown as { value: unknown }
      if (typeof value === 'string') names.add(value)
    } else if (node.kind === 'share' || node.kind === 'createTable')
      names.add((node as unknown as { name: string }).name)
    return true
  })
  return names
}

function addAssigned(root: Node, into: Set<string>): void {
  walk(root, (node: Node) => {
    if (LATER.has(node.kind)) return false
    if (node.kind === 'assign')
      for (const target of (node as Statement & { kind: 'assign' }).targets) into.add(target.name)
    else if (node.kind === 'const' || node.kind === 'alias') into.add((node as unknown as { name: string }).name)
    else if (node.kind === 'for') into.add((node as Statement & { kind: 'for' }).variable)
    else if (node.kind === 'try') into.add((node as Statement & { kind: 'try' }).variable)
    return true
  })
}
