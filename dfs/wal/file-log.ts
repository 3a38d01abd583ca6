/** The log in files below `wal/`. How files follow each other is the rotation's business. */
import { HoldfastError } from '../../runtime/errors.ts'
import type { CommitLog, LogFileInfo } from './commit-log.ts'
import { walDamaged, walMissing } from './errors.ts'
import { HEADER_BYTES } from './file-header.ts'
import { CHECKPOINT_FILE, type LogFileEntry, type LogFileSet, logPath, type Rotation } from './file-set.ts'
import { LogFileReader } from './log-reader.ts'
import { formatLsn } from './lsn.ts'
import { type LogRecord, type NewRecord, RecordEncoder, recordBytes } from './record.ts'
import type { ScanEnd } from './survey.ts'

/** Checkpoints make room and rollbacks make crashes good: a start after a crash may not fail because the ring is full. */
const mustBeWritten = ({ kind }: NewRecord): boolean => kind === 'CHECKPOINT' || kind === 'TSROLLBACK'

export class FileLog implements CommitLog {
  readonly #set: LogFileSet
  readonly #rotation: Rotation
  readonly #encoder = new RecordEncoder()

  constructor(set: LogFileSet, rotation: Rotation) {
    this.#set = set
    this.#rotation = rotation
  }

  get end(): number {
    return this.#set.end
  }

  get durable(): number {
    return this.#set.durable
  }

  get oldest(): number {
    return this.#set.files[0]!.firstLsn
  }

  get bytes(): number {
    return this.#set.bytes
  }

  append(records: readonly NewRecord[]): number {
    const set = this.#set
    set.requireUsable()
    const bytes = this.#encoder.measure(records)
    if (records.length > 0) this.#rotation.makeRoom(set, bytes, records.some(mustBeWritten))
    const first = set.end
    if (records.length > 0) set.write(this.#encoder.encode(records, first, set.durable))
    let lsn = first
    for (const record of records) {
      record.lsn = lsn
      lsn += recordBytes(record.payload.length)
    }
    return first
  }

  sync(): void {
    this.#set.requireUsable()
    this.#set.sync()
  }

  beginCheckpoint(): number {
    const set = this.#set
    this.sync()
    this.#rotation.atCheckpoint(set)
    return set.end
  }

  endCheckpoint(redo: number): void {
    const set = this.#set
    set.requireUsable()
    if (redo > set.durable)
      throw new HoldfastError(
        'bug',
        `a checkpoint to ${formatLsn(redo)} of a log that is synced to ${formatLsn(set.durable)}`,
      )
    set.covered = Math.max(set.covered, redo)
    set.dropCovered(this.#rotation)
  }

  seal(): boolean {
    const set = this.#set
    this.sync()
    return set.end > set.current!.firstLsn && this.#rotation.seal(set)
  }

  scan(from: number, onRecord: (record: LogRecord) => void): ScanEnd {
    const set = this.#set
    const { end } = set
    const start = from === 0 ? this.oldest : from
    if (start < this.oldest)
      throw walMissing(`LSN ${formatLsn(from)} is no longer in the log, which begins at ${formatLsn(this.oldest)}.`)
    let records = 0
    const count = (record: LogRecord): void => {
      records++
      onRecord(record)
    }
    // The list may change while the callback runs.
    for (const file of [...set.files]) {
      const fileEnd = file === set.current ? end : file.endLsn
      if (fileEnd > start && file.firstLsn < end) this.#scanFile(file, Math.max(start, file.firstLsn), fileEnd, count)
    }
    const last = set.current!
    return {
      kind: 'clean',
      end,
      file: logPath(last.name),
      offset: HEADER_BYTES + end - last.firstLsn,
      droppedBytes: 0,
      records,
    }
  }

  files(): readonly LogFileInfo[] {
    const set = this.#set
    return set.files.map((file) => set.info(file, this.#stateOf(file)))
  }

  close(): void {
    this.#set.close()
  }

  #scanFile(file: LogFileEntry, from: number, to: number, onRecord: (record: LogRecord) => void): void {
    const reader = new LogFileReader(this.#set.store, logPath(file.name))
    try {
      const place = HEADER_BYTES - file.firstLsn
      const stop = reader.scan(from + place, to + place, file.firstLsn, onRecord)
      if (stop.problem !== undefined)
        throw walDamaged(
          { file: logPath(file.name), offset: stop.offset, lsn: stop.offset - place },
          stop.problem,
          `The log goes on to LSN ${formatLsn(this.#set.end)}.`,
        )
    } finally {
      reader.close()
    }
  }

  #stateOf(file: LogFileEntry): LogFileInfo['state'] {
    const set = this.#set
    if (file === set.current) return 'current'
    if (set.isCovered(file)) return this.#rotation.recycles(file.name) ? 'free' : 'sealed'
    return file.name === CHECKPOINT_FILE ? 'checkpoint' : 'sealed'
  }
}
