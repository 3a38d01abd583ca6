/** The table that plan=true answers. */
import { nullRaw, type Raw, StringVector, T, type Table, tableOf, vectorOf } from '../../runtime/values/index.ts'
import type { BackupRun } from '../engine/commands.ts'
import { chunkPathOf, pathIndexOf } from '../set/names.ts'
import type { PlannedChunk } from '../set/planned-chunk.ts'
import { usualBytesPerSecond } from '../set/runs.ts'

export const PLAN_COLUMNS_DOC = 'dbName, tableName, chunkPath, chunkID, action, rows, bytes, expectedSeconds'
export const EXPECTED_DOC =
  'expectedSeconds goes by the bytes a second that the last calls of the kind reached, and is null where there were none of a megabyte or more.'

/** `runs`: calls of the past, by which the time is estimated. */
export function planTable(
  chunks: readonly PlannedChunk[],
  runs: Iterable<BackupRun>,
  type: BackupRun['type'],
  bytesPerSecondMax?: number,
): Table {
  const secondsOf = expectedSeconds(runs, type, bytesPerSecondMax)
  return tableWith(chunks, ({ bytes }) => secondsOf(bytes))
}

/** The same of a restore: its tables may be of either kind. */
export function restorePlanTable(chunks: readonly PlannedChunk[], runs: Iterable<BackupRun>): Table {
  const known = [...runs]
  const ofFiles = expectedSeconds(known, 'RESTORE_BY_COPY_FILE')
  const ofRows = expectedSeconds(known, 'RESTORE_BY_SQL')
  return tableWith(chunks, ({ bytes, isOfQuery }) => (isOfQuery ? ofRows : ofFiles)(bytes))
}

function tableWith(chunks: readonly PlannedChunk[], secondsOf: (chunk: PlannedChunk) => Raw): Table {
  const texts = (of: (chunk: PlannedChunk) => string): StringVector => new StringVector(chunks.map(of))
  const longs = (of: (chunk: PlannedChunk) => number) =>
    vectorOf(
      T.LONG,
      chunks.map((c) => BigInt(of(c))),
    )
  return tableOf({
    dbName: texts((c) => c.database.url),
    tableName: texts((c) => c.table.name),
    chunkPath: texts((c) => chunkPathOf(c.database.url, c.path, pathIndexOf(c))),
    chunkID: texts((c) => c.chunkId),
    action: texts((c) => c.action),
    rows: longs((c) => c.rows),
    bytes: longs((c) => c.bytes),
    expectedSeconds: vectorOf(T.DOUBLE, chunks.map(secondsOf)),
  })
}

/** How long so many bytes will take, by calls of the past; null where none tells. A limit of 0 is none. */
export function expectedSeconds(
  runs: Iterable<BackupRun>,
  type: BackupRun['type'],
  bytesPerSecondMax = Number.POSITIVE_INFINITY,
): (bytes: number) => Raw {
  const usual = usualBytesPerSecond(runs, type)
  const rate = usual === undefined ? undefined : Math.min(usual, bytesPerSecondMax || Number.POSITIVE_INFINITY)
  return (bytes) => (bytes === 0 ? 0 : rate === undefined ? nullRaw(T.DOUBLE) : bytes / rate)
}
