/** A database in memory for tests of backup and restore. Its segments hold arbitrary bytes, because nothing in backup and restore looks into them. */
import { T } from '../../runtime/values/index.ts'
import type { BackupAccess } from '../access/index.ts'
import { MemoryCatalogStore } from '../catalog/memory-store.ts'
import { CATALOG_FORMAT, keys, runsOf, viewOf } from '../catalog/records.ts'
import type { CatalogView, DatabaseRecord, SegmentRef, TableRecord } from '../catalog/types.ts'
import type { BackupRun, EngineClient, EngineCommand, EngineReply } from '../engine/commands.ts'
import { Engine } from '../engine/engine.ts'
import { silentProgress } from '../progress.ts'
import { checksumOf } from '../store/checksum.ts'
import type { FileStore } from '../store/file-store.ts'
import { foldersUpFrom, parentOf } from '../store/paths.ts'
import type { BackupContext } from './context.ts'
import { dbNameOf } from './names.ts'

export const URL = 'dfs://shop'
/** 2022.01.01 */
export const FIRST_DAY = 18993

export function databaseRecord(url = URL, days = 5): DatabaseRecord {
  return {
    url,
    id: `db-${url}`,
    schemes: [
      { kind: 'VALUE', type: T.DATE, values: Array.from({ length: days }, (_, k) => FIRST_DAY + k) },
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

/** Physical indexes of the tables that are made from here on: `6F`, `6G`, ... */
const PHYSICAL_INDEX_BEFORE = 6 * 62 + 14

/** An engine over a catalog in memory, and what tests look at. */
export class TestEngine implements EngineClient {
  readonly #catalog: MemoryCatalogStore
  readonly #engine: Engine
  readonly data: FileStore
  readonly pins = new Set<number>()
  readonly commands: EngineCommand['kind'][] = []
  #segments: { count: number }

  constructor(data: FileStore, catalog?: MemoryCatalogStore, segments = { count: 0 }) {
    this.data = data
    this.#catalog = catalog ?? new MemoryCatalogStore()
    this.#segments = segments
    // The engine itself would also make a user, whose password takes long to hash.
    if (catalog === undefined)
      this.#catalog.transaction((writer) => {
        writer.put(keys.format, CATALOG_FORMAT)
        writer.put(keys.cid, 1)
        writer.put(keys.physical, PHYSICAL_INDEX_BEFORE)
      })
    let nowMs = 1_600_000_000_000
    this.#engine = new Engine({ catalog: this.#catalog, files: data, now: () => ++nowMs })
    this.#engine.recover(catalog !== undefined)
  }

  /** The engine after its process died: what was committed is there. */
  restarted(data: FileStore = this.data): TestEngine {
    return new TestEngine(data, this.#catalog, this.#segments)
  }

  view(): CatalogView {
    return viewOf(this.#catalog)
  }

  runs(): BackupRun[] {
    return runsOf(this.#catalog).sort((a, b) => a.startMs - b.startMs)
  }

  /** Appends a segment of `bytes` to a chunk, made if missing. */
  append(name: string, path: string, bytes = 3000, url = URL): void {
    const count = ++this.#segments.count
    const file = `chunks/${dbNameOf(url)}${path}/${name}/seg${count}.arrow`
    const content = Uint8Array.from({ length: bytes }, (_, k) => (k * 31 + count * 7 + (k >> 8)) & 255)
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
    const table = this.view().table(url, name)!
    this.request({
      kind: 'append',
      db: url,
      table: name,
      tableId: table.id,
      expectedSchemaVersion: table.schemaVersion,
      chunks: [{ path, segments: [segment] }],
      newValues: [],
    })
  }

  request(command: EngineCommand): EngineReply {
    this.commands.push(command.kind)
    const reply = this.#engine.request(command)
    if (command.kind === 'pin') this.pins.add(reply.pin!)
    if (command.kind === 'unpin') this.pins.delete(command.pin)
    return reply
  }
}

const OPEN_ACCESS: BackupAccess = {
  backup: () => {},
  readBackup: () => {},
  createDatabase: () => {},
  restore: () => {},
}

export function contextOf(engine: TestEngine, nowMs = 1_700_000_000_000): BackupContext {
  let now = nowMs
  return {
    data: engine.data,
    client: engine,
    view: () => engine.view(),
    looking: (body) => body(engine.view()),
    pinnedView: (why) => {
      const pin = engine.request({ kind: 'pin', why }).pin!
      return { view: engine.view(), pin, release: () => engine.request({ kind: 'unpin', pin }) }
    },
    writing: (body) => body(),
    user: 'admin',
    access: OPEN_ACCESS,
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
): TestEngine {
  const engine = new TestEngine(data)
  engine.request({ kind: 'createDatabase', database: databaseRecord() })
  for (const table of tables) {
    engine.request({ kind: 'createTable', table: tableRecord(table) })
    for (const path of paths) engine.append(table, path)
  }
  return engine
}

/** What a table holds, as text: partition to the checksums of its segments, read from the files. */
export function contentOf(engine: TestEngine, table: string, url = URL): string {
  const lines: string[] = []
  for (const chunk of engine.view().chunks(url, table))
    lines.push(
      `${chunk.path} ${chunk.chunkId} ${chunk.cid} ${chunk.segments.map((s) => checksumOf(engine.data.readFile(s.file))).join(' ')}`,
    )
  return lines.join('\n')
}
