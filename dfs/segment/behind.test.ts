/** A segment that another thread writes, from where its bodies were built, is the one that is written directly. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ArrayVector, type ColumnSchema, type Raw, T, type Vector, vectorOf } from '../../runtime/values/index.ts'
import { LocalFileStore } from '../store/local-store.ts'
import { UnsyncedFiles } from '../store/unsynced-files.ts'
import { WriteBehind } from '../store/write-behind.ts'
import { verifySegment } from './verify.ts'
import { SegmentWriter } from './writer.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-segment-behind-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const ROWS = 150_000

const column = (type: number, raw: (k: number) => Raw): Vector =>
  vectorOf(
    type,
    Array.from({ length: ROWS }, (_, k) => raw(k)),
  )

/** Columns with and without nulls, of every storage, with texts that make bodies of one file differ much in size. */
function vectors(): Vector[] {
  const ints = column(T.INT, (k) => (k % 97) - 40)
  return [
    column(T.TIMESTAMP, (k) => 1_700_000_000_000n + BigInt(k)),
    column(T.LONG, (k) => (k % 1000 === 7 ? -(2n ** 63n) : BigInt(k * k))),
    column(T.DOUBLE, (k) => (k * 7919) % 10007),
    column(T.DOUBLE, (k) => (k > 70_000 && k < 70_100 ? -Number.MAX_VALUE : Math.sqrt(k))),
    column(T.SHORT, (k) => k % 300),
    column(T.SYMBOL, (k) => `s${k % 11}`),
    column(T.STRING, (k) => (k < 65_536 ? '' : `${'text '.repeat(k % 20)}${k}`)),
    column(T.UUID, (k) => BigInt(k) << 70n),
    new ArrayVector(
      Int32Array.from({ length: ROWS + 1 }, (_, k) => Math.min(ROWS, k)),
      ints,
    ),
  ]
}

async function untilUp(behind: WriteBehind, store: LocalFileStore): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt++) {
    behind.expect(1 << 30)
    const writer = store.openWrite('probe', behind)
    writer.close()
    if ('regions' in writer) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('the thread did not come up')
}

it('writes the same bytes, checksums and statistics from another thread', async () => {
  const store = new LocalFileStore(folder)
  const data = vectors()
  const columns = data.map((v, k): ColumnSchema => ({ name: `c${k}`, type: v.type, scale: 0 }))
  const every = Int32Array.from({ length: ROWS / 2 }, (_, k) => 2 * k)
  const behind = new WriteBehind()
  await untilUp(behind, store)
  const unsynced = new UnsyncedFiles()
  const direct = new SegmentWriter(store, columns)
  const other = new SegmentWriter(store, columns, unsynced, behind)
  const ranges = [undefined, every].map((rows) => ({ rows, from: 0, to: rows?.length ?? ROWS }))
  const unfinished = ranges.map((range, k) => other.writeLater(`behind${k}`, data, range))
  const refs = unfinished.map((segment) => segment.ref())
  unsynced.syncAll()
  ranges.forEach((range, k) => {
    const expected = direct.write(`direct${k}`, data, range)
    expect({ ...refs[k], file: expected.file }).toEqual(expected)
    expect(readFileSync(join(folder, `behind${k}`)).equals(readFileSync(join(folder, `direct${k}`)))).toBe(true)
    expect(verifySegment(store, `behind${k}`, refs[k]).kind).toBe('ok')
  })
}, 30_000)
