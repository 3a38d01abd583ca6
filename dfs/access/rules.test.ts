import { describe, expect, it } from 'vitest'
import fc from '../../test/properties.ts'
import { type AccessState, Permissions } from './permissions.ts'
import { contains, type Right, type Scope, scopeText } from './rights.ts'
import { type AccessChange, type AccessRule, changeRules, withoutObject, withRenamedTable } from './rules.ts'

const ALL: Scope = { kind: 'all' }
const DB: Scope = { kind: 'database', db: 'dfs://test' }
const PT: Scope = { kind: 'table', db: 'dfs://test', table: 'pt' }
const SCOPES: Readonly<Record<string, Scope>> = {
  '*': ALL,
  db: DB,
  pt: PT,
  pt2: { kind: 'table', db: 'dfs://test', table: 'pt2' },
  other: { kind: 'database', db: 'dfs://other' },
}

/** `grant *; deny pt` */
function saying(script: string, right: Right = 'READ'): readonly AccessRule[] {
  return script.split('; ').reduce<readonly AccessRule[]>((rules, step) => {
    const [change, scope] = step.split(' ')
    return changeRules(rules, change as AccessChange, right, SCOPES[scope])
  }, [])
}

const permissions = (rules: readonly AccessRule[], isAdmin = false): Permissions =>
  new Permissions({ user: 'u', isActive: true, isAdmin, rules })

const onTable = (rules: readonly AccessRule[], table: string): AccessState =>
  permissions(rules).state('READ', 'dfs://test', table)

describe('what was said of a right', () => {
  it.each([
    ['grant pt', 'allow', 'none'],
    ['deny pt; grant *', 'allow', 'allow'],
    ['grant pt; deny *', 'deny', 'deny'],
    ['grant pt; revoke *', 'none', 'none'],
    ['grant *; deny pt', 'deny', 'allow'],
    ['grant *; revoke pt', 'allow', 'allow'],
    ['deny *; revoke pt', 'deny', 'deny'],
    ['revoke *; grant pt', 'allow', 'none'],
    ['grant *; deny pt; revoke pt', 'allow', 'allow'],
    ['grant *; deny pt; grant pt', 'allow', 'allow'],
    ['grant *; deny pt; grant db', 'allow', 'allow'],
    ['grant *; deny db', 'deny', 'deny'],
    ['grant db; revoke pt', 'allow', 'allow'],
    ['grant db; deny pt; grant *', 'allow', 'allow'],
    ['deny pt; revoke db', 'none', 'none'],
    ['grant other', 'none', 'none'],
    ['grant *; grant pt; revoke *', 'none', 'none'],
    ['deny pt; deny *; revoke *', 'none', 'none'],
  ] as const)('%s: the table %s, others of its database %s', (script, pt, pt2) => {
    expect([onTable(saying(script), 'pt'), onTable(saying(script), 'pt2')]).toEqual([pt, pt2])
  })

  it.each([
    ['deny *; grant pt', 'Invalid grant: grant [dfs://test/pt] and [deny *] are in conflict'],
    ['deny *; grant db', 'Invalid grant: grant [dfs://test] and [deny *] are in conflict'],
    ['deny db; grant pt', 'Invalid grant: grant [dfs://test/pt] and [deny dfs://test] are in conflict'],
    ['grant *; deny db; grant pt', 'Invalid grant: grant [dfs://test/pt] and [deny dfs://test] are in conflict'],
  ])('%s: is refused, for a part of what is denied', (script, message) => {
    expect(() => saying(script)).toThrow(message)
  })

  it('is one thing for each right', () => {
    const rules = changeRules(saying('deny *'), 'grant', 'INSERT', PT)
    expect(permissions(rules).state('INSERT', 'dfs://test', 'pt')).toBe('allow')
    expect(permissions(rules).state('READ', 'dfs://test', 'pt')).toBe('deny')
  })

  it('goes with the table and the database, and follows a new name', () => {
    const rules = changeRules(saying('grant pt'), 'grant', 'DB_MANAGE', DB)
    expect(withoutObject(rules, PT).map((r) => r.right)).toEqual(['DB_MANAGE'])
    expect(withoutObject(rules, DB)).toEqual([])
    expect(withoutObject(rules, SCOPES.other)).toBe(rules)
    const renamed = withRenamedTable(rules, 'dfs://test', 'pt', 'pt9')
    expect([onTable(renamed, 'pt'), onTable(renamed, 'pt9')]).toEqual(['none', 'allow'])
    expect(withRenamedTable(rules, 'dfs://test', 'nope', 'x')).toBe(rules)
  })

  it('creates databases by prefixes that stand side by side', () => {
    const prefix = (text: string): Scope => ({ kind: 'prefix', prefix: text })
    let rules = changeRules([], 'grant', 'DB_OWNER', prefix('dfs://a'))
    rules = changeRules(rules, 'grant', 'DB_OWNER', prefix('dfs://ab'))
    expect(rules.map((r) => scopeText(r.scope))).toEqual(['dfs://a*', 'dfs://ab*'])
    const p = permissions(rules)
    expect(['dfs://a1', 'dfs://abc', 'dfs://b'].map((url) => p.state('DB_OWNER', url))).toEqual([
      'allow',
      'allow',
      'none',
    ])
    rules = changeRules(rules, 'revoke', 'DB_OWNER', prefix('dfs://a'))
    expect(permissions(rules).state('DB_OWNER', 'dfs://a1')).toBe('none')
    expect(permissions(rules).state('DB_OWNER', 'dfs://abc')).toBe('allow')
    expect(changeRules(rules, 'deny', 'DB_OWNER', ALL)).toEqual([{ right: 'DB_OWNER', scope: ALL, allow: false }])
  })
})

