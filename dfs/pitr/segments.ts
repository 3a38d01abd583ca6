/**
 * The data segments that a recovered store has: where each is to be had, and bringing them. A segment of the backup comes from its set, a later one from the archive, or from
 * another backup of the set that has it. Every byte is compared while it is copied.
 */
import { join } from 'node:path'
import type { HoldfastError } from '../../runtime/errors.ts'
import { DATA_FOLDER } from '../archive/segment-list.ts'
import type { SegmentRef } from '../catalog/types.ts'
import type { IndexedFile } from '../node-backup/file-index.ts'
import { isSegmentPath } from '../node-backup/layout.ts'
import { filesOfState } from '../node-backup/states.ts'
import { readCoding } from '../node-backup/stored-file.ts'
import { FileWork } from '../set/file-work.ts'
import { type ExpectedFile, explain, type FileCheck, type OnBytes, Pipeline } from '../set/pipeline.ts'
import type { FileStore } from '../store/file-store.ts'
import { foldersUpFrom, parentOf } from '../store/paths.ts'
import { momentOf } from './base.ts'
import { segmentUnusable } from './errors.ts'
import type { RecoveryPlan, RecoverySources } from './plan.ts'
import { segmentsNamed } from './replay.ts'

type Place =
  | { readonly kind: 'set'; readonly indexed: IndexedFile }
  | { readonly kind: 'archive'; readonly path: string }
  | { readonly kind: 'command'; readonly name: string }

export interface LocatedSegment extends ExpectedFile {
  /** As the catalog names it. */
  readonly file: string
  readonly place: Place
  /** The piece of log that named it first; undefined: the backup has it. */
  readonly piece: number | undefined
}

/** Where every segment of the target's state is to be had, or every wanted one. Throws for one that is nowhere. */
export function locateSegments(
  plan: RecoveryPlan,
  sources: RecoverySources,
  wanted?: ReadonlySet<string>,
): LocatedSegment[] {
  const located = new Map<string, LocatedSegment>()
  const locator = new Locator(plan, sources)
  for (const ref of segmentsNamed(plan.replayed.catalog))
    if (!located.has(ref.file) && wanted?.has(ref.file) !== false) located.set(ref.file, locator.locate(ref))
  return [...located.values()]
}

const isSame = (a: ExpectedFile | undefined, b: ExpectedFile): boolean =>
  a !== undefined && a.bytes === b.bytes && a.checksum === b.checksum

class Locator {
  readonly #plan: RecoveryPlan
  readonly #sources: RecoverySources
  #others: Map<string, IndexedFile> | undefined

  constructor(plan: RecoveryPlan, sources: RecoverySources) {
    this.#plan = plan
    this.#sources = sources
  }

  locate({ file, bytes, checksum }: SegmentRef): LocatedSegment {
    const { baseFiles, replayed } = this.#plan
    const { archive, command } = this.#sources
    const found = (place: Place): LocatedSegment => ({
      file,
      bytes,
      checksum,
      place,
      piece: replayed.namedBy.get(file)?.piece,
    })
    if (!isSegmentPath(file)) throw this.#unusable(file, 'has a name that is not allowed')
    const own = baseFiles.get(file)
    if (own !== undefined && isSame(own, { bytes, checksum })) return found({ kind: 'set', indexed: own })
    const path = `${DATA_FOLDER}/${file}`
    const archived = archive?.stat(path)
    if (archived?.bytes === bytes) return found({ kind: 'archive', path })
    const other = this.#inOtherBackups().get(file)
    if (other !== undefined && isSame(other, { bytes, checksum })) return found({ kind: 'set', indexed: other })
    if (command !== undefined) return found({ kind: 'command', name: path })
    throw this.#unusable(
      file,
      archived === undefined
        ? `is not in the backup${archive === undefined ? ', and no archive was given' : ' or in the archive'}`
        : `has ${archived.bytes} bytes in the archive instead of ${bytes}`,
    )
  }

  /** Read only when something is missing. */
  #inOtherBackups(): ReadonlyMap<string, IndexedFile> {
    if (this.#others !== undefined) return this.#others
    const { all, base, set } = this.#plan
    this.#others = new Map()
    for (const manifest of all)
      if (manifest.id !== base.id && manifest.storeId === base.storeId)
        for (const indexed of filesOfState(set, manifest)) this.#others.set(indexed.file, indexed)
    return this.#others
  }

  #unusable(file: string, problem: string): HoldfastError {
    return unusable(this.#plan, file, problem)
  }
}

