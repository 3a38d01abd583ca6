/**
 * A session of the simulated store: a real interpreter and a real session of the store, with a line to the engine that tells the model what is sent and what is
 * answered. A statement can be left hanging: its commit is kept back, so that others can come between, and sent later, alone or together with others.
 */

import { backupHostService } from '../../dfs/builtins/backup-host.ts'
import type { CatalogStore } from '../../dfs/catalog/key-value.ts'
import { isCommitUnknown } from '../../dfs/engine/commit-unknown.ts'
import type { Engine } from '../../dfs/engine/engine.ts'
import { connectDfs, type DfsSession, dfsBuiltins, type EngineCommand, type EngineReply } from '../../dfs/index.ts'
import type { LockWorld } from '../../dfs/set/lock.ts'
import type { SettingValues } from '../../dfs/settings/start.ts'
import type { FileStore } from '../../dfs/store/file-store.ts'
import { createInterpreter, createRegistry, type Interpreter } from '../../runtime/index.ts'
import type { Effect, Model, Seen, Transaction } from './model.ts'

const registry = createRegistry(dfsBuiltins)

/** A statement that is being run: what it means to the model, should it commit. */
export interface Statement {
  readonly what: string
  readonly effect: Effect
  /** Numbers of the rows that it brings. */
  readonly brings: readonly number[]
  /** Rows that it would change, as numbers, taken when its locks are had. */
  readonly look?: () => Seen
}

/** A commit that was kept back. */
export interface Hanging {
  readonly command: EngineCommand
  readonly transaction: Transaction
  readonly session: SimulatedSession
}

export interface SessionParts {
  readonly engine: Engine
  readonly catalog: CatalogStore
  readonly files: FileStore
  readonly model: Model
  readonly settings: SettingValues
  readonly owner: string
  readonly process: { readonly isDead: boolean; readonly number: number }
  /** Where backups go. */
  readonly backups?: FileStore
  /** The level of the log now. */
  readonly level: () => number
  /** Called before each request: others may do something first. */
  readonly before: (command: EngineCommand) => void
}

const OWN: ReadonlySet<EngineCommand['kind']> = new Set(['pin', 'unpin', 'begin', 'rollback', 'fetchDelta'])

export class SimulatedSession {
  readonly owner: string
  readonly dfs: DfsSession
  readonly #interpreter: Interpreter
  readonly #parts: SessionParts
  #statement: Statement | undefined
  #seen: Seen | undefined
  #hanging: Hanging[] | undefined
  #commits = 0

