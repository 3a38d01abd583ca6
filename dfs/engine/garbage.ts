/** Which files may go. Files are removed on the engine thread only. */
import type { CatalogReader, CatalogStore, CatalogWriter } from '../catalog/key-value.ts'
import { keys } from '../catalog/records.ts'
import type { ChunkRecord } from '../catalog/types.ts'
import { OWNER_FILE } from '../store/data-directory.ts'
import type { FileStore } from '../store/file-store.ts'
import { parentOf } from '../store/paths.ts'
import { PART_SUFFIX } from '../store/replace-file.ts'
import { VOLUME_FOLDER } from '../store/volume-folder.ts'

/** Copies of a restore that was cut off are kept this long for its next run, which verifies and uses them. */
const RESTORED_KEPT_MS = 7 * 86_400_000

/** Removes what no state after the given commit names. Answers whether more waits for readers. */
export function removeGarbage(catalog: CatalogStore, files: FileStore, oldestSnapshot: number): boolean {
  const due: number[] = []
  let waiting = false
  for (const [key, names] of catalog.entries(keys.garbages)) {
    const cid = key[1] as number
    // In order of commits: all that follow must stay as well.
    if (cid > oldestSnapshot) {
      waiting = true
      break
    }
    removeFiles(files, names as string[])
    due.push(cid)
  }
  if (due.length > 0)
    catalog.transaction((writer) => {
      for (const cid of due) writer.remove(keys.garbage(cid))
    })
  return waiting
}

/** Files of what is stored, and those that wait to be removed. */
export function namedFiles(catalog: CatalogReader): ReadonlySet<string> {
  const named = new Set<string>()
  for (const [, value] of catalog.entries(['chunk'])) for (const s of (value as ChunkRecord).segments) named.add(s.file)
  for (const [, names] of catalog.entries(keys.garbages)) for (const file of names as string[]) named.add(file)
  return named
}

export interface Swept {
  readonly removed: number
  /** Copies of a restore that its next call may use. */
  readonly kept: number
}

/** After a crash: files below chunks/ that no record names are the remains of writes that were never committed. */
export function sweepOrphans(catalog: CatalogReader, files: FileStore, nowMs: number): Swept {
  const named = namedFiles(catalog)
  const orphans: string[] = []
  let kept = 0
  const walk = (folder: string): void => {
    for (const entry of files.list(folder)) {
      const path = `${folder}/${entry.name}`
      if (entry.kind === 'directory') {
        if (path !== `chunks/${VOLUME_FOLDER}`) walk(path)
      } else if (path !== `chunks/${OWNER_FILE}` && !named.has(path)) {
        if (isKeptForRestore(files, path, entry.name, nowMs)) kept++
        else orphans.push(path)
      }
    }
  }
  walk('chunks')
  removeFiles(files, orphans)
  return { removed: orphans.length, kept }
}

/** Files that are named again are no garbage, even if the commit that dropped them is not forgotten yet. */
export function keepFiles(writer: CatalogWriter, chunks: readonly ChunkRecord[]): void {
  const named = new Set(chunks.flatMap((c) => c.segments.map((s) => s.file)))
  for (const [key, value] of writer.entries(keys.garbages)) {
    const names = value as string[]
    const rest = names.filter((f) => !named.has(f))
    if (rest.length < names.length) writer.put(key, rest)
  }
}

export function removeFiles(files: FileStore, names: readonly string[]): void {
  const folders = new Set<string>()
  for (const file of names) {
    files.remove(file)
    folders.add(parentOf(file))
  }
  for (let folder of folders)
    for (; folder !== 'chunks' && folder !== ''; folder = parentOf(folder)) files.removeEmptyDirectory(folder)
}

/** Whether a file of this name was copied whole by a restore, which may be called again. */
export const isWholeCopy = (name: string): boolean => name.startsWith('restored-') && !name.endsWith(PART_SUFFIX)

function isKeptForRestore(files: FileStore, path: string, name: string, nowMs: number): boolean {
  // One that was not copied to its end has a name of its own, which no other restore asks for.
  return isWholeCopy(name) && nowMs - (files.stat(path)?.modifiedMs ?? 0) < RESTORED_KEPT_MS
}
