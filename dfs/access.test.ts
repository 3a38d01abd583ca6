import { describe, expect, it } from 'vitest'
import { requireTableAccess } from './access.ts'
import type { DatabaseRecord, TableRecord } from './catalog/types.ts'

const database = { url: 'dfs://db', owner: 'dora' } as DatabaseRecord
const table = { db: 'dfs://db', name: 'pt', owner: 'tom' } as TableRecord
const isAdmin = (user: string): boolean => user === 'admin'

describe('access to a table', () => {
  it.each(['admin', 'dora', 'tom'])('is open to %s: an administrator, and the owners', (user) => {
    requireTableAccess(user, isAdmin, 'read', database, table)
    requireTableAccess(user, isAdmin, 'write', database, table)
  })
  it.each(['eve', 'guest'])('is refused to %s', (user) => {
    for (const action of ['read', 'write'] as const)
      expect(() => requireTableAccess(user, isAdmin, action, database, table)).toThrow(
        `<NoPrivilege>Not granted to ${action} table dfs://db/pt`,
      )
  })
  it('is refused to guests, even to a table that a guest seems to own', () => {
    expect(() => requireTableAccess('guest', () => false, 'read', database, { ...table, owner: 'guest' })).toThrow(
      /NoPrivilege/,
    )
  })
})
