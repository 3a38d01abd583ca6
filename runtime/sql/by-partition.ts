/**
 * A query that is run on the partitions of a stored table one by one, for whoever keeps the results apart, such as a backup. That only means something if each row of
 * the result comes from one row of the table: everything else is refused, by name.
 */
import type { Expr, SelectStatement, SqlStatement } from '../../lang/ast.ts'
import type { SqlScope } from '../compile/scope.ts'
import { type HoldfastError, inputError } from '../errors.ts'
import { convertForAppend } from '../ops/cast.ts'
import {
  type ColumnSchema,
  type SourcePartition,
  Table,
  type TableSnapshot,
  type TableSource,
  type Vector,
} from '../values/index.ts'
import { scaleOf } from './columns.ts'
import { calleeName } from './expressions.ts'
import { isFunctionJoin, isSourceRef, resolveFrom, type SourceRef } from './from.ts'
import { expandMacros } from './macros.ts'
import type { Relation } from './relation.ts'
import { checkClauses, demandOf } from './select.ts'
import { planSource, type SourcePlan } from './source-plan.ts'
import { ColumnCollector, filteredBatches, planScan, type Scan } from './source-read.ts'
import { projection, splitPartitionCalls } from './source-select.ts'

/** `caller` says in errors who needs the query. */
export function queryByPartition(statement: SqlStatement, scope: SqlScope, caller: string): PartitionQuery {
  if (statement.kind !== 'select') throw refusal(caller, statement.kind === 'union' ? 'UNION' : statement.kind)
  const node = splitPartitionCalls(expandMacros(statement, scope))
  checkClauses(node)
  const clause = clauseOverRows(node)
  if (clause !== undefined) throw refusal(caller, clause)
  const ref = node.from === null ? undefined : resolveFrom(node.from, demandOf(node), scope)
  if (ref === undefined || !isSourceRef(ref))
    throw inputError(`${caller} needs a query on one table of a database, such as <select * from loadTable(...)>.`, {
      code: 'partitionQuery',
    })
  const plan = planSource({ ...node, map: false }, ref, scope)
  if (plan.method.kind !== 'stream')
    throw refusal(caller, 'aggregates, functions over several rows, functions of scripts or constants alone')
  return new PartitionQuery({ ...node, map: false, hint: 0 }, ref, plan, scope)
}

const refusal = (caller: string, clause: string): HoldfastError =>
  inputError(`${caller} runs the query on each partition alone, row by row: it can't have ${clause}.`, {
    code: 'partitionQuery',
    hint: 'select columns, and expressions of single rows, with conditions in the where clause',
  })

/** The first clause that looks at several rows at once, by its name. */
function clauseOverRows(node: SelectStatement): string | undefined {
  if (node.exec) return 'EXEC'
  if (node.from !== null && joins(node.from)) return 'joins'
  if (node.group !== null)
    return node.group.kind === 'group' ? 'GROUP BY' : node.group.kind === 'context' ? 'CONTEXT BY' : 'PIVOT BY'
  if (node.distinct) return 'DISTINCT'
  if (node.orderBy.length > 0) return 'ORDER BY'
  if (node.top !== null) return 'TOP'
  if (node.limit !== null) return 'LIMIT'
  return undefined
}

function joins(from: NonNullable<SelectStatement['from']>): boolean {
  if (from.kind === 'join') return true
  const expr: Expr = from.expr
  return expr.kind === 'call' && isFunctionJoin(calleeName(expr.callee) ?? '')
}

export class PartitionQuery {
  readonly source: TableSource
  /** Of the result. */
  readonly columns: readonly ColumnSchema[]
  readonly #scan: Scan
  readonly #project: (rows: Relation) => Table

  constructor(node: SelectStatement, ref: SourceRef, plan: SourcePlan, scope: SqlScope) {
    this.source = ref.source
    this.#scan = planScan(ref, plan.columns, node.where, scope)
    this.#project = projection({ node, ref, plan, scope })
    const none = this.#project(new ColumnCollector(ref, [...ref.fields.keys()]).relation())
    this.columns = none.names.map((name, k) => {
      const { type } = none.columns[k]
      const scale = scaleOf(none.columns[k])
      return { name, type, ...(scale === 0 ? {} : { scale }) }
    })
  }

  /** Those that can have rows of the result. */
  partitions(snapshot: TableSnapshot): readonly SourcePartition[] {
    return snapshot.partitions(this.#scan.predicate)
  }

  /** The rows of one partition, in batches that own their memory. */
  *batches(snapshot: TableSnapshot, partition: SourcePartition): Generator<Table> {
    for (const rows of filteredBatches(this.#scan, snapshot, partition)) yield this.#typed(this.#project(rows))
  }

  /** What an expression gives may depend on the values: all batches have the types that it has without any. */
  #typed({ names, columns }: Table): Table {
    const typed = columns.map((v, k): Vector => {
      const { type, scale = 0 } = this.columns[k]
      return v.type === type && scaleOf(v) === scale ? v : convertForAppend(v, type, scale)
    })
    return new Table(names, typed)
  }
}
