/**
 * Follows the names of a database's tables through the log, to find which table has a name at the target: tables are renamed, dropped, and made anew under a name.
 * Shown every record of the first reading; what was taken back later is left out at the end.
 */
import type { TableRecord } from '../catalog/types.ts'
import type { CatalogCommand } from '../engine/apply.ts'
import { isData } from '../engine/log-entry.ts'
import type { LogRecord } from '../wal/record.ts'
import { dataOf } from './log-record.ts'

/** What happened to a name. */
type Step =
  | { readonly kind: 'made'; readonly name: string; readonly id: string; readonly onlyIfMissing: boolean }
  | { readonly kind: 'dropped'; readonly name: string }
  | { readonly kind: 'renamed'; readonly name: string; readonly to: string }
  | { readonly kind: 'allDropped' }

export class TableTrace {
  readonly #url: string
  readonly #sinceCid: number
  readonly #tables: readonly TableRecord[]
  readonly #waiting = new Map<number, Step>()
  readonly #steps: { readonly transaction: number; readonly step: Step }[] = []

  /** `tables`: those of the database in the backup, which is of commit `sinceCid`. */
  constructor(url: string, tables: readonly TableRecord[], sinceCid: number) {
    this.#url = url
    this.#tables = tables
    this.#sinceCid = sinceCid
  }

  see(record: LogRecord): void {
    const { transaction, kind } = record
    if (kind === 'TSROLLBACK') this.#waiting.delete(transaction)
    else if (kind === 'TSCOMMIT') {
      const step = this.#waiting.get(transaction)
      if (step !== undefined) this.#steps.push({ transaction, step })
      this.#waiting.delete(transaction)
    } else if (isData(record) && (kind.startsWith('DDL_') || kind === 'UPDATE')) {
      const { command, cid } = dataOf(record)
      const step = cid > this.#sinceCid ? this.#stepOf(command) : undefined
      if (step !== undefined) this.#waiting.set(transaction, step)
    }
  }

  /** Ids of the tables by their names at the target. */
  names(takenBack: ReadonlySet<number>): ReadonlyMap<string, string> {
    const ids = new Map(this.#tables.map(({ name, id }) => [name, id]))
    for (const { transaction, step } of this.#steps) {
      if (takenBack.has(transaction)) continue
      if (step.kind === 'allDropped') ids.clear()
      else if (step.kind === 'dropped') ids.delete(step.name)
      else if (step.kind === 'made') {
        if (!step.onlyIfMissing || !ids.has(step.name)) ids.set(step.name, step.id)
      } else {
        const id = ids.get(step.name)
        ids.delete(step.name)
        if (id !== undefined) ids.set(step.to, id)
      }
    }
    return ids
  }

  #stepOf(command: CatalogCommand): Step | undefined {
    const url = this.#url
    switch (command.kind) {
      case 'createTable': {
        const { db, name, id } = command.table
        return db === url ? { kind: 'made', name, id, onlyIfMissing: false } : undefined
      }
      case 'dropTable':
        return command.db === url ? { kind: 'dropped', name: command.table } : undefined
      case 'dropDatabase':
        return command.url === url ? { kind: 'allDropped' } : undefined
      case 'renameTable':
        return command.db === url ? { kind: 'renamed', name: command.table, to: command.to } : undefined
      case 'replaceChunks': {
        const { createTable } = command
        if (command.db !== url || createTable === undefined) return undefined
        return { kind: 'made', name: command.table, id: createTable.id, onlyIfMissing: true }
      }
      default:
        return undefined
    }
  }
}
