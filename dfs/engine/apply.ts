/**
 * What each command does to the catalog. Runs inside one catalog transaction: it throws and nothing happened, or returns and everything did.
 * Files that no later state names are noted as garbage of the commit.
 */
import { HoldfastError, unreachable } from '../../runtime/errors.ts'
import { applyAccess, carryTable, forgetDatabase, forgetTable, forgetView } from '../access/index.ts'
import type { CatalogWriter } from '../catalog/key-value.ts'
import { keys, viewOf } from '../catalog/records.ts'
import type { ChunkRecord, DatabaseRecord, Scheme, SegmentRef, TableRecord } from '../catalog/types.ts'
import { requireKeptSetting } from '../settings/index.ts'
import { type CommitStamp, withAppended, withCompacted, withFlushed, withRewritten } from './chunk-edits.ts'
import type { EngineCommand, EngineReply, NewValues, RewrittenChunk } from './commands.ts'
import { noteRemains } from './restore-remains.ts'

/** Commands that change what is stored; the others are the engine's own. */
export type CatalogCommand = Exclude<
  EngineCommand,
  {
    readonly kind:
      | 'pin'
      | 'unpin'
      | 'begin'
      | 'rollback'
      | 'fetchDelta'
      | 'checkpoint'
      | 'beginCopy'
      | 'endCopy'
      | 'pauseRun'
      | 'pausedRuns'
      | 'status'
  }
>

/** What a commit is stamped with. The log carries it, so that redo gives the same records again. */
export interface Stamp extends CommitStamp {
  /** Identity of a new chunk. */
  newId(): string
  /** Identity that a chunk without segments has already, because rows of small appends wait in memory for it. */
  deltaChunkId(tableId: string, path: string): string | undefined
}

/** Rows of small appends that count no more: of a chunk up to a commit, of a chunk, or of a table. */
export interface DeltaDrop {
  readonly tableId: string
  readonly path?: string
  readonly throughCid?: number
  /** Not ended but waiting under another path from now on. */
  readonly movedTo?: string
}

export interface Applied extends EngineReply {
  readonly deltaDrops: readonly DeltaDrop[]
}

export function applyCommand(writer: CatalogWriter, command: CatalogCommand, stamp: Stamp): Applied {
  return new Commit(writer, stamp).run(command)
}

class Commit {
  readonly #writer: CatalogWriter
  readonly #stamp: Stamp
  #cid: number
  readonly #garbage: string[] = []
  readonly #deltaDrops: DeltaDrop[] = []
  /** Tables whose chunks change. */
  readonly #changed = new Map<string, readonly [url: string, table: string]>()
  #physicalIndex: string | undefined

  constructor(writer: CatalogWriter, stamp: Stamp) {
    this.#writer = writer
    this.#stamp = stamp
    this.#cid = stamp.cid
  }

