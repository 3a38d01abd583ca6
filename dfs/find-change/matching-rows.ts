/**
 * Which rows of a table match a predicate, before and after a change of it. The predicate is the where clause of a query that is run on the files of both sides; rows
 * are compared as multisets by all their columns. Memory is bounded (row-difference.ts), whatever the size of the files.
 *
 * A file that is gone or damaged is left out and named among the problems: what is counted then is a lower bound.
 */
import type { Expr, SelectItem, SelectStatement } from '../../lang/ast.ts'
import { codeNode, codeOf, statementOf } from '../../runtime/compile/code.ts'
import type { Host } from '../../runtime/compile/host.ts'
import { HoldfastError, inputError } from '../../runtime/errors.ts'
import type { Session } from '../../runtime/session.ts'
import { type PartitionQuery, queryByPartition } from '../../runtime/sql/index.ts'
import {
  type CodeValue,
  type ColumnPredicate,
  type ColumnSchema,
  newVector,
  type SourcePartition,
  SourceTable,
  SymbolBase,
  Table,
  type TableSnapshot,
  type TableSource,
} from '../../runtime/values/index.ts'
import { type ComparedRows, rowDifference } from '../backup-diff/row-difference.ts'
import type { SegmentRef, TableRecord } from '../catalog/types.ts'
import { parseDeltaLayout } from '../delta/codec.ts'
import { chunkBatches } from '../read/chunk.ts'
import { rowOrder } from '../read/order.ts'
import type { CommitRun } from '../read/runs.ts'
import { mayMatch, type ReadAccess } from '../read/segment-blocks.ts'
import { keyRanges } from '../read/sorted-runs.ts'
import { SegmentReader } from '../segment/index.ts'
import type { FileSource } from '../store/file-store.ts'
import type { KnownSegment, Rows } from './table-history.ts'

export interface Comparison {
  /** Matching rows; undefined: not known at all. */
  readonly before: number | undefined
  readonly after: number | undefined
  /** Matching rows of before that are not there, unchanged, after. */
  readonly gone: number | undefined
  /** What could not be looked at. */
  readonly problems: readonly string[]
}

export interface CompareOptions {
  /** Both sides are all rows of the partition, so that rows which others hide do not count. */
  readonly isWhole: boolean
  /** Rows with other keys than these can not differ. */
  readonly keysOf?: Rows
}

const span = { start: 0, end: 0 }

/** A base that has grown beyond this is left to the vectors that use it. */
const SYMBOLS_MAX = 1 << 20

export class RowMatcher {
  readonly #session: Session
  readonly #predicate: CodeValue | undefined
  readonly #access: ReadAccess
  readonly #files: FileSource
  readonly #queries = new WeakMap<TableRecord, TableQueries | HoldfastError>()
  /** The predicate fitted some shape of the table. */
  isUsable = false
  /** Why it did not fit one. */
  refusal: HoldfastError | undefined

