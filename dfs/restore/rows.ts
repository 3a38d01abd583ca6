/**
 * Restoring the rows of a query. They are read from the set, every byte checked, and written as new segments of the target table, which may be of another engine. Two
 * ways: a partition is replaced by its rows in the backup, or the rows are appended wherever they belong. Either is one transaction.
 */
import { nullColumn } from '../../runtime/builtins/table-append.ts'
import { HoldfastError, inputError } from '../../runtime/errors.ts'
import { checkInterrupt } from '../../runtime/interrupt.ts'
import type { Table, Vector } from '../../runtime/values/index.ts'
import type { CatalogView, ChunkRecord, DatabaseRecord, SegmentRef } from '../catalog/types.ts'
import type { EngineCommand } from '../engine/commands.ts'
import { ProgressMeter } from '../progress.ts'
import type { BackupContext } from '../set/context.ts'
import { bytesOfChunk, type SetChunk, type TableIndex } from '../set/meta.ts'
import type { BackupSet } from '../set/open.ts'
import { fileRows } from '../set/rows.ts'
import { RunRecord } from '../set/runs.ts'
import { checksumOf } from '../store/checksum.ts'
import { routeToPartitions } from '../write/incoming.ts'
import { NewSegments } from '../write/new-segments.ts'
import { pathInTarget, type RestoreTarget } from './plan.ts'
import { requireRoom } from './room.ts'

export interface RowsRequest {
  readonly index: TableIndex
  readonly target: RestoreTarget
  /** Those of the set to be restored. */
  readonly chunks: readonly SetChunk[]
  /** `append`: to what is there; `replace`: the partition becomes what the backup has. */
  readonly way: 'append' | 'replace'
  /** Replace partitions too that did not change since they were backed up, or restored. */
  readonly force: boolean
}

/** Answers the chunks of the set whose rows were restored. */
export function restoreRows(context: BackupContext, set: BackupSet, request: RowsRequest): readonly SetChunk[] {
  const { database, table } = request.target
  const chunks = chunksToWrite(context, request)
  const bytesTotal = chunks.reduce((sum, c) => sum + bytesOfChunk(c), 0)
  const run = new RunRecord(context.client, () => context.now(), {
    user: context.user,
    type: 'RESTORE_BY_SQL',
    db: database.url,
    table: table.name,
    totalPartitions: request.chunks.length,
    done: request.chunks.length - chunks.length,
    bytesTotal,
  })
  const meter = new ProgressMeter(
    context.progress,
    {
      verb: 'restore',
      subject: `${database.url}/${table.name}`,
      bytesTotal,
      chunksTotal: chunks.length,
    },
    () => context.now(),
  )
  try {
    requireRoom(context.data, bytesTotal)
    context.writing(() => {
      const writer = new RowRestorer(context, set, request, (bytes) => {
        meter.addBytes(bytes)
        run.addBytes(bytes)
      })
      try {
        for (const chunk of chunks) {
          writer.add(chunk)
          meter.addChunk()
          run.addPartition(bytesOfChunk(chunk))
        }
        writer.commit()
      } catch (error) {
        writer.removeAfter(error)
        throw error
      }
    })
    run.complete()
    context.progress.outcome?.(
      `${database.url}/${table.name}: ${chunks.length} partitions restored, ${request.chunks.length - chunks.length} unchanged; from ${set.store.root}, state ${set.manifest?.id}`,
    )
    return chunks
  } catch (error) {
    run.fail(error)
    throw error
  } finally {
    meter.done()
  }
}

/** Those that are not in place already. */
export const chunksToWrite = (context: BackupContext, request: RowsRequest): readonly SetChunk[] =>
  context.looking((view) =>
    request.chunks.filter((chunk) => request.way === 'append' || !isThere(view, request, chunk)),
  )

/** Whether the partition is as it was when it was backed up, or as it was when it was restored from this backup. */
function isThere(view: CatalogView, { index, target, force }: RowsRequest, chunk: SetChunk): boolean {
  if (force || target.createTable) return false
  const { database, table } = target
  const live = view.chunk(database.url, table.name, pathInTarget(index.table, table, chunk.path))
  if (live === undefined) return chunk.rows === 0
  if (live.cid !== chunk.cid || live.updateTimeMs !== chunk.updateTimeMs) return false
  return live.chunkId === chunk.chunkId || live.chunkId === restoredId(chunk)
}

/**
 * The identity of a chunk that holds what a query gave of another one. That one's own identity would say that nothing is missing; this one follows from the content,
 * so that a second call finds the chunk in place.
 */