  run(command: CatalogCommand): Applied {
    this.#apply(command)
    if (changesCatalog(command)) {
      this.#writer.put(keys.cid, this.#cid)
      for (const [url, table] of this.#changed.values()) this.#writer.put(keys.changed(url, table), this.#cid)
      if (this.#garbage.length > 0) this.#writer.put(keys.garbage(this.#cid), this.#garbage)
    }
    return { cid: this.#cid, physicalIndex: this.#physicalIndex, deltaDrops: this.#deltaDrops }
  }

  /** Answers nothing of use: every case is one call. */
  #apply(command: CatalogCommand): unknown {
    const writer = this.#writer
    switch (command.kind) {
      case 'createDatabase':
        return this.#createDatabase(command.database)
      case 'dropDatabase':
        this.#requireDatabase(command.url)
        for (const table of viewOf(writer).tables(command.url)) this.#dropTable(table)
        forgetDatabase(writer, command.url)
        return writer.remove(keys.database(command.url))
      case 'createTable':
        return this.#createTable(command.table)
      case 'dropTable':
        this.#dropTable(this.#requireTable(command.db, command.table))
        return forgetTable(writer, command.db, command.table)
      case 'append':
        this.#fillColumns(this.#requireSame(command), command.fillsColumns)
        return this.#append(command.db, command.table, command.chunks, command.newValues)
      case 'insertRows':
        return this.#requireSame(command)
      case 'rewrite':
        return this.#rewrite(command)
      case 'alterTable':
        return this.#alterTable(command)
      case 'flush':
        return this.#flush(command)
      case 'compact':
        return this.#compact(command)
      case 'dropChunks':
        return this.#dropChunks(command.db, command.table, command.paths)
      case 'dropValues':
        return this.#dropValues(command)
      case 'replaceChunks':
        return this.#replaceChunks(command)
      case 'extendSchemes':
        return this.#extendSchemes(command.db, command.schemes)
      case 'setAtomic':
        return this.#writer.put(keys.database(command.db), {
          ...this.#requireDatabase(command.db),
          atomic: command.atomic,
        })
      case 'renameTable':
        return this.#renameTable(command.db, command.table, command.to)
      case 'createUser':
      case 'changeUser':
      case 'removeUser':
      case 'createGroup':
      case 'removeGroup':
      case 'changeMembers':
      case 'changeAccess':
      case 'restoreAccess':
        return applyAccess(writer, command)
      case 'putSetting':
        requireKeptSetting(command.name, command.value)
        return writer.put(keys.setting(command.name), { value: command.value })
      case 'removeSetting':
        return writer.remove(keys.setting(command.name))
      case 'putObject':
        return writer.put(keys.object(command.family, command.name), command.value)
      case 'removeObject':
        if (command.family === 'view') forgetView(writer, command.name)
        return writer.remove(keys.object(command.family, command.name))
      case 'putRun':
        noteRemains(writer, command.run)
        return writer.put(keys.run(command.run.id), command.run)
      default:
        return unreachable(command)
    }
  }

  #requireDatabase(url: string): DatabaseRecord {
    const record = viewOf(this.#writer).database(url)
    if (record === undefined)
      throw new HoldfastError('input', `Database [${url}] does not exist.`, {
        code: 'databaseMissing',
        where: { db: url },
      })
    return record
  }

  #requireTable(url: string, name: string): TableRecord {
    const record = viewOf(this.#writer).table(url, name)
    if (record === undefined)
      throw new HoldfastError('input', `The table [${name}] of database [${url}] does not exist.`, {
        code: 'tableMissing',
        where: { db: url, table: name },
      })
    return record
  }