  constructor(session: Session, files: FileSource, predicate: CodeValue | undefined) {
    this.#session = session
    this.#predicate = predicate
    this.#files = files
    const bases = new Map<string, SymbolBase>()
    this.#access = {
      files,
      verify: true,
      baseOf: (column) => {
        let base = bases.get(column)
        if (base === undefined || base.symbols.length > SYMBOLS_MAX) {
          base = new SymbolBase()
          bases.set(column, base)
        }
        return base
      },
    }
  }

  /** Learns whether the predicate fits a shape of the table. */
  try(record: TableRecord): void {
    this.#queriesOf(record)
  }

  compare(record: TableRecord | undefined, before: Rows, after: Rows, options: CompareOptions): Comparison {
    const problems: string[] = []
    const queries = record === undefined ? undefined : this.#queriesOf(record)
    const [left, right] = options.isWhole ? [before, after] : withoutShared(before, after)
    const [first, second] =
      queries instanceof TableQueries && !options.isWhole
        ? [queries.withMatches(left), queries.withMatches(right)]
        : [left, right]
    const a = this.#readable(first, problems)
    const b = this.#readable(second, problems)
    const isBlind = problems.length > 0 && a.segments.length + a.blocks.length === 0
    if (isBlind) return { ...UNKNOWN, problems }
    const table = record ?? this.#recordOf(a)
    if (table === undefined) return { before: 0, after: 0, gone: 0, problems }
    if (record === undefined) {
      problems.push('how the table was made is not in the log that was searched')
      // Which rows of a key count is not known.
      if (!isPlain(first, second)) return { ...UNKNOWN, problems }
    }
    const used = queries ?? this.#queriesOf(table)
    if (used instanceof HoldfastError) return { ...UNKNOWN, problems: [...problems, used.message] }
    try {
      const counted = used.compare(this.#access, a, b, options)
      // Rows that a missing file of the other side holds would be taken for gone.
      const isAfterMissing = b.segments.length < second.segments.length
      return isAfterMissing
        ? { before: counted.before, after: undefined, gone: undefined, problems }
        : { ...counted, problems }
    } catch (error) {
      if (!(error instanceof HoldfastError) || (error.kind !== 'data' && error.code !== 'segmentGone')) throw error
      return { ...UNKNOWN, problems: [...problems, error.message] }
    }
  }

  #readable(rows: Rows, problems: string[]): ReadableRows {
    const segments = rows.segments.flatMap((segment) => {
      try {
        return [this.#opened(segment)]
      } catch (error) {
        if (!(error instanceof HoldfastError) || (error.kind !== 'data' && error.code !== 'segmentGone')) throw error
        problems.push(error.message)
        return []
      }
    })
    return { segments, blocks: rows.blocks }
  }

  /** The record of a segment that is there. Of one that is known by name only, nothing but the rows is said. */
  #opened(segment: KnownSegment): SegmentRef {
    const { file } = segment
    const expected = segment.rows === undefined ? undefined : segment
    const reader = new SegmentReader(this.#files, file, this.#access, expected)
    try {
      return expected ?? { file, cid: 0, rows: reader.rows, bytes: 0, checksum: '', minMax: {} }
    } finally {
      reader.close()
    }
  }

  /** A table that nobody knows any more, as its files show it. */
  #recordOf({ segments, blocks }: ReadableRows): TableRecord | undefined {
    const columns =
      segments.length > 0
        ? this.#schemaOf(segments[0]!.file)
        : blocks.length > 0
          ? parseDeltaLayout(blocks[0]!.layout)
          : undefined
    return columns === undefined ? undefined : { ...NOBODY, columns }
  }

  #schemaOf(file: string): readonly ColumnSchema[] {
    const reader = new SegmentReader(this.#files, file, this.#access)
    try {
      return reader.schema
    } finally {
      reader.close()
    }
  }

  #queriesOf(record: TableRecord): TableQueries | HoldfastError {
    let queries = this.#queries.get(record)
    if (queries === undefined) {
      try {
        queries = new TableQueries(this.#session, record, this.#predicate)
        this.isUsable = true
      } catch (error) {
        if (!(error instanceof HoldfastError) || error.kind !== 'input') throw error
        this.refusal ??= error
        queries = error
      }
      this.#queries.set(record, queries)
    }
    return queries
  }
}

const UNKNOWN = { before: undefined, after: undefined, gone: undefined } as const

interface ReadableRows {
  readonly segments: readonly SegmentRef[]
  readonly blocks: Rows['blocks']
}

/** Whether the segments say that no row of the table hides another: those of other tables are marked. */
function isPlain(...sides: readonly Rows[]): boolean {
  const known = sides.flatMap(({ segments }) => segments.filter((s) => s.rows !== undefined))
  return known.length > 0 && known.every((s) => s.uniqueKeys !== true)
}

/** Files of both sides have the same rows on both. */
function withoutShared(before: Rows, after: Rows): [Rows, Rows] {
  const old = new Set(before.segments.map((s) => s.file))
  const shared = new Set(after.segments.flatMap(({ file }) => (old.has(file) ? [file] : [])))
  if (shared.size === 0) return [before, after]
  const left = ({ segments, blocks }: Rows): Rows => ({ segments: segments.filter((s) => !shared.has(s.file)), blocks })
  return [left(before), left(after)]
}

class TableQueries {
  readonly #table: TableRecord
  /** Rows as they were written: what hides what is left out of account. */
  readonly #plain: TableRecord
  readonly #rows: PartitionQuery
  readonly #count: PartitionQuery
  /** What the condition says of the values of single columns. */
  readonly #predicate: ColumnPredicate | undefined

