// The text of one script with its name, and the way from an offset to a line and a column.

/** Half-open range of offsets (UTF-16 code units) in the source text. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** Both are 1-based; the column counts UTF-16 code units. */
export interface Position {
  readonly line: number
  readonly column: number
}

export class SourceText {
  readonly text: string
  readonly name: string
  /** Offset of the first character of each line, found at the first question. */
  #lineStarts: number[] | null = null

  constructor(text: string, name = '') {
    this.text = text
    this.name = name
  }

  position(offset: number): Position {
    const starts = this.#lines()
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (starts[middle] <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - starts[low] + 1 }
  }

  line(offset: number): number {
    return this.position(offset).line
  }

  /** The text of a 1-based line, without its line end. */
  lineText(line: number): string {
    const starts = this.#lines()
    const start = starts[line - 1]
    const end = line < starts.length ? starts[line] - 1 : this.text.length
    return this.text.slice(start, end).replace(/\r$/, '')
  }

  slice(span: Span): string {
    return this.text.slice(span.start, span.end)
  }

  #lines(): number[] {
    if (this.#lineStarts !== null) return this.#lineStarts
    const starts = [0]
    for (let at = this.text.indexOf('\n'); at >= 0; at = this.text.indexOf('\n', at + 1)) starts.push(at + 1)
    this.#lineStarts = starts
    return starts
  }
}
