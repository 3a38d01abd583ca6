/** Several tables as the partitions of one, which is read only: rows are written to the tables themselves. */
import {
  type ColumnSchema,
  type SourcePartition,
  Table,
  type TableSnapshot,
  type TableSource,
} from '../../runtime/values/index.ts'

export class TablesSource implements TableSource {
  readonly name: string
  readonly tableName: string
  readonly inMemory = true
  readonly #tables: readonly Table[]
  readonly #partitionColumns: readonly string[]

  constructor(tableName: string, tables: readonly Table[], partitionColumns: readonly string[]) {
    this.tableName = tableName
    this.name = tableName === '' ? 'a partitioned table in memory' : tableName
    this.#tables = tables
    this.#partitionColumns = partitionColumns
  }

  schema(): readonly ColumnSchema[] {
    return this.#tables[0].schema()
  }

  partitionColumns(): readonly string[] {
    return this.#partitionColumns
  }

  snapshot(): TableSnapshot {
    const names = this.schema().map((c) => c.name)
    const pieces = new Map(
      this.#tables.map((t, k): [string, Table] => [
        `/${k}`,
        new Table(
          names,
          t.columns.map((c) => c.slice(0, t.rows)),
        ),
      ]),
    )
    const listed = Array.from(pieces, ([path, { rows }]): SourcePartition => ({ path, rows }))
    return {
      partitions: (predicate) => (predicate?.kind === 'noMatch' ? [] : listed),
      *scan(partition, columns) {
        const piece = pieces.get(partition.path)
        if (piece === undefined) return
        const read = columns.map((name) => piece.columns[names.indexOf(name)])
        for (const c of read) c.frozen = true
        yield new Table(columns.slice(), read)
      },
      rowCount: () => listed.reduce((n, p) => n + p.rows, 0),
      release: () => {},
    }
  }
}
