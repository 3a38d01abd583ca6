/** What the store really holds, read through a session like any other, and how it differs from what the model says. */
import type { AccessRecord } from '../../dfs/access/commands.ts'
import type { CatalogReader } from '../../dfs/catalog/key-value.ts'
import { viewsOf } from '../../dfs/catalog/named-objects.ts'
import { keys } from '../../dfs/catalog/records.ts'
import type { CatalogView, ChunkRecord, DatabaseRecord } from '../../dfs/catalog/types.ts'
import type { UserRecord } from '../../dfs/engine/commands.ts'
import type { DfsSession } from '../../dfs/index.ts'
import { verifySegment } from '../../dfs/segment/index.ts'
import type { SettingRecord } from '../../dfs/settings/index.ts'
import type { FileStore } from '../../dfs/store/file-store.ts'
import { type Raw, T, type TableSnapshot } from '../../runtime/values/index.ts'
import type { ModelRow, ModelState, ModelTable } from './model.ts'
import { atomicOf } from './statements.ts'
import { expectedChunks } from './visible.ts'

export interface FoundChunk {
  readonly path: string
  readonly identity: string
  readonly rows: readonly (readonly Raw[])[]
}

export interface FoundTable {
  readonly key: string
  readonly columns: readonly string[]
  readonly chunks: readonly FoundChunk[]
}

/** Everything in the store, or one table of it. Throws if a partition's count is not that of its rows. */
export function readStore(dfs: DfsSession, only?: string): Map<string, FoundTable> {
  const found = new Map<string, FoundTable>()
  const view = dfs.view()
  for (const { url } of [...view.databases()])
    for (const { name } of [...view.tables(url)]) {
      if (only !== undefined && name !== only) continue
      const source = dfs.source(url, name)
      const columns = source.schema().map((c) => c.name)
      const snapshot = source.snapshot()
      try {
        found.set(`${url}/${name}`, { key: `${url}/${name}`, columns, chunks: readSnapshot(snapshot, columns) })
      } finally {
        snapshot.release()
      }
    }
  return found
}

/** Function views, users and grants, as the model writes them. */
export function readNamed(catalog: CatalogReader): Map<string, string> {
  const named = new Map<string, string>()
  for (const { name, body } of viewsOf(catalog)) named.set(`view ${name}`, body)
  for (const [, value] of catalog.entries(keys.users)) {
    const { name, salt } = value as UserRecord
    if (name.startsWith('sim')) named.set(`user ${name}`, salt)
  }
  for (const [, value] of catalog.entries(keys.grants)) {
    const { name, rules } = value as AccessRecord
    const rights = rules.map((r) => `${r.allow ? '' : 'not '}${r.right}`).sort()
    if (name.startsWith('sim')) named.set(`grant ${name}`, rights.join(' '))
  }
  for (const [, value] of catalog.entries(keys.databases)) {
    const { url, atomic } = value as DatabaseRecord
    const level = atomicOf(url, atomic)
    if (level !== undefined) named.set(`atomic ${url}`, level)
  }
  for (const [key, value] of catalog.entries(keys.settings))
    if (key.at(-1) === 'ts.wal.wal_level') named.set(LOG_LEVEL, String((value as SettingRecord).value))
  return named
}

/** The setting, as long as a statement has given it a value. */
const LOG_LEVEL = 'level of the log'

export function differenceOfNamed(
  found: ReadonlyMap<string, string>,
  { named, level }: ModelState,
): string | undefined {
  const expected = level === undefined ? named : new Map([...named, [LOG_LEVEL, String(level)]])
  for (const key of new Set([...found.keys(), ...expected.keys()])) {
    const [x, y] = [found.get(key), expected.get(key)]
    if (x !== y) return `${key} is ${x ?? 'missing'} instead of ${y ?? 'nothing'}`
  }
  return undefined
}

