/** Select on a stored table: one snapshot, read by the method that source-plan.ts chose. */
import type { Expr, SelectStatement } from '../../lang/ast.ts'
import type { ColumnResolver, SqlScope } from '../compile/scope.ts'
import { inputError } from '../errors.ts'
import { Scalar, type SourcePartition, Table, type TableSnapshot, type Value, type Vector } from '../values/index.ts'
import { asColumn, repeated, sliceTable, stackTables } from './columns.ts'
import { compileItem } from './evaluate.ts'
import { costSince, explain } from './explain.ts'
import { columnName, expressionKey, levelOf, mentionedNames } from './expressions.ts'
import type { SourceRef } from './from.ts'
import { groupBy, groupedItems, type Selected, sortedGroups } from './group-by.ts'
import { checkKey } from './groups.ts'
import { checkNames } from './items.ts'
import { rowRange, sortColumns, sortedTable } from './order.ts'
import { PartialStates } from './partial.ts'
import { arisenAt, at } from './place.ts'
import type { Relation } from './relation.ts'
import { finish, selectFromRows, writtenAgain } from './select.ts'
import { planSource, type SourcePlan } from './source-plan.ts'
import { ColumnCollector, expectScans, filteredBatches, planScan, type Scan } from './source-read.ts'
import { partitionsOfQuery } from './source-restrictions.ts'
import { sampled, takeSamples } from './source-sample.ts'
import { resultOf } from './spread.ts'
import { runSubselects } from './subselects.ts'
import { applyWhere, bound } from './where.ts'

const HINT_EXPLAIN = 32768

/** All that a method needs. */
interface Run {
  readonly node: SelectStatement
  readonly ref: SourceRef
  readonly plan: SourcePlan
  readonly scan: Scan
  readonly snapshot: TableSnapshot
  readonly partitions: readonly SourcePartition[]
  readonly scope: SqlScope
}

export function selectFromSource(statement: SelectStatement, ref: SourceRef, scope: SqlScope): Value {
  const split = splitPartitionCalls(statement)
  const { node, samples } = takeSamples({ ...split, where: runSubselects(split.where, ref, scope) }, ref, scope)
  const plan = planSource(node, ref, scope)
  const map = plan.method.kind === 'map'
  // With map the where clause belongs to each partition as a whole: it may hold aggregates.
  const scan = map
    ? {
        ...planScan(ref, withWhere(plan, node, ref), [], scope),
        predicate: planScan(ref, [], node.where, scope).predicate,
      }
    : planScan(ref, plan.columns, node.where, scope)
  const snapshot = ref.source.snapshot()
  try {
    const partitions =
      plan.method.kind === 'rowCount' ? [] : sampled(partitionsOfQuery(snapshot, scan.predicate), samples)
    const run: Run = { node, ref, plan, scan, snapshot, partitions, scope }
    if ((node.hint & HINT_EXPLAIN) !== 0) return explained(run)
    return execute(run)
  } finally {
    snapshot.release()
  }
}

/** `a and partition(...)` as two conditions. */
export function splitPartitionCalls(node: SelectStatement): SelectStatement {
  const split = (e: Expr): Expr[] => {
    if (e.kind !== 'binary' || e.op !== 'and') return [e]
    const names = new Set<string>()
    mentionedNames(e, names)
    return names.has('partition') || names.has('sample') ? [...split(e.left), ...split(e.right)] : [e]
  }
  return { ...node, where: node.where.flatMap(split) }
}

function withWhere(plan: SourcePlan, node: SelectStatement, ref: SourceRef): number[] {
  const names = new Set<string>()
  for (const e of node.where) mentionedNames(e, names)
  const used = new Set(plan.columns)
  ref.fields.forEach((f, k) => {
    if (names.has(f.name.toLowerCase())) used.add(k)
  })
  return [...used].sort((a, b) => a - b)
}

function execute(run: Run): Value {
  const { node, plan, scope } = run
  switch (plan.method.kind) {
    case 'rowCount':
      return finish(node, rowCounts(run), undefined, scope)
    case 'map':
      return finish({ ...node, distinct: false }, { table: mapped(run), items: [] }, undefined, scope)
    case 'perPartition':
      return finish(node, groupedPerPartition(run), undefined, scope)
    case 'stream':
      return streamed(run)
    case 'partial':
      return partial(run, plan.method.aggregates)
    case 'collect':
      return selectFromRows(node, collect(run, run.partitions), scope, true)
  }
}

