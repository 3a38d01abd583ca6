/**
 * The text grid of tables and matrices (language specification, sections 7.5 and 7.6): a header line, a line of dashes, then rows.
 * Columns are left-aligned, one blank apart, the last one unpadded. Wide text columns are cut, lines end before the limit.
 */

export interface GridColumn {
  readonly name: string
  readonly cells: readonly string[]
  /** Text columns are cut at the cap; numbers never are. */
  readonly capped: boolean
}

export interface GridLimits {
  /** Longest line. */
  readonly width: number
}

/**
 * Lines of the grid. `columnCount` is the number of columns of the whole object: `columns` may hold only the first ones. `rowLabels`
 * stand before each line with a bar.
 */
export function gridLines(
  columns: Iterable<GridColumn>,
  columnCount: number,
  rowCount: number,
  limits: GridLimits,
  rowLabels?: readonly string[],
): string[] {
  const lines = startLines(rowCount, rowLabels)
  const cap = Math.floor(limits.width / Math.max(columnCount, 1)) + 5
  let used = lines[0].length
  let shown = 0
  for (const column of columns) {
    const last = shown === columnCount - 1
    const cells = column.cells.map((c) => oneLine(c))
    const longest = cells.reduce((max, c) => Math.max(max, c.length), 0)
    const cut = column.capped && longest > cap
    const width = Math.max(cut ? cap : longest, Math.min(column.name.length, cap))
    if (shown > 0 && used + width > limits.width) break
    const room = last ? 0 : width + 1
    lines[0] += cellText(column.name, cap, room)
    lines[1] += '-'.repeat(width) + (last ? '' : ' ')
    for (let k = 0; k < rowCount; k++) lines[k + 2] += cellText(cells[k], column.capped ? cap : longest, room)
    used += room
    shown++
  }
  return lines.map((line) => (shown < columnCount ? `${line}...` : line))
}

/** The label column, or empty lines to build on. */
function startLines(rowCount: number, rowLabels: readonly string[] | undefined): string[] {
  if (rowLabels === undefined) return new Array<string>(rowCount + 2).fill('')
  const width = rowLabels.reduce((max, l) => Math.max(max, l.length), 0)
  const blank = ' '.repeat(width + 1)
  return [blank, blank, ...rowLabels.map((l) => `${l.padEnd(width)}|`)]
}

/** Pads to the room. A text of more than cap + 1 characters keeps cap - 2 of them and takes the separator's place. */
function cellText(text: string, cap: number, room: number): string {
  if (text.length > cap + 1) return `${text.slice(0, Math.max(cap - 2, 0))}...`
  return text.padEnd(room)
}

const oneLine = (text: string): string =>
  text.includes('\n') ? text.replaceAll('\r', '').replaceAll('\n', '\\n') : text
