/** Metadata whose checksums are right and whose content no store writes: each field well, the whole wrong. */
import { describe, expect, it } from 'vitest'
import { HoldfastError } from '../../runtime/errors.ts'
import { T } from '../../runtime/values/index.ts'
import { takeBackup } from '../backup/take.ts'
import type { Scheme } from '../catalog/types.ts'
import { checksumOf } from '../store/checksum.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { contextOf, databaseRecord, FIRST_DAY, shop, tableRecord, URL } from './fixture.ts'
import {
  decodeDomain,
  decodeTableIndex,
  encodeDomain,
  encodeTableIndex,
  type SetChunk,
  type TableIndex,
} from './meta.ts'

const chunk: SetChunk = {
  chunkId: '086b0c1e-0386-95a4-4b4a-5038f4fd5d51',
  cid: 7,
  rows: 10,
  updateTimeMs: 1_700_000_000_000,
  path: '/20220101/0_50',
  files: [{ name: 'a.arrow', rows: 10, bytes: 1000, checksum: '00000000000000ff', minMax: { ID: [1, 2] } }],
}
const index: TableIndex = { database: databaseRecord(), table: tableRecord(), cid: 7, takenMs: 1, chunks: [chunk] }

const file = (changes: object): SetChunk => ({ ...chunk, files: [{ ...chunk.files[0], ...changes }] })
const withSchemes = (...schemes: readonly unknown[]) => ({ ...index.database, schemes: schemes as readonly Scheme[] })

describe('the index of a table', () => {
  const refused: readonly [what: string, index: unknown, message: RegExp][] = [
    [
      'a partition that the scheme does not have',
      { ...index, chunks: [{ ...chunk, path: '/20220101/7_9' }] },
      /7_9 is no partition of level 2/,
    ],
    [
      'a partition without a level',
      { ...index, chunks: [{ ...chunk, path: '/20220101' }] },
      /must name each of the 2 level/,
    ],
    [
      'two partitions of one identity',
      { ...index, chunks: [chunk, { ...chunk, path: '/20220102/0_50' }] },
      /identity of another/,
    ],
    [
      'more rows than bytes',
      { ...index, chunks: [{ ...file({ rows: 2000 }), rows: 2000 }] },
      /2000 rows in 1000 bytes/,
    ],
    [
      'a range of another type',
      { ...index, chunks: [file({ minMax: { ID: ['a', 'b'] } })] },
      /range of ID is not of its type/,
    ],
    ['more nulls than rows', { ...index, chunks: [file({ nulls: { ID: 11 } })] }, /11 nulls of ID in 10 rows/],
    [
      'a commit that leaves no room for others',
      { ...index, chunks: [{ ...chunk, cid: 2 ** 53 - 1 }] },
      /can have counted to/,
    ],
    ['a time beyond calendars', { ...index, chunks: [{ ...chunk, updateTimeMs: 2 ** 53 - 1 }] }, /not a time/],
    ['no columns', { ...index, table: { ...index.table, columns: [] } }, /no columns/],
    [
      'a column twice',
      { ...index, table: { ...index.table, columns: [...index.table.columns, index.table.columns[0]] } },
      /same name/,
    ],
    [
      'a partition column that is missing',
      { ...index, table: { ...index.table, partitionColumns: ['date', 'y'] } },
      /column y .* is missing/,
    ],
    [
      'a column that cannot be stored',
      { ...index, table: { ...index.table, columns: [...index.table.columns, { name: 'f', type: T.ANY }] } },
      /cannot be stored/,
    ],
  ]
  it.each(refused)('with %s is refused', (_, wrong, message) => {
    const bytes = encodeTableIndex(wrong as TableIndex)
    expect(() => decodeTableIndex(bytes, 'f')).toThrow(message)
  })

  it('may have partitions whose value was dropped from the scheme', () => {
    const dropped = { ...index, chunks: [{ ...chunk, path: '/20210101/0_50' }] }
    expect(decodeTableIndex(encodeTableIndex(dropped), 'f')).toEqual(dropped)
  })
})

describe('a partition scheme', () => {
  const range = { kind: 'RANGE', type: T.INT, bounds: [0, 50] }
  const refused: readonly [what: string, scheme: unknown][] = [
    ['a billion buckets', { kind: 'HASH', type: T.INT, buckets: 2 ** 30 }],
    ['no buckets', { kind: 'HASH', type: T.INT, buckets: 0 }],
    ['2^53 blocks', { kind: 'SEQ', type: T.INT, blocks: 2 ** 53 - 1 }],
    ['bounds that fall', { ...range, bounds: [50, 0] }],
    ['one bound', { ...range, bounds: [0] }],
    ['texts for numbers', { ...range, bounds: ['a', 'b'] }],
    ['numbers beyond its type', { ...range, bounds: [0, 2 ** 40] }],
    ['a value twice', { kind: 'VALUE', type: T.INT, values: [1, 1] }],
    ['a null', { kind: 'VALUE', type: T.INT, values: [-2147483648] }],
    ['a value that is no name of a folder', { kind: 'VALUE', type: T.STRING, values: ['a\nb'] }],
    ['floating point', { kind: 'VALUE', type: T.DOUBLE, values: [1, 2] }],
    ['no groups', { kind: 'LIST', type: T.INT, groups: [] }],
  ]
  it.each(refused)('with %s is refused', (_, scheme) => {
    expect(() => decodeDomain(encodeDomain(withSchemes(scheme)), 'f')).toThrow(/is no partition scheme/)
  })

  it.each([
    ['HASH', { kind: 'HASH', type: T.UUID, buckets: 20 }],
    ['SEQ', { kind: 'SEQ', type: T.INT, blocks: 8 }],
    ['LIST', { kind: 'LIST', type: T.SYMBOL, groups: [['a', 'b'], ['c']] }],
    ['VALUE of days', { kind: 'VALUE', type: T.DATE, values: [FIRST_DAY, FIRST_DAY + 1] }],
    ['VALUE of odd texts', { kind: 'VALUE', type: T.STRING, values: ['a/b', '..', 'x:y'] }],
  ])('of %s as a store makes it is read', (_, scheme) => {
    const database = withSchemes(scheme)
    expect(decodeDomain(encodeDomain(database), 'f')).toEqual(database)
  })
})

describe('a log of finished chunks', () => {
  it('ends where a record with a right checksum is no MessagePack', () => {
    const engine = shop(new MemoryFileStore())
    const set = new MemoryFileStore()
    const folder = 'states/20240131T101500123Z-5f09ac.partial'
    // Lists nested beyond any stack.
    const body = Buffer.concat([Buffer.alloc(200_000, 0x91), Buffer.from([0xc0])])
    const record = Buffer.alloc(12)
    record.writeUInt32LE(body.length, 0)
    record.writeBigUInt64LE(BigInt(`0x${checksumOf(body)}`), 4)
    set.writeFileAtomic(`${folder}/finished-1.log`, Buffer.concat([record, body]))
    const request = { url: URL, tables: undefined, partitions: undefined, force: false, snapshot: true }
    expect(takeBackup(contextOf(engine), set, request)).toMatchObject({ chunksCopied: 10, chunksResumed: 0 })
  })
})

it('errors of nonsense are errors of the data', () => {
  try {
    decodeTableIndex(encodeTableIndex({ ...index, takenMs: Number.NaN }), 'the file')
    expect.unreachable()
  } catch (error) {
    expect(error).toBeInstanceOf(HoldfastError)
    expect(error).toMatchObject({ kind: 'data', where: { file: 'the file' } })
  }
})
