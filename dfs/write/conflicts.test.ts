import { afterEach, beforeEach, describe, expect, it, test } from 'vitest'
import { bindInterrupt, clearInterrupt, INTERRUPT_CANCEL } from '../../runtime/interrupt.ts'
import type { SourceTable } from '../../runtime/values/index.ts'
import { viewOf } from '../catalog/records.ts'
import type { FileStore, FileWriter } from '../store/file-store.ts'
import { connect, filesBelow, newWorld, type TestSession, type TestWorld } from './testing.ts'

let world: TestWorld
let s: TestSession

const setup = (atomic: string): void => {
  world = newWorld()
  world.engine.request({ kind: 'putSetting', name: 'ts.append.small_rows', value: 0 }, 'admin')
  s = connect(world, { config: { chunkLockWaitMs: 40 } })
  s.run(`
    t = table(1 2 3 1 2 3 as id, 1..6 as n, 0.5 * 1..6 as x)
    db = database("dfs://c", VALUE, 1 2 3, atomic="${atomic}")
    pt = db.createPartitionedTable(t, \`pt, \`id).append!(t)
  `)
}

const tableId = (): string => {
  const [table] = [...world.catalog.entries(['table'])].map(([, record]) => record as { readonly id: string })
  return table.id
}
const lock = (paths: readonly string[] | undefined): number =>
  world.engine.request({ kind: 'begin', db: 'dfs://c', table: 'pt', tableId: tableId(), paths }, 'admin', 'other').tid!
const unlock = (tid: number): void => void world.engine.request({ kind: 'rollback', tid }, 'admin', 'other')

/** A session that runs something else, once, when it is about to write its first file. */
function interrupted(event: () => void): TestSession {
  let isDue = true
  const { disk } = world
  const files: FileStore = new Proxy(disk, {
    get(target, name) {
      const member = Reflect.get(target, name, target) as unknown
      if (name !== 'openWrite') return typeof member === 'function' ? member.bind(target) : member
      return (path: string): FileWriter => {
        if (isDue) {
          isDue = false
          event()
        }
        return target.openWrite(path)
      }
    },
  })
  const own = connect(world, { files })
  own.run('pt = loadTable("dfs://c", "pt")')
  return own
}

describe('a locked partition', () => {
  beforeEach(() => setup('TRANS'))

  for (const statement of [
    'update pt set x = 0 where id = 1',
    'update pt set x = 0',
    'delete from pt where id in 1 2',
    'upsert!(pt, table(1 as id, 1 as n, 9.0 as x), , `n)',
    'replaceColumn!(pt, `x, array(INT))',
  ])
    test(`stops ${statement} at once under TRANS, with nothing written`, () => {
      const files = filesBelow(world.disk, 'chunks')
      const tid = lock(['/1'])
      expect(s.fails(statement)).toBe(
        `<ChunkInTransaction>The openChunks operation failed because the chunk '/c/1/pt' is currently locked and in use by transaction ${tid}. RefId: S00002`,
      )
      expect(filesBelow(world.disk, 'chunks')).toEqual(files)
      unlock(tid)
      expect(s.fails(statement)).toBe('no error')
    })

  it('stops nobody who rewrites others, appends, or reads', () => {
    const tid = lock(['/1'])
    s.run('update pt set x = 0 where id = 2; pt.append!(table(1 as id, 7 as n, 7.0 as x))')
    expect(s.show('exec count(*) from pt')).toBe('7')
    unlock(tid)
  })

  const ddl: readonly (readonly [string, string])[] = [
    ['dropTable(db, `pt)', 'RefId: S01003'],
    ['dropDatabase("dfs://c")', 'RefId: S01003'],
    ['truncate("dfs://c", `pt)', 'RefId: S01003'],
    ['dropPartition(db, "/1", `pt)', 'RefId: S01003'],
    ['dropColumns!(pt, `x)', 'RefId: S01003'],
    ['rename!(pt, `x, `y)', 'RefId: S01003'],
    ['renameTable(db, `pt, `qt)', 'RefId: S01003'],
  ]
  for (const [script, message] of ddl)
    test(`stops ${script}`, () => {
      const tid = lock(['/1'])
      expect(s.fails(script)).toContain(message)
      unlock(tid)
      expect(s.fails(script)).toBe('no error')
    })
})

