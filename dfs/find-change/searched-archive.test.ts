/** An archive behind a command gives what the same archive in a directory gives. */
import { basename } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { CodeValue } from '../../runtime/values/index.ts'
import { archiveMarkOf } from '../archive/ledger.ts'
import { piecesOf } from '../archive/testing.ts'
import { keys, type StoreMark, viewOf } from '../catalog/records.ts'
import type { Fetcher } from '../pitr/restore-command.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { pieceName } from '../wal/piece-name.ts'
import { filesBelow } from '../write/testing.ts'
import { type ChangeHistory, PREDICATE, runChanges } from './history.ts'
import { findChanges } from './search.ts'
import { CommandArchive, DirectoryArchive, type SearchedArchive } from './searched-archive.ts'

const FOLDER = 'recovery/search'

/** Copies out of a store, and remembers what it was asked for. */
class CopyCommand implements Fetcher {
  readonly asked: string[] = []
  readonly #from: MemoryFileStore
  readonly #to: MemoryFileStore

  constructor(from: MemoryFileStore, to: MemoryFileStore) {
    this.#from = from
    this.#to = to
  }

  fetch(name: string, place: string): boolean {
    this.asked.push(name)
    if (this.#from.stat(name) === undefined) return false
    this.#to.writeFileAtomic(`${FOLDER}/${basename(place)}`, this.#from.readFile(name))
    return true
  }
}

function search({ world }: ChangeHistory, archive: SearchedArchive) {
  const { session } = world.session
  const view = viewOf(world.catalog)
  return findChanges(session, {
    sources: { data: world.disk, archive, store: world.catalog.get(keys.store) as StoreMark },
    url: 'dfs://d',
    table: 't',
    predicate: session.run(`<${PREDICATE}>`) as CodeValue,
    from: undefined,
    to: undefined,
    includesInserts: false,
    onlyId: undefined,
    tables: view.tables('dfs://d'),
  })
}

function behindCommand({ world, archive }: ChangeHistory, keptBytes?: number) {
  const files = new MemoryFileStore()
  const command = new CopyCommand(archive, files)
  const newest = (): number => archiveMarkOf(world.catalog)?.lastSequence ?? 0
  return { files, command, archive: new CommandArchive(command, { files, folder: FOLDER }, newest, keptBytes) }
}

describe('an archive behind a command', () => {
  it.each([1, 4])('is searched as a directory is, seed %i', async (seed) => {
    const history = await runChanges({ seed, steps: 60, isKeyed: seed === 4 })
    const known = search(history, new DirectoryArchive(history.archive))
    expect(known.changes.length).toBeGreaterThan(10)
    const { archive, command, files } = behindCommand(history)
    expect(search(history, archive)).toEqual(known)
    // Everything was brought once, and nothing was asked for that the log does not name.
    const brought = command.asked.filter((name) => history.archive.stat(name) !== undefined)
    expect(brought.length).toBe(new Set(brought).size)
    expect(filesBelow(files, FOLDER)).toHaveLength(brought.length)
    // Without room for more than one file the answer is the same.
    const narrow = behindCommand(history, 0)
    expect(search(history, narrow.archive)).toEqual(known)
    expect(filesBelow(narrow.files, FOLDER)).toHaveLength(1)
    // What is gone from the archive is gone for both.
    const pieces = piecesOf(history.archive).sort()
    for (const name of pieces.slice(0, Math.ceil(pieces.length / 3))) history.archive.remove(name)
    const rest = search(history, new DirectoryArchive(history.archive))
    expect(rest.changes[0]).toMatchObject({ kind: 'GAP' })
    expect(search(history, behindCommand(history).archive)).toEqual(rest)
  })

  it('is asked for the pieces that came since it was looked at', () => {
    const from = new MemoryFileStore()
    const to = new MemoryFileStore()
    for (const number of [2, 3, 4]) from.writeFileAtomic(pieceName(1, number), 'x')
    let newest = 3
    const command = new CopyCommand(from, to)
    const archive = new CommandArchive(command, { files: to, folder: FOLDER }, () => newest)
    expect(archive.pieces(1)).toEqual([2, 3].map((n) => pieceName(1, n)))
    newest = 5
    expect(archive.pieces(1)).toEqual([2, 3, 4].map((n) => pieceName(1, n)))
    from.writeFileAtomic(pieceName(1, 5), 'x')
    expect(archive.pieces(1)).toEqual([2, 3, 4, 5].map((n) => pieceName(1, n)))
  })

  it('is never asked for a path that leaves it, and its errors are told', () => {
    const files = new MemoryFileStore()
    const scratch = { files, folder: FOLDER }
    const command = new CopyCommand(new MemoryFileStore(), files)
    const archive = new CommandArchive(command, scratch, () => 0)
    for (const name of ['data/../../etc/passwd', 'data/chunks/../x', '/etc/passwd', 'data/wal/current_file'])
      expect(() => archive.locate(name)).toThrow(/is not allowed/)
    expect(command.asked).toEqual([])
    const liar = new CommandArchive({ fetch: () => true }, scratch, () => 1)
    expect(() => liar.pieces(1)).toThrow(/says that it has fetched .* but there is no file/)
  })
})
