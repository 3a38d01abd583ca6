/**
 * What a table consisted of at each moment of the log: the segments and small appends of its partitions, as far as they are known.
 *
 * A partition is known whole if the log has everything since it was made. Of others only what the log named is known, which is enough for a rewrite: that names the
 * files that it replaces. Memory is that of the table's records in the catalog, and of the small appends that waited for a checkpoint.
 */
import type { ChunkRecord, SegmentRef, TableRecord } from '../catalog/types.ts'
import type { DeltaBlock } from '../delta/block.ts'
import type { EngineCommand, FlushedChunk, RewrittenChunk } from '../engine/commands.ts'

/** A segment, or only its name where its record stands in log that nobody has. */
export type KnownSegment = SegmentRef | { readonly file: string; readonly rows?: undefined }

export interface Rows {
  readonly segments: readonly KnownSegment[]
  readonly blocks: readonly DeltaBlock[]
}

export const NO_ROWS: Rows = { segments: [], blocks: [] }

export class PartitionHistory {
  readonly #segments = new Map<string, SegmentRef>()
  #blocks: DeltaBlock[] = []
  isWhole: boolean

  constructor(isWhole: boolean) {
    this.isWhole = isWhole
  }

  /** In commit order. */
  get rows(): Rows {
    const segments = [...this.#segments.values()].sort((a, b) => (a.cid ?? 0) - (b.cid ?? 0))
    return { segments, blocks: this.#blocks.slice() }
  }

  get isEmpty(): boolean {
    return this.#segments.size === 0 && this.#blocks.length === 0
  }

  /** What a rewrite replaces. */
  replaced({ drop, throughCid }: Pick<RewrittenChunk, 'drop' | 'throughCid'>): Rows {
    return {
      segments: drop.map((file) => this.#segments.get(file) ?? { file }),
      blocks: this.#blocks.filter((b) => b.cid <= throughCid),
    }
  }

  append(segments: readonly SegmentRef[], cid: number): void {
    for (const segment of segments) this.#segments.set(segment.file, { ...segment, cid })
  }

  insert(block: DeltaBlock): void {
    this.#blocks.push(block)
  }

  rewrite({ drop, add, throughCid }: Pick<RewrittenChunk, 'drop' | 'add' | 'throughCid'>): void {
    this.swap(drop, add)
    this.#blocks = this.#blocks.filter((b) => b.cid > throughCid)
  }

  swap(drop: readonly string[], add: readonly SegmentRef[]): void {
    for (const file of drop) this.#segments.delete(file)
    for (const segment of add) this.#segments.set(segment.file, segment)
  }

  flush({ add, throughCid }: FlushedChunk): void {
    this.rewrite({ drop: [], add, throughCid })
  }

  /** Rows came or went without the log: nothing is known any more. */
  forget(): void {
    this.#segments.clear()
    this.#blocks = []
    this.isWhole = false
  }
}

export class TableHistory {
  /** undefined: it was made in log that nobody has, and no command has said which it is. */
  id: string | undefined
  /** undefined: the same, and it is gone from the store. */
  record: TableRecord | undefined
  name: string
  /** The log has everything since it was made, or since it was empty. */
  isWhole: boolean
  /** The columns of the record are those that it has at the moment. */
  areColumnsKnown: boolean
  readonly #partitions = new Map<string, PartitionHistory>()

  constructor(name: string, made: TableRecord | undefined) {
    this.name = name
    this.id = made?.id
    this.record = made
    this.isWhole = made !== undefined
    this.areColumnsKnown = made !== undefined
  }

  partition(path: string): PartitionHistory {
    let partition = this.#partitions.get(path)
    if (partition === undefined) {
      partition = new PartitionHistory(this.isWhole)
      this.#partitions.set(path, partition)
    }
    return partition
  }

  /** Of the partitions that were seen, sorted. */
  get paths(): readonly string[] {
    return [...this.#partitions.keys()].sort()
  }

  /** What comes there later is known whole. */
  remove(path: string): void {
    this.#partitions.set(path, new PartitionHistory(true))
  }

  removeAll(): void {
    this.#partitions.clear()
    this.isWhole = true
  }

  put(chunk: ChunkRecord): void {
    const partition = new PartitionHistory(true)
    partition.swap([], chunk.segments)
    this.#partitions.set(chunk.path, partition)
  }

  alter(command: EngineCommand & { readonly kind: 'alterTable' }): void {
    const { record } = this
    if (record === undefined) return
    this.areColumnsKnown = true
    const { columns, partitionColumns = record.partitionColumns } = command
    this.record = { ...record, columns, partitionColumns, schemaVersion: record.schemaVersion + 1 }
  }

  /** The only partition of a dimension table has the name of the table. */
  rename(to: string): void {
    const own = this.#partitions.get(`/${this.name}`)
    if (own !== undefined && (this.record?.partitionColumns.length ?? 0) === 0) {
      this.#partitions.delete(`/${this.name}`)
      this.#partitions.set(`/${to}`, own)
    }
    if (this.record !== undefined) this.record = { ...this.record, name: to }
    this.name = to
  }

  forget(): void {
    this.isWhole = false
    for (const partition of this.#partitions.values()) partition.forget()
  }
}
