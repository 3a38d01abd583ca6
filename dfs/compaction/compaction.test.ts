import { describe, expect, it } from 'vitest'
import { type ColumnSchema, SymbolBase, T, type Vector, vectorOf } from '../../runtime/values/index.ts'
import type { ChunkRecord, SegmentRef, StoredColumn, TableRecord } from '../catalog/types.ts'
import { chunkBatches } from '../read/chunk.ts'
import { PATH, type Row, rowsOf, tableOf } from '../read/testing-chunk.ts'
import { SegmentReader, verifySegment } from '../segment/index.ts'
import { FaultyFileStore, StoreDied } from '../store/faulty-store.ts'
import type { FileStore } from '../store/file-store.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { NewSegments } from '../write/new-segments.ts'
import { chooseSegments } from './choose.ts'
import { compactChunk, mergeSegments } from './run.ts'

const segment = (cid: number | undefined, bytes: number): SegmentRef => ({
  file: `f${cid}-${bytes}`,
  ...(cid === undefined ? {} : { cid }),
  rows: 1,
  bytes,
  checksum: '',
  minMax: {},
})

const delta = (cid: number) => ({ cid, timeMs: 0, rows: 1, layout: '', data: new Uint8Array() })
const MIB = 1 << 20

describe('the choice of segments', () => {
  const policy = { minSegments: 3, maxBytes: 100 * MIB }
  const sizes = (...mib: number[]): SegmentRef[] => mib.map((m, k) => segment(k + 1, m * MIB))

  it.each<[string, ChunkRecord['segments'], number[], string]>([
    ['is empty for an empty chunk', [], [], ''],
    ['is empty for too few', sizes(1, 1), [], ''],
    ['takes all that are alike', sizes(1, 1, 1, 1), [], '1,2,3,4'],
    ['leaves out an older one that is much larger', sizes(50, 1, 1, 1), [], '2,3,4'],
    ['leaves out newer ones that are much larger', sizes(1, 1, 1, 30), [], '1,2,3'],
    ['takes an older one that is not larger than the rest', sizes(4, 1, 1, 1), [], '1,2,3,4'],
    ['reads no more than it may', sizes(40, 40, 40, 40), [], ''],
    ['is of neighbours: a small append that waits stands between', sizes(1, 1, 1, 1, 1), [2.5], '3,4,5'],
    ['is of neighbours only', sizes(1, 1, 1, 1), [2.5], ''],
    ['may stand before small appends', sizes(1, 1, 1), [9], '1,2,3'],
    [
      'takes tiny ones whatever their sizes',
      [200, 1, 100, 1, 2].map((k, n) => segment(n + 1, k << 10)),
      [],
      '1,2,3,4,5',
    ],
    ['ends where a commit ends', [1, 2, 3, 4, 4].map((c) => segment(c, c === 4 ? 90 * MIB : MIB)), [], '1,2,3'],
    ['takes all or none of a commit', [1, 2, 3, 3].map((c, k) => segment(c, k === 3 ? 99 * MIB : MIB)), [], ''],
    [
      'knows that files without a commit are of one',
      [undefined, undefined, undefined].map((c) => segment(c, 1)),
      [],
      ',,',
    ],
  ])('%s', (_, segments, deltas, expected) => {
    const chosen = chooseSegments({ segments, delta: deltas.map(delta) }, policy)
    expect(chosen?.map((s) => s.cid ?? '').join() ?? '').toBe(expected)
  })

  it('rewrites a row about as often as the logarithm of the size', () => {
    let segments: SegmentRef[] = []
    let written = 0
    const appends = 1000
    for (let cid = 1; cid <= appends; cid++) {
      segments = [...segments, segment(cid, MIB)]
      const chosen = chooseSegments({ segments }, { minSegments: 8, maxBytes: Number.MAX_SAFE_INTEGER })
      if (chosen === undefined) continue
      const bytes = chosen.reduce((n, s) => n + s.bytes, 0)
      written += bytes
      segments = segments.filter((s) => !chosen.includes(s))
      segments.push(segment(chosen.at(-1)!.cid, bytes))
      segments.sort((a, b) => a.cid! - b.cid!)
    }
    expect(segments.length).toBeLessThan(40)
    expect(written / (appends * MIB)).toBeLessThan(8)
  })
})

const COLUMNS: StoredColumn[] = [
  { name: 'sym', type: T.SYMBOL },
  { name: 'at', type: T.TIMESTAMP },
  { name: 'n', type: T.INT },
  { name: 'text', type: T.STRING },
]

