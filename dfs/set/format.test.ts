import { describe, expect, it } from 'vitest'
import { HoldfastError } from '../../runtime/errors.ts'
import { T } from '../../runtime/values/index.ts'
import { takeBackup } from '../backup/take.ts'
import { silentProgress } from '../progress.ts'
import { restoreDatabase } from '../restore/restore.ts'
import { checksumOf } from '../store/checksum.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { checkBackupSet } from '../verify/check.ts'
import { contentOf, contextOf, databaseRecord, PATHS, shop, tableRecord, URL } from './fixture.ts'
import { decodeManifest, encodeManifest, type Manifest } from './manifest.ts'
import { decodeTableIndex, encodeTableIndex, type SetChunk, type TableIndex } from './meta.ts'

const manifest: Manifest = {
  product: 'holdfast 0.1.0',
  id: '20240131T101500123Z-5f09ac',
  startedAt: '2024-01-31T10:15:00.123Z',
  completedAt: '2024-01-31T10:15:09.000Z',
  cid: 42,
  databases: [
    {
      url: 'dfs://a/b',
      domain: { bytes: 100, digest: '0123456789abcdef' },
      tables: [
        {
          name: 'pt',
          mode: 'copy',
          cid: 42,
          takenAt: '2024-01-31T10:15:00.123Z',
          chunks: 1,
          rows: 10,
          files: 1,
          bytes: 1000,
          index: { bytes: 200, digest: 'fedcba9876543210' },
        },
      ],
    },
  ],
}

/** Of a set that is not encrypted. */
const plain = { root: '/set' }

const chunk: SetChunk = {
  chunkId: '086b0c1e-0386-95a4-4b4a-5038f4fd5d51',
  cid: 7,
  rows: 10,
  updateTimeMs: 1_700_000_000_000,
  path: '/20220101/0_50',
  files: [
    {
      name: 'a.arrow',
      rows: 10,
      bytes: 1000,
      checksum: '00000000000000ff',
      minMax: {
        ID: [-3, 49],
        t: [-5n, 2n ** 62n],
        d: [-0.5, 1e300],
        s: ['', 'zz'],
        u: [-(2n ** 120n), 2n ** 127n],
        p: [
          [1, 2],
          [3, 4],
        ],
      },
    },
  ],
}
const index: TableIndex = { database: databaseRecord(), table: tableRecord(), cid: 7, takenMs: 1, chunks: [chunk] }

/** The manifest's text with one thing changed and the digest made right again, as a forger would. */
function forged(change: (o: Record<string, unknown>) => unknown): Uint8Array {
  const o = JSON.parse(Buffer.from(encodeManifest(manifest)).toString()) as Record<string, unknown>
  change(o)
  delete o.digest
  const head = `${JSON.stringify(o, undefined, 2).slice(0, -2)},\n`
  return Buffer.from(`${head}  "digest": "${checksumOf(Buffer.from(head))}"\n}\n`)
}

describe('backup_manifest.json', () => {
  it('comes back as it was written', () => {
    expect(decodeManifest(encodeManifest(manifest), 'm', plain)).toEqual(manifest)
  })
  it('shows every flipped bit', () => {
    const bytes = encodeManifest(manifest)
    for (let at = 0; at < bytes.length; at++) {
      const damaged = bytes.slice()
      damaged[at] ^= 1 << (at % 8)
      expect(() => decodeManifest(damaged, 'm', plain), `byte ${at}`).toThrow(/file m is damaged/)
    }
  })
  it('shows that it was cut', () => {
    const bytes = encodeManifest(manifest)
    for (const length of [0, 1, 33, 34, bytes.length - 1])
      expect(() => decodeManifest(bytes.subarray(0, length), 'm', plain)).toThrow(/damaged/)
  })
  const table = (o: Record<string, unknown>) => (o.databases as { tables: Record<string, unknown>[] }[])[0].tables[0]
  const refused: readonly [what: string, change: (o: Record<string, unknown>) => unknown, message: RegExp][] = [
    [
      'a newer minor version',
      (o) => Object.assign(o, { formatVersion: '1.4' }),
      /backup format 1\.4; this release reads 1\.0 to 1\.3/,
    ],
    ['another major version', (o) => Object.assign(o, { formatVersion: '2.0' }), /backup format 2\.0/],
    ['another checksum', (o) => Object.assign(o, { checksum: 'SHA-256' }), /uses the checksum SHA-256/],
    ['another format', (o) => Object.assign(o, { format: 'tar' }), /does not describe a backup set/],
    ['a table that climbs', (o) => Object.assign(table(o), { name: '../../etc/passwd' }), /not allowed/],
    [
      'a database that climbs',
      (o) => Object.assign((o.databases as object[])[0], { url: 'dfs://../x' }),
      /not allowed/,
    ],
    ['a database with NUL', (o) => Object.assign((o.databases as object[])[0], { url: 'dfs://a\0' }), /not allowed/],
    ['an id that climbs', (o) => Object.assign(o, { id: '../../x' }), /id is not the id of a state/],
    [
      'a size below nothing',
      (o) => Object.assign(table(o), { bytes: -1 }),
      /databases\.0\.tables\.0\.bytes is not a count/,
    ],
    ['a size beyond counting', (o) => Object.assign(table(o), { bytes: 1e300 }), /not a count/],
    ['a missing list', (o) => Object.assign(o, { databases: undefined }), /databases is not a list/],
    ['a table twice', (o) => void (o.databases as { tables: unknown[] }[])[0].tables.push(table(o)), /occurs twice/],
  ]
  it.each(refused)('with %s is refused', (_, change, message) => {
    expect(() => decodeManifest(forged(change), 'm', plain)).toThrow(message)
  })
})

