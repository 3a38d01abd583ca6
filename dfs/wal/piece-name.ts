/** A sealed piece of log, in the archive and in backups, is named by 24 hex digits: timeline (8) and number of the file (16), such as `000000010000000000000042`. */
import type { FileStore } from '../store/file-store.ts'

const NAME = /^([0-9A-F]{8})([0-9A-F]{16})$/

export const pieceName = (timeline: number, sequence: number): string =>
  `${timeline.toString(16).padStart(8, '0')}${sequence.toString(16).padStart(16, '0')}`.toUpperCase()

/** undefined for a name of something else. */
export function parsePieceName(name: string): { readonly timeline: number; readonly sequence: number } | undefined {
  const match = NAME.exec(name)
  if (match === null) return undefined
  const sequence = Number.parseInt(match[2]!, 16)
  return Number.isSafeInteger(sequence) ? { timeline: Number.parseInt(match[1]!, 16), sequence } : undefined
}

/** Names of the pieces of a timeline in an archive that is a directory, in any order. */
export const piecesIn = (archive: FileStore, timeline: number): readonly string[] =>
  archive
    .list('')
    .filter(({ kind, name }) => kind === 'file' && parsePieceName(name)?.timeline === timeline)
    .map(({ name }) => name)
