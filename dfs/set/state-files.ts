/**
 * Which files the states of a set name, table by table: the files of a table lie in folders that no other table uses. States whose index of a table is the same, byte for
 * byte, are read once. Memory: the distinct files of one table.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import type { FileStore } from '../store/file-store.ts'
import type { SetFile, TableIndex } from './meta.ts'
import { BackupSet, setFilePath } from './open.ts'
import type { KnownState } from './states.ts'

/** A table as some states of a set have it. */
export interface StatesOfTable {
  readonly url: string
  readonly name: string
  /** By the digest of the table's index: the states that have this index. */
  readonly states: ReadonlyMap<string, readonly KnownState[]>
}

/** The tables of the states that can be read. */
export function tablesOfStates(states: readonly KnownState[]): readonly StatesOfTable[] {
  const tables = new Map<string, { url: string; name: string; states: Map<string, KnownState[]> }>()
  for (const state of states)
    for (const { url, tables: listed } of state.manifest?.databases ?? [])
      for (const { name, index } of listed) {
        const key = `${url}\n${name}`
        const table = tables.get(key) ?? { url, name, states: new Map<string, KnownState[]>() }
        tables.set(key, table)
        const same = table.states.get(index.digest)
        if (same === undefined) table.states.set(index.digest, [state])
        else same.push(state)
      }
  return [...tables.values()]
}

export class StateFiles {
  readonly #store: FileStore
  /** Indexes that the caller has at hand, by `keyOf`. */
  readonly #known: ReadonlyMap<string, TableIndex>
  readonly #sets = new Map<string, BackupSet>()

  constructor(store: FileStore, known: ReadonlyMap<string, TableIndex> = new Map()) {
    this.#store = store
    this.#known = known
  }

  static keyOf = (url: string, name: string, digest: string): string => `${url}\n${name}\n${digest}`

  /** The index that these states have of the table. Throws if it is damaged in all of them. */
  index({ url, name }: StatesOfTable, digest: string, states: readonly KnownState[]): TableIndex {
    const known = this.#known.get(StateFiles.keyOf(url, name, digest))
    if (known !== undefined) return known
    let damage: unknown
    for (const { id } of states)
      try {
        return this.#set(id).index(url, name)
      } catch (error) {
        if (!isDamage(error)) throw error
        damage = error
      }
    throw damage
  }

  #set(id: string): BackupSet {
    let set = this.#sets.get(id)
    if (set === undefined) {
      set = new BackupSet(this.#store, { state: { kind: 'id', id } })
      this.#sets.set(id, set)
    }
    return set
  }

  /** Each file of an index, with its path in the set. */
  *filesOf(index: TableIndex): Generator<{ readonly path: string; readonly file: SetFile }> {
    for (const chunk of index.chunks)
      for (const file of chunk.files)
        yield { path: setFilePath(index.database.url, index.table.name, chunk, file), file }
  }
}

/** Whether an error says that something of a set is damaged, as opposed to a disk that fails or a fault of ours. */
export const isDamage = (error: unknown): error is HoldfastError =>
  error instanceof HoldfastError && error.kind === 'data'

/** The bytes of the data files that each state has and no other; undefined if a state is damaged, so that nobody knows what it shares. */
export function bytesOfStates(
  store: FileStore,
  states: readonly KnownState[],
): ReadonlyMap<string, number> | undefined {
  if (states.some((s) => s.damage !== undefined)) return undefined
  const files = new StateFiles(store)
  const bytes = new Map<string, number>()
  try {
    for (const table of tablesOfStates(states)) {
      // Of each file its size and the one state that has it, or '' for several.
      const owners = new Map<string, { readonly bytes: number; state: string }>()
      for (const [digest, same] of table.states) {
        const state = same.length === 1 ? same[0].id : ''
        for (const { path, file } of files.filesOf(files.index(table, digest, same))) {
          const known = owners.get(path)
          if (known === undefined) owners.set(path, { bytes: file.bytes, state })
          else known.state = ''
        }
      }
      for (const owner of owners.values())
        if (owner.state !== '') bytes.set(owner.state, (bytes.get(owner.state) ?? 0) + owner.bytes)
    }
  } catch (error) {
    if (!isDamage(error)) throw error
    return undefined
  }
  return bytes
}