const vectors = (columns: readonly ColumnSchema[], rows: readonly Row[]): Vector[] =>
  columns.map((c, k) =>
    vectorOf(
      c.type,
      rows.map((r) => r[k]),
      c.scale,
    ),
  )

function written(files: FileStore, table: TableRecord, parts: readonly (readonly Row[])[]): ChunkRecord {
  const segments = parts.map((rows, k): SegmentRef => {
    const made = new NewSegments(files, table)
    const ref = made.write(PATH, vectors(table.columns, rows))
    made.syncFolders()
    return { ...ref, cid: k + 1 }
  })
  const rows = segments.reduce((n, s) => n + s.rows, 0)
  return { chunkId: 'c', cid: parts.length, path: PATH, rows, updateTimeMs: 0, segments }
}

const PARTS: Row[][] = [1, 2, 3, 4].map((part) =>
  Array.from({ length: 5 }, (_, k) => [
    `s${(k * part) % 3}`,
    BigInt(k % 2),
    part * 10 + k,
    k === 0 ? '' : `text ${part} ä`,
  ]),
)

function read(files: FileStore, table: TableRecord, segments: readonly SegmentRef[]): Row[] {
  const bases = new Map<string, SymbolBase>()
  const baseOf = (name: string): SymbolBase => {
    const base = bases.get(name) ?? new SymbolBase()
    bases.set(name, base)
    return base
  }
  const access = { files, baseOf }
  const names = table.columns.map((c) => c.name)
  return [...chunkBatches(access, table, { segments }, names)].flatMap(rowsOf)
}

const allFiles = (files: FileStore, folder = ''): string[] =>
  files.list(folder).flatMap((e) => {
    const path = folder === '' ? e.name : `${folder}/${e.name}`
    return e.kind === 'directory' ? allFiles(files, path) : [path]
  })

const TABLES: readonly (readonly [string, Partial<TableRecord>])[] = [
  ['OLAP', {}],
  ['TSDB', { sortColumns: ['sym', 'at'] }],
  ['LAST', { sortColumns: ['sym', 'at'], keepDuplicates: 'LAST' }],
  ['FIRST', { sortColumns: ['sym', 'at'], keepDuplicates: 'FIRST' }],
  ['PKEY', { primaryKey: ['sym'] }],
]

describe('a merged segment', () => {
  it.each(TABLES)('shows the same rows, and is a whole segment: %s', (_, options) => {
    const files = new MemoryFileStore()
    const table = tableOf(COLUMNS, options)
    const chunk = written(files, table, PARTS)
    const before = read(files, table, chunk.segments)
    const { drop, add } = compactChunk(files, {} as never, table, chunk, { minSegments: 2 })!
    expect(drop).toEqual(chunk.segments.map((s) => s.file))
    expect(add).toHaveLength(1)
    expect(read(files, table, add)).toEqual(before)
    expect(add[0]).toMatchObject({ cid: 4, rows: before.length })
    expect(verifySegment(files, add[0].file, add[0]).kind).toBe('ok')
    const numbers = before.map((r) => r[2] as number)
    expect(add[0].minMax.n).toEqual([Math.min(...numbers), Math.max(...numbers)])
    expect(add[0].minMax.text).toBeDefined()
    expect(compactChunk(files, {} as never, table, { ...chunk, segments: add }, { minSegments: 2 })).toBeUndefined()
  })

  it('has the columns that the table has now', () => {
    const files = new MemoryFileStore()
    const { segments } = written(files, tableOf(COLUMNS, {}), PARTS)
    const now: StoredColumn[] = [
      { name: 'number', type: T.INT, stored: 'n' },
      { name: 'text', type: T.LONG, stored: 'text#2' },
      { name: 'sym', type: T.SYMBOL },
      { name: 'tag', type: T.SYMBOL },
    ]
    const table = tableOf(now, {})
    const before = read(files, table, segments)
    expect(before[1]).toEqual([11, -(2n ** 63n), 's1', ''])
    const { add } = mergeSegments(files, table, PATH, segments)
    const reader = new SegmentReader(files, add[0].file)
    expect(reader.schema.map((c) => c.name)).toEqual(['n', 'text#2', 'sym', 'tag'])
    reader.close()
    expect(read(files, table, add)).toEqual(before)
  })

  it('has full batches, of segments of any size', () => {
    const files = new MemoryFileStore()
    const table = tableOf([{ name: 'n', type: T.INT }], {})
    const parts = [1, 70_000, 3, 65_536, 60_000].map((count, k) =>
      Array.from({ length: count }, (_, n): Row => [k * 100_000 + n]),
    )
    const { segments } = written(files, table, parts)
    const { add } = mergeSegments(files, table, PATH, segments)
    const reader = new SegmentReader(files, add[0].file, { verify: true })
    expect(Array.from({ length: reader.batchCount }, (_, k) => reader.batchRows(k))).toEqual([65_536, 65_536, 64_468])
    reader.close()
    expect(read(files, table, add)).toEqual(parts.flat())
  })

  it('is none when no row is left', () => {
    const files = new MemoryFileStore()
    const table = tableOf(COLUMNS, {})
    const { segments } = written(files, table, [[], []])
    const before = allFiles(files)
    expect(mergeSegments(files, table, PATH, segments).add).toEqual([])
    expect(allFiles(files)).toEqual(before)
  })
})

