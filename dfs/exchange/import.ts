/**
 * Importing files into a table: read, checked value by value, appended batch by batch. Each batch is a transaction of its own (with `atomic` all of them are one), so an import
 * that ends early leaves whole batches, and one that is repeated appends the rows again, unless the table keeps one row of a key. What can't be imported goes to the reject file of its file.
 */
import { nullColumn } from '../../runtime/builtins/table-append.ts'
import { HoldfastError, inputError } from '../../runtime/errors.ts'
import { checkInterrupt } from '../../runtime/interrupt.ts'
import type { Session } from '../../runtime/session.ts'
import { type ColumnSchema, Table, type Vector } from '../../runtime/values/index.ts'
import type { TableRecord } from '../catalog/types.ts'
import { ProgressMeter, progressOf } from '../progress.ts'
import { hidesRows, rowOrder } from '../read/order.ts'
import { type DfsSession, dfsService } from '../session.ts'
import type { FileStore } from '../store/file-store.ts'
import type { ChunkTableSource } from '../table-source.ts'
import { appendBatches } from '../write/append-batches.ts'
import { convertRows, routeToPartitions } from '../write/incoming.ts'
import { longTexts } from '../write/text-limits.ts'
import type { FileBatch } from './batch.ts'
import type { Rejection } from './csv/format.ts'
import { CsvWriter } from './csv/write.ts'
import { dataFiles, REJECT } from './layout.ts'
import type { ImportOptions } from './options.ts'
import { type FilePlan, readFiles } from './read-files.ts'
import { RejectFile } from './reject-file.ts'

export interface ImportCounts {
  /** That the table shows. */
  readonly rows: number
  /** Appended, but hidden by other rows with their key, or hiding them. */
  readonly abandoned: number
  readonly rejected: number
}

/** Values of a batch. A batch in memory is a few times as many bytes. */
const BATCH_VALUES = 4_000_000
const BATCH_ROWS_MAX = 1_000_000

/** The files of a folder that belong to a table: those of its own folder, or those that lie there directly. */
export function filesOfTable(store: FileStore, table: string, options: ImportOptions): readonly string[] {
  if (store.stat('')?.kind === 'file')
    throw inputError(`${store.root} is a file: all files of a folder are imported, and the folder is named.`, {
      code: 'importFiles',
      where: { file: store.root },
    })
  if (store.stat(table)?.kind === 'directory') {
    const own = dataFiles(store, table, options.format)
    // The folder of a table without rows is empty.
    const other = own.length > 0 ? undefined : store.list(table).find(({ name }) => !name.endsWith(REJECT))
    if (other === undefined) return own
    throw inputError(
      `There are no .${options.format} files in the folder ${table} of ${store.root}, but ${table}/${other.name}.`,
      { code: 'importFiles', where: { file: store.root }, hint: 'name the format that the files have: CSV or PARQUET' },
    )
  }
  const files = dataFiles(store, '', options.format)
  if (files.length > 0) return files
  throw inputError(
    `There are no .${options.format} files for the table ${table} in ${store.root}, nor in a folder ${table} there.`,
    { code: 'importFiles', where: { file: store.root } },
  )
}

/** `names`: the columns that files have, in their order; undefined: all of the table. */
export function columnsOfFiles(record: TableRecord, names: readonly string[] | undefined): readonly ColumnSchema[] {
  if (names === undefined) return record.columns
  const columns = names.map((name) => {
    const column =
      record.columns.find((c) => c.name === name) ??
      record.columns.find((c) => c.name.toLowerCase() === name.toLowerCase())
    if (column !== undefined) return column
    throw inputError(`The table ${record.db}/${record.name} has no column [${name}].`, {
      code: 'columnMissing',
      where: { db: record.db, table: record.name },
      hint: `its columns are ${record.columns.map((c) => c.name).join(', ')}`,
    })
  })
  if (new Set(columns).size < columns.length)
    throw inputError('The list of columns names a column twice.', { code: 'columnMissing' })
  return columns
}

export function importFiles(
  session: Session,
  source: ChunkTableSource,
  store: FileStore,
  files: readonly string[],
  columns: readonly ColumnSchema[],
  options: ImportOptions,
): ImportCounts {
  return new FileImport(session, source, store, files, columns, options).run()
}

interface OpenFile {
  readonly rejects: RejectFile
  /** Of the file, that batches were made of. */
  readonly bytesDone: number
}

class FileImport {
  readonly #dfs: DfsSession
  readonly #session: Session
  readonly #source: ChunkTableSource
  readonly #store: FileStore
  readonly #files: readonly string[]
  readonly #options: ImportOptions
  /** Of the files. */
  readonly #columns: readonly ColumnSchema[]
  readonly #lines: CsvWriter
  #appended = 0
  #rejected = 0

