/**
 * create, drop and alter. Tables in memory are handled here; for stored ones the builtins of the dfs room are called by their names in
 * the registry, so that both ways of writing do the same.
 */
import type {
  AlterTableStatement,
  ColumnDefinition,
  CreateDatabaseStatement,
  CreateTableStatement,
  DdlOption,
  DropStatement,
  Expr,
  TypeNameExpr,
} from '../../lang/ast.ts'
import type { SqlScope } from '../compile/scope.ts'
import { HoldfastError, inputError } from '../errors.ts'
import { type SqlCatalogs, sqlCatalogService } from '../session.ts'
import {
  AnyVector,
  ARRAY_BASE,
  type BuiltinFunction,
  Scalar,
  SourceTable,
  StringVector,
  Table,
  type TypeId,
  typeByName,
  type Value,
} from '../values/index.ts'
import { nullColumn } from './columns.ts'
import { assembleScalars, unsupported } from './evaluate.ts'
import { calleeName, callShape } from './expressions.ts'

interface ColumnType {
  readonly type: TypeId
  readonly scale: number
}

function columnType(node: TypeNameExpr, scope: SqlScope): ColumnType {
  const info = typeByName(node.name)
  if (info === undefined) throw inputError(`Unknown data type ${node.name}.`, { code: 'typeName' })
  const scale = node.scale === null ? 0 : Number((scope.evaluate(node.scale) as Scalar).value)
  return { type: node.array ? ARRAY_BASE + info.id : info.id, scale }
}

export function createTable(node: CreateTableStatement, scope: SqlScope): void {
  const columns = node.columns.map((c) => ({ name: c.name, ...columnType(c.type, scope) }))
  const table = new Table(
    columns.map((c) => c.name),
    columns.map((c) => nullColumn(c.type, 0, c.scale)),
  )
  if (node.database === null) {
    if (node.partitionedBy.length > 0 || node.options.length > 0)
      throw unsupported('partitioned by and options of create table for tables in memory')
    scope.session.setVariable(node.name, table)
    return
  }
  const database = call(scope, 'database', [databaseUrl(node.database, scope)])
  const name = Scalar.string(node.name)
  const options = [...columnOptions(node.columns, scope), ...tableOptions(node.options, scope)]
  const made =
    node.partitionedBy.length === 0
      ? callNamed(scope, 'createTable', [database, table, name], options)
      : callNamed(
          scope,
          'createPartitionedTable',
          [database, table, name, new StringVector(node.partitionedBy.map(partitionColumn))],
          options,
        )
  const comments = commentsOf(node.columns, scope)
  if (comments !== undefined) call(scope, 'setColumnComment', [made, comments])
}

/** `[comment="c"]` of columns as a dictionary. */
function commentsOf(columns: readonly ColumnDefinition[], scope: SqlScope): Value | undefined {
  const given = columns.flatMap((c) =>
    c.options.flatMap((o) => (o.name === 'comment' ? [[c.name, scope.evaluate(o.value)] as const] : [])),
  )
  if (given.length === 0) return undefined
  const names = new StringVector(given.map(([name]) => name))
  return call(scope, 'dict', [names, assembleScalars(given.map(([, value]) => value))])
}

function partitionColumn(expr: Expr): string {
  if (expr.kind === 'name' || expr.kind === 'columnRef') return expr.name
  if (expr.kind === 'literal' && typeof expr.value === 'string') return expr.value
  const shape = callShape(expr)
  throw unsupported(`partitioned by a function of a column (${calleeName(shape?.callee ?? expr) ?? 'expression'})`)
}

type NamedArgument = readonly [string, Value]

const TABLE_OPTIONS: Readonly<Record<string, string>> = {
  sortcolumns: 'sortColumns',
  keepduplicates: 'keepDuplicates',
  sortkeymappingfunction: 'sortKeyMappingFunction',
  softdelete: 'softDelete',
  comment: 'tableComment',
  encryptmode: 'encryptMode',
  primarykey: 'primaryKey',
  compressmethods: 'compressMethods',
  indexes: 'indexes',
  latestkeycache: 'latestKeyCache',
  compresshashsortkey: 'compressHashSortKey',
}

function tableOptions(options: readonly DdlOption[], scope: SqlScope): NamedArgument[] {
  return options.map((o) => {
    const name = TABLE_OPTIONS[o.name.toLowerCase()]
    if (name === undefined) throw unsupported(`the option ${o.name} of create table`)
    return [name, scope.evaluate(o.value)]
  })
}

/** Options of columns that are arguments of createPartitionedTable: dictionaries by column. */
const COLUMN_OPTIONS: Readonly<Record<string, string>> = { compress: 'compressMethods', indexes: 'indexes' }

