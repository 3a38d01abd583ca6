/**
 * Copies that a restore made and that no commit names, because it failed or was cut off. Its next call verifies and uses them for a week; then they go, at a start or a
 * checkpoint. So that nobody looks through a large store in vain, the catalog notes where there may be some: `['remains', id]` with `folder` and `sinceMs`, written
 * in the transaction that records the restore, and removed when it is complete.
 */
import type { CatalogStore, CatalogWriter } from '../catalog/key-value.ts'
import { keys, runsOf } from '../catalog/records.ts'
import { dbNameOf } from '../set/names.ts'
import type { FileStore } from '../store/file-store.ts'
import { VOLUME_FOLDER } from '../store/volume-folder.ts'
import type { BackupRun } from './commands.ts'
import { namedFiles, removeFiles } from './garbage.ts'

const KEPT_MS = 7 * 86_400_000
const CHUNKS = 'chunks'
const PREFIX = 'restored-'

interface RemainsMark {
  readonly folder: string
  /** When the restore was last known to run. */
  readonly sinceMs: number
}

const isCopying = (run: BackupRun): boolean => run.type === 'RESTORE_BY_COPY_FILE'

/** Notes what a restore may leave behind, or that it left nothing. */
export function noteRemains(writer: CatalogWriter, run: BackupRun): void {
  if (!isCopying(run)) return
  const mark: RemainsMark = { folder: `${CHUNKS}/${dbNameOf(run.db)}`, sinceMs: run.endMs ?? run.startMs }
  if (run.state === 'completed') writer.remove(keys.remain(run.id))
  else writer.put(keys.remain(run.id), mark)
}

/** Notes that a look through all files after a crash has left some where they are. */
export function noteFoundRemains(catalog: CatalogStore, sinceMs: number): void {
  const mark: RemainsMark = { folder: CHUNKS, sinceMs }
  catalog.transaction((writer) => writer.put(keys.remain('found'), mark))
}

/**
 * Removes what restores left a week ago and nobody names, and says so. While a restore runs nothing is removed: it may be about to name what is here. Call on the engine
 * thread. What can't be removed is left for the next call.
 */
export function removeRemains(
  catalog: CatalogStore,
  files: FileStore,
  nowMs: number,
  say: (line: string) => void = () => {},
): void {
  try {
    const removed = removeDue(catalog, files, nowMs)
    if (removed > 0) say(`Removed files that a restore had copied which was not repeated within a week: ${removed}`)
  } catch (error) {
    say(`What a restore has left could not be removed yet: ${(error as Error).message}`)
  }
}

function removeDue(catalog: CatalogStore, files: FileStore, nowMs: number): number {
  const marks = Array.from(catalog.entries(keys.remains), ([key, value]) => ({ key, mark: value as RemainsMark }))
  // A clock that was ahead must not keep them for as long as it was.
  const ahead = marks.filter(({ mark }) => mark.sinceMs > nowMs)
  if (ahead.length > 0)
    catalog.transaction((writer) => {
      for (const { key, mark } of ahead) writer.put(key, { ...mark, sinceMs: nowMs })
    })
  const due = marks.filter(({ mark }) => nowMs - mark.sinceMs >= KEPT_MS)
  if (due.length === 0 || runsOf(catalog).some((run) => run.state === 'running' && isCopying(run))) return 0
  /** Then files of the future are not of a restore that was running lately: the clock was wrong. */
  const isAll = due.length === marks.length
  const named = namedFiles(catalog)
  const old = new Set<string>()
  /** Until when the folder has to be remembered: files that a later restore left. */
  const youngestOf = new Map<string, number>()
  for (const folder of new Set(due.map(({ mark }) => mark.folder)))
    for (const file of restoredFilesBelow(files, folder)) {
      if (named.has(file)) continue
      const madeMs = files.stat(file)?.modifiedMs ?? 0
      if (madeMs > nowMs ? isAll : nowMs - madeMs >= KEPT_MS) old.add(file)
      else youngestOf.set(folder, Math.max(youngestOf.get(folder) ?? 0, Math.min(nowMs, madeMs)))
    }
  removeFiles(files, [...old])
  catalog.transaction((writer) => {
    for (const { key, mark } of due) {
      const sinceMs = youngestOf.get(mark.folder)
      if (sinceMs === undefined) writer.remove(key)
      else writer.put(key, { ...mark, sinceMs })
    }
  })
  return old.size
}

function* restoredFilesBelow(files: FileStore, folder: string): Generator<string> {
  for (const { name, kind } of files.list(folder)) {
    const path = `${folder}/${name}`
    if (kind === 'directory') {
      if (path !== `${CHUNKS}/${VOLUME_FOLDER}`) yield* restoredFilesBelow(files, path)
    } else if (name.startsWith(PREFIX)) yield path
  }
}
