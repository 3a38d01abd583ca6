/**
 * When rows of a table were changed or removed, by whom, and the place in the log just before: the log is read twice, from its oldest record on. The first reading finds
 * which tables had the name, and which transactions were taken back; the second follows what those tables consisted of (table-history.ts) and compares, at each
 * transaction that changed rows, the rows that match before and after.
 *
 * A place in the log: `lsn` is that of a transaction's TSCOMMIT, so that a recovery to it includes the transaction; `targetLsn` is that of the record before it, which is
 * after every other commit that came earlier.
 */
import { inputError } from '../../runtime/errors.ts'
import type { Session } from '../../runtime/session.ts'
import type { CodeValue } from '../../runtime/values/index.ts'
import type { TableRecord } from '../catalog/types.ts'
import type { CatalogCommand } from '../engine/apply.ts'
import type { RewrittenChunk } from '../engine/commands.ts'
import { checkpointOf, isData, type LogEntry } from '../engine/log-entry.ts'
import { commitIdOf, dataOf } from '../pitr/log-record.ts'
import { hidesRows, rowOrder } from '../read/order.ts'
import { FIRST_LSN, formatLsn } from '../wal/lsn.ts'
import type { LogRecord } from '../wal/record.ts'
import { type ColumnLoss, columnLoss } from './column-loss.ts'
import { type LogGap, type LogSources, type ReadRange, readHistory } from './log-history.ts'
import { type Comparison, RowMatcher } from './matching-rows.ts'
import { StoredFiles } from './stored-files.ts'
import { NO_ROWS, type PartitionHistory, type Rows, TableHistory } from './table-history.ts'
import { type KnownNames, NameTracker, TableKeys } from './table-names.ts'

export type Bound = { readonly kind: 'time'; readonly ms: number } | { readonly kind: 'lsn'; readonly lsn: number }

export interface ChangeRequest {
  readonly sources: LogSources
  readonly url: string
  readonly table: string
  /** undefined: every row matches. */
  readonly predicate: CodeValue | undefined
  readonly from: Bound | undefined
  readonly to: Bound | undefined
  readonly includesInserts: boolean
  /** Only the table of this id, because its rows are all that the user may know of; undefined: every table that had the name. */
  readonly onlyId: string | undefined
  /** The tables of the database that exist now. */
  readonly tables: readonly TableRecord[]
}

export type ChangeKind =
  | 'UPDATE'
  | 'DELETE'
  | 'REPLACE'
  | 'INSERT'
  | 'DROP PARTITION'
  | 'TRUNCATE'
  | 'DROP TABLE'
  | 'DROP DATABASE'
  | 'DROP COLUMN'
  | 'CHANGE COLUMN TYPE'
  | 'ALTER TABLE'
  | 'RESTORE'
  | 'GAP'

export interface FoundChange extends Pick<Comparison, 'before' | 'after' | 'gone'> {
  readonly kind: ChangeKind
  readonly lsn: number
  /** undefined: nothing can be recovered to, as for a gap. */
  readonly targetLsn: number | undefined
  readonly timeMs: number | undefined
  readonly user: string
  /** '' for what concerns no single partition. */
  readonly partition: string
  /** The counts are exact. Otherwise they are lower bounds, as far as there are any, and `note` says why. */
  readonly isCertain: boolean
  readonly note: string
}

export interface ChangeReport {
  readonly changes: readonly FoundChange[]
  /** undefined: there is no log. */
  readonly searched: ReadRange | undefined
}

export function findChanges(session: Session, request: ChangeRequest): ChangeReport {
  const names = new NameTracker(request.url)
  const searched = readHistory(request.sources, { record: (r) => names.see(r), gap: () => names.gap() })
  if (searched === undefined) return { changes: [], searched }
  const search = new Search(session, request, names.named(request.table), searched)
  readHistory(request.sources, search, searched.toLsn)
  if (!search.isKnown) throw unknownTable(request, searched)
  return { changes: search.result(), searched }
}

