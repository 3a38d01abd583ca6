/**
 * Bringing the segments of a backup into the pool. What a kept backup has is kept; what an interrupted run has copied is read and, if it is sound, kept too; the
 * rest is copied, and compared on the way. When this returns every file is durable.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import type { BackupPace } from '../pace/backup-pace.ts'
import { type CodedTask, FileWork } from '../set/file-work.ts'
import { partialFolder } from '../set/layout.ts'
import { type ExpectedFile, explain, type FileCheck, type OnBytes } from '../set/pipeline.ts'
import type { FileStore } from '../store/file-store.ts'
import { foldersUpFrom, parentOf } from '../store/paths.ts'
import type { IndexedFile } from './file-index.ts'
import { poolPath } from './layout.ts'
import type { NamedFiles } from './states.ts'
import { type Coding, originalOf } from './stored-file.ts'

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
  const { set } = parts
  const { sound, refused } = checkFound(parts, plan.found)
  // The run that wrote them may have died before it synced them.
  for (const { path } of sound) syncFile(set, path)
  const copied = copyFiles(parts, [...refused, ...plan.missing])
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

const indexed = ({ file, bytes, checksum, path }: PlannedFile, coding: Coding, stored: ExpectedFile): IndexedFile => ({
  file,
  bytes,
  checksum,
  path,
  coding,
  stored,
})

function checkFound({ set, coding, onBytes, pace }: CopyParts, found: readonly PlannedFile[]): Checked {
  const refused: PlannedFile[] = []
  const sound: IndexedFile[] = []
  const work = new FileWork({ source: set, onBytes, pace })
  try {
    for (const f of found) {
      const isSound = (stored: ExpectedFile): void => void sound.push(indexed(f, coding, stored))
      const coded: CodedTask =
        coding === 'plain'
          ? { coding: { kind: 'plain' }, onStored: () => isSound(originalOf(f)) }
          : { coding: { kind: 'expand', stored: undefined }, onStored: isSound }
      work.check(f.path, originalOf(f), () => refused.push(f), coded)
    }
    work.flush()
  } finally {
    work.end()
  }
  return { sound, refused }
}

function syncFile(set: FileStore, path: string): void {
  const file = set.openLog(path)
  try {
    file.sync()
  } finally {
    file.close()
  }
}

/** In the order in which they are listed, whichever thread copies them. */
function copyFiles(
  { data, set, id, coding, onBytes, pace }: CopyParts,
  missing: readonly PlannedFile[],
): IndexedFile[] {
  const copied: IndexedFile[] = []
  const work = new FileWork({ source: data, target: set, onBytes, pace })
  try {
    for (const [k, f] of missing.entries()) {
      const target = f.isReplaced ? replacement(id, k) : f.path
      const onStored = (stored: ExpectedFile): void => void copied.push(indexed(f, coding, stored))
      const coded: CodedTask =
        coding === 'plain'
          ? { coding: { kind: 'plain' }, onStored: () => onStored(originalOf(f)) }
          : { coding: { kind: 'compress' }, onStored }
      const refuse = (check: FileCheck): never => {
        throw damagedSegment(f, check)
      }
      work.copy(f.file, target, originalOf(f), refuse, coded)
      if (f.isReplaced) work.afterwards(() => set.rename(target, f.path))
    }
    work.flush()
  } finally {
    work.end()
  }
  return copied
}

const replacement = (id: string, k: number): string => `${partialFolder(id)}/replaced-${k}`

function damagedSegment({ file }: PlannedFile, check: FileCheck): HoldfastError {
  return new HoldfastError('data', `The segment ${file} is damaged in the data directory: ${explain(check)}.`, {
    code: 'chunkChecksum',
    where: { file },
    hint: 'the directory of backups keeps what it had; restore the partition from one, then back up again',
  })
}
