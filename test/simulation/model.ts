/**
 * What the store should hold, as plain values. A transaction is a pure function from one state to the next; the model keeps those since the last moment of
 * which it is certain, and what each of them survives, so that after a crash it can say which states are acceptable.
 */

/** As columns hold them: -2147483648 and '' are nulls; that of LONG, which no number holds, is a text. */
export type Cell = number | string

export const NULL_INT = -2147483648
export const NULL_LONG = '-9223372036854775808'

export interface ModelColumn {
  readonly name: string
  readonly type: 'INT' | 'LONG' | 'STRING'
}

export interface ModelRow {
  /** The cell of column `n`, which no two rows ever share. */
  readonly n: number
  readonly id: number
  /** The transaction that gave it its place among the rows of its partition. */
  readonly place: number
  /** It came with others from other partitions, in an order that nobody promises. */
  readonly isMoved?: boolean
  readonly cells: readonly Cell[]
}

export interface ModelTable {
  readonly url: string
  readonly name: string
  readonly kind: TableKind
  readonly columns: readonly ModelColumn[]
  /** In the order in which they came. */
  readonly rows: readonly ModelRow[]
}

/** `last` and `first` show one row for each value of column `k` in a partition. */
export type TableKind = 'partitioned' | 'dimension' | 'last' | 'first'

export interface ModelState {
  readonly tables: ReadonlyMap<string, ModelTable>
  /** Function views, users and what they may, each as a text by kind and name. */
  readonly named: ReadonlyMap<string, string>
  /** The log level that a statement has set. */
  readonly level: number | undefined
}

export const EMPTY: ModelState = { tables: new Map(), named: new Map(), level: undefined }

/** Rows that a statement saw when it had its locks: their numbers and their places. */
export type Seen = ReadonlyMap<number, number>

/** `seen` is undefined for statements that look at what is there when they commit. */
export type Effect = (state: ModelState, place: number, seen: Seen | undefined) => ModelState

/** What an acknowledged transaction survives. */
type Safety = 'anything' | 'the process' | 'nothing'

interface Transaction {
  place: number
  readonly what: string
  readonly effect: Effect
  readonly seen: Seen | undefined
  /** Rows that it brings, to recognise it by. */
  readonly brings: readonly number[]
  /** sent: nobody knows yet. refused: the caller was told that it failed, but the log may have it if it broke in that very write. */
  state: 'sent' | 'acknowledged' | 'refused'
  safety: Safety
}

export const keyOf = (url: string, name: string): string => `${url}/${name}`

export class Model {
  #base: ModelState = EMPTY
  #history: Transaction[] = []
  #places = 0
  /** What everybody must see now. */
  live: ModelState = EMPTY

  send(what: string, effect: Effect, seen: Seen | undefined, brings: readonly number[]): Transaction {
    const transaction: Transaction = {
      place: ++this.#places,
      what,
      effect,
      seen,
      brings,
      state: 'sent',
      safety: 'nothing',
    }
    this.#history.push(transaction)
    return transaction
  }

  /** `syncs`: with it everything before is on the disk. */
  acknowledge(transaction: Transaction, safety: Safety, syncs: boolean): void {
    // Once somebody has committed after it, a failed one has failed for good.
    this.#history = this.#history.filter((t) => t.state !== 'refused')
    // Acknowledged in the order of commits, which is the one that counts.
    this.#history.splice(this.#history.indexOf(transaction), 1)
    const before = this.#history.findLastIndex((t) => t.state === 'acknowledged')
    this.#history.splice(before + 1, 0, transaction)
    transaction.state = 'acknowledged'
    transaction.place = ++this.#places
    transaction.safety = safety
    if (syncs) for (const t of this.#history) if (t.safety === 'the process') t.safety = 'anything'
    this.live = transaction.effect(this.live, transaction.place, transaction.seen)
  }

  /** What somebody may see at this moment: transactions that were sent and not answered count or not. */
  possible(): ModelState[] {
    const sent = this.#history.filter((t) => t.state === 'sent')
    return [...subsets(sent)].map((some) =>
      some.reduce((state, t) => t.effect(state, this.#places + 1, t.seen), this.live),
    )
  }

  refuse(transaction: Transaction, isForGood: boolean): void {
    transaction.state = 'refused'
    if (isForGood) this.#history = this.#history.filter((t) => t !== transaction)
  }

  /** Marks what a checkpoint that begins now will have made safe when it is complete. */
  beginCheckpoint(): () => void {
    const covered = this.#history.filter((t) => t.state === 'acknowledged')
    return () => {
      for (const t of covered) t.safety = 'anything'
    }
  }

  /** States that may be found after the process died, likeliest first. `isThere`: whether any row of these is. */
  *acceptable(isPowerLost: boolean, isThere: (rows: readonly number[]) => boolean): Iterable<Candidate> {
    const lostAtOnce = this.#history.filter(
      (t) => t.state === 'acknowledged' && t.safety === 'nothing' && !isThere(t.brings),
    )
    // Each may have been refused for a reason of its own, which nobody was told.
    const unknown = this.#history.filter((t) => t.state !== 'acknowledged')
    for (const lost of subsets(unknown)) yield this.#without([...lostAtOnce, ...lost])
    // Of what was written one after the other the end may be missing.
    const tail = isPowerLost ? this.#history.filter((t) => t.safety === 'the process') : []
    for (let kept = tail.length - 1; kept >= 0; kept--)
      yield this.#without([...lostAtOnce, ...unknown, ...tail.slice(kept)])
  }

  #without(transactions: readonly Transaction[]): Candidate {
    const lost = new Set(transactions)
    let state = this.#base
    for (const t of this.#history) if (!lost.has(t)) state = t.effect(state, t.place, t.seen)
    return { state, lost: transactions.map((t) => t.what) }
  }

  /** This is what was found. */
  settle(state: ModelState): void {
    this.#base = state
    this.#history = []
    this.live = state
  }

  /** For reports: what has happened since the last certain moment. */
  describe(): string[] {
    return this.#history.map((t) => `${t.place} ${t.state} safe from ${t.safety}: ${t.what}`)
  }
}

export type { Transaction }

export interface Candidate {
  readonly state: ModelState
  readonly lost: readonly string[]
}

/** The smallest first, as far as that is easily had. */
function* subsets<T>(list: readonly T[]): Iterable<T[]> {
  for (let mask = 0; mask < 1 << list.length; mask++) yield list.filter((_, k) => (mask & (1 << k)) !== 0)
}
