/** What findChange says of each way in which rows of a table change or go, and of log and files that are gone. */
import { describe, expect, it } from 'vitest'
import { piecesOf } from '../archive/testing.ts'
import { newArchivedWorld, settle } from '../pitr/testing.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { connect, filesBelow } from '../write/testing.ts'

const CREATE = `
  db = database("dfs://d", VALUE, 0..2)
  db.createPartitionedTable(table(1:0, \`k\`x\`v, [INT, LONG, LONG]), "t", "k")
  t = loadTable("dfs://d", "t")
  t.append!(table(take(0 1 2, 1500) as k, 1l..1500 as x, take(7l, 1500) as v))
  t.append!(table(0 1 2 as k, 2001l..2003 as x, take(7l, 3) as v))`

class NoFolder extends MemoryFileStore {
  override stat(): undefined {
    return undefined
  }
}

function newWorld(isArchived = true) {
  const archive = new MemoryFileStore()
  const world = newArchivedWorld(archive, { archiveSettings: { enabled: isArchived } })
  world.backups.set('/archive', archive)
  world.session.run(CREATE)
  const find = (predicate: string, more = ''): string => `findChange("dfs://d", "t", ${predicate}${more})`
  /** One line a change: kind, partition, rows before, after and gone, and whether that is certain. */
  const found = (predicate = '<x in 3 6 2003>', more = ', , , "/archive"'): string[] => {
    world.session.run(`f = ${find(predicate, more)}`)
    const text = world.session.show(
      'concat(each(def(r) { return concat(string(r["kind"]) + " " + r["partition"] + " " + string(r["rowsBefore"]) + " " + string(r["rowsAfter"]) + " " + string(r["rowsGone"]) + iif(r["certain"], "", " ?"), "") }, f), "|")',
    )
    return text === '' ? [] : text.split('|')
  }
  const notes = (): string => world.session.show('concat(f["note"], "|")')
  return { ...world, archive, found, notes }
}

type World = ReturnType<typeof newWorld>