describe('after any changes', () => {
  const step = fc.record({
    change: fc.constantFrom<AccessChange>('grant', 'deny', 'revoke'),
    scope: fc.constantFrom(...Object.values(SCOPES)),
  })

  it('no rule is contained in one of its kind, none allows what a wider one denies, and the last change holds', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        let rules: readonly AccessRule[] = []
        for (const { change, scope } of steps) {
          try {
            rules = changeRules(rules, change, 'READ', scope)
          } catch {
            continue
          }
          const said = rules.filter((r) => contains(r.scope, scope))
          if (change === 'grant') expect(said.length > 0 && said.every((r) => r.allow)).toBe(true)
          if (change === 'deny') expect(said.some((r) => !r.allow)).toBe(true)
          for (const a of rules)
            for (const b of rules)
              if (a !== b && contains(a.scope, b.scope)) expect([a.allow, b.allow]).toEqual([true, false])
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('a user with groups', () => {
  it.each([
    ['grant *', 'revoke *', 'allow'],
    ['deny *', 'grant *', 'deny'],
    ['revoke *', 'deny *', 'deny'],
    ['grant pt', 'deny db', 'deny'],
    ['deny pt', 'grant *', 'deny'],
  ] as const)('has the union, and any denial wins: %s, and the group %s', (own, group, state) => {
    expect(onTable([...saying(own), ...saying(group)], 'pt')).toBe(state)
    expect(onTable([...saying(group), ...saying(own)], 'pt')).toBe(state)
  })

  it('who is an administrator has what nothing denies; the first administrator has everything', () => {
    expect(permissions([], true).state('DB_OWNER', 'dfs://x')).toBe('allow')
    expect(permissions(saying('deny pt'), true).state('READ', 'dfs://test', 'pt')).toBe('deny')
    const admin = new Permissions({ user: 'admin', isActive: true, isAdmin: true, rules: saying('deny *') })
    expect(admin.state('READ', 'dfs://test', 'pt')).toBe('allow')
  })

  it.each([
    ['guest', true],
    ['u', false],
  ])('%s has nothing, active %s', (user, isActive) => {
    const nobody = new Permissions({
      user,
      isActive: isActive && user !== 'guest',
      isAdmin: true,
      rules: saying('grant *'),
    })
    expect(nobody.state('READ', 'dfs://test', 'pt')).toBe('none')
  })
})
