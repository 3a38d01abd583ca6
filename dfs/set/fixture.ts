/**
 * A small engine in memory for tests of backup and restore: it keeps the catalog's promises (one transaction a command, cid rising) and nothing else, and its segments hold
 * arbitrary bytes, because nothing in backup and restore looks into them.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import { T } from '../../runtime/values/index.ts'
import type { CatalogView, ChunkRecord, DatabaseRecord, SegmentRef, TableRecord } from '../catalog/types.ts'
import type { BackupRun, EngineClient, EngineCommand, EngineReply } from '../engine/commands.ts'
import { silentProgress } from '../progress.ts'
import { checksumOf } from '../store/checksum.ts'
import type { FileStore } from '../store/file-store.ts'
import { foldersUpFrom, parentOf } from '../store/paths.ts'
import type { BackupContext } from './context.ts'
import { dbNameOf } from './names.ts'

export const URL = 'dfs://shop'

export function databaseRecord(url = URL, days = 5): DatabaseRecord {
  return {
    url,
    id: `db-${url}`,
    schemes: [
      { kind: 'VALUE', type: T.DATE, values: Array.from({ length: days }, (_, k) => 19000 + k) },
      { kind: 'RANGE', type: T.INT, bounds: [0, 50, 100] },
    ],
    compo: true,
    engine: 'OLAP',
    atomic: 'TRANS',
    chunkGranularity: 'TABLE',
    owner: 'admin',
    createdMs: 1,
  }
}

export function tableRecord(name = 'pt', url = URL): TableRecord {
  return {
    db: url,
    name,
    id: `table-${url}-${name}`,
    physicalIndex: '6F',
    columns: [
      { name: 'ID', type: T.INT },
      { name: 'date', type: T.DATE },
      { name: 'x', type: T.DOUBLE },
    ],
    partitionColumns: ['date', 'ID'],
    sortColumns: [],
    keepDuplicates: 'ALL',
    compressMethods: {},
    comment: '',
    owner: 'admin',
    createdMs: 1,
    schemaVersion: 1,
  }
}

interface HeldTable {
  record: TableRecord
  readonly chunks: Map<string, ChunkRecord>
}

interface State {
  cid: number
  readonly databases: Map<string, DatabaseRecord>
  readonly tables: Map<string, HeldTable>
}

export class FakeEngine implements EngineClient {
  #state: State = { cid: 100, databases: new Map(), tables: new Map() }
  readonly data: FileStore
  readonly runs = new Map<string, BackupRun>()
  readonly pins = new Set<number>()
  readonly commands: EngineCommand['kind'][] = []
  #segments = 0

  constructor(data: FileStore) {
    this.data = data
  }

  /** An engine on the same data directory after the process died: what was committed is there. */
  restarted(data: FileStore = this.data): FakeEngine {
    const next = new FakeEngine(data)
    next.#state = copyOf(this.#state)
    next.#segments = this.#segments + 1000
    return next
  }

  view(): CatalogView {
    const state = copyOf(this.#state)
    const chunks = (url: string, table: string): ChunkRecord[] =>
      [...(state.tables.get(`${url}/${table}`)?.chunks.values() ?? [])].sort((a, b) => (a.path < b.path ? -1 : 1))
    const tables = (url: string): TableRecord[] =>
      [...state.tables.values()].map((t) => t.record).filter((t) => t.db === url)
    return {
      cid: state.cid,
      databases: () => [...state.databases.values()],
      database: (url) => state.databases.get(url),
      tables,
      table: (url, name) => state.tables.get(`${url}/${name}`)?.record,
      chunks,
      chunk: (url, table, path) => state.tables.get(`${url}/${table}`)?.chunks.get(path),
    }
  }

  /** Appends a segment of `bytes` to a chunk, made if missing. */
  append(table: string, path: string, bytes = 3000, url = URL): void {
    const name = `seg${++this.#segments}.arrow`
    const file = `chunks/${dbNameOf(url)}${path}/${table}/${name}`
    const content = Uint8Array.from({ length: bytes }, (_, k) => (k * 31 + this.#segments * 7 + (k >> 8)) & 255)
    const writer = this.data.openWrite(file)
    writer.write(content)
    writer.sync()
    writer.close()
    for (const folder of foldersUpFrom(parentOf(file))) this.data.syncDirectory(folder)
    const segment: SegmentRef = {
      file,
      rows: bytes,
      bytes,
      checksum: checksumOf(content),
      minMax: { ID: [1, 50], x: [0.5, 9.5] },
    }
    const held = this.#state.tables.get(`${url}/${table}`)!
    const before = held.chunks.get(path)
    const cid = ++this.#state.cid
    held.chunks.set(path, {
      chunkId: before?.chunkId ?? `chunk-${url}-${table}-${path}-${cid}`,
      cid,
      rows: (before?.rows ?? 0) + bytes,
      updateTimeMs: cid * 1000,
      path,
      segments: [...(before?.segments ?? []), segment],
    })
  }

  request(command: EngineCommand): EngineReply {
    this.commands.push(command.kind)
    const next = copyOf(this.#state)
    const reply = this.#apply(next, command)
    this.#state = next
    return { cid: next.cid, ...reply }
  }

  #apply(state: State, command: EngineCommand): Partial<EngineReply> {
    switch (command.kind) {
      case 'createDatabase':
        state.databases.set(command.database.url, command.database)
        return {}
      case 'createTable':
        state.tables.set(`${command.table.db}/${command.table.name}`, { record: command.table, chunks: new Map() })
        return {}
      case 'dropTable':
        state.tables.delete(`${command.db}/${command.table}`)
        return {}
      case 'dropDatabase':
        state.databases.delete(command.url)
        for (const key of [...state.tables.keys()]) if (key.startsWith(`${command.url}/`)) state.tables.delete(key)
        return {}
      case 'dropChunks': {
        const { chunks } = state.tables.get(`${command.db}/${command.table}`)!
        for (const path of command.paths ?? [...chunks.keys()]) chunks.delete(path)
        state.cid++
        return {}
      }
      case 'replaceChunks': {
        if (command.createDatabase !== undefined) state.databases.set(command.db, command.createDatabase)
        if (command.createTable !== undefined)
          state.tables.set(`${command.db}/${command.table}`, { record: command.createTable, chunks: new Map() })
        if (command.extendSchemes !== undefined)
          state.databases.set(command.db, { ...state.databases.get(command.db)!, schemes: command.extendSchemes })
        const { chunks } = state.tables.get(`${command.db}/${command.table}`)!
        for (const chunk of command.put) chunks.set(chunk.path, chunk)
        for (const path of command.remove) chunks.delete(path)
        state.cid = Math.max(state.cid + 1, ...command.put.map((c) => c.cid))
        return {}
      }
      case 'putRun':
        this.runs.set(command.run.id, command.run)
        return {}
      case 'pin': {
        const pin = this.commands.length
        this.pins.add(pin)
        return { pin }
      }
      case 'unpin':
        this.pins.delete(command.pin)
        return {}
      default:
        throw new HoldfastError('bug', `the test engine does not know ${command.kind}`)
    }
  }
}

function copyOf(state: State): State {
  return {
    cid: state.cid,
    databases: new Map(state.databases),
    tables: new Map([...state.tables].map(([k, t]) => [k, { record: t.record, chunks: new Map(t.chunks) }])),
  }
}

export function contextOf(engine: FakeEngine, nowMs = 1_700_000_000_000): BackupContext {
  let now = nowMs
  return {
    data: engine.data,
    client: engine,
    view: () => engine.view(),
    user: 'admin',
    now: () => ++now,
    progress: silentProgress,
    product: 'holdfast test',
  }
}

export const PATHS: readonly string[] = ['20220101', '20220102', '20220103', '20220104', '20220105'].flatMap((d) => [
  `/${d}/0_50`,
  `/${d}/50_100`,
])

/** The database of the documentation's examples: five days by two ranges, tables of ten partitions. */
export function shop(
  data: FileStore,
  tables: readonly string[] = ['pt'],
  paths: readonly string[] = PATHS,
): FakeEngine {
  const engine = new FakeEngine(data)
  engine.request({ kind: 'createDatabase', database: databaseRecord() })
  for (const table of tables) {
    engine.request({ kind: 'createTable', table: tableRecord(table) })
    for (const path of paths) engine.append(table, path)
  }
  return engine
}

/** What a table holds, as text: partition to the checksums of its segments, read from the files. */
export function contentOf(engine: FakeEngine, table: string, url = URL): string {
  const lines: string[] = []
  for (const chunk of engine.view().chunks(url, table))
    lines.push(
      `${chunk.path} ${chunk.chunkId} ${chunk.cid} ${chunk.segments.map((s) => checksumOf(engine.data.readFile(s.file))).join(' ')}`,
    )
  return lines.join('\n')
}