function explained(run: Run): Value {
  const started = performance.now()
  const result = execute({ ...run, node: { ...run.node, hint: run.node.hint & ~HINT_EXPLAIN } })
  const rows = result.kind === 'table' ? result.rows : result.kind === 'vector' ? result.length : 1
  return explain({
    table: run.ref.source.name,
    method: run.plan.method.kind,
    columns: run.scan.columns.map((k) => run.ref.fields[k].name),
    partitionsScanned: run.partitions.length,
    partitionsTotal: run.snapshot.partitions().length,
    rowsInPartitions: run.partitions.reduce((n, p) => n + p.rows, 0),
    rows,
    cost: costSince(started),
  })
}

/** `count(*)` from the catalog. */
function rowCounts(run: Run): Selected {
  const total = run.snapshot.rowCount()
  const value = total <= 2147483647 ? Scalar.int(total) : Scalar.long(total)
  const names = run.plan.items.map((i) => i.name)
  checkNames(names)
  const items = run.plan.items.map((i, column) => ({ expr: i.expr, column }))
  return {
    table: new Table(
      names,
      names.map(() => repeated(value, 1)),
    ),
    items,
    scalar: names.length === 1,
  }
}

/** Rows of partitions that satisfy where, in memory. */
function collect(run: Run, partitions: readonly SourcePartition[]): Relation {
  const collector = new ColumnCollector(run.ref, collected(run))
  for (const partition of partitions)
    for (const rows of filteredBatches(run.scan, run.snapshot, partition)) collector.add(rows)
  return collector.relation()
}

/** Without any column in use (`select count(*) ... where ...`) one column still tells how many rows there are. */
const collected = (run: Run): readonly number[] =>
  run.plan.columns.length > 0 ? run.plan.columns : run.scan.columns.slice(0, 1)

/** The statement on each partition that has rows. */
function mapped(run: Run): Table {
  const { node, scope, ref } = run
  const inner: SelectStatement = { ...node, map: false, where: [], orderBy: [], limit: null, top: null, exec: false }
  const tables: Table[] = []
  const onPartition = (partition: SourcePartition | undefined): void => {
    const collector = new ColumnCollector(ref, run.scan.columns)
    if (partition !== undefined)
      for (const rows of filteredBatches(run.scan, run.snapshot, partition)) collector.add(rows)
    const all = collector.relation()
    const conditions = node.where.filter((e) => !isPartition(e))
    const rows = applyWhere(all, conditions, scope)
    if (rows.rows === 0 && partition !== undefined) return
    const result = selectFromRows(inner, rows, scope)
    if (!(result instanceof Table)) throw inputError('MAP needs a statement that returns a table.', { code: 'map' })
    tables.push(result)
  }
  for (const partition of run.partitions) onPartition(partition)
  if (tables.length === 0) {
    onPartition(undefined)
    return sliceTable(tables[0], 0, 0)
  }
  return stackTables(tables)
}

const isPartition = (e: Expr): boolean =>
  (e.kind === 'call' || e.kind === 'methodCall') && expressionKey(e).includes('"partition"')

/** Groups that never span partitions: grouped one by one, then put in key order. */
function groupedPerPartition(run: Run): Selected {
  const { node, scope } = run
  const inner: SelectStatement = { ...node, where: [] }
  let items: Selected['items'] = []
  const tables: Table[] = []
  const group = (partitions: readonly SourcePartition[]): void => {
    const rows = collect(run, partitions)
    if (rows.rows === 0 && partitions.length > 0) return
    const selected = groupBy(inner, rows, scope)
    items = selected.items
    tables.push(selected.table)
  }
  for (const partition of run.partitions) group([partition])
  if (tables.length === 0) group([])
  return { table: inKeyOrder(stackTables(tables), items, run), items }
}

