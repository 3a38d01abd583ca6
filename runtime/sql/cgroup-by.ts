/**
 * cgroup by: cumulative groups. Rows are grouped by the group and cgroup keys, the groups are put in the order of the order by clause, and each result row
 * aggregates the rows of all groups up to its own (those of its group by group only).
 */
import type { Expr, SelectStatement } from '../../lang/ast.ts'
import type { SqlScope } from '../compile/scope.ts'
import { inputError } from '../errors.ts'
import { FixedVector, T, type Table, type Value, type Vector } from '../values/index.ts'
import { asColumn, stack } from './columns.ts'
import { compileItem } from './evaluate.ts'
import {
  callShape,
  columnName,
  expressionKey,
  functionOf,
  isCountStar,
  kindOfCall,
  levelOf,
  some,
} from './expressions.ts'
import { trueRows } from './filter.ts'
import type { Frames } from './frame-folds.ts'
import { framedCall } from './framed.ts'
import { groupKeys, logicalColumn, sortedGroups } from './group-by.ts'
import type { GroupKey } from './groups.ts'
import { checkNames, expandItems } from './items.ts'
import { sortColumns, sortedRows } from './order.ts'
import { at } from './place.ts'
import type { Relation } from './relation.ts'
import { runningCall, runningForm } from './running.ts'
import { resultOf } from './spread.ts'

const ALLOWED: ReadonlySet<string> = new Set(
  'sum sum2 sum3 sum4 prod max min first last count size avg mean std var skew kurtosis wsum wavg corr covar contextCount contextSum contextSum2'.split(
    ' ',
  ),
)

/** The result in its final order, before limit. */
export function cgroupBy(node: SelectStatement, rows: Relation, scope: SqlScope): Table {
  if (node.group !== null && node.group.kind !== 'group')
    throw inputError('CGROUP BY can be used with GROUP BY only.', { code: 'cgroup' })
  if (node.orderBy.length === 0)
    throw inputError('A query with CGROUP BY needs an ORDER BY clause.', { code: 'cgroup' })
  const outer = groupKeys(node.group?.keys ?? [], rows, 'GROUP BY', scope)
  const keys = [...outer, ...groupKeys(node.cgroup, rows, 'CGROUP BY', scope)]
  const groups = sortedGroups(
    keys.map((k) => k.rows),
    rows.rows,
  )
  const keyVectors = keys.map((k) => k.rows.gather(groups.firstRows))
  const rank = sortedRows(
    sortColumns(node.orderBy, keyColumn(keys, keyVectors, rows), groups.count, scope, keyTexts(keys, keyVectors)),
  )
  const outerIds =
    outer.length === 0
      ? new Int32Array(groups.count)
      : sortedGroups(keyVectors.slice(0, outer.length), groups.count).ids
  const layout = accumulate(groups.ids, groups.count, rank, outerIds)
  const evaluate = (expr: Expr, name: string): Vector =>
    at(expr.span, () => asColumn(cumulativeValue(expr, name, keys, keyVectors, rows, layout, scope), groups.count)!)
  const items = expandItems(node.items, rows.fields)
  const keyOf = (e: Expr): number => positionOfKey(e, keys, rows)
  const listed = new Set(items.map((i) => keyOf(i.expr)))
  const names = keys.flatMap((k, i) => (listed.has(i) ? [] : [k.name]))
  const columns = keyVectors.filter((_, i) => !listed.has(i))
  for (const item of items) {
    names.push(item.name)
    columns.push(evaluate(item.expr, item.name))
  }
  checkNames(names)
  let kept = rank
  for (const condition of node.having) {
    const column = at(condition.span, () => logicalColumn(evaluate(condition, 'having'), groups.count))
    const flags = new Set(trueRows(column))
    kept = kept.filter((g) => flags.has(g))
  }
  return resultOf(
    names,
    columns.map((c) => c.gather(kept)),
  )
}