  constructor(session: Session, table: TableRecord, predicate: CodeValue | undefined) {
    const { primaryKey: _, sortKeyMapping: __, ...rest } = table
    this.#table = table
    this.#plain = { ...rest, sortColumns: [], keepDuplicates: 'ALL' }
    this.#rows = queryOf(session, table, predicate, [{ kind: 'star', qualifier: null, span }])
    this.#count = queryOf(session, table, predicate, [
      { kind: 'name', name: table.columns[0]!.name, binding: 'free', span },
    ])
    // Names are looked up when a condition is first applied.
    const trial = new RowOfNulls(table.columns)
    for (const _ of this.#count.batches(trial, NO_PARTITION));
    this.#predicate = trial.predicate
  }

  /** Without segments whose ranges say that no row of theirs matches: they need not even be there. */
  withMatches({ segments, blocks }: Rows): Rows {
    const keeps = (s: KnownSegment): boolean => s.rows === undefined || mayMatch(this.#table, s, this.#predicate)
    return { segments: segments.filter(keeps), blocks }
  }

  compare(
    access: ReadAccess,
    before: ReadableRows,
    after: ReadableRows,
    { isWhole, keysOf }: CompareOptions,
  ): Omit<Comparison, 'problems'> {
    const table = isWhole ? this.#table : this.#plain
    const keys = keysOf === undefined ? undefined : keyRangeOf(access, this.#table, keysOf)
    const sideOf = (query: PartitionQuery, rows: ReadableRows): MatchedRows =>
      new MatchedRows(query, new RowsSnapshot(access, table, rows, keys))
    if (after.segments.length + after.blocks.length === 0) {
      const count = sideOf(this.#count, before).count()
      return { before: count, after: 0, gone: count }
    }
    if (before.segments.length + before.blocks.length === 0)
      return { before: 0, after: sideOf(this.#count, after).count(), gone: 0 }
    const [first, second] = [sideOf(this.#rows, before), sideOf(this.#rows, after)]
    const { onlyInFirst } = rowDifference(this.#rows.columns, first, second)
    return { before: first.matched, after: second.matched, gone: onlyInFirst }
  }
}

/** The matching rows of one side, counted whenever they are read. */
class MatchedRows implements ComparedRows {
  readonly rows: number
  matched = 0
  readonly #query: PartitionQuery
  readonly #snapshot: RowsSnapshot

  constructor(query: PartitionQuery, snapshot: RowsSnapshot) {
    this.#query = query
    this.#snapshot = snapshot
    this.rows = snapshot.rowCount()
  }

  *batches(): Generator<Table> {
    this.matched = 0
    for (const batch of this.#query.batches(this.#snapshot, this.#snapshot.partition)) {
      this.matched += batch.rows
      yield batch
    }
  }

  count(): number {
    for (const _ of this.batches());
    return this.matched
  }
}

class RowsSnapshot implements TableSnapshot {
  readonly #access: ReadAccess
  readonly #table: TableRecord
  readonly #rows: ReadableRows
  readonly #keys: ColumnPredicate | undefined
  readonly partition: SourcePartition

  constructor(access: ReadAccess, table: TableRecord, rows: ReadableRows, keys: ColumnPredicate | undefined) {
    this.#access = access
    this.#table = table
    this.#rows = rows
    this.#keys = keys
    this.partition = { path: '', rows: this.rowCount() }
  }

  partitions(): readonly SourcePartition[] {
    return [this.partition]
  }

  scan(_: SourcePartition, columns: readonly string[], predicate?: ColumnPredicate): Iterable<Table> {
    if (predicate !== undefined) refusePartitionCalls(predicate)
    const parts = [predicate, this.#keys].filter((p) => p !== undefined)
    const both: ColumnPredicate | undefined = parts.length > 1 ? { kind: 'and', parts } : parts[0]
    const { segments, blocks } = this.#rows
    return chunkBatches(this.#access, this.#table, { segments, delta: blocks }, columns, both)
  }

  rowCount(): number {
    const count = (of: readonly { readonly rows: number }[]): number => of.reduce((n, { rows }) => n + rows, 0)
    return count(this.#rows.segments) + count(this.#rows.blocks)
  }

  release(): void {
    // Files that go are looked for in the archive.
  }
}

const NO_PARTITION: SourcePartition = { path: '', rows: 1 }

/** To try a query. */
class RowOfNulls implements TableSnapshot {
  predicate: ColumnPredicate | undefined
  readonly #columns: readonly ColumnSchema[]

  constructor(columns: readonly ColumnSchema[]) {
    this.#columns = columns
  }

  partitions(): readonly SourcePartition[] {
    return [NO_PARTITION]
  }

  scan(_: SourcePartition, names: readonly string[], predicate?: ColumnPredicate): Iterable<Table> {
    if (predicate !== undefined) refusePartitionCalls(predicate)
    this.predicate = predicate
    const columns = names.map((name) => {
      const { type, scale } = this.#columns.find((c) => c.name === name)!
      return newVector(type, 1, 'null', scale)
    })
    return [new Table([...names], columns)]
  }

  rowCount(): number {
    return 1
  }

  release(): void {
    // It is in memory.
  }
}

/** `partition(column, keys)` chooses partitions and says nothing of rows. */
function refusePartitionCalls(predicate: ColumnPredicate): void {
  if (predicate.kind === 'and' || predicate.kind === 'or') predicate.parts.forEach(refusePartitionCalls)
  else if (predicate.kind === 'partition')
    throw inputError('The predicate of findChange can not use partition(...): compare the column itself.', {
      code: 'findChangePredicate',
    })
}

class HistorySource implements TableSource {
  readonly name: string
  readonly tableName: string
  readonly #record: TableRecord

  constructor(record: TableRecord) {
    this.#record = record
    this.tableName = record.name
    this.name = `${record.db}/${record.name}`
  }

  schema(): readonly ColumnSchema[] {
    return this.#record.columns
  }

  partitionColumns(): readonly string[] {
    return []
  }

  snapshot(): TableSnapshot {
    throw new HoldfastError('bug', 'the rows of a search are given to its query')
  }
}

function queryOf(
  session: Session,
  table: TableRecord,
  predicate: CodeValue | undefined,
  columns: readonly Expr[],
): PartitionQuery {
  const source = new SourceTable(new HistorySource(table))
  const statement: SelectStatement = {
    kind: 'select',
    exec: false,
    hint: 0,
    distinct: false,
    top: null,
    items: columns.map((expr): SelectItem => ({ expr, alias: null, span })),
    from: { kind: 'table', expr: { kind: 'value', value: source, text: table.name, span }, alias: null, span },
    where: predicate === undefined ? [] : [codeNode(predicate).item.expr],
    group: null,
    cgroup: [],
    csort: [],
    having: [],
    orderBy: [],
    limit: null,
    map: false,
    span,
  }
  const code = codeOf({ expr: { kind: 'sql', statement, span }, alias: null }, predicate?.captured)
  const found = statementOf(session as Host, code)!
  return queryByPartition(found.statement, found.scope, 'findChange')
}

/** The keys that rows have, as a range for each key column; undefined: nothing can be said. */
function keyRangeOf(access: ReadAccess, table: TableRecord, { segments, blocks }: Rows): ColumnPredicate | undefined {
  const order = rowOrder(table)
  if (order === undefined) return undefined
  const runs = segments.flatMap((segment): CommitRun[] =>
    segment.rows === undefined ? [] : [{ kind: 'segment', segment }],
  )
  if (blocks.length > 0) runs.push({ kind: 'delta', blocks })
  const [only] = runs
  if (only === undefined || runs.length > 1) return undefined
  const parts = keyRanges(access, order, only).flatMap((range, k): ColumnPredicate[] => {
    if (range === undefined || range.hasNulls) return []
    const { name, type } = order.keys[k]!
    return [{ kind: 'between', column: name, type, low: range.low, high: range.high }]
  })
  return parts.length === 0 ? undefined : { kind: 'and', parts }
}

/** What a table is whose record nobody has. */
const NOBODY: Omit<TableRecord, 'columns'> = {
  db: '',
  name: 'table',
  id: '',
  physicalIndex: '',
  partitionColumns: [],
  sortColumns: [],
  keepDuplicates: 'ALL',
  compressMethods: {},
  comment: '',
  owner: '',
  createdMs: 0,
  schemaVersion: 0,
}