/** Ascending by the group keys, as in memory; keys that are not in the result leave partition order. */
function inKeyOrder(table: Table, items: Selected['items'], run: Run): Table {
  const { planner } = run.plan
  const columns = planner.keys.flatMap((_, k) => {
    const item = items.find((i) => planner.keyOf(i.expr) === k)
    return item === undefined ? [] : [table.columns[item.column]]
  })
  if (columns.length === 0 || table.rows < 2) return table
  const yes = columns.map(() => true)
  return sortedTable(table, { columns, ascending: yes, nullsFirst: yes })
}

// ---------------------------------------------------------------------------------------------------------------------
// Partial aggregation

function partial(run: Run, aggregates: ConstructorParameters<typeof PartialStates>[0]): Value {
  const { scope, ref } = run
  const { planner } = run.plan
  const states = new PartialStates(aggregates, planner.keys.length)
  let current: Relation | undefined
  const columns: ColumnResolver = bound(planner.rows.resolver, () => current!)
  const getters = new Map<Expr, () => Value>()
  const value = (e: Expr): Value => {
    let getter = getters.get(e)
    if (getter === undefined) {
      getter = compileItem(e, columns, scope, () => current!.rows)
      getters.set(e, getter)
    }
    return getter()
  }
  const add = (rows: Relation): void => {
    current = rows
    const keys = planner.keys.map((k) => at(k.expr.span, () => checkKey(value(k.expr), rows.rows, 'GROUP BY', k.name)))
    states.add(rows, keys, value)
  }
  // Aggregates keep states, not rows; but a function of the script in a condition might keep what it is given.
  const isTransient = run.scan.where.every((e) => ['row', 'const'].includes(levelOf(e, planner.rows.resolver, scope)))
  let seen = false
  if (isTransient) expectScans(run.scan, run.snapshot, run.partitions)
  for (const partition of run.partitions)
    for (const rows of filteredBatches(run.scan, run.snapshot, partition, isTransient)) {
      seen = true
      add(rows)
    }
  if (!seen) add(new ColumnCollector(ref, [...ref.fields.keys()]).relation())
  const { keys, values, count } = states.finish()
  const sorted = sortedGroups(keys, keys.length === 0 ? 0 : count)
  // Every merged row is a group of its own: its rank is its place in key order.
  const order = keys.length === 0 ? undefined : sorted.firstRows
  const pick = (v: Vector): Vector => (order === undefined ? v : v.gather(order))
  const merged = new Map([...values].map(([k, v]) => [k, pick(v)]))
  return finishMerged(run, keys.map(pick), merged, count)
}

/** The select list over merged groups. */
function finishMerged(run: Run, keys: readonly Vector[], values: ReadonlyMap<string, Vector>, count: number): Value {
  const { node, ref, scope, plan } = run
  const { planner } = plan
  const groupValue = (expr: Expr): Value => {
    const own = planner.keyOf(expr)
    if (own >= 0) return keys[own]
    return compileItem(
      expr,
      planner.rows.resolver,
      scope,
      () => count,
      (e) => {
        const key = planner.keyOf(e)
        if (key >= 0) return () => keys[key]
        const known = values.get(expressionKey(e))
        return known === undefined ? undefined : () => known
      },
    )()
  }
  if (node.group !== null) {
    const selected = groupedItems(node, {
      count,
      fields: ref.fields,
      keys: planner.keys,
      keyOf: (e) => planner.keyOf(e),
      keyVector: (k) => keys[k],
      groupValue,
      perGroup: () => {
        throw inputError('This item can not be spread over columns on a partitioned table.', { code: 'spread' })
      },
    })
    return finish(node, selected, undefined, scope)
  }
  const names = plan.items.map((i) => i.name)
  checkNames(names, (k) => plan.items[k].expr.span)
  const columns = plan.items.map((i) => at(i.expr.span, () => asColumn(groupValue(i.expr), 1)!))
  const items = plan.items.map((i, column) => ({ expr: i.expr, column }))
  const selected = { table: resultOf(names, columns), items, scalar: names.length === 1 }
  // order by may name columns of the table: one row is in order by them.
  const rows = node.orderBy.length > 0 ? new ColumnCollector(ref, [...ref.fields.keys()]).relation() : undefined
  return finish(node, selected, rows, scope)
}

// ---------------------------------------------------------------------------------------------------------------------
// Streaming

// With order by and limit, this many rows more than the limit are kept before the worst are dropped.
const SORT_SLACK_ROWS = 1 << 16

