/** Those who began to read and have not ended: what they see must stay as it was. */
import type { TableSnapshot } from '../../runtime/index.ts'
import { differenceOfChunks, readSnapshot } from './compare.ts'
import type { ModelTable } from './model.ts'
import type { Random } from './random.ts'
import type { SimulatedSession } from './session.ts'
import { textOf, Violation } from './violation.ts'

interface Reader {
  readonly snapshot: TableSnapshot
  /** As it was at the snapshot. */
  readonly table: ModelTable
}

export class Readers {
  #open: Reader[] = []

  get count(): number {
    return this.#open.length
  }

  begin(session: SimulatedSession, table: ModelTable): void {
    this.#open.push({ snapshot: session.dfs.source(table.url, table.name).snapshot(), table })
  }

  endOne(random: Random): void {
    const [reader] = this.#open.splice(random.int(this.#open.length), 1)
    check(reader)
  }

  endAll(): void {
    for (const reader of this.#open.splice(0)) check(reader)
  }
}

function check({ snapshot, table }: Reader): void {
  const columns = table.columns.map((c) => c.name)
  let problem: string | undefined
  try {
    problem = differenceOfChunks(readSnapshot(snapshot, columns), table)
  } catch (error) {
    throw new Violation(`A reader's snapshot of ${table.name} can't be read: ${textOf(error)}`, { cause: error })
  } finally {
    snapshot.release()
  }
  if (problem !== undefined) throw new Violation(`A reader's snapshot of ${table.name} has changed: ${problem}`)
}
