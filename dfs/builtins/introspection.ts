/** Looking into the store: tables, chunks, the node (specification of the store, sections 7 and 10). */
import { join } from 'node:path'
import { type Arg, boolArg, intArg, isGiven, required, textArg, textListArg } from '../../runtime/builtins/args.ts'
import { provideExists } from '../../runtime/builtins/files.ts'
import { provideSchema } from '../../runtime/builtins/tables.ts'
import { inputError, usageError } from '../../runtime/errors.ts'
import { scalarToVector } from '../../runtime/ops/cast.ts'
import { topicTable } from '../../runtime/registry.ts'
import type { Session } from '../../runtime/session.ts'
import {
  Dict,
  type FunctionValue,
  Matrix,
  Scalar,
  StringVector,
  T,
  Table,
  tableOf,
  type Value,
} from '../../runtime/values/index.ts'
import type { CatalogView, ChunkRecord, DatabaseRecord, TableRecord } from '../catalog/types.ts'
import { readAccess } from '../read/access.ts'
import { visibleRows } from '../read/visible-rows.ts'
import { dbNameOf } from '../set/names.ts'
import { matchesWildcard } from '../set/wildcard.ts'
import { isMissing, timestampOf } from './backup-host.ts'
import { listing } from './listing.ts'
import { storeSchema } from './schema.ts'
import { databaseArg, dfsOf, placeOf, stringVector } from './store-args.ts'

const { entries, define } = topicTable('Looking into the store')
export const introspectionFunctions = entries

provideSchema(storeSchema)
provideExists((path, session) => {
  const dfs = dfsOf(session)
  const place = placeOf(dfs.view(), path)
  if (place === undefined || place.names.length === 0) return place !== undefined
  const below = `/${place.names.join('/')}`
  const { url } = place.db
  return dfs.looking((view) =>
    view
      .tables(url)
      .some((t) => Array.from(view.chunks(url, t.name)).some((c) => `${c.path}/`.startsWith(`${below}/`))),
  )
})

const LIST = 'listTables(dbUrl)'
define(LIST, {
  doc: 'A table of the tables of a database: tableName, physicalIndex.',
  call: ([url], session) => {
    const tables = dfsOf(session)
      .view()
      .tables(databaseArg(session, url, LIST, 'dbUrl').url)
    return tableOf({
      tableName: stringVector(tables.map((t) => t.name)),
      physicalIndex: stringVector(tables.map((t) => t.physicalIndex)),
    })
  },
})

interface ChunkPlace {
  readonly db: DatabaseRecord
  readonly table: TableRecord
  readonly chunk: ChunkRecord
  /** `/testDB/20170807/8`, without the scheme of the url. */
  readonly dfsPath: string
}

const chunksOf = (session: Session): ChunkPlace[] => dfsOf(session).looking((view) => [...chunksIn(view)])

function* chunksIn(view: CatalogView): Iterable<ChunkPlace> {
  for (const db of view.databases())
    for (const table of view.tables(db.url)) {
      const end = db.chunkGranularity === 'TABLE' ? `/${table.physicalIndex}` : ''
      for (const chunk of view.chunks(db.url, table.name))
        yield { db, table, chunk, dfsPath: `/${dbNameOf(db.url)}${chunk.path}${end}` }
    }
}

