/**
 * Data sources: pieces of data that are read when somebody works on them, one after the other, so that memory holds one piece at a time. A piece is a query on
 * one partition (or a group of partitions) of a stored table, a query as it stands, or a part of a text file. A data source is a reference: what transDS! adds to it
 * is seen through every variable that holds it.
 */
import type { Expr, SelectStatement } from '../../lang/ast.ts'
import { codeNode, evaluateCode, statementOf } from '../compile/code.ts'
import { sqlText, wholeText } from '../compile/code-text.ts'
import type { Host } from '../compile/host.ts'
import { inputError } from '../errors.ts'
import type { Session } from '../session.ts'
import {
  CodeValue,
  type ColumnPredicate,
  type FunctionValue,
  Resource,
  type SourcePartition,
  SourceTable,
  T,
  type Table,
  type TableSnapshot,
  type TableSource,
  type Value,
} from '../values/index.ts'
import { isSourceRef, resolveFrom, type SourceRef } from './from.ts'
import { expandMacros } from './macros.ts'
import { predicateOf } from './predicate.ts'
import { demandOf } from './select.ts'
import { partitionsOfQuery } from './source-restrictions.ts'
import { splitPartitionCalls } from './source-select.ts'

export class DataSource {
  readonly #read: (session: Session) => Value
  /** Applied to what was read, in this order. */
  readonly transforms: FunctionValue[] = []

  constructor(read: (session: Session) => Value) {
    this.#read = read
  }

  /** Reads the piece. */
  materialize(session: Session): Value {
    let value = this.#read(session)
    for (const f of this.transforms) value = session.call(f, [value])
    return value
  }
}

/** `text` is what stands between the brackets when it is printed. */
export const dataSourceValue = (text: string, read: (session: Session) => Value): Resource =>
  new Resource(T.DATASOURCE, 'dataSource', `DataSource< ${text} >`, new DataSource(read))

/** The table with some of its partitions only. */
class SomePartitions implements TableSource {
  readonly name: string
  readonly tableName: string
  readonly #source: TableSource
  readonly #paths: ReadonlySet<string>

  constructor(source: TableSource, paths: ReadonlySet<string>) {
    this.name = source.name
    this.tableName = source.tableName
    this.#source = source
    this.#paths = paths
  }

  schema(): ReturnType<TableSource['schema']> {
    return this.#source.schema()
  }

  partitionColumns(): readonly string[] {
    return this.#source.partitionColumns()
  }

  snapshot(): TableSnapshot {
    const inner = this.#source.snapshot()
    const chosen = (predicate?: ColumnPredicate): readonly SourcePartition[] =>
      inner.partitions(predicate).filter((p) => this.#paths.has(p.path))
    return {
      partitions: chosen,
      scan: (partition, columns, predicate, isTransient): Iterable<Table> =>
        inner.scan(partition, columns, predicate, isTransient),
      rowCount: () => chosen().reduce((sum, p) => sum + p.rows, 0),
      release: () => inner.release(),
    }
  }
}

const span = { start: 0, end: 0 }
const valueExpr = (value: Value, text: string): Expr => ({ kind: 'value', value, text, span })

/** A query whose from clause is one stored table. */
export interface SourceQuery {
  readonly code: CodeValue
  readonly statement: SelectStatement
  readonly ref: SourceRef
  readonly predicate: ColumnPredicate | undefined
}

/** The query behind metacode; undefined when it is not on one stored table alone. */
export function sourceQuery(code: CodeValue, session: Session, usage: string): SourceQuery | undefined {
  const found = statementOf(session as Host, code)
  if (found === undefined) throw inputError(`Usage: ${usage}. The query must be metacode of a SQL statement.`)
  if (found.statement.kind !== 'select') return undefined
  const statement = splitPartitionCalls(expandMacros(found.statement, found.scope))
  if (statement.from === null) return undefined
  const ref = resolveFrom(statement.from, demandOf(statement), found.scope)
  if (!isSourceRef(ref)) return undefined
  return { code, statement, ref, predicate: predicateOf(statement.where, ref, found.scope) }
}

/** Paths of the partitions that the query has to look at. */
export function touchedPartitions(query: SourceQuery): string[] {
  const snapshot = query.ref.source.snapshot()
  try {
    return partitionsOfQuery(snapshot, query.predicate).map((p) => p.path)
  } finally {
    snapshot.release()
  }
}

const nameOf = (query: SourceQuery): string => {
  const { from } = query.statement
  const written = from?.kind === 'table' ? (from.alias ?? (from.expr.kind === 'name' ? from.expr.name : null)) : null
  return written ?? query.ref.source.tableName
}

/** `select [4] * from pt ...`, as the documentation prints it. */
const queryText = (query: SourceQuery, suffix: string): string => withMark(sqlText(shown(query))) + suffix

const withMark = (text: string): string => text.replace(/^<?(select|exec) /, '$1 [4] ').replace(/>$/, '')

const shown = (query: SourceQuery): SelectStatement => ({
  ...query.statement,
  from: { kind: 'table', expr: valueExpr(new SourceTable(query.ref.source), nameOf(query)), alias: null, span },
})

/** The query on some partitions. `label` stands for them in the text: `/20170807/0_50`, `all of 0_50`. */
export function onPartitions(query: SourceQuery, paths: readonly string[], label: string): Resource {
  const part = new SomePartitions(query.ref.source, new Set(paths))
  return dataSourceValue(queryText(query, ` [partition = ${label}]`), (session) => run(query, part, session))
}

/** The query with more conditions. */
export function withConditions(query: SourceQuery, conditions: readonly Expr[]): Resource {
  const narrowed = { ...query, statement: { ...query.statement, where: [...query.statement.where, ...conditions] } }
  return dataSourceValue(queryText(narrowed, ''), (session) => run(narrowed, query.ref.source, session))
}

function run(query: SourceQuery, source: TableSource, session: Session): Value {
  const name = nameOf(query)
  const statement: SelectStatement = {
    ...query.statement,
    from: { kind: 'table', expr: valueExpr(new SourceTable(source), name), alias: name, span },
  }
  const { item, source: text } = codeNode(query.code)
  const code = new CodeValue(
    { item: { ...item, expr: { ...item.expr, statement } as Expr }, source: text },
    query.code.captured,
  )
  return evaluateCode(session as Host, code)
}

/** The query as it stands. */
export function wholeQuery(code: CodeValue): Resource {
  const text = wholeText(codeNode(code).item)
  return dataSourceValue(withMark(text), (session) => evaluateCode(session as Host, code))
}
