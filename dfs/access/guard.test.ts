/** A session that does not check, or whose privileges went meanwhile, gets no further than the engine. */
import { beforeEach, describe, expect, it } from 'vitest'
import { MemoryCatalogStore } from '../catalog/memory-store.ts'
import { CATALOG_FORMAT, keys, userOf, viewOf } from '../catalog/records.ts'
import type { EngineCommand } from '../engine/commands.ts'
import { Engine } from '../engine/engine.ts'
import { databaseRecord, tableRecord } from '../set/fixture.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import type { AccessCommand } from './commands.ts'
import { requireCommandAccess } from './guard.ts'

const URL = 'dfs://shop'
let catalog: MemoryCatalogStore
let engine: Engine

beforeEach(() => {
  catalog = new MemoryCatalogStore()
  catalog.transaction((w) => {
    w.put(keys.format, CATALOG_FORMAT)
    w.put(keys.cid, 1)
    for (const name of ['admin', 'u1', 'dora'])
      w.put(keys.user(name), { name, isAdmin: name === 'admin', salt: '', hash: '' })
  })
  engine = new Engine({ catalog, files: new MemoryFileStore() })
  engine.recover(false)
  engine.request({ kind: 'createDatabase', database: { ...databaseRecord(), owner: 'dora' } })
  engine.request({ kind: 'createTable', table: { ...tableRecord(), owner: 'dora' } })
})

const table = (owner: string, name = 'new') => ({ ...tableRecord(name), owner })
const grant = (name: string, right: 'DB_MANAGE' | 'READ' | 'INSERT' | 'DELETE'): AccessCommand => ({
  kind: 'changeAccess',
  change: 'grant',
  name,
  rights: [right],
  scopes: [{ kind: 'database', db: URL }],
})
const restore = (more: Partial<EngineCommand & { kind: 'replaceChunks' }> = {}): EngineCommand => ({
  kind: 'replaceChunks',
  db: URL,
  table: 'pt',
  put: [],
  remove: [],
  ...more,
})
const place = { db: URL, table: 'pt' }
const altered = { ...place, kind: 'alterTable', tableId: '', expectedSchemaVersion: 1, retired: [] } as const

const contents = (): string =>
  JSON.stringify(
    ['meta', 'db', 'table', 'chunk', 'user', 'group', 'grant', 'setting'].flatMap((p) => [...catalog.entries([p])]),
  )

const COMMANDS: readonly (readonly [string, EngineCommand])[] = [
  ['makes a database', { kind: 'createDatabase', database: { ...databaseRecord('dfs://x'), owner: 'u1' } }],
  ['drops a database', { kind: 'dropDatabase', url: URL }],
  ['makes a table', { kind: 'createTable', table: table('u1') }],
  ['drops a table', { kind: 'dropTable', ...place }],
  ['renames a table', { kind: 'renameTable', ...place, to: 'x' }],
  ['alters a table', { ...altered, columns: tableRecord().columns }],
  ['drops a column', { ...altered, columns: tableRecord().columns.slice(1) }],
  ['truncates', { kind: 'dropChunks', ...place, paths: undefined }],
  ['drops partitions', { kind: 'dropChunks', ...place, paths: ['/20220101/0_50'] }],
  ['drops values', { kind: 'dropValues', db: URL, level: 0, paths: [] }],
  ['adds partitions', { kind: 'extendSchemes', db: URL, schemes: [] }],
  ['sets the atomic level', { kind: 'setAtomic', db: URL, atomic: 'CHUNK' }],
  ['restores a table', restore()],
  ['restores a new table', restore({ table: 'new', createTable: table('u1') })],
  [
    'restores a new database',
    restore({ db: 'dfs://x', createDatabase: { ...databaseRecord('dfs://x'), owner: 'u1' } }),
  ],
  ['makes a user', { kind: 'createUser', user: { name: 'x', isAdmin: true, salt: '', hash: '' }, groups: [] }],
  ['changes the password of another', { kind: 'changeUser', name: 'dora', password: { salt: '', hash: '' } }],
  ['unlocks itself', { kind: 'changeUser', name: 'u1', locked: false }],
  ['removes a user', { kind: 'removeUser', name: 'dora' }],
  ['makes a group', { kind: 'createGroup', name: 'g', members: [] }],
  ['removes a group', { kind: 'removeGroup', name: 'g' }],
  ['restores users', { kind: 'restoreAccess', file: { users: [], groups: [], privileges: [] }, overwrite: true }],
  ['joins a group', { kind: 'changeMembers', groups: ['g'], add: ['u1'], remove: [] }],
  ['grants itself something', grant('u1', 'READ')],
  ['changes a setting', { kind: 'removeSetting', name: 'x' }],
]

describe('a user without privileges', () => {
  it.each(COMMANDS)('who %s is refused by the engine, which changes nothing', (_, command) => {
    const before = contents()
    for (const user of ['u1', 'guest', 'nobody'])
      expect(() => engine.request(withOwner(command, user), user)).toThrow(/<NoPrivilege>|S0400[45]/)
    expect(contents()).toBe(before)
  })

  it.each(COMMANDS)('can be an administrator who %s', (_, command) => {
    expect(() => requireCommandAccess(catalog, withOwner(command, 'admin'), 'admin')).not.toThrow()
  })

  it('changes the own password', () => {
    engine.request({ kind: 'changeUser', name: 'u1', password: { salt: 's', hash: 'h' } }, 'u1')
    expect(userOf(catalog, 'u1')).toMatchObject({ salt: 's', hash: 'h', isAdmin: false })
  })

  it('appends as the session has checked it', () => {
    const command: EngineCommand = {
      kind: 'append',
      ...place,
      tableId: viewOf(catalog).table(URL, 'pt')!.id,
      expectedSchemaVersion: 1,
      chunks: [],
      newValues: [],
    }
    expect(() => engine.request(command, 'u1')).not.toThrow()
  })
})

function withOwner(command: EngineCommand, owner: string): EngineCommand {
  switch (command.kind) {
    case 'createDatabase':
      return { ...command, database: { ...command.database, owner } }
    case 'createTable':
      return { ...command, table: { ...command.table, owner } }
    case 'replaceChunks':
      return {
        ...command,
        createDatabase: command.createDatabase && { ...command.createDatabase, owner },
        createTable: command.createTable && { ...command.createTable, owner },
      }
    default:
      return command
  }
}

describe('what is made', () => {
  it('belongs to who makes it', () => {
    engine.request(grant('u1', 'DB_MANAGE'), 'admin')
    expect(() => engine.request({ kind: 'createTable', table: table('admin') }, 'u1')).toThrow(/would own/)
    engine.request({ kind: 'createTable', table: table('u1') }, 'u1')
    expect(viewOf(catalog).table(URL, 'new')?.owner).toBe('u1')
  })
})
