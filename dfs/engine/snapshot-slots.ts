/**
 * Who reads what: one word of shared memory a session, holding the commit id that it reads, 0 when it reads nothing. The engine removes a file only
 * when every word is 0 or at least the commit that dropped the file.
 *
 * A reader announces 1 (which holds everything back), looks which commit is the newest, then announces that one: so no file can go between its look and
 * its announcement.
 *
 * A second word per session says whether it is writing files that are not committed yet: a thread that is ended while it is 1 leaves strays behind.
 *
 * Two more words are the clock of the store: the newest commit that readers may see, and the newest one that changed the small appends in memory. One more changes
 * whenever a backup is paused or goes on. Behind them stands how long the latest commits took (dfs/pace/commit-latency.ts).
 */
import { CommitLatency, LATENCY_BYTES } from '../pace/commit-latency.ts'

export const SLOTS = 1024
const COMMIT_WORD = 2 * SLOTS
const DELTA_WORD = COMMIT_WORD + 1
const PAUSE_WORD = DELTA_WORD + 1
const LATENCY_AT = (PAUSE_WORD + 1) * 8

export const newSlotTable = (): SharedArrayBuffer => new SharedArrayBuffer(LATENCY_AT + LATENCY_BYTES)

/** How long commits take, as the engine notes it and every thread reads it. */
export const commitLatencyOf = (table: SharedArrayBuffer): CommitLatency => new CommitLatency(table, LATENCY_AT)

/** Changes with every pause and resume of a backup; 0: there was none. */
export const pauseEpochOf = (table: SharedArrayBuffer): number =>
  Number(Atomics.load(new BigInt64Array(table), PAUSE_WORD))

export function advancePauseEpoch(table: SharedArrayBuffer): void {
  Atomics.add(new BigInt64Array(table), PAUSE_WORD, 1n)
}

/** What has happened, for readers in every thread. The engine alone moves it. */
export class CommitClock {
  readonly #words: BigInt64Array

  constructor(table: SharedArrayBuffer) {
    this.#words = new BigInt64Array(table)
  }

  /** The newest commit. The catalog may be ahead of it for the moment between a commit and its announcement. */
  get cid(): number {
    return Number(Atomics.load(this.#words, COMMIT_WORD))
  }

  /** The newest commit that added small appends to memory or ended some. */
  get deltaEvent(): number {
    return Number(Atomics.load(this.#words, DELTA_WORD))
  }

  announce(cid: number, deltaEvent: number): void {
    Atomics.store(this.#words, DELTA_WORD, BigInt(deltaEvent))
    Atomics.store(this.#words, COMMIT_WORD, BigInt(cid))
  }
}

export class SnapshotSlots {
  readonly #words: BigInt64Array
  readonly #owners = new Map<string, number>()

  constructor(table: SharedArrayBuffer) {
    this.#words = new BigInt64Array(table)
  }

  /** The slot of a session, taken at its first call. */
  slotOf(owner: string): number {
    const known = this.#owners.get(owner)
    if (known !== undefined) return known
    const taken = new Set(this.#owners.values())
    for (let slot = 0; slot < SLOTS; slot++) {
      if (taken.has(slot)) continue
      Atomics.store(this.#words, slot, 0n)
      Atomics.store(this.#words, SLOTS + slot, 0n)
      this.#owners.set(owner, slot)
      return slot
    }
    throw new Error(`more than ${SLOTS} sessions`)
  }

  /** The session has ended, however it did. Answers whether it was in the middle of writing. */
  free(owner: string): boolean {
    const slot = this.#owners.get(owner)
    if (slot === undefined) return false
    const wasWriting = Atomics.load(this.#words, SLOTS + slot) !== 0n
    Atomics.store(this.#words, slot, 0n)
    this.#owners.delete(owner)
    return wasWriting
  }

  get isEmpty(): boolean {
    return this.#owners.size === 0
  }

  /** The oldest commit that any session reads; Infinity if none does. */
  oldest(): number {
    let oldest = Number.POSITIVE_INFINITY
    for (const slot of this.#owners.values()) {
      const cid = Number(Atomics.load(this.#words, slot))
      if (cid !== 0 && cid < oldest) oldest = cid
    }
    return oldest
  }
}

/** A session's own word. Snapshots nest; the word holds the oldest. */
export class SnapshotAnnouncer {
  readonly #words: BigInt64Array
  readonly #slot: number
  readonly #held: number[] = []

  constructor(table: SharedArrayBuffer, slot: number) {
    this.#words = new BigInt64Array(table)
    this.#slot = slot
  }

  /** Holds everything back while `look` finds the newest commit; then holds that commit until the returned function is called. */
  hold(look: () => number): { readonly cid: number; readonly release: () => void } {
    Atomics.store(this.#words, this.#slot, 1n)
    let cid: number
    try {
      cid = look()
      this.#held.push(cid)
    } finally {
      this.#announce()
    }
    let open = true
    return {
      cid,
      release: () => {
        if (!open) return
        open = false
        this.#held.splice(this.#held.indexOf(cid), 1)
        this.#announce()
      },
    }
  }

  /** The oldest snapshot that the session holds; Infinity without one. */
  get oldest(): number {
    return this.#held.length === 0 ? Number.POSITIVE_INFINITY : Math.min(...this.#held)
  }

  /** Runs a body that writes files and commits them, or removes them again. */
  writing<R>(body: () => R): R {
    const word = SLOTS + this.#slot
    Atomics.add(this.#words, word, 1n)
    try {
      return body()
    } finally {
      Atomics.sub(this.#words, word, 1n)
    }
  }

  #announce(): void {
    Atomics.store(this.#words, this.#slot, BigInt(this.#held.length === 0 ? 0 : Math.max(1, Math.min(...this.#held))))
  }
}
