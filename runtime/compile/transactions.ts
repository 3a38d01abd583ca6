/**
 * `transaction{ ... }` (language specification, 5.9): what SQL statements do to tables in memory happens as a whole or not at all.
 *
 * A table is copied when the first statement of the block is about to change it; whatever ends the block by an error puts the copies back. `commit` in the
 * block makes what has happened so far final, `rollback` takes it back; the statements after it begin anew. The table stays the same object throughout, so that
 * everybody who holds it sees the old rows again. A stored table can't take part: each statement on it is a transaction of the store, which nothing takes
 * back.
 */
import { inputError } from '../errors.ts'
import { Table, type Value, type Vector } from '../values/index.ts'

interface Before {
  readonly names: string[]
  readonly columns: Vector[]
  readonly keyIndex: Table['keyIndex']
}

export class Transaction {
  readonly #before = new Map<Table, Before>()

  /** To be called before a statement changes the value. */
  remember(value: Value): void {
    if (value.kind === 'source')
      throw inputError(`A transaction block can't change the stored table ${value.source.name}.`, {
        code: 'transaction',
        hint: 'each statement on a stored table is a transaction of its own: write it outside the block',
      })
    if (!(value instanceof Table) || this.#before.has(value)) return
    this.#before.set(value, {
      names: value.names.slice(),
      columns: value.columns.map((c) => c.copy()),
      keyIndex: value.keyIndex?.copy(),
    })
  }

  commit(): void {
    this.#before.clear()
  }

  rollback(): void {
    for (const [table, { names, columns, keyIndex }] of this.#before) {
      table.names = names
      table.columns = columns
      table.keyIndex = keyIndex
    }
    this.#before.clear()
  }
}

/** What holds the transaction that is open. */
export interface TransactionHolder {
  transaction: Transaction | undefined
}

export function beginTransaction(session: TransactionHolder): void {
  if (session.transaction !== undefined)
    throw inputError("A transaction block can't stand inside another one.", { code: 'transaction' })
  session.transaction = new Transaction()
}

/** The block has ended, by an error or otherwise. */
export function endTransaction(session: TransactionHolder, failed: boolean): void {
  const { transaction } = session
  session.transaction = undefined
  if (failed) transaction?.rollback()
}

export function commitOrRollback(session: TransactionHolder, what: 'commit' | 'rollback'): void {
  const { transaction } = session
  if (transaction === undefined)
    throw inputError(`The statement ${what} stands outside a transaction block.`, { code: 'transaction' })
  transaction[what]()
}
