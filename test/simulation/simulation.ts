/**
 * One run: a store that lives through several processes, each of which ends in some way (closed, killed between or in the middle of any call, with or without
 * the power), and what its sessions do meanwhile. Everything is drawn from the seed. After each start, and now and then, all that the store shows is
 * compared with the model.
 */

import { compactChunk } from '../../dfs/compaction/index.ts'
import { isCommitUnknown } from '../../dfs/engine/commit-unknown.ts'
import type { Engine } from '../../dfs/engine/engine.ts'
import { StoreDied } from '../../dfs/store/faulty-store.ts'
import { HoldfastError } from '../../runtime/index.ts'
import { SimulatedBackups } from './backup-set.ts'
import { type Character, drawCharacter } from './character.ts'
import { difference, differenceOfNamed, readNamed, readStore, untidiness } from './compare.ts'
import { SimulatedCopies } from './copies.ts'
import { ChunkIdentities } from './identities.ts'
import { Machine, type Process } from './machine.ts'
import { Model } from './model.ts'
import { Random } from './random.ts'
import { Readers } from './readers.ts'
import { type Hanging, SimulatedSession } from './session.ts'
import { Stage, turns } from './stage.ts'
import { BESIDE, PLAIN, SETUP, SMALL_ROWS, type StatementKind, Statements, USUAL } from './statements.ts'
import { textOf, Violation } from './violation.ts'

export interface SimulationOptions {
  readonly seed: number
  /** Steps a process takes at most; fewer make a failure easier to read. */
  readonly steps?: number
  /** Levels of the log to choose from: the first is that of the start, the others are set by statements. */
  readonly levels?: readonly (readonly number[])[]
  /** false: a disk that says that it has synced the log, and has not. */
  readonly syncsLog?: boolean
  /** What happens, a line at a time. */
  readonly trace?: (line: string) => void
}

export interface SimulationCounts {
  statements: number
  starts: number
  deaths: number
  powerLosses: number
  faults: number
  compared: number
  backups: number
  copies: number
}

export const noCounts = (): SimulationCounts => ({
  statements: 0,
  starts: 0,
  deaths: 0,
  powerLosses: 0,
  faults: 0,
  compared: 0,
  backups: 0,
  copies: 0,
})

const STEPS = 30

export async function simulate(options: SimulationOptions, counts: SimulationCounts = noCounts()): Promise<void> {
  const random = new Random(Math.imul(options.seed, 0x9e3779b1) ^ 0x5bd1e995)
  await Stage.set(random, (stage) => new Simulation(random, stage, options, counts).run())
}

class Simulation {
  readonly #random: Random
  readonly #stage: Stage
  readonly #counts: SimulationCounts
  readonly #trace: (line: string) => void
  readonly #steps: number
  readonly #machine: Machine
  readonly #model = new Model()
  readonly #statements: Statements
  readonly #character: Character
  readonly #identities = new ChunkIdentities()
  /** Of the database `dfs://plain`. */
  readonly #backups: SimulatedBackups
  readonly #copies: SimulatedCopies
  #rotation: 'dual' | 'group' = 'dual'
  #owners = 0
  #isPowerLost = false
  /** A removal may have failed, and nobody has swept since. */
  #mayBeLittered = false

  // Of the process that runs now.
  #process!: Process
  #engine!: Engine
  #sessions: SimulatedSession[] = []
  #readers = new Readers()
  #gates: (() => void)[] = []
  #housekeeping: Promise<void> | undefined
  #depth = 0
  #wasFaulty = false
  #isCrowded = false
  /** The statement between whose requests others come. */
  #outer: StatementKind | undefined

  constructor(random: Random, stage: Stage, options: SimulationOptions, counts: SimulationCounts) {
    this.#random = random
    this.#stage = stage
    this.#counts = counts
    this.#trace = options.trace ?? (() => {})
    this.#steps = options.steps ?? STEPS
    this.#backups = new SimulatedBackups(random, stage)
    this.#machine = new Machine(random, stage, { syncsLog: options.syncsLog })
    this.#copies = new SimulatedCopies(random, stage, this.#machine.disk)
    this.#character = drawCharacter(random, options.levels)
    this.#statements = new Statements(random, this.#model, this.#character.levels)
  }

