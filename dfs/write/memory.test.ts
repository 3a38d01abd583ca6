/** A statement needs memory for a segment or two, however large the table is. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { allocatedBytes, collectGarbage } from '../../runtime/values/index.ts'
import type { FileWriter } from '../store/file-store.ts'
import { LocalFileStore } from '../store/local-store.ts'
import { connect, newWorld, type TestSession } from './testing.ts'

const SEGMENTS = 24
const ROWS = 20_000
const BYTES_OF_SEGMENT = ROWS * 5 * 8

let peak = 0
let written = 0

class WatchedStore extends LocalFileStore {
  override openWrite(path: string): FileWriter {
    // Collecting takes longer than writing.
    if (++written % 8 === 0) peak = Math.max(peak, liveBytes())
    return super.openWrite(path)
  }
}

let folder: string
let s: TestSession

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-memory-'))
  s = connect(newWorld(), { files: new WatchedStore(folder) })
  s.run(`
    t = table(take(1l, ${ROWS}) as id, 1l..${ROWS} as n, 0.5 * 1..${ROWS} as x, 0.0 * 1..${ROWS} as y, 1.0 * 1..${ROWS} as z)
    db = database("dfs://m", VALUE, 1 2)
    pt = db.createPartitionedTable(t, \`pt, \`id)
    for (k in 1..${SEGMENTS}) pt.append!(t)
    t = 0
  `)
})

afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** Bytes of columns that are alive, garbage not counted. */
function liveBytes(): number {
  collectGarbage()
  return allocatedBytes()
}

/** The most that is alive whenever a new segment is about to be written, beyond what was before. */
function peakOf(body: () => void): number {
  const before = liveBytes()
  peak = 0
  body()
  return peak - before
}

describe('a table of 24 segments', () => {
  it('takes memory for all of them to be read as a whole', () => {
    const before = liveBytes()
    s.run('r = select * from pt')
    expect(liveBytes() - before).toBeGreaterThan(20 * BYTES_OF_SEGMENT)
    s.run('r = 0')
  })

  for (const [statement, segments] of [
    ['update pt set x = x + 1, y = n where n % 2 = 0', SEGMENTS],
    ['delete from pt where n % 5 = 0', SEGMENTS],
    ['replaceColumn!(pt, `z, array(FLOAT))', SEGMENTS],
  ] as const)
    test(`takes memory for a few for ${statement}`, () => {
      written = 0
      expect(peakOf(() => s.run(statement))).toBeLessThan(6 * BYTES_OF_SEGMENT)
      expect(written).toBe(segments)
    })
})
