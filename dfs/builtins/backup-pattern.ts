/** A pattern that no partition matches looks like nothing to do, or like a backup without damage: the caller is told. */
import type { ProgressSink } from '../progress.ts'
import type { TableIndex } from '../set/meta.ts'
import { dbNameOf } from '../set/names.ts'
import { chunksMatching } from '../set/open.ts'
import type { FileStore } from '../store/file-store.ts'

export function noteIfNothingMatches(
  progress: ProgressSink,
  { root }: FileStore,
  indexes: readonly TableIndex[],
  pattern: string,
): void {
  const example = indexes.find((index) => index.chunks.length > 0)
  if (example === undefined || indexes.some((index) => chunksMatching(index, pattern).length > 0)) return
  const path = `/${dbNameOf(example.database.url)}${example.chunks[0].path}`
  progress.note(
    `No partition of the backup in ${root} matches "${pattern}": nothing was done. Patterns are compared with paths such as "${path}".`,
  )
}
