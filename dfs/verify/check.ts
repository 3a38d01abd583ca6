/**
 * Checking a backup: every byte that a state names is read and compared. Damage of data is listed chunk by chunk; damage of metadata is thrown, with the
 * file named, because nothing that stands in it could be trusted.
 */
import { ProgressMeter, type ProgressSink } from '../progress.ts'
import { FileWork } from '../set/file-work.ts'
import { checkStateManifest } from '../set/manifest.ts'
import type { SetChunk, TableIndex } from '../set/meta.ts'
import { pathIndexOf } from '../set/names.ts'
import { BackupSet, chunksMatching, type SetOptions, setFilePath } from '../set/open.ts'
import type { FileCheck } from '../set/pipeline.ts'
import type { FileStore } from '../store/file-store.ts'

export interface CheckRequest {
  readonly url: string
  /** undefined: all tables of the database in the set. */
  readonly tables: readonly string[] | undefined
  /** Wildcards against `/dbName/partitions`; `%` for all. */
  readonly pattern: string
}

export interface DamagedChunk {
  readonly url: string
  readonly table: string
  /** The last element of the chunk's path. */
  readonly physicalIndex: string
  readonly chunk: SetChunk
  readonly files: readonly { readonly file: string; readonly check: FileCheck }[]
}

export interface CheckListener {
  readonly progress: ProgressSink
  now(): number
}

export function checkBackupSet(
  store: FileStore,
  request: CheckRequest,
  listener: CheckListener,
  options: SetOptions = {},
): readonly DamagedChunk[] {
  const set = new BackupSet(store, options)
  try {
    const damaged = checkOpened(set, request, listener)
    if (damaged.length > 0) set.assertCurrent()
    return damaged
  } catch (error) {
    throw set.explainFailure(error)
  }
}

function checkOpened(set: BackupSet, request: CheckRequest, listener: CheckListener): readonly DamagedChunk[] {
  const database = set.requireDatabase(request.url)
  checkStateManifest(set.store, set.manifest!)
  set.domain(request.url)
  const tables = request.tables ?? database.tables.map((t) => t.name)
  const indexes = tables.map((name) => set.index(request.url, name))
  const chosen = indexes.map((index) => chunksMatching(index, request.pattern))
  const meter = new ProgressMeter(
    listener.progress,
    {
      verb: 'verify',
      subject: request.url,
      bytesTotal: chosen.flat().reduce((sum, c) => sum + c.files.reduce((s, f) => s + f.bytes, 0), 0),
      chunksTotal: chosen.flat().length,
    },
    () => listener.now(),
  )
  const work = new FileWork({ source: set.store, onBytes: (bytes) => meter.addBytes(bytes) })
  const damaged: DamagedChunk[] = []
  try {
    indexes.forEach((index, k) => {
      for (const chunk of chosen[k])
        checkChunk(work, index, chunk, (found) => {
          if (found !== undefined) damaged.push(found)
          meter.addChunk()
        })
    })
    work.flush()
  } finally {
    work.end()
    meter.done()
  }
  return damaged
}

function checkChunk(
  work: FileWork,
  index: TableIndex,
  chunk: SetChunk,
  onChecked: (damaged: DamagedChunk | undefined) => void,
): void {
  const { url } = index.database
  const { name } = index.table
  const physicalIndex = pathIndexOf(index)
  const files: { readonly file: string; readonly check: FileCheck }[] = []
  for (const expected of chunk.files) {
    const file = setFilePath(url, name, chunk, expected)
    work.check(file, expected, (check) => files.push({ file, check }))
  }
  work.afterwards(() => onChecked(files.length === 0 ? undefined : { url, table: name, physicalIndex, chunk, files }))
}
