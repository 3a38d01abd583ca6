/**
 * A log that is only looked at: the contract of commit-log.ts over files that stay as they are. What is appended goes nowhere, so that a recovery can be
 * tried in memory.
 */
import type { FileStore } from '../store/file-store.ts'
import type { CommitLog, CommitLogOptions, LogFileInfo, LogRecord, NewRecord } from './commit-log.ts'
import { walDamaged } from './errors.ts'
import { HEADER_BYTES } from './file-header.ts'
import { logPath } from './file-set.ts'
import { LogFileReader } from './log-reader.ts'
import { formatLsn } from './lsn.ts'
import { type LogSurvey, type ScanEnd, surveyLog } from './survey.ts'

/** Throws what `openCommitLog` would throw. */
export function readCommitLog(
  store: FileStore,
  options: CommitLogOptions,
): { readonly log: CommitLog; readonly scan: ScanEnd } {
  const survey = surveyLog(store, options)
  return { log: new ReadOnlyLog(store, survey), scan: survey.scan }
}

class ReadOnlyLog implements CommitLog {
  readonly #store: FileStore
  readonly #survey: LogSurvey
  readonly end: number

  constructor(store: FileStore, survey: LogSurvey) {
    this.#store = store
    this.#survey = survey
    this.end = survey.scan.end
  }

  get durable(): number {
    return this.end
  }

  get oldest(): number {
    return this.#survey.chain[0]?.header.firstLsn ?? this.end
  }

  get bytes(): number {
    return this.#survey.chain.reduce((n, file) => n + file.bytes, 0)
  }

  append(_records: readonly NewRecord[]): number {
    return this.end
  }

  sync(): void {
    // Nothing is written.
  }

  beginCheckpoint(): number {
    return this.end
  }

  endCheckpoint(_redo: number): void {
    // Every file stays.
  }

  seal(): boolean {
    return false
  }

  scan(from: number, onRecord: (record: LogRecord) => void): ScanEnd {
    const start = Math.max(from, this.oldest)
    for (const { path, firstLsn, endLsn } of this.files()) {
      if (endLsn <= start) continue
      const reader = new LogFileReader(this.#store, path)
      try {
        const place = HEADER_BYTES - firstLsn
        const stop = reader.scan(Math.max(start, firstLsn) + place, endLsn + place, firstLsn, onRecord)
        if (stop.problem !== undefined)
          throw walDamaged(
            { file: path, offset: stop.offset, lsn: stop.offset - place },
            stop.problem,
            `The log goes on to LSN ${formatLsn(this.end)}.`,
          )
      } finally {
        reader.close()
      }
    }
    return this.#survey.scan
  }

  files(): readonly LogFileInfo[] {
    const { chain, identity } = this.#survey
    return chain.map(({ name, bytes, header }, k) => ({
      name,
      path: logPath(name),
      sequence: header.sequence,
      timeline: identity.timeline,
      firstLsn: header.firstLsn,
      endLsn: chain[k + 1]?.header.firstLsn ?? this.end,
      bytes,
      state: k === chain.length - 1 ? 'current' : name === 'checkpoint_file' ? 'checkpoint' : 'sealed',
    }))
  }

  close(): void {
    // Nothing is open.
  }
}
