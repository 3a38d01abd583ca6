/**
 * `states/<id>.partial/finished-<n>.log`: one record per chunk whose files are complete and synced, so that a run that was interrupted is continued, not
 * started over. Each attempt writes its own log.
 *
 * A record: 4 bytes length of the body, 8 bytes XXH64 of the body (both little endian), body: MessagePack [db, table, tableId, columns, chunk], sealed in an encrypted set. A torn or damaged record
 * ends the log: what follows is copied again. The log is synced now and then; a record that power loss took costs one copy.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import { checksumOf } from '../store/checksum.ts'
import type { FileStore, FileWriter, RecordSeal } from '../store/file-store.ts'
import { readMetadata } from './bounded.ts'
import { asArray, asText } from './checked.ts'
import { finishedLogFile, parseFinishedLog } from './layout.ts'
import { ColumnNames, decodeChunk, encodeChunk, pack, type SetChunk, unpack } from './meta.ts'

const HEADER_BYTES = 12
/** What is authenticated with a sealed record. */
const SEALED_AS = 'finished chunk'
const SYNC_EVERY_BYTES = 256 << 20

export interface FinishedChunk {
  readonly db: string
  readonly table: string
  /** A table that was dropped and made anew under the same name is another one. */
  readonly tableId: string
  readonly chunk: SetChunk
}

export class FinishedLog {
  readonly #writer: FileWriter
  readonly #seal: RecordSeal | undefined
  #unsyncedBytes = 0

  /** Begins the log of a new attempt in a partial state. */
  constructor(store: FileStore, folder: string) {
    const last = Math.max(0, ...store.list(folder).map((e) => parseFinishedLog(e.name) ?? 0))
    this.#seal = store.seal
    this.#writer = store.openWrite(finishedLogFile(folder, last + 1))
  }

  /** The chunk's files are complete and synced. */
  add(finished: FinishedChunk): void {
    const columns = new ColumnNames()
    const chunk = encodeChunk(finished.chunk, columns)
    const content = pack([finished.db, finished.table, finished.tableId, columns.names, chunk])
    const body = this.#seal === undefined ? content : Buffer.from(this.#seal.sealRecord(content, SEALED_AS))
    const record = Buffer.alloc(HEADER_BYTES + body.length)
    record.writeUInt32LE(body.length, 0)
    record.writeBigUInt64LE(BigInt(`0x${checksumOf(body)}`), 4)
    body.copy(record, HEADER_BYTES)
    this.#writer.write(record)
    this.#unsyncedBytes += finished.chunk.files.reduce((sum, f) => sum + f.bytes, 0)
    if (this.#unsyncedBytes >= SYNC_EVERY_BYTES) {
      this.#writer.sync()
      this.#unsyncedBytes = 0
    }
  }

  close(): void {
    this.#writer.close()
  }
}

/** Key of a chunk's content among the finished ones. */
export const finishedKey = (db: string, table: string, tableId: string, path: string): string =>
  `${db}\n${table}\n${tableId}\n${path}`

/** Chunks that earlier attempts finished in this folder, the latest record of each. */
export function readFinished(store: FileStore, folder: string, into: Map<string, SetChunk>): void {
  const logs = store
    .list(folder)
    .map((e) => ({ name: e.name, attempt: parseFinishedLog(e.name) }))
    .filter((e) => e.attempt !== undefined)
    .sort((a, b) => a.attempt! - b.attempt!)
  for (const { name } of logs)
    for (const { db, table, tableId, chunk } of recordsOf(store, `${folder}/${name}`))
      into.set(finishedKey(db, table, tableId, chunk.path), chunk)
}

function* recordsOf(store: FileStore, file: string): Generator<FinishedChunk> {
  const found = readMetadata(store, file)
  const bytes = Buffer.from(found.buffer, found.byteOffset, found.byteLength)
  const place = { file, field: 'record' }
  for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
    const length = bytes.readUInt32LE(at)
    const body = bytes.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length)
    const digest = bytes
      .readBigUInt64LE(at + 4)
      .toString(16)
      .padStart(16, '0')
    if (body.length < length || checksumOf(body) !== digest) return
    // A run with another key, or with a key where this one has none, is not gone on with.
    const opened = store.seal === undefined ? body : store.seal.openRecord(body, SEALED_AS)
    if (opened === undefined) return
    let content: unknown
    try {
      content = unpack(opened)
    } catch {
      // A sound checksum over what is no MessagePack: sealed, or nobody of us wrote it.
      return
    }
    let finished: FinishedChunk
    try {
      const [db, table, tableId, columns, chunk] = asArray(content, place)
      const names = asArray(columns, place).map((c) => asText(c, place))
      finished = {
        db: asText(db, place),
        table: asText(table, place),
        tableId: asText(tableId, place),
        chunk: decodeChunk(chunk, names, place),
      }
    } catch (error) {
      if (error instanceof HoldfastError && error.kind === 'data') return
      throw error
    }
    yield finished
    at += HEADER_BYTES + length
  }
}
