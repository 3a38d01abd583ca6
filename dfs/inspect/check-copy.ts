/** Checkpoints for copies by other tools, as a check finds them: in a copy that is to be started, and in a store in checkpoint mode. */
import { toHoldfastError } from '../../runtime/errors.ts'
import type { CopyMark } from '../catalog/records.ts'
import type { ChunkRecord } from '../catalog/types.ts'
import type { ChunkDelta } from '../engine/commands.ts'
import {
  type CatalogEntry,
  COPY_FOLDER,
  RESTORE_TRIGGER,
  readCatalogCopy,
  readCopyManifest,
} from '../external-copy/format.ts'
import { checksumOfFile } from '../store/checksum-file.ts'
import type { FileStore } from '../store/file-store.ts'
import { type Checking, type CheckTotals, errorFinding, findingOf, noteFinding } from './finding.ts'

/**
 * A start with `_restore` takes nothing but what the checkpoint names: a catalog and a log that were copied while they changed are of no account. Answers
 * whether there is a checkpoint that can be read, so that there is nothing else to check.
 */
export function* checkTrigger(files: FileStore, isDeep: boolean, totals: CheckTotals): Checking<boolean> {
  const trigger = files.stat(RESTORE_TRIGGER)
  if (trigger === undefined) return false
  const place = { file: RESTORE_TRIGGER }
  if (trigger.kind !== 'file') {
    yield errorFinding(
      'restoreTrigger',
      'This is no regular file, so every start is refused until it is removed.',
      place,
    )
    return false
  }
  let entries: readonly CatalogEntry[]
  try {
    const manifest = readCopyManifest(files)
    yield noteFinding(
      'restoreTrigger',
      `The next start begins as of the checkpoint of ${manifest.startedAt}: what that needs is checked, and nothing else.`,
      place,
    )
    entries = readCatalogCopy(files, manifest)
  } catch (error) {
    yield findingOf(toHoldfastError(error), 'copyUnusable', COPY_FOLDER)
    return false
  }
  for (const [key, value] of entries) {
    if (key[0] === 'db') totals.databases++
    else if (key[0] === 'table') totals.tables++
    else if (key[0] === 'chunk') yield* checkCopiedChunk(files, value as ChunkRecord, isDeep, totals)
    else if (key[0] === 'delta')
      for (const { rows } of (value as ChunkDelta).blocks) {
        totals.rows += rows
        totals.deltaRows += rows
      }
  }
  return true
}

function* checkCopiedChunk(files: FileStore, chunk: ChunkRecord, isDeep: boolean, totals: CheckTotals): Checking {
  totals.chunks++
  totals.rows += chunk.rows
  for (const { file, bytes, checksum } of chunk.segments) {
    totals.segments++
    totals.segmentBytes += bytes
    const found = files.stat(file)
    if (found?.bytes !== bytes)
      yield errorFinding(
        found === undefined ? 'segmentMissing' : 'segmentSize',
        found === undefined
          ? 'The checkpoint names the file, and it is missing.'
          : `The checkpoint names the file with ${bytes} bytes, and it has ${found.bytes}.`,
        { file },
      )
    else if (isDeep && checksumOfFile(files, file) !== checksum)
      yield errorFinding('segmentDamaged', 'The file is not what the checkpoint names: its checksum is another.', {
        file,
      })
    yield undefined
  }
}

export function* checkCopy(files: FileStore, mark: CopyMark | undefined): Checking {
  if (mark === undefined) {
    if (files.stat(COPY_FOLDER) !== undefined)
      yield noteFinding(
        'copyRemains',
        'A checkpoint for copies lies here although none is active; the next start removes it.',
        {
          file: COPY_FOLDER,
        },
      )
    return
  }
  yield noteFinding(
    'copyActive',
    `A checkpoint for copies is active since ${new Date(mark.startedMs).toISOString()}: files that it names are kept.`,
  )
  try {
    for (const [key, value] of readCatalogCopy(files, readCopyManifest(files))) {
      if (key[0] !== 'chunk') continue
      for (const { file, bytes } of (value as ChunkRecord).segments)
        if (files.stat(file)?.bytes !== bytes)
          yield errorFinding(
            'copyIncomplete',
            'The file is missing or has another size, and the checkpoint for copies names it.',
            { file },
          )
      yield undefined
    }
  } catch (error) {
    yield findingOf(toHoldfastError(error), 'copyDamaged', COPY_FOLDER)
  }
}
