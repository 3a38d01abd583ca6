/** Rows of cells as lines whose columns line up; the first row is the heading. Columns named in `right` end at one place, as numbers do. */
export function alignedLines(rows: readonly (readonly string[])[], right: ReadonlySet<number> = new Set()): string[] {
  const widths = rows[0].map((_, k) => rows.reduce((width, row) => Math.max(width, row[k].length), 0))
  return rows.map((row) =>
    row
      .map((cell, k) => (right.has(k) ? cell.padStart(widths[k]) : cell.padEnd(widths[k])))
      .join('  ')
      .trimEnd(),
  )
}