export function readSnapshot(snapshot: TableSnapshot, columns: readonly string[]): FoundChunk[] {
  const chunks: FoundChunk[] = []
  for (const partition of snapshot.partitions()) {
    const rows: Raw[][] = []
    for (const batch of snapshot.scan(partition, columns))
      for (let k = 0; k < batch.rows; k++) rows.push(batch.columns.map((v) => v.raw(k)))
    const { chunkId, cid } = (partition as unknown as { readonly chunk: ChunkRecord }).chunk
    if (partition.rows !== rows.length)
      throw new Error(`${partition.path} says it has ${partition.rows} rows; a scan gives ${rows.length}`)
    if (rows.length > 0) chunks.push({ path: partition.path, identity: `${chunkId} ${cid}`, rows })
  }
  return chunks.sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** undefined: they are the same. */
export function difference(found: ReadonlyMap<string, FoundTable>, expected: ModelState): string | undefined {
  const names = [...found.keys()].sort().join(' ')
  const wanted = [...expected.tables.keys()].sort().join(' ')
  if (names !== wanted) return `tables are [${names}] instead of [${wanted}]`
  for (const [key, table] of expected.tables) {
    const problem = differenceOfTable(found.get(key)!, table)
    if (problem !== undefined) return `${key}: ${problem}`
  }
  return undefined
}

export function differenceOfTable(found: FoundTable, table: ModelTable): string | undefined {
  const columns = table.columns.map((c) => c.name).join()
  if (found.columns.join() !== columns) return `columns are ${found.columns.join()} instead of ${columns}`
  return differenceOfChunks(found.chunks, table)
}

export function differenceOfChunks(found: readonly FoundChunk[], table: ModelTable): string | undefined {
  const expected = expectedChunks(table)
  const paths = found.map((c) => c.path).join(' ')
  const wanted = expected.map((c) => c.path).join(' ')
  if (paths !== wanted) return `partitions with rows are ${paths || 'none'} instead of ${wanted || 'none'}`
  for (const [k, chunk] of expected.entries()) {
    const problem = differenceOfRows(found[k].rows, chunk.rows, table)
    if (problem !== undefined) return `${chunk.path}: ${problem}`
  }
  return undefined
}

/** Rows that were moved there together stand in any order. */
function differenceOfRows(
  found: readonly (readonly Raw[])[],
  expected: readonly ModelRow[],
  table: ModelTable,
): string | undefined {
  const n = table.columns.findIndex((c) => c.name === 'n')
  for (let from = 0; from < Math.max(found.length, expected.length); ) {
    let to = from + 1
    if (expected[from]?.isMoved === true)
      while (to < expected.length && expected[to].place === expected[from].place) to++
    const byNumber = (a: readonly Raw[], b: readonly Raw[]): number => (a[n] as number) - (b[n] as number)
    const wanted = expected.slice(from, to).map((r) => r.cells)
    const have = found.slice(from, to)
    if (to - from > 1) {
      wanted.sort(byNumber)
      have.sort(byNumber)
    }
    for (let k = 0; k < to - from; k++) {
      const [x, y] = [have[k]?.join('|'), wanted[k]?.join('|')]
      if (x === y) continue
      return `row ${from + k} of ${found.length} is ${x ?? 'missing'} instead of ${y ?? 'nothing'} (of ${expected.length})\n    found    ${numbers(found, n)}\n    expected ${numbers(
        expected.map((r) => r.cells),
        n,
      )}`
    }
    from = to
  }
  return undefined
}

const numbers = (rows: readonly (readonly Raw[])[], n: number): string => rows.map((r) => r[n]).join(' ')

/** Segments that are not what the catalog says, and files that nobody names. */
export function untidiness(dfs: DfsSession, disk: FileStore, allFiles: Iterable<string>): string | undefined {
  return dfs.looking((view) => untidinessOf(view, disk, allFiles))
}

function untidinessOf(view: CatalogView, disk: FileStore, allFiles: Iterable<string>): string | undefined {
  const named = new Set<string>()
  for (const { url } of [...view.databases()])
    for (const { name } of [...view.tables(url)])
      for (const chunk of view.storedChunks(url, name))
        for (const segment of chunk.segments) {
          named.add(segment.file)
          const check = verifySegment(disk, segment.file, segment)
          if (check.kind !== 'ok') return `${segment.file}: ${JSON.stringify(check)}`
        }
  for (const file of allFiles) if (file.startsWith('chunks/') && !named.has(file)) return `nobody names ${file}`
  return undefined
}

export const TYPE_OF = { INT: T.INT, LONG: T.LONG, STRING: T.STRING } as const
