/** The catalog of a pinned view, with the small appends that are in no segment, as a file of the backup; and what of it the backup must know. */
import { HoldfastError } from '../../runtime/errors.ts'
import type { CatalogReader } from '../catalog/key-value.ts'
import { keys } from '../catalog/records.ts'
import type { CatalogView, ChunkRecord, TableRecord } from '../catalog/types.ts'
import { type CatalogEntry, writeCatalogCopy } from '../external-copy/format.ts'
import type { ExpectedFile } from '../set/pipeline.ts'
import type { FileStore } from '../store/file-store.ts'

/** What a catalog says that there is. */
export interface CatalogSurvey {
  /** By path in the data directory. */
  readonly segments: ReadonlyMap<string, ExpectedFile>
  readonly databases: number
  readonly tables: number
  readonly chunks: number
  readonly rows: number
  /** Small appends that are in no segment. */
  readonly appends: { readonly rows: number; readonly bytes: number }
}

export interface CatalogDump extends CatalogSurvey {
  readonly catalog: { readonly records: number; readonly bytes: number; readonly digest: string }
}

const OF_THE_DIRECTORY: ReadonlySet<unknown> = new Set([keys.garbages[0], keys.remains[0], keys.runs[0]])

/** `catalog` must show what `view` shows. */
export function dumpCatalog(set: FileStore, file: string, catalog: CatalogReader, view: CatalogView): CatalogDump {
  return surveyed(catalog, view, (entries) => ({ catalog: writeCatalogCopy(set, entries, file) }))
}

/** The same, without a file. */
export const surveyCatalog = (catalog: CatalogReader, view: CatalogView): CatalogSurvey =>
  surveyed(catalog, view, (entries) => {
    for (const _ of entries);
    return {}
  })

/** `take` gets all entries of the dump. */
function surveyed<R extends object>(
  catalog: CatalogReader,
  view: CatalogView,
  take: (entries: Iterable<CatalogEntry>) => R,
): CatalogSurvey & R {
  const segments = new Map<string, ExpectedFile>()
  const tables: TableRecord[] = []
  /** Chunks with segments, by database, table and path; those that exist in small appends only come to them. */
  const chunks = new Set<string>()
  let databases = 0
  let rows = 0
  const appends = { rows: 0, bytes: 0 }
  function* entries(): Iterable<CatalogEntry> {
    for (const [key, value] of catalog.entries([])) {
      // Files that wait to be removed, what restores left and the mode for copies are of the directory, not of what it holds; runs are of the process.
      if (OF_THE_DIRECTORY.has(key[0]) || isSame(key, keys.copy)) continue
      if (isSame(key, keys.cid) && (value as number) > view.cid)
        throw new HoldfastError('bug', `the catalog shows commit ${value as number}, the backup is of ${view.cid}`)
      if (key[0] === keys.databases[0]) databases++
      else if (key[0] === 'table') tables.push(value as TableRecord)
      else if (key[0] === 'chunk') {
        const chunk = value as ChunkRecord
        rows += chunk.rows
        chunks.add(textOf(key.slice(1)))
        for (const { file, bytes, checksum } of chunk.segments) segments.set(file, { bytes, checksum })
      }
      yield [key, value]
    }
    for (const { db, name, id } of tables)
      for (const [path, delta] of view.deltas(id)) {
        chunks.add(textOf([db, name, path]))
        for (const block of delta.blocks) {
          appends.rows += block.rows
          appends.bytes += block.data.length
        }
        yield [['delta', id, path], { ...delta, path }]
      }
  }
  const taken = take(entries())
  return {
    ...taken,
    ...{ segments, databases, tables: tables.length, chunks: chunks.size, rows: rows + appends.rows, appends },
  }
}

const textOf = (key: readonly unknown[]): string => JSON.stringify(key)
const isSame = (a: readonly unknown[], b: readonly unknown[]): boolean => textOf(a) === textOf(b)
