/**
 * Reading stored tables: batches of the needed columns, filtered while they are read. Batches may map file memory, so that nothing
 * of a batch leaves this file without having been copied.
 */
import type { Expr } from '../../lang/ast.ts'
import type { ColumnResolver, SqlScope } from '../compile/scope.ts'
import { checkInterrupt } from '../interrupt.ts'
import {
  type ColumnPredicate,
  newVector,
  Scalar,
  type SourcePartition,
  type TableSnapshot,
  type Vector,
} from '../values/index.ts'
import { stack } from './columns.ts'
import { mentionedFields } from './expressions.ts'
import type { SourceRef } from './from.ts'
import { isPartitionCall, predicateOf } from './predicate.ts'
import { findField, Relation } from './relation.ts'
import { partitionsOfQuery } from './source-restrictions.ts'
import { compileWhere, type RowFilter } from './where.ts'

/** What a scan reads. */
export interface Scan {
  readonly ref: SourceRef
  /** Fields that the batches have, by position in the schema. */
  readonly columns: readonly number[]
  readonly where: readonly Expr[]
  readonly predicate: ColumnPredicate | undefined
  readonly filters: readonly RowFilter[]
}

/** `columns` are the fields needed after the filter; those of the filter are added. */
export function planScan(ref: SourceRef, columns: readonly number[], where: readonly Expr[], scope: SqlScope): Scan {
  const conditions = where.filter((c) => !isPartitionCall(c))
  const used = new Set(columns)
  for (const c of conditions) for (const k of mentionedFields(c, ref.fields)) used.add(k)
  const known: ColumnResolver = (name, qualifier) =>
    findField(ref.fields, name, qualifier) < 0 ? undefined : () => Scalar.VOID
  const filters = compileWhere(known, conditions, scope)
  const read = [...used].sort((a, b) => a - b)
  return {
    ref,
    columns: read.length > 0 ? read : [cheapestColumn(ref)],
    where: conditions,
    predicate: predicateOf(where, ref, scope),
    filters,
  }
}

/** When no value is needed, the narrowest column tells how many rows there are. */
function cheapestColumn(ref: SourceRef): number {
  const widths = ref.source.schema().map((c) => (c.type < 64 ? newVector(c.type, 0) : undefined))
  const fixed = widths.findIndex((v) => v?.storage === 'fixed' && v.data.BYTES_PER_ELEMENT <= 4)
  return Math.max(fixed, 0)
}

const columnNames = (scan: Scan): string[] => {
  const schema = scan.ref.source.schema()
  return scan.columns.map((k) => schema[k].name)
}

/** Tells the source that transient batches of these partitions will be asked for, in this order. */
export function expectScans(scan: Scan, snapshot: TableSnapshot, partitions: readonly SourcePartition[]): void {
  snapshot.expectScans?.(partitions, columnNames(scan), scan.predicate)
}

/**
 * The filtered batches of one partition, as relations with all fields of the table (unread columns must not be asked for). `isTransient`: nothing of a batch
 * is looked at after the next one was asked for.
 */
export function* filteredBatches(
  scan: Scan,
  snapshot: TableSnapshot,
  partition: SourcePartition,
  isTransient = false,
): Iterable<Relation> {
  checkInterrupt()
  const names = columnNames(scan)
  const position = new Map(scan.columns.map((k, i) => [k, i]))
  for (const batch of snapshot.scan(partition, names, scan.predicate, isTransient)) {
    checkInterrupt()
    let rows = new Relation(scan.ref.fields, batch.rows, (k) => batch.columns[position.get(k)!])
    for (const filter of scan.filters) {
      if (rows.rows === 0) break
      rows = filter(rows)
    }
    if (rows.rows > 0) yield rows
  }
}

/** Pieces of columns from batches, put together at the end. */
export class ColumnCollector {
  readonly #ref: SourceRef
  readonly #columns: readonly number[]
  readonly #pieces: Vector[][]
  rows = 0

  constructor(ref: SourceRef, columns: readonly number[]) {
    this.#ref = ref
    this.#columns = columns
    this.#pieces = columns.map(() => [])
  }

  add(rows: Relation): void {
    this.rows += rows.rows
    this.#columns.forEach((k, i) => {
      const v = rows.column(k)
      // Frozen: a column of the batch itself, in memory that goes when the snapshot is released.
      this.#pieces[i].push(v.frozen ? v.copy() : v)
    })
  }

  /** All rows; columns that were not collected must not be asked for. */
  relation(): Relation {
    const vectors: Vector[] = []
    const schema = this.#ref.source.schema()
    this.#columns.forEach((k, i) => {
      const pieces = this.#pieces[i]
      vectors[k] = pieces.length === 0 ? newVector(schema[k].type, 0, 'zero', schema[k].scale ?? 0) : stack(pieces)
      this.#pieces[i] = []
    })
    return Relation.ofVectors(this.#ref.fields, vectors, this.rows)
  }
}

/** The rows of a stored table that satisfy the conditions, in memory, with only these columns. */
export function readSource(
  ref: SourceRef,
  columns: readonly number[],
  where: readonly Expr[],
  scope: SqlScope,
): Relation {
  const scan = planScan(ref, columns, where, scope)
  const snapshot = ref.source.snapshot()
  try {
    const collector = new ColumnCollector(ref, columns)
    for (const partition of partitionsOfQuery(snapshot, scan.predicate))
      for (const rows of filteredBatches(scan, snapshot, partition)) collector.add(rows)
    // Fields that were not read are not part of the relation.
    const all = collector.relation()
    return new Relation(
      columns.map((k) => ref.fields[k]),
      all.rows,
      (k) => all.column(columns[k]),
    )
  } finally {
    snapshot.release()
  }
}