describe('a locked partition under CHUNK', () => {
  beforeEach(() => setup('CHUNK'))

  it('is waited for as soon as the level of the database is changed, and no more when it is changed back', () => {
    const shown = (): string => s.show('schema(database("dfs://c")).atomic')
    s.run('setAtomicLevel(db, "TRANS")')
    expect(shown()).toBe('TRANS')
    const tid = lock(['/1'])
    expect(s.fails('update pt set x = 0')).not.toContain('tried for')
    s.run('setAtomicLevel(database("dfs://c"), `chunk)')
    expect(shown()).toBe('CHUNK')
    expect(s.fails('update pt set x = 0')).toContain('It was tried for 0.04 s')
    unlock(tid)
    s.run('update pt set x = 0')
    expect(s.fails('setAtomicLevel(db, "ROW")')).toContain("atomic must be 'TRANS' or 'CHUNK'")
    expect(s.fails('setAtomicLevel(db, )')).toContain('atomic')
    s.run('createUser("u", "secret123")')
    const other = connect(world)
    other.session.user = 'u'
    expect(other.fails('setAtomicLevel(database("dfs://c"), "TRANS")')).toContain('Not granted to change the database')
    expect(shown()).toBe('CHUNK')
  })

  it('is waited for, and given up in the end', () => {
    const tid = lock(['/1'])
    const message = s.fails('update pt set x = 0 where id = 1')
    expect(message).toContain(
      `in use by transaction ${tid}. It was tried for 0.04 s; nothing was written. RefId: S00002`,
    )
    expect(s.show('exec x from pt where id = 1')).toBe('[0.5,2]')
  })

  it('is written when its turn comes', () => {
    const tid = lock(['/1'])
    const request = world.engine.request.bind(world.engine)
    let tries = 0
    world.engine.request = (command, user, owner) => {
      if (command.kind === 'begin' && owner !== 'other' && ++tries === 3) unlock(tid)
      return request(command, user, owner)
    }
    s.run('update pt set x = 0 where id = 1')
    expect(s.show('exec x from pt where id = 1')).toBe('[0,0]')
    expect(tries).toBe(3)
  })
})

describe('a statement that is cancelled', () => {
  const flag = new SharedArrayBuffer(4)
  const cancel = (): void => void Atomics.store(new Int32Array(flag), 0, INTERRUPT_CANCEL)

  beforeEach(() => bindInterrupt(flag))
  afterEach(() => clearInterrupt())

  it('leaves no file, no lock and no changed row', () => {
    setup('TRANS')
    const files = filesBelow(world.disk, 'chunks')
    const other = interrupted(cancel)
    expect(other.fails('update pt set x = -1.0')).toBe('The job has been cancelled.')
    clearInterrupt()
    expect(filesBelow(world.disk, 'chunks')).toEqual(files)
    expect(s.show('exec x from pt')).toBe('[0.5,2,1,2.5,1.5,3]')
    s.run('update pt set x = -1.0')
  })

  it('waits for no lock any more', () => {
    setup('CHUNK')
    const patient = connect(world, { config: { chunkLockWaitMs: 1e9 } })
    patient.run('pt = loadTable("dfs://c", "pt")')
    const request = world.engine.request.bind(world.engine)
    const tid = lock(['/1'])
    world.engine.request = (command, user, owner) => {
      if (command.kind === 'begin') cancel()
      return request(command, user, owner)
    }
    expect(patient.fails('update pt set x = -1.0')).toBe('The job has been cancelled.')
    clearInterrupt()
    unlock(tid)
  })
})

