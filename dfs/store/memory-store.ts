/**
 * The in-memory twin of LocalFileStore, which remembers what a disk would really hold. Fault model of `losePower`:
 * - a file keeps the bytes of its last sync, plus a random part of what was appended since;
 * - a file opened as a log keeps the bytes of its last sync; each write and truncation since is lost, kept, or torn at a random byte (either side lands), each on
 *   its own and in random order;
 * - what a failed sync of such a file was to make durable is read as it was written as long as the power lasts, and no later sync saves it: only
 *   writing it again does;
 * - a folder keeps its entries of the last syncDirectory, plus a random prefix of the changes since, in order (a rename inside one folder is
 *   one change; a rename across folders is two, and either may be lost);
 * - a file whose name is lost is gone, a folder whose name is lost is gone with all that is in it.
 * Random choices come from the seed, so a failing run can be repeated.
 */
import type { DirectoryEntry, FileReader, FileStat, FileStore, FileWriter, LogFile } from './file-store.ts'
import { parentOf, pathNames } from './paths.ts'
import { storeErrorOf } from './store-error.ts'

class MemoryFile {
  readonly kind = 'file'
  bytes = new Uint8Array(0)
  length = 0
  /** What a power loss cannot take. */
  synced = new Uint8Array(0)
  /** What was done in place since the last sync. */
  unsynced: InPlaceChange[] = []
  /** A sync has failed: what it was to save counts as written, and is not. */
  hasLostWrites = false
  modifiedMs = 0

  resize(length: number): void {
    if (length > this.bytes.length) {
      const grown = new Uint8Array(Math.max(length, this.bytes.length * 2, 256))
      grown.set(this.bytes.subarray(0, this.length))
      this.bytes = grown
    } else if (length < this.length) this.bytes.fill(0, length, this.length)
    this.length = length
  }

  writeAt(bytes: Uint8Array, offset: number): void {
    if (offset + bytes.length > this.length) this.resize(offset + bytes.length)
    this.bytes.set(bytes, offset)
  }

  sync(): void {
    if (this.hasLostWrites) this.#syncChanges()
    else this.synced = this.bytes.slice(0, this.length)
    this.unsynced = []
  }

  failSync(): void {
    this.hasLostWrites = true
    this.unsynced = []
  }

  /** Only what was done since the last sync reaches the disk. */
  #syncChanges(): void {
    const disk = new MemoryFile()
    disk.writeAt(this.synced, 0)
    for (const { offset, bytes } of this.unsynced)
      if (bytes === undefined) disk.resize(offset)
      else disk.writeAt(bytes, offset)
    this.synced = disk.bytes.slice(0, disk.length)
  }

  losePower(random: () => number): void {
    const written = this.bytes.subarray(0, this.length)
    const changes = this.unsynced
    const kept = this.synced.length
    const isInPlace = changes.length > 0 || this.hasLostWrites
    this.hasLostWrites = false
    this.bytes = this.synced.slice()
    this.length = kept
    if (isInPlace) for (const change of shuffled(changes, random)) this.#settle(change, random)
    else if (written.length > kept)
      this.writeAt(written.subarray(kept, kept + Math.floor(random() * (written.length - kept + 1))), kept)
    this.sync()
  }

  #settle({ offset, bytes }: InPlaceChange, random: () => number): void {
    const luck = Math.floor(random() * 4)
    if (luck === 0) return
    if (bytes === undefined) this.resize(offset)
    else if (luck === 1) this.writeAt(bytes, offset)
    else {
      const cut = Math.floor(random() * (bytes.length + 1))
      if (luck === 2) this.writeAt(bytes.subarray(0, cut), offset)
      else this.writeAt(bytes.subarray(cut), offset + cut)
    }
  }
}

/** A write, or without bytes a truncation to `offset`. */
interface InPlaceChange {
  readonly offset: number
  readonly bytes: Uint8Array | undefined
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  const mixed = [...list]
  for (let k = mixed.length - 1; k > 0; k--) {
    const other = Math.floor(random() * (k + 1))
    ;[mixed[k], mixed[other]] = [mixed[other]!, mixed[k]!]
  }
  return mixed
}

type Node = MemoryFile | MemoryDirectory

interface Change {
  readonly set?: readonly [name: string, node: Node]
  readonly drop?: string
}

class MemoryDirectory {
  readonly kind = 'directory'
  readonly entries = new Map<string, Node>()
  durable = new Map<string, Node>()
  pending: Change[] = []

  change(change: Change): void {
    apply(this.entries, change)
    this.pending.push(change)
  }

