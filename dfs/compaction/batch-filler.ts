/** Blocks of any size into batches of full size, so that a segment merged from many small ones reads like one that was written at once. */
import type { Vector } from '../../runtime/values/index.ts'
import { joinPieces, type Piece } from '../read/gather.ts'
import type { SegmentStream } from '../segment/index.ts'
import { BATCH_ROWS } from '../segment/layout.ts'

export class BatchFiller {
  readonly #stream: SegmentStream
  #pieces: Piece[] = []
  #rows = 0

  constructor(stream: SegmentStream) {
    this.#stream = stream
  }

  add(block: readonly Vector[]): void {
    const rows = block[0].length
    let from = 0
    while (this.#rows + rows - from >= BATCH_ROWS) {
      const to = from + BATCH_ROWS - this.#rows
      this.#take(block, from, to)
      this.flush()
      from = to
    }
    this.#take(block, from, rows)
  }

  /** Writes what is left over. */
  flush(): void {
    if (this.#rows === 0) return
    const pieces = this.#pieces
    if (pieces.length === 1)
      this.#stream.add(pieces[0].columns, { rows: undefined, from: pieces[0].from, to: pieces[0].to })
    else
      this.#stream.add(
        pieces[0].columns.map((_, c) => joinPieces(pieces, c)),
        { rows: undefined, from: 0, to: this.#rows },
      )
    this.#pieces = []
    this.#rows = 0
  }

  #take(columns: readonly Vector[], from: number, to: number): void {
    if (from === to) return
    this.#pieces.push({ columns, from, to })
    this.#rows += to - from
  }
}
