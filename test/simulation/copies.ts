/**
 * Copies by other tools: the mode between CHECKPOINT CREATE and RELEASE, and a copy that is made in it file by file while the store lives, dies and starts again. A copy that
 * is whole must start as of the moment of CREATE, whatever happened since.
 */
import { adoptCopy } from '../../dfs/external-copy/adopt.ts'
import { RESTORE_TRIGGER } from '../../dfs/external-copy/format.ts'
import { MemoryFileStore } from '../../dfs/store/memory-store.ts'
import { HoldfastError } from '../../runtime/index.ts'
import { CatalogDisk, SimulatedCatalog } from './catalog.ts'
import { difference, differenceOfNamed, readNamed, readStore } from './compare.ts'
import { Machine } from './machine.ts'
import { Model, type ModelState } from './model.ts'
import type { Random } from './random.ts'
import { SimulatedSession } from './session.ts'
import type { Stage } from './stage.ts'
import { textOf, Violation } from './violation.ts'

/** What is known of the mode. unknown: its beginning or its end was cut off. */
type Mode = 'off' | 'on' | 'unknown'

export class SimulatedCopies {
  readonly #random: Random
  readonly #stage: Stage
  readonly #disk: MemoryFileStore
  #mode: Mode = 'off'
  /** What a copy may show: commits that were on their way at CREATE count or not. undefined: nobody knows. */
  #states: readonly ModelState[] | undefined
  #copy: { readonly to: MemoryFileStore; readonly left: string[] } | undefined
  checked = 0

  constructor(random: Random, stage: Stage, disk: MemoryFileStore) {
    this.#random = random
    this.#stage = stage
    this.#disk = disk
  }

  get isOn(): boolean {
    return this.#mode === 'on'
  }

  get isOff(): boolean {
    return this.#mode === 'off'
  }

  /** Something is asked for of which the answer may never come. */
  asks(): void {
    this.#mode = 'unknown'
    this.#states = undefined
    this.#copy = undefined
  }

  begun(states: readonly ModelState[]): void {
    this.#mode = 'on'
    this.#states = states
  }

  ended(): void {
    this.#mode = 'off'
    this.#states = undefined
    this.#copy = undefined
  }

  /** What the store says after a start, or after a statement that failed. Throws if that is not what it was told. */
  found(isActive: boolean): void {
    if (this.#mode === 'on' && !isActive) throw new Violation('The store has forgotten that copies are being made.')
    if (this.#mode === 'off' && isActive)
      throw new Violation('The store says that copies are made; nobody asked for it.')
    if (this.#mode === 'unknown') this.#mode = isActive ? 'on' : 'off'
    if (!isActive) this.ended()
  }

  /** Who copies was on the machine, too. */
  losePower(): void {
    this.#copy = undefined
  }

  /** Copies some files; what has gone since the folder was listed is passed over, as cp does. Answers what was done. */
  work(): string {
    this.#copy ??= { to: new MemoryFileStore(this.#stage.now), left: this.#shuffled([...this.#disk.files().keys()]) }
    const { to, left } = this.#copy
    for (let count = this.#random.between(1, left.length + 5); count > 0 && left.length > 0; count--)
      copyFile(this.#disk, to, left.pop()!)
    if (left.length > 0) return `a tool has copied a part, ${left.length} files are left`
    this.#copy = undefined
    this.#check(to)
    return 'a copy is whole'
  }

  #shuffled(list: string[]): string[] {
    for (let k = list.length - 1; k > 0; k--) {
      const other = this.#random.int(k + 1)
      ;[list[k], list[other]] = [list[other], list[k]]
    }
    return list
  }

  #check(copy: MemoryFileStore): void {
    copy.writeFileAtomic(RESTORE_TRIGGER, '')
    const catalogDisk = new CatalogDisk()
    const immortal = { isDead: false, die: () => undefined }
    try {
      adoptCopy({
        files: copy,
        say: () => undefined,
        now: this.#stage.now,
        replaceCatalog: (fill) => fill(new SimulatedCatalog(catalogDisk, immortal)),
      })
    } catch (error) {
      throw new Violation(`A copy that was made in the mode for copies does not start: ${textOf(error)}`, {
        cause: error,
      })
    }
    this.checked++
    if (this.#states === undefined) return
    const machine = new Machine(this.#random, this.#stage, { disk: copy, catalogDisk })
    const process = machine.process()
    const session = new SimulatedSession({
      engine: machine.open(process, { settings: {}, isAutomatic: false, pause: () => Promise.resolve() }),
      catalog: process.catalog(),
      files: machine.disk,
      model: new Model(),
      settings: {},
      process,
      owner: 'copier',
      level: () => 2,
      before: () => undefined,
    })
    const found = readStore(session.dfs)
    const named = readNamed(process.catalog())
    const problems = this.#states.map((state) => difference(found, state) ?? differenceOfNamed(named, state))
    if (problems.every((p) => p !== undefined))
      throw new Violation(`A copy does not show what the store showed at CHECKPOINT CREATE: ${problems[0]}`)
  }
}

function copyFile(from: MemoryFileStore, to: MemoryFileStore, path: string): void {
  let bytes: Uint8Array
  try {
    bytes = from.readFile(path)
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'ENOENT') return
    throw error
  }
  const writer = to.openWrite(path)
  writer.write(bytes)
  writer.sync()
  writer.close()
}
