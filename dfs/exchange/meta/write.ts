/**
 * meta.sql: statements of this dialect that make a database and its tables as they are, without rows.
 *
 *   create database "dfs://db" partitioned by VALUE(2024.01.01..2024.01.31), HASH([SYMBOL, 10]), engine="TSDB", atomic="TRANS", chunkGranularity="TABLE"
 *   create table "dfs://db"."trades"("sym" SYMBOL, "ts" TIMESTAMP [compress="delta"], "price" DOUBLE) partitioned by "ts", "sym", sortColumns=["sym", "ts"]
 *   setColumnComment(loadTable("dfs://db", "trades"), {"price": "in euros"})
 *
 * Who may do what with them, their owners and ids are no part of it.
 */

import { rawText } from '../../../runtime/print/index.ts'
import { categoryOf, type Raw, T, type TypeId, typeName } from '../../../runtime/values/index.ts'
import type { DatabaseRecord, Scheme, TableRecord } from '../../catalog/types.ts'

export const META_FILE = 'meta.sql'

export function metaSql(database: DatabaseRecord, tables: readonly TableRecord[]): string {
  const statements = [createDatabase(database), ...tables.flatMap((table) => createTable(database, table))]
  return `${statements.join('\n\n')}\n`
}

function createDatabase({ url, schemes, engine, atomic, chunkGranularity }: DatabaseRecord): string {
  const options = Object.entries({ engine, atomic, chunkGranularity }).map(([name, word]) => `${name}=${quoted(word)}`)
  return `create database ${quoted(url)}\npartitioned by ${[...schemes.map(schemeText), ...options].join(', ')}`
}

function schemeText(scheme: Scheme): string {
  switch (scheme.kind) {
    case 'VALUE':
      return `VALUE(${vectorText(scheme.type, scheme.values)})`
    case 'RANGE':
      return `RANGE(${vectorText(scheme.type, scheme.bounds)})`
    case 'LIST':
      return `LIST([${scheme.groups.map((group) => vectorText(scheme.type, group)).join(', ')}])`
    case 'HASH':
      return `HASH([${typeName(scheme.type)}, ${scheme.buckets}])`
    case 'SEQ':
      return `SEQ(${scheme.blocks})`
  }
}

/** Types whose constants can't be written, and what makes them of those that can. */
const CASTS: Readonly<Record<TypeId, string>> = { [T.CHAR]: 'char', [T.SHORT]: 'short', [T.SYMBOL]: 'symbol' }

function vectorText(type: TypeId, raws: readonly Raw[]): string {
  if (type === T.DATEHOUR)
    return `datehour([${raws.map((raw) => rawText(T.DATETIME, (raw as number) * 3600)).join(', ')}])`
  const cast = CASTS[type]
  if (cast !== undefined) return `${cast}([${raws.map((raw) => elementText(type, raw)).join(', ')}])`
  if ((type === T.INT || type === T.DATE || type === T.MONTH) && isSeries(raws))
    return `${elementText(type, raws[0])}..${elementText(type, raws[raws.length - 1])}`
  return `[${raws.map((raw) => elementText(type, raw)).join(', ')}]`
}

function isSeries(raws: readonly Raw[]): boolean {
  if (raws.length < 3 || (raws[0] as number) < 0) return false
  return raws.every((raw, k) => raw === (raws[0] as number) + k)
}

const elementText = (type: TypeId, raw: Raw): string =>
  typeof raw === 'string' ? quoted(raw) : categoryOf(type) === 'integral' ? String(raw) : rawText(type, raw)

function createTable({ engine }: DatabaseRecord, table: TableRecord): string[] {
  const { columns, compressMethods, indexes = {} } = table
  const lines = columns.map(({ name, type, scale }) => {
    const options = [
      ...(compressMethods[name] === undefined ? [] : [`compress=${quoted(compressMethods[name])}`]),
      ...(indexes[name] === undefined ? [] : [`indexes=${quoted(indexes[name])}`]),
    ]
    return `  ${quoted(name)} ${typeName(type, scale)}${options.length === 0 ? '' : ` [${options.join(', ')}]`}`
  })
  const place = `${quoted(table.db)}.${quoted(table.name)}`
  const partitions = table.partitionColumns.map(quoted)
  const rest = [...partitions, ...tableOptions(engine, table)]
  const head = `create table ${place}(\n${lines.join(',\n')}\n)`
  const tail =
    rest.length === 0 ? '' : partitions.length > 0 ? `\npartitioned by ${rest.join(', ')}` : `, ${rest.join(', ')}`
  return [head + tail, ...columnComments(table)]
}

function tableOptions(engine: DatabaseRecord['engine'], table: TableRecord): string[] {
  const options: string[] = []
  const list = (names: readonly string[]): string => `[${names.map(quoted).join(', ')}]`
  if (table.sortColumns.length > 0) options.push(`sortColumns=${list(table.sortColumns)}`)
  if (engine === 'TSDB') options.push(`keepDuplicates=${quoted(table.keepDuplicates)}`)
  if (table.primaryKey !== undefined) options.push(`primaryKey=${list(table.primaryKey)}`)
  if (table.sortKeyMapping !== undefined) options.push(`sortKeyMappingFunction=[${table.sortKeyMapping.join(', ')}]`)
  if (table.softDelete === true) options.push('softDelete=true')
  if (table.latestKeyCache === true) options.push('latestKeyCache=true')
  if (table.compressHashSortKey === false) options.push('compressHashSortKey=false')
  if (table.comment !== '') options.push(`comment=${quoted(table.comment)}`)
  return options
}

function columnComments({ db, name, columns }: TableRecord): string[] {
  const commented = columns.filter((c) => c.comment !== undefined && c.comment !== '')
  if (commented.length === 0) return []
  const names = commented.map((c) => quoted(c.name)).join(', ')
  const texts = commented.map((c) => quoted(c.comment!)).join(', ')
  return [`setColumnComment(loadTable(${quoted(db)}, ${quoted(name)}), dict([${names}], [${texts}]))`]
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n', '\r': '\\r', '\t': '\\t' }
const quoted = (text: string): string => `"${text.replace(/[\\"\n\r\t]/g, (c) => ESCAPES[c])}"`
