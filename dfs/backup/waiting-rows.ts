/**
 * Small appends that are in no segment yet, for a backup: they are written to segments beside those of the chunk, which nobody but this backup knows, copied
 * like any other file, and removed at its end. The chunk keeps its identity (chunkId, cid), so that the next backup finds it unchanged when the store has
 * made its own segment of the same rows.
 */
import type { ChunkRecord, SegmentRef, TableRecord } from '../catalog/types.ts'
import { flushDeltas } from '../maintenance/flush.ts'
import type { FileStore } from '../store/file-store.ts'

export class WaitingRows {
  readonly #files: FileStore
  readonly #written: string[] = []

  constructor(files: FileStore) {
    this.#files = files
  }

  materialise(table: TableRecord, chunk: ChunkRecord): ChunkRecord {
    const { delta, ...stored } = chunk
    if (delta === undefined) return chunk
    const segmentCids = chunk.segments.map((s) => s.cid ?? 0)
    const [{ add }] = flushDeltas(this.#files, {
      kind: 'flush',
      table,
      chunks: [{ path: chunk.path, chunkId: chunk.chunkId, blocks: delta, segmentCids }],
    })
    this.#written.push(...add.map((s) => s.file))
    const inOrder = (a: SegmentRef, b: SegmentRef): number => (a.cid ?? 0) - (b.cid ?? 0)
    return { ...stored, segments: [...chunk.segments, ...add].sort(inOrder) }
  }

  remove(): void {
    for (const file of this.#written) this.#files.remove(file)
  }
}