function streamed(run: Run): Value {
  const { node, scope } = run
  const names = run.plan.items.map((i) => i.name)
  checkNames(names, (k) => run.plan.items[k].expr.span)
  const project = projection(run)
  const sort = node.orderBy.length > 0 ? sortOf(run, names) : undefined
  const range = rowRange(node.top, node.limit, scope)
  if (range !== undefined && range.last > 0)
    throw inputError('The LIMIT clause accepts a negative number only together with CONTEXT BY.', { code: 'limit' })
  const wanted = range?.to ?? Number.POSITIVE_INFINITY
  let tables: Table[] = []
  let rows = 0
  scanning: for (const partition of run.partitions)
    for (const batch of filteredBatches(run.scan, run.snapshot, partition)) {
      const needed = sort === undefined ? Math.min(batch.rows, wanted - rows) : batch.rows
      const table = project(batch.slice(0, needed))
      tables.push(table)
      rows += table.rows
      if (sort === undefined && rows >= wanted) break scanning
      if (sort !== undefined && rows > wanted + SORT_SLACK_ROWS && rows > 2 * wanted) {
        tables = [sliceTable(sort(stackTables(tables)), 0, wanted)]
        rows = tables[0].rows
      }
    }
  if (tables.length === 0) tables = [project(new ColumnCollector(run.ref, [...run.ref.fields.keys()]).relation())]
  let result = stackTables(tables)
  if (sort !== undefined) result = sort(result)
  if (range !== undefined) result = sliceTable(result, range.from, range.to)
  result = new Table(names, result.columns.slice(0, names.length))
  return node.exec && names.length === 1 ? result.columns[0] : result
}

/** Items of a batch as a table that owns its memory; sort keys that are no items follow as further columns. */
export function projection(run: Pick<Run, 'node' | 'ref' | 'plan' | 'scope'>): (batch: Relation) => Table {
  const { node, scope } = run
  const { items, planner } = run.plan
  let current: Relation | undefined
  const columns = bound(planner.rows.resolver, () => current!)
  const names = items.map((i) => i.name)
  const extra = extraKeys(node, names, run)
  const exprs = [...items.map((i) => i.expr), ...extra]
  const getters = exprs.map((e) => compileItem(e, columns, scope, () => current!.rows))
  const allNames = [...names, ...extra.map((_, k) => `order key ${k}`)]
  return (batch) => {
    current = batch
    const vectors = getters.map((g, k) => {
      const column = asColumn(g(), batch.rows)
      if (column === undefined)
        throw arisenAt(inputError('All columns must be of the same length.', { refId: 'S02010' }), exprs[k].span)
      return column.frozen ? column.copy() : column
    })
    return new Table(allNames, vectors)
  }
}

/** Sort keys that read columns which the result does not have. */
function extraKeys(node: SelectStatement, names: readonly string[], run: Pick<Run, 'plan' | 'ref'>): Expr[] {
  return node.orderBy
    .map((k) => k.expr)
    .filter((e) => {
      if (run.plan.items.some((i) => expressionKey(i.expr) === expressionKey(e))) return false
      const c = columnName(e)
      if (c !== undefined && c.qualifier === undefined)
        return !names.some((n) => n.toLowerCase() === c.name.toLowerCase())
      const used = new Set<string>()
      mentionedNames(e, used)
      const result = new Set(names.map((n) => n.toLowerCase()))
      return [...used].some((n) => !result.has(n) && run.ref.fields.some((f) => f.name.toLowerCase() === n))
    })
}

function sortOf(run: Run, names: readonly string[]): (table: Table) => Table {
  const { node, scope, plan } = run
  const extra = extraKeys(node, names, run)
  return (table) => {
    const known = writtenAgain(
      plan.items.map((item, column) => ({ expr: item.expr, column })),
      table,
    )
    extra.forEach((e, k) => {
      known.set(expressionKey(e), table.columns[names.length + k])
    })
    const by = sortColumns(
      node.orderBy,
      (name, qualifier) => {
        const k = qualifier === undefined ? table.columnIndex(name, true) : -1
        return k < 0 ? undefined : () => table.columns[k]
      },
      table.rows,
      scope,
      known,
    )
    return sortedTable(table, by)
  }
}
