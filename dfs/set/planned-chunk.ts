/** A line of a plan: what a call would do with a partition. */
import type { DatabaseRecord, TableRecord } from '../catalog/types.ts'

/**
 * `resume`: an interrupted backup copied it already; `replace`: another partition is there now; `append`: rows are added to what is there; `delete`: it leaves the backup,
 * or the table.
 */
export type PlannedAction = 'copy' | 'resume' | 'keep' | 'replace' | 'append' | 'delete'

export interface PlannedChunk {
  /** Of a restore those that are restored into. */
  readonly database: DatabaseRecord
  readonly table: TableRecord
  readonly path: string
  readonly chunkId: string
  readonly action: PlannedAction
  readonly rows: number
  /** To be copied. Of a backup, small appends that are in no file yet are not counted; of one of a query it is what has to be read. */
  readonly bytes: number
  /** Rows of a query are written to restore it, files are not copied. */
  readonly isOfQuery?: boolean
}