  async run(): Promise<void> {
    const { lives } = this.#character
    this.#trace(JSON.stringify(this.#character))
    for (let life = 0; life < lives; life++) {
      if (!(await this.#start(life > 0))) {
        await this.#end('killed')
        continue
      }
      await this.#live(life)
    }
    await this.#start(false)
    this.#compare('at the end')
    this.#releaseCopy()
    await this.#close()
    await this.#start(false)
    this.#compare('after it was closed')
    this.#backups.check()
    if (!this.#mayBeLittered) this.#requireTidy()
    await this.#close()
  }

  // -------------------------------------------------------------------------------------------------------------------
  // Processes

  #settings(): Record<string, number | string> {
    return {
      'ts.wal.wal_level': this.#character.levels[0],
      'ts.wal.rotation': this.#rotation,
      'ts.wal.group_files': 3,
      'ts.wal.group_file_size': 16_384,
      'ts.append.small_rows': SMALL_ROWS,
      'ts.delta.chunk_rows': 25,
    }
  }

  /** Opens the store; false if the process died in it. A store must open, whatever happened before. */
  async #start(mayDie: boolean): Promise<boolean> {
    this.#counts.starts++
    this.#stage.forgetTimers()
    this.#stage.advance(1000)
    this.#rotation = this.#random.pick(['dual', 'group'])
    const wasUnclean = this.#machine.isUnclean
    const process = this.#machine.process()
    this.#process = process
    this.#sessions = []
    this.#readers = new Readers()
    this.#gates = []
    this.#housekeeping = undefined
    this.#wasFaulty = false
    this.#depth = 0
    if (mayDie && this.#random.chance(0.2)) {
      if (this.#random.chance(0.7)) process.dieIn(this.#random.between(1, 15))
      else Object.assign(process.catalogFaults, { dieIn: 1, diesAfterCommit: this.#random.chance(0.5) })
    }
    this.#trace(`-- start, ${this.#rotation}, ${this.#machine.bootId}`)
    try {
      this.#engine = this.#machine.open(process, {
        settings: this.#settings(),
        isAutomatic: this.#character.isAutomatic,
        pause: () => this.#pause(),
      })
    } catch (error) {
      if (process.isDead) return false
      throw new Violation(`The store does not open: ${textOf(error)}`, { cause: error })
    }
    process.files.faults = {}
    Object.assign(process.catalogFaults, { dieIn: undefined, diesAfterCommit: undefined })
    this.#sessions = Array.from({ length: 3 }, () => this.#openSession())
    if (this.#model.live.tables.size === 0 && this.#counts.starts > 0) this.#setUp()
    this.#recognise()
    this.#copies.found(this.#engine.status().copy !== undefined)
    this.#isPowerLost = false
    if (wasUnclean) this.#mayBeLittered = false
    return true
  }

  #setUp(): void {
    const [session] = this.#sessions
    if ([...session.dfs.view().databases()].length > 0) return
    session.run(SETUP)
    for (const kind of ['partitioned', 'dimension', 'last'] as const) {
      const { statement, run } = this.#statements.createTable(kind)
      session.perform(statement, () => run(session))
    }
  }

  #openSession(): SimulatedSession {
    return new SimulatedSession({
      engine: this.#engine,
      catalog: this.#process.catalog(),
      files: this.#process.files,
      backups: this.#backups.store,
      model: this.#model,
      settings: this.#settings(),
      process: this.#process,
      owner: `session ${++this.#owners}`,
      level: () => this.#model.live.level ?? this.#character.levels[0],
      before: (command) => {
        if (command.kind !== 'fetchDelta' && command.kind !== 'rollback') this.#others()
      },
    })
  }

