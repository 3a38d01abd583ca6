/**
 * A chunk as what a rewrite may replace one by one: its segments, and the small appends between them, in commit order. What is read is checked against its
 * checksums: a rewrite must not give damaged bytes a new one.
 */
import { nullColumn } from '../../runtime/builtins/table-append.ts'
import { Table, type Vector } from '../../runtime/values/index.ts'
import { type ChunkRecord, type SegmentRef, type StoredColumn, storedName, type TableRecord } from '../catalog/types.ts'
import { parseDeltaLayout } from '../delta/codec.ts'
import { chunkBatches } from '../read/chunk.ts'
import { joinPieces } from '../read/gather.ts'
import { type CommitRun, commitRuns, rowsOfRun } from '../read/runs.ts'
import { deltaRows, mayMatch, positionOf, type ReadAccess, segmentBlocks } from '../read/segment-blocks.ts'
import { visibleRows } from '../read/visible-rows.ts'
import { SegmentReader } from '../segment/index.ts'
import type { DfsSession } from '../session.ts'

/** Either a segment or a run of small appends that no segment stands between. */
export interface Piece {
  readonly rows: number
  /** The last commit that put rows into it; absent in segments of old format. */
  readonly cid: number | undefined
  readonly segment: SegmentRef | undefined
  readonly run: CommitRun
}

export const piecesOf = (chunk: ChunkRecord): Piece[] =>
  commitRuns(chunk).map((run) => ({
    rows: rowsOfRun(run),
    cid: run.kind === 'segment' ? run.segment.cid : run.blocks[run.blocks.length - 1].cid,
    segment: run.kind === 'segment' ? run.segment : undefined,
    run,
  }))

/** The last small append of the chunk; 0 if it has none that are not in segments. */
export const lastDeltaCid = (chunk: ChunkRecord): number => chunk.delta?.at(-1)?.cid ?? 0

export class PieceReader {
  readonly #access: ReadAccess
  readonly #table: TableRecord

  constructor(dfs: DfsSession, table: TableRecord) {
    this.#table = table
    this.#access = { files: dfs.files, baseOf: (stored) => dfs.tables.base(table.id, stored), verify: true }
  }

  /** Whether the piece can hold rows that satisfy the predicate. */
  mayMatch({ segment, rows }: Piece, predicate: Parameters<typeof mayMatch>[2]): boolean {
    return rows > 0 && (segment === undefined || mayMatch(this.#table, segment, predicate))
  }

  /** Whether the piece was written with the column. */
  has({ run }: Piece, column: StoredColumn): boolean {
    if (run.kind === 'delta')
      return run.blocks.some((b) => parseDeltaLayout(b.layout).some((c) => c.name === storedName(column)))
    const reader = new SegmentReader(this.#access.files, run.segment.file, this.#access, run.segment)
    try {
      return positionOf(reader, column) >= 0
    } finally {
      reader.close()
    }
  }

  /** All rows of a piece. */
  read({ run }: Piece, columns: readonly StoredColumn[]): Vector[] {
    if (run.kind === 'delta') return deltaRows(this.#access, run.blocks, columns)
    return joined([...segmentBlocks(this.#access, this.#table, run.segment, columns, undefined)], columns)
  }

  /** All rows of pieces, in commit order. */
  readAll(pieces: readonly Piece[], columns: readonly StoredColumn[]): Vector[] {
    return joined(
      pieces.map((p) => this.read(p, columns)),
      columns,
    )
  }

  /** How many rows of a chunk count. */
  count(chunk: ChunkRecord): number {
    return visibleRows(this.#access, this.#table, chunk)
  }

  /** The rows of a chunk as queries see them: sorted, and without those that others hide. */
  readVisible(chunk: ChunkRecord): Vector[] {
    const { columns } = this.#table
    const names = columns.map((c) => c.name)
    const batches = [...chunkBatches(this.#access, this.#table, chunk, names)]
    return joined(
      batches.map((b) => b.columns),
      columns,
    )
  }
}

function joined(blocks: readonly (readonly Vector[])[], columns: readonly StoredColumn[]): Vector[] {
  const filled = blocks.filter((b) => b.length > 0 && b[0].length > 0)
  if (filled.length === 0) return columns.map((c) => nullColumn(c.type, 0, c.scale ?? 0))
  if (filled.length === 1) return [...filled[0]]
  const pieces = filled.map((vectors) => ({ columns: vectors, from: 0, to: vectors[0].length }))
  return columns.map((_, k) => joinPieces(pieces, k))
}

export const tableOf = (names: readonly string[], columns: readonly Vector[]): Table =>
  new Table([...names], [...columns])