/** `*` and `%` stand for any number of characters, `?` for one. Nothing given matches everything. */
function pathMatcher(v: Arg, signature: string): (path: string) => boolean {
  if (isMissing(v)) return () => true
  const pattern = textArg(v, signature, 'chunkPath')
    .replace(/^dfs:\//, '')
    .replace(/\*/g, '%')
  return (path) => matchesWildcard(pattern, path) || matchesWildcard(pattern, path.slice(0, path.lastIndexOf('/')))
}

function topArg(v: Arg, signature: string): number {
  const top = intArg(v, signature, 'top', 1024)
  if (top < -1) throw usageError(signature, 'top must be -1 (no limit) or a number of rows.')
  return top === -1 ? Number.POSITIVE_INFINITY : top
}

const TABLETS = 'getTabletsMeta([chunkPath], [tableName], [diskUsage=false], [top=1024])'
define(TABLETS, {
  doc: 'A table of the chunks of partitions: chunkId, path, dfsPath, tableName, version, rowNum, createCids, latestPhysicalDir, diskUsage (-1 unless asked for). chunkPath is a pattern on dfsPath with `*` or `%` for any text and `?` for one character.',
  call: ([chunkPath, tableName, diskUsage, top], session) => {
    const matches = pathMatcher(chunkPath, TABLETS)
    const name = isMissing(tableName) ? undefined : textArg(tableName, TABLETS, 'tableName')
    const limit = topArg(top, TABLETS)
    const withUsage = boolArg(diskUsage, TABLETS, 'diskUsage', false)
    const rows: ChunkPlace[] = []
    for (const place of chunksOf(session)) {
      if (rows.length >= limit) break
      // A partition whose rows were all deleted is left out.
      if (place.chunk.rows === 0) continue
      if ((name === undefined || place.table.name === name) && matches(place.dfsPath)) rows.push(place)
    }
    const { home } = dfsOf(session)
    return listing(rows, {
      chunkId: [T.STRING, (r) => r.chunk.chunkId],
      path: [T.STRING, (r) => folderOf(home, r)],
      dfsPath: [T.STRING, (r) => r.dfsPath],
      tableName: [T.SYMBOL, (r) => r.table.name],
      version: [T.INT, (r) => r.chunk.segments.length],
      rowNum: [T.LONG, (r) => BigInt(visibleRows(readAccess(dfsOf(session), r.table), r.table, r.chunk))],
      createCids: [T.LONG, (r) => BigInt(r.chunk.cid)],
      latestPhysicalDir: [T.STRING, (r) => folderOf(home, r)],
      diskUsage: [T.LONG, (r) => (withUsage ? BigInt(r.chunk.segments.reduce((n, s) => n + s.bytes, 0)) : -1n)],
    })
  },
})

const folderOf = (home: string, { db, table, chunk }: ChunkPlace): string =>
  join(home, 'chunks', dbNameOf(db.url), chunk.path, table.name)

interface ChunkLine {
  readonly id: string
  readonly folder: string
  readonly dfsPath: string
  readonly type: 0 | 1
  readonly version: number
  readonly cid: number
}

/** Chunks of partitions, and the scheme and table files that the catalog keeps as records. */
function chunkLines(session: Session): ChunkLine[] {
  const view = dfsOf(session).view()
  const { home } = dfsOf(session)
  const line = (dfsPath: string, id: string): ChunkLine => ({ id, folder: home, dfsPath, type: 0, version: 1, cid: 0 })
  const records = view.databases().flatMap((db) => {
    const root = `/${dbNameOf(db.url)}`
    return [line(`${root}/domain`, db.id), ...view.tables(db.url).map((t) => line(`${root}/${t.name}.tbl`, t.id))]
  })
  const chunks = Array.from(
    chunksOf(session),
    (p): ChunkLine => ({
      id: p.chunk.chunkId,
      folder: folderOf(home, p),
      dfsPath: p.dfsPath,
      type: 1,
      version: p.chunk.segments.length,
      cid: p.chunk.cid,
    }),
  )
  return [...records, ...chunks]
}

const CHUNKS = 'getChunksMeta([chunkPath], [top=1024])'
define(CHUNKS, {
  doc: 'A table of all chunks: partitions (type 1), and the records of schemes and tables as `/db/domain` and `/db/table.tbl` (type 0). chunkPath is a pattern as for getTabletsMeta.',
  call: ([chunkPath, top], session) => {
    const matches = pathMatcher(chunkPath, CHUNKS)
    const rows = chunkLines(session).filter((l) => matches(l.dfsPath))
    return listing(rows.slice(0, topArg(top, CHUNKS)), {
      site: [T.STRING, () => NODE],
      chunkId: [T.STRING, (r) => r.id],
      path: [T.STRING, (r) => r.folder],
      dfsPath: [T.STRING, (r) => r.dfsPath],
      type: [T.INT, (r) => r.type],
      flag: [T.INT, () => 0],
      size: [T.LONG, () => 0n],
      version: [T.INT, (r) => r.version],
      state: [T.INT, () => 0],
      versionList: [T.STRING, (r) => `cid : ${r.cid};`],
      resolved: [T.BOOL, () => 1],
    })
  },
})

define('getClusterChunksStatus()', {
  doc: 'A table of the state of all chunks. There is one replica of each, and a chunk that is listed is complete.',
  call: (_, session) => {
    const times = new Map(Array.from(chunksOf(session), (p) => [p.chunk.chunkId, p.chunk.updateTimeMs]))
    return listing(chunkLines(session), {
      chunkId: [T.STRING, (r) => r.id],
      file: [T.STRING, (r) => r.dfsPath],
      size: [T.LONG, () => 0n],
      version: [T.INT, (r) => r.version],
      vcLength: [T.INT, () => 0],
      versionChain: [T.STRING, (r) => `cid : ${r.cid};`],
      state: [T.STRING, () => 'COMPLETE'],
      replicas: [T.STRING, () => NODE],
      replicaCount: [T.INT, () => 1],
      lastUpdated: [T.TIMESTAMP, (r) => timestampOf(times.get(r.id))],
      permission: [T.STRING, () => 'READ_WRITE'],
    })
  },
})

// ---------------------------------------------------------------------------------------------------------------------
// The node

const NODE = 'holdfast'

define('getNodeAlias()', { doc: 'The name of this node.', call: () => Scalar.string(NODE) })
define('getControllerAlias()', {
  doc: 'The name of the controller, which is this node.',
  call: () => Scalar.string(NODE),
})
define('getNodeType()', { doc: 'The type of this node: 3, a single node.', call: () => Scalar.int(3) })
define('getNodeHost()', { doc: 'The host of this node: localhost.', call: () => Scalar.string('localhost') })
define('getNodePort()', { doc: 'The port of this node: 0, because it listens on none.', call: () => Scalar.int(0) })

define('getSystemLoadAvg()', {
  doc: 'The load average of the machine over the last minute, as DOUBLE.',
  call: () => Scalar.double(process.getBuiltinModule('node:os').loadavg()[0]),
})

/** What getPerf and getClusterPerf tell of this node. */
function performance(): readonly (readonly [string, Scalar])[] {
  const os = process.getBuiltinModule('node:os')
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage()
  return [
    ['name', Scalar.string(NODE)],
    ['host', Scalar.string('localhost')],
    ['port', Scalar.int(0)],
    ['memoryUsed', Scalar.long(heapUsed + arrayBuffers)],
    ['memoryAlloc', Scalar.long(rss)],
    ['machineMemory', Scalar.long(os.totalmem())],
    ['cpus', Scalar.int(os.availableParallelism())],
    ['avgLoad', Scalar.double(os.loadavg()[0])],
    ['uptimeSeconds', Scalar.double(Math.floor(process.uptime()))],
  ]
}
define('getPerf()', {
  doc: 'A dictionary of measures of this node: name, host, port, memoryUsed and memoryAlloc (bytes of this process), machineMemory, cpus, avgLoad (of the machine, one minute), uptimeSeconds.',
  call: () => new Dict(T.STRING, T.ANY, new Map<string, Value>(performance()), true),
})
define('getClusterPerf([includeMaster=false])', {
  doc: 'A table with one row for each node, which is this one: the measures of getPerf, and mode (3: a node on its own). includeMaster changes nothing: no other node leads.',
  call: () => {
    const columns = [...performance(), ['mode', Scalar.int(3)] as const]
    return new Table(
      columns.map(([name]) => name),
      columns.map(([, s]) => scalarToVector(s, 1)),
    )
  },
})

define('getHomeDir()', {
  doc: 'The data directory.',
  call: (_, session) => Scalar.string(dfsOf(session).home),
})

define('getConfig([name])', {
  aliases: ['getConfigure'],
  doc: 'A setting of the store as text (empty if there is none of the name), or a dictionary of all.',
  call: ([name], session) => {
    const { config } = dfsOf(session)
    const settings: Readonly<Record<string, string>> = {
      newValuePartitionPolicy: config.newValuePartitionPolicy,
      allowMissingPartitions: String(config.allowMissingPartitions),
      enableInsertStatementForDFSTable: String(config.enableInsertStatementForDFSTable),
      ignoreSpecialCharacterInPartitionId: 'true',
      localSite: `localhost:0:${NODE}`,
      mode: 'single',
    }
    if (isGiven(name)) return Scalar.string(settings[textArg(name, 'getConfig([name])', 'name')] ?? '')
    const values = Object.entries(settings).map(([k, v]): [string, Value] => [k, Scalar.string(v)])
    return new Dict(T.STRING, T.STRING, new Map(values), true)
  },
})

function functionArg(v: Arg, session: Session, signature: string): FunctionValue {
  if (v?.kind === 'function') return v
  const name = textArg(v, signature, 'func')
  const found = session.userFunction(name) ?? session.registry.get(name)
  if (found === undefined) throw inputError(`The function or procedure '${name}' is not defined.`, { refId: 'S06004' })
  return found
}

function checkNode(name: string): void {
  if (name !== NODE)
    throw inputError(`There is no node [${name}]; this is a single node, [${NODE}].`, { code: 'nodeMissing' })
}

const RPC = 'rpc(nodeAlias, func, args...)'
define(RPC, {
  doc: 'Calls a function with the arguments on a node, which can only be this one.',
  call: ([node, func, ...args], session) => {
    checkNode(textArg(node, RPC, 'nodeAlias'))
    return session.call(functionArg(func, session, RPC), args)
  },
})

const RUN = 'pnodeRun(func, [nodes], [addNodeAlias=true])'
define(RUN, {
  doc: 'Calls a function without arguments on every node, of which there is one. A scalar comes back as a table of Node and Value, a vector as a matrix with the node as column label, a table or a dictionary as a table with a first column `node`.',
  call: ([func, nodes, addNodeAlias], session) => {
    if (!isMissing(nodes)) for (const n of textListArg(nodes, RUN, 'nodes')) checkNode(n)
    const withNode = boolArg(addNodeAlias, RUN, 'addNodeAlias', true)
    return perNode(session.call(functionArg(required(func, RUN, 'func'), session, RUN), []), withNode)
  },
})

function perNode(result: Value, withNode: boolean): Value {
  const node = new StringVector([NODE])
  if (result === Scalar.VOID || result === Scalar.NOTHING) return Scalar.VOID
  switch (result.kind) {
    case 'scalar':
      return tableOf({ Node: node, Value: scalarToVector(result, 1) })
    case 'vector':
      return new Matrix(result, result.length, 1, undefined, node)
    case 'dict': {
      const cells = [...result.entries].map(([k, v]) => [String(k), v.kind === 'scalar' ? scalarToVector(v, 1) : v])
      if (cells.some(([, v]) => (v as Value).kind !== 'vector'))
        throw inputError('The dictionary of pnodeRun must hold scalars.', { code: 'pnodeRun' })
      return tableOf({ ...(withNode ? { node } : {}), ...Object.fromEntries(cells) })
    }
    case 'table': {
      if (!withNode) return result
      const alias = scalarToVector(Scalar.string(NODE), result.rows)
      return new Table(['node', ...result.names], [alias, ...result.columns])
    }
    default:
      return result
  }
}

// Nothing is kept in memory between an append and its commit, so there is nothing to flush. Scripts call these all the same.
for (const signature of [
  'flushOLAPCache()',
  'flushTSDBCache()',
  'setOLAPCacheEngineSize(memSize)',
  'setTSDBCacheEngineSize(memSize)',
  'enableTSDBAsyncSorting()',
  'disableTSDBAsyncSorting()',
  'triggerTSDBCompaction(chunkId, [level])',
  'purgeCacheEngine()',
  'clearAllCache()',
])
  define(signature, {
    doc: 'Does nothing: an append is on disk when it returns, and there is no write cache. Kept for scripts that call it.',
    call: () => Scalar.VOID,
  })
