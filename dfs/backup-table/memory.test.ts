/** Reading a backup in place, comparing it and drilling it need memory for a file or two, however large the backup is. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { allocatedBytes, collectGarbage } from '../../runtime/values/index.ts'
import type { FileReader } from '../store/file-store.ts'
import { LocalFileStore } from '../store/local-store.ts'
import { connect, newWorld, type TestSession } from '../write/testing.ts'

const FILES = 24
const ROWS = 20_000
const BYTES_OF_FILE = ROWS * 5 * 8

/** Hashes of the rows of both sides; dfs/backup-diff holds 64 MB of them at most. */
const BYTES_OF_HASHES = 2 * FILES * ROWS * 8 * 1.1

let first: number | undefined
let peak = 0
let opened = 0

/** Looks at the memory now and then when a file is opened: collecting takes longer than reading. */
class WatchedStore extends LocalFileStore {
  override openRead(path: string): FileReader {
    if (path.endsWith('.arrow') && ++opened % 12 === 1) {
      const live = liveBytes()
      first ??= live
      peak = Math.max(peak, live)
    }
    return super.openRead(path)
  }
}

let folder: string
let s: TestSession

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-memory-'))
  const world = newWorld()
  world.backups.set('/b', new WatchedStore(join(folder, 'b')))
  s = connect(world, { files: new LocalFileStore(join(folder, 'data')) })
  s.run(`
    t = table(take(1l, ${ROWS}) as id, 1l..${ROWS} as n, 0.5 * 1..${ROWS} as x, 0.0 * 1..${ROWS} as y, 1.0 * 1..${ROWS} as z)
    db = database("dfs://m", VALUE, 1 2)
    pt = db.createPartitionedTable(t, \`pt, \`id)
    for (k in 1..${FILES}) pt.append!(t)
    t = 0
    backup("/b", "dfs://m")
    b = openBackup("/b", "dfs://m", "pt")`)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function liveBytes(): number {
  collectGarbage()
  return allocatedBytes()
}

/** The most that is alive whenever a file is opened, beyond what was when the first was: a drill has started a store by then, which takes 16 MB. */
function growthOf(body: () => void): number {
  first = undefined
  peak = 0
  opened = 0
  body()
  expect(opened).toBeGreaterThanOrEqual(FILES)
  return peak - first!
}

describe('a backup of 24 files', () => {
  it('takes memory for all of them to be read as a table in memory', () => {
    const before = liveBytes()
    s.run('r = select * from b')
    expect(liveBytes() - before).toBeGreaterThan(20 * BYTES_OF_FILE)
    s.run('r = 0')
  })
  for (const [script, bytesMax] of [
    ['r = select sum(x), avg(y), max(z) from b group by n % 7', 6 * BYTES_OF_FILE],
    ['r = exec count(*) from b where x > 100, z > 3', 6 * BYTES_OF_FILE],
    ['update pt set x = x + 1 where n = 7; r = diffBackup("/b", "dfs://m")', 6 * BYTES_OF_FILE + BYTES_OF_HASHES],
    ['r = drillRestore("/b", scratchDir="FOLDER")', 6 * BYTES_OF_FILE],
  ] as const)
    test(`takes memory for a few for ${script}`, () => {
      expect(growthOf(() => s.run(script.replace('FOLDER', join(folder, 'scratch'))))).toBeLessThan(bytesMax)
      s.run('r = 0')
    })
})
