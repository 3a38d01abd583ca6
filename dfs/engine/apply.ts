/**
 * What each command does to the catalog. Runs inside one catalog transaction: it throws and nothing happened, or returns and everything did.
 * Files that no later state names are noted as garbage of the commit.
 */
import { randomUUID } from 'node:crypto'
import { HoldfastError, unreachable } from '../../runtime/errors.ts'
import type { CatalogWriter } from '../catalog/key-value.ts'
import { keys, viewOf } from '../catalog/records.ts'
import type { ChunkRecord, DatabaseRecord, Scheme, TableRecord } from '../catalog/types.ts'
import type { EngineCommand, EngineReply } from './commands.ts'

/** Commands that change the catalog; pins are the engine's own. */
export type CatalogCommand = Exclude<EngineCommand, { readonly kind: 'pin' | 'unpin' }>

export function applyCommand(writer: CatalogWriter, command: CatalogCommand, nowMs: number): EngineReply {
  return new Commit(writer, nowMs).run(command)
}

class Commit {
  readonly #writer: CatalogWriter
  readonly #nowMs: number
  #cid: number
  readonly #garbage: string[] = []
  /** Tables whose chunks change. */
  readonly #changed = new Map<string, readonly [url: string, table: string]>()
  #physicalIndex: string | undefined

  constructor(writer: CatalogWriter, nowMs: number) {
    this.#writer = writer
    this.#nowMs = nowMs
    this.#cid = (writer.get(keys.cid) as number) + 1
  }

  run(command: CatalogCommand): EngineReply {
    this.#apply(command)
    this.#writer.put(keys.cid, this.#cid)
    for (const [url, table] of this.#changed.values()) this.#writer.put(keys.changed(url, table), this.#cid)
    if (this.#garbage.length > 0) this.#writer.put(keys.garbage(this.#cid), this.#garbage)
    return { cid: this.#cid, physicalIndex: this.#physicalIndex }
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
        return writer.remove(keys.database(command.url))
      case 'createTable':
        return this.#createTable(command.table)
      case 'dropTable':
        return this.#dropTable(this.#requireTable(command.db, command.table))
      case 'append':
        return this.#append(command)
      case 'dropChunks':
        return this.#dropChunks(command.db, command.table, command.paths)
      case 'dropValues':
        return this.#dropValues(command)
      case 'replaceChunks':
        return this.#replaceChunks(command)
      case 'extendSchemes':
        return this.#extendSchemes(command.db, command.schemes)
      case 'renameTable':
        return this.#renameTable(command.db, command.table, command.to)
      case 'putUser':
        return writer.put(keys.user(command.user.name), command.user)
      case 'removeUser':
        return writer.remove(keys.user(command.name))
      case 'putRun':
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
  }

  #discard(chunk: ChunkRecord, except?: ReadonlySet<string>): void {
    for (const { file } of chunk.segments) if (except?.has(file) !== true) this.#garbage.push(file)
  }

  #append(command: CatalogCommand & { kind: 'append' }): void {
    const table = this.#requireTable(command.db, command.table)
    if (table.id !== command.tableId || table.schemaVersion !== command.expectedSchemaVersion)
      throw new HoldfastError(
        'conflict',
        `The table [${command.table}] of [${command.db}] was changed while rows were being written to it; nothing was written.`,
        {
          code: 'schemaChanged',
          where: { db: command.db, table: command.table },
          hint: 'load the table again and repeat the append',
        },
      )
    this.#touch(command.db, command.table)
    if (command.newValues.length > 0) this.#addValues(command.db, command.newValues)
    const view = viewOf(this.#writer)
    for (const { path, segments } of command.chunks) {
      const before = view.chunk(command.db, command.table, path)
      const rows = segments.reduce((n, s) => n + s.rows, 0)
      const chunk: ChunkRecord = {
        chunkId: before?.chunkId ?? randomUUID(),
        cid: this.#cid,
        rows: (before?.rows ?? 0) + rows,
        updateTimeMs: this.#nowMs,
        path,
        segments: [...(before?.segments ?? []), ...segments],
      }
      this.#writer.put(keys.chunk(command.db, command.table, path), chunk)
    }
  }

  /** Values that another session has added in the meantime are left out. */
  #addValues(
    url: string,
    added: readonly { readonly level: number; readonly values: Scheme & { kind: 'VALUE' } }[],
  ): void {
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
    this.#requireTable(url, table)
    this.#touch(url, table)
    if (paths === undefined) {
      for (const [key, chunk] of this.#writer.entries(keys.chunks(url, table))) {
        this.#discard(chunk as ChunkRecord)
        this.#writer.remove(key)
      }
      return
    }
    for (const path of paths) {
      const chunk = this.#writer.get(keys.chunk(url, table, path)) as ChunkRecord | undefined
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
    if (command.createTable !== undefined && viewOf(writer).table(db, table) === undefined)
      this.#createTable(command.createTable)
    if (command.extendSchemes !== undefined) this.#extendSchemes(db, command.extendSchemes)
    this.#requireTable(db, table)
    this.#dropChunks(db, table, remove)
    for (const chunk of put) {
      const before = writer.get(keys.chunk(db, table, chunk.path)) as ChunkRecord | undefined
      if (before !== undefined) this.#discard(before, new Set(chunk.segments.map((s) => s.file)))
      writer.put(keys.chunk(db, table, chunk.path), chunk)
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
    this.#writer.remove(keys.changed(url, name))
    this.#touch(url, to)
    this.#writer.remove(keys.table(url, name))
    this.#writer.put(keys.table(url, to), { ...table, name: to, schemaVersion: table.schemaVersion + 1 })
  }
}

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