  /** A look at the store that nothing disturbs. */
  #look<R>(body: (session: SimulatedSession) => R): R {
    const session = new SimulatedSession({
      engine: this.#engine,
      catalog: this.#process.catalog(),
      files: this.#machine.disk,
      model: this.#model,
      settings: this.#settings(),
      process: this.#process,
      owner: 'onlooker',
      level: () => 1,
      before: () => undefined,
    })
    try {
      return body(session)
    } finally {
      this.#engine.closeSession('onlooker')
    }
  }

  #named(): Map<string, string> {
    const catalog = this.#process.catalog()
    catalog.refresh()
    return readNamed(catalog)
  }

  /** Finds out which of the states that are acceptable after the crash this one is. */
  #recognise(): void {
    this.#look(({ dfs }) => {
      const found = readStore(dfs)
      const named = this.#named()
      this.#identities.note(found)
      const numbers = new Set<number>()
      for (const table of found.values()) {
        const n = table.columns.indexOf('n')
        for (const chunk of table.chunks) for (const row of chunk.rows) numbers.add(row[n] as number)
      }
      const problems: string[] = []
      const isThere = (rows: readonly number[]): boolean => rows.some((r) => numbers.has(r))
      for (const { state, lost } of this.#model.acceptable(this.#isPowerLost, isThere)) {
        const problem = difference(found, state) ?? differenceOfNamed(named, state)
        if (problem !== undefined) {
          problems.push(`without [${lost.join('; ')}]: ${problem}`)
          continue
        }
        if (lost.length > 0) this.#trace(`   lost: ${lost.join('; ')}`)
        this.#model.settle(state)
        return
      }
      throw new Violation(
        `After ${this.#isPowerLost ? 'a loss of power' : 'the death of the process'} the store shows none of the acceptable states.\n  ${[...problems, ...this.#model.describe()].join('\n  ')}`,
      )
    })
    this.#counts.compared++
  }

  async #end(how: 'killed' | 'closed'): Promise<void> {
    if (how === 'killed') {
      this.#process.die()
      this.#counts.deaths++
      if (this.#random.chance(0.5)) {
        this.#machine.losePower()
        this.#backups.store.losePower(this.#random.next)
        this.#copies.losePower()
        this.#isPowerLost = true
        this.#counts.powerLosses++
      }
      this.#trace(`-- dead${this.#isPowerLost ? ', power lost' : ''}`)
    }
    // What still waits in the dead process finds that it is dead.
    this.#openGates()
    await turns()
    this.#stage.forgetTimers()
  }

  async #close(): Promise<void> {
    this.#process.disarm()
    this.#readers.endAll()
    this.#openGates()
    for (const session of this.#sessions) this.#engine.closeSession(session.owner)
    const closing = this.#engine.close()
    for (let k = 0; k < 100 && this.#gates.length === 0; k++) await turns(1)
    this.#character.pauseRate > 0 ? await this.#openGatesUntil(closing) : await closing
    if (this.#process.isDead) return
    this.#trace(this.#machine.isUnclean ? '-- closed, without a last checkpoint' : '-- closed')
    if (!this.#machine.isUnclean) this.#model.beginCheckpoint()()
  }

  async #openGatesUntil(work: Promise<unknown>): Promise<void> {
    let isDone = false
    work.then(
      () => {
        isDone = true
      },
      () => {
        isDone = true
      },
    )
    while (!isDone) {
      this.#openGates()
      await turns(1)
    }
  }

  // -------------------------------------------------------------------------------------------------------------------
  // A life

  async #live(life: number): Promise<void> {
    const ending = this.#random.weighted({ inCall: 5, inCommit: 3, between: 3, close: 2 })
    const steps = this.#random.between(1, this.#steps)
    if (ending === 'inCall') this.#process.dieIn(this.#random.between(1, 40 + 12 * steps))
    if (ending === 'inCommit')
      Object.assign(this.#process.catalogFaults, {
        dieIn: this.#random.between(1, 1 + steps),
        diesAfterCommit: this.#random.chance(0.5),
      })
    for (let step = 0; step < steps && !this.#process.isDead; step++) {
      await this.#step()
      if (this.#process.isDead) break
      if (this.#random.chance(0.1)) this.#compare(`in life ${life}, step ${step}`)
    }
    if (!this.#process.isDead) this.#compare(`in life ${life}, at its end`)
    if (ending === 'close' && !this.#process.isDead) {
      await this.#settleHousekeeping()
      await this.#close()
    }
    await this.#end(ending === 'close' && !this.#process.isDead ? 'closed' : 'killed')
  }

  async #step(): Promise<void> {
    this.#arm()
    const what = this.#random.weighted({
      statement: 50,
      together: 10,
      checkpoint: 5,
      gate: 6,
      time: 4,
      compact: 5,
      reader: 4,
      session: 1,
      backup: this.#character.backsUp ? 4 : 0,
      copy: this.#character.copies ? (this.#copies.isOn ? 12 : 5) : 0,
    })
    switch (what) {
      case 'statement':
        this.#statement(this.#random.weighted(USUAL))
        break
      case 'together':
        await this.#together()
        break
      case 'checkpoint':
        this.#checkpoint()
        break
      case 'gate':
        this.#openGates()
        await turns()
        break
      case 'time':
        this.#tolerating('a timer', () => this.#stage.advance(this.#random.pick([100, 6000, 61_000])))
        await turns()
        break
      case 'compact':
        this.#compact()
        break
      case 'reader':
        this.#reader()
        break
      case 'session':
        this.#replaceSession()
        break
      case 'backup':
        this.#backup()
        break
      case 'copy':
        this.#copy()
        break
    }
    if (this.#process.hasFailed) this.#noteFault()
    if (this.#random.chance(0.5)) await turns(1)
  }

  /** One statement, start to end. */
  #statement(kind: StatementKind): void {
    const action = this.#statements.next(kind)
    if (action === undefined) return
    if (this.#depth === 0) this.#outer = kind
    const session = this.#random.pick(this.#sessions.filter((s) => !s.isBusy))
    this.#counts.statements++
    this.#trace(`${'   '.repeat(this.#depth)}${session.owner}: ${action.statement.what}`)
    this.#tolerating(action.statement.what, () => session.perform(action.statement, () => action.run(session)))
  }

  /** Between two requests of one session others may do anything. */
  #others(): void {
    if (this.#depth > 0 || !this.#random.chance(this.#character.nestRate)) return
    this.#depth++
    this.#isCrowded = true
    try {
      // A row that is moved before an upsert has its locks is in both partitions then, under one number.
      const { move: _, ...unmoved } = BESIDE
      const kinds = this.#outer === 'upsert' ? unmoved : BESIDE
      this.#statement(this.#random.weighted(kinds as Record<StatementKind, number>))
    } finally {
      this.#depth--
    }
  }

  /** Several statements whose commits arrive at the engine together, with time between their work and their commits. */
  async #together(): Promise<void> {
    const waiting: Hanging[] = []
    this.#isCrowded = true
    this.#depth++
    for (let k = this.#random.between(1, 5); k > 0; k--) {
      const action = this.#statements.next(this.#random.weighted(BESIDE as Record<StatementKind, number>))
      if (action === undefined) continue
      const session = this.#random.pick(this.#sessions)
      this.#counts.statements++
      this.#trace(`${session.owner}, held back: ${action.statement.what}`)
      this.#tolerating(action.statement.what, () =>
        waiting.push(...session.hang(action.statement, () => action.run(session))),
      )
      if (this.#process.isDead) break
    }
    this.#depth--
    if (this.#random.chance(0.4)) {
      this.#openGates()
      await turns()
    }
    this.#trace(`   ${waiting.length} commits are sent`)
    const answers = Promise.all(waiting.map((w) => w.session.send(w)))
    await Promise.race([answers, this.#untilDead()])
    if (!this.#process.isDead)
      for (const error of await answers) if (error !== undefined) this.#tolerate('a commit', error)
    this.#isCrowded = false
  }

  /** Answers may wait for a checkpoint that waits for a gate. */
  async #untilDead(): Promise<void> {
    for (let k = 0; k < 60; k++) {
      await turns(1)
      if (this.#process.isDead) return
      if (k > 5) this.#openGates()
    }
  }

  #checkpoint(): void {
    if (this.#housekeeping !== undefined) return
    this.#trace('checkpoint')
    const complete = this.#model.beginCheckpoint()
    this.#housekeeping = this.#engine.checkpoint().then(
      () => {
        this.#housekeeping = undefined
        if (this.#process.isDead) return
        this.#trace('checkpoint is complete')
        complete()
      },
      (error) => {
        this.#housekeeping = undefined
        if (!this.#process.isDead) this.#tolerate('a checkpoint', error)
      },
    )
  }

  async #settleHousekeeping(): Promise<void> {
    while (this.#housekeeping !== undefined && !this.#process.isDead) {
      this.#openGates()
      await turns(1)
    }
  }

  #compact(): void {
    const tables = [...this.#model.live.tables.values()]
    if (tables.length === 0) return
    const { url, name } = this.#random.pick(tables)
    this.#tolerating(`compacting ${name}`, () => {
      const session = this.#random.pick(this.#sessions)
      const view = session.dfs.view()
      const table = view.table(url, name)!
      const chunks = session.dfs.looking((held) => [...held.chunks(url, name)])
      if (chunks.length === 0) return
      const chunk = this.#random.pick(chunks)
      const files = this.#process.files
      const merged = compactChunk(files, view.database(url)!, table, chunk, { minSegments: 2 })
      if (merged === undefined) return
      this.#trace(`compact ${chunk.path} of ${name}`)
      try {
        this.#engine.request({ kind: 'compact', db: url, table: name, tableId: table.id, path: chunk.path, ...merged })
      } catch (error) {
        if (!isCommitUnknown(error)) for (const { file } of merged.add) files.remove(file)
        throw error
      }
    })
  }

  /** Somebody begins to read, or looks whether what was begun to be read is still the same, and ends. */
  #reader(): void {
    if (this.#readers.count > 0 && this.#random.chance(0.6)) {
      this.#process.disarm()
      this.#readers.endOne(this.#random)
      return
    }
    const tables = [...this.#model.live.tables.values()]
    if (tables.length === 0) return
    const table = this.#random.pick(tables)
    const session = this.#random.pick(this.#sessions)
    this.#trace(`${session.owner} reads ${table.name}`)
    this.#tolerating('opening a snapshot', () => this.#readers.begin(session, table))
  }

  #replaceSession(): void {
    const at = this.#random.int(this.#sessions.length)
    this.#process.disarm()
    this.#readers.endAll()
    this.#tolerating('closing a session', () => this.#engine.closeSession(this.#sessions[at].owner))
    if (!this.#process.isDead) this.#sessions[at] = this.#openSession()
  }

  // -------------------------------------------------------------------------------------------------------------------
  // Backups

  #backup(): void {
    const session = this.#random.pick(this.#sessions)
    this.#trace(`${session.owner} backs up ${PLAIN}`)
    const complete = this.#backups.begin(this.#model.live)
    let isDone = false
    this.#depth++
    this.#tolerating('a backup', () => {
      session.run(`backupDB("/backups", "${PLAIN}")`)
      isDone = true
    })
    this.#depth--
    if (!isDone || this.#process.isDead) return
    this.#counts.backups++
    complete()
    if (this.#random.chance(0.3)) this.#backups.check()
  }

  // -------------------------------------------------------------------------------------------------------------------
  // Copies by other tools

  #copy(): void {
    if (this.#copies.isOff) this.#createCopy()
    else if (this.#copies.isOn) {
      if (this.#random.chance(0.2)) this.#releaseCopy()
      else {
        const { checked } = this.#copies
        this.#trace(this.#copies.work())
        this.#counts.copies += this.#copies.checked - checked
      }
    }
  }

  #createCopy(): void {
    this.#trace('CHECKPOINT CREATE')
    this.#copies.asks()
    const process = this.#process
    this.#engine.beginCopy().then(
      () => {
        if (process.isDead) return
        this.#trace('CHECKPOINT CREATE is complete')
        this.#copies.begun(this.#model.possible())
      },
      (error) => {
        if (process.isDead) return
        this.#tolerate('CHECKPOINT CREATE', error)
        this.#copies.found(this.#engine.status().copy !== undefined)
      },
    )
  }

  #releaseCopy(): void {
    if (!this.#copies.isOn) return
    this.#trace('CHECKPOINT RELEASE')
    this.#copies.asks()
    this.#tolerating('CHECKPOINT RELEASE', () => this.#engine.request({ kind: 'endCopy' }, 'admin', 'onlooker'))
    if (!this.#process.isDead) this.#copies.found(this.#engine.status().copy !== undefined)
  }

  // -------------------------------------------------------------------------------------------------------------------
  // The maintenance thread

  #pause(): Promise<void> {
    if (!this.#random.chance(this.#character.pauseRate)) return Promise.resolve()
    return new Promise((resolve) => this.#gates.push(resolve))
  }

  #openGates(): void {
    for (const open of this.#gates.splice(0)) open()
  }

  // -------------------------------------------------------------------------------------------------------------------
  // Faults

  #arm(): void {
    if (!this.#random.chance(this.#character.faultRate)) return
    this.#trace(`fault: ${this.#process.arm(this.#random)}`)
    this.#noteFault()
  }

  #noteFault(): void {
    if (!this.#wasFaulty) this.#counts.faults++
    this.#wasFaulty = true
    this.#mayBeLittered = true
  }

  #tolerating(what: string, body: () => void): void {
    const wasCrowded = this.#isCrowded
    try {
      body()
    } catch (error) {
      this.#tolerate(what, error)
    } finally {
      if (this.#depth === 0) this.#isCrowded = wasCrowded && this.#depth > 0
    }
  }

  /** Whether a failure is one that may happen; anything else is a fault of the store. */
  #tolerate(what: string, error: unknown): void {
    if (this.#process.isDead || error instanceof Violation) {
      if (error instanceof Violation) throw error
      return
    }
    this.#trace(`   ${what}: ${textOf(error)}`)
    if (error instanceof HoldfastError) {
      const { kind, code } = error
      if (this.#wasFaulty && (kind === 'io' || code === 'chunkLocked')) return
      // A backup says which partition can't be read, and why.
      if (this.#wasFaulty && code === 'chunkChecksum' && error.message.includes('the device reported')) return
      if (code === 'walFull') return
      const isRace = this.#isCrowded || this.#housekeeping !== undefined
      if (isRace && (kind === 'conflict' || code === 'transactionEnded')) return
      if (this.#isCrowded && (code === 'tableMissing' || error.refId === 'S01056')) return
    }
    if (error instanceof StoreDied) return
    throw new Violation(`${what} failed: ${textOf(error)}`, { cause: error })
  }

  // -------------------------------------------------------------------------------------------------------------------
  // Comparing

  #compare(when: string): void {
    this.#look(({ dfs }) => {
      const found = readStore(dfs)
      this.#identities.note(found)
      const problem = difference(found, this.#model.live) ?? differenceOfNamed(this.#named(), this.#model.live)
      if (problem !== undefined) throw new Violation(`${when}: ${problem}`)
    })
    this.#counts.compared++
  }

  #requireTidy(): void {
    const problem = this.#look(({ dfs }) => untidiness(dfs, this.#machine.disk, this.#machine.disk.files().keys()))
    if (problem !== undefined) throw new Violation(`The store was closed in good order, but ${problem}`)
  }
}
