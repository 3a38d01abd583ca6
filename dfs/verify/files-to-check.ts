/** Which data files of a state a verification reads, and in which order. Plain data; nothing is read here but the indexes of the tables. */
import type { Ledger } from '../ledger/ledger.ts'
import type { SetChunk, SetFile, TableIndex } from '../set/meta.ts'
import { type BackupSet, chunksMatching, setFilePath } from '../set/open.ts'

/** Which part of a state is meant. */
export interface CheckScope {
  readonly url: string
  /** undefined: all tables of the database in the state. */
  readonly tables: readonly string[] | undefined
  /** Wildcards against `/dbName/partitions`; `%` for all. */
  readonly pattern: string
}

/** Not everything, but what was not proven for the longest time. */
export interface UnprovenOnly {
  /** What was found sound since then is left out. */
  readonly sinceMs: number
  /** No file is begun once so many bytes were read. */
  readonly bytesMax: number | undefined
  /** No file is begun after so long. */
  readonly msMax: number | undefined
}

export interface FileToCheck {
  readonly index: TableIndex
  readonly chunk: SetChunk
  readonly file: SetFile
  /** In the set. */
  readonly path: string
}

/** All files of a scope, table by table, chunk by chunk. */
export function filesInScope(set: BackupSet, { url, tables, pattern }: CheckScope): FileToCheck[] {
  const names = tables ?? set.requireDatabase(url).tables.map((t) => t.name)
  const found: FileToCheck[] = []
  for (const name of names) {
    const index = set.index(url, name)
    for (const chunk of chunksMatching(index, pattern))
      for (const file of chunk.files) found.push({ index, chunk, file, path: setFilePath(url, name, chunk, file) })
  }
  return found
}

/** Those that are due: known to be damaged, then never proven, then the longest ago; as many as the budget of bytes allows, and at least one. */
export function filesDue(
  files: readonly FileToCheck[],
  ledger: Ledger,
  { sinceMs, bytesMax }: UnprovenOnly,
): FileToCheck[] {
  const due = files
    .map((f) => ({ f, provenMs: provenMsOf(ledger, f) }))
    .filter((d) => d.provenMs < sinceMs)
    .sort((a, b) => a.provenMs - b.provenMs)
  let bytes = 0
  const within = due.findIndex(({ f }) => {
    if (bytesMax !== undefined && bytes >= bytesMax) return true
    bytes += f.file.bytes
    return false
  })
  return (within < 0 ? due : due.slice(0, within)).map((d) => d.f)
}

const DAMAGED_MS = -2
const NEVER_MS = -1

function provenMsOf(ledger: Ledger, { path, file }: FileToCheck): number {
  const proof = ledger.file(path, file)
  return proof === undefined ? NEVER_MS : proof.isSound ? proof.provenMs : DAMAGED_MS
}

/** How much of some files was found sound since a time. */
export interface Coverage {
  readonly files: number
  readonly bytes: number
  readonly filesProven: number
  readonly bytesProven: number
  /** Files that were found damaged when they were last read. */
  readonly filesDamaged: number
  /** When the file was last proven that was proven the longest ago; undefined if one never was, or is damaged. */
  readonly oldestMs: number | undefined
}

export function coverageOf(files: readonly FileToCheck[], ledger: Ledger, sinceMs: number): Coverage {
  const sum = { files: files.length, bytes: 0, filesProven: 0, bytesProven: 0, filesDamaged: 0 }
  let oldestMs = Number.POSITIVE_INFINITY
  for (const f of files) {
    const provenMs = provenMsOf(ledger, f)
    sum.bytes += f.file.bytes
    oldestMs = Math.min(oldestMs, provenMs)
    if (provenMs === DAMAGED_MS) sum.filesDamaged++
    else if (provenMs >= sinceMs) {
      sum.filesProven++
      sum.bytesProven += f.file.bytes
    }
  }
  return { ...sum, oldestMs: oldestMs >= 0 && oldestMs < Number.POSITIVE_INFINITY ? oldestMs : undefined }
}

/** Of the bytes, in percent, rounded down: 100 is said of all only. */
export const percentProven = ({ bytes, bytesProven }: Coverage): number =>
  bytes === 0 ? 100 : Math.floor((1000 * bytesProven) / bytes) / 10
