/**
 * A transaction in the log: TSBEGIN, one record with what it did, TSCOMMIT. The record in the middle carries the command itself with everything that was
 * decided at commit time, so that redo repeats it exactly.
 *
 * A TSROLLBACK takes a transaction back even after its TSCOMMIT: the catalog could not be written, and nobody was told that it had happened.
 */
import { HoldfastError, unreachable } from '../../runtime/errors.ts'
import { packPayload, unpackPayload } from '../wal/payload.ts'
import type { LogRecord, NewRecord, RecordKind } from '../wal/record.ts'
import type { CatalogCommand, DeltaDrop } from './apply.ts'

export interface LogEntry {
  readonly command: CatalogCommand
  readonly cid: number
  readonly timeMs: number
  readonly user: string
  /** Identities that were made, in the order in which they were asked for. */
  readonly ids: readonly string[]
  /** Small appends that the transaction ended. */
  readonly drops: readonly DeltaDrop[]
}

/** What the CHECKPOINT record at the end of a checkpoint says. */
export interface CheckpointEntry {
  /** Everything below is in the catalog and in segments. */
  readonly redo: number
  readonly cid: number
  readonly lastTransaction: number
  /** Transactions that had begun and not ended. */
  readonly active: readonly number[]
}

/** Marks the CHECKPOINT record that ends a checkpoint, among those of flushes and compactions. */
export const FLAG_CHECKPOINT_DONE = 1

export const beginRecord = (transaction: number, timeMs: number, user: string): NewRecord => ({
  kind: 'TSBEGIN',
  transaction,
  timeMs,
  payload: packPayload({ user }),
})

export const rollbackRecord = (transaction: number, timeMs: number): NewRecord => ({
  kind: 'TSROLLBACK',
  transaction,
  timeMs,
  payload: packPayload({}),
})

export const checkpointRecord = (entry: CheckpointEntry, timeMs: number): NewRecord => ({
  kind: 'CHECKPOINT',
  flags: FLAG_CHECKPOINT_DONE,
  transaction: 0,
  timeMs,
  payload: packPayload(entry),
})

/** The records of a transaction; without TSBEGIN if that was written when it began. */
export function recordsOf(transaction: number, entry: LogEntry, hasBegun: boolean): NewRecord[] {
  const { timeMs, cid } = entry
  const records: NewRecord[] = [
    { kind: logKind(entry.command), transaction, timeMs, payload: packPayload(entry) },
    { kind: 'TSCOMMIT', transaction, timeMs, payload: packPayload({ cid }) },
  ]
  return hasBegun ? records : [beginRecord(transaction, timeMs, entry.user), ...records]
}

/** Whether the record says what a transaction did. */
export const isData = ({ kind, flags }: LogRecord): boolean =>
  kind !== 'TSBEGIN' &&
  kind !== 'TSCOMMIT' &&
  kind !== 'TSROLLBACK' &&
  !(kind === 'CHECKPOINT' && flags === FLAG_CHECKPOINT_DONE)

/** Throws a data error for a record whose checksum is right and that no store wrote: a log may come from an archive. */
export function entryOf(record: LogRecord): LogEntry {
  const entry = unpackPayload(record.payload) as LogEntry | null
  const isEntry =
    typeof entry?.command?.kind === 'string' &&
    isCounter(entry.cid) &&
    isCounter(entry.timeMs) &&
    typeof entry.user === 'string' &&
    isListOf(entry.ids, (id) => typeof id === 'string') &&
    isListOf(entry.drops, (drop) => typeof drop?.tableId === 'string')
  if (!isEntry) throw noEntry('a transaction')
  if (entry.command.kind === 'insertRows') requireRows(entry.command)
  return entry
}

/** Rows of small appends go straight into memory. */
function requireRows({ tableId, layout, chunks }: CatalogCommand & { kind: 'insertRows' }): void {
  const isWhole =
    typeof tableId === 'string' &&
    typeof layout === 'string' &&
    isListOf(
      chunks,
      (c) =>
        typeof c?.path === 'string' && isCounter(c.rows) && c.data instanceof Uint8Array && c.rows <= c.data.length,
    )
  if (!isWhole) throw noEntry('rows of small appends')
}

/** Who began a transaction, of its TSBEGIN. */
export function userOf(record: LogRecord): string {
  const entry = unpackPayload(record.payload) as { readonly user?: unknown } | null
  if (typeof entry?.user !== 'string') throw noEntry('the begin of a transaction')
  return entry.user
}

/** The id of the commit that a TSCOMMIT ends. */
export function commitIdOf(record: LogRecord): number {
  const entry = unpackPayload(record.payload) as { readonly cid?: unknown } | null
  if (!isCounter(entry?.cid)) throw noEntry('the end of a transaction')
  return entry.cid
}

export function checkpointOf(record: LogRecord): CheckpointEntry | undefined {
  if (record.kind !== 'CHECKPOINT' || record.flags !== FLAG_CHECKPOINT_DONE) return undefined
  const entry = unpackPayload(record.payload) as CheckpointEntry | null
  if (!isCounter(entry?.redo) || !isCounter(entry.cid) || !isCounter(entry.lastTransaction))
    throw noEntry('a checkpoint')
  return entry
}

const isCounter = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 && value <= COUNTER_MAX

/** Beyond it nothing that counts in a store can have got. */
const COUNTER_MAX = 2 ** 50

const isListOf = <V>(list: readonly V[] | undefined, is: (value: V) => boolean): boolean =>
  Array.isArray(list) && list.every(is)

const noEntry = (what: string): HoldfastError =>
  new HoldfastError('data', `the record does not hold ${what}`, { code: 'logEntry' })

export function logKind(command: CatalogCommand): RecordKind {
  switch (command.kind) {
    case 'append':
    case 'insertRows':
      return 'INSERT'
    case 'rewrite':
      return command.op
    case 'replaceChunks':
      return 'UPDATE'
    case 'dropChunks':
      return 'DELETE'
    case 'flush':
    case 'compact':
      return 'CHECKPOINT'
    case 'createDatabase':
    case 'createTable':
    case 'createUser':
    case 'createGroup':
      return 'DDL_CREATE'
    case 'dropDatabase':
    case 'dropTable':
    case 'removeUser':
    case 'removeGroup':
      return 'DDL_DROP'
    case 'alterTable':
    case 'renameTable':
    case 'extendSchemes':
    case 'setAtomic':
    case 'dropValues':
    case 'changeUser':
    case 'changeMembers':
    case 'changeAccess':
    case 'restoreAccess':
    case 'putSetting':
    case 'removeSetting':
    case 'putObject':
    case 'removeObject':
    case 'putRun':
      return 'DDL_ALTER_COLUMN'
    default:
      return unreachable(command)
  }
}

/** Rows, as opposed to what is always logged and synced whatever the level: schemas, users, rights, settings. */
export function changesRows(command: CatalogCommand): boolean {
  const kind = logKind(command)
  return kind === 'INSERT' || kind === 'UPDATE' || kind === 'DELETE' || kind === 'CHECKPOINT'
}