  #createDatabase(database: DatabaseRecord): void {
    if (viewOf(this.#writer).database(database.url) !== undefined)
      throw new HoldfastError('conflict', `Database [${database.url}] already exists.`, {
        code: 'databaseExists',
        where: { db: database.url },
      })
    this.#writer.put(keys.database(database.url), database)
  }

  #createTable(table: TableRecord): void {
    this.#requireDatabase(table.db)
    if (viewOf(this.#writer).table(table.db, table.name) !== undefined)
      throw new HoldfastError('conflict', `The table [${table.name}] already exists.`, {
        code: 'tableExists',
        where: { db: table.db, table: table.name },
      })
    const counter = ((this.#writer.get(keys.physical) as number | undefined) ?? 0) + 1
    this.#writer.put(keys.physical, counter)
    this.#physicalIndex = base62(counter)
    this.#writer.put(keys.table(table.db, table.name), { ...table, physicalIndex: this.#physicalIndex })
  }

  #touch(url: string, table: string): void {
    this.#changed.set(`${url}/${table}`, [url, table])
  }

  #dropTable(table: TableRecord): void {
    this.#writer.remove(keys.changed(table.db, table.name))
    for (const [key, chunk] of this.#writer.entries(keys.chunks(table.db, table.name))) {
      this.#discard(chunk as ChunkRecord)
      this.#writer.remove(key)
    }
    this.#writer.remove(keys.table(table.db, table.name))
    this.#deltaDrops.push({ tableId: table.id })
  }

  #discard(chunk: ChunkRecord, except?: ReadonlySet<string>): void {
    for (const { file } of chunk.segments) if (except?.has(file) !== true) this.#garbage.push(file)
  }

  /** The table is the one, in the shape, that the writer saw. */
  #requireSame(command: {
    readonly db: string
    readonly table: string
    readonly tableId: string
    readonly expectedSchemaVersion: number
  }): TableRecord {
    const table = this.#requireTable(command.db, command.table)
    if (table.id === command.tableId && table.schemaVersion === command.expectedSchemaVersion) return table
    throw new HoldfastError(
      'conflict',
      `The table [${command.table}] of [${command.db}] was changed while rows were being written to it; nothing was written.`,
      {
        code: 'schemaChanged',
        where: { db: command.db, table: command.table },
        hint: 'load the table again and repeat the statement',
      },
    )
  }

  #chunk(url: string, table: string, path: string): ChunkRecord | undefined {
    return this.#writer.get(keys.chunk(url, table, path)) as ChunkRecord | undefined
  }

  #chunkId(before: ChunkRecord | undefined, tableId: string, path: string): string {
    return before?.chunkId ?? this.#stamp.deltaChunkId(tableId, path) ?? this.#stamp.newId()
  }

  get #commit(): CommitStamp {
    return { cid: this.#cid, timeMs: this.#stamp.timeMs }
  }

  #append(
    url: string,
    name: string,
    chunks: readonly { readonly path: string; readonly segments: readonly SegmentRef[] }[],
    newValues: readonly NewValues[],
  ): void {
    const table = this.#requireTable(url, name)
    this.#touch(url, name)
    if (newValues.length > 0) this.#addValues(url, newValues)
    for (const { path, segments } of chunks) {
      const before = this.#chunk(url, name, path)
      const chunkId = this.#chunkId(before, table.id, path)
      this.#writer.put(keys.chunk(url, name, path), withAppended(before, { path, chunkId }, segments, this.#commit))
    }
  }

  #rewrite(command: CatalogCommand & { kind: 'rewrite' }): void {
    const table = this.#requireSame(command)
    this.#fillColumns(table, command.fillsColumns)
    this.#touch(command.db, command.table)
    this.#rewriteChunks(table, command.chunks)
    this.#append(command.db, command.table, command.append, command.newValues)
  }

  #rewriteChunks(table: TableRecord, chunks: readonly RewrittenChunk[]): void {
    for (const edit of chunks) {
      const before = this.#chunk(table.db, table.name, edit.path)
      const after = withRewritten(before, this.#chunkId(before, table.id, edit.path), edit, this.#commit)
      this.#writer.put(keys.chunk(table.db, table.name, edit.path), after)
      this.#garbage.push(...edit.drop)
      if (edit.throughCid > 0)
        this.#deltaDrops.push({ tableId: table.id, path: edit.path, throughCid: edit.throughCid })
    }
  }

  #fillColumns(table: TableRecord, fillsColumns: boolean | undefined): void {
    if (fillsColumns !== true || table.unfilledColumns === undefined) return
    const { unfilledColumns: _, ...filled } = table
    this.#writer.put(keys.table(table.db, table.name), filled)
  }

  #alterTable(command: CatalogCommand & { kind: 'alterTable' }): void {
    const table = this.#requireSame(command)
    if (command.chunks !== undefined) {
      this.#touch(command.db, command.table)
      this.#rewriteChunks(table, command.chunks)
    }
    this.#writer.put(keys.table(table.db, table.name), {
      ...table,
      columns: command.columns,
      retired: command.retired,
      comment: command.comment ?? table.comment,
      compressMethods: command.compressMethods ?? table.compressMethods,
      ...((command.unfilledColumns ?? table.unfilledColumns ?? 0) > 0
        ? { unfilledColumns: command.unfilledColumns ?? table.unfilledColumns }
        : { unfilledColumns: undefined }),
      partitionColumns: command.partitionColumns ?? table.partitionColumns,
      schemaVersion: table.schemaVersion + 1,
    })
  }

  #flush(command: CatalogCommand & { kind: 'flush' }): void {
    const table = this.#requireTable(command.db, command.table)
    if (table.id !== command.tableId) throw staleMaintenance(command.db, command.table)
    this.#touch(command.db, command.table)
    for (const flushed of command.chunks) {
      const before = this.#chunk(command.db, command.table, flushed.path)
      const id = before?.chunkId ?? this.#stamp.deltaChunkId(table.id, flushed.path)
      if (id !== flushed.chunkId || (before?.deltaCid ?? 0) >= flushed.throughCid)
        throw staleMaintenance(command.db, command.table)
      this.#writer.put(keys.chunk(command.db, command.table, flushed.path), withFlushed(before, flushed))
      this.#deltaDrops.push({ tableId: table.id, path: flushed.path, throughCid: flushed.throughCid })
    }
  }

  #compact(command: CatalogCommand & { kind: 'compact' }): void {
    const table = this.#requireTable(command.db, command.table)
    const before = this.#chunk(command.db, command.table, command.path)
    if (table.id !== command.tableId || before === undefined) throw staleMaintenance(command.db, command.table)
    this.#touch(command.db, command.table)
    this.#writer.put(
      keys.chunk(command.db, command.table, command.path),
      withCompacted(before, command.drop, command.add),
    )
    this.#garbage.push(...command.drop)
  }

  /** Values that another session has added in the meantime are left out. */
  #addValues(url: string, added: readonly NewValues[]): void {
    const database = this.#requireDatabase(url)
    const schemes = database.schemes.map((scheme, level) => {
      if (scheme.kind !== 'VALUE') return scheme
      const known = new Set(scheme.values)
      const fresh = added.filter((a) => a.level === level).flatMap((a) => a.values.values.filter((v) => !known.has(v)))
      return fresh.length === 0 ? scheme : { ...scheme, values: [...scheme.values, ...fresh] }
    })
    this.#writer.put(keys.database(url), { ...database, schemes })
  }

  /** What other sessions have added since the schemes were read stays. */
  #extendSchemes(url: string, extended: readonly Scheme[]): void {
    const database = this.#requireDatabase(url)
    const schemes = database.schemes.map((scheme, level) => joinSchemes(url, scheme, extended[level]))
    this.#writer.put(keys.database(url), { ...database, schemes })
  }

  #dropChunks(url: string, table: string, paths: readonly string[] | undefined): void {
    const { id: tableId } = this.#requireTable(url, table)
    this.#touch(url, table)
    if (paths === undefined) {
      this.#deltaDrops.push({ tableId })
      for (const [key, chunk] of this.#writer.entries(keys.chunks(url, table))) {
        this.#discard(chunk as ChunkRecord)
        this.#writer.remove(key)
      }
      return
    }
    for (const path of paths) {
      this.#deltaDrops.push({ tableId, path })
      const chunk = this.#chunk(url, table, path)
      if (chunk === undefined) continue
      this.#discard(chunk)
      this.#writer.remove(keys.chunk(url, table, path))
    }
  }

  #dropValues(command: CatalogCommand & { kind: 'dropValues' }): void {
    const database = this.#requireDatabase(command.db)
    const drop = new Set(command.paths)
    const schemes = database.schemes.map((scheme, level) =>
      level === command.level && scheme.kind === 'VALUE'
        ? { ...scheme, values: scheme.values.filter((v) => !drop.has(String(v))) }
        : scheme,
    )
    this.#writer.put(keys.database(command.db), { ...database, schemes })
  }

  #replaceChunks(command: CatalogCommand & { kind: 'replaceChunks' }): void {
    const { db, table, put, remove } = command
    const writer = this.#writer
    if (command.createDatabase !== undefined && viewOf(writer).database(db) === undefined)
      this.#createDatabase(command.createDatabase)
    if (command.createTable !== undefined && (command.isNewTable || viewOf(writer).table(db, table) === undefined))
      this.#createTable(command.createTable)
    if (command.extendSchemes !== undefined) this.#extendSchemes(db, command.extendSchemes)
    const { id: tableId } = this.#requireTable(db, table)
    this.#dropChunks(db, table, remove)
    for (const chunk of put) {
      const before = this.#chunk(db, table, chunk.path)
      if (before !== undefined) this.#discard(before, new Set(chunk.segments.map((s) => s.file)))
      this.#deltaDrops.push({ tableId, path: chunk.path })
      writer.put(keys.chunk(db, table, chunk.path), { ...chunk, deltaCid: this.#cid })
      // Restored chunks keep their commit ids: the counter must stay above all of them.
      if (chunk.cid > this.#cid) this.#cid = chunk.cid
    }
  }

  #renameTable(url: string, name: string, to: string): void {
    const table = this.#requireTable(url, name)
    if (viewOf(this.#writer).table(url, to) !== undefined)
      throw new HoldfastError('conflict', `The table [${to}] already exists.`, {
        code: 'tableExists',
        where: { db: url, table: to },
      })
    for (const [key, value] of this.#writer.entries(keys.chunks(url, name))) {
      const chunk = value as ChunkRecord
      this.#writer.remove(key)
      const path = table.partitionColumns.length === 0 ? `/${to}` : chunk.path
      this.#writer.put(keys.chunk(url, to, path), { ...chunk, path, cid: this.#cid })
    }
    if (table.partitionColumns.length === 0)
      this.#deltaDrops.push({ tableId: table.id, path: `/${name}`, movedTo: `/${to}` })
    this.#writer.remove(keys.changed(url, name))
    this.#touch(url, to)
    this.#writer.remove(keys.table(url, name))
    this.#writer.put(keys.table(url, to), { ...table, name: to, schemaVersion: table.schemaVersion + 1 })
    carryTable(this.#writer, url, name, to)
  }
}

/** Commands that leave no trace in the catalog's records of what is stored, and so need no commit id there. */
export const changesCatalog = (command: CatalogCommand): boolean =>
  command.kind !== 'insertRows' && command.kind !== 'putRun'

/** Maintenance works beside everybody else and loses every race. */
const staleMaintenance = (db: string, table: string): HoldfastError =>
  new HoldfastError('conflict', `The table [${table}] of [${db}] was changed while its segments were being tidied.`, {
    code: 'chunkChanged',
    where: { db, table },
  })

/** The stored scheme with what the extended one adds to it. */
function joinSchemes(url: string, stored: Scheme, extended: Scheme | undefined): Scheme {
  if (stored.kind === 'VALUE' && extended?.kind === 'VALUE') {
    const known = new Set(stored.values)
    return { ...stored, values: [...stored.values, ...extended.values.filter((v) => !known.has(v))] }
  }
  if (stored.kind === 'RANGE' && extended?.kind === 'RANGE') {
    const [shorter, longer] = stored.bounds.length <= extended.bounds.length ? [stored, extended] : [extended, stored]
    if (shorter.bounds.every((b, k) => b === longer.bounds[k])) return longer
    throw new HoldfastError(
      'conflict',
      `The ranges of ${url} were extended by somebody else at the same time; nothing was changed.`,
      { code: 'schemaChanged', where: { db: url }, hint: 'look at schema(db) and repeat the call' },
    )
  }
  return extended ?? stored
}

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

function base62(n: number): string {
  let text = ''
  for (let rest = n; rest > 0; rest = Math.floor(rest / 62)) text = DIGITS[rest % 62] + text
  return text || '0'
}