/** A misspelt name must not look like a table in which nothing was changed. */
function unknownTable({ url, table, tables }: ChangeRequest, { fromLsn, toLsn }: ReadRange): Error {
  const log = `the log that was searched (LSN ${formatLsn(fromLsn)} to ${formatLsn(toLsn)})`
  return inputError(`Neither the store nor ${log} knows a table [${table}] in the database [${url}].`, {
    code: 'tableMissing',
    where: { db: url, table },
    hint:
      tables.length === 0
        ? 'there is no such database now, or it has no tables; what was dropped before that log begins is in no log'
        : `its tables are ${tables
            .map((t) => t.name)
            .sort()
            .join(', ')}; what was dropped before that log begins is in no log`,
  })
}

/** A transaction whose TSCOMMIT is still to come. */
interface Waiting {
  readonly lsn: number
  readonly cid: number
  /** The last commit id that it used: chunks of a restore bring their own. */
  readonly lastCid: number
  /** undefined: it does not concern the database. */
  readonly entry: LogEntry | undefined
}

/** The transaction that is being looked at. */
interface Place {
  readonly lsn: number
  readonly targetLsn: number
  readonly timeMs: number
  readonly user: string
  readonly cid: number
}

class Search {
  readonly #request: ChangeRequest
  readonly #names: KnownNames
  readonly #matcher: RowMatcher
  readonly #searched: ReadRange
  readonly #keys = new TableKeys()
  readonly #tables = new Map<string, TableHistory>()
  readonly #waiting = new Map<number, Waiting>()
  readonly #changes: FoundChange[] = []
  readonly #doubted = new Set<PartitionHistory>()
  /** The last commit that was seen; undefined at the beginning and behind a gap. */
  #lastCid: number | undefined
  #firstCid = Number.POSITIVE_INFINITY
  /** Where the log begins that is read without a gap. */
  #beginLsn: number
  /** Every small append that waits in memory was seen. */
  #knowsWaiting: boolean
  /** The log has every table that the database has had. */
  #isDatabaseWhole: boolean
  #place!: Place
  /** There is such a table, or the log has a word of one that had the name. */
  isKnown: boolean