describe('findChange finds', () => {
  it.each<[string, string, string[]]>([
    ['nothing where no row that matches was changed', 'update t set v = 8 where x = 4', []],
    ['an update, in segments and small appends', 'update t set v = 8 where x in 3 2003', ['UPDATE /2 3 3 2']],
    ['an update that makes rows match no more', 'update t set x = 10000 where x = 3', ['UPDATE /2 2 1 1']],
    ['no update that gives a row the values that it has', 'update t set v = 7 where x = 3', []],
    ['an update that moves a row to another partition', 'update t set k = 0 where x = 6', ['UPDATE /2 2 1 1']],
    ['a delete', 'delete from t where x = 6', ['DELETE /2 2 1 1']],
    ['a delete of everything', 'delete from t', ['DELETE /2 3 0 3']],
    ['a dropped partition', 'dropPartition(database("dfs://d"), "/2", "t")', ['DROP PARTITION /2 3 0 3']],
    ['no partition without such rows that was dropped', 'dropPartition(database("dfs://d"), "/1", "t")', []],
    ['a truncated table', 'truncate("dfs://d", "t")', ['TRUNCATE /2 3 0 3']],
    ['a dropped table', 'dropTable(database("dfs://d"), "t")', ['DROP TABLE /2 3 0 3']],
    ['a dropped database', 'dropDatabase("dfs://d")', ['DROP DATABASE /2 3 0 3']],
    ['a dropped column', 'dropColumns!(t, "v")', ['DROP COLUMN /2 3 0 3']],
    ['no column that was added or renamed', 'addColumn(t, "c", INT); rename!(t, `v, `w)', []],
    [
      'what was done under another name',
      'renameTable(database("dfs://d"), "t", "u"); delete from loadTable("dfs://d", "u") where x = 3',
      ['DELETE /2 2 1 1'],
    ],
    [
      'a restore that takes rows back',
      'backup("/b", "dfs://d", , , , "t"); t.append!(table(2 as k, 6l as x, 1l as v)); restore("/b", "dfs://d", "t", "%", true)',
      ['RESTORE /2 4 3 1'],
    ],
    [
      'tables of one name one after the other',
      'dropTable(database("dfs://d"), "t"); db.createPartitionedTable(table(1:0, `k`x, [INT, LONG]), "t", "k"); t = loadTable("dfs://d", "t"); t.append!(table(0 as k, 3l as x)); delete from t where x = 3',
      ['DROP TABLE /2 3 0 3', 'DELETE /0 1 0 1'],
    ],
  ])('%s', (_, script, changes) => {
    const { session, found } = newWorld()
    session.run(script)
    expect(found()).toEqual(changes)
  })

  it('who did it, and says what is not archived yet', async () => {
    const world = newWorld()
    const { session, found, notes } = world
    session.run(
      'createUser("ann", "secret123"); grant("ann", TABLE_READ, "dfs://d/t"); grant("ann", TABLE_DELETE, "dfs://d/t")',
    )
    const ann = connect(world)
    ann.session.user = 'ann'
    ann.run('delete from loadTable("dfs://d", "t") where x = 3')
    found()
    expect(session.show('exec user from f')).toContain('ann')
    await settle(world)
    found()
    expect(notes()).toBe('')
    session.run('delete from t where x = 6')
    found()
    expect(notes()).toMatch(/^\|not archived yet/)
  })

  it('inserted rows if asked, from a time or place in the log on', () => {
    const { session, found } = newWorld()
    expect(found('<x in 3 2003>', ', , , , true')).toEqual(['INSERT /2 0 1 0', 'INSERT /2 0 1 0'])
    session.run('delete from t where x = 3; delete from t where x = 6')
    found('', '')
    const [first, second] = session.show('concat(f["lsn"], "|")').split('|')
    expect(found('<x > 0>', `, "lsn:${second}"`)).toHaveLength(1)
    expect(found('<x > 0>', `, , "lsn:${first}"`)).toHaveLength(1)
    const at = (of: string): string => session.show(`string(${of}(f["time"]))`)
    found('', '')
    const [from, to] = [at('first'), at('last')]
    expect(found('', `, temporalParse("${to}", "yyyy.MM.ddTHH:mm:ss.SSS")`)).toHaveLength(1)
    expect(found('', `, , temporalParse("${from}", "yyyy.MM.ddTHH:mm:ss.SSS")`)).toHaveLength(1)
  })
})

