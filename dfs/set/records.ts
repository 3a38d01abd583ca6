/** Checks of catalog records that come out of a backup set, field by field: restore hands them to the engine as its own. */
import { elementType, type Raw, TYPES, type TypeId } from '../../runtime/values/index.ts'
import { columnProblems } from '../catalog/problems.ts'
import type { DatabaseRecord, Scheme, StoredColumn, TableRecord } from '../catalog/types.ts'
import { schemeProblem } from '../partition/scheme.ts'
import {
  asArray,
  asBoolean,
  asCount,
  asObject,
  asOneOf,
  asText,
  asTimeMs,
  damagedMetadata,
  inside,
  type Place,
} from './checked.ts'
import { checkUrl } from './manifest.ts'
import { checkName } from './names.ts'

const KNOWN_TYPES = new Set<TypeId>(TYPES.map((t) => t.id))

/** An element as the catalog keeps it. */
export function checkRaw(value: unknown, place: Place): Raw {
  if (value === null || typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string')
    return value
  if (Array.isArray(value) && value.length === 2 && value.every((v) => typeof v === 'number'))
    return value as unknown as readonly [number, number]
  throw damagedMetadata(place.file, `${place.field} holds something that is no element of a type`)
}

function checkType(value: unknown, place: Place): TypeId {
  const id = asCount(value, place)
  if (!KNOWN_TYPES.has(elementType(id)))
    throw damagedMetadata(place.file, `${place.field} is the data type ${id}, which this release does not know`)
  return id
}

const texts = (value: unknown, place: Place): string[] =>
  asArray(value, place).map((v, k) => asText(v, inside(place, k)))
const raws = (value: unknown, place: Place): Raw[] => asArray(value, place).map((v, k) => checkRaw(v, inside(place, k)))

function checkScheme(value: unknown, place: Place): Scheme {
  const scheme = readScheme(value, place)
  const problem = schemeProblem(scheme)
  if (problem !== undefined) throw damagedMetadata(place.file, `${place.field} is no partition scheme: ${problem}`)
  return scheme
}

function readScheme(value: unknown, place: Place): Scheme {
  const o = asObject(value, place)
  const kind = asOneOf(o.kind, ['VALUE', 'RANGE', 'LIST', 'HASH', 'SEQ'], inside(place, 'kind'))
  const type = checkType(o.type, inside(place, 'type'))
  switch (kind) {
    case 'VALUE':
      return { kind, type, values: raws(o.values, inside(place, 'values')) }
    case 'RANGE':
      return { kind, type, bounds: raws(o.bounds, inside(place, 'bounds')) }
    case 'LIST':
      return {
        kind,
        type,
        groups: asArray(o.groups, inside(place, 'groups')).map((g, k) => raws(g, inside(inside(place, 'groups'), k))),
      }
    case 'HASH':
      return { kind, type, buckets: asCount(o.buckets, inside(place, 'buckets')) }
    case 'SEQ':
      return { kind, type, blocks: asCount(o.blocks, inside(place, 'blocks')) }
  }
}

export function checkDatabaseRecord(value: unknown, place: Place): DatabaseRecord {
  const o = asObject(value, place)
  const schemes = asArray(o.schemes, inside(place, 'schemes'), 3).map((s, k) =>
    checkScheme(s, inside(inside(place, 'schemes'), k)),
  )
  if (schemes.length === 0) throw damagedMetadata(place.file, `${place.field}.schemes is empty`)
  return {
    url: checkUrl(asText(o.url, inside(place, 'url')), inside(place, 'url')),
    id: asText(o.id, inside(place, 'id'), 64),
    schemes,
    compo: asBoolean(o.compo, inside(place, 'compo')),
    engine: asOneOf(o.engine, ['OLAP', 'TSDB', 'PKEY'], inside(place, 'engine')),
    atomic: asOneOf(o.atomic, ['TRANS', 'CHUNK'], inside(place, 'atomic')),
    chunkGranularity: asOneOf(o.chunkGranularity, ['TABLE', 'DATABASE'], inside(place, 'chunkGranularity')),
    owner: asText(o.owner, inside(place, 'owner')),
    createdMs: asTimeMs(o.createdMs, inside(place, 'createdMs')),
  }
}

const textMap = (value: unknown, place: Place): Record<string, string> =>
  Object.fromEntries(Object.entries(asObject(value, place)).map(([name, text]) => [name, asText(text, place)]))

/** A field that a record may lack, as an object with that field or without. */
function optional<K extends string, V>(
  record: Readonly<Record<string, unknown>>,
  field: K,
  place: Place,
  check: (value: unknown, place: Place) => V,
): { readonly [P in K]?: V } {
  const value = record[field]
  return value == null ? {} : ({ [field]: check(value, inside(place, field)) } as { readonly [P in K]?: V })
}

export function checkColumns(value: unknown, place: Place): StoredColumn[] {
  return asArray(value, place, 65_536).map((c, k) => {
    const at = inside(place, k)
    const column = asObject(c, at)
    return {
      name: asText(column.name, inside(at, 'name')),
      type: checkType(column.type, inside(at, 'type')),
      ...(column.scale == null ? {} : { scale: asCount(column.scale, inside(at, 'scale')) }),
      ...(column.comment == null ? {} : { comment: asText(column.comment, inside(at, 'comment')) }),
      ...(column.stored == null ? {} : { stored: asText(column.stored, inside(at, 'stored')) }),
    }
  })
}

export function checkTableRecord(value: unknown, place: Place): TableRecord {
  const o = asObject(value, place)
  const columns = checkColumns(o.columns, inside(place, 'columns'))
  for (const problem of columnProblems({ columns })) throw damagedMetadata(place.file, `${place.field}: ${problem}`)
  return {
    db: checkUrl(asText(o.db, inside(place, 'db')), inside(place, 'db')),
    name: checkName(asText(o.name, inside(place, 'name')), inside(place, 'name')),
    id: asText(o.id, inside(place, 'id'), 64),
    physicalIndex: asText(o.physicalIndex, inside(place, 'physicalIndex'), 32),
    columns,
    partitionColumns: texts(o.partitionColumns, inside(place, 'partitionColumns')),
    sortColumns: texts(o.sortColumns, inside(place, 'sortColumns')),
    keepDuplicates: asOneOf(o.keepDuplicates, ['ALL', 'LAST', 'FIRST'], inside(place, 'keepDuplicates')),
    ...optional(o, 'primaryKey', place, texts),
    ...optional(o, 'sortKeyMapping', place, texts),
    ...optional(o, 'softDelete', place, asBoolean),
    ...optional(o, 'indexes', place, textMap),
    ...optional(o, 'latestKeyCache', place, asBoolean),
    ...optional(o, 'compressHashSortKey', place, asBoolean),
    ...optional(o, 'retired', place, texts),
    compressMethods: textMap(o.compressMethods, inside(place, 'compressMethods')),
    comment: asText(o.comment, inside(place, 'comment')),
    owner: asText(o.owner, inside(place, 'owner')),
    createdMs: asTimeMs(o.createdMs, inside(place, 'createdMs')),
    schemaVersion: asCount(o.schemaVersion, inside(place, 'schemaVersion')),
  }
}