  constructor(
    session: Session,
    source: ChunkTableSource,
    store: FileStore,
    files: readonly string[],
    columns: readonly ColumnSchema[],
    options: ImportOptions,
  ) {
    this.#session = session
    this.#dfs = session.service(dfsService)
    this.#source = source
    this.#store = store
    this.#files = files
    this.#options = options
    this.#columns = columns
    this.#lines = new CsvWriter(options.csv, this.#columns.length)
  }

  run(): ImportCounts {
    const counted = this.#hidesRows()
    const before = counted ? this.#visibleRows() : 0
    if (this.#options.isAtomic) this.#appendAtOnce()
    else this.#appendOneByOne()
    const shown = counted ? this.#visibleRows() - before : this.#appended
    // Others may have written meanwhile: the counts stay within what this import appended.
    const rows = Math.max(0, Math.min(shown, this.#appended))
    const abandoned = this.#appended - rows
    progressOf(this.#session).outcome?.(
      `${this.#source.name}: ${rows} rows imported from ${this.#files.length} files, ${abandoned} abandoned, ${this.#rejected} rejected`,
    )
    return { rows, abandoned, rejected: this.#rejected }
  }

  #hidesRows(): boolean {
    const order = rowOrder(this.#source.record)
    return order !== undefined && hidesRows(order)
  }

  #visibleRows(): number {
    const snapshot = this.#source.snapshot()
    try {
      return snapshot.rowCount()
    } finally {
      snapshot.release()
    }
  }

  #appendOneByOne(): void {
    try {
      for (const { batch, rejects } of this.#batches()) this.#append(batch, rejects)
    } catch (error) {
      throw this.#withProgress(error)
    }
  }

  #withProgress(error: unknown): unknown {
    if (!(error instanceof HoldfastError) || error.kind === 'bug' || this.#appended === 0) return error
    const { name } = this.#source
    const told = `${this.#appended} rows of the files had been imported and stay in ${name}`
    return new HoldfastError(error.kind, error.message, {
      code: error.code,
      where: error.where,
      hint: `${told}${error.hint === undefined ? '' : `; ${error.hint}`}`,
      cause: error,
    })
  }

  /** Batches are read again if the table changes meanwhile. */
  #appendAtOnce(): void {
    const { db, tableName } = this.#source
    const tables = function* (this: FileImport): Generator<Table> {
      this.#appended = 0
      this.#rejected = 0
      for (const { batch, rejects } of this.#batches()) {
        const table = this.#tableOf(batch)
        const outside = this.#rowsWithoutPartition(table)
        this.#reject(rejects, batch, outside)
        this.#appended += batch.rows - outside.length
        yield table
      }
    }
    appendBatches(this.#dfs, db, tableName, () => tables.call(this))
  }

  /** The rows of all files, with the file for those that are rejected. */
  *#batches(): Generator<{ readonly batch: FileBatch; readonly rejects: RejectFile }> {
    const rowsMax = Math.min(BATCH_ROWS_MAX, Math.ceil(BATCH_VALUES / this.#columns.length))
    const plan: FilePlan = {
      columns: this.#columns,
      options: this.#options,
      batchRows: this.#options.batchRows ?? rowsMax,
    }
    const bytesTotal = this.#files.reduce((sum, file) => sum + (this.#store.stat(file)?.bytes ?? 0), 0)
    const meter = new ProgressMeter(
      progressOf(this.#session),
      { verb: 'import', subject: this.#source.name, bytesTotal, chunksTotal: this.#files.length },
      () => this.#session.now(),
    )
    const open = new Map<string, OpenFile>()
    try {
      for (const event of readFiles(this.#store, this.#files, bytesTotal, this.#options.threads, plan)) {
        const { rejects, bytesDone } = open.get(event.file) ?? {
          rejects: new RejectFile(this.#store, event.file),
          bytesDone: 0,
        }
        if (event.kind === 'end') {
          rejects.close()
          open.delete(event.file)
          meter.addChunk()
          continue
        }
        const { batch } = event
        open.set(event.file, { rejects, bytesDone: batch.bytesDone })
        rejects.add(batch.rejected)
        this.#rejected += batch.rejected.length
        const whole = this.#withoutNullValues(this.#withoutLongTexts(batch, rejects), rejects)
        if (whole.rows > 0) yield { batch: whole, rejects }
        meter.addBytes(batch.bytesDone - bytesDone)
      }
    } finally {
      for (const { rejects } of open.values()) rejects.close()
      meter.done()
    }
  }

  /** A null belongs to no VALUE partition, and an append would refuse all rows for it. */
  #withoutNullValues(batch: FileBatch, rejects: RejectFile): FileBatch {
    const schemes = this.#dfs.view().database(this.#source.db)?.schemes ?? []
    const isNull = new Uint8Array(batch.rows)
    let nulls = 0
    this.#source.record.partitionColumns.forEach((name, level) => {
      const at = this.#columns.findIndex((c) => c.name === name)
      // Of a column that the files do not have, every row would be null: the append says so.
      if (at < 0 || schemes[level]?.kind !== 'VALUE') return
      const column = batch.columns[at]
      for (let k = 0; k < batch.rows; k++)
        if (isNull[k] === 0 && column.isNullAt(k)) {
          isNull[k] = 1
          nulls++
        }
    })
    if (nulls === 0) return batch
    this.#reject(
      rejects,
      batch,
      Array.from(isNull.keys()).filter((k) => isNull[k] === 1),
    )
    return batchWithout(batch, isNull)
  }

  /** An append would refuse all rows for one of them. */
  #withoutLongTexts(batch: FileBatch, rejects: RejectFile): FileBatch {
    const isLong = new Uint8Array(batch.rows)
    for (const { row, column, problem } of longTexts(this.#columns, batch.columns)) {
      if (isLong[row] === 0) this.#rejectRows(rejects, batch, [row], problem, column)
      isLong[row] = 1
    }
    return isLong.includes(1) ? batchWithout(batch, isLong) : batch
  }

  #append(batch: FileBatch, rejects: RejectFile): void {
    const table = this.#tableOf(batch)
    let kept: number
    try {
      kept = this.#source.append(table)
    } catch (error) {
      if (!this.#options.shrinks || !isRowsFault(error)) throw error
      this.#appendHalves(batch, rejects, error)
      return
    }
    this.#appended += kept
    if (kept < batch.rows) this.#reject(rejects, batch, this.#rowsWithoutPartition(table))
  }

  /** auto_shrink: smaller and smaller batches, until the rows that the table refuses stand alone. */
  #appendHalves(batch: FileBatch, rejects: RejectFile, error: HoldfastError): void {
    checkInterrupt()
    if (batch.rows === 1) {
      this.#rejectRows(rejects, batch, [0], error.message)
      return
    }
    const middle = batch.rows >> 1
    for (const [from, to] of [
      [0, middle],
      [middle, batch.rows],
    ])
      this.#append(
        {
          ...batch,
          columns: batch.columns.map((v) => v.slice(from, to)),
          rows: to - from,
          lines: batch.lines.slice(from, to),
          rejected: [],
        },
        rejects,
      )
  }

  #tableOf(batch: FileBatch): Table {
    const { columns } = this.#source.record
    const vectors = columns.map((column): Vector => {
      const k = this.#columns.indexOf(column)
      return k >= 0 ? batch.columns[k] : nullColumn(column.type, batch.rows, column.scale)
    })
    return new Table(
      columns.map((c) => c.name),
      vectors,
    )
  }

  /** Positions of rows that belong to no partition. */
  #rowsWithoutPartition(table: Table): number[] {
    const view = this.#dfs.view()
    const database = view.database(this.#source.db)
    const record = view.table(this.#source.db, this.#source.tableName)
    if (database === undefined || record === undefined || record.partitionColumns.length === 0) return []
    const { columns } = convertRows(record, table)
    const { parts, kept } = routeToPartitions(database, record, columns, this.#dfs.config)
    if (kept === table.rows) return []
    const has = new Uint8Array(table.rows)
    for (const { rows } of parts) {
      if (rows === undefined) return []
      for (let k = 0; k < rows.length; k++) has[rows[k]] = 1
    }
    const outside: number[] = []
    for (let k = 0; k < has.length; k++) if (has[k] === 0) outside.push(k)
    return outside
  }

  #reject(rejects: RejectFile, batch: FileBatch, rows: readonly number[]): void {
    this.#rejectRows(rejects, batch, rows, `it belongs to no partition of ${this.#source.db}`)
  }

  #rejectRows(rejects: RejectFile, batch: FileBatch, rows: readonly number[], reason: string, column = ''): void {
    const rejections = rows.map(
      (row): Rejection => ({
        line: batch.lines[row],
        column,
        reason,
        record: this.#lines.line(batch.columns, row),
      }),
    )
    rejects.add(rejections)
    this.#rejected += rejections.length
  }
}

/** The rows that are not marked. */
function batchWithout(batch: FileBatch, isMarked: Uint8Array): FileBatch {
  const kept = Int32Array.from(isMarked.keys()).filter((k) => isMarked[k] === 0)
  return {
    ...batch,
    columns: batch.columns.map((v) => v.gather(kept)),
    rows: kept.length,
    lines: kept.map((k) => batch.lines[k]),
    rejected: [],
  }
}

/** What the rows are to blame for, not the disk or the table. */
const isRowsFault = (error: unknown): error is HoldfastError =>
  error instanceof HoldfastError && (error.kind === 'input' || error.kind === 'data') && error.code !== 'noPrivilege'