  sync(): void {
    this.durable = new Map(this.entries)
    this.pending = []
  }
}

function apply(entries: Map<string, Node>, change: Change): void {
  if (change.drop !== undefined) entries.delete(change.drop)
  if (change.set !== undefined) entries.set(change.set[0], change.set[1])
}

export class MemoryFileStore implements FileStore {
  readonly root = 'memory:'
  readonly #top = new MemoryDirectory()
  readonly #now: () => number

  constructor(now: () => number = () => 0) {
    this.#now = now
  }

  openWrite(path: string): FileWriter {
    const file = this.#makeFile(path)
    file.bytes = new Uint8Array(0)
    file.length = 0
    file.unsynced = []
    return new MemoryWriter(file, this.#now)
  }

  openLog(path: string): LogFile {
    return new MemoryLogFile(this.#makeFile(path), this.#now)
  }

  openRead(path: string): FileReader {
    return new MemoryReader(this.#file(path, 'open'))
  }

  readFile(path: string): Uint8Array {
    const file = this.#file(path, 'read')
    return file.bytes.slice(0, file.length)
  }

  writeFileAtomic(path: string, content: Uint8Array | string): void {
    const temporary = `${path}.tmp`
    const writer = this.openWrite(temporary)
    writer.write(typeof content === 'string' ? Buffer.from(content) : content)
    writer.sync()
    writer.close()
    this.rename(temporary, path)
    this.syncDirectory(parentOf(path))
  }

  rename(from: string, to: string): void {
    const source = this.#folder(parentOf(from))
    const name = this.#nameOf(from)
    const node = source?.entries.get(name)
    if (source === undefined || node === undefined) throw storeErrorOf('ENOENT', 'rename', this.#place(from))
    const target = this.#makeFolder(parentOf(to))
    const newName = this.#nameOf(to)
    const replaced = target.entries.get(newName)
    if (replaced?.kind === 'directory' && (node.kind === 'file' || replaced.entries.size > 0))
      throw storeErrorOf(node.kind === 'file' ? 'EISDIR' : 'ENOTEMPTY', 'rename', this.#place(to))
    if (source === target) source.change({ drop: name, set: [newName, node] })
    else {
      target.change({ set: [newName, node] })
      source.change({ drop: name })
    }
  }

  remove(path: string): void {
    const folder = this.#folder(parentOf(path))
    const node = folder?.entries.get(this.#nameOf(path))
    if (folder === undefined || node === undefined) return
    if (node.kind === 'directory') throw storeErrorOf('EISDIR', 'remove', this.#place(path))
    folder.change({ drop: this.#nameOf(path) })
  }

  removeTree(path: string): void {
    const folder = this.#folder(parentOf(path))
    if (folder?.entries.has(this.#nameOf(path))) folder.change({ drop: this.#nameOf(path) })
  }

  makeDirectory(path: string): void {
    this.#makeFolder(path)
  }

  removeEmptyDirectory(path: string): void {
    const node = this.#node(path)
    if (path !== '' && node?.kind === 'directory' && node.entries.size === 0)
      this.#folder(parentOf(path))!.change({ drop: this.#nameOf(path) })
  }

  syncDirectory(path: string): void {
    const folder = this.#folder(path)
    if (folder === undefined) throw storeErrorOf('ENOENT', 'sync folder', this.#place(path))
    folder.sync()
  }

  stat(path: string): FileStat | undefined {
    const node = this.#node(path)
    if (node === undefined) return undefined
    return node.kind === 'file'
      ? { kind: 'file', bytes: node.length, modifiedMs: node.modifiedMs }
      : { kind: 'directory', bytes: 0, modifiedMs: 0 }
  }

  list(path: string): readonly DirectoryEntry[] {
    return [...(this.#folder(path)?.entries ?? [])]
      .map(([name, node]): DirectoryEntry => ({ name, kind: node.kind }))
      .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  }

  /** The power goes: what remains is what the fault model allows. `random` gives numbers in [0, 1). */
  losePower(random: () => number): void {
    const settled = new Set<Node>()
    const settle = (node: Node): void => {
      if (settled.has(node)) return
      settled.add(node)
      if (node.kind === 'file') {
        node.losePower(random)
        return
      }
      const kept = Math.floor(random() * (node.pending.length + 1))
      for (const change of node.pending.slice(0, kept)) apply(node.durable, change)
      node.entries.clear()
      for (const [name, child] of node.durable) node.entries.set(name, child)
      node.pending = []
      for (const child of node.entries.values()) settle(child)
    }
    settle(this.#top)
  }

  /** Flips one bit of a file, for tests of damage. */
  flipBit(path: string, offset: number, bit = 0): void {
    const file = this.#file(path, 'damage')
    file.bytes[offset] ^= 1 << bit
  }

  /** All files with their sizes, for dumps. */
  files(): Map<string, number> {
    const found = new Map<string, number>()
    const walk = (folder: MemoryDirectory, at: string): void => {
      for (const [name, node] of folder.entries)
        if (node.kind === 'file') found.set(at + name, node.length)
        else walk(node, `${at}${name}/`)
    }
    walk(this.#top, '')
    return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  #node(path: string): Node | undefined {
    let node: Node | undefined = this.#top
    for (const name of pathNames(path)) {
      if (node?.kind !== 'directory') return undefined
      node = node.entries.get(name)
    }
    return node
  }

  #folder(path: string): MemoryDirectory | undefined {
    const node = this.#node(path)
    return node?.kind === 'directory' ? node : undefined
  }

  #makeFolder(path: string): MemoryDirectory {
    let folder = this.#top
    for (const name of pathNames(path)) {
      let next = folder.entries.get(name)
      if (next === undefined) {
        next = new MemoryDirectory()
        folder.change({ set: [name, next] })
      }
      if (next.kind !== 'directory') throw storeErrorOf('ENOTDIR', 'create', this.#place(path))
      folder = next
    }
    return folder
  }

  #makeFile(path: string): MemoryFile {
    const folder = this.#makeFolder(parentOf(path))
    const name = this.#nameOf(path)
    const found = folder.entries.get(name)
    if (found?.kind === 'directory') throw storeErrorOf('EISDIR', 'create', this.#place(path))
    if (found !== undefined) return found
    const file = new MemoryFile()
    folder.change({ set: [name, file] })
    return file
  }

  #file(path: string, call: string): MemoryFile {
    const node = this.#node(path)
    if (node === undefined) throw storeErrorOf('ENOENT', call, this.#place(path))
    if (node.kind !== 'file') throw storeErrorOf('EISDIR', call, this.#place(path))
    return node
  }

  #nameOf(path: string): string {
    const names = pathNames(path)
    return names[names.length - 1] ?? ''
  }

  #place(path: string): string {
    return `memory:/${path}`
  }
}

class MemoryWriter implements FileWriter {
  readonly #file: MemoryFile
  readonly #now: () => number
  #bytesWritten = 0

  constructor(file: MemoryFile, now: () => number) {
    this.#file = file
    this.#now = now
    file.modifiedMs = now()
  }

  get bytesWritten(): number {
    return this.#bytesWritten
  }

  write(bytes: Uint8Array): void {
    const file = this.#file
    file.writeAt(bytes, this.#bytesWritten)
    this.#bytesWritten += bytes.length
    file.modifiedMs = this.#now()
  }

  startWriteback(): void {}

  sync(): void {
    this.#file.sync()
  }

  close(): void {}
}

export class MemoryLogFile implements LogFile {
  readonly #file: MemoryFile
  readonly #now: () => number

  constructor(file: MemoryFile, now: () => number) {
    this.#file = file
    this.#now = now
  }

  get bytes(): number {
    return this.#file.length
  }

  read(into: Uint8Array, offset: number): number {
    return readFrom(this.#file, into, offset)
  }

  writeAt(bytes: Uint8Array, offset: number): void {
    this.#file.unsynced.push({ offset, bytes: bytes.slice() })
    this.#file.writeAt(bytes, offset)
    this.#file.modifiedMs = this.#now()
  }

  truncate(bytes: number): void {
    this.#file.unsynced.push({ offset: bytes, bytes: undefined })
    this.#file.resize(bytes)
    this.#file.modifiedMs = this.#now()
  }

  sync(): void {
    this.#file.sync()
  }

  /** The sync that was asked for has failed. */
  failSync(): void {
    this.#file.failSync()
  }

  close(): void {}
}

function readFrom(file: MemoryFile, into: Uint8Array, offset: number): number {
  const piece = file.bytes.subarray(offset, Math.max(offset, Math.min(file.length, offset + into.length)))
  into.set(piece)
  return piece.length
}

class MemoryReader implements FileReader {
  readonly #file: MemoryFile

  constructor(file: MemoryFile) {
    this.#file = file
  }

  get bytes(): number {
    return this.#file.length
  }

  read(into: Uint8Array, offset: number): number {
    return readFrom(this.#file, into, offset)
  }

  close(): void {}
}
