/** What statements do, on the model's side. */
import {
  type Cell,
  type Effect,
  keyOf,
  type ModelColumn,
  type ModelRow,
  type ModelState,
  type ModelTable,
  NULL_INT,
  NULL_LONG,
  type Seen,
  type TableKind,
} from './model.ts'
import { visibleRows } from './visible.ts'

const NULLS: Readonly<Record<ModelColumn['type'], Cell>> = { INT: NULL_INT, LONG: NULL_LONG, STRING: '' }
const nullOf = (column: ModelColumn): Cell => NULLS[column.type]

function withTable(state: ModelState, table: ModelTable): ModelState {
  const tables = new Map(state.tables)
  tables.set(keyOf(table.url, table.name), table)
  return { ...state, tables }
}

function withoutTable(state: ModelState, url: string, name: string): ModelState {
  const tables = new Map(state.tables)
  tables.delete(keyOf(url, name))
  return { ...state, tables }
}

const changing =
  (
    url: string,
    name: string,
    change: (table: ModelTable, place: number, seen: Seen | undefined) => ModelTable,
  ): Effect =>
  (state, place, seen) => {
    const table = state.tables.get(keyOf(url, name))
    return table === undefined ? state : withTable(state, change(table, place, seen))
  }

export const createTable =
  (url: string, name: string, kind: TableKind, columns: readonly ModelColumn[]): Effect =>
  (state) =>
    withTable(state, { url, name, kind, columns, rows: [] })

export const dropTable =
  (url: string, name: string): Effect =>
  (state) =>
    withoutTable(state, url, name)

export const renameTable =
  (url: string, name: string, to: string): Effect =>
  (state) => {
    const table = state.tables.get(keyOf(url, name))
    return table === undefined ? state : withTable(withoutTable(state, url, name), { ...table, name: to })
  }

export const setLevel =
  (level: number): Effect =>
  (state) => ({ ...state, level })

/** undefined: it is gone. */
export const setNamed =
  (changes: Readonly<Record<string, string | undefined>>): Effect =>
  (state) => {
    const named = new Map(state.named)
    for (const [key, text] of Object.entries(changes))
      if (text === undefined) named.delete(key)
      else named.set(key, text)
    return { ...state, named }
  }

/** Rows by position: columns that were added since they were made are null. */
export const appendRows = (url: string, name: string, rows: readonly (readonly Cell[])[]): Effect =>
  changing(url, name, (table, place) => ({ ...table, rows: [...table.rows, ...rowsOf(table, rows, place)] }))

function rowsOf(table: ModelTable, rows: readonly (readonly Cell[])[], place: number): ModelRow[] {
  const n = positionOf(table, 'n')
  const id = positionOf(table, 'id')
  return rows.map((cells) => ({
    n: cells[n] as number,
    id: cells[id] as number,
    place,
    cells: table.columns.map((c, k) => cells[k] ?? nullOf(c)),
  }))
}

export const positionOf = (table: ModelTable, name: string): number => table.columns.findIndex((c) => c.name === name)

/** Rows that a statement both saw and counts: in tables that hide rows, only those that show. */
function touched(table: ModelTable, seen: Seen | undefined, isMeant: (row: ModelRow) => boolean) {
  const base = seen === undefined ? table.rows : table.rows.filter((r) => seen.get(r.n) === r.place)
  const visible = table.kind === 'last' || table.kind === 'first' ? visibleRows(table, base) : base
  const meant = visible.filter(isMeant)
  const partitions = new Set(meant.map((r) => r.id))
  const shown = new Set(visible)
  // A partition that is rewritten keeps what it showed; what was hidden is gone.
  const hidden = new Set(base.filter((r) => partitions.has(r.id) && !shown.has(r)))
  return { meant: new Set(meant), hidden }
}

export type RowTest = (row: ModelRow, table: ModelTable) => boolean