  constructor(parts: SessionParts) {
    this.#parts = parts
    this.owner = parts.owner
    const { engine, catalog, files, owner, settings } = parts
    this.#interpreter = createInterpreter({ registry, print: () => {}, user: 'admin' })
    this.dfs = connectDfs({
      session: this.#interpreter,
      home: '/data',
      link: {
        open: () => engine.openSession(owner),
        request: (command, user) => this.#request(command, user),
      },
      config: { newValuePartitionPolicy: 'add', chunkLockWaitMs: 0, settings: { file: settings, environment: {} } },
      catalog,
      files,
    })
    const host = this.dfs.backupHost()
    const lockWorld = lockWorldOf(parts.process.number)
    this.#interpreter.provide(backupHostService, {
      ...host,
      openSet: () => parts.backups!,
      context: () => ({ ...host.context(), lockWorld }),
    })
  }

  run(script: string): void {
    this.#interpreter.run(script)
  }

  /** One command, without a script around it. */
  ask(command: EngineCommand): void {
    this.#request(command, 'admin')
  }

  /** What the last expression of a script shows. */
  show(script: string): string {
    return this.#interpreter.display(this.#interpreter.run(script))
  }

  /** Whether it is in the middle of a statement. */
  get isBusy(): boolean {
    return this.#statement !== undefined
  }

  /** Runs a statement to its end; answers how often it committed. */
  perform(statement: Statement, body: () => void): number {
    this.#begin(statement)
    try {
      body()
    } finally {
      this.#statement = undefined
    }
    return this.#commits
  }

  /** Runs a statement up to its commit, which is kept back. */
  hang(statement: Statement, body: () => void): Hanging[] {
    this.#begin(statement)
    const hanging: Hanging[] = []
    this.#hanging = hanging
    try {
      body()
    } finally {
      this.#statement = undefined
      this.#hanging = undefined
    }
    return hanging
  }

  /** Sends a commit that was kept back. Never throws: what became of it is in the answer. */
  async send({ command, transaction }: Hanging): Promise<unknown> {
    const { engine } = this.#parts
    try {
      await engine.submit(command, 'admin', this.owner)
    } catch (error) {
      this.#refuse(transaction, error)
      this.#giveUp(command, error)
      return error
    }
    this.#acknowledge(transaction, command)
    return undefined
  }

  #begin(statement: Statement): void {
    this.#statement = statement
    this.#seen = undefined
    this.#commits = 0
  }

  #request(command: EngineCommand, user: string): EngineReply {
    const { engine, model, before } = this.#parts
    before(command)
    const statement = this.#statement
    if (OWN.has(command.kind) || command.kind === 'putRun' || statement === undefined) {
      const reply = engine.request(command, user, this.owner)
      if (command.kind === 'begin') this.#seen = statement?.look?.()
      return reply
    }
    const seen = command.kind === 'rewrite' || command.kind === 'alterTable' ? this.#seen : undefined
    const transaction = model.send(statement.what, statement.effect, seen, statement.brings)
    if (this.#hanging !== undefined) {
      this.#hanging.push({ command, transaction, session: this })
      return { cid: 0 }
    }
    let reply: EngineReply
    try {
      reply = engine.request(command, user, this.owner)
    } catch (error) {
      this.#refuse(transaction, error)
      throw error
    }
    this.#commits++
    this.#acknowledge(transaction, command)
    return reply
  }

  #acknowledge(transaction: Transaction, command: EngineCommand): void {
    const level = this.#parts.level()
    const isSmall = command.kind === 'insertRows'
    const safety = !isSmall ? 'anything' : level === 0 ? 'nothing' : level === 1 ? 'anything' : 'the process'
    this.#parts.model.acknowledge(transaction, safety, level > 0 && (!isSmall || level === 1))
  }

  #refuse(transaction: Transaction, error: unknown): void {
    // Nobody was told anything.
    if (this.#parts.process.isDead) return
    this.#parts.model.refuse(transaction, !isCommitUnknown(error))
  }

  /** What a session does when its commit fails: locks are given back, files are removed. */
  #giveUp(command: EngineCommand, error: unknown): void {
    const { engine, files } = this.#parts
    try {
      if (!isCommitUnknown(error)) for (const file of newFilesOf(command)) files.remove(file)
      if (command.kind === 'rewrite' || command.kind === 'alterTable')
        if (command.tid !== undefined) engine.request({ kind: 'rollback', tid: command.tid }, 'admin', this.owner)
    } catch {
      // The disk fails, or the process has died: the next start tidies up.
    }
  }
}

/** Each simulated process has a number of its own, so that locks of dead ones are stale. */
const lockWorldOf = (pid: number): LockWorld => ({
  host: 'here',
  pid,
  processStartMs: pid * 100_000,
  now: () => 0,
  processExists: (other) => other === pid,
})

function newFilesOf(command: EngineCommand): string[] {
  switch (command.kind) {
    case 'append':
      return command.chunks.flatMap((c) => c.segments.map((s) => s.file))
    case 'rewrite':
      return [...command.chunks.flatMap((c) => c.add), ...command.append.flatMap((c) => c.segments)].map((s) => s.file)
    case 'alterTable':
      return (command.chunks ?? []).flatMap((c) => c.add).map((s) => s.file)
    default:
      return []
  }
}