/** `[compress="delta"]` of columns becomes an entry of a dictionary. */
function columnOptions(columns: readonly ColumnDefinition[], scope: SqlScope): NamedArgument[] {
  const given = new Map<string, [string, Value][]>()
  for (const column of columns)
    for (const option of column.options) {
      const argument = COLUMN_OPTIONS[option.name]
      if (argument !== undefined)
        given.set(argument, [...(given.get(argument) ?? []), [column.name, scope.evaluate(option.value)]])
      else if (option.name !== 'comment') throw unsupported(`the column option ${option.name}`)
    }
  return [...given].map(([argument, entries]) => {
    const names = new StringVector(entries.map(([name]) => name))
    const values = assembleScalars(entries.map(([, value]) => value))
    return [argument, call(scope, 'dict', [names, values])]
  })
}

export function createDatabase(node: CreateDatabaseStatement, scope: SqlScope): void {
  const named = schemaPath(node.path, scope)
  if (named !== undefined) {
    createSchema(named, node, scope)
    return
  }
  createDatabaseAt(scope.evaluate(node.path), node, scope)
}

/** `create database catalog.schema`: a database under a url of its own, and its name in the catalog. */
function createSchema(names: readonly string[], node: CreateDatabaseStatement, scope: SqlScope): void {
  const { catalog, schema, url } = catalogsOf(scope).newDatabase(names)
  createDatabaseAt(Scalar.string(url), node, scope)
  call(scope, 'createSchema', [Scalar.string(catalog), Scalar.string(url), Scalar.string(schema)])
}

function createDatabaseAt(path: Value, node: CreateDatabaseStatement, scope: SqlScope): void {
  const options: NamedArgument[] = node.options.map((o) => [
    ({ engine: 'engine', atomic: 'atomic', chunkgranularity: 'chunkGranularity' } as Record<string, string>)[
      o.name.toLowerCase()
    ] ?? o.name,
    scope.evaluate(o.value),
  ])
  const parts = node.schemes.map(({ scheme, args }) => ({
    type: scope.evaluate({ kind: 'constant', name: scheme.toUpperCase(), span: node.span }),
    scheme: args.length === 1 ? scope.evaluate(args[0]) : new AnyVector(args.map((a) => scope.evaluate(a))),
  }))
  if (parts.length === 0) throw inputError('CREATE DATABASE needs PARTITIONED BY.', { code: 'createDatabase' })
  if (parts.length === 1) {
    callNamed(scope, 'database', [path, parts[0].type, parts[0].scheme], options)
    return
  }
  const levels = parts.map((p) => call(scope, 'database', [Scalar.string(''), p.type, p.scheme]))
  const compo = scope.evaluate({ kind: 'constant', name: 'COMPO', span: node.span })
  callNamed(scope, 'database', [path, compo, new AnyVector(levels)], options)
}

export function drop(node: DropStatement, scope: SqlScope): void {
  if (node.kind === 'dropDatabase') {
    const path = existingDatabase(node, scope)
    if (path === undefined) return
    if (node.ifExists && !truth(call(scope, 'existsDatabase', [path]))) return
    call(scope, 'dropDatabase', [path])
    return
  }
  const name = node.table!
  if (node.database !== null) {
    const path = existingDatabase(node, scope)
    if (path === undefined) return
    if (node.ifExists && !truth(call(scope, 'existsTable', [path, Scalar.string(name)]))) return
    call(scope, 'dropTable', [call(scope, 'database', [path]), Scalar.string(name)])
    return
  }
  const value = scope.session.variable(name)
  if (value === undefined && node.ifExists) return
  if (!(value instanceof Table)) throw inputError(`Can't find the table ${name}.`, { code: 'tableMissing' })
  if (!scope.session.removeVariable(name)) scope.session.shared.delete(name)
}

/** The database of a drop statement; undefined for a schema that need not be there. */
function existingDatabase(node: DropStatement, scope: SqlScope): Value | undefined {
  const names = schemaPath(node.database!, scope)
  if (names !== undefined && node.ifExists && catalogsOf(scope).databaseOf(names) === undefined) return undefined
  return databaseUrl(node.database!, scope)
}

/** Url of the database that a statement names, by its url or as `schema` or `catalog.schema`. */
function databaseUrl(expr: Expr, scope: SqlScope): Value {
  const names = schemaPath(expr, scope)
  if (names === undefined) return scope.evaluate(expr)
  const url = catalogsOf(scope).databaseOf(names)
  if (url === undefined) throw inputError(`The schema [${names.join('.')}] does not exist.`, { code: 'schemaMissing' })
  return Scalar.string(url)
}

