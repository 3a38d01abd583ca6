/**
 * Bringing the segments of a backup into the pool. What a kept backup has is kept; what an interrupted run has copied is read and, if it is sound, kept too; the
 * rest is copied, and compared on the way. When this returns every file is durable.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import { checkInterrupt } from '../../runtime/interrupt.ts'
import type { BackupPace } from '../pace/backup-pace.ts'
import { FileWork } from '../set/file-work.ts'
import { partialFolder } from '../set/layout.ts'
import { type ExpectedFile, explain, type FileCheck, type OnBytes } from '../set/pipeline.ts'
import type { FileStore, FileWriter } from '../store/file-store.ts'
import { foldersUpFrom, parentOf } from '../store/paths.ts'
import type { IndexedFile } from './file-index.ts'
import { poolPath } from './layout.ts'
import type { NamedFiles } from './states.ts'
import { type Coding, decompress, encode, openSource, SourceUnreadable } from './stored-file.ts'

interface PlannedFile extends ExpectedFile {
  readonly file: string
  readonly path: string
  /** A kept backup names the path, and what lies there is not what it should be: it is exchanged by a rename, never written over. */
  readonly isReplaced: boolean
}

export interface CopyPlan {
  readonly kept: readonly IndexedFile[]
  /** An interrupted run left something of the right size. */
  readonly found: readonly PlannedFile[]
  readonly missing: readonly PlannedFile[]
  /** Of the files that are not kept. */
  readonly bytes: number
}

export function planCopy(
  set: FileStore,
  segments: ReadonlyMap<string, ExpectedFile>,
  named: NamedFiles,
  coding: Coding,
): CopyPlan {
  const kept: IndexedFile[] = []
  const found: PlannedFile[] = []
  const missing: PlannedFile[] = []
  let bytes = 0
  for (const [file, expected] of segments) {
    const before = named.bySegment.get(file)
    const isSame = before?.bytes === expected.bytes && before.checksum === expected.checksum
    if (before !== undefined && isSame && set.stat(before.path)?.bytes === before.stored.bytes) {
      kept.push(before)
      continue
    }
    bytes += expected.bytes
    const usual = poolPath(file, coding === 'zstd')
    const isTaken = named.paths.has(usual) && !(isSame && before?.path === usual)
    const path = isTaken ? poolPath(file, coding === 'zstd', expected.checksum) : usual
    const isReplaced = named.paths.has(path)
    const planned = { file, ...expected, path, isReplaced }
    const left = isReplaced ? undefined : set.stat(path)
    if (left?.kind === 'file' && (coding === 'zstd' || left.bytes === expected.bytes)) found.push(planned)
    else missing.push(planned)
  }
  return { kept, found, missing, bytes }
}

export interface CopyParts {
  readonly data: FileStore
  readonly set: FileStore
  readonly id: string
  readonly coding: Coding
  readonly onBytes: OnBytes
  readonly pace?: BackupPace
}

export interface CopyOutcome {
  readonly files: readonly IndexedFile[]
  readonly copied: number
  readonly resumed: number
}

export function runCopy(parts: CopyParts, plan: CopyPlan): CopyOutcome {
  const { set, coding } = parts
  const { sound, refused } = coding === 'plain' ? checkFound(parts, plan.found) : checkCompressed(parts, plan.found)
  // The run that wrote them may have died before it synced them.
  for (const { path } of sound) syncFile(set, path)
  const missing = [...refused, ...plan.missing]
  const copied = coding === 'plain' ? copyPlain(parts, missing) : copyCompressed(parts, missing)
  const fresh = [...sound, ...copied]
  const folders = new Set<string>()
  for (const { path } of fresh) for (const folder of foldersUpFrom(parentOf(path))) folders.add(folder)
  for (const folder of folders) set.syncDirectory(folder)
  return { files: [...plan.kept, ...fresh], copied: copied.length, resumed: sound.length }
}

interface Checked {
  readonly sound: readonly IndexedFile[]
  readonly refused: readonly PlannedFile[]
}

const asItIs = ({ file, bytes, checksum, path }: PlannedFile): IndexedFile => ({
  file,
  bytes,
  checksum,
  path,
  coding: 'plain',
  stored: { bytes, checksum },
})

