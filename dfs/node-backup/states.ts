/** The backups that a set holds, and the files that each names. */
import { HoldfastError } from '../../runtime/errors.ts'
import { stateFolder } from '../set/layout.ts'
import type { FileStore } from '../store/file-store.ts'
import { type IndexedFile, readFileIndex } from './file-index.ts'
import { indexFile, stateFoldersOf } from './layout.ts'
import { type NodeManifest, readStateManifest } from './manifest.ts'

export interface KeptState {
  readonly id: string
  /** undefined: damaged, so nobody knows what it names. */
  readonly manifest: NodeManifest | undefined
}

/** The complete backups of the set, oldest first; damaged ones before all. */
export function keptStates(set: FileStore, note: (text: string) => void): KeptState[] {
  const states: KeptState[] = []
  for (const { id, isPartial } of stateFoldersOf(set))
    if (!isPartial) states.push({ id, manifest: readOr(set, id, note) })
  const startOf = (s: KeptState): string => s.manifest?.startedAt ?? ''
  return states.sort((a, b) => (startOf(a) < startOf(b) ? -1 : startOf(a) > startOf(b) ? 1 : a.id < b.id ? -1 : 1))
}

function readOr(set: FileStore, id: string, note: (text: string) => void): NodeManifest | undefined {
  try {
    return readStateManifest(set, id)
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.kind !== 'data') throw error
    note(`The backup ${id} in the set is damaged: ${error.message}`)
    return undefined
  }
}

/** Which of the backups in a set, the newest one left out, are more than are to be kept beside it. `keep` undefined: none. */
export const statesBeyond = (others: readonly KeptState[], keep: number | undefined): readonly KeptState[] =>
  keep === undefined ? [] : others.slice(0, Math.max(0, others.length - (keep - 1)))

export const filesOfState = (set: FileStore, { id, index }: NodeManifest): Generator<IndexedFile> =>
  readFileIndex(set, indexFile(stateFolder(id)), index)

/** What the kept backups name. */
export interface NamedFiles {
  /** Data files by their segment, the newest backup's where they differ. */
  readonly bySegment: ReadonlyMap<string, IndexedFile>
  /** Everything that is named: paths in the set. */
  readonly paths: ReadonlySet<string>
  /** A backup is damaged: `paths` may lack what it names. */
  readonly isIncomplete: boolean
}

export function namedFiles(set: FileStore, states: readonly KeptState[], note: (text: string) => void): NamedFiles {
  const bySegment = new Map<string, IndexedFile>()
  const paths = new Set<string>()
  let isIncomplete = false
  for (const { manifest } of states) {
    if (manifest === undefined) {
      isIncomplete = true
      continue
    }
    try {
      const files = [...filesOfState(set, manifest)]
      for (const file of files) {
        bySegment.set(file.file, file)
        paths.add(file.path)
      }
      for (const piece of manifest.log ?? []) paths.add(piece.path)
    } catch (error) {
      if (!(error instanceof HoldfastError) || (error.kind !== 'data' && error.code !== 'sealBroken')) throw error
      note(`The backup ${manifest.id} in the set is damaged: ${error.message}`)
      isIncomplete = true
    }
  }
  return { bySegment, paths, isIncomplete }
}