describe('findChange does not guess', () => {
  const removeSegments = ({ archive, disk }: World): void => {
    for (const path of filesBelow(archive, 'data')) archive.remove(path)
    for (const path of filesBelow(disk, 'chunks')) disk.remove(path)
  }

  it.each([
    ['dropTable(database("dfs://d"), "t")', 'DROP TABLE /2    ?'],
    ['delete from t where x = 3', 'DELETE /2    ?'],
  ])('where files are gone: %s', async (script, last) => {
    const world = newWorld()
    await world.engine.checkpoint()
    world.session.run(script)
    await settle(world)
    removeSegments(world)
    expect(world.found()).toContain(last)
    expect(world.notes()).toMatch(/chunks\/d\/2.*is gone, also from the archive/)
  })

  it('across pieces of log that are gone or damaged', async () => {
    const world = newWorld()
    for (const x of [3, 6]) {
      await settle(world)
      world.session.run(`delete from t where x = ${x}`)
    }
    await settle(world)
    const pieces = piecesOf(world.archive)
    const middle = pieces[Math.floor(pieces.length / 2)]!
    const content = world.archive.readFile(middle).slice()
    content[100]! ^= 1
    world.archive.writeFileAtomic(middle, content)
    expect(world.found().filter((line) => line.startsWith('GAP'))).toEqual(['GAP     ?'])
    expect(world.notes()).toMatch(/LSN 0\/[0-9A-F]+ to 0\/[0-9A-F]+ was not searched: the piece/)
    world.archive.remove(middle)
    expect(world.found().filter((line) => line.startsWith('GAP'))).toEqual(['GAP     ?'])
    expect(world.notes()).toMatch(/was not searched: neither the live log nor the archive has it/)
    for (const piece of piecesOf(world.archive)) if (piece < middle) world.archive.remove(piece)
    world.found()
    expect(world.notes()).toMatch(/^the log before LSN 0\/[0-9A-F]+ was not searched/)
  })

  it('where the log says nothing of a table that was dropped', async () => {
    const world = newWorld()
    await settle(world)
    for (const piece of piecesOf(world.archive)) world.archive.remove(piece)
    world.session.run('dropTable(database("dfs://d"), "t")')
    expect(world.found().at(-1)).toBe('DROP TABLE     ?')
    expect(world.notes()).toMatch(/it may have had partitions of which nothing is known/)
  })

  it('where rows were changed without the log', async () => {
    const world = newWorld(false)
    world.session.run('set cluster setting ts.wal.wal_level = 0')
    await world.engine.checkpoint()
    world.session.run('delete from t where x = 3')
    world.session.run('set cluster setting ts.wal.wal_level = 1; delete from t where x = 6')
    const lines = world.found('<x in 3 6 2003>', '')
    expect(lines.map((line) => line.split(' ')[0])).toEqual(['GAP', 'GAP', 'DELETE'])
    expect(world.notes()).toMatch(/changed rows without the log \(ts.wal.wal_level was 0\)/)
  })
})

describe('findChange refuses', () => {
  it.each([
    ['findChange("dfs://d", "t", <nothing > 3>)', /nothing/],
    ['findChange("dfs://d", "t", <sum(x) > 3>)', /WHERE|where/],
    [
      'findChange("dfs://d", "tt")',
      /^Neither the store nor the log that was searched \(LSN 0\/00000040 to 0\/[0-9A-F]+\) knows a table \[tt\] in the database \[dfs:\/\/d\]/,
    ],
    ['findChange("dfs://e", "t")', /knows a table \[t\] in the database \[dfs:\/\/e\]/],
    ['findChange("dfs://d", "t", <symbol != `a>)', /Cannot recognize the column symbol/],
    ['findChange("dfs://d", "t", 3)', /predicate must be metacode/],
    ['findChange("dfs://d", "t", , "yesterday")', /not a recovery target/],
    ['findChange("dfs://d", "t", , , "latest")', /to must be a time/],
    ['findChange("dfs://d", "t", , , , "/nowhere")', /There is no archive directory \/nowhere/],
  ])('%s', (script, message) => {
    const world = newWorld()
    world.backups.set('/nowhere', new NoFolder())
    expect(world.session.fails(script)).toMatch(message)
  })

  it('users who may not read the table, and tables that are gone to all but administrators', () => {
    const world = newWorld()
    world.session.run('createUser("bob", "secret123"); grant("bob", DB_OWNER)')
    const bob = connect(world)
    bob.session.user = 'bob'
    expect(bob.fails('findChange("dfs://d", "t")')).toMatch(/Not granted to read table/)
    world.session.run('grant("bob", TABLE_READ, "dfs://d/t"); delete from t where x = 3')
    expect(bob.show('exec count(*) from findChange("dfs://d", "t")')).toBe('1')
    world.session.run('dropTable(database("dfs://d"), "t")')
    expect(bob.fails('findChange("dfs://d", "t")')).toMatch(/Only administrators/)
    world.session.run(
      'db.createPartitionedTable(table(1:0, `k`x, [INT, LONG]), "t", "k"); grant("bob", TABLE_READ, "dfs://d/t")',
    )
    expect(bob.show('exec count(*) from findChange("dfs://d", "t")')).toBe('0')
    bob.session.user = 'guest'
    expect(bob.fails('findChange("dfs://d", "t")')).toMatch(/log in/)
  })
})
