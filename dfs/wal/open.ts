/**
 * Opens the files of a log. survey.ts finds which belong to it, reads to the end, and decides whether it may end there. Only when the log is whole is
 * anything changed, in this order, so that a crash on the way is met by the same decisions at the next start:
 * 1. the unfinished tail is cut off and the file synced: no remains of it can ever follow new records;
 * 2. the file is marked as written under this boot;
 * 3. the rotation starts its own file if the last one is of the other strategy.
 */
import { inputError } from '../../runtime/errors.ts'
import type { FileStore, LogFile } from '../store/file-store.ts'
import type { CommitLogOptions, OpenedLog } from './commit-log.ts'
import { DualFile } from './dual-file.ts'
import { FileGroup } from './file-group.ts'
import { BOOT_OFFSET, encodeHeader, HEADER_BYTES, type LogIdentity } from './file-header.ts'
import { FileLog } from './file-log.ts'
import {
  CURRENT_FILE,
  LOG_FOLDER,
  type LogFileEntry,
  LogFileSet,
  logPath,
  NEW_SUFFIX,
  type Rotation,
} from './file-set.ts'
import { type ChainFile, type ScanEnd, surveyLog } from './survey.ts'

const GROUP_FILES_MIN = 2
const GROUP_FILE_BYTES_MIN = 4096

export function openFileLog(store: FileStore, options: CommitLogOptions): OpenedLog {
  const rotation = rotationOf(options)
  const { identity, chain, scan } = surveyLog(store, options)
  const last = chain[chain.length - 1]
  store.makeDirectory(LOG_FOLDER)
  // An earlier process may have died between making or renaming a file and making the name durable.
  store.syncDirectory(LOG_FOLDER)
  store.syncDirectory('')
  store.remove(logPath(CURRENT_FILE + NEW_SUFFIX))
  const handle = last === undefined ? undefined : repair(store, last, identity, scan)
  const set = new LogFileSet({
    store,
    identity,
    files: chain.map((file, k) => entryOf(file, chain[k + 1]?.header.firstLsn ?? scan.end)),
    handle,
    end: scan.end,
    covered: options.from,
    retain: options.retain ?? (() => false),
  })
  try {
    rotation.adopt(set)
    set.dropCovered(rotation)
  } catch (error) {
    set.close()
    throw error
  }
  return { log: new FileLog(set, rotation), scan }
}

function rotationOf({ rotation, groupFiles, groupFileBytes }: CommitLogOptions): Rotation {
  if (rotation === 'dual') return new DualFile()
  if (groupFiles < GROUP_FILES_MIN || groupFileBytes < GROUP_FILE_BYTES_MIN)
    throw inputError(
      `A log file group needs at least ${GROUP_FILES_MIN} files of ${GROUP_FILE_BYTES_MIN} bytes; configured are ${groupFiles} of ${groupFileBytes}.`,
      { code: 'walGroup', hint: 'change ts.wal.group_files or ts.wal.group_file_size' },
    )
  return new FileGroup(groupFiles, groupFileBytes)
}

/** At once. */
const REWRITE_BYTES = 1 << 20

/** Writes what is in a part of the file over itself. */
function rewrite(handle: LogFile, from: number, to: number): void {
  for (let at = from; at < to; ) {
    const piece = new Uint8Array(Math.min(REWRITE_BYTES, to - at))
    handle.read(piece, at)
    handle.writeAt(piece, at)
    at += piece.length
  }
}

/** Makes the last file ready for new records. */
function repair(store: FileStore, last: ChainFile, identity: LogIdentity, scan: ScanEnd): LogFile {
  const handle = store.openLog(logPath(last.name))
  try {
    if (scan.kind === 'torn' && handle.bytes > scan.offset) handle.truncate(scan.offset)
    // What an earlier process wrote may still be on its way to the disk. If a sync of that process has failed, the system takes it for written and would not
    // write it again: so it is written once more.
    rewrite(handle, HEADER_BYTES + Math.max(0, (scan.synced ?? 0) - last.header.firstLsn), scan.offset)
    handle.sync()
    if (last.header.boot === undefined || last.header.boot !== identity.boot) {
      const header = encodeHeader({ ...last.header, boot: identity.boot })
      handle.writeAt(header.subarray(BOOT_OFFSET), BOOT_OFFSET)
      handle.sync()
    }
    return handle
  } catch (error) {
    handle.close()
    throw error
  }
}

function entryOf(file: ChainFile, endLsn: number): LogFileEntry {
  const { sequence, firstLsn } = file.header
  return { name: file.name, sequence, firstLsn, endLsn, bytes: file.bytes }
}