  constructor(session: Session, request: ChangeRequest, names: KnownNames, searched: ReadRange) {
    this.#request = request
    this.#names = names
    this.#searched = searched
    this.#beginLsn = searched.fromLsn
    this.#knowsWaiting = searched.fromLsn === FIRST_LSN
    this.#isDatabaseWhole = searched.fromLsn === FIRST_LSN
    this.#matcher = new RowMatcher(
      session,
      new StoredFiles(request.sources.data, request.sources.archive),
      request.predicate,
    )
    const { from } = request
    const begin = request.tables.find((t) => t.name === request.table)
    this.isKnown = begin !== undefined
    if (begin !== undefined) this.#matcher.try(begin)
    if (searched.fromLsn > FIRST_LSN && (from === undefined || from.kind === 'time' || from.lsn < searched.fromLsn))
      this.#reportGap(
        0,
        searched.fromLsn,
        `the log before LSN ${formatLsn(searched.fromLsn)} was not searched: neither the store nor the archive has it`,
      )
  }

  result(): readonly FoundChange[] {
    const { isUsable, refusal } = this.#matcher
    if (!isUsable && refusal !== undefined) throw refusal
    return this.#changes
  }

  gap({ fromLsn, toLsn, why }: LogGap): void {
    this.#waiting.clear()
    this.#tables.clear()
    this.#keys.forget()
    this.#lastCid = undefined
    this.#firstCid = Number.POSITIVE_INFINITY
    this.#beginLsn = toLsn
    this.#knowsWaiting = false
    this.#isDatabaseWhole = false
    this.#reportGap(fromLsn, toLsn, `LSN ${formatLsn(fromLsn)} to ${formatLsn(toLsn)} was not searched: ${why}`)
  }

  record(record: LogRecord): void {
    const { transaction, kind } = record
    if (kind === 'TSROLLBACK') this.#waiting.delete(transaction)
    else if (kind === 'TSCOMMIT') {
      const waiting = this.#waiting.get(transaction)
      this.#waiting.delete(transaction)
      if (this.#names.takenBack.has(transaction)) return
      this.#follow(waiting, record)
      if (waiting?.entry !== undefined) this.#apply(waiting, waiting.entry, record)
    } else if (isData(record)) this.#waiting.set(transaction, this.#waitingOf(record))
    else if (kind === 'CHECKPOINT' && (checkpointOf(record)?.redo ?? 0) >= this.#beginLsn) this.#knowsWaiting = true
  }

  #waitingOf(record: LogRecord): Waiting {
    const entry = dataOf(record)
    const { command, cid } = entry
    let lastCid = cid
    if (command.kind === 'replaceChunks') for (const chunk of command.put) lastCid = Math.max(lastCid, chunk.cid)
    return { lsn: record.lsn, cid, lastCid, entry: urlOf(command) === this.#request.url ? entry : undefined }
  }

  /** Commit ids have no holes: a transaction that is not in the log was not logged. */
  #follow(waiting: Waiting | undefined, commit: LogRecord): void {
    const cid = waiting?.cid ?? commitIdOf(commit)
    const last = this.#lastCid
    if (last !== undefined && cid > last + 1) {
      for (const table of this.#tables.values()) table.forget()
      const count = cid - last - 1
      this.#reportGap(
        commit.lsn,
        commit.lsn,
        `${count} transaction${count === 1 ? '' : 's'} before LSN ${formatLsn(commit.lsn)} changed rows without the log (ts.wal.wal_level was 0)`,
      )
    }
    this.#lastCid = waiting?.lastCid ?? cid
    this.#firstCid = Math.min(this.#firstCid, cid)
  }

  #apply(waiting: Waiting, { command, cid, timeMs, user }: LogEntry, commit: LogRecord): void {
    this.#place = { lsn: commit.lsn, targetLsn: waiting.lsn, timeMs, user, cid }
    switch (command.kind) {
      case 'createDatabase':
        this.#isDatabaseWhole = true
        return
      case 'createTable':
        this.#make(command.table)
        return
      case 'dropTable':
        this.#dropTable(command.table, 'DROP TABLE')
        return
      case 'dropDatabase':
        this.#dropDatabase()
        return
      case 'renameTable': {
        const table = this.#history(command.table)
        const key = this.#keys.rename(command.table, command.to)
        if (this.#names.wanted.has(key)) table?.rename(command.to)
        return
      }
      case 'dropChunks':
        this.#dropChunks(command)
        return
      case 'replaceChunks':
        this.#replaceChunks(command)
        return
      case 'append':
      case 'insertRows':
      case 'rewrite':
      case 'alterTable':
      case 'flush':
      case 'compact': {
        const table = this.#history(command.table, command.tableId)
        if (table !== undefined) this.#change(table, command)
        return
      }
      default:
        // Users, settings, schemes: no rows.
        return
    }
  }

  /** What is known of a table by its present name; undefined: it never had the name that is looked for. */
  #history(name: string, id?: string): TableHistory | undefined {
    const key = this.#keys.key(name)
    if (!this.#names.wanted.has(key)) return undefined
    this.isKnown = true
    let table = this.#tables.get(key)
    if (table === undefined) {
      table = new TableHistory(name, undefined)
      this.#tables.set(key, table)
    }
    if (table.id === undefined && id !== undefined) {
      table.id = id
      table.record = this.#recordOf(id)
      if (table.record !== undefined) this.#matcher.try(table.record)
    }
    return table
  }

  /** Of a table that was made before the log: its columns are those that it has now, or had after they were first changed. */
  #recordOf(id: string): TableRecord | undefined {
    const live = this.#request.tables.find((t) => t.id === id)
    const columns = this.#names.firstColumns.get(id)
    return live === undefined || columns === undefined ? live : asOf(live, columns)
  }

  #make(record: TableRecord): void {
    const key = this.#keys.make(record.name, this.#place.targetLsn)
    if (!this.#names.wanted.has(key)) return
    this.isKnown = true
    this.#tables.set(key, new TableHistory(record.name, record))
    this.#matcher.try(record)
  }

  #dropTable(name: string, kind: 'DROP TABLE' | 'DROP DATABASE'): void {
    const table = this.#history(name)
    this.#tables.delete(this.#keys.key(name))
    this.#keys.drop(name)
    if (table !== undefined) this.#lose(table, kind)
  }

  #dropDatabase(): void {
    // A database that is older than the log may have had the table without a word of it in the log.
    if (!this.#isDatabaseWhole) this.#history(this.#request.table)
    for (const table of [...this.#tables.values()]) this.#dropTable(table.name, 'DROP DATABASE')
    this.#keys.clear()
    this.#isDatabaseWhole = true
  }

  #dropChunks({ table: name, paths }: CatalogCommand & { kind: 'dropChunks' }): void {
    const table = this.#history(name)
    if (table === undefined) return
    if (paths === undefined) {
      this.#lose(table, 'TRUNCATE')
      table.removeAll()
      return
    }
    for (const path of paths) {
      this.#loseRows(table, 'DROP PARTITION', path)
      table.remove(path)
    }
  }

  /** Everything in these partitions goes; of a table that is not known whole, there may be others. */
  #lose(table: TableHistory, kind: ChangeKind, note = ''): void {
    for (const path of table.paths) this.#loseRows(table, kind, path, note)
    if (table.isWhole) return
    const problem = `the table is older than the log from LSN ${formatLsn(this.#beginLsn)} on: it may have had partitions of which nothing is known`
    this.#report(table, kind, '', { ...NOTHING_KNOWN, problems: [problem] }, note)
  }

  #loseRows(table: TableHistory, kind: ChangeKind, path: string, note = ''): void {
    const partition = table.partition(path)
    if (partition.isEmpty && partition.isWhole) return
    this.#compare(table, kind, path, partition.rows, NO_ROWS, this.#unseen(partition), note)
  }

  #unseen(partition: PartitionHistory): readonly string[] {
    return partition.isWhole
      ? []
      : [
          `the partition is older than the log from LSN ${formatLsn(this.#beginLsn)} on, and only what that names was looked at`,
        ]
  }

  #replaceChunks(command: CatalogCommand & { kind: 'replaceChunks' }): void {
    const { table: name, createTable, put, remove } = command
    if (createTable !== undefined) this.#make({ ...createTable, name })
    const table = this.#history(name)
    if (table === undefined) return
    for (const path of remove) {
      this.#loseRows(table, 'RESTORE', path)
      table.remove(path)
    }
    for (const chunk of put) {
      const partition = table.partition(chunk.path)
      if (!partition.isEmpty || !partition.isWhole) {
        const after: Rows = { segments: chunk.segments, blocks: [] }
        this.#compare(table, 'RESTORE', chunk.path, partition.rows, after, this.#unseen(partition))
      }
      table.put(chunk)
    }
  }

  #change(table: TableHistory, command: RowCommand): void {
    switch (command.kind) {
      case 'append':
        for (const { path, segments } of command.chunks) {
          const added: Rows = { segments: segments.map((s) => ({ ...s, cid: this.#place.cid })), blocks: [] }
          this.#insert(table, path, added, (partition) => partition.append(segments, this.#place.cid))
        }
        return
      case 'insertRows':
        for (const { path, rows, data } of command.chunks) {
          const { cid, timeMs } = this.#place
          const block = { cid, timeMs, rows, layout: command.layout, data }
          this.#insert(table, path, { segments: [], blocks: [block] }, (partition) => partition.insert(block))
        }
        return
      case 'rewrite':
        for (const chunk of command.chunks.toSorted((a, b) => (a.path < b.path ? -1 : 1)))
          this.#rewrite(table, command.op, chunk)
        for (const { path, segments } of command.append) {
          const added: Rows = { segments: segments.map((s) => ({ ...s, cid: this.#place.cid })), blocks: [] }
          this.#insert(table, path, added, (partition) => partition.append(segments, this.#place.cid))
        }
        return
      case 'alterTable':
        this.#alter(table, command)
        return
      case 'flush':
        for (const chunk of command.chunks) table.partition(chunk.path).flush(chunk)
        return
      case 'compact':
        table.partition(command.path).swap(command.drop, command.add)
    }
  }

  /** New rows: where the newest of a key counts, they may take the place of others. */
  #insert(table: TableHistory, path: string, added: Rows, apply: (partition: PartitionHistory) => void): void {
    const partition = table.partition(path)
    const isReplacing = isHiding(table) && !partition.isEmpty
    if (mayReplace(table, added))
      if (!partition.isWhole) this.#doubt(table, path, partition, NOTHING_BEFORE)
      else if (table.record === undefined && !partition.isEmpty) this.#doubt(table, path, partition, NO_KEYS)
    if (isReplacing && this.#isWanted(table)) {
      const before = partition.rows
      apply(partition)
      const compared = this.#matcher.compare(table.record, before, partition.rows, { isWhole: true, keysOf: added })
      const { gone, problems } = compared
      const unseen = this.#unseen(partition)
      if (gone !== 0)
        this.#report(table, 'REPLACE', path, {
          before: gone,
          after: undefined,
          gone,
          problems: [...problems, ...unseen],
        })
    } else apply(partition)
    if (!this.#request.includesInserts || !this.#isWanted(table)) return
    const inserted = this.#matcher.compare(table.record, NO_ROWS, added, { isWhole: false })
    if (inserted.after !== 0) this.#report(table, 'INSERT', path, inserted)
  }

  /** Said once a partition, at the first append that may have taken the place of rows, if nobody knows of which. */
  #doubt(table: TableHistory, path: string, partition: PartitionHistory, why: (beginLsn: number) => string): void {
    if (this.#doubted.has(partition) || !this.#isWanted(table)) return
    this.#doubted.add(partition)
    const problem = `this and later appends may, in a table with a key, have taken the place of rows${why(this.#beginLsn)}`
    this.#report(table, 'REPLACE', path, { ...NOTHING_KNOWN, problems: [problem] })
  }

  #rewrite(table: TableHistory, kind: 'UPDATE' | 'DELETE', chunk: RewrittenChunk): void {
    const partition = table.partition(chunk.path)
    const problems: string[] = []
    if (chunk.throughCid > 0 && !partition.isWhole && !this.#knowsWaiting && chunk.flushedCid + 1 < this.#firstCid)
      problems.push(
        `small appends from before LSN ${formatLsn(this.#beginLsn)} may be among the rows that were replaced`,
      )
    // Where rows hide others, a rewrite replaces all files of the partition.
    const isWhole = isHiding(table) && partition.isWhole
    const before = isWhole ? partition.rows : partition.replaced(chunk)
    partition.rewrite(chunk)
    const after = isWhole ? partition.rows : { segments: chunk.add, blocks: [] }
    // Small appends that nobody knows may have taken the place of rows before, which then were not there to be replaced.
    if (isHiding(table) && problems.length > 0) this.#report(table, kind, chunk.path, { ...NOTHING_KNOWN, problems })
    else this.#compare(table, kind, chunk.path, before, after, problems)
  }

  #alter(table: TableHistory, command: CatalogCommand & { kind: 'alterTable' }): void {
    const { columns, chunks, retired } = command
    const wasKnown = table.areColumnsKnown
    const loss: ColumnLoss | undefined =
      table.record === undefined ? undefined : columnLoss(table.record.columns, columns)
    if (!wasKnown && retired.length > 0)
      this.#report(table, 'ALTER TABLE', '', {
        ...NOTHING_KNOWN,
        problems: ['which columns the table had before is not in the log that was searched'],
      })
    else if (loss !== undefined) this.#lose(table, loss.kind, loss.note)
    for (const chunk of chunks ?? []) table.partition(chunk.path).rewrite(chunk)
    table.alter(command)
    if (table.record !== undefined) this.#matcher.try(table.record)
  }

  #compare(
    table: TableHistory,
    kind: ChangeKind,
    partition: string,
    before: Rows,
    after: Rows,
    problems: readonly string[],
    note = '',
  ): void {
    if (!this.#isWanted(table)) return
    const compared = this.#matcher.compare(table.record, before, after, { isWhole: isHiding(table) })
    const all = [...compared.problems, ...problems]
    if (compared.gone === 0 && all.length === 0) return
    this.#report(table, kind, partition, { ...compared, problems: all }, note)
  }

  #isWanted(table: TableHistory): boolean {
    const { onlyId } = this.#request
    return this.#isInRange(this.#place) && (onlyId === undefined || table.id === onlyId)
  }

  #isInRange({ lsn, timeMs }: { readonly lsn: number; readonly timeMs: number }): boolean {
    const { from, to } = this.#request
    const isBefore = from !== undefined && (from.kind === 'lsn' ? lsn < from.lsn : Math.floor(timeMs) < from.ms)
    const isBehind = to !== undefined && (to.kind === 'lsn' ? lsn > to.lsn : Math.floor(timeMs) > to.ms)
    return !isBefore && !isBehind
  }

  #report(table: TableHistory, kind: ChangeKind, partition: string, compared: Comparison, note = ''): void {
    if (!this.#isWanted(table)) return
    const { lsn, targetLsn, timeMs, user } = this.#place
    const { before, after, gone, problems } = compared
    const notes = note === '' ? [] : [note]
    if (table.name !== this.#request.table) notes.push(`the table was called ${table.name} then`)
    notes.push(...problems)
    const { archivedLsn } = this.#searched
    if (archivedLsn !== undefined && lsn >= archivedLsn)
      notes.push('not archived yet: a recovery to it has to wait for the archive')
    this.#changes.push({
      kind,
      lsn,
      targetLsn,
      timeMs,
      user,
      partition,
      before,
      after,
      gone,
      isCertain: problems.length === 0,
      note: notes.join('; '),
    })
  }

  #reportGap(fromLsn: number, toLsn: number, note: string): void {
    const { from, to } = this.#request
    if (from?.kind === 'lsn' && toLsn < from.lsn) return
    if (to?.kind === 'lsn' && fromLsn > to.lsn) return
    this.#changes.push({
      kind: 'GAP',
      lsn: toLsn,
      targetLsn: undefined,
      timeMs: undefined,
      user: '',
      partition: '',
      ...NOTHING_KNOWN,
      isCertain: false,
      note,
    })
  }
}

