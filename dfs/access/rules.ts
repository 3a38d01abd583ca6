/**
 * The rules that a user or a group has been given, and what grant, deny and revoke make of them.
 *
 * Always true of a list of rules: no two are about the same right and scope, none is contained in another of the same kind, and none allows what a wider
 * one denies. So for one user or group a matching denial decides, whatever else matches.
 */
import { inputError } from '../../runtime/errors.ts'
import { contains, type Right, type Scope, scopeText } from './rights.ts'

export interface AccessRule {
  readonly right: Right
  readonly scope: Scope
  readonly allow: boolean
}

export type AccessChange = 'grant' | 'deny' | 'revoke'

/**
 * A change replaces all that was said of the scope and of what lies in it. A denial may cut a piece out of a grant; to grant a piece of what is denied is
 * refused. Revoking a piece of a wider rule changes nothing of it.
 */
export function changeRules(
  rules: readonly AccessRule[],
  change: AccessChange,
  right: Right,
  scope: Scope,
): readonly AccessRule[] {
  const rest = rules.filter((r) => r.right !== right || !contains(scope, r.scope))
  if (change === 'revoke') return rest
  const wider = rest.filter((r) => r.right === right && contains(r.scope, scope))
  const denial = wider.find((r) => !r.allow)
  if (change === 'grant' && denial !== undefined)
    throw inputError(
      `Invalid grant: grant [${scopeText(scope)}] and [deny ${scopeText(denial.scope)}] are in conflict`,
      { code: 'accessConflict', hint: `revoke the denial of [${scopeText(denial.scope)}] first` },
    )
  const isSaid = change === 'grant' ? wider.length > 0 : denial !== undefined
  return isSaid ? rest : [...rest, { right, scope, allow: change === 'grant' }]
}

/** The rules without those on a table, or on a database and its tables. Databases by prefix are none of these. */
export function withoutObject(rules: readonly AccessRule[], gone: Scope): readonly AccessRule[] {
  const left = rules.filter((r) => !contains(gone, r.scope))
  return left.length === rules.length ? rules : left
}

/** The rules of a table go with it to its new name. */
export function withRenamedTable(
  rules: readonly AccessRule[],
  db: string,
  from: string,
  to: string,
): readonly AccessRule[] {
  const isIt = (s: Scope): boolean => s.kind === 'table' && s.db === db && s.table === from
  if (!rules.some((r) => isIt(r.scope))) return rules
  return rules.map((r) => (isIt(r.scope) ? { ...r, scope: { kind: 'table', db, table: to } } : r))
}
