/**
 * A partitioned table in memory: what createPartitionedTable and loadTextEx make on a database without a directory. Its rows lie by partition, in scheme
 * order, and inside a partition in the order in which they came. It belongs to the session that made it.
 */
import { appendColumns, convertColumn, nullColumn } from '../../runtime/builtins/table-append.ts'
import { inputError } from '../../runtime/errors.ts'
import { castVector, concatVectors } from '../../runtime/ops/cast.ts'
import { type PartitionsInMemory, writableRows } from '../../runtime/sql/partitions-in-memory.ts'
import {
  type ColumnChange,
  type ColumnSchema,
  type RowEdit,
  type RowRewrite,
  type SourcePartition,
  Table,
  type TableSnapshot,
  type Vector,
} from '../../runtime/values/index.ts'
import type { DatabaseRecord, Scheme, TableRecord } from '../catalog/types.ts'
import { pruner, schemeOrder } from '../partition/prune.ts'
import { type RouteConfig, routeRows } from '../partition/route.ts'
import { changed, rowsWithout } from '../write/edits.ts'

export interface MemoryTableOptions {
  readonly schemes: readonly Scheme[]
  readonly tableName: string
  readonly columns: readonly ColumnSchema[]
  readonly partitionColumns: readonly string[]
  /** Of a keyed table: in a partition a row with a known key replaces the row that has it. */
  readonly keyColumns: readonly string[]
  readonly config: RouteConfig
}

/** Columns of a partition. They are never changed in place: a snapshot keeps those that it saw. */
type Rows = readonly Vector[]

export class MemoryTableSource implements PartitionsInMemory {
  readonly name: string
  readonly tableName: string
  readonly #config: RouteConfig
  readonly #keyColumns: readonly string[]
  #database: Pick<DatabaseRecord, 'schemes' | 'url'>
  #columns: readonly ColumnSchema[]
  #partitionColumns: readonly string[]
  #partitions = new Map<string, Rows>()

  constructor({ schemes, tableName, columns, partitionColumns, keyColumns, config }: MemoryTableOptions) {
    this.tableName = tableName
    this.name = tableName === '' ? 'a partitioned table in memory' : tableName
    this.#database = { schemes, url: 'a database in memory' }
    this.#columns = columns
    this.#partitionColumns = partitionColumns
    this.#keyColumns = keyColumns
    this.#config = config
  }

  schema(): readonly ColumnSchema[] {
    return this.#columns
  }

  partitionColumns(): readonly string[] {
    return this.#partitionColumns
  }