describe('merging', () => {
  const table = tableOf(COLUMNS, { sortColumns: ['sym', 'at'], keepDuplicates: 'LAST' })

  it('stops at damage, names it, and leaves no file', () => {
    const files = new MemoryFileStore()
    const chunk = written(files, table, PARTS)
    const before = allFiles(files)
    const victim = chunk.segments[1]
    let found = 0
    for (let offset = 64; offset < victim.bytes - 200; offset += 61) {
      files.flipBit(victim.file, offset, offset % 8)
      const check = verifySegment(files, victim.file, victim)
      expect(check.kind).toBe('damaged')
      try {
        // Padding and messages that only others read carry no rows.
        const { add } = mergeSegments(files, table, PATH, chunk.segments)
        files.flipBit(victim.file, offset, offset % 8)
        expect(read(files, table, add)).toEqual(read(files, table, chunk.segments))
        files.remove(add[0].file)
      } catch (error) {
        found++
        expect(error).toMatchObject({ kind: 'data', where: { file: victim.file } })
        files.flipBit(victim.file, offset, offset % 8)
      }
      expect(allFiles(files)).toEqual(before)
    }
    expect(found).toBeGreaterThan(10)
  })

  it('leaves no file when any call fails, and only its own when the process dies', () => {
    const disk = new MemoryFileStore()
    const { segments } = written(disk, table, PARTS)
    const before = allFiles(disk)
    const expected = read(disk, table, segments)
    const probe = new FaultyFileStore(disk)
    const { add } = mergeSegments(probe, table, PATH, segments)
    for (const { file } of add) disk.remove(file)
    expect(probe.calls).toBeGreaterThan(5)
    for (let call = 1; call <= probe.calls; call++) {
      const failing = new FaultyFileStore(disk, { failCall: call, code: 'ENOSPC' })
      expect(() => mergeSegments(failing, table, PATH, segments)).toThrow(expect.objectContaining({ code: 'ENOSPC' }))
      expect(allFiles(disk), failing.log.at(-1)).toEqual(before)
      const dying = new FaultyFileStore(disk, { dieAtCall: call })
      expect(() => mergeSegments(dying, table, PATH, segments)).toThrow(StoreDied)
      const strays = allFiles(disk).filter((f) => !before.includes(f))
      for (const file of strays) disk.remove(file)
      expect(read(disk, table, segments)).toEqual(expected)
    }
    for (let at = 1; at <= 200; at++) {
      const failing = new FaultyFileStore(disk, { failReads: at })
      try {
        for (const { file } of mergeSegments(failing, table, PATH, segments).add) disk.remove(file)
        expect(at).toBeGreaterThan(20)
        break
      } catch (error) {
        expect(error).toMatchObject({ kind: 'io', code: 'EIO' })
      }
      expect(allFiles(disk)).toEqual(before)
    }
  })

  it('can be interrupted, and leaves nothing', () => {
    const files = new MemoryFileStore()
    const { segments } = written(files, table, PARTS)
    const before = allFiles(files)
    const interrupt = (): void => {
      throw new Error('enough')
    }
    expect(() => mergeSegments(files, table, PATH, segments, { interrupt })).toThrow('enough')
    expect(allFiles(files)).toEqual(before)
  })

  it('survives loss of power once it has returned', () => {
    const files = new MemoryFileStore()
    const { segments } = written(files, table, PARTS)
    const expected = read(files, table, segments)
    const { add } = mergeSegments(files, table, PATH, segments)
    files.losePower(() => 0.5)
    expect(read(files, table, add)).toEqual(expected)
  })
})
