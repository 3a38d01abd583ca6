/**
 * One bit of a stored file is not what was written. A store is made from a seed, its process dies, the bit is flipped, the store is opened again and read. Allowed: the flip
 * makes no difference; the start refuses with file and offset; what is read fails with file and offset; the end of the log counts as an unfinished
 * write, which is announced with file and offset. Never may rows be read that nobody wrote.
 */
import { HoldfastError } from '../../runtime/index.ts'
import { difference, differenceOfTable, readStore } from './compare.ts'
import { Machine } from './machine.ts'
import { Model, type ModelState } from './model.ts'
import { Random } from './random.ts'
import { SimulatedSession } from './session.ts'
import { Stage, turns } from './stage.ts'
import { SETUP, SMALL_ROWS, type StatementKind, Statements } from './statements.ts'

export type DamageOutcome = 'harmless' | 'refused' | 'reported' | 'unfinished write'

const STATEMENTS: Readonly<Partial<Record<StatementKind, number>>> = {
  appendFew: 10,
  appendMany: 8,
  update: 3,
  delete: 2,
  addColumn: 1,
}

export interface Damage {
  readonly outcome: DamageOutcome
  readonly file: string
}

export async function damage(seed: number, kind: 'wal/' | 'chunks/'): Promise<Damage> {
  const random = new Random(Math.imul(seed, 0x85ebca6b) ^ 0x27d4eb2f)
  return Stage.set(random, (stage) => damageOn(random, stage, kind))
}

async function damageOn(random: Random, stage: Stage, kind: string): Promise<Damage> {
  const machine = new Machine(random, stage)
  const model = new Model()
  const settings = {
    'ts.wal.wal_level': random.pick([1, 2]),
    'ts.wal.rotation': random.pick(['dual', 'group']),
    'ts.append.small_rows': SMALL_ROWS,
  }
  const start = (owner: string): { session: SimulatedSession; die: () => void; checkpoint: () => Promise<unknown> } => {
    const process = machine.process()
    const engine = machine.open(process, { settings, isAutomatic: false, pause: () => Promise.resolve() })
    const session = new SimulatedSession({
      engine,
      catalog: process.catalog(),
      files: machine.disk,
      model,
      settings,
      process,
      owner,
      level: () => settings['ts.wal.wal_level'],
      before: () => undefined,
    })
    return { session, die: () => process.die(), checkpoint: () => engine.checkpoint() }
  }

  const { session, die, checkpoint } = start('writer')
  session.run(SETUP)
  const statements = new Statements(random, model, [1], 300)
  for (const table of ['partitioned', 'dimension', 'last'] as const) {
    const action = statements.createTable(table)
    session.perform(action.statement, () => action.run(session))
  }
  const checkpointAt = random.int(30)
  for (let k = 0; k < 20; k++) {
    if (k === checkpointAt) await checkpoint()
    const action = statements.next(random.weighted(STATEMENTS as Record<StatementKind, number>))
    if (action !== undefined) session.perform(action.statement, () => action.run(session))
  }
  await turns()
  die()
  stage.forgetTimers()

  const files = [...machine.disk.files()].filter(([name, bytes]) => name.startsWith(kind) && bytes > 0)
  const [file, bytes] = random.pick(files)
  const offset = random.int(bytes)
  machine.disk.flipBit(file, offset, random.int(8))
  const where = `a bit of byte ${offset} of ${bytes} of ${file} was flipped`
  machine.said.length = 0
  let again: ReturnType<typeof start>
  try {
    again = start('reader')
  } catch (error) {
    requireReport(error, file, where)
    return { outcome: 'refused', file }
  }
  const announced = machine.said.some((line) => line.includes(file) && /offset \d+/.test(line))
  return { outcome: look(again.session, model, file, where, announced), file }
}

function look(session: SimulatedSession, model: Model, file: string, where: string, announced: boolean): DamageOutcome {
  let found: ReturnType<typeof readStore>
  try {
    found = readStore(session.dfs)
    readWithConditions(session, model.live)
  } catch (error) {
    requireReport(error, file, where)
    requireOthers(session, model.live, file, where)
    return 'reported'
  }
  const problem = difference(found, model.live)
  if (problem === undefined) return 'harmless'
  // What was small and last is taken for a write that did not end; it must be all that is missing.
  for (const { state } of model.acceptable(true, () => true))
    if (announced && difference(found, state) === undefined) return 'unfinished write'
  throw new Error(`${where}, and nobody notices: ${problem}`)
}

/** Conditions use what is noted of ranges of values: rows must not get lost by it. */
function readWithConditions(session: SimulatedSession, state: ModelState): void {
  for (const { url, name, rows } of state.tables.values())
    for (const row of rows.slice(0, 5)) {
      session.run(`t = loadTable("${url}", "${name}"); found = exec count(*) from t where n = ${row.n}`)
      session.run(
        `if(found != exec sum(n = ${row.n}) from (select n from t)) throw "a condition on n = ${row.n} loses rows"`,
      )
    }
}

function requireReport(error: unknown, file: string, where: string): void {
  if (!(error instanceof HoldfastError) || error.kind !== 'data')
    throw new Error(`${where}, and what fails is no error of the data: ${(error as Error).message}`, { cause: error })
  if (!error.message.includes(file))
    throw new Error(`${where}, and the error does not name the file: ${error.message}`, { cause: error })
  if (!/offset \d+|LSN 0\/|bytes instead of/.test(error.message))
    throw new Error(`${where}, and the error does not say where: ${error.message}`, { cause: error })
}

/** The other tables are as they were. */
function requireOthers(session: SimulatedSession, state: ModelState, file: string, where: string): void {
  for (const table of state.tables.values()) {
    if (file.includes(`/${table.name}/`)) continue
    const found = readStore(session.dfs, table.name).get(`${table.url}/${table.name}`)!
    const problem = differenceOfTable(found, table)
    if (problem !== undefined) throw new Error(`${where}, and ${table.name} differs: ${problem}`)
  }
}

/** One flip a seed, in the log and in segments by turns. */
export async function damageMany(seeds: readonly number[]): Promise<Record<DamageOutcome, number>> {
  const counts: Record<DamageOutcome, number> = { harmless: 0, refused: 0, reported: 0, 'unfinished write': 0 }
  for (const seed of seeds)
    try {
      const { outcome } = await damage(seed, seed % 2 === 0 ? 'chunks/' : 'wal/')
      counts[outcome]++
    } catch (error) {
      throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error })
    }
  return counts
}
