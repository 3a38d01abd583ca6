/**
 * How far the log is archived, kept in the catalog. The log asks before it deletes or reuses a file, the collection of garbage before it removes data segments.
 *
 * Where archiving begins, the file that is written to may name data segments that are gone already: they belong to commits before `sinceCid`, which no base backup
 * that fits to this archive needs. When archiving is off the record goes, so that a later beginning is one, and the gap in the numbers shows.
 */
import type { CatalogStore } from '../catalog/key-value.ts'
import { type ArchiveMark, keys } from '../catalog/records.ts'
import type { LogFileInfo } from '../wal/commit-log.ts'
import type { Piece } from './piece.ts'

export const archiveMarkOf = (catalog: { get(key: readonly string[]): unknown }): ArchiveMark | undefined =>
  catalog.get(keys.archive) as ArchiveMark | undefined

/** Whether the archive lacks a file that belongs into it, sealed or not. */
export const isArchiveNeeded = (
  { lastSequence, sinceLsn }: ArchiveMark,
  { sequence, firstLsn, endLsn }: Pick<LogFileInfo, 'sequence' | 'firstLsn' | 'endLsn'>,
): boolean => sequence > lastSequence && (endLsn > sinceLsn || firstLsn >= sinceLsn)

export class ArchiveLedger {
  readonly #catalog: CatalogStore
  readonly isEnabled: boolean
  #mark: ArchiveMark | undefined

  /** `timeline`: the store's; what was archived on another one says nothing about this one. */
  constructor(catalog: CatalogStore, timeline: number, isEnabled: boolean) {
    this.#catalog = catalog
    this.isEnabled = isEnabled
    const found = archiveMarkOf(catalog)
    this.#mark = isEnabled && found?.timeline === timeline ? found : undefined
    if (!isEnabled && found !== undefined) this.#write((writer) => writer.remove(keys.archive))
  }

  get mark(): ArchiveMark | undefined {
    return this.#mark
  }

  /** The log was opened: archiving goes on, or begins here. */
  begin(since: { readonly timeline: number; readonly lsn: number; readonly cid: number }): void {
    if (!this.isEnabled || this.#mark !== undefined) return
    this.#put({
      timeline: since.timeline,
      sinceLsn: since.lsn,
      sinceCid: since.cid,
      lastSequence: 0,
      lastName: '',
      lastTimeMs: 0,
      totalBytes: 0,
      bytesPerSecond: 0,
    })
  }

  /** Whether the archive still needs the file. Until archiving has begun it needs none. */
  isNeeded(file: LogFileInfo): boolean {
    return this.#mark !== undefined && isArchiveNeeded(this.#mark, file)
  }

  archived(piece: Piece, timeMs: number, bytes: number, elapsedMs: number): void {
    const { failure: _, ...mark } = this.#mark!
    this.#put({
      ...mark,
      lastSequence: piece.sequence,
      lastName: piece.name,
      lastTimeMs: timeMs,
      totalBytes: mark.totalBytes + bytes,
      bytesPerSecond: Math.round((bytes * 1000) / Math.max(1, elapsedMs)),
    })
  }

  failed(message: string, timeMs: number): void {
    const attempts = (this.#mark!.failure?.attempts ?? 0) + 1
    this.#put({ ...this.#mark!, failure: { message, timeMs, attempts } })
  }

  #put(mark: ArchiveMark): void {
    this.#write((writer) => writer.put(keys.archive, mark))
    this.#mark = mark
  }

  #write(body: Parameters<CatalogStore['transaction']>[0]): void {
    this.#catalog.transaction(body)
    this.#catalog.refresh()
  }
}
