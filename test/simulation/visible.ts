/** The rows of a table as a query sees them, partition by partition. */
import type { ModelRow, ModelTable } from './model.ts'

/** Of rows in the order in which they came, those that show; the others are hidden by one with the same `k` in the same partition. */
export function visibleRows(table: ModelTable, rows: readonly ModelRow[]): ModelRow[] {
  const at = table.columns.findIndex((c) => c.name === 'k')
  const shown = new Map<string, ModelRow>()
  for (const row of inPlace(rows)) {
    const key = `${row.id} ${row.cells[at]}`
    if (table.kind === 'last' || !shown.has(key)) shown.set(key, row)
  }
  return rows.filter((r) => shown.get(`${r.id} ${r.cells[at]}`) === r)
}

const inPlace = (rows: readonly ModelRow[]): ModelRow[] => [...rows].sort((a, b) => a.place - b.place)

export interface ExpectedChunk {
  readonly path: string
  readonly rows: readonly ModelRow[]
}

/** In path order, rows as a scan of the partition gives them. */
export function expectedChunks(table: ModelTable): ExpectedChunk[] {
  const byPath = new Map<string, ModelRow[]>()
  for (const row of inPlace(table.rows)) {
    const path = table.kind === 'dimension' ? `/${table.name}` : `/${row.id}`
    const rows = byPath.get(path)
    if (rows === undefined) byPath.set(path, [row])
    else rows.push(row)
  }
  const at = table.columns.findIndex((c) => c.name === 'k')
  const chunks = [...byPath].map(([path, rows]): ExpectedChunk => {
    const isSorted = table.kind === 'last' || table.kind === 'first'
    const shown = isSorted
      ? visibleRows(table, rows).sort((a, b) => (a.cells[at] as number) - (b.cells[at] as number))
      : rows
    return { path, rows: shown }
  })
  return chunks.sort((a, b) => (a.path < b.path ? -1 : 1))
}