type RowCommand = Extract<
  CatalogCommand,
  { readonly kind: 'append' | 'insertRows' | 'rewrite' | 'alterTable' | 'flush' | 'compact' }
>

/** Segments of tables where rows hide others are marked; of small appends nobody knows. */
const mayReplace = (table: TableHistory, { segments }: Rows): boolean =>
  isHiding(table) ||
  (table.record === undefined && segments.every((s) => s.rows === undefined || s.uniqueKeys === true))

/** Rows that were written may be hidden by others with their keys. */
const isHiding = ({ record }: TableHistory): boolean => record !== undefined && hidesRows(rowOrder(record))

/** Of what an append may have taken the place of rows. */
const NOTHING_BEFORE = (lsn: number): string => ` from before LSN ${formatLsn(lsn)}, of which nothing is known`
const NO_KEYS = (): string => ': how the table was made is not in the log that was searched'

const NOTHING_KNOWN = { before: undefined, after: undefined, gone: undefined } as const

const asOf = (record: TableRecord, columns: TableRecord['columns']): TableRecord => ({ ...record, columns })

/** The database that a command is about. */
function urlOf(command: CatalogCommand): string | undefined {
  if (command.kind === 'createTable') return command.table.db
  if (command.kind === 'createDatabase') return command.database.url
  if (command.kind === 'dropDatabase') return command.url
  return 'db' in command && typeof command.db === 'string' ? command.db : undefined
}
