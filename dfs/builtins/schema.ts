/** `schema` of database handles and of stored tables (specification of the store, section 7). */
import { colDefs } from '../../runtime/builtins/tables.ts'
import type { Session } from '../../runtime/session.ts'
import {
  AnyVector,
  Dict,
  FixedVector,
  type Raw,
  Scalar,
  StringVector,
  T,
  tableOf,
  type Value,
  vectorOf,
} from '../../runtime/values/index.ts'
import { requireDatabase } from '../backup/select.ts'
import { BackupTableSource } from '../backup-table/source.ts'
import type { DatabaseRecord, Scheme, TableRecord } from '../catalog/types.ts'
import { dfsService } from '../session.ts'
import { ChunkTableSource } from '../table-source.ts'
import { dfsOf } from './store-args.ts'

const TYPE_IDS: Readonly<Record<Scheme['kind'], number>> = { SEQ: 0, VALUE: 1, RANGE: 2, LIST: 3, HASH: 5 }

/** The dictionary of a handle of the store; undefined for other values. */
export function storeSchema(v: Value, session: Session): Dict | undefined {
  if (!session.hasService(dfsService)) return undefined
  if (v.kind === 'resource' && v.resourceType === 'database') {
    const { url } = v.payload as { readonly url: string }
    return dictOf(databaseEntries(requireDatabase(dfsOf(session).view(), url)))
  }
  if (v.kind === 'resource' && v.resourceType === 'scheme')
    return dictOf(partitionEntries((v.payload as { readonly schemes: readonly Scheme[] }).schemes))
  if (v.kind !== 'source') return undefined
  if (v.source instanceof BackupTableSource) {
    const { database, table } = v.source.readable
    return dictOf(tableEntries(database, table))
  }
  if (!(v.source instanceof ChunkTableSource)) return undefined
  const { source } = v
  const view = dfsOf(session).view()
  const db = requireDatabase(view, source.db)
  return dictOf(tableEntries(db, view.table(source.db, source.tableName) ?? source.record))
}

type Entry = readonly [string, Value]
const dictOf = (entries: readonly Entry[]): Dict => new Dict(T.STRING, T.ANY, new Map(entries), true)

const ints = (x: readonly number[]): Value =>
  x.length === 1 ? Scalar.int(x[0]) : new FixedVector(T.INT, Int32Array.from(x))
const texts = (x: readonly string[]): Value => (x.length === 1 ? Scalar.string(x[0]) : new StringVector(x.slice()))

function databaseEntries(db: DatabaseRecord): Entry[] {
  const { partitionSchema, partitionType, partitionTypeName, partitionColumnType } = partitionParts(db.schemes)
  return [
    ['databaseDir', Scalar.string(db.url)],
    ['partitionSchema', partitionSchema],
    ['partitionSites', Scalar.VOID],
    ['engineType', Scalar.string(db.engine)],
    ['atomic', Scalar.string(db.atomic)],
    ['chunkGranularity', Scalar.string(db.chunkGranularity)],
    ['partitionType', partitionType],
    ['partitionTypeName', partitionTypeName],
    ['partitionColumnType', partitionColumnType],
    ['clusterReplicationEnabled', Scalar.FALSE],
    ['databaseOwner', Scalar.string(db.owner)],
  ]
}

const partitionEntries = (schemes: readonly Scheme[]): Entry[] => Object.entries(partitionParts(schemes))

function partitionParts(schemes: readonly Scheme[]) {
  const shown = schemes.map(schemeValue)
  return {
    partitionSchema: shown.length === 1 ? shown[0] : new AnyVector(shown),
    partitionType: ints(schemes.map((s) => TYPE_IDS[s.kind])),
    partitionTypeName: texts(schemes.map((s) => s.kind)),
    partitionColumnType: ints(schemes.map((s) => s.type)),
  }
}

function schemeValue(scheme: Scheme): Value {
  const vector = (raws: readonly Raw[]): Value => vectorOf(scheme.type, raws)
  switch (scheme.kind) {
    case 'VALUE':
      return vector(scheme.values)
    case 'RANGE':
      return vector(scheme.bounds)
    case 'LIST':
      return new AnyVector(scheme.groups.map(vector))
    case 'HASH':
      return Scalar.int(scheme.buckets)
    case 'SEQ':
      return Scalar.int(scheme.blocks)
  }
}

function tableEntries(db: DatabaseRecord, table: TableRecord): Entry[] {
  const common: Entry[] = [
    ['dbUrl', Scalar.string(db.url)],
    ['tableName', Scalar.string(table.name)],
    ['engineType', Scalar.string(db.engine)],
    ['chunkGranularity', Scalar.string(db.chunkGranularity)],
    ['tableOwner', Scalar.string(table.owner)],
    ['compressMethods', compressMethods(table.columns, table.compressMethods)],
    ['tableComment', Scalar.string(table.comment)],
    ['encryptMode', Scalar.string('plaintext')],
    ['colDefs', colDefs(table.columns)],
    ['chunkPath', Scalar.VOID],
  ]
  const sorted = orderEntries(db, table)
  const at = table.partitionColumns.map((name) => table.columns.findIndex((c) => c.name === name))
  if (at.length === 0) return [...common, ...sorted, ['partitionColumnIndex', Scalar.int(-1)]]
  return [
    ...common,
    ...sorted,
    ['partitionColumnIndex', ints(at)],
    ['partitionColumnName', texts(table.partitionColumns)],
    ...partitionEntries(db.schemes).filter(([name]) => name !== 'partitionColumnType'),
    // Here the types are those of the table's columns.
    ['partitionColumnType', ints(at.map((k) => table.columns[k].type))],
    ['partitionSites', Scalar.VOID],
  ]
}

/** What only sorted and keyed tables have. */
function orderEntries(db: DatabaseRecord, table: TableRecord): Entry[] {
  const mapping = table.sortKeyMapping ?? []
  switch (db.engine) {
    case 'OLAP':
      return []
    case 'TSDB':
      return [
        ['keepDuplicates', Scalar.string(table.keepDuplicates)],
        ['sortColumns', texts(table.sortColumns)],
        ['sortKeyMappingFunction', mapping.length === 0 ? Scalar.VOID : new StringVector(mapping.slice())],
        ['softDelete', Scalar.bool(table.softDelete === true)],
        ['latestKeyCache', Scalar.bool(table.latestKeyCache === true)],
        ['compressHashSortKey', Scalar.bool(table.compressHashSortKey !== false)],
      ]
    case 'PKEY': {
      const indexes = Object.entries(table.indexes ?? {})
      return [
        ['primaryKey', texts(table.primaryKey ?? [])],
        [
          'indexes',
          tableOf({
            name: new StringVector(indexes.map(([name]) => name)),
            type: new StringVector(indexes.map(([, kind]) => kind)),
          }),
        ],
      ]
    }
  }
}

function compressMethods(
  columns: readonly { readonly name: string }[],
  methods: Readonly<Record<string, string>>,
): Value {
  return tableOf({
    name: new StringVector(columns.map((c) => c.name)),
    compressMethods: new StringVector(columns.map((c) => methods[c.name] ?? 'lz4')),
  })
}
