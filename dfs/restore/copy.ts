/**
 * The copying part of a restore: each file of the set is hashed on its way into the data directory and synced there, under a name that no chunk uses. Names follow from
 * the content, so a second call finds what an interrupted one had copied; it is hashed again before it is used.
 */
import { randomUUID } from 'node:crypto'
import { HoldfastError } from '../../runtime/errors.ts'
import type { ChunkRecord, SegmentRef } from '../catalog/types.ts'
import type { BackupContext } from '../set/context.ts'
import { FileWork } from '../set/file-work.ts'
import { factsOf, type SetChunk, type SetFile } from '../set/meta.ts'
import { dbNameOf } from '../set/names.ts'
import { type BackupSet, setFilePath } from '../set/open.ts'
import { explain, type OnBytes, Pipeline } from '../set/pipeline.ts'
import type { FileStore } from '../store/file-store.ts'
import { foldersUpFrom } from '../store/paths.ts'
import type { RestorePlan, RestoreStep } from './plan.ts'

export interface RestoreListener {
  readonly bytes: OnBytes
  /** Complete and durable. */
  chunk(chunk: SetChunk): void
}

export class ChunkRestorer {
  readonly #context: BackupContext
  readonly #set: BackupSet
  readonly #listener: RestoreListener
  readonly #pipeline = new Pipeline()
  readonly #work: FileWork
  readonly #folders = new Set<string>()

  constructor(context: BackupContext, set: BackupSet, listener: RestoreListener) {
    this.#context = context
    this.#set = set
    this.#listener = listener
    this.#work = new FileWork({ source: set.store, target: context.data, onBytes: listener.bytes })
  }

  /** Answers the chunk as the catalog is to have it, once `syncFolders` has made its files durable. */
  restore(plan: RestorePlan, step: RestoreStep & { kind: 'put' }): ChunkRecord {
    const { chunkId, cid, rows, updateTimeMs } = step.chunk
    const folder = liveFolder(plan.target.database.url, step.path, plan.target.table.name)
    const taken = new Set((step.live?.segments ?? []).map((s) => s.file))
    const segments = step.chunk.files.map((file): SegmentRef => {
      const target = this.#place(plan, step.chunk, file, folder, taken)
      taken.add(target)
      return { file: target, ...factsOf(file) }
    })
    if (segments.length > 0) this.#folders.add(folder)
    this.#work.afterwards(() => this.#listener.chunk(step.chunk))
    return { chunkId, cid, rows, updateTimeMs, path: step.path, segments }
  }

  /** Ends the copying, complete or not. */
  end(): void {
    this.#work.end()
  }

  /** Makes all restored files and their names durable. Call before the swap. */
  syncFolders(): void {
    this.#work.flush()
    const all = new Set<string>()
    for (const folder of this.#folders) for (const f of foldersUpFrom(folder)) all.add(f)
    for (const folder of all) this.#context.data.syncDirectory(folder)
    this.#folders.clear()
  }

  #place(plan: RestorePlan, chunk: SetChunk, file: SetFile, folder: string, taken: ReadonlySet<string>): string {
    const { data } = this.#context
    let target = restoredFile(folder, file, 0)
    for (let n = 1; taken.has(target); n++) target = restoredFile(folder, file, n)
    if (data.stat(target) !== undefined) {
      if (this.#pipeline.check(data, target, file, this.#listener.bytes).kind === 'ok') return target
      data.remove(target)
    }
    const { url } = plan.index.database
    const source = setFilePath(url, plan.index.table.name, chunk, file)
    // Named only once it is synced: a later call that finds the name may trust that the content is durable. Another restore may be making the same file.
    const made = `${target}.${randomUUID()}.part`
    this.#work.copy(source, made, file, (check) => {
      this.#set.assertCurrent()
      throw new HoldfastError(
        'data',
        `The file ${source} of chunk ${chunk.chunkId} (${url}${chunk.path}, table ${plan.index.table.name}) is damaged in the backup: ${explain(check)}. The table ${plan.target.database.url}/${plan.target.table.name} is as it was.`,
        {
          code: 'chunkChecksum',
          where: { db: url, table: plan.index.table.name, partition: chunk.path, chunk: chunk.chunkId, file: source },
          hint: 'checkBackup lists all damage; restore(...) can restore the sound partitions one by one',
        },
      )
    })
    this.#work.afterwards(() => data.rename(made, target))
    return target
  }
}

/** Bytes of the chunk that a restore before has copied. */
export function bytesThere(
  data: FileStore,
  { target }: RestorePlan,
  { chunk, path, live }: RestoreStep & { kind: 'put' },
): number {
  const folder = liveFolder(target.database.url, path, target.table.name)
  const taken = new Set((live?.segments ?? []).map((s) => s.file))
  const isThere = (file: SetFile): boolean => {
    const copy = restoredFile(folder, file, 0)
    return !taken.has(copy) && data.stat(copy)?.bytes === file.bytes
  }
  return chunk.files.reduce((sum, file) => sum + (isThere(file) ? file.bytes : 0), 0)
}

/** Folder of a chunk's segments in the data directory. */
const liveFolder = (url: string, path: string, table: string): string => `chunks/${dbNameOf(url)}${path}/${table}`

const restoredFile = (folder: string, file: SetFile, n: number): string =>
  `${folder}/restored-${file.checksum}-${file.bytes.toString(36)}${n === 0 ? '' : `-${n}`}.arrow`
