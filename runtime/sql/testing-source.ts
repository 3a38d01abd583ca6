/**
 * A stored table for tests: rows in memory cut into partitions and batches. It is as hostile as the contract allows: a partition or batch in
 * which no row satisfies the predicate is left out, batches are frozen and are wiped when the snapshot is released.
 */
import { castScalar } from '../ops/cast.ts'
import {
  type ColumnPredicate,
  type ColumnSchema,
  isLiteral,
  isTemporal,
  Scalar,
  type SourcePartition,
  SourceTable,
  T,
  Table,
  type TableSnapshot,
  type TableSource,
  type TypeId,
} from '../values/index.ts'
import { gatherTable } from './columns.ts'

export interface TestSourceOptions {
  readonly name?: string
  readonly partitionColumns?: readonly string[]
  readonly batchRows?: number
  /** Partition keys for `partition(col, keys)`, as text, one a chunk. */
  readonly keys?: readonly string[]
}

/** What the last statements did. */
export interface SourceUse {
  partitionsScanned: string[]
  columnsRead: Set<string>
  batches: number
  open: number
}

export class TestSource implements TableSource {
  readonly name: string
  readonly tableName: string
  readonly use: SourceUse = { partitionsScanned: [], columnsRead: new Set(), batches: 0, open: 0 }
  readonly #chunks: readonly Table[]
  readonly #schema: readonly ColumnSchema[]
  readonly #options: TestSourceOptions

  constructor(rows: Table, chunks: readonly (readonly number[])[], options: TestSourceOptions = {}) {
    this.tableName = options.name ?? 'pt'
    this.name = `dfs://test/${this.tableName}`
    this.#schema = rows.schema()
    this.#chunks = chunks.map((c) => gatherTable(rows, Int32Array.from(c)))
    this.#options = options
  }

  /** As a value of a script. */
  table(): SourceTable {
    return new SourceTable(this)
  }

  schema(): readonly ColumnSchema[] {
    return this.#schema
  }

  partitionColumns(): readonly string[] {
    return this.#options.partitionColumns ?? []
  }

  snapshot(): TableSnapshot {
    this.use.open++
    const handed: Table[] = []
    return {
      partitions: (predicate) =>
        this.#chunks.flatMap((rows, k) => (this.#mayMatch(rows, k, predicate) ? [this.#partition(k)] : [])),
      scan: (partition, columns, predicate, isTransient = false) =>
        this.#scan(partition, columns, predicate, handed, isTransient),
      rowCount: () => this.#chunks.reduce((n, c) => n + c.rows, 0),
      release: () => {
        this.use.open--
        for (const batch of handed) wipe(batch)
      },
    }
  }

  #partition(k: number): SourcePartition {
    return { path: `/${k}`, rows: this.#chunks[k].rows }
  }

  #mayMatch(rows: Table, chunk: number, predicate: ColumnPredicate | undefined): boolean {
    if (predicate === undefined || predicate.kind !== 'partition') return anyRow(rows, predicate, this.#key(chunk))
    return this.#key(chunk)(predicate)
  }

  /** Whether a chunk is one of those that `partition(col, keys)` names. */
  #key(chunk: number): (p: ColumnPredicate & { kind: 'partition' }) => boolean {
    return (p) => {
      const own = this.#options.keys?.[chunk] ?? String(chunk)
      for (let k = 0; k < p.keys.length; k++) if (String(p.keys.raw(k)) === own) return true
      return false
    }
  }

  *#scan(
    partition: SourcePartition,
    columns: readonly string[],
    predicate: ColumnPredicate | undefined,
    handed: Table[],
    isTransient: boolean,
  ): Iterable<Table> {
    const chunk = Number(partition.path.slice(1))
    const rows = this.#chunks[chunk]
    this.use.partitionsScanned.push(partition.path)
    for (const c of columns) this.use.columnsRead.add(c)
    const size = this.#options.batchRows ?? Math.max(rows.rows, 1)
    for (let from = 0; from < rows.rows; from += size) {
      const positions = Int32Array.from({ length: Math.min(size, rows.rows - from) }, (_, k) => from + k)
      const all = gatherTable(rows, positions)
      if (!anyRow(all, predicate, this.#key(chunk))) continue
      const batch = new Table(
        columns.slice(),
        columns.map(
          (name) =>
            gatherTable(
              all,
              Int32Array.from(positions, (_, k) => k),
            ).columns[all.columnIndex(name)],
        ),
      )
      for (const c of batch.columns) c.frozen = true
      handed.push(batch)
      this.use.batches++
      yield batch
      if (isTransient) wipe(batch)
    }
  }
}

/** What stays of mapped memory after release: garbage. */
function wipe(batch: Table): void {
  for (const c of batch.columns) {
    if (c.storage === 'fixed' || c.storage === 'wide')
      c.data instanceof BigInt64Array ? c.data.fill(0n) : c.data.fill(0)
    else if (c.storage === 'symbol') c.data.fill(0)
    else if (c.storage === 'string') c.strings.fill('wiped')
  }
}

type PartitionTest = (p: ColumnPredicate & { kind: 'partition' }) => boolean

function anyRow(rows: Table, predicate: ColumnPredicate | undefined, partition: PartitionTest): boolean {
  if (rows.rows === 0) return false
  if (predicate === undefined) return true
  for (let k = 0; k < rows.rows; k++) if (holds(rows, k, predicate, partition)) return true
  return false
}

function holds(rows: Table, k: number, p: ColumnPredicate, partition: PartitionTest): boolean {
  switch (p.kind) {
    case 'noMatch':
      return false
    case 'and':
      return p.parts.every((q) => holds(rows, k, q, partition))
    case 'or':
      return p.parts.some((q) => holds(rows, k, q, partition))
    case 'partition':
      return partition(p)
    case 'between': {
      const cell = comparable(rows, k, p.column, p.type)
      return cell(p.low) >= 0 && cell(p.high) <= 0
    }
    case 'in': {
      const cell = comparable(rows, k, p.column, p.type)
      return p.values.some((v) => cell(v) === 0)
    }
    case 'compare': {
      const c = comparable(rows, k, p.column, p.type)(p.value)
      return p.op === 'lt' ? c < 0 : p.op === 'le' ? c <= 0 : p.op === 'gt' ? c > 0 : p.op === 'ge' ? c >= 0 : c === 0
    }
  }
}

/** Order of a cell against a constant of another type: -1, 0, 1. Null is the smallest value. */
function comparable(rows: Table, k: number, column: string, type: TypeId): (raw: Scalar['value']) => number {
  const v = rows.columns[rows.columnIndex(column)]
  const cell = v.get(k) as Scalar
  return (raw) => {
    const constant = new Scalar(type, raw)
    if (cell.isNull() || constant.isNull()) return Number(constant.isNull()) - Number(cell.isNull())
    if (isLiteral(type)) return order(cell.value as string, raw as string)
    const common = cell.type === type ? type : isTemporal(type) ? T.NANOTIMESTAMP : T.DOUBLE
    return order(castScalar(cell, common).value as number, castScalar(constant, common).value as number)
  }
}

const order = <X extends string | number>(a: X, b: X): number => (a < b ? -1 : a > b ? 1 : 0)
