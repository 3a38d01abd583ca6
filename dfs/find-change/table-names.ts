/**
 * Which tables had a name, at any time that the log knows: tables are renamed, dropped, and made anew under a name. A table is known by its key, which is the LSN of the
 * transaction that made it; one that is older than the log by the name that it had where the log begins. Behind a gap in the log nothing is known of the names before it.
 *
 * Shown every record of a first reading. What was taken back later (TSROLLBACK behind TSCOMMIT) is left out at the end.
 */
import type { StoredColumn } from '../catalog/types.ts'
import type { CatalogCommand } from '../engine/apply.ts'
import { isData } from '../engine/log-entry.ts'
import { dataOf } from '../pitr/log-record.ts'
import type { LogRecord } from '../wal/record.ts'

export type TableKey = string

type Step =
  | { readonly kind: 'made'; readonly name: string; readonly lsn: number }
  | { readonly kind: 'gone'; readonly name: string }
  | { readonly kind: 'allGone' }
  | { readonly kind: 'renamed'; readonly name: string; readonly to: string }
  | { readonly kind: 'gap' }

export interface KnownNames {
  readonly wanted: ReadonlySet<TableKey>
  readonly takenBack: ReadonlySet<number>
  /** The columns that a table had after the first change of them, by table id. */
  readonly firstColumns: ReadonlyMap<string, readonly StoredColumn[]>
}

export class NameTracker {
  readonly #url: string
  readonly #waiting = new Map<number, Step>()
  readonly #open = new Set<number>()
  readonly #takenBack = new Set<number>()
  readonly #steps: { readonly transaction: number; readonly step: Step }[] = []
  readonly #firstColumns = new Map<string, readonly StoredColumn[]>()

  constructor(url: string) {
    this.#url = url
  }

  see(record: LogRecord): void {
    const { transaction, kind } = record
    if (kind === 'TSBEGIN') this.#open.add(transaction)
    else if (kind === 'TSROLLBACK') {
      if (!this.#open.delete(transaction)) this.#takenBack.add(transaction)
      this.#waiting.delete(transaction)
    } else if (kind === 'TSCOMMIT') {
      this.#open.delete(transaction)
      const step = this.#waiting.get(transaction)
      if (step !== undefined) this.#steps.push({ transaction, step })
      this.#waiting.delete(transaction)
    } else if (isData(record) && (kind.startsWith('DDL_') || kind === 'UPDATE')) {
      const { command } = dataOf(record)
      if (command.kind === 'alterTable' && command.db === this.#url && !this.#firstColumns.has(command.tableId))
        this.#firstColumns.set(command.tableId, command.columns)
      const step = this.#stepOf(command, record.lsn)
      if (step !== undefined) this.#waiting.set(transaction, step)
    }
  }

  gap(): void {
    this.#waiting.clear()
    this.#open.clear()
    this.#steps.push({ transaction: 0, step: { kind: 'gap' } })
  }

  named(name: string): KnownNames {
    const names = new TableKeys()
    const wanted = new Set<TableKey>([names.key(name)])
    for (const { transaction, step } of this.#steps) {
      if (this.#takenBack.has(transaction)) continue
      if (step.kind === 'gap') {
        names.forget()
        wanted.add(names.key(name))
      } else if (step.kind === 'allGone') names.clear()
      else if (step.kind === 'gone') names.drop(step.name)
      else if (step.kind === 'made') {
        const key = names.make(step.name, step.lsn)
        if (step.name === name) wanted.add(key)
      } else {
        const key = names.rename(step.name, step.to)
        if (step.to === name) wanted.add(key)
      }
    }
    return { wanted, takenBack: this.#takenBack, firstColumns: this.#firstColumns }
  }

  #stepOf(command: CatalogCommand, lsn: number): Step | undefined {
    const url = this.#url
    switch (command.kind) {
      case 'createTable':
        return command.table.db === url ? { kind: 'made', name: command.table.name, lsn } : undefined
      case 'dropTable':
        return command.db === url ? { kind: 'gone', name: command.table } : undefined
      case 'dropDatabase':
        return command.url === url ? { kind: 'allGone' } : undefined
      case 'renameTable':
        return command.db === url ? { kind: 'renamed', name: command.table, to: command.to } : undefined
      case 'replaceChunks':
        return command.db === url && command.createTable !== undefined
          ? { kind: 'made', name: command.table, lsn }
          : undefined
      default:
        return undefined
    }
  }
}

/** The keys of the tables of a database by the names that they have at a moment. */
export class TableKeys {
  #keys = new Map<string, TableKey>()
  #gaps = 0

  key(name: string): TableKey {
    return this.#keys.get(name) ?? `older:${this.#gaps}:${name}`
  }

  make(name: string, lsn: number): TableKey {
    const key = `made:${lsn}`
    this.#keys.set(name, key)
    return key
  }

  rename(name: string, to: string): TableKey {
    const key = this.key(name)
    this.#keys.delete(name)
    this.#keys.set(to, key)
    return key
  }

  drop(name: string): void {
    this.#keys.delete(name)
  }

  clear(): void {
    this.#keys.clear()
  }

  /** Behind a gap every name may mean another table. */
  forget(): void {
    this.#keys.clear()
    this.#gaps++
  }
}
