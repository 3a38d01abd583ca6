/**
 * Reading meta.sql. A folder may come from anywhere, and what runs has the rights of the user: so only the statements that an export writes are taken, with constants for
 * arguments; anything else is refused before the first of them runs.
 */
import { type Expr, parseScript, SourceText, type Statement } from '../../../lang/index.ts'
import { HoldfastError, inputError } from '../../../runtime/errors.ts'
import type { Session } from '../../../runtime/session.ts'
import { databaseUrl } from '../../set/names.ts'

export interface MetaTable {
  readonly db: string
  readonly name: string
}

export interface MetaScript {
  readonly text: string
  readonly file: string
  readonly databases: readonly string[]
  readonly tables: readonly MetaTable[]
}

/** Checks the statements, and tells which databases and tables they make. `file` is for messages. */
export function readMeta(text: string, file: string, session: Session): MetaScript {
  const source = new SourceText(text)
  const { statements, errors } = parseScript(source, {
    isFunction: (name) => session.registry.get(name) !== undefined,
    isVariable: () => false,
  })
  if (errors.length > 0) {
    const { line, column } = source.position(errors[0].span.start)
    throw inputError(`${file}:${line}:${column}: ${errors[0].message}`, { code: 'metaSyntax', where: { file } })
  }
  const databases: string[] = []
  const tables: MetaTable[] = []
  for (const statement of statements) {
    const made = madeBy(statement)
    if (made === undefined) {
      const { line, column } = source.position(statement.span.start)
      throw inputError(
        `${file}:${line}:${column}: only create database, create table and setColumnComment with constants may stand in ${file}.`,
        { code: 'metaStatement', where: { file } },
      )
    }
    if (made.database !== undefined) databases.push(made.database)
    if (made.table !== undefined) tables.push(made.table)
  }
  if (tables.length === 0 && databases.length === 0)
    throw inputError(`${file} makes no database and no table.`, { code: 'metaEmpty', where: { file } })
  return { text, file, databases, tables }
}

/** Makes what the script says. What it makes must not be there yet, but for databases of the same scheme. */
export function runMeta(script: MetaScript, session: Session): void {
  try {
    session.run(script.text, script.file)
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.kind === 'bug') throw error
    throw new HoldfastError(error.kind, `${script.file}: ${error.message}`, {
      code: error.code,
      where: error.where,
      hint: error.hint,
      cause: error,
    })
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// What is allowed

interface Made {
  readonly database?: string
  readonly table?: MetaTable
}

/** undefined: the statement is none of those that are allowed. */
function madeBy(statement: Statement): Made | undefined {
  if (statement.kind !== 'expression') return undefined
  const { expr } = statement
  if (expr.kind === 'call') return isComment(expr) ? {} : undefined
  if (expr.kind !== 'sql') return undefined
  const node = expr.statement
  if (node.kind === 'createDatabase') {
    const url = textOf(node.path)
    const isConstant = [...node.schemes.flatMap((s) => s.args), ...node.options.map((o) => o.value)].every(isPlain)
    return url !== undefined && isConstant ? { database: databaseUrl(url) } : undefined
  }
  if (node.kind !== 'createTable' || node.database === null) return undefined
  const db = textOf(node.database)
  const values = [
    ...node.columns.flatMap((c) => [
      ...c.options.map((o) => o.value),
      ...(c.type.scale === null ? [] : [c.type.scale]),
    ]),
    ...node.partitionedBy,
    // Functions of the sort key are kept as texts and never called here.
    ...node.options.filter((o) => o.name !== 'sortKeyMappingFunction').map((o) => o.value),
  ]
  if (db === undefined || !values.every(isPlain)) return undefined
  if (!node.options.every((o) => o.name !== 'sortKeyMappingFunction' || isFunctionList(o.value))) return undefined
  return { table: { db: databaseUrl(db), name: node.name } }
}

const textOf = (expr: Expr): string | undefined =>
  expr.kind === 'literal' && typeof expr.value === 'string' ? expr.value : undefined

const CASTS: ReadonlySet<string> = new Set(['char', 'short', 'symbol', 'datehour', 'dict'])

const calleeOf = (expr: Expr): string | undefined =>
  expr.kind === 'call' && expr.callee.kind === 'name' ? expr.callee.name : undefined

/** Constants, and what puts them together. */
function isPlain(expr: Expr): boolean {
  switch (expr.kind) {
    case 'literal':
    case 'constVector':
    case 'typeName':
    case 'constant':
      return true
    case 'vector':
    case 'tuple':
      return expr.items.every((item) => item === null || isPlain(item))
    case 'range':
      return isPlain(expr.from) && isPlain(expr.to)
    case 'unary':
      return expr.op === 'neg' && isPlain(expr.operand)
    case 'call':
      return CASTS.has(calleeOf(expr) ?? '') && expr.args.every((a) => a.value !== null && isPlain(a.value))
    default:
      return false
  }
}

function isFunctionList(expr: Expr): boolean {
  const items = expr.kind === 'vector' || expr.kind === 'tuple' ? expr.items : [expr]
  return items.every((item) => {
    if (item === null) return false
    if (item.kind === 'lambda' || item.kind === 'name' || item.kind === 'functionRef') return true
    return item.kind === 'partial' && item.args.every((a) => a.value === null || isPlain(a.value))
  })
}

/** `setColumnComment(loadTable("dfs://db", "tb"), dict([...], [...]))`. */
function isComment(expr: Expr): boolean {
  if (calleeOf(expr) !== 'setColumnComment' || expr.kind !== 'call') return false
  const [table, comments] = expr.args.map((a) => a.value)
  if (expr.args.length !== 2 || table === null || comments === null || table === undefined) return false
  const isTable =
    calleeOf(table) === 'loadTable' &&
    table.kind === 'call' &&
    table.args.every((a) => a.value !== null && textOf(a.value) !== undefined)
  return isTable && isPlain(comments)
}