/** The state before the transaction that named the segment can be reached. */
function unusable({ base, replayed }: RecoveryPlan, file: string, problem: string): HoldfastError {
  return segmentUnusable(file, problem, momentOf(base), replayed.namedBy.get(file)?.before)
}

const pathOf = (place: Place): string =>
  place.kind === 'set' ? place.indexed.path : place.kind === 'archive' ? place.path : place.name

export interface SegmentCopy {
  readonly segment: LocatedSegment
  /** Path in the target. */
  readonly to: string
  /** Its name once it is durable; default: `to`. */
  readonly finally?: string
}

/** Brings segments into a data directory. When `run` returns they are durable, and their folders are. */
export class SegmentCopier {
  readonly #plan: RecoveryPlan
  readonly #sources: RecoverySources
  readonly #target: FileStore
  readonly #onBytes: OnBytes

  constructor(plan: RecoveryPlan, sources: RecoverySources, target: FileStore, onBytes: OnBytes) {
    this.#plan = plan
    this.#sources = sources
    this.#target = target
    this.#onBytes = onBytes
  }

  run(copies: readonly SegmentCopy[]): void {
    const inSet = copies.filter(({ segment: { place } }) => place.kind === 'set')
    const archived = copies.filter(({ segment: { place } }) => place.kind === 'archive')
    this.#copyAll(this.#plan.set, inSet)
    if (archived.length > 0) this.#copyAll(this.#sources.archive!, archived)
    for (const copy of copies) {
      const { place } = copy.segment
      if (place.kind === 'command') this.#fetch(copy, place.name)
    }
    const folders = new Set<string>()
    for (const { to } of copies) for (const folder of foldersUpFrom(parentOf(to))) folders.add(folder)
    for (const folder of folders) this.#target.syncDirectory(folder)
  }

  #copyAll(source: FileStore, copies: readonly SegmentCopy[]): void {
    if (copies.length === 0) return
    const work = new FileWork({ source, target: this.#target, onBytes: this.#onBytes })
    try {
      for (const copy of copies) {
        const { segment, to } = copy
        const { place } = segment
        const path = pathOf(place)
        const refuse = (check: FileCheck): never => {
          throw this.#damaged(segment, path, check)
        }
        work.copy(path, to, segment, refuse, place.kind === 'set' ? { coding: readCoding(place.indexed) } : undefined)
        work.afterwards(() => this.#rename(copy))
      }
      work.flush()
    } finally {
      work.end()
    }
  }

  #fetch(copy: SegmentCopy, name: string): void {
    const { segment, to } = copy
    const target = this.#target
    target.makeDirectory(parentOf(to))
    if (!this.#sources.command!.fetch(name, join(target.root, ...to.split('/'))))
      throw unusable(this.#plan, segment.file, 'is not in the archive, says wal_restore_command')
    const check = new Pipeline().check(target, to, segment, this.#onBytes)
    if (check.kind !== 'ok') throw this.#damaged(segment, name, check)
    const file = target.openLog(to)
    try {
      file.sync()
    } finally {
      file.close()
    }
    this.#rename(copy)
  }

  #rename({ to, finally: name = to }: SegmentCopy): void {
    if (name !== to) this.#target.rename(to, name)
  }

  #damaged({ file }: LocatedSegment, path: string, check: FileCheck): HoldfastError {
    return unusable(this.#plan, file, `is damaged: ${path}: ${explain(check)}`)
  }
}