/** Rows in the order of accumulation, and the frame of each group in it, groups in that order too. */
interface Layout {
  readonly order: Int32Array
  readonly frames: Frames
  /** Place of each group among the frames. */
  readonly frameOf: Int32Array
}

function accumulate(ids: Int32Array, count: number, rank: Int32Array, outerIds: Int32Array): Layout {
  // Groups outer by outer, inside in the order of the result.
  const sizes = new Int32Array(count)
  for (const g of ids) sizes[g]++
  const outerCount = outerIds.reduce((n, g) => Math.max(n, g + 1), 0)
  const heads = new Int32Array(outerCount + 1)
  for (const g of outerIds) heads[g + 1]++
  for (let g = 0; g < outerCount; g++) heads[g + 1] += heads[g]
  const sequence = new Int32Array(count)
  const next = heads.slice()
  for (const g of rank) sequence[next[outerIds[g]]++] = g
  const starts = new Int32Array(count)
  const frameOf = new Int32Array(count)
  const frames = { from: new Int32Array(count), to: new Int32Array(count) }
  let at = 0
  let head = 0
  sequence.forEach((g, k) => {
    if (k === 0 || outerIds[g] !== outerIds[sequence[k - 1]]) head = at
    starts[g] = at
    at += sizes[g]
    frames.from[k] = head
    frames.to[k] = at
    frameOf[g] = k
  })
  const order = new Int32Array(ids.length)
  for (let k = 0; k < ids.length; k++) order[starts[ids[k]]++] = k
  return { order, frames, frameOf }
}

function cumulativeValue(
  expr: Expr,
  name: string,
  keys: readonly GroupKey[],
  keyVectors: readonly Vector[],
  rows: Relation,
  layout: Layout,
  scope: SqlScope,
): Value {
  const rowValue = (e: Expr): Value => {
    const value = compileItem(e, rows.resolver, scope, () => rows.rows)()
    return value.kind === 'vector' && value.length === rows.rows ? value.gather(layout.order) : value
  }
  const aggregate = (e: Expr): Value => {
    const { from, to } = layout.frames
    if (isCountStar(e))
      return new FixedVector(
        T.INT,
        from.map((f, k) => to[k] - f),
      ).gather(layout.frameOf)
    const shape = callShape(e)!
    const fn = functionOf(shape.callee, scope)!
    const written = shape.args.map((a) => a.value)
    const perCell = written.some((e) => e !== null && ofColumns(e, rows) && levelOf(e, rows.resolver, scope) !== 'row')
    const { args, count, frames } = perCell
      ? cellArguments(written, rows, layout, scope)
      : { args: written.map((e) => (e === null ? undefined : rowValue(e))), count: rows.rows, frames: layout.frames }
    const mapr = runningForm(fn, scope)
    if (mapr !== undefined) return runningCall(mapr, args, count, frames, scope).gather(layout.frameOf)
    if (!ALLOWED.has(fn.name))
      throw inputError(`The function ${fn.name} can't be used with CGROUP BY.`, {
        code: 'cgroup',
        hint:
          fn.variant === 'user'
            ? `state how it runs over cumulative groups: mapr ${fn.name}(...){map functions -> reduce; cumulative functions -> running function}`
            : `use one of ${[...ALLOWED].join(', ')}`,
      })
    return framedCall(fn, args, count, frames, scope.session).gather(layout.frameOf)
  }
  const value = compileItem(
    expr,
    (column, qualifier) =>
      rows.find(column, qualifier) < 0
        ? undefined
        : () => {
            throw inputError(`The column [${name}] must use aggregate function.`, { refId: 'S02022' })
          },
    scope,
    () => rows.rows,
    (e) => {
      const k = positionOfKey(e, keys, rows)
      if (k >= 0) return () => keyVectors[k]
      if (isCountStar(e)) return () => aggregate(e)
      const shape = callShape(e)
      if (shape === undefined) return undefined
      const fn = functionOf(shape.callee, scope)
      return fn !== undefined &&
        (kindOfCall(shape, scope) === 'aggregate' || ALLOWED.has(fn.name) || runningForm(fn, scope) !== undefined)
        ? () => aggregate(e)
        : undefined
    },
  )()
  if (value.kind === 'vector' && value.length !== layout.frameOf.length)
    throw inputError(`The column [${name}] must use aggregate function.`, { refId: 'S02022' })
  return value
}