function checkFound({ set, onBytes, pace }: CopyParts, found: readonly PlannedFile[]): Checked {
  const refused = new Set<PlannedFile>()
  const work = new FileWork({ source: set, onBytes, pace })
  try {
    for (const f of found) work.check(f.path, f, () => refused.add(f))
    work.flush()
  } finally {
    work.end()
  }
  return { sound: found.filter((f) => !refused.has(f)).map(asItIs), refused: [...refused] }
}

function checkCompressed({ set, onBytes: told, pace }: CopyParts, found: readonly PlannedFile[]): Checked {
  const onBytes = paced(told, pace)
  const sound: IndexedFile[] = []
  const refused: PlannedFile[] = []
  for (const f of found) {
    const { check, stored } = decompress(set, { ...f, stored: undefined }, onBytes)
    if (check.kind === 'ok') sound.push({ ...asItIs(f), coding: 'zstd', stored })
    else refused.push(f)
  }
  return { sound, refused }
}

/** What this thread does alone, slowed down. */
const paced =
  (onBytes: OnBytes, pace: BackupPace | undefined): OnBytes =>
  (bytes) => {
    onBytes(bytes)
    pace?.count(bytes)
    pace?.look()
    pace?.pass(bytes, () => {
      checkInterrupt()
      onBytes(0)
    })
  }

function syncFile(set: FileStore, path: string): void {
  const file = set.openLog(path)
  try {
    file.sync()
  } finally {
    file.close()
  }
}

function copyPlain({ data, set, id, onBytes, pace }: CopyParts, missing: readonly PlannedFile[]): IndexedFile[] {
  const work = new FileWork({ source: data, target: set, onBytes, pace })
  try {
    for (const [k, f] of missing.entries()) {
      const target = f.isReplaced ? replacement(id, k) : f.path
      work.copy(f.file, target, f, (check) => {
        throw damagedSegment(f, check)
      })
      if (f.isReplaced) work.afterwards(() => set.rename(target, f.path))
    }
    work.flush()
  } finally {
    work.end()
  }
  return missing.map(asItIs)
}

const replacement = (id: string, k: number): string => `${partialFolder(id)}/replaced-${k}`

/** So many are open unsynced. */
const UNSYNCED_MAX = 64

function copyCompressed(
  { data, set, id, onBytes: told, pace }: CopyParts,
  missing: readonly PlannedFile[],
): IndexedFile[] {
  const onBytes = paced(told, pace)
  const copied: IndexedFile[] = []
  let open: { readonly writer: FileWriter; readonly rename?: readonly [string, string] }[] = []
  const syncAll = (): void => {
    for (const { writer, rename } of open) {
      writer.sync()
      if (rename !== undefined) set.rename(...rename)
    }
    for (const { writer } of open) writer.close()
    open = []
  }
  try {
    for (const [k, f] of missing.entries()) {
      const target = f.isReplaced ? replacement(id, k) : f.path
      const writer = set.openWrite(target)
      open.push({ writer, ...(f.isReplaced ? { rename: [target, f.path] as const } : {}) })
      const stored = compressInto(data, f, writer, onBytes)
      copied.push({ ...asItIs(f), coding: 'zstd', stored })
      if (open.length >= UNSYNCED_MAX) syncAll()
    }
    syncAll()
  } finally {
    for (const { writer } of open) writer.close()
  }
  return copied
}

function compressInto(data: FileStore, f: PlannedFile, writer: FileWriter, onBytes: OnBytes): ExpectedFile {
  try {
    const reader = openSource(data, f.file)
    try {
      if (reader.bytes !== f.bytes)
        throw damagedSegment(f, { kind: 'sizeMismatch', expected: f.bytes, found: reader.bytes })
      const { original, stored } = encode(reader, f.bytes, 'zstd', (piece) => writer.write(piece), onBytes)
      if (original.checksum !== f.checksum)
        throw damagedSegment(f, { kind: 'checksumMismatch', expected: f.checksum, found: original.checksum })
      writer.startWriteback()
      return stored
    } finally {
      reader.close()
    }
  } catch (error) {
    if (error instanceof SourceUnreadable) throw damagedSegment(f, error.check)
    throw error
  }
}

function damagedSegment({ file }: PlannedFile, check: FileCheck): HoldfastError {
  return new HoldfastError('data', `The segment ${file} is damaged in the data directory: ${explain(check)}.`, {
    code: 'chunkChecksum',
    where: { file },
    hint: 'the directory of backups keeps what it had; restore the partition from one, then back up again',
  })
}