function restoredId(chunk: SetChunk): string {
  const content = [chunk.chunkId, chunk.cid, ...chunk.files.map((f) => f.checksum)].join('/')
  const digits = ['a', 'b'].map((half) => checksumOf(Buffer.from(`${half}/${content}`))).join('')
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** Writes the segments and commits them. */
class RowRestorer {
  readonly #context: BackupContext
  readonly #set: BackupSet
  readonly #request: RowsRequest
  readonly #onBytes: (bytes: number) => void
  readonly #segments: NewSegments
  /** The target's database with all partitions that the commit will give it. */
  readonly #database: DatabaseRecord
  readonly #put: ChunkRecord[] = []
  readonly #remove: string[] = []
  readonly #append = new Map<string, SegmentRef[]>()

  constructor(context: BackupContext, set: BackupSet, request: RowsRequest, onBytes: (bytes: number) => void) {
    const { target } = request
    this.#context = context
    this.#set = set
    this.#request = request
    this.#onBytes = onBytes
    this.#segments = new NewSegments(context.data, target.table)
    this.#database = { ...target.database, schemes: target.extendSchemes ?? target.database.schemes }
  }

  add(chunk: SetChunk): void {
    if (this.#request.way === 'append') this.#appendChunk(chunk)
    else this.#replaceChunk(chunk)
  }

  commit(): void {
    this.#segments.syncFolders()
    const command = this.#command()
    if (command !== undefined) this.#context.client.request(command, this.#context.user)
  }

  removeAfter(error: unknown): void {
    this.#segments.removeAfter(error)
  }

  #command(): EngineCommand | undefined {
    const { way, target } = this.#request
    const { database, table, createDatabase, createTable, extendSchemes } = target
    const db = database.url
    if (way === 'replace') {
      if (this.#put.length + this.#remove.length === 0 && !createTable) return undefined
      return {
        kind: 'replaceChunks',
        db,
        table: table.name,
        put: this.#put,
        remove: this.#remove,
        createDatabase: createDatabase ? database : undefined,
        createTable: createTable ? table : undefined,
        extendSchemes,
      }
    }
    if (this.#append.size === 0) return undefined
    return {
      kind: 'append',
      db,
      table: table.name,
      tableId: table.id,
      expectedSchemaVersion: table.schemaVersion,
      chunks: Array.from(this.#append, ([path, segments]) => ({ path, segments })),
      newValues: (extendSchemes ?? []).flatMap((values, level) => (values.kind === 'VALUE' ? [{ level, values }] : [])),
    }
  }

  #replaceChunk(chunk: SetChunk): void {
    const { index, target } = this.#request
    const path = pathInTarget(index.table, target.table, chunk.path)
    const segments: SegmentRef[] = []
    for (const columns of this.#rowsOf(chunk)) {
      const { parts } = this.#route(chunk, columns)
      const stray = parts.find((p) => p.path !== path)
      if (stray !== undefined)
        throw inputError(
          `Rows of the partition ${chunk.path} in the backup belong to the partition ${stray.path}: the query of the backup changed the partitioning columns. The table ${target.database.url}/${target.table.name} is as it was.`,
          {
            code: 'restoreStructure',
            where: { db: target.database.url, table: target.table.name, partition: chunk.path },
            hint: 'restore into another table with outputTable, to which rows are appended wherever they belong',
          },
        )
      segments.push({ ...this.#segments.write(path, columns), cid: chunk.cid })
    }
    const { cid, updateTimeMs } = chunk
    const rows = segments.reduce((sum, s) => sum + s.rows, 0)
    if (rows === 0) this.#remove.push(path)
    else this.#put.push({ chunkId: restoredId(chunk), cid, rows, updateTimeMs, path, segments })
  }

  #appendChunk(chunk: SetChunk): void {
    for (const columns of this.#rowsOf(chunk))
      for (const { path, rows } of this.#route(chunk, columns).parts) {
        const segments = this.#append.get(path) ?? []
        segments.push(this.#segments.write(path, columns, rows))
        this.#append.set(path, segments)
      }
  }

  /** The rows of each file, as columns of the target. */
  *#rowsOf(chunk: SetChunk): Generator<readonly Vector[]> {
    const { index, target } = this.#request
    for (const file of chunk.files) {
      checkInterrupt()
      const rows = fileRows(this.#set, index, chunk, file)
      yield columnsOf(target, rows)
      this.#onBytes(file.bytes)
    }
  }

  #route(chunk: SetChunk, columns: readonly Vector[]): ReturnType<typeof routeToPartitions> {
    const { database, table } = this.#request.target
    const routing = routeToPartitions(this.#database, table, columns, {
      newValuePartitionPolicy: 'fail',
      allowMissingPartitions: true,
    })
    const rows = columns[0].length
    if (routing.kept === rows) return routing
    throw inputError(
      `${rows - routing.kept} rows of the partition ${chunk.path} in the backup belong to no partition of ${database.url}. The table ${table.name} is as it was.`,
      { code: 'missingPartition', where: { db: database.url, table: table.name, partition: chunk.path } },
    )
  }
}

/** The columns of the target by position; those that it has more are null. */
function columnsOf({ table }: RestoreTarget, rows: Table): Vector[] {
  return table.columns.map(({ name, type, scale = 0 }, k) => {
    if (k >= rows.columns.length) return nullColumn(type, rows.rows, scale)
    const v = rows.columns[k]
    if (v.type !== type) throw new HoldfastError('bug', `the column ${name} of a backup has another type`)
    return v
  })
}
