/** Rows of a file on their way into a table. */
import type { Vector } from '../../runtime/values/index.ts'
import type { Rejection } from './csv/format.ts'

export interface FileBatch {
  /** In the types of the columns that were asked for. */
  readonly columns: readonly Vector[]
  readonly rows: number
  /** By row: its line in the file (for Parquet its row), from 1. */
  readonly lines: Int32Array
  readonly rejected: readonly Rejection[]
  /** Bytes of the file that were read up to here. */
  readonly bytesDone: number
}
