/**
 * A disk that is full: a small tmpfs, most of it taken by a file that goes away later. What fails says why, what was acknowledged can be read all the time, and when
 * there is space again writing works as before, without a restart. Needs the right to mount; without it the reason is printed. (A disk that is full in any call
 * is simulated in simulation/.)
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LmdbCatalogStore } from '../dfs/catalog/lmdb-store.ts'
import { connectDfs, type DfsSession, dfsBuiltins, Engine } from '../dfs/index.ts'
import { createInterpreter, createRegistry, HoldfastError, type Interpreter } from '../runtime/index.ts'
import { scratch } from './harness.ts'

const MIB = 1 << 20

/** A folder on a file system of its own; undefined with the reason printed. */
function smallDisk(bytes: number): string | undefined {
  const folder = scratch('full-disk')
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder], { stdio: 'pipe' })
    return folder
  } catch (error) {
    console.log(`skipped, a tmpfs can't be mounted: ${String((error as { stderr?: Buffer }).stderr ?? error).trim()}`)
    return undefined
  }
}

const disk = smallDisk(24 * MIB)

afterAll(() => {
  for (const dfs of opened) dfs.close()
  if (disk !== undefined) execFileSync('umount', ['-l', disk])
})

const registry = createRegistry(dfsBuiltins)

const opened: DfsSession[] = []

function connect(engine: Engine, home: string, owner: string): Interpreter {
  const session = createInterpreter({ registry, print: () => {}, user: 'admin' })
  const dfs = connectDfs({
    session,
    home,
    link: {
      open: () => engine.openSession(owner),
      request: (command, user) => engine.request(command, user, owner),
    },
  })
  opened.push(dfs)
  return session
}

describe.runIf(disk !== undefined)('a catalog on a disk that is full', () => {
  it('says so, and is as it was', async () => {
    const file = join(disk!, 'alone.mdb')
    const filler = join(disk!, 'filler')
    const catalog = new LmdbCatalogStore(file)
    catalog.transaction((w) => w.put(['meta', 'a'], 1))
    const { bavail, bsize } = statfsSync(disk!)
    writeFileSync(filler, new Uint8Array(bavail * bsize))
    const large = (): void => catalog.transaction((w) => w.put(['meta', 'b'], 'x'.repeat(MIB)))
    expect(large).toThrow(
      expect.objectContaining({ kind: 'io', code: 'ENOSPC', message: expect.stringContaining(file) }),
    )
    expect(catalog.get(['meta', 'a'])).toBe(1)
    rmSync(filler)
    large()
    expect(catalog.get(['meta', 'b'])).toHaveLength(MIB)
    await catalog.close()
    rmSync(file)
    rmSync(`${file}-lock`)
  })
})

describe.runIf(disk !== undefined)('a store on a disk that is full', () => {
  const home = join(disk ?? '', 'data')
  const filler = join(disk ?? '', 'filler')
  let engine: Engine
  let s: Interpreter
  let acknowledged = 0

  const append = (rows: number): void => {
    s.run(`n = ${acknowledged}..${acknowledged + rows - 1}
      pt.append!(table(n % 4 as id, n as n, n * 1.5 as x, "text " + string(n) as s))`)
    acknowledged += rows
  }
  const rowsThere = (): string =>
    s.display(s.run('t = select count(*) as c, sum(n) as total from pt; string(t.c[0]) + " " + string(t.total[0])'))
  const rowsExpected = (): string => `${acknowledged} ${(acknowledged * (acknowledged - 1)) / 2}`
  const failure = (body: () => void): HoldfastError => {
    try {
      body()
    } catch (error) {
      expect(error).toBeInstanceOf(HoldfastError)
      return error as HoldfastError
    }
    throw new Error('it did not fail')
  }
  const fillUp = (left: number): void => {
    rmSync(filler, { force: true })
    const { bavail, bsize } = statfsSync(disk!)
    writeFileSync(filler, new Uint8Array(Math.max(0, bavail * bsize - left)))
  }

  beforeAll(() => {
    mkdirSync(home)
    engine = Engine.open(home)
    s = connect(engine, home, 'a')
    s.run(`db = database("dfs://full", VALUE, 0..3)
      pt = createPartitionedTable(db, table(1:0, \`id\`n\`x\`s, [INT, INT, DOUBLE, STRING]), "pt", "id")`)
    append(5000)
    append(3)
  })

  it('refuses a large append with the reason, again and again, and goes on showing what it has', () => {
    fillUp(300_000)
    for (let k = 0; k < 3; k++) {
      const { kind, code, message } = failure(() => append(20_000))
      expect({ kind, code }).toEqual({ kind: 'io', code: 'ENOSPC' })
      expect(message).toContain('no space is left on the device')
      expect(rowsThere()).toBe(rowsExpected())
    }
  })

  it('takes small appends as long as there is room, then refuses them with the reason', () => {
    const error = failure(() => {
      for (let k = 0; k < 10_000; k++) append(800)
    })
    expect({ kind: error.kind, code: error.code }).toEqual({ kind: 'io', code: 'ENOSPC' })
    expect(rowsThere()).toBe(rowsExpected())
    const last = failure(() => {
      for (let k = 0; k < 10_000; k++) append(1)
    })
    expect(last.message).toContain('no space is left')
    expect(rowsThere()).toBe(rowsExpected())
  })

  it('refuses statements that change the catalog with the reason', () => {
    fillUp(0)
    for (const statement of [
      'createPartitionedTable(db, table(1:0, `id`n, [INT, INT]), "other", "id")',
      'update pt set x = 0.0 where n < 100',
      'truncate("dfs://full", "pt")',
    ]) {
      const { kind, message } = failure(() => s.run(statement))
      expect(kind, message).toBe('io')
      expect(message).toMatch(/no space is left|ENOSPC|full/i)
      expect(rowsThere()).toBe(rowsExpected())
    }
  })

  it('works again when there is space, without a restart, and after one', async () => {
    rmSync(filler)
    append(1)
    append(700)
    append(20_000)
    s.run('update pt set x = 0.0 where n < 100')
    expect(rowsThere()).toBe(rowsExpected())
    await engine.checkpoint()
    append(2)
    await engine.close()
    engine = Engine.open(home)
    s = connect(engine, home, 'b')
    s.run('pt = loadTable("dfs://full", "pt")')
    expect(rowsThere()).toBe(rowsExpected())
    await engine.close()
  })
})
