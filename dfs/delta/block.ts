/**
 * Rows of one small append to one chunk: what its log record carries, what the engine keeps in memory until the next checkpoint, and what readers
 * decode (codec.ts).
 */
export interface DeltaBlock {
  readonly cid: number
  readonly timeMs: number
  readonly rows: number
  /** Names and types of the columns, as `layoutOf` writes them: they are those of the table when the rows were written. */
  readonly layout: string
  readonly data: Uint8Array
  /** Snapshots at or after this commit do not see it; absent: all later ones do. */
  readonly endedAt?: number
}
