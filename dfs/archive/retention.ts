/**
 * Takes old pieces out of an archive directory: those that were archived before a moment, oldest first, without making a gap, never the newest; then the data
 * segments that no piece names any more. A piece goes first, then its segments, then its list: whoever finds a piece finds all that it names, and a run
 * that was cut off is completed by the next one.
 */
import type { FileStore } from '../store/file-store.ts'
import { parentOf } from '../store/paths.ts'
import { parsePieceName } from '../wal/piece-name.ts'
import { DATA_FOLDER, decodeSegmentList, SEGMENT_LIST_SUFFIX } from './segment-list.ts'

export interface Expired {
  readonly pieces: number
  readonly segments: number
}

export function removeExpired(archive: FileStore, beforeMs: number, interrupt: () => void): Expired {
  const names = archive
    .list('')
    .filter((e) => e.kind === 'file')
    .map((e) => e.name)
  // Names sort as their numbers do.
  const pieces = names.filter((name) => parsePieceName(name) !== undefined)
  const expired: string[] = []
  for (const name of pieces.slice(0, -1)) {
    if ((archive.stat(name)?.modifiedMs ?? Number.POSITIVE_INFINITY) >= beforeMs) break
    expired.push(name)
  }
  const kept = pieces.slice(expired.length)
  // A list without a piece that is older than all of them is left of a run that was cut off. A newer one belongs to a piece that is on its way.
  const lists = names.filter((name) => name.endsWith(SEGMENT_LIST_SUFFIX))
  const goes = (list: string): boolean =>
    kept.length > 0 && list < kept[0]! && parsePieceName(list.slice(0, -SEGMENT_LIST_SUFFIX.length)) !== undefined
  const due = lists.filter(goes)
  if (expired.length === 0 && due.length === 0) return { pieces: 0, segments: 0 }

  const filesOf = (list: string): string[] => decodeSegmentList(archive.readFile(list), list).map((s) => s.file)
  // Without its list nobody knows what a piece needs: reading fails then, and nothing goes.
  const keptLists = new Set([...kept.map((name) => name + SEGMENT_LIST_SUFFIX), ...lists.filter((l) => !goes(l))])
  const needed = new Set([...keptLists].flatMap(filesOf))
  for (const name of expired) archive.remove(name)
  if (expired.length > 0) archive.syncDirectory('')
  let segments = 0
  for (const list of due) {
    for (const file of filesOf(list)) {
      interrupt()
      if (needed.has(file)) continue
      const path = `${DATA_FOLDER}/${file}`
      if (archive.stat(path) === undefined) continue
      archive.remove(path)
      segments++
      for (let folder = parentOf(path); folder !== ''; folder = parentOf(folder)) archive.removeEmptyDirectory(folder)
    }
    archive.remove(list)
  }
  return { pieces: expired.length, segments }
}