  snapshot(): TableSnapshot {
    const partitions = this.#partitions
    const database = this.#database as DatabaseRecord
    const table = { columns: this.#columns, partitionColumns: this.#partitionColumns } as unknown as TableRecord
    const names = this.#columns.map((c) => c.name)
    const listed = Array.from(partitions, ([path, rows]): SourcePartition => ({ path, rows: rows[0].length }))
    return {
      partitions: (predicate) => {
        const keeps = pruner(database, table, predicate)
        return keeps === undefined ? listed : listed.filter((p) => keeps(p.path))
      },
      *scan(partition, columns) {
        const rows = partitions.get(partition.path)
        if (rows === undefined) return
        const read = columns.map((name) => rows[names.indexOf(name)].slice(0, partition.rows))
        for (const c of read) c.frozen = true
        yield new Table(columns.slice(), read)
      },
      rowCount: () => listed.reduce((n, p) => n + p.rows, 0),
      release: () => {},
    }
  }

  allowsInsert(): boolean {
    return true
  }

  append(rows: Table): number {
    if (rows.columns.length !== this.#columns.length)
      throw inputError('The number of columns of the current table must match that of the target table.', {
        refId: 'S01015',
      })
    const columns = rows.columns.map((c, k) => convertColumn(c, this.#columns[k]))
    return this.#add(this.#partitions, columns)
  }

  rewrite(change: RowRewrite): number {
    const moves = change.writes.some((name) => this.#partitionColumns.includes(name))
    const next = new Map<string, Rows>()
    let touched = 0
    for (const [path, rows] of this.#partitions) {
      const edit = change.everything ? undefined : change.edit(this.#read(rows, change.reads))
      touched += change.everything ? rows[0].length : (edit?.touched ?? 0)
      const left = change.everything ? undefined : this.#edited(rows, edit)
      if (left !== undefined) next.set(path, left)
    }
    // Nothing of the table changes before all has worked.
    if (moves) this.#add(new Map(), this.#joined(next))
    else this.#partitions = next
    return touched
  }

  changeRows(change: (rows: Table) => void): void {
    const rows = new Table(
      this.#columns.map((c) => c.name),
      this.#joined(this.#partitions).slice(),
    )
    change(writableRows(rows))
    const gone = [...this.#partitionColumns, ...this.#keyColumns].find((name) => rows.columnIndex(name, true) < 0)
    if (gone !== undefined)
      throw inputError(`The column [${gone}] chooses partitions or rows: it can't be dropped.`, {
        code: 'partitionColumn',
      })
    const before = this.#columns
    this.#columns = rows.schema()
    try {
      this.#add(new Map(), rows.columns)
    } catch (error) {
      this.#columns = before
      throw error
    }
  }

  /** All rows, in partition order. */
  #joined(partitions: ReadonlyMap<string, Rows>): Rows {
    return this.#columns.map((c, k) =>
      concatVectors(
        [nullColumn(c.type, 0, c.scale), ...Array.from(partitions.values(), (rows) => rows[k])],
        c.type,
        c.scale,
      ),
    )
  }

  alter(change: ColumnChange): void {
    switch (change.kind) {
      case 'add':
        for (const { name } of change.columns) this.#requireNew(name)
        this.#setColumns([...this.#columns, ...change.columns], (rows) => [
          ...rows,
          ...change.columns.map((c) => nullColumn(c.type, rows[0].length, c.scale)),
        ])
        return
      case 'drop': {
        const gone = new Set(change.columns.map((name) => this.#position(name)))
        const isKept = (_: unknown, k: number): boolean => !gone.has(k)
        const key = [...gone].map((k) => this.#columns[k].name).find((name) => this.#partitionColumns.includes(name))
        if (key !== undefined)
          throw inputError(`The partition column [${key}] can't be dropped.`, { code: 'partitionColumn' })
        this.#setColumns(this.#columns.filter(isKept), (rows) => rows.filter(isKept))
        return
      }
      case 'rename': {
        const at = this.#position(change.column)
        this.#requireNew(change.to)
        const old = this.#columns[at].name
        this.#partitionColumns = this.#partitionColumns.map((name) => (name === old ? change.to : name))
        this.#columns = this.#columns.map((c, k) => (k === at ? { ...c, name: change.to } : c))
        return
      }
      case 'retype': {
        const at = this.#position(change.column)
        const { type, scale } = change
        this.#setColumns(
          this.#columns.map((c, k) => (k === at ? { ...c, type, scale } : c)),
          (rows) => rows.map((v, k) => (k === at ? castVector(v, type, scale) : v)),
        )
      }
    }
  }

  /** Distributes rows, all of them or none. Returns how many found a partition. */
  #add(current: ReadonlyMap<string, Rows>, columns: Rows): number {
    const { parts, kept, schemes } = this.#route(columns)
    const next = new Map(current)
    for (const { path, rows } of parts) {
      const added = rows === undefined ? columns : columns.map((c) => c.gather(rows))
      const old = next.get(path)
      next.set(path, (this.#keyColumns.length > 0 ? this.#keyed(old, added) : concat(old, added)).map(frozen))
    }
    this.#database = { ...this.#database, schemes }
    const order = schemeOrder(this.#database as DatabaseRecord)
    this.#partitions = new Map([...next].sort(([a], [b]) => order(a, b)))
    return kept
  }

  #keyed(old: Rows | undefined, added: Rows): Rows {
    const table = new Table(
      this.#columns.map((c) => c.name),
      old === undefined ? added.map((c) => c.slice(0, 0)) : old.slice(),
    )
    table.keyColumns = this.#keyColumns.map((name) => this.#position(name))
    appendColumns(table, added)
    return table.columns
  }

  #route(columns: Rows): {
    readonly parts: readonly { readonly path: string; readonly rows: Int32Array | undefined }[]
    readonly kept: number
    readonly schemes: readonly Scheme[]
  } {
    const { schemes } = this.#database
    const count = columns[0].length
    if (schemes[0].kind === 'SEQ') return { parts: [{ path: '/0', rows: undefined }], kept: count, schemes }
    if (count === 0) return { parts: [], kept: 0, schemes }
    const keys = this.#partitionColumns.map((name) => columns[this.#position(name)])
    const { parts, kept, newValues } = routeRows(this.#database as DatabaseRecord, keys, this.#config)
    const grown = schemes.map((scheme, level) => {
      const values = newValues.find((v) => v.level === level)?.scheme.values
      return values === undefined || scheme.kind !== 'VALUE'
        ? scheme
        : { ...scheme, values: [...scheme.values, ...values] }
    })
    return { parts, kept, schemes: grown }
  }

  #read(rows: Rows, names: readonly string[]): Table {
    return new Table(
      names.slice(),
      names.map((name) => rows[this.#position(name)].slice(0, rows[0].length)),
    )
  }

  /** The rows of a partition after an edit; undefined if none is left. */
  #edited(rows: Rows, edit: RowEdit | undefined): Rows | undefined {
    if (edit === undefined) return rows
    const written = rows.map((v, k) => {
      const own = edit.changes?.filter((c) => this.#position(c.column) === k) ?? []
      return own.length === 0 ? v : changed(v, own)
    })
    const kept = rowsWithout(rows[0].length, edit.deleted)
    if (kept?.length === 0) return undefined
    return (kept === undefined ? written : written.map((v) => v.gather(kept))).map(frozen)
  }

  #setColumns(columns: readonly ColumnSchema[], rowsOf: (rows: Rows) => Rows): void {
    this.#partitions = new Map(Array.from(this.#partitions, ([path, rows]) => [path, rowsOf(rows).map(frozen)]))
    this.#columns = columns
  }

  #position(name: string): number {
    const exact = this.#columns.findIndex((c) => c.name === name)
    const at = exact >= 0 ? exact : this.#columns.findIndex((c) => c.name.toLowerCase() === name.toLowerCase())
    if (at < 0) throw inputError(`Unrecognized column name ${name}.`, { refId: 'S02005', code: 'unknownColumn' })
    return at
  }

  #requireNew(name: string): void {
    if (this.#columns.some((c) => c.name.toLowerCase() === name.toLowerCase()))
      throw inputError(`A column with name ${name} already exists in table.`, { refId: 'S01014' })
  }
}

function concat(old: Rows | undefined, added: Rows): Rows {
  if (old === undefined) return added
  return added.map((c, k) => concatVectors([old[k], c], c.type, 'scale' in c ? c.scale : 0))
}

function frozen(v: Vector): Vector {
  v.frozen = true
  return v
}
