/** The backup set of a run: what was backed up last must be what it restores, whatever happened since. */
import { MemoryFileStore } from '../../dfs/store/memory-store.ts'
import { difference, readStore } from './compare.ts'
import { Machine } from './machine.ts'
import { Model, type ModelState } from './model.ts'
import type { Random } from './random.ts'
import { SimulatedSession } from './session.ts'
import type { Stage } from './stage.ts'
import { PLAIN } from './statements.ts'
import { Violation } from './violation.ts'

export class SimulatedBackups {
  readonly store = new MemoryFileStore()
  readonly #random: Random
  readonly #stage: Stage
  /** What the last backup that ended well has. */
  #whole: ModelState | undefined
  /** Later ones have not ended well: the set may have one of them. */
  #attempted: ModelState[] = []

  constructor(random: Random, stage: Stage) {
    this.#random = random
    this.#stage = stage
  }

  /** Answers what to call when it has ended well. */
  begin(state: ModelState): () => void {
    this.#attempted.push(state)
    return () => {
      this.#whole = state
      this.#attempted = []
    }
  }

  /** Restores the set into an empty store, and compares. */
  check(): void {
    if (this.#whole === undefined) return
    const session = this.#emptyStore()
    const damage = session.show(`checkBackup("/backups", "${PLAIN}").size()`)
    if (damage !== '0') throw new Violation(`checkBackup finds ${damage} damaged partitions`)
    session.run(`restoreDB("/backups", "${PLAIN}")`)
    const found = readStore(session.dfs)
    const problems = [this.#whole, ...this.#attempted].map((state) => difference(found, plainOf(state)))
    if (problems.every((p) => p !== undefined))
      throw new Violation(`The backup does not restore what was backed up: ${problems[0]}`)
  }

  #emptyStore(): SimulatedSession {
    const machine = new Machine(this.#random, this.#stage)
    const process = machine.process()
    return new SimulatedSession({
      engine: machine.open(process, { settings: {}, isAutomatic: false, pause: () => Promise.resolve() }),
      catalog: process.catalog(),
      files: machine.disk,
      backups: this.store,
      model: new Model(),
      settings: {},
      process,
      owner: 'restorer',
      level: () => 2,
      before: () => undefined,
    })
  }
}

const plainOf = (state: ModelState): ModelState => ({
  ...state,
  tables: new Map([...state.tables].filter(([, table]) => table.url === PLAIN)),
})