/** `schema` or `catalog.schema` as names; undefined for a url, written or held by a variable. */
function schemaPath(expr: Expr, scope: SqlScope): string[] | undefined {
  if (expr.kind === 'literal' && typeof expr.value === 'string')
    return expr.value.includes('/') ? undefined : expr.value.split('.')
  const names = chain(expr)
  if (names === undefined) return undefined
  return holdsText(expr, scope) ? undefined : names
}

function holdsText(expr: Expr, scope: SqlScope): boolean {
  try {
    const value = scope.evaluate(expr)
    return value.kind === 'scalar' && typeof value.value === 'string'
  } catch (thrown) {
    if (thrown instanceof HoldfastError && NO_VALUE.has(thrown.code)) return false
    throw thrown
  }
}

const NO_VALUE: ReadonlySet<string> = new Set(['unknownName', 'schemaMissing', 'tableMissing'])

function chain(expr: Expr): string[] | undefined {
  if (expr.kind === 'name') return [expr.name]
  if (expr.kind !== 'member') return undefined
  const before = chain(expr.object)
  return before === undefined ? undefined : [...before, expr.name]
}

function catalogsOf(scope: SqlScope): SqlCatalogs {
  if (scope.session.hasService(sqlCatalogService)) return scope.session.service(sqlCatalogService)
  throw inputError("The catalog doesn't exist.", { code: 'catalogMissing', hint: 'this session has no store' })
}

const truth = (v: Value): boolean => v.kind === 'scalar' && !v.isNull() && Number(v.value) !== 0

export function alterTable(node: AlterTableStatement, scope: SqlScope): void {
  const target = scope.writableTable(node.table)
  const { action } = node
  if (target instanceof SourceTable) {
    alterStored(target, node, scope)
    return
  }
  const taken = (name: string): void => {
    if (target.columnIndex(name, true) >= 0)
      throw inputError(`The column [${name}] already exists.`, { refId: 'S01014' })
  }
  switch (action.kind) {
    case 'addColumn': {
      taken(action.name)
      const { type, scale } = columnType(action.type, scope)
      target.columns.push(nullColumn(type, target.rows, scale))
      target.names.push(action.name)
      return
    }
    case 'dropColumn': {
      const k = position(target, action.name)
      if (target.keyColumns?.includes(k))
        throw inputError(`The key column [${action.name}] can't be dropped.`, { code: 'keyColumn' })
      target.names.splice(k, 1)
      target.columns.splice(k, 1)
      target.keyColumns = target.keyColumns?.map((c) => (c > k ? c - 1 : c))
      return
    }
    case 'renameColumn': {
      const k = position(target, action.name)
      taken(action.to)
      target.names[k] = action.to
      return
    }
  }
}

function alterStored(target: SourceTable, node: AlterTableStatement, scope: SqlScope): void {
  const { action } = node
  switch (action.kind) {
    case 'addColumn':
      call(scope, 'addColumn', [target, Scalar.string(action.name), scope.evaluate(action.type)])
      return
    case 'dropColumn':
      call(scope, 'dropColumns!', [target, Scalar.string(action.name)])
      return
    case 'renameColumn':
      call(scope, 'rename!', [target, Scalar.string(action.name), Scalar.string(action.to)])
  }
}

function position(table: Table, name: string): number {
  const k = table.columnIndex(name, true)
  if (k < 0) throw inputError(`Unrecognized column name ${name}.`, { refId: 'S02005', code: 'unknownColumn' })
  return k
}

// ---------------------------------------------------------------------------------------------------------------------
// Builtins by name

function builtin(scope: SqlScope, name: string): BuiltinFunction {
  const fn = scope.session.registry.get(name)
  if (fn === undefined) throw missing(name)
  return fn
}

const missing = (name: string): HoldfastError =>
  inputError(`The function or procedure '${name}' is not defined.`, { refId: 'S06004' })

const call = (scope: SqlScope, name: string, args: readonly (Value | undefined)[]): Value =>
  scope.session.call(builtin(scope, name), args)

/** Positional arguments, then named ones at the places of their parameters. */
function callNamed(scope: SqlScope, name: string, args: readonly Value[], named: readonly NamedArgument[]): Value {
  const fn = builtin(scope, name)
  const all: (Value | undefined)[] = args.slice()
  for (const [parameter, value] of named) {
    const k = fn.params.findIndex((p) => p.name === parameter)
    if (k < 0) throw unsupported(`the option ${parameter}: ${name} does not have it`)
    while (all.length <= k) all.push(undefined)
    all[k] = value
  }
  return scope.session.call(fn, all)
}