describe('<table>.meta', () => {
  it('comes back as it was written, numbers of every kind', () => {
    expect(decodeTableIndex(encodeTableIndex(index), 'f')).toEqual(index)
  })
  it('comes back with the query that its rows are of', () => {
    const columns = [
      { name: 'date', type: T.DATE },
      { name: 'price', type: T.DECIMAL64, scale: 3 },
    ]
    const ofQuery = { ...index, query: { text: '< select date, price from pt >', columns } }
    expect(decodeTableIndex(encodeTableIndex(ofQuery), 'f')).toEqual(ofQuery)
  })
  it('shows every flipped bit', () => {
    const bytes = encodeTableIndex(index)
    for (let at = 0; at < bytes.length; at++) {
      const damaged = bytes.slice()
      damaged[at] ^= 1 << (at % 8)
      expect(() => decodeTableIndex(damaged, 'f'), `byte ${at}`).toThrow(HoldfastError)
    }
  })
  const refused: readonly [what: string, index: unknown, message: RegExp][] = [
    ['a path that climbs', { ...index, chunks: [{ ...chunk, path: '/../../x' }] }, /not allowed/],
    [
      'an absolute file',
      { ...index, chunks: [{ ...chunk, files: [{ ...chunk.files[0], name: '/etc/passwd' }] }] },
      /not allowed/,
    ],
    [
      'a file that climbs',
      { ...index, chunks: [{ ...chunk, files: [{ ...chunk.files[0], name: '..' }] }] },
      /not allowed/,
    ],
    ['rows that do not add up', { ...index, chunks: [{ ...chunk, rows: 11 }] }, /do not add up/],
    ['a partition twice', { ...index, chunks: [chunk, chunk] }, /partition occurs twice/],
    ['a table name that climbs', { ...index, table: { ...index.table, name: '../x' } }, /not allowed/],
    [
      'a type nobody knows',
      { ...index, table: { ...index.table, columns: [{ name: 'x', type: 60 }] } },
      /data type 60/,
    ],
    ['a table of another database', { ...index, table: { ...index.table, db: 'dfs://other' } }, /another database/],
    [
      'a checksum that is none',
      { ...index, chunks: [{ ...chunk, files: [{ ...chunk.files[0], checksum: 'x' }] }] },
      /not a checksum/,
    ],
  ]
  it.each(refused)('with %s is refused', (_, wrong, message) => {
    const bytes = encodeTableIndex(wrong as TableIndex)
    expect(() => decodeTableIndex(bytes, 'f')).toThrow(message)
  })
})

describe('a flipped byte anywhere in a set', () => {
  it('is found by checkBackup, and restore puts nothing wrong in place', () => {
    const engine = shop(new MemoryFileStore(), ['pt', 'pt2'], PATHS.slice(0, 3))
    const set = new MemoryFileStore()
    takeBackup(contextOf(engine), set, {
      url: URL,
      tables: undefined,
      partitions: undefined,
      force: false,
      snapshot: true,
    })
    const files = [...set.files()]
    let found = 0
    const good = contentOf(engine, 'pt') + contentOf(engine, 'pt2')
    for (const [file, bytes] of files)
      for (let k = 0; k < 60; k++) {
        const offset = Math.floor((k / 60) * bytes)
        set.flipBit(file, offset, k % 8)
        const what = `${file} byte ${offset}`
        let message = ''
        try {
          const rows = checkBackupSet(
            set,
            { url: URL, tables: undefined, pattern: '%' },
            { progress: silentProgress, now: () => 0 },
          )
          message = rows.flatMap((r) => r.files.map((f) => f.file)).join()
        } catch (error) {
          message = (error as Error).message
        }
        expect(message, what).toContain(file)
        found++
        if (k % 10 === 0) {
          const target = shop(new MemoryFileStore(), ['pt', 'pt2'], [])
          try {
            restoreDatabase(contextOf(target), set, URL, URL)
            expect(contentOf(target, 'pt') + contentOf(target, 'pt2'), what).toBe(good)
          } catch (error) {
            expect(error, what).toMatchObject({ kind: 'data' })
            for (const table of ['pt', 'pt2'])
              expect(['', contentOf(engine, table)], what).toContain(contentOf(target, table))
          }
        }
        set.flipBit(file, offset, k % 8)
      }
    expect(found).toBeGreaterThan(200)
  })
})