export const updateCells = (
  url: string,
  name: string,
  isMeant: RowTest,
  column: string,
  cell: (row: ModelRow, at: number) => Cell,
): Effect =>
  changing(url, name, (table, _, seen) => {
    const at = positionOf(table, column)
    const { meant, hidden } = touched(table, seen, (r) => isMeant(r, table))
    const rows = table.rows
      .filter((r) => !hidden.has(r))
      .map((r) => (meant.has(r) ? { ...r, cells: r.cells.with(at, cell(r, at)) } : r))
    return { ...table, rows }
  })

/** Rows go to another partition, behind those that are there. */
export const moveRows = (url: string, name: string, isMeant: RowTest, to: number): Effect =>
  changing(url, name, (table, place, seen) => {
    const at = positionOf(table, 'id')
    const { meant } = touched(table, seen, (r) => isMeant(r, table) && r.id !== to)
    const moved = table.rows
      .filter((r) => meant.has(r))
      .map((r) => ({ ...r, id: to, place, isMoved: true, cells: r.cells.with(at, to) }))
    return { ...table, rows: [...table.rows.filter((r) => !meant.has(r)), ...moved] }
  })

export const deleteRows = (url: string, name: string, isMeant: RowTest): Effect =>
  changing(url, name, (table, _, seen) => {
    const { meant, hidden } = touched(table, seen, (r) => isMeant(r, table))
    return { ...table, rows: table.rows.filter((r) => !meant.has(r) && !hidden.has(r)) }
  })

/** By column `n`: rows that are there get the new cells in their place, others come behind. */
export const upsertRows = (url: string, name: string, given: readonly (readonly Cell[])[]): Effect =>
  changing(url, name, (table, place) => {
    const fresh = rowsOf(table, given, place)
    const byNumber = new Map(fresh.map((r) => [r.n, r]))
    const known = new Set(table.rows.map((r) => r.n))
    const rows = table.rows.map((r) => {
      const to = byNumber.get(r.n)
      return to === undefined ? r : { ...r, cells: to.cells }
    })
    return { ...table, rows: [...rows, ...fresh.filter((r) => !known.has(r.n))] }
  })

/** Everything in these partitions, whoever saw it. */
export const dropRows = (url: string, name: string, ids: readonly number[] | undefined): Effect =>
  changing(url, name, (table) => ({
    ...table,
    rows: ids === undefined ? [] : table.rows.filter((r) => !ids.includes(r.id)),
  }))

export const addColumn = (url: string, name: string, column: ModelColumn): Effect =>
  changing(url, name, (table) => ({
    ...table,
    columns: [...table.columns, column],
    rows: table.rows.map((r) => ({ ...r, cells: [...r.cells, nullOf(column)] })),
  }))

export const dropColumn = (url: string, name: string, column: string): Effect =>
  changing(url, name, (table) => {
    const at = positionOf(table, column)
    return {
      ...table,
      columns: table.columns.filter((_, k) => k !== at),
      rows: table.rows.map((r) => ({ ...r, cells: r.cells.filter((_, k) => k !== at) })),
    }
  })

export const renameColumn = (url: string, name: string, column: string, to: string): Effect =>
  changing(url, name, (table) => ({
    ...table,
    columns: table.columns.map((c) => (c.name === column ? { ...c, name: to } : c)),
  }))

/** Between types of whole numbers: only the null is written otherwise. */
export const retypeColumn = (url: string, name: string, column: string, type: 'INT' | 'LONG'): Effect =>
  changing(url, name, (table) => {
    const at = positionOf(table, column)
    const before = table.columns[at]
    if (before === undefined) return table
    const after = { ...before, type }
    return {
      ...table,
      columns: table.columns.with(at, after),
      rows: table.rows.map((r) =>
        r.cells[at] === nullOf(before) ? { ...r, cells: r.cells.with(at, nullOf(after)) } : r,
      ),
    }
  })
