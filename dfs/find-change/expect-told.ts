/** What findChange says of a random history, against the model that knows which statement took which rows. */
import { expect } from 'vitest'
import { piecesOf } from '../archive/testing.ts'
import { parseLsn } from '../wal/lsn.ts'
import { type ChangeHistory, PREDICATE, runChanges, shownContent } from './history.ts'

interface Found {
  readonly lsn: string
  readonly kind: string
  readonly partition: string
  readonly gone: number | undefined
  readonly target: string
  readonly isCertain: boolean
  readonly note: string
}

function search({ world }: ChangeHistory): Found[] {
  const { session } = world
  session.run(`found = findChange("dfs://d", "t", <${PREDICATE}>, , , "/archive")`)
  const column = (name: string): string[] => {
    const text = session.show(`concat(string(found["${name}"]), "|")`)
    return text === '' ? [] : text.split('|')
  }
  const [lsns, kinds, partitions, gone, targets, certain, notes] = [
    'lsn',
    'kind',
    'partition',
    'rowsGone',
    'lsnBefore',
    'certain',
    'note',
  ].map(column) as [string[], string[], string[], string[], string[], string[], string[]]
  return kinds.map((kind, k) => ({
    lsn: lsns[k]!,
    kind,
    partition: partitions[k]!,
    gone: gone[k] === '' ? undefined : Number(gone[k]),
    target: targets[k]!,
    isCertain: certain[k] === '1' || certain[k] === 'true',
    note: notes[k] ?? '',
  }))
}

const textOf = ({ kind, partition, gone }: Pick<Found, 'kind' | 'partition' | 'gone'>): string =>
  `${kind} ${partition} ${gone}`

/** Throws where it differs. Answers how many changes there were, and how many of them behind the gap that was made then. */
export async function expectTold(
  seed: number,
  isKeyed: boolean,
): Promise<{ readonly changes: number; readonly later: number }> {
  const history = await runChanges({ seed, steps: 60, isKeyed })
  const { expected, beforeBackup, world } = history
  const found = search(history)
  expect(found.map(textOf)).toEqual(expected.map(textOf))
  expect(found.every((f) => f.isCertain)).toBe(true)
  // The rows are there at the place just before.
  const last = found.length - 1
  for (const k of new Set([beforeBackup, Math.floor((beforeBackup + last) / 2), last])) {
    world.session.run(
      `recoverTable("/set", "dfs://d", "t", "${found[k]!.target}", "dfs://d", "back${k}", , "/archive")`,
    )
    expect(`${k} ${shownContent(world, `back${k}`)}`).toBe(`${k} ${expected[k]!.content}`)
  }
  // Without the oldest pieces nothing is claimed that was not so, and nothing is passed over in silence.
  const pieces = piecesOf(history.archive).sort()
  for (const name of pieces.slice(0, Math.ceil(pieces.length / 3))) history.archive.remove(name)
  const [gap, ...rest] = search(history)
  expect(gap).toMatchObject({ kind: 'GAP', isCertain: false })
  for (const one of rest) {
    const model = found.find((f) => f.lsn === one.lsn && f.partition === one.partition)
    if (one.isCertain) expect(one).toEqual(model)
    if (one.gone !== undefined) expect(one.gone).toBeLessThanOrEqual(model?.gone ?? 0)
  }
  const isTold = ({ lsn, partition, kind }: Found): boolean =>
    rest.some(
      (one) =>
        (one.lsn === lsn && (one.partition === partition || one.partition === '')) ||
        (kind === 'REPLACE' && one.kind === kind && one.partition === partition && one.gone === undefined),
    )
  const later = found.filter((f) => parseLsn(f.lsn) >= parseLsn(gap!.lsn))
  expect(later.filter((f) => !isTold(f))).toEqual([])
  return { changes: expected.length, later: later.length }
}