const ofColumns = (e: Expr, rows: Relation): boolean =>
  some(e, (x) => {
    const c = columnName(x)
    return c !== undefined && rows.find(c.name, c.qualifier) >= 0
  })

interface Arguments {
  readonly args: (Value | undefined)[]
  /** How many values the arguments have for all groups together. */
  readonly count: number
  readonly frames: Frames
}

/** Arguments over the rows of each group alone, before groups accumulate: `avg(deltas(x))`, or a function that returns as many values as it likes. */
function cellArguments(
  written: readonly (Expr | null)[],
  rows: Relation,
  { order, frames }: Layout,
  scope: SqlScope,
): Arguments {
  const varying = written.map((e) => e !== null && ofColumns(e, rows))
  const pieces: Vector[][] = written.map(() => [])
  const out = { from: new Int32Array(frames.from.length), to: new Int32Array(frames.from.length) }
  let end = 0
  for (let k = 0; k < frames.from.length; k++) {
    const grows = k > 0 && frames.from[k] === frames.from[k - 1]
    const cell = rows.select(order.slice(grows ? frames.to[k - 1] : frames.from[k], frames.to[k]))
    const values = written.map((e, i) =>
      varying[i] ? compileItem(e!, cell.resolver, scope, () => cell.rows)() : undefined,
    )
    const length = values.reduce((n, v) => (v?.kind === 'vector' ? Math.max(n, v.length) : n), -1)
    values.forEach((v, i) => {
      if (v === undefined) return
      const column = asColumn(v, length < 0 ? 1 : length)
      if (column === undefined) throw inputError('Incompatible vector size', { code: 'vectorSize' })
      pieces[i].push(column)
    })
    out.from[k] = grows ? out.from[k - 1] : end
    end += length < 0 ? 1 : length
    out.to[k] = end
  }
  const args = written.map((e, i) =>
    e === null ? undefined : varying[i] ? stack(pieces[i]) : compileItem(e, rows.resolver, scope, () => rows.rows)(),
  )
  return { args, count: end, frames: out }
}

function positionOfKey(expr: Expr, keys: readonly GroupKey[], rows: Relation): number {
  const text = canonical(expr, rows)
  const same = keys.findIndex((k) => canonical(k.expr, rows) === text)
  if (same >= 0 || expr.kind !== 'name' || rows.find(expr.name) >= 0) return same
  return keys.findIndex((k) => k.name === expr.name)
}

function canonical(expr: Expr, rows: Relation): string {
  const c = columnName(expr)
  const k = c === undefined ? -1 : rows.find(c.name, c.qualifier)
  return k >= 0 ? `column ${k}` : expressionKey(expr)
}

function keyColumn(keys: readonly GroupKey[], vectors: readonly Vector[], rows: Relation) {
  return (name: string, qualifier?: string) => {
    const byName = keys.findIndex((k) => k.name.toLowerCase() === name.toLowerCase())
    if (byName >= 0) return () => vectors[byName]
    const field = rows.find(name, qualifier)
    const k = field < 0 ? -1 : keys.findIndex((x) => canonical(x.expr, rows) === `column ${field}`)
    if (k >= 0) return () => vectors[k]
    if (field < 0) return undefined
    return () => {
      throw inputError(`With CGROUP BY the ORDER BY clause may use grouping columns only: [${name}].`, {
        code: 'cgroup',
      })
    }
  }
}

const keyTexts = (keys: readonly GroupKey[], vectors: readonly Vector[]): Map<string, Vector> =>
  new Map(keys.map((k, i) => [expressionKey(k.expr), vectors[i]]))
