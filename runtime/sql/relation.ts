/**
 * The rows that a query works on: named columns with the table each came from. Filtering makes a selection, and a column is gathered
 * only when it is asked for, so that columns which nothing reads cost nothing.
 *
 * Invariants: every vector has `rows` elements; vectors handed out must not be written to; a hidden field is found by a qualified name
 * (`t2.id` of a join key) but is not part of `*`.
 */
import type { ColumnResolver } from '../compile/scope.ts'
import type { Table, Vector } from '../values/index.ts'

export interface Field {
  readonly name: string
  /** Name or alias of the table, empty for a table without one. */
  readonly table: string
  /** Name within that table (a join may have renamed it). */
  readonly sourceName: string
  readonly hidden: boolean
}

export class Relation {
  readonly fields: readonly Field[]
  readonly rows: number
  readonly #load: (k: number) => Vector
  readonly #loaded: (Vector | undefined)[] = []

  constructor(fields: readonly Field[], rows: number, load: (k: number) => Vector) {
    this.fields = fields
    this.rows = rows
    this.#load = load
  }

  static ofVectors(fields: readonly Field[], vectors: readonly Vector[], rows: number): Relation {
    return new Relation(fields, rows, (k) => vectors[k])
  }

  static ofTable(table: Table, name: string): Relation {
    return Relation.ofVectors(
      table.names.map((n) => ({ name: n, table: name, sourceName: n, hidden: false })),
      table.columns,
      table.rows,
    )
  }

  /** Column k, gathered on first use. */
  column(k: number): Vector {
    let v = this.#loaded[k]
    if (v === undefined) {
      v = this.#load(k)
      this.#loaded[k] = v
    }
    return v
  }

  /** The relation of the rows at these positions, in this order; position -1 is a row of nulls. */
  select(selection: Int32Array): Relation {
    return new Relation(this.fields, selection.length, (k) => this.column(k).gather(selection))
  }

  /** The rows [from, to). */
  slice(from: number, to: number): Relation {
    if (from === 0 && to === this.rows) return this
    return new Relation(this.fields, to - from, (k) => this.column(k).slice(from, to))
  }

  /** Position of a column; -1 if there is none. Unqualified names find the leftmost table's column first. */
  find(name: string, qualifier?: string): number {
    return findField(this.fields, name, qualifier)
  }

  /** Column access for compiled expressions. */
  readonly resolver: ColumnResolver = (name, qualifier) => {
    const k = this.find(name, qualifier)
    return k < 0 ? undefined : () => this.column(k)
  }

  /** Positions of the columns that `*` stands for, of all tables or of one. */
  starFields(qualifier?: string): number[] {
    const out: number[] = []
    for (let k = 0; k < this.fields.length; k++)
      if (!this.fields[k].hidden && (qualifier === undefined || this.fields[k].table === qualifier)) out.push(k)
    return out
  }
}

/** Exact spelling wins over a spelling that differs in case; visible fields win over hidden ones. */
export function findField(fields: readonly Field[], name: string, qualifier?: string): number {
  const lower = name.toLowerCase()
  let best = -1
  let bestRank = 4
  for (let k = 0; k < fields.length; k++) {
    const f = fields[k]
    if (qualifier !== undefined && f.table !== qualifier) continue
    const own = qualifier === undefined ? f.name : f.sourceName
    if (own.length !== name.length) continue
    const rank = (own === name ? 0 : own.toLowerCase() === lower ? 1 : 4) + (f.hidden ? 2 : 0)
    if (rank < bestRank) {
      best = k
      bestRank = rank
    }
  }
  return best
}