describe('what happens while a statement runs', () => {
  beforeEach(() => setup('TRANS'))

  it('an append stays, and is not part of the update', () => {
    const other = interrupted(() => s.run('pt.append!(table(1 4 as id, 7 8 as n, 7.0 8.0 as x))'))
    other.run('update pt set x = -1.0 where n > 0')
    expect(s.show('exec x from pt')).toBe('[-1,-1,7,-1,-1,-1,-1]')
  })

  it('a small append stays too', () => {
    world.engine.request({ kind: 'putSetting', name: 'ts.append.small_rows', value: 10 }, 'admin')
    s.run('pt.append!(table(1 as id, 7 as n, 7.0 as x))')
    const other = interrupted(() => s.run('pt.append!(table(1 as id, 8 as n, 8.0 as x))'))
    other.run('update pt set x = -1.0 where n > 0')
    expect(s.show('exec x from pt where id = 1')).toBe('[-1,-1,-1,8]')
  })

  it('an append starts again when a column was added or changed its type', () => {
    const other = interrupted(() => s.run('addColumn(pt, `y, INT)'))
    other.run('pt.append!(table(1 as id, 7 as n, 7.0 as x))')
    const last = interrupted(() => s.run('replaceColumn!(loadTable("dfs://c", "pt"), `x, array(INT))'))
    last.run('pt.append!(table(1 as id, 8 as n, 8 as x, 80 as y))')
    expect(s.show('select n, x, y from loadTable("dfs://c", "pt") where n > 5')).toBe(
      'n x y\n- - --\n7 7 \n8 8 80\n6 3 ',
    )
    expect(filesBelow(world.disk, 'chunks').length).toBe(5)
  })

  it('segments are not merged', () => {
    s.run('pt.append!(table(1 as id, 7 as n, 7.0 as x))')
    const other = interrupted(() => expect(() => mergeFirst('/1')).toThrow('RefId: S01003'))
    other.run('update pt set x = -1.0 where n in 1 7')
    expect(s.show('exec x from pt where id = 1')).toBe('[-1,2,-1]')
    mergeFirst('/1')
    expect(s.show('exec x from pt where id = 1')).toBe('[-1,2,-1]')
  })

  it('a reader keeps what it saw', () => {
    s.run('reader = loadTable("dfs://c", "pt")')
    let seen = ''
    const other = interrupted(() => {
      seen = s.show('exec x from reader where id = 1')
    })
    other.run('update pt set x = -1.0')
    expect(seen).toBe('[0.5,2]')
    const snapshot = (s.session.variable('reader') as SourceTable).source.snapshot()
    const [first] = snapshot.partitions()
    other.run('delete from pt')
    const rows = [...snapshot.scan(first, ['x'])].flatMap((b) =>
      Array.from({ length: b.rows }, (_, k) => b.columns[0].raw(k)),
    )
    expect(rows).toEqual([-1, -1])
    snapshot.release()
    world.engine.collectGarbage()
    expect(filesBelow(world.disk, 'chunks')).toEqual([])
  })

  it('appends wait for a change of type, which sees all of them', () => {
    const other = interrupted(() => {
      expect(s.fails('pt.append!(table(1 as id, 7 as n, 7.0 as x))')).toContain('RefId: S00002')
    })
    other.run('replaceColumn!(pt, `x, array(INT))')
    s.run('pt = loadTable("dfs://c", "pt"); pt.append!(table(1 as id, 7 as n, 7 as x))')
    expect(s.show('exec count(x) from pt')).toBe('7')
  })
})

/** What maintenance does: the rows of a chunk's first segment in another file. */
function mergeFirst(path: string): void {
  const [first] = [...viewOf(world.catalog).chunks('dfs://c', 'pt')].find((c) => c.path === path)!.segments
  const copy = first.file.replace('.arrow', '-copy.arrow')
  const writer = world.disk.openWrite(copy)
  writer.write(world.disk.readFile(first.file))
  writer.close()
  const table = { db: 'dfs://c', table: 'pt', tableId: tableId() }
  world.engine.request(
    { kind: 'compact', ...table, path, drop: [first.file], add: [{ ...first, file: copy }] },
    'admin',
  )
}
